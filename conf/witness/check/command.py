"""``witness check``: pages against their expected text; ``--accept`` makes what they did the expected text."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from witness.check.book import Book
from witness.check.condition import Condition, NoCondition
from witness.check.expected_files import ExpectedFiles
from witness.lint.pages import plans
from witness.reading.pages import NoPages
from witness.reading.project import Project
from witness.records.store import Store
from witness.runner.display import progress
from witness.runner.environment import find
from witness.runner.executors import chosen
from witness.runner.facts import Facts
from witness.runner.run import run

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def add(commands: Commands) -> None:
    """Add the command."""
    here = Project.here()
    command = commands.add_parser(
        "check", help="compare pages with their expected text; 0 all right, 1 a mismatch, 2 could not check"
    )
    command.add_argument("pages", nargs="*", default=[here.pages], help=f"pages or folders; default: {here.pages}")
    command.add_argument("--accept", action="store_true", help="make what the pages do their expected text")
    command.add_argument("--overlay", help="with --accept: for these environments only, such as 'python<3.12'")
    command.add_argument("--records", type=Path, default=Path(here.records), help="where records are kept")
    command.add_argument("--expected", type=Path, default=Path(here.expected), help="where expected text is kept")
    command.add_argument("--scheduler", default="", metavar="ADDRESS", help="have a Dask cluster execute pages")
    command.add_argument("--called", default="witness check", help="how this command is called, for messages")
    command.set_defaults(command=_check, executes=True)


def _check(options: argparse.Namespace) -> int:
    if options.accept and os.environ.get("CI", "").lower() not in ("", "0", "false"):
        raise NoPages("--accept is for a person who reads what changed, not for CI")
    if options.overlay and not options.accept:
        raise NoPages("--overlay says what --accept writes; give both")
    try:
        overlay = Condition(options.overlay) if options.overlay else None
    except NoCondition as error:
        raise NoPages(f"--overlay: {error}") from error
    pages = plans(options.pages)
    facts = Facts(options.records.resolve(), reproducible=pages.reproducible)
    try:
        environment = find(facts)
        store = Store(options.records.resolve() / environment.name)
        run(pages.plans, store, environment, progress(), pages.root, chosen(facts, options.scheduler))
    finally:
        facts.close()
    book = Book(pages, environment, store, ExpectedFiles(options.expected.resolve()), options.called)
    return book.accept(overlay) if options.accept else book.check()
