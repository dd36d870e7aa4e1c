"""The options of a cell that are ours: what each value must be, and on which line of the page it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from docutils.parsers.rst import Directive
from markdown_it.renderer import RendererHTML
from myst_parser.config.main import MdParserConfig
from myst_parser.parsers.directives import parse_directive_text
from myst_parser.parsers.mdit import create_md_parser
from nbformat import from_dict
from nbformat.v4 import new_code_cell
from nbformat.validator import NotebookValidationError

from witness.reading.known_names import LENSES, OURS

OPTION = re.compile(r"\s*:?(?P<key>[^\s:#][^:]*):(\s|$)")
CELL = "{code-cell}"


class AnyOptions(Directive):
    """What MyST-NB assumes of a cell while it reads the options: any are right."""

    option_spec = {"options": str}  # noqa: RUF012 - docutils' own shape
    optional_arguments = 1
    has_content = True


def wanted(option: str, value: Any) -> str | None:
    """Return what an option's value should be, or None where it is that, or where the option is nobody's."""
    text = isinstance(value, str) and bool(value.strip())
    number = isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 1
    known = {
        "tags": ("a list, such as [hide-input]", isinstance(value, list) and all(isinstance(t, str) for t in value)),
        "load": ("the path of a file, from the page's folder", text),
        "raises": ("the qualified name of one class", text),
        "reason": ("a sentence", text),
        "check": ("`runs`, the only other kind of check there is", value == "runs"),
        "clock": ("`dispatch`, the only other thing to time there is", value == "dispatch"),
        "lens": (f"one of {', '.join(LENSES)}", value in LENSES),
        "rtol": ("a relative tolerance between 0 and 1, such as 1e-6", number or _is_tolerance(value)),
        "mystnb": ("settings, such as {number_source_lines: true}", isinstance(value, dict)),
    }
    want, right = known.get(option, ("", True))
    return None if right else want


def _is_tolerance(value: Any) -> bool:
    """YAML reads ``1e-6``, which has no point, as text."""
    return isinstance(value, str) and bool(re.fullmatch(r"\d+(\.\d*)?e-\d+", value)) and 0 < float(value) < 1


def faults(options: Mapping[str, Any], lines: Sequence[str], fence: int) -> list[tuple[int, str]]:
    """Return the line and the text of each value of a cell's that our option cannot have.

    ``fence`` is the line, from 1, of the cell's fence.
    """
    wrong = {name: want for name, value in options.items() if name in OURS and (want := wanted(name, value))}
    return [
        (option_line(name, lines, fence), _said(name, options[name], f"write {want}")) for name, want in wrong.items()
    ]


def _said(option: str, value: Any, mend: str) -> str:
    return f"option-value: `:{option}:` is {value!r}; {mend}"


def option_line(option: str, lines: Sequence[str], fence: int) -> int:
    """Return the line of an option of the cell whose fence is at a line, from 1; that line, where it has none."""
    for number, text in enumerate(lines[fence:], fence + 1):
        if text.lstrip().startswith(("```", "~~~")):
            break
        if (found := OPTION.match(text)) and found["key"].strip(" \"'") == option:
            return number
    return fence


def wrong_options(text: str, path: Path, markdown: MdParserConfig) -> list[tuple[int, str]]:
    """Return what is wrong with the options of a page that cannot be read, each with its line."""
    lines = text.split("\n")
    return [
        fault
        for fence, options in _cells(text, markdown)
        for fault in faults(options, lines, fence) or _refused(options, path.parent, lines, fence)
    ]


def _refused(options: Mapping[str, Any], folder: Path, lines: Sequence[str], fence: int) -> Iterator[tuple[int, str]]:
    """Yield what no cell can have: a file that is not there to load, and what no notebook holds."""
    if "load" in options and (why := _unread(folder, options["load"])):
        yield option_line("load", lines, fence), f"load-file: {why}"
    try:
        new_code_cell(metadata=from_dict(options))
    except NotebookValidationError as error:
        _, *place = [str(part) for part in error.relative_path] or [""]  # below a cell's metadata
        if place and place[0] in options:
            why = " ".join([".".join(place[1:]), error.message]).strip()
            yield option_line(place[0], lines, fence), _said(place[0], options[place[0]], why)


def _unread(folder: Path, name: str) -> str:
    """Return why a file cannot be read, or nothing where it can."""
    try:
        (folder / name).read_text()
    except UnicodeDecodeError as error:
        return f"the file `{name}` is not {error.encoding.upper()}; save it so"
    except (OSError, ValueError) as error:
        if (folder / name).is_file():
            return f"the file `{name}` cannot be read: {error.strerror if isinstance(error, OSError) else error}"
        return f"there is no file `{name}`; write its path as seen from the page's folder"
    return ""


def _cells(text: str, markdown: MdParserConfig) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the line of the fence of each code cell of a page, and its options."""
    config = replace(markdown, disable_syntax=[*markdown.disable_syntax, "inline"])
    for token in create_md_parser(config, RendererHTML).parse(f"{text}\n"):
        if token.type == "fence" and token.level == 0 and token.map and token.info.startswith(CELL):
            read = parse_directive_text(AnyOptions, "", token.content, validate_options=False)
            yield token.map[0] + 1, read.options
