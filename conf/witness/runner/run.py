"""Running the pages that are stale, under the lock, and committing what came of each."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from witness.reading.inputs import renewed
from witness.reading.plan import Plan
from witness.records.page_record import Problem
from witness.records.store import Store
from witness.runner.commit import commit
from witness.runner.environment import Environment
from witness.runner.executor import Executor, Job, not_run
from witness.runner.facts import installed
from witness.runner.freshness import Freshness, measures
from witness.runner.ledger import Ledger
from witness.runner.lock import locked
from witness.runner.progress import Progress


def run(
    plans: Sequence[Plan],
    store: Store,
    environment: Environment,
    progress: Progress,
    source: Path | None,
    executor: Executor,
    *,
    hash_seed: int | None = None,
    replicates: int = 1,
    since: float = 0.0,
) -> None:
    """Have the plans that are stale executed, and write their records; see `Freshness` for ``since``.

    ``source`` is the folder of pages. The ``executor`` ends here. Only one process runs pages of one store at a time.
    Two runs with a ``hash_seed`` each share no parent and no order of sets; for it and ``replicates`` see `Job`.
    """
    try:
        with locked(store.folder.parent / ".lock", progress.say):
            store.exclusive = True
            freshness = Freshness(store, environment, source, replicates, since)
            todo = freshness.stale(plans)
            store.exclusive = False
            for path in store.damaged:
                progress.say(f"{path.name} was not whole: set aside as {path.name}.damaged")
            if not todo:
                return
            store.probe()
            expected = {plan.page: stamp.seconds if (stamp := store.stamp(plan.page)) else None for plan in todo}
            job = Job(
                environment=environment,
                folder=store.folder.parent,
                root=source,
                commit=commit(source),
                reproducible=any(plan.reproducible for plan in todo),
                declared=sorted({name for plan in todo for name in plan.environment}),
                needs={name: installed(name) for plan in todo for name in plan.needs},
                replicates=replicates,
                hash_seed=hash_seed,
            )
            progress.start(todo, expected)
            try:
                ledger = Ledger(freshness)
                in_order = sorted(todo, key=lambda plan: (measures(plan), -(expected[plan.page] or 1e9)))
                _run(_all(in_order, job, executor, ledger, progress))
                ledger.settle(todo)
            except BaseExceptionGroup as group:
                raise _first(group) from group
            finally:
                progress.end()
    finally:
        executor.end()


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Do work in a loop of its own: in a thread of its own where this one has a loop, as in a cell of Jupyter."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
    else:
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, work).result()


async def _all(plans: Sequence[Plan], job: Job, executor: Executor, ledger: Ledger, progress: Progress) -> None:
    """Have pages executed; one that names others to run after begins when they have ended."""
    right = {plan.page: asyncio.get_running_loop().create_future() for plan in plans}
    async with executor.open(job, progress) as execute, asyncio.TaskGroup() as group:

        async def in_its_turn(plan: Plan) -> None:
            before = [page for page in plan.after if page in right]
            failed = [page for page in before if not await right[page]]
            if before and job.root:
                plan = renewed(plan, job.root)  # what they made is there now
            if failed:
                progress.began(plan)
                expected = f"the page {failed[0]}, which runs before, to be right"
                ran = not_run(plan, job, Problem("not-run", plan.after[failed[0]], None, expected, "it failed"))
            else:
                ran = await execute(plan)
            ledger.keep(plan, ran.record, ran.traces)
            progress.ended(plan, ran.record)
            right[plan.page].set_result(not ran.record.problems)

        for plan in plans:
            group.create_task(in_its_turn(plan))


def _first(error: BaseException) -> BaseException:
    """Return the first error of a group of pages: what stops one stops them all."""
    return _first(error.exceptions[0]) if isinstance(error, BaseExceptionGroup) else error
