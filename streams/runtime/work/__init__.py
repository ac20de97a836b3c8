"""The work of a worker: tasks taken over, fetched for, merged, run one unit of work after the other."""
