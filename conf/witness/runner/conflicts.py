"""Pages that need what another one makes or holds, and do not say that they run after it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath

from witness.reading.order import named
from witness.reading.plan import Plan
from witness.records.page_record import Problem
from witness.records.store import Store
from witness.runner.traces import Traces

MODULE = re.compile(r"No module named '([\w.]+)'")
MISSING = re.compile(
    r"FileNotFoundError|No such file or directory|does not exist|not found|Unable to open", re.IGNORECASE
)
BUSY = re.compile(r"Address already in use|Errno (?:98|48)\b")
PORT = re.compile(r"\b\d{4,5}\b")
FILE = re.compile(r"[\w.\-]*\w\.\w+")

Held = tuple[str, str]
"""A page, and what it makes or holds, as a person calls it."""


class Conflicts:
    """What pages of a run took from one another, as their traces tell and as their code names it."""

    def __init__(self, plans: Sequence[Plan], traces: Mapping[str, Traces], store: Store, root: Path) -> None:
        self._plans = {plan.page: plan for plan in plans}
        self._traces = traces
        self._store = store
        self._made: dict[str, set[str]] = defaultdict(set)
        """The pages that write a file, by its name from the folder of pages."""
        self._known = [page for page in store.pages() if page in self._plans or any(root.glob(f"{page}.*"))]
        """The pages of the site that have a record."""
        for page in self._known:
            stamp = store.stamp(page)
            for name in stamp.wrote if stamp else ():
                self._made[name].add(page)

    def problems(self, plan: Plan, problems: Sequence[Problem]) -> list[Problem]:
        """Return the faults of a page, those that an order would mend said so, and one for an order that is missing."""
        if not problems:
            return [self._unordered(plan, *held) for held in self._read(plan)][:1]
        return [self._explained(plan, problem) for problem in problems]

    def _explained(self, plan: Plan, problem: Problem) -> Problem:
        text = f"{problem.got}\n{problem.detail}"
        if BUSY.search(text):
            found = next(self._holding(plan), None)
        elif MISSING.search(text) or MODULE.search(text):
            found = next(self._making(plan, text), None)
        else:
            return problem
        if found is None:
            return problem
        page, expected = found
        detail = f"{problem.detail}\n{_advice(plan, page)}".lstrip("\n")
        return replace(problem, expected=expected, detail=detail)

    def _unordered(self, plan: Plan, page: str, name: str) -> Problem:
        stem = PurePosixPath(name).stem
        cell = next((cell for cell in plan.cells if stem in cell.source), plan.cells[0])
        expected = f"the page {page} to have run before: it writes {name}, which this page reads"
        return Problem("no-order", cell.line, cell.number, expected, "no order of the two", _advice(plan, page))

    def _read(self, plan: Plan) -> Iterator[Held]:
        """Yield the files that a page read and that one before it in the site writes."""
        stamp = self._store.stamp(plan.page)
        for name in sorted(stamp.seen.keys() - set(stamp.wrote)) if stamp else []:
            for page in self._others(plan, sorted(self._made.get(name, ()))):
                if page < plan.page:
                    yield page, name

    def _making(self, plan: Plan, text: str) -> Iterator[Held]:
        """Yield the files that a text says are missing, and that another page writes, or names in its code."""
        stamp = self._store.stamp(plan.page)
        absent = {name for name, digest in stamp.seen.items() if not digest} if stamp else set()
        files = _missing(text)
        modules = {name.split(".")[0] for name in MODULE.findall(text)}
        for name, pages in sorted(self._made.items()):
            path = PurePosixPath(name)
            meant = path.name in files or path.stem in modules or path.parent.name in modules
            for page in self._others(plan, sorted(pages)) if name in absent or meant else ():
                yield page, f"{name} to be there, which the page {page} writes"
        files &= {PurePosixPath(match).name for cell in plan.cells for match in FILE.findall(cell.source)}
        for name in sorted(files | {f"{module}.py" for module in modules}):
            for page in self._naming(plan, self._known, partial(_has_name, name)):
                if not self._misses(page, name):
                    yield page, f"{name} to be there, which the page {page} names"

    def _misses(self, page: str, name: str) -> bool:
        """Return whether a page failed because it did not find a file itself."""
        record = self._store.read(page)
        return any(name in _missing(f"{it.got}\n{it.detail}") for it in record.problems) if record else False

    def _holding(self, plan: Plan) -> Iterator[Held]:
        """Yield the ports that a page asked for, as another one did."""
        asked = self._traces.get(plan.page, Traces()).ports
        for page in self._others(plan, sorted(self._traces)):
            for port in sorted(asked & self._traces[page].ports):
                yield page, f"port {port} to be free, which the page {page} uses"
        ports = {str(port) for port in asked} or {n for cell in plan.cells for n in PORT.findall(cell.source)}
        for number in sorted(ports):
            for page in self._naming(plan, sorted(self._plans), partial(_has_port, number)):
                yield page, f"port {number} to be free, which the page {page} names"

    def _naming(self, plan: Plan, pages: Sequence[str], names: Callable[[str], bool]) -> Iterator[str]:
        for page in self._others(plan, pages):
            known = self._plans.get(page) or self._store.read(page)
            if known and any(names(cell.source) for cell in known.cells):
                yield page

    def _others(self, plan: Plan, pages: Sequence[str]) -> Iterator[str]:
        """Yield those of the pages that neither run before this one nor after it."""
        before = self._before(plan.page)
        for page in pages:
            if page != plan.page and page not in before and plan.page not in self._before(page):
                yield page

    def _before(self, page: str) -> set[str]:
        found: set[str] = set()
        waiting = [page]
        while waiting:
            plan = self._plans.get(waiting.pop())
            new = plan.after.keys() - found if plan else set()
            found |= new
            waiting += new
        return found


def _missing(text: str) -> set[str]:
    """Return the names of the files in those lines of a text that say what is missing; the others may name any."""
    lines = filter(MISSING.search, text.splitlines())
    return {PurePosixPath(match).name for line in lines for match in FILE.findall(line)}


def _has_name(name: str, code: str) -> bool:
    return name in code


def _has_port(number: str, code: str) -> bool:
    return number in PORT.findall(code)


def _advice(plan: Plan, page: str) -> str:
    after = named(page, plan.page)
    if plan.path.endswith(".ipynb"):
        return (
            f'write `"witness": {{"after": "{after}"}}` into the metadata of {plan.path}, and it runs after that page'
        )
    return f"write `witness: {{after: {after}}}` into the front matter of {plan.path}, and it runs after that page"
