"""Tables in HTML that a cell displays: read, not let through."""

from __future__ import annotations

from pathlib import Path
from xml.etree.ElementTree import Element

import html5lib
import pytest
from docutils import nodes

from tests.building import Site, page
from witness.nodes.table import read

FRAME = (
    "<div><style scoped>.dataframe th {color: red}</style>"
    '<table border="1" class="dataframe" onmouseover="alert(1)"><thead><tr style="text-align: right;">'
    "<th></th><th>name</th><th>mean</th></tr></thead><tbody>"
    "<tr><th>0</th><td>sin &lt;x&gt;</td><td>1.5</td></tr>"
    "<tr><th>1</th><td><script>alert(2)</script>cos</td><td onclick='alert(3)'><b>2.5</b></td></tr>"
    "</tbody></table><p>2 rows × 2 columns</p></div>"
)


def grid(html: str) -> list[list[str]]:
    return [[entry.astext() for entry in row] for node in read(html) for row in node.findall(nodes.row)]


def test_a_data_frame_is_a_table_with_its_heads() -> None:
    table, after = read(FRAME)
    assert grid(FRAME) == [["", "name", "mean"], ["0", "sin <x>", "1.5"], ["1", "cos", "2.5"]]
    (head,) = table.findall(nodes.thead)
    assert len(head) == 1
    assert [spec["stub"] for spec in table.findall(nodes.colspec)] == [1, 0, 0]
    assert [node.astext() for node in table.findall(nodes.strong)] == ["2.5"]
    assert after.astext().strip() == "2 rows × 2 columns"


@pytest.mark.parametrize(
    "markup",
    [
        "<script>evil</script>",
        "<SCRIPT SRC=evil></SCRIPT>",
        "<iframe src='evil'>evil</iframe>",
        "<iframe srcdoc='<script>evil</script>'>",
        "<svg><script>evil</script></svg>",
        "<svg/onload=evil>",
        "<img src=x onerror=evil>",
        "<a href='javascript:evil'></a>",
        "<a href=' jAvAsCrIpT:evil'></a>",
        "<a href='data:text/html,evil'></a>",
        "<a href='java&#115;cript:evil'></a>",
        "<base href='evil'>",
        "<meta http-equiv=refresh content='0;url=evil'>",
        "<link rel=stylesheet href=evil>",
        "<style>evil</style>",
        "<p style='evil'></p>",
        "<form action=evil><input value=evil></form>",
        "<object data=evil></object>",
        "<embed src=evil>",
        "<math><mtext><script>evil</script></mtext></math>",
        "<noscript><p title='</noscript><img src=x onerror=evil>'></p></noscript>",
        "<template><script>evil</script></template>",
        "<!-- evil -->",
        "<?evil?>",
        "<textarea>evil</textarea><title>evil</title><xmp>evil</xmp>",
    ],
)
def test_nothing_active_comes_with_it(markup: str) -> None:
    for html in (
        f"{markup}<table><tr><td>wombat</td></tr></table>",
        f"<table><tr><td>wombat{markup}</td></tr></table>",
    ):
        found = nodes.Element("", *read(html))
        assert "evil" not in str(found)
        assert {type(node) for node in found.findall() if isinstance(node, nodes.Element)} <= {
            *(nodes.Element, nodes.table, nodes.tgroup, nodes.colspec, nodes.tbody, nodes.row, nodes.entry),
            nodes.paragraph,
        }


@pytest.mark.parametrize(
    ("html", "rows"),
    [
        ("<table><tr><td>a<td>b<tr><td>c", [["a", "b"], ["c", ""]]),
        ("<table><td>a</table>", [["a"]]),
        ("<table><tr><td colspan=2>a<td>b<tr><td>c<td>d<td>e</table>", [["a", "b"], ["c", "d", "e"]]),
        ("<table><tr><td rowspan=9>a<td>b<tr><td>c</table>", [["a", "b"], ["c"]]),
        ("<table><tr><td colspan=-1 rowspan=x>a<td colspan=99999999999>b</table>", [["a", "b"]]),
        ("<table><tr><td><table><tr><td>a<td>b</table> c</table>", [["a b c"]]),
        ("<table><tr><td>a</table> and <table><tr><td>b</table>", [["a"], ["b"]]),
        ("<table><tr><td><b><i>a</b>b</i></table>", [["ab"]]),
        ("<table><tr><th>a<th>b</table>", [["a", "b"]]),
    ],
)
def test_any_table_has_its_rows(html: str, rows: list[list[str]]) -> None:
    assert grid(html) == rows


@pytest.mark.parametrize(
    "html", ["", "<b>x</b>", "<table></table>", "<table><tr></tr></table>", "<table><tr><td></table>"]
)
def test_html_without_a_table_is_none(html: str) -> None:
    assert read(html) == []


def test_links_to_other_pages_stay() -> None:
    (table,) = read("<table><tr><td><a href='https://docs.jax.dev/?a=1&amp;b=2'>there</a></table>")
    (link,) = table.findall(nodes.reference)
    assert (link["refuri"], link.astext()) == ("https://docs.jax.dev/?a=1&b=2", "there")


CELLS = (
    f"class Frame:\n    def _repr_html_(self):\n        return {FRAME!r}\n\n"
    '    def __repr__(self):\n        return "  name  mean"\n\nFrame()',
    'display({"text/html": "<table>" + "".join(f"<tr><td>{n}<td>x" for n in range(90)) + "</table>"}, raw=True)',
)


def test_a_page_shows_the_table_and_not_its_text(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"page": page(*CELLS)})
    site.right("-W", "--keep-going")
    html = site.html("page") or ""
    tree: Element = html5lib.parse(html, namespaceHTMLElements=False)
    first, second = tree.iter("table")
    assert [[("".join(cell.itertext())).strip() for cell in row] for row in first.iter("tr")][1] == [
        "0",
        "sin <x>",
        "1.5",
    ]
    assert len(list(second.iter("tr"))) == 90
    assert 'aria-label="Table, 90 rows"' in html
    article = next(node for node in tree.iter("div") if node.get("class") == "body")
    outputs = [node for node in article.iter("div") if "cell_output" in node.get("class", "")]
    assert not any(
        name.startswith("on") or name == "style" for out in outputs for node in out.iter() for name in node.attrib
    )
    assert "  name  mean" not in "".join("".join(out.itertext()) for out in outputs)
