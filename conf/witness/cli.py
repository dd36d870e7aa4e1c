"""The command line: ``witness run`` executes pages or plans, ``lint`` checks pages, ``plan`` writes plans."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from witness.reading.plan import Plan
from witness.records.store import Store
from witness.runner.display import progress
from witness.runner.environment import NoEnvironment, find
from witness.runner.facts import Facts
from witness.runner.report import report
from witness.runner.run import run

RIGHT, WRONG, IMPOSSIBLE, INTERRUPTED = 0, 1, 2, 130


class Impossible(Exception):
    """The command cannot be carried out; the message is one line."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except (Impossible, NoEnvironment) as error:
        print(f"witness: {error}", file=sys.stderr)
        return IMPOSSIBLE
    except OSError as error:
        print(f"witness: {error.filename or 'files'}: {error.strerror}", file=sys.stderr)
        return IMPOSSIBLE
    except KeyboardInterrupt:
        print("witness: interrupted; finished pages are kept", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="witness", description="Execute the pages of a book, once for each environment."
    )
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("run", help="execute stale pages; 0 all right, 1 a page failed, 2 could not run")
    command.add_argument(
        "pages", nargs="*", default=["docs"], help="pages, plans (.json) or folders of them; default: docs"
    )
    command.add_argument("--records", type=Path, default=Path(".build/records"), help="where records are kept")
    command.add_argument("--verbose", action="store_true", help="show output as cells print it")
    command.set_defaults(command=_run)

    command = commands.add_parser("plan", help="write the plans of pages, for a machine without Sphinx")
    command.add_argument("pages", nargs="*", default=["docs"])
    command.add_argument("-o", "--output", type=Path, required=True, help="folder of the plans")
    command.set_defaults(command=_plan)

    command = commands.add_parser("lint", help="check the text of pages; 0 clean, 1 complaints")
    command.add_argument("pages", nargs="*", default=["docs"])
    command.set_defaults(command=_lint)
    return parser


def _run(options: argparse.Namespace) -> int:
    facts = Facts(options.records.resolve(), strict=True)
    plans, source, unreadable = _plans(options.pages)
    environment = find(facts)
    store = Store(options.records.resolve() / environment.name)
    run(plans, store, environment, progress(verbose=options.verbose), source, facts.take_forge())
    faults = report(plans, store)
    for line in [*unreadable, *faults]:
        print(line, file=sys.stderr)
    print(f"{len(plans) - len(faults)} of {len(plans)} pages are right in {environment.name}")
    return WRONG if faults or unreadable else RIGHT


def _plan(options: argparse.Namespace) -> int:
    plans, _, unreadable = _plans(options.pages)
    for line in unreadable:
        print(line, file=sys.stderr)
    for plan in plans:
        path = options.output / f"{plan.page}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plan.to_json(), "utf-8")
    return WRONG if unreadable else RIGHT


def _lint(options: argparse.Namespace) -> int:
    from witness.reading.lint import lint_bytes

    complaints = [
        complaint for path in _files(options.pages, ".md") for complaint in lint_bytes(path.read_bytes(), path)
    ]
    for complaint in complaints:
        print(complaint)
    return WRONG if complaints else RIGHT


def _plans(names: Sequence[str]) -> tuple[list[Plan], Path | None, list[str]]:
    """Return the plans of pages, the folder that holds the pages, and a line for each page that cannot be read."""
    if json := _files(names, ".json", required=False):
        try:
            return [Plan.from_json(path.read_text("utf-8")) for path in json], None, []
        except ValueError as error:
            raise Impossible(f"{', '.join(names)}: {error}") from error
    from witness.reading.notebook import Unreadable  # these need MyST-NB; plans do not
    from witness.reading.page import read_file
    from witness.reading.site import Site

    plans, unreadable = [], []
    files = _files(names, ".md")
    root = _root(files)
    for path in files:
        try:
            plan = read_file(path, path.relative_to(root).as_posix().removesuffix(".md"), Site(root))
        except Unreadable as error:
            unreadable.append(str(error))
        else:
            plans += [plan] if plan else []
    return plans, root, unreadable


def _files(names: Sequence[str], suffix: str, *, required: bool = True) -> list[Path]:
    found: list[Path] = []
    for name in names:
        path = Path(name)
        if not path.exists() and suffix == ".md" and (Path("docs") / f"{name}.md").exists():
            path = Path("docs") / f"{name}.md"
        if not path.exists():
            raise Impossible(f"{name}: no such page or folder")
        found += sorted(path.rglob(f"*{suffix}")) if path.is_dir() else [path] if path.suffix == suffix else []
    if required and not found:
        raise Impossible(f"no page in {', '.join(names)}")
    return [path.resolve() for path in found]


def _root(files: Sequence[Path]) -> Path:
    """Return the folder of the book: the topmost one above the first page that holds an index, or the page's own."""
    folder = files[0].parent
    above = [parent for parent in (folder, *folder.parents) if (parent / "index.md").exists()]
    return above[-1] if above else folder
