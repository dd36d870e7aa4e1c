"""Errors as readers and records see them: chains and groups, examples, callbacks, and exceptions that are rude."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest

from tests.building import CONF, Site, page
from tests.elements import having, text
from witness.nodes.traceback import read
from witness.records.codec import decode
from witness.records.error import Raised

EXAMPLE = '''"""An example."""

import jax


@jax.jit
def absolute(x):
    if x > 0:
        return x
    return -x
'''
CELLS = {
    "import": "import jax\nimport jax.numpy as jnp\nfrom jax.experimental import io_callback",
    "load": ":load: ../examples/flow.py\n",
    "nested": (
        ":raises: jax.errors.TracerBoolConversionError\n@jax.jit\ndef outer(x):\n"
        "    return jax.vmap(jax.grad(absolute))(x)\n\nouter(jnp.ones(3))"
    ),
    "callback": (
        ':raises: jax.errors.JaxRuntimeError\ndef host(x):\n    raise RuntimeError("quok" + "ka")\n\n\n@jax.jit\n'
        'def calls(x):\n    return io_callback(host, jax.ShapeDtypeStruct((), "float32"), x)\n\n'
        "calls(1.0).block_until_ready()"
    ),
    "cause": (
        ':raises: RuntimeError\ndef inner():\n    raise KeyError("wombat")\n\ntry:\n    inner()\n'
        'except KeyError as cause:\n    raise RuntimeError("numbat") from cause'
    ),
    "context": ':raises: RuntimeError\ntry:\n    inner()\nexcept KeyError:\n    raise RuntimeError("bilby")',
    "none": ':raises: RuntimeError\ntry:\n    inner()\nexcept KeyError:\n    raise RuntimeError("bilby") from None',
    "group": (
        ":raises: ExceptionGroup\ntry:\n    inner()\nexcept KeyError as error:\n    first = error\n"
        'raise ExceptionGroup("several", [first, ExceptionGroup("deeper", [TypeError("two\\nlines")])])'
    ),
    "circle": (
        ":raises: ValueError\none, two = ValueError('dunnart'), KeyError('ningaui')\n"
        "one.__cause__, two.__cause__ = two, one\nraise one"
    ),
    "rude": (
        ":raises: ValueError\nclass Rude(Exception):\n    def __str__(self):\n        raise TypeError\n\n"
        'raise ValueError("kowari") from Rude()'
    ),
    "colour": ':raises: ValueError\nraise ValueError("\\x1b[31mred\\x1b[0m <b>\\x1b]8;;http://x\\x07link\\x1b]8;;\\x07")',
    "long": ':raises: ValueError\nraise ValueError("\\n".join(f"line {n}" for n in range(10_000)))',
    "interrupt": ":raises: KeyboardInterrupt\nraise KeyboardInterrupt",
    "exit": ":raises: SystemExit\nraise SystemExit(3)",
    "syntax": ":raises: SyntaxError\né = (1,\ny = 2",
    "deep": ":raises: RecursionError\ndef down(n):\n    return up(n)\ndef up(n):\n    return down(n)\ndown(0)",
    "columns": ":raises: ZeroDivisionError\né = 0\nprint('é', 1 / é)",
    "plain": ":raises: jax.errors.KeyReuseError\nraise jax.errors.KeyReuseError('potoroo')",
    "dynamic": ":raises: TypeError\nexec(\"def ghost():\\n    return 1 + 'a'\\n\\nghost()\")",
}
NUMBERS = {name: number for number, name in enumerate(CELLS, 1)}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("errors")
    (folder / "examples").mkdir()
    (folder / "examples" / "flow.py").write_text(EXAMPLE)
    conf = CONF.replace("witness_strict = True\n", "")
    site = Site.at(folder, {"page": page(*CELLS.values())}, conf)
    site.right("-W", "--keep-going")
    return site


@pytest.fixture(scope="module")
def cells(site: Site) -> list[dict[str, Any]]:
    return [vars(cell) for cell in site.record("page").cells]


def raised(cells: list[dict[str, Any]], name: str) -> Raised:
    return decode(Raised, cells[NUMBERS[name] - 1]["captured"]["errors"][-1])


def error(tree: Element, name: str) -> Element:
    (cell,) = (node for node in tree.iter() if node.get("id") == f"witness-cell-{NUMBERS[name]}")
    (found,) = having(cell, "witness-error")
    return found


def parts(box: Element, word: str) -> list[str]:
    return [" ".join(text(node).split()) for node in having(box, word)]


def frames(found: Raised) -> list[tuple[str, int, str, str]]:
    return [(frame.file, frame.line, frame.function, frame.code) for frame in found.frames]


# ---------------------------------------------------------------------------------------------------------------------
# In the record


def test_each_exception_has_its_qualified_name_and_its_message(cells: list[dict[str, Any]]) -> None:
    named = {name: raised(cells, name) for name in list(CELLS)[2:]}
    assert named["nested"].name == "jax.errors.TracerBoolConversionError"
    assert "Attempted boolean conversion of traced array" in named["nested"].message
    assert (named["cause"].name, named["cause"].message) == ("builtins.RuntimeError", "numbat")
    assert (named["interrupt"].name, named["interrupt"].message) == ("builtins.KeyboardInterrupt", "")
    assert (named["exit"].name, named["exit"].message) == ("builtins.SystemExit", "3")
    rude = named["rude"].origin
    assert rude
    assert (rude.name, rude.message) == ("__main__.Rude", "(no text: its own raises TypeError)")
    assert len(named["long"].message.split("\n")) == 10_000
    assert "error" not in cells[0]["captured"]


def test_frames_in_an_example_name_its_file_and_line(cells: list[dict[str, Any]]) -> None:
    assert frames(raised(cells, "nested")) == [
        ("<cell 3>", 5, "", "outer(jnp.ones(3))"),
        ("<cell 3>", 3, "outer", "return jax.vmap(jax.grad(absolute))(x)"),
        ("examples/flow.py", 8, "absolute", "if x > 0:"),
    ]
    assert raised(cells, "nested").library > 5
    assert EXAMPLE.split("\n")[7] == "    if x > 0:"


def test_a_frame_knows_its_columns(cells: list[dict[str, Any]]) -> None:
    (frame,) = raised(cells, "columns").frames
    assert "print('é', 1 / é)"[frame.column : frame.end_column] == "1 / é"
    (frame,) = raised(cells, "syntax").frames
    assert (frame.line, frame.column, frame.code) == (1, 4, "é = (1,")


def test_what_a_callback_raised_on_the_host_is_found_in_the_message(cells: list[dict[str, Any]]) -> None:
    host, call = raised(cells, "callback").frames[-1], raised(cells, "callback").frames[0]
    assert (host.file, host.line, host.function) == ("<cell 4>", 2, "host")
    assert host.code == 'raise RuntimeError("quok" + "ka")'
    assert call.code == "calls(1.0).block_until_ready()"
    assert len(raised(cells, "callback").frames) == 2


def test_chains_and_groups_are_kept(cells: list[dict[str, Any]]) -> None:
    cause, context, none = (raised(cells, name) for name in ("cause", "context", "none"))
    assert cause.origin
    assert (cause.link, cause.origin.message) == ("cause", "'wombat'")
    assert [frame.function for frame in cause.origin.frames] == ["", "inner"]
    assert context.origin
    assert context.link == "context"
    assert (none.link, none.origin) == ("", None)
    first, deeper = raised(cells, "group").members
    assert (first.name, first.frames[-1].file) == ("builtins.KeyError", "<cell 5>")
    assert [member.message for member in deeper.members] == ["two\nlines"]


def test_a_chain_that_is_a_circle_ends(cells: list[dict[str, Any]]) -> None:
    found = raised(cells, "circle")
    assert found.origin
    assert (found.message, found.origin.message, found.origin.origin) == ("dunnart", "'ningaui'", None)


def test_a_frame_that_is_there_often_is_kept_once(cells: list[dict[str, Any]]) -> None:
    outer, down, up = raised(cells, "deep").frames
    assert outer.times == 1
    assert (down.function, up.function) == ("down", "up")
    assert min(down.times, up.times) > 100


@pytest.mark.parametrize("data", [{}, {"frames": [], "origin": None}, {"frames": [{}], "origin": None, "members": []}])
def test_other_data_is_no_exception(data: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"not |no "):
        decode(Raised, data)


def test_nothing_of_the_machine_is_in_the_record(site: Site) -> None:
    assert not re.search(r"ipykernel_\d|/tmp/|/home/|/root/", site.record("page").to_json())


# ---------------------------------------------------------------------------------------------------------------------
# On the page


def test_an_example_is_named_and_linked_where_a_message_or_a_frame_tells_of_it(tree: Element) -> None:
    box = error(tree, "nested")
    assert "absolute at examples/flow.py:6 for jit" in parts(box, "witness-error-message")[0]
    assert parts(box, "witness-where")[-1] == "examples/flow.py, line 8, in absolute"
    links = [(text(link), link.get("href")) for link in box.iter("a")]
    assert ("examples/flow.py:6", "#witness-cell-2") in links
    assert ("examples/flow.py", "#witness-cell-2") in links


def test_jax_s_page_is_linked_once(tree: Element) -> None:
    for name, expected in (("nested", "TracerBoolConversionError"), ("plain", "KeyReuseError")):
        links = [link.get("href", "") for link in error(tree, name).iter("a")]
        (link,) = (link for link in links if link.startswith("https:"))
        assert re.fullmatch(rf"https://docs\.jax\.dev/en/latest/(?:101/)?errors\.html#jax\.errors\.{expected}", link)


def test_a_traceback_in_a_message_is_folded_and_its_last_line_in_view(tree: Element) -> None:
    box = error(tree, "callback")
    first, *_, last = parts(box, "witness-error-message")
    assert first.startswith("INTERNAL: ")
    assert "RuntimeError: quokka" in last
    fold = next(box.iter("details"))
    assert fold.get("open") is None
    assert re.fullmatch(r"Traceback, \d+ lines", text(next(fold.iter("summary"))))
    assert parts(box, "witness-where")[-1] == "this cell, line 2, in host"


def test_chains_and_groups_say_what_they_came_from_and_what_they_hold(tree: Element) -> None:
    for name, title in (("cause", "Caused by"), ("context", "Raised while this was handled:")):
        box = error(tree, name)
        assert parts(box, "witness-error-origin") == [title]
        assert parts(box, "witness-error-class")[1] == "KeyError"
        assert parts(box, "witness-error-message")[1] == "'wombat'"
    assert parts(error(tree, "none"), "witness-error-origin") == []
    group = error(tree, "group")
    assert parts(group, "witness-error-class") == [
        "ExceptionGroup as expected",
        "KeyError",
        "ExceptionGroup",
        "TypeError",
    ]
    assert parts(group, "witness-error-origin") == ["1 of 2", "2 of 2", "1 of 1"]


def test_codes_of_a_terminal_and_markup_are_text(tree: Element) -> None:
    assert parts(error(tree, "colour"), "witness-error-message") == ["red <b>link"]


def test_a_long_message_scrolls_and_says_its_size(tree: Element) -> None:
    (region,) = having(error(tree, "long"), "witness-scroll")
    assert (region.get("tabindex"), region.get("aria-label")) == ("0", "Message, 10000 lines")
    assert "line 9999" in text(region)


def test_every_message_is_in_the_search_index(site: Site) -> None:
    assert {"wombat", "numbat", "bilbi", "dunnart", "ningaui", "quokka", "potoroo"} <= site.words()


def test_no_script_of_a_message_is_markup(tree: Element) -> None:
    assert not list(error(tree, "colour").iter("b"))


def test_a_traceback_without_a_record_is_read_from_what_was_printed() -> None:
    found = read(["ValueError   Traceback (most recent call last)", "Cell In[3], line 2, in f(x)\n----> 2 g(x)"], "m")
    (frame,) = found.own
    assert (frame.file, frame.line, frame.function, frame.code) == ("<cell 3>", 2, "f", "g(x)")


def test_an_absolute_path_to_an_example_says_its_name_only(tmp_path: Path) -> None:
    example = tmp_path / "elsewhere" / "flow.py"
    example.parent.mkdir()
    example.write_text(EXAMPLE)
    cells = ["import jax", f":load: {example}\n", ":raises: jax.errors.TracerBoolConversionError\nabsolute(1.0)"]
    site = Site.at(tmp_path / "site", {"page": page(*cells)}, CONF.replace("witness_strict = True\n", ""))
    site.right("-W", "--keep-going")
    html = site.html("page") or ""
    assert "at <a" in html
    assert "elsewhere" not in html.partition("<h1")[2].partition("sphinxsidebar")[0]
