"""A task: all stages over the state of one partition number, without Kafka. `Task` is the `Processor`."""
from streams.task.settings import TaskSettings
from streams.task.task import Task

__all__ = ["Task", "TaskSettings"]
