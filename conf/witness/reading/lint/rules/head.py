"""Rules on the head of a page: without it, or with a misspelling in it, no cell runs as the page says."""

from __future__ import annotations

from collections.abc import Iterator

from witness.reading.lint.known import HEAD, LANES, NOT_MEANT, PAGE_SETTINGS, WITNESS, instead, near
from witness.reading.lint.page import Page
from witness.reading.lint.rule import Finding, Rule


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
    if "witness" not in page.head.data:
        return
    ours = page.head.data["witness"]
    if not isinstance(ours, dict):
        yield Finding(page.head.line("witness"), "`witness` must hold keys and values", mend=instead("", WITNESS))
        return
    for key, value in ours.items():
        line = page.head.line("witness", str(key))
        if key not in WITNESS:
            yield Finding(line, f"`witness` has no setting `{key}`", mend=instead(str(key), WITNESS))
        elif key == "needs" and not (isinstance(value, list) and all(isinstance(v, str) and v.strip() for v in value)):
            yield Finding(line, f"`needs` is {value!r}", mend="write a list of packages, such as [matplotlib]")
        elif key.endswith("_budget") and (isinstance(value, bool) or not isinstance(value, int | float) or value <= 0):
            yield Finding(line, f"`{key}` is {value!r}", mend="write a number of seconds above 0")
        elif key == "lane" and value not in LANES:
            yield Finding(line, f"`lane` is {value!r}", mend=f"write {' or '.join(LANES)}")


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
