"""The executors that there are, and the one that a build asks for: what executes is imported when it is needed."""

from __future__ import annotations

from witness.runner.environment import NoEnvironment
from witness.runner.executor import Executor
from witness.runner.facts import Facts


def chosen(facts: Facts, scheduler: str = "", memory: float = 0) -> Executor:
    """Return the workers of a scheduler of Dask, or this machine, where kernels may take so many MB together."""
    if scheduler:
        facts.close()  # its process would have been the parent of kernels here
        try:
            from witness.runner.dask.cluster import Cluster
        except ImportError as error:
            why = f"the scheduler {scheduler} is to have pages executed, and {error.name} is not installed"
            raise NoEnvironment(f"{why}: `python -m pip install distributed`") from error
        return Cluster(scheduler)
    from witness.runner.local import Local

    return Local(facts.take_forkserver(), int(memory * 1e6) or None)
