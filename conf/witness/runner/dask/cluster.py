"""The workers of a Dask cluster as an executor: a page is a task, and one that measures has its worker to itself."""

from __future__ import annotations

import asyncio
import itertools
import logging
import uuid
import warnings
from collections import Counter
from collections.abc import AsyncIterator
from concurrent import futures
from contextlib import asynccontextmanager, suppress
from typing import Any

from distributed import Client, Future, KilledWorker

from witness.reading.plan import Plan
from witness.records.page_record import Problem
from witness.runner.dask.terms import DEVICES, WORKER, fit, terms_of
from witness.runner.dask.worker import key_of, page
from witness.runner.dask.workers import Workers, gone
from witness.runner.environment import NoEnvironment
from witness.runner.executor import Execute, Job, Ran, Watcher, not_run
from witness.runner.freshness import measures

LOOK = 1.0
"""Seconds between two looks at which workers there are."""

ANSWER = 10.0
"""Seconds within which a scheduler must answer."""

LITTLE = 2**-16
"""How much of its worker a page needs that others may run beside: as many run as it has threads."""

DEATHS = 4
"""How many workers a page may take with it."""


class Cluster:
    """Executes pages on those workers of a scheduler that are like this machine."""

    def __init__(self, scheduler: str) -> None:
        """``scheduler`` is its address, such as ``tcp://10.0.0.1:8786``."""
        self._scheduler = scheduler

    @asynccontextmanager
    async def open(self, job: Job, watcher: Watcher) -> AsyncIterator[Execute]:
        """Execute pages as soon as there is a worker for them; see `Executor`."""
        for name in ("distributed", "distributed.client"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what they would log is raised, too
        client = await self._client()
        pages = _Pages(client, self._scheduler, job, watcher)
        try:
            await pages.workers.look()
            pages.watching = asyncio.ensure_future(pages.watch())
            yield pages.execute
        finally:
            pages.watching.cancel()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(ANSWER):
                    await pages.leave()
                    await client.close()

    async def _client(self) -> Client:
        client = Client(self._scheduler, asynchronous=True, set_as_default=False, timeout=ANSWER)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of other versions: what matters here is asked of each worker
                await client
        except (OSError, ValueError, TypeError) as error:
            await client.close()
            why = f"no scheduler answers at {self._scheduler} ({error})"
            raise NoEnvironment(f"{why}: start it, or leave it out to build on this machine") from error
        client._timeout = 0  # or it would look for a scheduler that went away; another knows nothing of pages
        return client

    def end(self) -> None:
        """Nothing is kept between two runs."""


class _Lost(Exception):
    """A task is to be given once more: its workers died, or none was there for it."""


class _Pages:
    """The pages of one run."""

    def __init__(self, client: Client, scheduler: str, job: Job, watcher: Watcher) -> None:
        self._client = client
        self._scheduler = scheduler
        self._job = job
        self._watcher = watcher
        self._terms = terms_of(job, f"witness-{uuid.uuid4().hex[:12]}")
        self.workers = Workers(client, scheduler, self._terms, watcher.say)
        self.watching: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Ends when no page can be executed any more."""
        self._numbers = itertools.count()
        self._under_way: dict[str, Plan] = {}
        self._began: Counter[str] = Counter()
        """How often a page began."""
        self._futures: set[Future[Any]] = set()
        self._stranded: set[Future[Any]] = set()
        """Those that no worker was there for when they came, and that are asked for again."""
        client.subscribe_topic(self._terms["run"], self._told)

    async def execute(self, plan: Plan) -> Ran:
        """Have a page executed: where a worker dies with it, by another one."""
        device = DEVICES.get(self._job.environment.platform)
        self._under_way[plan.page] = plan
        ran: Ran | None = None
        while ran is None:
            alone = measures(plan) or self._began[plan.page]  # who lost a worker may kill the next, and none beside it
            resources = {WORKER: 1.0 if alone else LITTLE, fit(self._terms): LITTLE}
            resources |= {device: 1.0} if device else {}
            name = f"{self._terms['run']}-{next(self._numbers)}"
            task = page, self._terms, plan, name
            future: Future[Any] = self._client.submit(*task, key=key_of(name), resources=resources)
            self._futures.add(future)
            try:
                ran = await self._result(future)
            except _Lost:
                if (count := self._began[plan.page]) >= DEATHS:
                    got = f"the death of {count} workers that executed it"
                    ran = not_run(plan, self._job, Problem("worker-died", 1, None, "a worker that lives on", got))
            self._futures.discard(future)
            self._stranded.discard(future)
        del self._under_way[plan.page]
        if not self._began[plan.page]:
            self._watcher.began(plan)
        return ran

    async def watch(self) -> None:
        """Look at the workers again and again. Raises NoEnvironment once no page can be executed any more."""
        while True:
            await asyncio.sleep(LOOK)
            try:
                if await self.workers.look():
                    at_work = {key for keys in (await self._client.processing()).values() for key in keys}
                    self._stranded |= {it for it in self._futures if it.status == "pending" and it.key not in at_work}
                    await self._client.cancel([*self._stranded], force=True)  # Dask would not look at them again
            except (OSError, futures.CancelledError):
                raise gone(self._scheduler) from None

    async def leave(self) -> None:
        """Let go of pages that nobody waits for any more, and of what workers have for them."""
        if self._client.status != "running":
            return
        with suppress(OSError, futures.CancelledError):
            await self._client.cancel([*self._futures], force=True)
        await self.workers.leave()

    async def _result(self, future: Future[Any]) -> Ran:
        """Return what came of a page. Raises NoEnvironment once nothing can come any more, and _Lost."""
        asked: asyncio.Future[Ran] = asyncio.ensure_future(future.result())
        first: list[asyncio.Future[Any]] = [asked, self.watching]
        try:
            await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
            if self.watching.done():
                self.watching.result()
            return asked.result()
        except KilledWorker as error:  # Dask says so, too, of pages that only waited for those workers
            raise _Lost from error
        except (asyncio.CancelledError, futures.CancelledError):
            if (task := asyncio.current_task()) and task.cancelling():
                raise
            raise (_Lost if future in self._stranded else gone(self._scheduler)) from None
        finally:
            asked.cancel()

    def _told(self, event: tuple[float, Any]) -> None:
        """Hand on what a worker tells: a page's name and its cell, 0 where the page begins."""
        name, number = event[1]
        plan = self._under_way.get(name)
        if not plan:
            return
        if number:
            self._watcher.cell(plan, number, "")
            return
        self._began[name] += 1
        if self._began[name] == 1:
            self._watcher.began(plan)
