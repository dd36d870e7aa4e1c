"""One build of a site: stale pages are run before any is read, and what failed is not published."""

from __future__ import annotations

from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.util import logging

from witness.reading.notebook import Unreadable, digests
from witness.reading.page import read_file
from witness.reading.plan import Plan
from witness.reading.site import Site
from witness.records.page import Problem
from witness.records.scrub import leaks
from witness.records.store import Store
from witness.render.evidence import remember
from witness.runner.display import progress
from witness.runner.environment import Environment, NoEnvironment, find
from witness.runner.facts import Facts
from witness.runner.lock import Lock
from witness.runner.machine import machine
from witness.runner.report import describe
from witness.runner.run import run

logger = logging.getLogger(__name__)

READER = "witness.render.reader.read"
PUBLISHED = (".html", ".js", ".json", ".txt", ".ipynb", ".py", ".svg", ".xml")
"""Files of the finished site that the scan for leaks reads."""


class CannotRun(SphinxError):
    """Pages cannot be executed at all."""

    category = "Cannot run pages"


class Build:
    """The handlers of one build, and what they hand on to one another."""

    def __init__(self) -> None:
        self._lock: Lock | None = None
        self._facts: Facts | None = None
        self._failed: dict[str, list[Problem]] = {}
        self._written = False

    def on_config_inited(self, app: Sphinx, config: Config) -> None:
        """Wait for another build that writes to the same folder; begin to ask what the pages will run on."""
        output = Path(app.outdir)
        self._lock = Lock(output.parent / f".{output.name}.lock")
        try:
            self._lock.take(logger.info)
        except OSError as error:
            raise CannotRun(f"{output.parent} cannot be written to: {error.strerror}") from error
        self._facts = Facts(_folder(app))

    def on_env_get_outdated(
        self, app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
    ) -> set[str]:
        """Run stale pages; return those that must be read again."""
        folder = _folder(app)
        site = Site(Path(app.srcdir), app.config.witness_strict, env.mystnb_config, env.myst_config)  # type: ignore[attr-defined]
        try:
            environment = find(self._facts or Facts(folder), require_jax=site.strict)
            store = Store(folder / environment.name)
            executed = self._execute(env, site, store, environment)
        except NoEnvironment as error:
            raise CannotRun(str(error)) from error
        except OSError as error:
            raise CannotRun(f"{error.filename or folder}: {error.strerror}") from error
        formats = {
            str(env.doc2path(page)): (
                READER,
                {"site": site, "path": str(env.doc2path(page)), "page": page, "store": str(store.folder)},
            )
            for page in executed
        }
        env.mystnb_config = site.notebooks.copy(  # type: ignore[attr-defined]
            execution_mode="off", custom_formats={**site.notebooks.custom_formats, **formats}
        )
        stale = remember(env, store.folder, executed) & env.found_docs
        for page, problems in self._failed.items():
            for problem in problems:
                logger.error("%s", describe(problem), location=(page, problem.line))
        self._written = bool(added or changed or removed or stale or self._failed)
        return stale | (self._failed.keys() & env.found_docs)

    def _execute(self, env: BuildEnvironment, site: Site, store: Store, environment: Environment) -> dict[str, str]:
        """Run what is stale; return the digest of the record of each executed page."""
        executed: dict[str, str] = {}
        plans: list[Plan] = []
        for page in sorted(env.found_docs):
            path = Path(env.doc2path(page))
            sign = store.whole(page)
            if (
                sign
                and sign.sources == {"settings": site.digest, **digests(sign.sources.keys() - {"settings"}, path)}
                and sign.key == environment.key(sign.plan, sign.needs)
            ):
                executed[page] = sign.record
                continue
            try:
                plan = read_file(path, page, site)
            except Unreadable as error:
                self._failed[page] = [
                    Problem("unreadable", line, None, "a page that can be read", why) for line, why in error.faults
                ]
                continue
            if plan:
                plans.append(plan)
        if plans:
            run(plans, store, environment, progress(), site.root)
        for plan in plans:
            record, sign = store.read(plan.page), store.sign(plan.page)
            if record and sign:
                executed[plan.page] = sign.record
                if record.problems:
                    self._failed[plan.page] = record.problems
        return executed

    def on_build_finished(self, app: Sphinx, exception: Exception | None) -> None:
        """Remove what must not be published, and end with an error if anything was."""
        try:
            if self._failed:
                app.statuscode = 1
            if app.builder.format == "html" and exception is None:
                for page in self._failed:
                    Path(app.builder.get_output_path(page)).unlink(missing_ok=True)  # type: ignore[attr-defined]
                if self._written:
                    self._scan(app)
        finally:
            if self._lock:
                self._lock.leave()

    def _scan(self, app: Sphinx) -> None:
        """Fail when the finished site shows anything of this machine."""
        known = machine(Path(app.env.witness_store).parent, Path(app.srcdir))  # type: ignore[attr-defined]
        for path in sorted(Path(app.outdir).rglob("*")):
            if path.suffix in PUBLISHED and "_static" not in path.parts and path.is_file():
                for leak in leaks(path.read_text("utf-8", "replace"), known):
                    app.statuscode = 1
                    logger.error("%s shows something of this machine: %s", path.relative_to(app.outdir), leak)


def _folder(app: Sphinx) -> Path:
    """Return the folder of records."""
    return Path(app.confdir, app.config.witness_records or Path(app.outdir).parent / ".witness").resolve()
