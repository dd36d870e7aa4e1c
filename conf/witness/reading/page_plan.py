"""Reading a page: its notebook as MyST-NB sees it, and the plan of what to run."""

from __future__ import annotations

import os
import posixpath
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from myst_nb.core.config import NbParserConfig
from nbformat import NotebookNode

from witness.python.cell import parse
from witness.python.nondeterminism import nondeterminism
from witness.python.open_clocks import quiet
from witness.reading import cell_options
from witness.reading.earlier_pages import earlier
from witness.reading.front_matter import Head, hidden_notebook, read_head
from witness.reading.inputs import digests, matched
from witness.reading.known_names import WATCHED
from witness.reading.live import first_live, live_values
from witness.reading.notebook import example, read_notebook
from witness.reading.notebook_settings import evaluated, settings_of
from witness.reading.page_settings import faults, listed
from witness.reading.plan import Budget, Cell, Lane, Plan, Unreadable
from witness.reading.scripts import with_scripts
from witness.reading.site import UTF_8, Site


def read_file(path: Path, page: str, site: Site, change: Callable[[str], str] | None = None) -> Plan | None:
    """Return what to run for the page in a file, or None when nothing is. Raises Unreadable.

    ``change`` is what others make of the text before it is parsed.
    """
    data = path.read_bytes()
    try:
        text = data.decode(site.encoding).replace("\r\n", "\n").replace("\r", "\n")  # as Sphinx reads it
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        wanted = "UTF-8" if site.encoding == UTF_8 else site.encoding
        raise Unreadable(site.shown(path), [(line, f"not {wanted}: {error.reason}")]) from error
    return read_plan(change(text) if change else text, path, page, site)


def read_plan(text: str, path: Path, page: str, site: Site) -> Plan | None:
    """Return what to run for a page, or None when nothing is.

    Raises Unreadable.
    """
    notebook = read_notebook(text, path, site)
    try:
        plan = _plan(notebook, text, path, page, site) if notebook else None
    except (AttributeError, TypeError, ValueError) as error:
        raise Unreadable(site.shown(path), [(1, f"front matter: {error}")]) from error
    if notebook is None and (found := hidden_notebook(text.split("\n"))):
        raise Unreadable(site.shown(path), [(found[0], f"the front matter cannot be read: {found[1]}")])
    if plan is None and (line := first_live(notebook, text)):
        raise Unreadable(site.shown(path), [(line, "live value: no code runs on this page")])
    return plan


def _plan(notebook: NotebookNode, text: str, path: Path, page: str, site: Site) -> Plan | None:
    """Return what to run for a notebook; a wrong setting in its front matter is some error of Python's."""
    settings = settings_of(notebook, site)
    if not _runs(notebook, path, settings):
        return None
    head, ours = read_head(text.split("\n")), notebook.metadata.get("witness") or {}
    if wrong := [(head.line("witness", *keys), f"{why}: {mend}") for keys, why, mend in faults(ours)]:
        raise Unreadable(site.shown(path), wrong)
    if wrong := list(_wrong_options(notebook, text)):
        raise Unreadable(site.shown(path), wrong)
    inputs = _inputs(ours, head, path, page, site)
    lane, cells = _lane(ours, list(_cells(notebook, text, settings, path, ours.get("lens", ""))), path.parent)
    clocks = nondeterminism(cell.source for cell in cells)
    shown = evaluated(notebook, path, site)
    read = [path.name, *_loaded(notebook)]
    if shown:
        read += [os.path.relpath(file, path.parent) for file in shown.files(text.split("\n"))]
    return Plan(
        page=page,
        path=site.shown(path),
        kernel=_kernel(notebook, settings),
        cells=cells,
        live=[
            replace(live, measured=clocks.depends(live.expression))
            for live in live_values(notebook, text, site.shown(path), shown)
        ],
        needs=_needs(ours, cells),
        budget=_budget(ours, settings, site),
        lane=lane,
        lane_stated="lane" in ours,
        reproducible=site.settings.reproducible,
        folder=None if site.settings.reproducible or settings.execution_in_temp else str(path.parent),
        after=_after(ours, head, path, page, site),
        inputs=inputs,
        environment=sorted({*listed(ours.get("environment")), *site.settings.environment}),
        always=not site.settings.reproducible and settings.execution_mode != "cache",
        sources={"settings": site.digest, **digests(read, path.parent), **inputs},
    )


def _inputs(ours: dict[str, Any], head: Head, path: Path, page: str, site: Site) -> dict[str, str]:
    """Return the digests of what a page declares to read, and its site for it; an earlier page may make some of it."""
    declared = listed(ours.get("inputs"))
    if missing := [name for name in declared if not ours.get("after") and not matched(name, path.parent)]:
        line = head.line("witness", "inputs")
        raise Unreadable(site.shown(path), [(line, f"`inputs: {name}`: there is no such file") for name in missing])
    everywhere = [posixpath.relpath(name, posixpath.dirname(page) or ".") for name in site.inputs]
    return digests(sorted({*declared, *everywhere}), path.parent)


def _after(ours: dict[str, Any], head: Head, path: Path, page: str, site: Site) -> dict[str, int]:
    line = head.line("witness", "after")
    try:
        return dict.fromkeys(earlier(listed(ours.get("after")), page, site), line)
    except ValueError as error:
        raise Unreadable(site.shown(path), [(line, str(error))]) from error


def _runs(notebook: NotebookNode, path: Path, settings: NbParserConfig) -> bool:
    """Return whether a page is executed, by MyST-NB's own settings."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if not code or settings.execution_mode == "off":
        return False
    posix = PurePosixPath(path.as_posix())
    if any(posix.match(pattern) for pattern in settings.execution_excludepatterns):
        return False
    return settings.execution_mode != "auto" or any(not cell.outputs for cell in code)


def _loaded(notebook: NotebookNode) -> list[str]:
    return sorted({str(cell.metadata["load"]) for cell in notebook.cells if "load" in cell.metadata})


def _needs(ours: dict[str, Any], cells: list[Cell]) -> list[str]:
    """Return the packages a page names or imports, the standard library apart."""
    imported = {name for cell in cells for name in parse(cell.source).imported}
    return sorted({*ours.get("needs", []), *imported} - sys.stdlib_module_names)


def _wrong_options(notebook: NotebookNode, text: str) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with the options of cells, each with its line; in a notebook, with the number of its cell.

    The tags of a notebook's cells may be whatever its other tools take.
    """
    lines, starts = text.split("\n"), notebook.metadata.get("source_map")
    code = [(index, cell.metadata) for index, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
    for number, (index, said) in enumerate(code, 1):
        if starts:
            yield from cell_options.faults(said, lines, starts[index])
        else:
            own = {name: it for name, it in said.items() if name != "tags" or not isinstance(it, list | str | None)}
            yield from cell_options.faults(own, [], number)


def _kernel(notebook: NotebookNode, settings: NbParserConfig) -> str:
    name = str((notebook.metadata.get("kernelspec") or {}).get("name") or "python3")
    for pattern, alias in settings.kernel_rgx_aliases.items():
        if re.fullmatch(pattern, name):
            return str(alias)
    return name


def _cells(notebook: NotebookNode, text: str, settings: NbParserConfig, path: Path, watched: str) -> Iterator[Cell]:
    lines = text.split("\n")
    starts = notebook.metadata.get("source_map")
    number = 0
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        number += 1
        tags = cell.metadata.get("tags") or []
        raises = cell.metadata.get("raises")
        yield Cell(
            number=number,
            line=_first_line(lines, starts[index], cell.source) if starts else number,
            source=str(cell.source),
            raises=str(raises) if raises else None,
            may_raise=not raises and (settings.execution_allow_errors or "raises-exception" in tags),
            skip="skip-execution" in tags,
            shows=example(cell),
            unchecked=cell.metadata.get("check") == "runs",
            watched=lens if (lens := cell.metadata.get("lens")) in WATCHED else watched,
            rtol=float(cell.metadata["rtol"]) if cell.metadata.get("rtol") else None,
        )


def _first_line(lines: list[str], start: int, source: str) -> int:
    """Return the line, from 1, of a cell's first line of code: it follows the fence and the options."""
    first = source.split("\n", 1)[0].strip()
    if first:
        for line in range(start, len(lines)):
            if lines[line].strip() == first:
                return line + 1
            if lines[line].lstrip().startswith(("```", "~~~")):
                break
    return start


def _budget(ours: dict[str, Any], settings: NbParserConfig, site: Site) -> Budget:
    default = Budget()
    if not site.settings.reproducible:
        timeout = settings.execution_timeout
        default = Budget(cell=float(timeout) if timeout and timeout > 0 else None, page=None)
    cell, page = ours.get("cell_budget", default.cell), ours.get("page_budget", default.page)
    output = float(ours.get("output_limit", site.settings.output_limit))
    return Budget(cell=float(cell) if cell else None, page=float(page) if page else None, output=output)


def _lane(ours: dict[str, Any], cells: list[Cell], folder: Path) -> tuple[Lane, list[Cell]]:
    """Return whether a page measures, as it says or as its code tells, and its cells with the same said of each."""
    stated: Lane | None = ours.get("lane")
    code = with_scripts([cell.source for cell in cells], folder)
    timed = [stated == "alone"] * len(cells) if stated else quiet(code)[0]
    lane: Lane = "alone" if any(timed) else "together"
    return lane, [replace(cell, alone=alone) for cell, alone in zip(cells, timed, strict=True)]
