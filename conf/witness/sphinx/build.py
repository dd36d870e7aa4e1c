"""One build of a site: stale pages are run before any is read, and what failed is not published."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Set
from contextlib import suppress
from functools import cache, partial
from pathlib import Path

from myst_nb.sphinx_ import Parser
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError
from sphinx.util import get_filetype, logging

from witness.lint.pages import read_file
from witness.reading.inputs import digests, matched
from witness.reading.notebook import is_notebook
from witness.reading.order import Read, closed
from witness.reading.plan import Plan, Unreadable
from witness.reading.settings import Settings
from witness.reading.site import Site
from witness.records.diagnostic import Diagnostic
from witness.records.store import Stamp, Store, probe
from witness.runner.display import progress
from witness.runner.environment import Environment, find
from witness.runner.executors import chosen
from witness.runner.facts import Facts
from witness.runner.freshness import Freshness
from witness.runner.lock import Lock
from witness.runner.machine_names import machine
from witness.runner.report import diagnostic, no_record
from witness.runner.run import run
from witness.sphinx.card import cards
from witness.sphinx.demand import demanded
from witness.sphinx.downloads import remove
from witness.sphinx.env_state import doubted, glued_from, record_of, remember, tables
from witness.sphinx.interrupts import Interrupts, end_without_room, plainly
from witness.sphinx.log import Warnings
from witness.sphinx.scan import answer, by_page, scan
from witness.sphinx.source_read import changes, handlers

logger = logging.getLogger(__name__)

READER = "witness.sphinx.reader.read"
FAILED = "witness.sphinx.reader.read_failed"


class Build:
    """The handlers of one build, and what they hand on to one another."""

    def __init__(self, app: Sphinx, folder: Path, facts: Facts, interrupts: Interrupts, warnings: Warnings) -> None:
        """Make sure, before anything else, that the site can be written.

        ``folder`` is that of the records; ``facts`` are being asked for, ``interrupts`` are taken.
        """
        folders = {Path(app.outdir), Path(app.doctreedir)}
        try:
            Settings.of(app.config)
        except ValueError as error:
            raise ConfigError(str(error)) from error
        self._locks = [
            Lock(folder.parent / f".{folder.name}.lock")
            for folder in sorted(folders)
            if not any(folder.is_relative_to(other) for other in folders - {folder})
        ]
        self._folder = folder
        self._facts = facts
        self._interrupts = interrupts
        self._warnings = warnings
        self._failed: dict[str, list[Diagnostic]] = {}
        with plainly(Path(app.outdir)):
            probe(Path(app.outdir))

    def on_config_inited(self, app: Sphinx, config: Config) -> None:
        """Wait for another build that writes to the same folders."""
        with plainly(Path(app.outdir)):
            for lock in self._locks:
                lock.acquire(lambda line: print(line, file=sys.stderr))  # a log on its own would be silent with -q

    def on_env_get_outdated(
        self, app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
    ) -> set[str]:
        """Remove what was written of pages that are no more, before another writes there."""
        remove_published(app, removed, env.found_docs)
        return set()

    def on_env_before_read_docs(self, app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
        """Run stale pages; add those to ``docnames`` that must be read again.

        What others do before pages are read, a cell may need.
        """
        self._interrupts.restore()  # the runner ends its kernels at one
        site = _site(app, env)
        read = cache(partial(_read, app, env, site))
        with plainly(self._folder):
            if not self._facts.known:  # then most pages are going to run, and there is time until JAX has answered
                for page in _notebooks(app):
                    with suppress(Unreadable):
                        read(page)
            environment = find(self._facts, require_jax=site.settings.reproducible)
            store = Store(self._folder / environment.name)
            since = 0.0 if site.settings.reproducible else demanded(app)
            executed = self._execute(app, site, read, store, environment, since)
        formats = {}
        for page in executed.keys() | self._failed.keys():
            path = str(env.doc2path(page))
            known: dict[str, object] = {"site": site, "path": path}
            if page in executed:
                formats[path] = (READER, {**known, "page": page, "store": str(store.folder)}, site.is_commonmark(path))
            elif is_notebook(Path(path), site):
                formats[path] = (FAILED, known, site.is_commonmark(path))
        env.mystnb_config = site.notebooks.copy(  # type: ignore[attr-defined]
            execution_mode="off", custom_formats={**site.notebooks.custom_formats, **formats}
        )
        stale = remember(env, store.folder, executed, set(self._failed))
        if stale:
            stale |= cards(env) | tables(env)
        stale &= env.found_docs
        for page, found in self._failed.items():
            for it in found:
                logger.error("%s", it.text, location=(page, it.line))
        unreadable = [page for page, found in self._failed.items() if found[0].rule == "unreadable"]
        self._warnings.unreadable = frozenset(str(env.doc2path(page)) for page in unreadable)
        self._interrupts.install()
        read_again = {*docnames, *stale, *(self._failed.keys() & env.found_docs), *doubted(env)}
        docnames[:] = sorted(read_again | glued_from(env, read_again))

    def _execute(
        self, app: Sphinx, site: Site, read: Read, store: Store, environment: Environment, since: float
    ) -> dict[str, str]:
        """Run what is stale; return the digest of the record of each executed page."""
        env, changing = app.env, bool(handlers(app))  # what others make of a text may be another each time
        known = Freshness(store, environment, site.root, env.config.witness_replicates, since)
        executed: dict[str, str] = {}
        plans: list[Plan] = []
        following: dict[str, set[str]] = {}
        idle_before, idle = getattr(env, "witness_idle", {}), {}
        for page in _notebooks(app):
            path, stamp = Path(env.doc2path(page)), known.stamp(page)
            if (
                stamp
                and stamp.suffices(known.replicates)
                and not since
                and not changing
                and stamp.sources == _sources(stamp, site, path)
            ):
                executed[page] = stamp.record
                following[page] = set(stamp.after)
                continue
            text = {"settings": site.digest, **digests([path.name], path.parent)}
            if idle_before.get(page) == text and not changing:
                idle[page] = text
            elif plan := self._plan(page, read):
                plans.append(plan)
            elif page not in self._failed:
                idle[page] = text
        env.witness_idle = idle  # type: ignore[attr-defined]  # pages on which nothing runs, by what they were read from
        while late := {page for page, before in following.items() if before & {plan.page for plan in plans}}:
            for page in late:  # they are read, too, for a page that runs makes them stale
                del following[page], executed[page]
                plans += [plan] if (plan := self._plan(page, read)) else []
        plans, faults = closed(plans, read)
        for plan, line, why in faults:
            executed.pop(plan.page, None)
            self._failed[plan.page] = [Diagnostic(plan.path, line, "order", why)]
        if plans:
            executor = chosen(self._facts, site.settings.scheduler, site.settings.memory)
            replicates = known.replicates
            run(plans, store, environment, progress(), site.root, executor, replicates=replicates, since=since)
        for plan in plans:
            record, stamp = store.read(plan.page), store.stamp(plan.page)
            if record and stamp:
                executed[plan.page] = stamp.record
                if record.problems:
                    command = env.config.witness_build_command
                    self._failed[plan.page] = [diagnostic(plan.path, it, command) for it in record.problems]
            else:
                self._failed[plan.page] = [no_record(plan.path)]
        return executed

    def _plan(self, page: str, read: Read) -> Plan | None:
        """Return the plan of a page, or None where nothing is run or the page cannot be read, which is noted."""
        try:
            return read(page)
        except Unreadable as error:
            self._failed[page] = error.diagnostics()
            return None

    def on_build_finished(self, app: Sphinx, exception: Exception | None) -> None:
        """Remove what must not be published, and end with an error if anything was."""
        try:
            failed = self._failed.keys() | (doubted(app.env) if exception is None else set())
            if failed:
                app.statuscode = 1
            if app.builder.format == "html" and exception is None:
                remove_published(app, failed)
                if app.config.witness_reproducible:
                    self._scan(app)
        finally:
            self._facts.close()
            for lock in self._locks:
                lock.release()
            self._interrupts.restore()
        end_without_room(exception, Path(app.outdir))

    def _scan(self, app: Sphinx) -> None:
        """Report what of this machine is in the site, by the page and line that it comes from."""
        output, path_of = Path(app.outdir), app.builder.get_output_path  # type: ignore[attr-defined]
        pages = {Path(path_of(page)).relative_to(output).as_posix(): page for page in app.env.found_docs}
        copies = {
            page: Path(app.env.doc2path(page)).suffix + app.config.html_sourcelink_suffix for page in pages.values()
        }
        pages |= {f"_sources/{page}{suffix}": page for page, suffix in copies.items()}
        for page, leak in by_page(scan(output, machine(self._folder, Path(app.srcdir))), pages):
            app.statuscode = 1
            told = f"{leak.file} shows something of this machine: {leak.text}"
            if page is None:
                logger.error("%s, in line %d", told, leak.line)
                continue
            source = Path(app.env.doc2path(page))
            record = record_of(app.env, page)
            line, advice = answer(leak, source.read_text("utf-8", "replace"), record.cells if record else ())
            logger.error("%s\n    next: %s, then build again", told, advice, location=(page, line))


def remove_published(app: Sphinx, pages: Set[str], others: Iterable[str] = ()) -> None:
    """Remove what was written of pages that are not published, but for an address that is another's now."""
    if app.builder.format == "html" and pages:
        path_of = app.builder.get_output_path  # type: ignore[attr-defined]
        remove(app, pages)
        for path in {Path(path_of(page)) for page in pages} - {Path(path_of(page)) for page in others}:
            path.unlink(missing_ok=True)


def _site(app: Sphinx, env: BuildEnvironment) -> Site:
    config = app.config
    inputs = [os.path.relpath(app.confdir / name, app.srcdir) for name in config.witness_inputs]
    for name, path in zip(config.witness_inputs, inputs, strict=True):
        if not matched(path, Path(app.srcdir)):
            logger.warning("witness_inputs: %s: there is no such file below %s", name, app.confdir, type="witness")
    settings = env.mystnb_config, env.myst_config  # type: ignore[attr-defined]
    return Site(Path(app.srcdir), Settings.of(config), *settings, tuple(inputs), config.source_encoding)


def _read(app: Sphinx, env: BuildEnvironment, site: Site, page: str) -> Plan | None:
    return read_file(Path(env.doc2path(page)), page, site, changes(app, page)) if page in env.found_docs else None


def _sources(stamp: Stamp, site: Site, path: Path) -> dict[str, str]:
    """Return the digests, as they are now, of what a plan was made from."""
    return {"settings": site.digest, **digests(stamp.sources.keys() - {"settings"}, path.parent)}


def _notebooks(app: Sphinx) -> list[str]:
    """Return the pages that MyST-NB reads, also by a parser of the site's own that is one of MyST-NB's."""
    env, suffixes = app.env, app.config.source_suffix
    kinds = {kind for kind, parser in app.registry.source_parsers.items() if issubclass(parser, Parser)}
    return [page for page in sorted(env.found_docs) if get_filetype(suffixes, str(env.doc2path(page))) in kinds]
