"""The house keeps its promises: what imports what, and what no file names."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
GROUPS = {**PROJECT["dependency-groups"], **PROJECT["project"]["optional-dependencies"]}
LOCKS = sorted(ROOT.glob("requirements*.txt"))

# ---------------------------------------------------------------------------------------------------------------------
# The import law


LAYERS: dict[str, set[str]] = {
    "records": set(),
    "lexers": set(),
    "python": set(),
    "lens": {"records", "lexers"},
    "reading": {"python", "records"},
    "lint": {"python", "reading", "records"},
    "jax_private": set(),
    "stages": {"jax_private", "records"},
    "timing": {"jax_private", "records"},
    "capture": {"jax_private", "records", "stages", "timing"},
    "kernels": {"records"},
    "kernels.parent": {"capture", "jax_private", "kernels", "timing"},
    "runner": {"kernels", "python", "reading", "records"},
    "bundle": {"lint", "reading", "records", "runner"},
    "nodes": {"lexers", "python", "records"},
    "export": {"nodes", "python", "records"},
    "sphinx": {"bundle", "export", "lens", "lint", "nodes", "runner", "reading", "records", "lexers"},
    "check": {"bundle", "lint", "python", "runner", "reading", "records"},
    "cli": {"lint", "runner", "reading", "records"},
    "__main__": {"bundle", "cli", "check", "lens"},
    "__init__": {"sphinx"},
}
"""Each part of `witness`, and the other parts it may import. Nothing may import the kernel side."""

PURE = {"records"}
"""Parts that use the standard library only."""

SEES_JAX = {"capture", "jax_private", "kernels.parent", "stages", "timing"}
"""Parts that may import JAX."""


def imports(source: str, module: str) -> Iterator[str]:
    """Yield the full name of everything that a module's source imports, inside functions too."""
    package = module.split(".") if module.endswith("__init__") else module.split(".")[:-1]
    package = [part for part in package if part != "__init__"]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            name = ".".join([*base, *([node.module] if node.module else [])])
            yield from (f"{name}.{alias.name}" for alias in node.names)


def part_of(module: str) -> str:
    """Return the part of `witness` that a module is in: the longest name that has a row, or else the first."""
    names = module.split(".")[1:]
    parts = [".".join(names[:length]) for length in range(len(names), 0, -1)]
    return next((part for part in parts if part in LAYERS), names[0] if names else "")


def breaches(witness: Path) -> list[str]:
    """Return one line for each import that the law forbids in a `witness` package."""
    found = []
    for path in sorted(witness.rglob("*.py")):
        module = ".".join(path.relative_to(witness.parent).with_suffix("").parts)
        part = part_of(module)
        if part not in LAYERS:
            found.append(f"{module}: {part} has no row in LAYERS")
            continue
        for name in imports(path.read_text(), module):
            top, other = name.partition(".")[0], part_of(name)
            if top == "witness":
                allowed = other == part or other in LAYERS[part]
            elif top in {"jax", "jaxlib"}:
                allowed = part in SEES_JAX
            else:
                allowed = part not in PURE or top in sys.stdlib_module_names
            if not allowed:
                found.append(f"{module} imports {name}")
    return found


def test_imports_point_down() -> None:
    assert breaches(ROOT / "conf/witness") == []


def test_every_part_has_its_row_and_every_row_its_part() -> None:
    parts = {path.stem for path in (ROOT / "conf/witness").iterdir() if path.suffix == ".py" or any(path.glob("*.py"))}
    assert parts == {name for name in LAYERS if "." not in name}
    assert all((ROOT / "conf/witness" / name.replace(".", "/")).is_dir() for name in LAYERS if "." in name)


@pytest.mark.parametrize(
    ("module", "source", "breach"),
    [
        ("records/page_record.py", "import yaml", "witness.records.page_record imports yaml"),
        (
            "records/page_record.py",
            "from ..runner import run",
            "witness.records.page_record imports witness.runner.run",
        ),
        ("reading/page_plan.py", "def f():\n    import jax.numpy", "witness.reading.page_plan imports jax.numpy"),
        ("sphinx/build.py", "from witness import cli", "witness.sphinx.build imports witness.cli"),
        ("nodes/__init__.py", "from .. import sphinx", "witness.nodes.__init__ imports witness.sphinx"),
        (
            "runner/run.py",
            "import witness.kernels.parent.devices",
            "witness.runner.run imports witness.kernels.parent.devices",
        ),
        ("novelty.py", "", "witness.novelty: novelty has no row in LAYERS"),
    ],
)
def test_a_planted_import_is_found(tmp_path: Path, module: str, source: str, breach: str) -> None:
    path = tmp_path / "witness" / module
    path.parent.mkdir(parents=True)
    path.write_text(source)
    assert breaches(tmp_path / "witness") == [breach]


# ---------------------------------------------------------------------------------------------------------------------
# Nothing names the place where it was written


def sources() -> list[Path]:
    """Return the project's own files: what git tracks or would track."""
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this copy is not a git checkout")
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def test_no_file_names_a_registry_or_this_machine() -> None:
    registries = ["pypi" + ".org", "python" + "hosted.org", "registry." + "npmjs", "conda." + "anaconda"]
    options = ["--" + "index-url", "--" + "extra-index-url", "--" + "find-links", "--" + "trusted-host"]
    here = [f"{ROOT}/", f"{sys.base_prefix}/bin", f"{sys.base_prefix}/lib"]
    words = registries + options + [place for place in here if not place.startswith("/usr/")]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in sources()
        for word in words
        if word.encode() in path.read_bytes()
    ]
    assert found == []


def test_generated_files_are_ignored() -> None:
    stray = [path for path in sources() if {".build", ".nox", ".venv", "__pycache__"} & set(path.parts)]
    assert stray == []
