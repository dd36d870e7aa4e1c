"""The settings of a site: each has one meaning, a default, and a text, wherever they are read."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from tests.building import CONF, Site, page
from witness.cli import main
from witness.reading.settings import Settings, default
from witness.reading.site import Site as Read

NAMES = [it.name for it in fields(Settings)]
HTML = "class Shown:\n    def _repr_html_(self):\n        return '<p onclick=\"f()\">shown</p>'\nShown()"


def test_strict_is_the_default_of_some_and_each_may_say_otherwise() -> None:
    strict = Settings.of({"witness_strict": True, "witness_safe_html": False})
    assert (strict.page_rules, strict.reproducible, strict.tidy, strict.downloads) == (True,) * 4
    assert (strict.safe_html, strict.output_limit) == (False, 1)
    assert Settings.of({}) == Settings()
    assert Settings.of({"witness_safe_html": True}) == Settings(safe_html=True)


@pytest.mark.parametrize(("name", "value"), [("replicates", 0), ("memory", -1)])
def test_a_value_out_of_range_is_refused(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"witness_{name} is {value}"):
        Settings.of({f"witness_{name}": value})


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_text_and_defaults_of_its_types(name: str) -> None:
    known = next(it.metadata for it in fields(Settings) if it.name == name)
    assert known["text"].endswith(".")
    for strict in (False, True):
        assert isinstance(default(name, strict=strict), known["kinds"])


def test_sphinx_and_the_command_line_read_the_same(tmp_path: Path) -> None:
    said = "witness_strict = True\nwitness_downloads = False\nwitness_memory = 800\nwitness_safe_html = False\n"
    shown = (
        "\nfrom dataclasses import asdict\nfrom witness.reading.settings import Settings\n"
        "def setup(app):\n"
        "    app.connect('builder-inited', lambda app: print('SAID', asdict(Settings.of(app.config))))\n"
    )
    site = Site.at(tmp_path, {"a": page(HTML)}, CONF.replace("witness_strict = True\n", said) + shown)
    done = site.right()
    read = Read.at(next(site.folder.rglob("conf.py")).parent).settings
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("SAID")]
    assert eval(line.removeprefix("SAID ")) | {"inputs": (), "environment": ()} == vars(read)
    assert "onclick" in (site.html("a") or "")
    assert not list(site.folder.rglob("html/**/a.ipynb"))


def test_a_misspelt_setting_is_a_warning_with_what_was_meant(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"a": page("1")}, CONF + "witness_replicate = 3\n")
    done = site.build()
    assert "there is no setting witness_replicate; did you mean `witness_replicates`?" in done.stderr
    assert site.build("-W", "-E").returncode != 0


def test_a_project_says_which_folders_commands_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "book/part").mkdir(parents=True)
    (tmp_path / "book/part/one.md").write_text("# One\n\nIt took 3 ms.\n", "utf-8")
    (tmp_path / "other.md").write_text("# Other\n\nIt took 4 ms.\n", "utf-8")
    monkeypatch.chdir(tmp_path)

    def linted(*arguments: str) -> list[str]:
        status = main(["lint", *arguments])
        out = capsys.readouterr()
        return [Path(line.split(":")[0]).name for line in out.out.splitlines()] if status < 2 else [out.err]

    assert sorted(linted()) == ["one.md", "other.md"]  # nothing is said: the folder here
    assert linted("one") == linted("part/one") == ["one.md"]
    (tmp_path / "pyproject.toml").write_text('[tool.witness]\npages = "book"\n', "utf-8")
    assert linted() == linted("one") == linted("part/one") == ["one.md"]
    assert linted("other") == ["other.md"]
    (tmp_path / "book/one.md").write_text("# One\n", "utf-8")
    (tmp_path / "book/part/two.md").write_text("# Two\n", "utf-8")
    (tmp_path / "book/two").mkdir()
    (tmp_path / "book/two/two.md").write_text("# Two\n", "utf-8")
    assert "two.md: that is book/part/two.md or book/two/two.md; name one" in linted("two.md")[0]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tool.witness]\npage = 'book'\n", "[tool.witness] knows pages, records, expected, not page"),
        ("[tool.witness]\npages = 3\n", "[tool.witness] pages is 3; write the name of a folder"),
        ("[tool.witness\n", "pyproject.toml: "),
    ],
)
def test_a_project_s_wrong_table_is_named(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["lint"]) == 2
    assert told in capsys.readouterr().err
