"""The settings of a site: each has one meaning, a default, and a text, wherever they are read."""

from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.building import CONF, Site, page
from tests.programs import call
from witness.cli import main
from witness.reading.settings import Settings, WrongSetting, default
from witness.reading.site import Site as Read

NAMES = [it.name for it in fields(Settings)]
HTML = "class Shown:\n    def _repr_html_(self):\n        return '<p onclick=\"f()\">shown</p>'\nShown()"


def test_strict_is_the_default_of_some_and_each_may_say_otherwise() -> None:
    strict = Settings.of({"witness_strict": True, "witness_safe_html": False})
    assert (strict.page_rules, strict.reproducible, strict.tidy, strict.downloads) == (True,) * 4
    assert (strict.safe_html, strict.output_limit) == (False, 1)
    assert Settings.of({}) == Settings()
    assert Settings.of({"witness_safe_html": True}) == Settings(safe_html=True)


@pytest.mark.parametrize("name", NAMES)
def test_each_has_a_text_and_defaults_of_its_types(name: str) -> None:
    known = next(it.metadata for it in fields(Settings) if it.name == name)
    assert known["text"].endswith(".")
    for strict in (False, True):
        assert isinstance(default(name, strict=strict), known["value"].kinds)
        assert not known["value"].fault(default(name, strict=strict), None)


ODD = [
    *(None, True, False, -1, 0, 1, 3, 2.5, math.nan, math.inf, b"x", "", " ", "x", "3", "HOME", "data.csv", "a\0b"),
    *([], (), [3], ["x"], ("x",), ["a b"], [""], [None], ["xy"], [("(", "x")], [("x", "y")], [["x", "y"]], [("x", 3)]),
    *([("x", r"\1")], [("x",)], {}, {"x": "y"}, {"x"}, object, len),
]
"""Values that a person, or what a ``conf.py`` computes, may give some setting."""
TEXTS = ["x", "3", "HOME", "data.csv"]
LISTS = [[], (), ["x"], ("x",), ["xy"]]
SWITCHES = ["strict", "page_rules", "reproducible", "safe_html", "tidy", "downloads", "skip_bad_bundles"]
RIGHT: dict[str, list[Any]] = {
    **{name: [True, False] for name in SWITCHES},
    "output_limit": [1, 3, 2.5],
    "replicates": [1, 3],
    "memory": [0, 1, 3, 2.5],
    "inputs": [*LISTS, ["a b"]],
    "environment": LISTS,
    "normalise": [[], (), [("x", "y")], [["x", "y"]]],
    "scheduler": [*TEXTS, "", " ", "a\0b"],
    "records": [None, *TEXTS],
    "bundles": [None, *TEXTS],
    "build_command": TEXTS,
}
"""Those of them that each may have."""


@pytest.mark.parametrize("name", NAMES)
def test_a_value_that_a_setting_cannot_have_is_refused_by_its_name(name: str) -> None:
    right = {repr(value) for value in RIGHT[name]}
    for value in ODD:
        said = {f"witness_{name}": value}
        if repr(value) in right:
            Settings.of(said)
        else:
            with pytest.raises(WrongSetting) as raised:
                Settings.of(said)
            assert str(raised.value).startswith(f"witness_{name} is {value!r}; expected ")
            assert "\n" not in str(raised.value)


WRONG = {
    **dict.fromkeys(NAMES, "3"),
    "replicates": "'3'",
    "memory": "float('nan')",
    "output_limit": "-1",
    "bundles": "'nothere'",
    "inputs": "'data.csv'",
    "normalise": "[('(', 'x')]",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_wrong_setting_ends_builds_and_commands_in_one_line(name: str, tmp_path: Path) -> None:
    wrong = f"witness_{name} = {WRONG[name]}\n"
    site = Site.at(tmp_path, {"a": page("1")}, CONF + wrong)
    begins = f"conf.py: witness_{name} is {eval(WRONG[name])!r}; expected "
    done = site.build()
    (line,) = done.stderr.splitlines()
    assert begins in line
    assert done.returncode == 2
    (tmp_path / "docs" / "conf.py").write_text(CONF + wrong, "utf-8")
    for command in (["lint", "docs"], ["plan", "docs", "-o", "plans"], ["run", "docs"], ["check", "docs"]):
        done = site.witness(*command)
        assert done.stderr == f"witness: docs/{line[line.index('conf.py') :]}\n"
        assert (done.stdout, done.returncode) == ("", 2)


@pytest.mark.parametrize("bundles", ["measured", "conf.py"])
def test_bundles_lie_in_a_folder_that_is_there(bundles: str, tmp_path: Path) -> None:
    (tmp_path / "conf.py").write_text(f"witness_bundles = '{bundles}'\n", "utf-8")
    with pytest.raises(WrongSetting, match=f"witness_bundles is '{bundles}'; expected the name of a folder that is th"):
        Read.at(tmp_path)
    (tmp_path / "measured").mkdir()
    if bundles == "measured":
        assert Read.at(tmp_path).settings.bundles == bundles


def test_a_setting_on_the_command_line_is_a_number_or_a_wrong_one(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"a": page("1")})
    site.right("-D", "witness_output_limit=0.5", "-D", "witness_strict=1")
    for said in ("output_limit=x", "strict=x"):
        done = site.build("-D", f"witness_{said}")
        (line,) = done.stderr.splitlines()
        assert f"witness_{said.partition('=')[0]}" in line
        assert done.returncode == 2


def test_commands_tell_what_a_build_warns_of(tmp_path: Path) -> None:
    said = "witness_inputs = ['nothere.csv', 'a.md']\nwitness_replicate = 3\n"
    site = Site.at(tmp_path, {"a": page("1")}, CONF)
    (tmp_path / "docs" / "conf.py").write_text(CONF + said, "utf-8")
    built = call("sphinx", "-q", "docs", "html", cwd=tmp_path).stderr
    done = site.witness("plan", "docs", "-o", "plans")
    told = [line.removeprefix("witness: warning: ") for line in done.stderr.splitlines()]
    assert len(told) == 2
    assert all(line in built for line in told)
    assert "nothere.csv" in told[1]
    assert done.returncode == 0


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
        ("tool = 3\n", "pyproject.toml: expected a table [tool.witness], got tool = 3"),
        ("tool = 'witness'\n", "expected a table [tool.witness], got tool = 'witness'"),
        ("tool = ['witness']\n", "expected a table [tool.witness], got tool = ['witness']"),
        ("[[tool]]\nwitness = 3\n", "expected a table [tool.witness], got tool = [{'witness': 3}]"),
        ("[tool]\nwitness = 3\n", "expected a table [tool.witness], got tool.witness = 3"),
        (
            "[[tool.witness]]\npages = 'docs'\n",
            "expected a table [tool.witness], got tool.witness = [{'pages': 'docs'}]",
        ),
    ],
)
def test_a_project_s_wrong_table_is_named(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pyproject.toml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert main(["lint"]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("source_encoding = 'nonsense'", ": source_encoding is 'nonsense'; expected the name of a text encoding"),
        ("source_encoding = 'rot13'", ": source_encoding is 'rot13'; expected the name of a text encoding"),
        ("source_encoding = 3", ": source_encoding is 3; expected the name of a text encoding"),
        ("source_encoding = None", ": source_encoding is None; expected the name of a text encoding"),
        ("\nimport nothere_mod", ":2: ModuleNotFoundError: No module named 'nothere_mod'"),
        ("\n\n1 / 0", ":3: ZeroDivisionError: division by zero"),
        ("raise ValueError('one\\n\\ntwo')", ":1: ValueError: one two"),
        ("raise KeyError", ":1: KeyError; mend"),
        ("x = 1\ny ==== 2", ":2: SyntaxError: invalid syntax"),
        ("import sys\nsys.exit('bye')", ":2: SystemExit: bye"),
        ("nb_execution_mode = 3", ": "),
        ("nb_execution_timeout = 'x'", ": "),
        ("myst_enable_extensions = 3", ": "),
    ],
)
def test_a_conf_py_that_is_wrong_is_named_in_one_sentence(text: str, told: str, tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"a": page("1")})
    (tmp_path / "docs" / "conf.py").write_text(f"{text}\n", "utf-8")
    for command in (["plan", "docs", "-o", "plans"], ["check", "docs"]):
        done = site.witness(*command)
        (line,) = done.stderr.splitlines()
        assert line.startswith(f"witness: docs/conf.py{told}")
        assert done.returncode == 2
    if "source_encoding" in text:
        done = call("sphinx", "-q", "-D", "extensions=witness,myst_nb", "docs", "html", cwd=tmp_path)
        assert done.stderr == f"{line}\n"
        assert done.returncode == 2
