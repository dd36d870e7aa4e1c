"""The command line: ``witness run`` executes pages or plans, ``lint`` checks their text, ``plan`` writes plans."""

from __future__ import annotations

import argparse
import os
import select
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from witness.lint.pages import plans
from witness.reading.pages import NoPages, check_settings, files
from witness.reading.project import Project
from witness.records.count import counted, whole
from witness.records.diagnostic import tell
from witness.records.store import Store
from witness.runner.display import progress
from witness.runner.environment import NoEnvironment, find
from witness.runner.executors import chosen
from witness.runner.facts import Facts
from witness.runner.report import report
from witness.runner.run import run

RIGHT, WRONG, IMPOSSIBLE, INTERRUPTED, NO_READER = 0, 1, 2, 130, 141


Command = Callable[["argparse._SubParsersAction[argparse.ArgumentParser]"], None]
"""Adds a command: a parser whose default ``command`` takes the options and returns the exit status."""


def main(arguments: Sequence[str] | None = None, more: Sequence[Command] = ()) -> int:
    """Run the command line, with ``more`` commands than its own, and return its exit status.

    Where nobody reads what it says any more, as in ``| head``, it ends as other programs do: without a word.
    """
    try:
        try:
            return _ran(arguments, more)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        for number in filter(None, map(_unread, (sys.stdout, sys.stderr))):
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)  # Python flushes them once more
        return NO_READER


def _unread(stream: TextIO) -> int | None:
    """Return the number of a stream's file if it is a pipe that nobody reads any more."""
    try:
        number = stream.fileno()
    except (OSError, ValueError):  # it is no file
        return None
    poll = select.poll()
    poll.register(number, 0)
    return number if any(event & select.POLLERR for _, event in poll.poll(0)) else None


def _ran(arguments: Sequence[str] | None, more: Sequence[Command]) -> int:
    try:
        parser = _parser(more)
    except ValueError as error:
        print(f"witness: {error}", file=sys.stderr)
        return IMPOSSIBLE
    options = parser.parse_args(arguments)
    try:
        return int(options.command(options))
    except (NoPages, NoEnvironment) as error:
        print(f"witness: {error}", file=sys.stderr)
        return IMPOSSIBLE
    except OSError as error:
        if isinstance(error, BrokenPipeError) and (_unread(sys.stdout) or _unread(sys.stderr)):
            raise
        print(f"witness: {error.filename or 'files'}: {error.strerror}", file=sys.stderr)
        return IMPOSSIBLE
    except KeyboardInterrupt:
        kept = "; finished pages are kept" if options.executes else ""
        print(f"witness: interrupted{kept}", file=sys.stderr)
        return INTERRUPTED


def _parser(more: Sequence[Command]) -> argparse.ArgumentParser:
    """Return the parser of all commands. Raises ValueError where the project's own table is wrong."""
    here = Project.here()
    default = f"pages or folders of them; default: {here.pages}"
    parser = argparse.ArgumentParser(
        prog="witness", description="Execute the pages of a book, once for each environment."
    )
    parser.set_defaults(executes=False)
    commands = parser.add_subparsers(required=True)

    command = commands.add_parser("run", help="execute stale pages; 0 all right, 1 a page failed, 2 could not run")
    command.add_argument(
        "pages",
        nargs="*",
        default=[here.pages],
        help=f"pages, plans (.json) or folders; default: {here.pages}",
    )
    command.add_argument("--records", type=Path, default=Path(here.records), help="where records are kept")
    command.add_argument("--verbose", action="store_true", help="show output as cells print it")
    command.add_argument("--replicates", type=whole, default=1, help="run pages that measure so often; default: 1")
    command.add_argument(
        "--memory", type=whole, default=0, metavar="MB", help="what kernels may take before another page waits"
    )
    command.add_argument("--scheduler", default="", metavar="ADDRESS", help="have a Dask cluster execute pages")
    command.set_defaults(command=_run, executes=True)

    command = commands.add_parser(
        "plan",
        help="write the plans of pages, for a machine without Sphinx; 0 all written, 1 a page could not be read",
        description="Write what to run for each page as PAGE.json. `witness run FOLDER --records RECORDS` runs these "
        "where only JAX and a kernel are; bring the records back, and the site is rendered from them here.",
    )
    command.add_argument("pages", nargs="*", default=[here.pages], help=default)
    command.add_argument("-o", "--output", type=Path, required=True, help="folder of the plans")
    command.set_defaults(command=_plan)

    command = commands.add_parser(
        "lint",
        help="check the text of pages; 0 clean, 1 not",
        description="Check the text of pages by the rules of the book, without running anything: cells that would "
        "never run, unknown options, and what a machine printed but a person typed. A line is "
        "PATH:LINE:COLUMN: RULE: what is wrong; what to do.",
    )
    command.add_argument("pages", nargs="*", default=[here.pages], help=default)
    command.set_defaults(command=_lint)
    for add in more:
        add(commands)
    return parser


def _run(options: argparse.Namespace) -> int:
    pages = plans(options.pages)
    facts = Facts(options.records.resolve(), reproducible=pages.reproducible)
    environment = find(facts, require_jax=pages.reproducible)
    store = Store(options.records.resolve() / environment.name)
    shown = progress(verbose=options.verbose)
    executor = chosen(facts, options.scheduler, options.memory)
    run(pages.plans, store, environment, shown, pages.root, executor, replicates=options.replicates)
    faults = [*pages.unreadable, *report(pages.plans, store)]
    tell(faults)
    wrong = {fault.path for fault in faults}
    asked = wrong | {plan.path for plan in pages.plans}
    right = len(asked) - len(wrong)
    print(f"{right} of {counted(len(asked), 'page')} {'is' if len(asked) == 1 else 'are'} right in {environment.name}")
    return WRONG if faults else RIGHT


def _plan(options: argparse.Namespace) -> int:
    pages = plans(options.pages)
    tell(pages.unreadable)
    for plan in pages.plans:
        path = options.output / f"{plan.page}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plan.to_json(), "utf-8")
    return WRONG if pages.unreadable else RIGHT


def _lint(options: argparse.Namespace) -> int:
    from witness.lint.linter import lint_bytes

    pages = files(options.pages, ".md")
    check_settings(pages)
    found = [it for path in pages for it in lint_bytes(path.read_bytes(), path)]
    for it in found:
        print(it)
        it.annotate()
    return WRONG if found else RIGHT
