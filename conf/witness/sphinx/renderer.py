"""The renderer that MyST-NB asks for the nodes of a cell's outputs."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from docutils import nodes
from myst_nb.core import render as stock
from myst_nb.core.render import MimeData, NbElementRenderer
from nbformat import NotebookNode
from sphinx.config import Config

from witness.lens.document import SCRIPT, section
from witness.lexers.printed import split
from witness.nodes.block import ANSI, block, folded
from witness.nodes.devices import side_by_side
from witness.nodes.error import Report
from witness.nodes.figure import inline as figure
from witness.nodes.ir import ir
from witness.nodes.sanitize import sanitized
from witness.nodes.shown import shown
from witness.nodes.table import TABLE
from witness.nodes.table import read as read_table
from witness.nodes.text import amount, lines, plain
from witness.nodes.timing import timing_parts
from witness.nodes.traceback import GROUP, Traceback, read, read_group
from witness.records.error import Raised
from witness.records.ir import KERNEL_LANGUAGES
from witness.records.kinds import DISPLAYS, IR, LENS, STEPS, TIMING
from witness.records.lens import CODE, Lens
from witness.records.replicate import medians
from witness.records.timing import Timing
from witness.sphinx.bundles import elsewhere, here
from witness.sphinx.code_cells import CodeCells
from witness.sphinx.lens import PANES, lens

ACTIVE_TEX = re.compile(r"\\(?:href|require|(?:css|html|Html)\w*|style|class|data|includegraphics|url)\b")
"""What is more than a formula to MathJax."""

INSTEAD = ("render_stdout", "render_stderr", "render_error", "render_text_plain")
"""Methods of ours that stand for MyST-NB's own; the others add to them."""


class Renderer(NbElementRenderer):  # type: ignore[misc]  # MyST-NB does not say whether it is typed
    """Text is plain, errors say their message first, and with `witness_safe_html` no markup of a cell's is let through.

    A site that has put methods of its own in the place of MyST-NB's sees what they do.
    """

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._cells = CodeCells(self.renderer)
        for name in INSTEAD:
            method = getattr(super(), name)
            code = getattr(method, "__code__", None)
            if code is None or code.co_filename != stock.__file__:
                setattr(self, name, method)

    def render_stdout(
        self, output: NotebookNode, cell_metadata: dict[str, Any], cell_index: int, source_line: int
    ) -> list[nodes.Element]:
        """Return what was printed."""
        blank = self._config.witness_tidy and not plain(output["text"]).strip()
        if blank or "remove-stdout" in cell_metadata.get("tags", []):
            return []
        return self._printed(output["text"], ["output", "stream"], cell_metadata, source_line)

    def render_stderr(
        self, output: NotebookNode, cell_metadata: dict[str, Any], cell_index: int, source_line: int
    ) -> list[nodes.Element]:
        """Return what was printed to stderr, folded; the traceback of an exception group is an error."""
        if not super().render_stderr(output, cell_metadata, cell_index, source_line):  # it obeys the site's settings
            return []
        text = plain(output["text"])
        if text.startswith(GROUP):
            return [self._error("ExceptionGroup", "", read_group(text), output, cell_metadata, cell_index)]
        language, summary = self._lexer(cell_metadata, source_line), f"stderr, {amount(lines(text), 'line')}"
        return [folded(output["text"], summary, ["witness-stderr"], language, "stderr")]

    def render_error(
        self, output: NotebookNode, cell_metadata: dict[str, Any], cell_index: int, source_line: int
    ) -> list[nodes.Element]:
        """Return an error: its message first."""
        name, message = str(output["ename"]), str(output["evalue"])
        return [self._error(name, message, read(output["traceback"], message), output, cell_metadata, cell_index)]

    def render_mime_type(self, data: MimeData) -> list[nodes.Element]:
        """Return what one kind of an output shows; ours are not MyST-NB's."""
        published = {data.mime_type: data.content}
        try:
            timing, displayed, found = TIMING.of(published), IR.of(published), LENS.of(published)
        except ValueError:  # a page may publish anything under these names
            return list(super().render_unhandled(data))
        if timing:
            return self._timing(timing, data.cell_index, data.output_index)
        if displayed:
            return ir(displayed.text, displayed.language)
        if found:
            return self._lens(found, data.cell_metadata)
        if data.mime_type == TABLE:
            return read_table(data.string)
        return list(super().render_mime_type(data))

    def render_text_plain(self, data: MimeData) -> list[nodes.Element]:
        """Return the text of a displayed object."""
        return self._printed(str(data.string), ["output", "text_plain"], data.cell_metadata, data.line)

    def render_mime_type_inline(self, data: MimeData) -> list[nodes.Element]:
        """Return one kind of a value in a sentence."""
        if data.mime_type == IR.mime and isinstance(text := data.content.get("text"), str):
            return [nodes.literal("", text)]
        return list(super().render_mime_type_inline(data))

    def render_text_html(self, data: MimeData) -> list[nodes.Element]:
        """Return HTML; with `witness_safe_html` its text, as nothing better was displayed with it."""
        return self._source(data, "html") if self._config.witness_safe_html else list(super().render_text_html(data))

    def render_text_latex(self, data: MimeData) -> list[nodes.Element]:
        """Return a formula; with `witness_safe_html` the text of one that links or loads."""
        active = self._config.witness_safe_html and ACTIVE_TEX.search(data.string)
        return self._source(data, "tex") if active else list(super().render_text_latex(data))

    def render_javascript(self, data: MimeData) -> list[nodes.Element]:
        """Return a script; with `witness_safe_html` its text."""
        return (
            self._source(data, "javascript")
            if self._config.witness_safe_html
            else list(super().render_javascript(data))
        )

    def render_widget_view(self, data: MimeData) -> list[nodes.Element]:
        """Return a widget; with `witness_safe_html` nothing, for widgets come with scripts of another host."""
        return [] if self._config.witness_safe_html else list(super().render_widget_view(data))

    def render_markdown(self, data: MimeData) -> list[nodes.Element]:
        """Return Markdown; with `witness_safe_html` HTML in it is text."""
        found = super().render_markdown(data)
        return sanitized(found) if self._config.witness_safe_html else list(found)

    def render_image(self, data: MimeData) -> list[nodes.Element]:
        """Return a figure, with a text in its stead for those who cannot see it."""
        found: list[nodes.Element] = super().render_image(data)
        said = (data.output_metadata.get(data.mime_type) or {}).get("alt")
        told = str(said or self._cells.undescribed(data.cell_index, data.output_index))
        for image in found:
            image.setdefault("alt", told)
            if self._config.witness_reproducible and data.mime_type == "image/svg+xml" and data.cell_index is not None:
                name = f"figure-{self._cells.number(data.cell_index)}-{(data.output_index or 0) + 1}"
                image["html"] = figure(data.string, name, image["alt"])
        return found

    def render_unhandled(self, data: MimeData) -> list[nodes.Element]:
        """Return nothing for what the kernel extension tells beside a text; a kind that nobody knows is a warning."""
        return [] if data.mime_type in {kind.mime for kind in DISPLAYS} else list(super().render_unhandled(data))

    def render_nb_finalise(self, metadata: dict[str, Any]) -> None:
        """Give each code cell its identifier, for the frames of errors link to it, and what JAX did under it."""
        super().render_nb_finalise(metadata)
        self._cells.finish(self.renderer.document, tidy=self._config.witness_tidy)

    def _timing(self, timing: Timing, cell_index: int, output_index: int) -> list[nodes.Element]:
        """Return a timing, with what it was in other runs of the page, and beside it on other devices."""
        above = self.renderer.nb_client.notebook.cells[cell_index].outputs[:output_index]
        place = sum(TIMING.is_in(output.get("data", {})) for output in above)
        number, record = self._cells.number(cell_index), self._cells.record
        runs = record.replicates if record else []
        others = medians(runs, number, False, place, timing.statement)
        name = f"timing-{number}-{output_index + 1}"
        parts = timing_parts(timing, others, name)
        env = self.renderer.sphinx_env
        found = elsewhere(env, env.docname, number, place, timing.statement)
        there = [
            (bundle.device.label, timing_parts(timed, medians_there, f"{name}-{count}"))
            for count, (bundle, timed, medians_there) in enumerate(found, 1)
        ]
        if there and record:
            parts = [side_by_side([(f"This build: {here(record).label}", parts), *there], f"{name}-devices")]
        return [nodes.container("", *parts, classes=["witness-timing"])]

    def _lens(self, found: Lens, metadata: dict[str, Any]) -> list[nodes.Element]:
        """Return the panes of a function, or the stage that the cell asks for."""
        wanted = metadata.get("lens", PANES)
        single = next((stage for stage in found.stages if stage.language == wanted), None)
        if single:
            return ir(single.text, single.language)
        if wanted == STEPS.name:  # they stand below
            return [lens("", html="", script="")]
        if wanted == CODE:
            found = replace(found, stages=[it for it in found.stages if it.language in ("hlo", *KERNEL_LANGUAGES)])
        return [lens("", html=section(found, self._cells.file_name), script=SCRIPT)]

    @property
    def _config(self) -> Config:
        config: Config = self.renderer.sphinx_env.config
        return config

    def _printed(
        self, text: str, classes: list[str], metadata: dict[str, Any], line: int | None
    ) -> list[nodes.Element]:
        """Return the nodes of a text; IR in it stands apart, unless the site chose another lexer than MyST-NB's."""
        language = self._lexer(metadata, line)
        parts = split(plain(text)) if language == ANSI else []
        if not any(part.language for part in parts):
            return [block(text, "Output", classes, language)]
        found: list[nodes.Element] = []
        for part in parts:
            found += ir(part.text, part.language) if part.language else [block(part.text, "Output", classes)]
        return found

    def _lexer(self, metadata: dict[str, Any], line: int | None) -> str:
        """Return the lexer of what a cell prints."""
        return str(self.renderer.get_cell_level_config("render_text_lexer", metadata, line=line) or "none")

    def _source(self, data: MimeData, language: str) -> list[nodes.Element]:
        return [block(str(data.string), "Output", ["output", "text_plain"], language)]

    def _error(
        self,
        name: str,
        message: str,
        traceback: Traceback,
        output: NotebookNode,
        metadata: dict[str, Any],
        cell_index: int,
    ) -> nodes.Element:
        code, places = self._cells.all, self._cells.places
        here = self._cells.number(cell_index)
        executed = {f"<cell {cell.execution_count}>": f"<cell {number}>" for number, cell in enumerate(code, 1)}
        names = {f"<cell {place.number}>": place.name for place in places}
        own = [replace(frame, file=names.get(executed.get(frame.file, ""), frame.file)) for frame in traceback.own]
        printed = Raised(
            name, message, "", traceback.notes.split("\n") if traceback.notes else [], own, traceback.library
        )
        kept = self._cells.kept.get(here)
        raised = shown(output, code[here - 1].outputs, printed, kept) if kept else printed
        text = traceback.text if traceback.library or not own else ""
        return Report(places, here).box(raised, text, traceback.summary, expected="raises" in metadata)
