"""What readers see of outputs: errors say their message first, text is plain, and no cell's markup gets through."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

import pytest

from tests.building import Site, page
from tests.elements import having, text

CELLS = {
    "define": 'def wombat(table, key):\n    return table[key]\n\nprint("\\x1b[31mquok" + "ka\\x1b[0m\\n10 %\\r100 %")',
    "key": ':raises: KeyError\nwombat({}, "zyzzyva")',
    "library": ':raises: json.decoder.JSONDecodeError\nimport json\njson.loads("{")',
    "silent": ":raises: ValueError\nraise ValueError",
    "link": ':raises: ValueError\nraise ValueError("It\'s at https://docs.jax.dev/x.html#y. <b>So</b> --")',
    "noted": ':raises: ValueError\nerror = ValueError("m")\nerror.add_note("numbat")\nraise error',
    "group": ':raises: ExceptionGroup\nraise ExceptionGroup("several", [ValueError("bil" + "by")])',
    "deep": ":raises: RecursionError\ndef down(n):\n    return down(n + 1)\n\ndown(0)",
    "syntax": ":raises: SyntaxError\nx = = 1",
    "repr": ':raises: ValueError\nclass Rude:\n    def __repr__(self):\n        raise ValueError("no repr")\n\nRude()',
    "chain": (
        ":raises: RuntimeError\ntry:\n    wombat({}, 1)\nexcept KeyError as cause:\n"
        '    raise RuntimeError("outer") from cause'
    ),
    "long": 'print("\\n".join(f"line {n}" for n in range(60)))',
    "stderr": 'import sys\n\nprint("care" + "ful\\nvery", file=sys.stderr)',
    "html": 'display({"text/html": "<script>alert(1)</script>"}, raw=True)',
    "plain": 'display({"text/html": "<b id=bold>1</b>", "text/plain": "plain one"}, raw=True)',
    "script": 'display({"application/javascript": "alert(2)"}, raw=True)',
    "markdown": (
        "from IPython.display import Markdown\n\n"
        'Markdown("| a | b |\\n|---|--:|\\n| <i>x</i> | [there](#where) |\\n\\n<script>alert(3)</script>\\n\\n'
        '![eye](https://example.org/eye.png)")'
    ),
    "latex": (
        'display({"text/latex": r"$\\href{javascript:alert(5)}{x}$"}, raw=True)\n'
        'display({"text/latex": r"$x^2$"}, raw=True)'
    ),
    "svg": (
        'display({"image/svg+xml": "<svg xmlns=\\"http://www.w3.org/2000/svg\\" width=\\"9\\" height=\\"9\\">'
        '<script>alert(4)</script></svg>"}, raw=True)'
    ),
}
NUMBERS = {name: number for number, name in enumerate(CELLS, 1)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    prose = "\n## Where\n\nA value: {live}`1 + 1`.\n"
    site = Site.at(tmp_path_factory.mktemp("look"), {"page": page(*CELLS.values(), prose=prose)})
    site.right("-W", "--keep-going")
    return site


def output(tree: Element, name: str) -> Element:
    (cell,) = (node for node in tree.iter() if node.get("id") == f"witness-cell-{NUMBERS[name]}")
    (found,) = having(cell, "cell_output")
    return found


def only(root: Element, word: str) -> Element:
    (found,) = having(root, word)
    return found


@pytest.mark.parametrize(
    ("name", "raised", "message"),
    [
        ("key", "KeyError", "'zyzzyva'"),
        ("library", "json.decoder.JSONDecodeError", "Expecting property name enclosed in double quotes"),
        ("silent", "ValueError", "(no message)"),
        ("noted", "ValueError", "m"),
        ("group", "ExceptionGroup", "several (1 sub-exception)"),
        ("deep", "RecursionError", "maximum recursion depth exceeded"),
        ("syntax", "SyntaxError", "invalid syntax"),
        ("repr", "ValueError", "no repr"),
        ("chain", "RuntimeError", "outer"),
    ],
)
def test_an_error_says_class_and_message_before_its_frames(tree: Element, name: str, raised: str, message: str) -> None:
    error = only(output(tree, name), "witness-error")
    named = having(error, "witness-error-class")[0]
    assert text(named).split() == [raised, "as", "expected"]
    assert [text(part) for part in having(named, "pre")] == re.findall(r"\w+\.?", raised)  # lines end after a dot
    assert text(having(error, "witness-error-message")[0]).startswith(message)
    assert [child.get("class") for child in error][:2] == ["witness-error-class", "witness-error-message"]


def test_a_message_stays_as_it_is_with_its_address_as_a_link(tree: Element) -> None:
    message = only(output(tree, "link"), "witness-error-message")
    assert text(message) == "It's at https://docs.jax.dev/x.html#y. <b>So</b> --"
    (link,) = message.iter("a")
    assert link.get("href") == "https://docs.jax.dev/x.html#y"


def test_the_readers_own_frames_are_in_view_with_line_and_code(tree: Element) -> None:
    frames = only(output(tree, "key"), "witness-frames")
    outer, inner = (text(item).strip() for item in frames.iter("li"))
    assert outer == 'this cell, line 1 wombat({}, "zyzzyva")'
    assert inner == "cell 1, line 2, in wombat return table[key]"
    (link,) = frames.iter("a")
    assert link.get("href") == "#witness-cell-1"


def test_library_frames_are_folded_and_counted(tree: Element) -> None:
    fold = only(output(tree, "library"), "witness-fold")
    assert fold.tag == "details"
    assert fold.get("open") is None
    summary = next(fold.iter("summary"))
    assert re.fullmatch(r"\d+ library frames", text(summary))
    assert int(text(summary).split()[0]) == text(fold).count("File ")
    assert "python/json/decoder.py" in text(fold)
    assert "\x1b" not in text(fold)


def test_a_frame_that_calls_itself_stands_once(tree: Element) -> None:
    items = [text(item) for item in only(output(tree, "deep"), "witness-frames").iter("li")]
    assert len(items) == 2
    assert re.search(r"line 2, in down, \d{3,} times", items[1])


def test_text_is_plain(tree: Element) -> None:
    assert text(output(tree, "define")).strip() == "quokka\n100 %"
    assert text(output(tree, "plain")).strip() == "plain one"


def test_long_text_scrolls_and_says_its_size(tree: Element) -> None:
    region = only(output(tree, "long"), "witness-scroll")
    assert (region.get("role"), region.get("tabindex")) == ("region", "0")
    assert region.get("aria-label") == text(only(output(tree, "long"), "witness-size")) == "Output, 60 lines"
    assert "line 59" in text(region)


def test_stderr_is_folded_apart(tree: Element) -> None:
    fold = only(output(tree, "stderr"), "witness-stderr")
    assert text(next(fold.iter("summary"))) == "stderr, 2 lines"
    assert "very" in text(fold)


def test_no_markup_of_a_cell_gets_through(tree: Element, site: Site) -> None:
    article = next(node for node in tree.iter("div") if node.get("class") == "body")
    assert [text(script) for script in article.iter("script")] == []
    assert "<script>alert(1)</script>" in text(output(tree, "html"))
    assert "alert(2)" in text(output(tree, "script"))
    assert not any(node.get("id") == "bold" for node in tree.iter())
    (picture,) = output(tree, "svg").iter("img")
    assert (picture.get("src") or "").startswith("_images/")
    assert (picture.get("src") or "").endswith(".svg")
    assert picture.get("alt")
    assert not list(output(tree, "svg").iter("svg"))


def test_a_formula_that_is_more_than_one_is_text(tree: Element) -> None:
    formula = only(output(tree, "latex"), "math")
    assert "x^2" in text(formula)
    assert "alert" not in text(formula)
    assert r"\href{javascript:alert(5)}{x}" in text(output(tree, "latex"))


def test_markdown_is_a_real_table_and_its_html_is_text(tree: Element) -> None:
    found = output(tree, "markdown")
    (table,) = found.iter("table")
    assert "<i>x</i>" in text(table)
    assert [link.get("href") for link in table.iter("a")] == ["#where"]
    assert "<script>alert(3)</script>" in text(found)
    assert not list(found.iter("img"))
    assert "https://example.org/eye.png" in [link.get("href") for link in found.iter("a")]


def test_the_search_finds_messages_and_no_other_output(site: Site) -> None:
    found = site.words()
    assert {"zyzzyva", "jsondecodeerror", "numbat", "bilbi"} <= found  # as the search stems them
    assert not {"quokka", "surrogatepass"} & found


def test_a_live_value_says_what_it_is(tree: Element) -> None:
    value = only(tree, "live")
    assert text(value) == "2"
    assert value.get("data-told") == value.get("aria-description") == "Computed while this page was built: 1 + 1"
    assert value.get("tabindex") == "0"
