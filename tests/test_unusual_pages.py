"""Pages of unusual shapes are right."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.building import CONF, Site, page, text_of

Built = tuple[Site, subprocess.CompletedProcess[str]]
COUNT = "n = m = 0"
PLACES = """\
| Column |
|---|
| cell {live}`n` |

```{note}
noted {live}`n`
```

- listed {live}`n`

Footed.[^one]

    not {live}`n` {live}`m`

[^one]: footnoted {live}`n`

## Headed {live}`n`

```{code-cell} python
n = m = 1
```
A paragraph
of
many
and
many
and
many
lines
and
so
on,
at
last
paragraphed {live}`m`

> quoted {live}`n`

Term
: defined {live}`n`

Twice {live}`n` and {live}`n`; not `` {live}`n` ``.

```text
not {live}`n`
```
"""
SHAPES = {
    "places": page(COUNT, prose=PLACES),
    "größe ünd 数": page("'ünïcode ' + '数'", prose="{live}`'é' + 'ü'`"),
    "deep/er/est/page": page("'deep ' + 'down'"),
    "twin": page("'a page ' + 'beside a folder'"),
    "twin/inner": page("'a page ' + 'in that folder'"),
    "tabs": page("if True:\n\tx = 'a\tb'\n\tprint(x)"),
    "long": page(*(f"{number} * 1000" for number in range(200))),
    "empty": page("", "# only a comment", "'after ' + 'nothing'"),
    "form": page("'a page with a form feed'\n1 / 1", prose="Feed: \x0c and \u2028.", title="Fed").replace(
        "# Fed", "# Fed\n\nA line\x0cwith a feed\u2028and a separator."
    ),
}


@pytest.fixture(scope="module")
def unusual(tmp_path_factory: pytest.TempPathFactory) -> Built:
    site = Site.at(tmp_path_factory.mktemp("unusual"), SHAPES, CONF + 'myst_enable_extensions = ["deflist"]\n')
    docs = site.folder / "docs"
    crlf = page("a = 1\nb = 2\nprint(a + b + 40)", prose="It is {live}`a + b`.").replace("\n", "\r\n")
    (docs / "crlf.md").write_bytes(crlf.encode())
    (docs / "mark.md").write_bytes(page("'with a ' + 'mark'", prose="It is {live}`20 + 1`.").encode("utf-8-sig"))
    index = docs / "index.md"
    index.write_text(index.read_text("utf-8").rstrip().removesuffix("```") + "crlf\nmark\n```\n", "utf-8")
    return site, site.build("-W")


def test_pages_of_unusual_shapes_are_built(unusual: Built) -> None:
    assert unusual[1].returncode == 0, unusual[1].stderr


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("größe ünd 数", "ünïcode 数"),
        ("größe ünd 数", "éü"),
        ("deep/er/est/page", "deep down"),
        ("twin", "a page beside a folder"),
        ("twin/inner", "a page in that folder"),
        ("tabs", "a b"),
        ("long", "199000"),
        ("empty", "after nothing"),
        ("form", "1.0"),
        ("crlf", "43"),
        ("crlf", "It is 3."),
        ("mark", "with a mark"),
        ("mark", "It is 21."),
        ("places", "cell 0 "),
        ("places", "noted 0"),
        ("places", "listed 0"),
        ("places", "Headed 0"),
        ("places", "paragraphed 1"),
        ("places", "quoted 1"),
        ("places", "defined 1"),
        ("places", "Twice 1 and 1; not {live}`n`."),
        ("places", "footnoted 0"),
    ],
)
def test_an_unusual_page_shows(unusual: Built, name: str, shown: str) -> None:
    assert shown in text_of(unusual[0].html(name))


def test_a_no_change_build_of_unusual_pages_runs_nothing(unusual: Built) -> None:
    site, _ = unusual
    again = site.right("-W")
    assert site.ran(again) == []


@pytest.mark.parametrize("builder", ["dirhtml", "latex", "text"])
def test_other_builders_show_outputs(unusual: Built, builder: str) -> None:
    site, _ = unusual
    done = site.right("-b", builder, "-d", str(site.folder / "html" / ".doctrees"), output=builder)
    assert site.ran(done) == []
    files = [path for path in (site.folder / builder).rglob("*") if path.suffix in (".html", ".tex", ".txt")]
    everything = "\n".join(path.read_text("utf-8") for path in files)
    assert "199000" in everything
    assert re.search(r"It is (\\DUrole\{live\}\{)?21", text_of(everything))
