"""The scrubber takes out what is this machine's and nothing else, in time that grows with the text."""

from __future__ import annotations

import base64
import gc
import json
import random
import time
from collections.abc import Callable
from html import escape
from urllib.parse import quote
from xml.etree import ElementTree

import pytest

from witness.records.colour import letters
from witness.records.scrub import Machine, Scrubber

BOOK = "/home/ada/book"
PACKAGES = f"{BOOK}/.venv/lib/python3.11/site-packages"
CELLS = "/tmp/ipykernel_31415"
MACHINE = Machine(
    places=[
        ("/tmp/page-x1y2", "."),
        *((f"{home}/book/.venv/lib/python3.11/site-packages/", "") for home in ("/home/ada", "~")),
        (PACKAGES, "site-packages"),
        ("/usr/lib/python3.11", "python"),
        (f"{BOOK}/", ""),
        (BOOK, "."),
        ("/home/ada", "~"),
        ("/workspace/", ""),
        ("/workspace", "."),
        ("/home/jürgen/a & b", "source"),
    ],
    hosts=["lovelace"],
    secrets=["hunter2-and-more"],
    cells={
        f"{CELLS}/1001.py": "<cell 1>",
        f"{CELLS}/1002.py": "examples/flow.py",
        "/other/ipykernel_31415/7.py": "<cell 3>",
    },
    files=CELLS,
    pid=31415,
)
SCRUBBER = Scrubber(MACHINE)

# ---------------------------------------------------------------------------------------------------------------------
# What stays

OWN = """\
process 0 has 4 devices
Process 1 of 4, PID controller: pid 3 tuned, process: 12
31415
the 31415th of 314159 processes; pid 314159, process 3141, process 31415, 31415 = parent
rapid 31415, stupid=31415, grandparent=31415, pid --> 31415
PurePosixPath('/home/adam/notes/a.txt'), '/home/ada.txt', '/home/ada-2', '/home/adaé'
'/tmp/x/y.csv', '/tmp/page-x1y2z', '/tmp/page-x1y2.csv'
/usr/lib/python3.11/os.py and /usr/lib/python3.11
/usr/lib/python3/dist-packages/numpy, /opt/x/lib/python3.11/site-packages/jax/core.py
https://x.org/workspace/a https://x.org/?q=/workspace/a&amp;p=/home/ada/book http://x.org/home/ada/book/x.py:3
git@github.com:me/workspace x.org/workspace/a ./workspace ../workspace/a C:/workspace/a ${HOME}/workspace
/workspaces /other/workspace/docs/a.py:3 /workspace/data.csv '/workspace'
/backup/home/ada/book/a.py:3 foo/home/ada/book
root@server ~ and ada@lovelaces and ada@charles, @lovelace, lovelace
root:x:0:0:root:/root:/bin/bash
/tmp/ipykernel_12345/67.py /tmp/ipykernel_3141/1001.py ipykernel_123 ipykernel_314159
Cell In[1], line 1; <cell 5>; File "<cell 1>", line 3; invalid syntax (4711.py, line 1); (1001.py, line x)
3.2 ms ± 20 µs per loop (mean ± std. dev. of 7 runs, 100 loops each)
hunter2 \\home\\ada\\book //home//ada \x1b[32mgreen\x1b[0m\r\x07
"""


@pytest.mark.parametrize("line", OWN.splitlines())
def test_a_page_s_own_text_stays_letter_by_letter(line: str) -> None:
    assert SCRUBBER.text(line) == line
    assert SCRUBBER.text(f"{line}\n" * 3) == f"{line}\n" * 3


def test_text_that_names_nothing_of_the_machine_stays() -> None:
    chance = random.Random(14)
    pieces = (
        "/ / /home /home/ad /tmp ada @ lovelace pid 31416 process ipykernel_ :// ~ .py :3 \\n % %2F <a href=' > &lt;"
    )
    words = [*pieces.split(), " ", "\n", "\x1b[0m", "\x1b[", "é", "数", "-", ".", "'", '"', "=", "workspace"]
    for _ in range(3000):
        text = "".join(chance.choices(words, k=chance.randrange(1, 40)))
        if not any(sign in letters(text) for sign in ("/home/ada", "@lovelace", "://lovelace")):
            assert SCRUBBER.text(text) == text


# ---------------------------------------------------------------------------------------------------------------------
# What goes

GONE = [
    (f"{BOOK}/docs/a.md", "docs/a.md"),
    (f"in {BOOK}.", "in .."),
    (f"'{BOOK}'", "'.'"),
    (f'File "{PACKAGES}/jax/_src/core.py", line 12, in f', 'File "jax/_src/core.py", line 12, in f'),
    ("File ~/book/.venv/lib/python3.11/site-packages/jax/core.py:12, in f", "File jax/core.py:12, in f"),
    ("/usr/lib/python3.11/json/decoder.py:355, in f", "python/json/decoder.py:355, in f"),
    ('File "/usr/lib/python3.11/os.py", line 3', 'File "python/os.py", line 3'),
    ("> /usr/lib/python3.11/bdb.py(92)f()", "> python/bdb.py(92)f()"),
    (
        'loc("/workspace/a.py":5:2), source_file="/workspace/b.py" source_line=3',
        'loc("a.py":5:2), source_file="b.py" source_line=3',
    ),
    ("/workspace/docs/_helper.py:3: UserWarning", "docs/_helper.py:3: UserWarning"),
    ("/home/ada/.cache/x, /home/ada", "~/.cache/x, ~"),
    ("PATH=/home/ada/bin:/home/ada/book/bin", "PATH=~/bin:bin"),
    ("file:///home/ada/book/a.py sqlite:////home/ada/x.db", "file://a.py sqlite:///~/x.db"),
    ("保存到/home/ada/x -I/home/ada/include", "保存到~/x -I~/include"),
    (f"{CELLS}/1001.py:2: UserWarning: x", "<cell 1>:2: UserWarning: x"),
    (f"f at {CELLS}/1002.py:2 and {CELLS}/9.py:3", "f at examples/flow.py:2 and <cell>:3"),
    ("/other/ipykernel_31415/7.py:1 /other/ipykernel_31415", "<cell 3>:1 /other/ipykernel"),
    ("invalid syntax (1001.py, line 1)", "invalid syntax (line 1)"),
    (
        "pid 31415, PID: 31415, (pid=31415), {'pid': 31415}, {'pid': '31415'}, ppid=31415, parent=31415",
        "pid N, PID: N, (pid=N), {'pid': N}, {'pid': 'N'}, ppid=N, parent=N",
    ),
    ("ada@lovelace:~$ grace.h@lovelace.local", "user@host:~$ user@host"),
    ("http://lovelace:8888/lab, http://lovelace/", "http://host:8888/lab, http://host/"),
    ("token=hunter2-and-more.", "token=<hidden>."),
]


@pytest.mark.parametrize(("text", "shown"), GONE)
def test_what_is_the_machine_s_goes(text: str, shown: str) -> None:
    assert SCRUBBER.text(text) == shown
    assert SCRUBBER.text(shown) == shown


@pytest.mark.parametrize(
    ("spell", "shown"),
    [
        (str, "x\n'docs/a.py'"),
        (repr, "\"x\\n'docs/a.py'\""),
        (json.dumps, "\"x\\n'docs/a.py'\""),
        (lambda text: json.dumps(text).replace("/", "\\/"), "\"x\\n'docs\\/a.py'\""),
        (lambda text: json.dumps(json.dumps(text)), json.dumps("\"x\\n'docs/a.py'\"")),
        (quote, "x%0A%27docs/a.py%27"),
        (lambda text: quote(text, safe=""), "x%0A%27docs%2Fa.py%27"),
        (escape, "x\n&#x27;docs/a.py&#x27;"),
        (lambda text: text.replace("'", "\x1b[32m"), "x\n\x1b[32mdocs/a.py\x1b[32m"),
        (lambda text: text.replace("o", "o\x1b[0m"), "x\n'\x1b[0m\x1b[0m\x1b[0mdo\x1b[0mcs/a.py'"),
        (lambda text: repr(text.replace("'", "\x1b[1;32m")), "'x\\n\\x1b[1;32mdocs/a.py\\x1b[1;32m'"),
        (lambda text: text.replace("a", "a\x01\x7f"), "x\n'\x01\x7f\x01\x7fdocs/a\x01\x7f.py'"),
    ],
)
def test_a_path_goes_however_it_is_spelt(spell: Callable[[str], str], shown: str) -> None:
    assert SCRUBBER.text(spell(f"x\n'{BOOK}/docs/a.py'")) == shown


@pytest.mark.parametrize("spell", [str, escape, quote, json.dumps, lambda text: quote(text, safe="")])
def test_a_path_of_other_letters_goes_too(spell: Callable[[str], str]) -> None:
    found = SCRUBBER.text(spell("/home/jürgen/a & b/x"))
    assert found.strip('"') in ("source/x", "source%2Fx")


# ---------------------------------------------------------------------------------------------------------------------
# Where it stands

LINE = f"{CELLS}/1001.py:2 in {BOOK}/a"


def shown(mime: str, value: object) -> object:
    (output,) = SCRUBBER.outputs([{"output_type": "display_data", "data": {mime: value}, "metadata": {}}])
    return output["data"][mime]


def test_markup_stays_well_formed() -> None:
    for mime in ("text/html", "image/svg+xml", "application/xhtml+xml"):
        found = ElementTree.fromstring(str(shown(mime, f'<p title="{LINE}">{LINE} &amp; <b>x</b></p>')))
        assert found.text == found.get("title", "") + " & " == "<cell 1>:2 in a & "


def test_no_name_becomes_a_tag_where_markup_may_be_read() -> None:
    for mime in ("text/markdown", "text/latex", "application/javascript", "application/vnd.plotly.v1+json"):
        assert shown(mime, LINE) == "cell 1:2 in a"
    assert shown("text/plain", LINE) == "<cell 1>:2 in a"


def test_nested_data_and_their_keys_are_scrubbed_and_none_is_lost() -> None:
    data = {f"{BOOK}/a": [1, {"x": [f"{BOOK}/b", None, True]}], "a": LINE}
    found = shown("application/json", data)
    assert found == {"a": [1, {"x": ["b", None, True]}], "a'": "cell 1:2 in a"}


def test_a_frame_is_named_wherever_its_file_is_kept() -> None:
    frame = {"file": "/workspace/docs/a.py", "line": 3, "code": "open('/workspace/docs/a.py')"}
    named = {**frame, "file": "docs/a.py"}
    assert SCRUBBER.data({"error": {"frames": [frame]}}) == {"error": {"frames": [named]}}
    assert shown("application/vnd.witness.ir+json", {"places": [frame]}) == {"places": [named]}
    assert shown("application/json", frame) == frame


def test_a_picture_stays_as_it_is() -> None:
    picture = base64.b64encode(random.Random(1).randbytes(30_000)).decode()
    assert shown("image/png", picture) == picture
    assert (
        shown("text/html", f'<img src="data:image/png;base64,{picture}">')
        == f'<img src="data:image/png;base64,{picture}">'
    )


def test_streams_and_tracebacks_are_scrubbed() -> None:
    stream = {"output_type": "stream", "name": "stdout", "text": LINE}
    error = {"output_type": "error", "ename": "E", "evalue": LINE, "traceback": [f"\x1b[31mFile \x1b[32m{LINE}\x1b[0m"]}
    assert SCRUBBER.outputs([stream, error]) == [
        {**stream, "text": "<cell 1>:2 in a"},
        {**error, "evalue": "<cell 1>:2 in a", "traceback": ["\x1b[31mFile \x1b[32m<cell 1>:2 in a\x1b[0m"]},
    ]


# ---------------------------------------------------------------------------------------------------------------------
# How long it takes

SLOW = {
    "paths": "/a/bc/d.e",
    "words": "a",
    "base64": "9j/4AAQ+SkZJRg",
    "lines": "x" * 10_000 + "\n",
    "json": json.dumps({"file": "/usr/lib/x", "n": [1, 2.5], "text": "a\nb"}),
    "html": "<p class='a'>to <i>/tmp/run1/log.csv</i> &lt;b&gt;</p>",
    "colours": "\x1b[32m/\x1b[0m",
    "half colours": "\x1b[",
    "digits": "\x1b[0;1",
    "addresses": "://a/b",
    "people": "a.b@lovelac",
    "at": "@lovelace ",
    "slashes": "/",
    "backslashes": "\\",
    "quoted": "%2Fa",
    "processes": "pid 31415 ",
    "its paths": f"{BOOK}/a ",
    "its paths in one": BOOK,
    "its library": "-I/usr/lib/python3.11/x",
    "its cells": f"{CELLS}/1001.py:2 ",
}


@pytest.mark.parametrize("kind", SLOW)
def test_the_time_grows_as_the_text_does(kind: str) -> None:
    sizes = [20_000, 16 * 20_000]
    ends = ["", f" {BOOK}/a ada@lovelace"]
    texts = [[SLOW[kind] * (size // len(SLOW[kind])) + end for end in ends] for size in sizes]

    def seconds(several: list[str]) -> float:
        gc.disable()  # what other tests left is gone through at each collection, and is not this text's
        try:
            began = time.process_time()
            for text in several:
                SCRUBBER.text(text)
            return time.process_time() - began
        finally:
            gc.enable()

    def linear() -> bool:
        """Return whether the longer text takes 16 times as long, not 256 times; a disturbed try says nothing."""
        short = min(seconds(texts[0]) for _ in range(3))
        return seconds(texts[1]) < 64 * max(short, 1e-4)

    assert any(linear() for _ in range(5))
