"""A task: all stages over the state of one partition number, without Kafka. `Task` is the `Processor`."""
from streams.task.task import Task
from streams.task.settings import TaskSettings

__all__ = ["Task", "TaskSettings"]
