"""The Sphinx side: pages are read with the outputs of their records, and a page without evidence is not published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Set the extension up: the table of contents of what it does."""
    from witness.runner.facts import Facts
    from witness.sphinx import settings
    from witness.sphinx.deferred import defer
    from witness.sphinx.garbage import collect_seldom
    from witness.sphinx.interrupts import Interrupts

    interrupts = Interrupts()
    interrupts.install()
    collect_seldom(app)
    settings.add(app)
    folder = Path(app.confdir, app.config.witness_records or Path(app.outdir).parent / ".witness").resolve()
    # JAX looks for devices while MyST-NB is imported
    facts = Facts(folder, reproducible=app.config.witness_reproducible)
    defer()

    from witness.nodes import devices as device_nodes
    from witness.nodes import fold, listing
    from witness.sphinx import (
        assets,
        bundles,
        card,
        devices,
        downloads,
        drift,
        env_state,
        eval_roles,
        figure,
        lens,
        live,
        log,
        mathml,
        pipeline,
        predict,
        style,
    )
    from witness.sphinx.build import Build
    from witness.sphinx.foot import on_html_page_context
    from witness.sphinx.outputs import on_config_inited, on_doctree_read
    from witness.sphinx.written import Written

    app.setup_extension("myst_nb")
    fold.add(app)
    listing.add(app)
    device_nodes.add(app)
    lens.add(app)
    live.add(app)
    eval_roles.add(app)
    predict.add(app)
    figure.add(app)
    pipeline.add(app)
    mathml.add(app)
    style.add(app)
    card.add(app)
    devices.add(app)
    drift.add(app)

    app.connect("config-inited", on_config_inited)
    build = Build(app, folder, facts, interrupts, log.add(app))
    app.connect("config-inited", build.on_config_inited)
    app.connect("env-get-outdated", bundles.on_env_get_outdated)
    app.connect("env-get-outdated", build.on_env_get_outdated)
    app.connect("env-before-read-docs", build.on_env_before_read_docs, priority=900)  # after all others
    app.connect("doctree-read", env_state.on_doctree_read)
    app.connect("doctree-read", on_doctree_read)
    app.connect("write-started", assets.on_write_started)
    app.connect("html-page-context", on_html_page_context)
    app.connect("html-page-context", downloads.on_html_page_context)
    written = Written()
    app.connect("env-updated", written.on_env_updated)
    app.connect("doctree-resolved", written.on_doctree_resolved)
    app.connect("build-finished", written.on_build_finished)  # before the folders are another build's
    app.connect("build-finished", build.on_build_finished)
    return {"version": "0.1.0", "parallel_read_safe": True, "parallel_write_safe": True}
