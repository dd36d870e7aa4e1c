"""Reading a page: its notebook as MyST-NB sees it, and the plan of what to run."""

from __future__ import annotations

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from myst_nb.core.config import NbParserConfig
from myst_nb.core.read import create_nb_reader
from myst_parser.config.main import MdParserConfig
from nbformat import NotebookNode

from witness.reading.plan import Budget, Cell, Lane, Live, Plan
from witness.records.values import NoLiveValue, split

MARKDOWN = MdParserConfig(enable_extensions={"attrs_inline", "colon_fence", "deflist", "dollarmath"})
"""How the book's pages are parsed; ``conf.py`` says the same to Sphinx."""

MEASURES = re.compile(
    r"%%?timeit\b|\btimeit\b|\b(?:perf_counter|monotonic|process_time)(?:_ns)?\s*\(|\btime\.time\s*\("
)
IMPORT = re.compile(r"^\s*(?:from|import)\s+([A-Za-z_]\w*)", re.MULTILINE)
ROLE = re.compile(r"(?<!`)\{live\}`([^`]+)`(?!`)")
CODE_SPAN = re.compile(r"(`{2,}).+?\1")
FENCE = re.compile(r"^\s*(`{3,}|~{3,}|:{3,})\s*(\{[\w:-]+\}|\w+)?")
PROSE_FREE = {"{code-block}", "{code}", "{raw}", "{math}", "{literalinclude}", "{mermaid}"}


@dataclass(frozen=True)
class Site:
    """What a site's settings say about its pages."""

    root: Path
    """The folder that holds the pages."""
    strict: bool = True
    """Whether this project's page rules hold."""
    notebooks: NbParserConfig = field(default_factory=lambda: NbParserConfig(execution_mode="force"))
    markdown: MdParserConfig = field(default_factory=lambda: MARKDOWN)

    @cached_property
    def digest(self) -> str:
        """Digest of the settings and of the code that read a page: together with its text they decide its plan."""
        code = [path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py"))]
        settings = repr((self.strict, self.notebooks, sorted(self.markdown.enable_extensions)))
        return hashlib.sha256(settings.encode() + b"".join(code)).hexdigest()


class Unreadable(Exception):
    """A page whose text is no notebook: the message says why, ``line`` where."""

    def __init__(self, path: str, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}")
        self.line = line
        self.why = why


def read_notebook(text: str, path: Path, site: Site) -> NotebookNode | None:
    """Return the notebook in a page's text, or None when the page is plain Markdown.

    Raises Unreadable.
    """
    try:
        reader = create_nb_reader(str(path), site.markdown, site.notebooks, text)
        return None if reader is None else reader.read(text)
    except Exception as error:  # readers are other people's code: whatever they raise, the page is at fault
        mark = getattr(error, "problem_mark", None)
        found = re.search(r"line (\d+)", str(error))
        line = mark.line + 2 if mark else int(found[1]) if found else 1
        raise Unreadable(shown(path, site), line, " ".join(str(error).split())) from error


def read_plan(text: str, path: Path, page: str, site: Site) -> Plan | None:
    """Return what to run for a page, or None when nothing is.

    Raises Unreadable.
    """
    notebook = read_notebook(text, path, site)
    if notebook is None:
        return None
    settings = site.notebooks
    overrides = notebook.metadata.get(settings.metadata_key) or {}
    try:
        settings = settings.copy(**{k: v for k, v in overrides.items() if k != "output_folder"})
    except (TypeError, ValueError) as error:
        raise Unreadable(shown(path, site), 1, f"`{settings.metadata_key}` in the front matter: {error}") from error
    if not _runs(notebook, path, settings):
        return None
    ours = notebook.metadata.get("witness") or {}
    cells = list(_cells(notebook, text, settings, path))
    return Plan(
        page=page,
        path=shown(path, site),
        kernel=_kernel(notebook, settings),
        cells=cells,
        live=list(_live(notebook, text, shown(path, site))),
        needs=_needs(ours, cells),
        budget=_budget(ours, settings, site.strict),
        lane=_lane(ours, cells),
        strict=site.strict,
        folder=None if site.strict or settings.execution_in_temp else str(path.parent),
        sources={"settings": site.digest, **digests([path.name, *_loaded(notebook)], path)},
    )


def digests(names: Iterable[str], path: Path) -> dict[str, str]:
    """Return the digests of files named from a page's folder; a missing one has an empty digest."""
    found = {}
    for name in names:
        file = path.parent / name
        found[name] = hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else ""
    return found


def shown(path: Path, site: Site) -> str:
    """Return a page's path as messages show it: from the folder above the book's."""
    try:
        return path.relative_to(site.root.parent).as_posix()
    except ValueError:
        return path.as_posix()


def _runs(notebook: NotebookNode, path: Path, settings: NbParserConfig) -> bool:
    """Say whether a page is executed, by MyST-NB's own settings."""
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
    imported = {match[1] for cell in cells for match in IMPORT.finditer(cell.source)}
    return sorted({*ours.get("needs", []), *imported} - sys.stdlib_module_names)


def _kernel(notebook: NotebookNode, settings: NbParserConfig) -> str:
    name = str((notebook.metadata.get("kernelspec") or {}).get("name") or "python3")
    for pattern, alias in settings.kernel_rgx_aliases.items():
        if re.fullmatch(pattern, name):
            return str(alias)
    return name


def _cells(notebook: NotebookNode, text: str, settings: NbParserConfig, path: Path) -> Iterator[Cell]:
    lines = text.splitlines()
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


def _live(notebook: NotebookNode, text: str, path: str) -> Iterator[Live]:
    lines = text.splitlines()
    starts = notebook.metadata.get("source_map")
    above = 0
    for index, cell in enumerate(notebook.cells):
        above += cell.cell_type == "code"
        if cell.cell_type != "markdown":
            continue
        start = starts[index] if starts else 0
        while starts and start < len(lines) and not lines[start].strip():
            start += 1
        for offset, prose in prose_lines(cell.source):
            for match in ROLE.finditer(prose):
                try:
                    expression, form = split(match[1])
                except NoLiveValue as error:
                    raise Unreadable(path, start + offset + 1, f"live value: {error}") from error
                yield Live(expression, form, start + offset + 1, above)


def prose_lines(source: str) -> Iterator[tuple[int, str]]:
    """Yield the lines of Markdown, from 0, that are prose: outside literal fences, comments and code spans."""
    literal = None
    for offset, line in enumerate(source.split("\n")):
        fence = FENCE.match(line)
        if literal:
            if fence and fence[1].startswith(literal) and not fence[2]:
                literal = None
            continue
        if fence and (fence[2] in PROSE_FREE or (fence[1][0] != ":" and not (fence[2] or "").startswith("{"))):
            if fence[2]:
                literal = fence[1]
            continue
        if not line.startswith("%"):
            yield offset, CODE_SPAN.sub("", line)


def _budget(ours: dict[str, Any], settings: NbParserConfig, strict: bool) -> Budget:
    default = Budget()
    if not strict:
        timeout = settings.execution_timeout
        default = Budget(cell=float(timeout) if timeout and timeout > 0 else None, page=None)
    return Budget(cell=ours.get("cell_budget", default.cell), page=ours.get("page_budget", default.page))


def _lane(ours: dict[str, Any], cells: list[Cell]) -> Lane:
    stated: Lane | None = ours.get("lane")
    return stated or ("alone" if any(MEASURES.search(cell.source) for cell in cells) else "together")
