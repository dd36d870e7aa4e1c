"""Every way to run the project: `nox --list` shows them, `nox -s NAME -- ARGUMENTS` runs one.

Two environments serve all sessions, each exactly what its lock says: `.nox/docs` builds the book, and `.nox/dev` holds
what a maintainer needs besides.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nox

PROJECT = nox.project.load_toml("pyproject.toml")
PYTHONS = nox.project.python_versions(PROJECT)
FOUND = "{}.{}".format(*sys.version_info)

if sys.platform == "win32":
    sys.exit("Jit with JAX is built on Linux and macOS, not on Windows: use the Windows Subsystem for Linux.")
if FOUND not in PYTHONS:
    known = f"{', '.join(PYTHONS[:-1])} or {PYTHONS[-1]}"
    sys.exit(f"Jit with JAX needs Python {known}; this is {FOUND}: install Python {PYTHONS[-1]} and start with it.")

ACCELERATORS = [group for group, needs in PROJECT["dependency-groups"].items() if f"jax[{group}]" in str(needs)]
"""Words that, first after `--`, choose JAX for that accelerator instead of the CPU."""

AGREE = "--constraint=requirements-dev.txt"
BOOK = ("pyproject.toml", f"--python-version={PYTHONS[0]}", "--group=book")
LOCKS = {
    "requirements-dev.txt": (*BOOK, "--group=dev", "--extra=dask"),
    "requirements.txt": (*BOOK, AGREE),
    "requirements-dask.txt": (*BOOK, AGREE, "--extra=dask"),
    **{f"requirements-{word}.txt": (*BOOK, AGREE, f"--group={word}") for word in ACCELERATORS},
    # From a Python that is too old for the book, so that nox can start there and say so.
    "requirements-nox.txt": ("--python-version=3.10", "--group=nox"),
}
"""The lock files in the order they are resolved, and what each is resolved from."""

SPHINX = ("-n", "-j", "auto", "-c", "conf", "-d", ".build/doctrees", "docs")
"""How every builder of the book is called."""

PUBLISHED = "5"
"""In how many processes pages measure that are to be published: the fewest of which the interval is of use."""

DEV = Path(".nox/dev/bin").absolute()

nox.needs_version = ">=2025.5"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.reuse_venv = "yes"
nox.options.sessions = ["docs"]


def split(session: nox.Session) -> tuple[str | None, list[str]]:
    """Return the accelerator that the arguments name, if they do, and the other arguments."""
    first, *rest = session.posargs or [""]
    return (first, rest) if first in ACCELERATORS else (None, session.posargs)


def for_sphinx(session: nox.Session, arguments: list[str]) -> list[str]:
    """Return arguments for Sphinx, unless the first is a word that is neither an option nor a file."""
    first = arguments[0] if arguments else ""
    if first and not first.startswith("-") and not Path(first).exists():
        words = " or ".join(f"`-- {word}`" for word in ACCELERATORS)
        session.error(f"`{first}` is no file, and no accelerator that comes first: {words}; without a word, the CPU")
    return arguments


def count(session: nox.Session, option: str, text: str) -> str:
    """Return the value of an option that counts."""
    if not text.isdecimal() or int(text) < 1:
        session.error(f"{option} {text}: expected a whole number from 1, such as {option} 5")
    return text


def install(session: nox.Session, *files: str) -> None:
    """Bring the environment to what `files` lock, with the project itself; touch nothing when it is there already."""
    environment = Path(session.virtualenv.location)
    stamp = environment / "installed.txt"
    project = json.dumps([PROJECT["build-system"], PROJECT["project"], PROJECT["tool"]["hatch"]])
    lock = "".join([sys.version, sys.base_prefix, *map(Path.read_text, map(Path, files))])
    wanted = [hashlib.sha256(part.encode()).hexdigest() for part in (lock, project)]
    there = stamp.read_text().split() if stamp.exists() else []
    if wanted == there:
        return
    stamp.unlink(missing_ok=True)
    if wanted[0] not in there:
        if there:
            shutil.rmtree(environment)
            session.virtualenv.create()
        compiled = {"UV_COMPILE_BYTECODE": "1"}  # as pip does by itself: or the first start of everything compiles it
        session.install("--require-hashes", *(f"--requirement={file}" for file in files), env=compiled)
    session.install("--no-deps", "--no-build-isolation", "--editable", ".")
    stamp.write_text("\n".join(wanted) + "\n")


def run(session: nox.Session, program: str, *arguments: str) -> None:
    """Run a program of `.nox/dev`."""
    path = f"{DEV}{os.pathsep}{os.environ['PATH']}"
    session.run(str(DEV / program), *arguments, env={"PATH": path}, external=True)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the book into .build/html, running its code; `-- cuda13` or `-- tpu` does so on that accelerator.

    `-- --publish` runs the pages that measure in five processes, so that what they print is about the next one, too;
    `-- --replicates 7` in seven. `-- --scheduler tcp://ADDRESS` has the workers of a Dask cluster execute the pages.
    """
    accelerator, rest = split(session)
    parser = argparse.ArgumentParser(prog="nox -s docs --", add_help=False, allow_abbrev=False)
    parser.add_argument("--replicates", metavar="N", nargs="?", const="")
    parser.add_argument("--scheduler", metavar="ADDRESS")
    parser.add_argument("--publish", dest="replicates", action="store_const", const=PUBLISHED)
    ours, rest = parser.parse_known_args(rest)
    for_sphinx(session, rest)
    replicates = count(session, "--replicates", ours.replicates) if ours.replicates is not None else ""
    chosen = [word for word, asked in ((accelerator, accelerator), ("dask", ours.scheduler)) if asked]
    install(session, *([f"requirements-{word}.txt" for word in chosen] or ["requirements.txt"]))
    said = {"replicates": replicates, "scheduler": ours.scheduler}
    defined = [f"--define=witness_{name}={value}" for name, value in said.items() if value]
    session.run("sphinx-build", "-W", "--keep-going", *defined, *SPHINX, ".build/html", *rest)


@nox.session
def record(session: nox.Session) -> None:
    """Run the book on this device and leave a bundle in docs/_records for others to see; `-- cuda13` or `-- tpu`.

    Pages that measure run in five processes; `-- --replicates 7` in seven.
    """
    accelerator, rest = split(session)
    for_sphinx(session, rest)
    install(session, f"requirements-{accelerator}.txt" if accelerator else "requirements.txt")
    folder = Path("docs/_records")
    folder.mkdir(exist_ok=True)
    session.run("witness", "record", "docs", "--output", str(folder), "--replicates", PUBLISHED, *rest)


@nox.session
def dev(session: nox.Session) -> None:
    """Prepare .nox/dev, the environment that the sessions below share; each of them does this first."""
    accelerator, _ = split(session)
    install(session, "requirements-dev.txt", *([f"requirements-{accelerator}.txt"] if accelerator else []))


@nox.session(venv_backend="none", requires=["dev"])
def book(session: nox.Session) -> None:
    """Make the whole book as EPUB and, where Chromium is, as PDF, in .build/book; the next site leads to both."""
    _, rest = split(session)
    folder, made = Path(".build/epub"), Path(".build/book")
    for old in (folder, made):
        shutil.rmtree(old, ignore_errors=True)
    run(session, "sphinx-build", "-W", "-b", "epub", *SPHINX, str(folder), *for_sphinx(session, rest))
    made.mkdir(parents=True)
    (found,) = folder.glob("*.epub")
    shutil.copy(found, made)
    run(session, "python", "-m", "theme.printed", str(folder), str(made / found.with_suffix(".pdf").name))
    run(session, "sphinx-build", "-W", "-q", *SPHINX, ".build/html")


@nox.session(venv_backend="none", requires=["dev"])
def live(session: nox.Session) -> None:
    """Rebuild the book and reload it in the browser on every save; `-- --open-browser` opens it."""
    _, rest = split(session)
    watched = ("--watch=conf", "--watch=examples")
    run(session, "sphinx-autobuild", *SPHINX, ".build/html", *watched, *for_sphinx(session, rest))


@nox.session(venv_backend="none", requires=["dev"])
def doctest(session: nox.Session) -> None:
    """Check pages against their expected text, and examples in docstrings; `-- PAGES`, `-- --accept PAGES`."""
    _, rest = split(session)
    run(session, "witness", "lint", "docs")
    run(session, "witness", "check", "--called", "nox -s doctest --", *rest)
    if not rest:
        asleep = [f"--ignore=conf/witness/capture/{name}.py" for name in ("preamble", "figures")]  # run on import
        run(session, "pytest", "--doctest-modules", *asleep, "examples", "conf/witness", "conf/theme")


@nox.session(venv_backend="none", requires=["dev"])
def tests(session: nox.Session) -> None:
    """Run the tests, the slow ones where `CI` is set or by `-- -m slow`; arguments go to pytest: `-- -k lint`."""
    _, rest = split(session)
    chosen = [] if os.environ.get("CI") or "-m" in rest else ["-m", "not slow"]
    run(session, "pytest", *chosen, *rest)


@nox.session(venv_backend="none", requires=["dev"])
def browser(session: nox.Session) -> None:
    """Read the built site in a real browser, and print what it weighs, finds and fails at; `-- FOLDER` is another."""
    _, rest = split(session)
    run(session, "python", "-m", "tests.browser", *rest)


@nox.session(venv_backend="none", requires=["dev"])
def scripts(session: nox.Session) -> None:
    """Run every script that the built site offers, with `python` and with `ipython`; `-- FOLDER` is another site."""
    _, rest = split(session)
    run(session, "python", "-m", "tests.scripts", *rest)


@nox.session(venv_backend="none", requires=["dev"])
def lint(session: nox.Session) -> None:
    """Check code, types, spelling and pages; arguments go to ruff: `-- --fix`."""
    _, rest = split(session)
    run(session, "ruff", "check", *rest)
    run(session, "ruff", "format", "--check")
    with ThreadPoolExecutor() as together:  # what one Python runs is unreachable to another
        list(together.map(lambda python: run(session, "mypy", f"--python-version={python}"), PYTHONS))
    run(session, "codespell")
    run(session, "witness", "lint", "docs")


@nox.session(venv_backend="none", requires=["dev"])
def linkcheck(session: nox.Session) -> None:
    """Check that every link of the book leads somewhere; needs the network."""
    _, rest = split(session)
    run(session, "sphinx-build", "-b", "linkcheck", *SPHINX, ".build/linkcheck", *for_sphinx(session, rest))


@nox.session(venv_backend="none", requires=["dev"])
def inventories(session: nox.Session) -> None:
    """Fetch the lists of names that prose is linked by, JAX's, NumPy's and Python's own; needs the network."""
    run(session, "python", "-m", "theme.references")


@nox.session(venv_backend="none", requires=["dev"])
def drift(session: nox.Session) -> None:
    """Compare what the book does, and how long it takes, on several versions of JAX, named or not; needs the network.

    `-- --rounds 7` measures more often, `-- --rounds 1` not at all; `-- --record` has the book show what was found.
    """
    _, rest = split(session)
    run(session, "python", "-m", "tests.drift", *rest)


@nox.session(venv_backend="none", requires=["dev"])
def bench(session: nox.Session) -> None:
    """Measure how long building the book takes."""
    _, rest = split(session)
    run(session, "python", "-m", "tests.bench", *rest)


@nox.session(venv_backend="none", requires=["dev"])
def mutate(session: nox.Session) -> None:
    """Make mistakes in copies of the pages; say which of them lint, build and check do not notice."""
    _, rest = split(session)
    run(session, "python", "-m", "tests.mutation", *rest)


@nox.session(venv_backend="none", requires=["dev"])
def lock(session: nox.Session) -> None:
    """Resolve every requirements*.txt anew, with hashes, for all Pythons; `-- --upgrade` takes newer releases."""
    _, rest = split(session)
    resolve = ("uv", "pip", "compile", "--quiet", "--universal", "--generate-hashes")
    for file, sources in LOCKS.items():
        run(session, *resolve, "--custom-compile-command=nox -s lock", *sources, "--output-file", file, *rest)
