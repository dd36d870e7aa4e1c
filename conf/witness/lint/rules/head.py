"""Rules on the head of a page: without it, or with a misspelling in it, no cell runs as the page says."""

from __future__ import annotations

from collections.abc import Iterator

from witness.lint.page import Page
from witness.lint.rule import Finding, Rule
from witness.reading.known_names import HEAD, NOT_MEANT, PAGE_SETTINGS, instead, near
from witness.reading.page_settings import faults


def missing(page: Page) -> Iterator[Finding]:
    """Cells on a page that MyST-NB would not read as a notebook."""
    if not page.cells or page.head.is_notebook or page.head.error:
        return
    first = page.cells[0].line
    if not page.head.end:
        late = next((n for n, line in enumerate(page.lines[: first - 1], 1) if line.rstrip() == "---"), None)
        where = f"; the `---` on line {late} comes too late" if late else ""
        yield Finding(1, f"no front matter on the first line, so the cell on line {first} would never run{where}")
    else:
        given = page.head.data.get("file_format")
        fault = f"`file_format` is {given!r}" if given else "the front matter has no `file_format`"
        yield Finding(page.head.line("file_format"), f"{fault}, so the cell on line {first} would never run")


def unreadable(page: Page) -> Iterator[Finding]:
    """Front matter that is no YAML mapping."""
    if page.head.error and (page.head.end or page.cells):
        line, problem = page.head.error
        yield Finding(line, f"the front matter cannot be read: {problem}")


def kernel(page: Page) -> Iterator[Finding]:
    """A `kernelspec` without a name."""
    if "kernelspec" in page.head.data:
        spec = page.head.data["kernelspec"]
        if not isinstance(spec, dict) or not isinstance(spec.get("name"), str) or not spec["name"].strip():
            yield Finding(page.head.line("kernelspec"), "`kernelspec` has no `name`")


def no_kernel(page: Page) -> Iterator[Finding]:
    """A notebook without a `kernelspec`."""
    if page.cells and page.head.is_notebook and "kernelspec" not in page.head.data:
        yield Finding(1, "the front matter has no `kernelspec`")


def keys(page: Page) -> Iterator[Finding]:
    """A key that is nearly one of those that matter."""
    for key in page.head.data:
        meant = near(str(key), HEAD, 0.8)
        if meant and str(key) not in HEAD | NOT_MEANT:
            yield Finding(page.head.line(str(key)), f"unknown key `{key}`", mend=f"did you mean `{meant}`?")
    settings = page.head.data.get("mystnb")
    if isinstance(settings, dict):
        for key in settings:
            if key not in PAGE_SETTINGS:
                line = page.head.line("mystnb", str(key))
                yield Finding(line, f"`mystnb` has no setting `{key}`", mend=instead(str(key), PAGE_SETTINGS))


def settings(page: Page) -> Iterator[Finding]:
    """Keys and values below ``witness``."""
    if "witness" in page.head.data:
        for keys, why, mend in faults(page.head.data["witness"]):
            yield Finding(page.head.line("witness", *keys), why, mend=mend)


KERNEL = "write `kernelspec: {name: python3, display_name: Python 3}`"

RULES = (
    Rule(
        "front-matter",
        "A page with code cells has front matter that makes it a notebook.",
        "begin the page with `---`, `file_format: mystnb`, a `kernelspec` and `---`",
        missing,
        strict=False,
    ),
    Rule(
        "front-matter-yaml",
        "Front matter is a YAML mapping in which no key is there twice.",
        "correct the YAML",
        unreadable,
        strict=False,
    ),
    Rule(
        "front-matter-kernel",
        "A `kernelspec` names a kernel.",
        KERNEL,
        kernel,
        strict=False,
    ),
    Rule(
        "front-matter-key",
        "No key of the front matter is a misspelling of one that matters.",
        "correct the key",
        keys,
        strict=False,
    ),
    Rule(
        "witness-settings",
        "Below `witness` stand known settings of the right type.",
        "correct the setting",
        settings,
        strict=False,
    ),
    Rule("missing-kernel", "A page with code cells names its kernel.", KERNEL, no_kernel),
)
