"""The settings of a site, each with one meaning: declared once, for Sphinx, the command line and the reference page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from witness.reading.plan import Budget
from witness.records.normalise import own_rules

if TYPE_CHECKING:
    from sphinx.config import Config

PREFIX = "witness_"
"""What stands before each name in ``conf.py``."""


def _is(text: str, *kinds: type, rebuild: str = "", strict: Any = None) -> dict[str, Any]:
    """Return what is known of a setting: what it does, the types of its values, and what a change of it builds again.

    ``strict`` is its default in a site with ``witness_strict``, where that is another.
    """
    return {"text": text, "kinds": kinds, "rebuild": rebuild, "strict": strict}


@dataclass(frozen=True)
class Settings:
    """What ``conf.py`` says below `PREFIX`."""

    strict: bool = field(
        default=False,
        metadata=_is("Whether the settings whose default it changes have the other one.", bool, rebuild="env"),
    )
    page_rules: bool = field(
        default=False,
        metadata=_is(
            "Whether a page must obey the rules of the page lint that concern its structure.",
            bool,
            rebuild="env",
            strict=True,
        ),
    )
    reproducible: bool = field(
        default=False,
        metadata=_is(
            "Whether a page runs as on any machine: in a folder of its own, with the variables that are declared, on "
            "sources that it may not change, with figures that are the same bytes each time. A record that holds is "
            "kept, and a build fails whose pages name this machine's folders, host or processes.",
            bool,
            rebuild="env",
            strict=True,
        ),
    )
    safe_html: bool = field(
        default=False,
        metadata=_is(
            "Whether markup that a cell displays may neither run scripts nor reach another host.",
            bool,
            rebuild="env",
            strict=True,
        ),
    )
    tidy: bool = field(
        default=False,
        metadata=_is(
            "Whether the asserts that end a cell are folded, admonitions of class `dropdown`, too, and what JAX "
            "compiled is shown only where the page speaks of it; searches do not find what cells show, errors apart.",
            bool,
            rebuild="env",
            strict=True,
        ),
    )
    downloads: bool = field(
        default=False,
        metadata=_is(
            "Whether each page can be taken along as a notebook and a script that hold its outputs.",
            bool,
            rebuild="html",
            strict=True,
        ),
    )
    output_limit: float = field(
        default=20 * Budget.output,
        metadata=_is("MB of output that one cell may make.", int, float, rebuild="env", strict=Budget.output),
    )
    replicates: int = field(default=1, metadata=_is("How many processes run each page that measures.", int))
    inputs: Sequence[str] = field(
        default=(),
        metadata=_is("Files or patterns, from the folder of `conf.py`, that every page may read.", list, tuple),
    )
    environment: Sequence[str] = field(
        default=(), metadata=_is("Environment variables that every page may read.", list, tuple)
    )
    memory: float = field(
        default=0, metadata=_is("MB that kernels may take together; 0: half of what is free.", int, float)
    )
    normalise: Sequence[tuple[str, str]] = field(
        default=(),
        metadata=_is(
            "What is replaced in expected text and in what a page did before they are compared: pairs of a regular "
            'expression and a text, such as `(r"session [0-9a-f]{8}", "session …")`.',
            list,
            tuple,
        ),
    )
    scheduler: str = field(
        default="",
        metadata=_is(
            "Address of a Dask scheduler, such as `tcp://10.0.0.1:8786`, whose workers execute the pages; empty: this "
            "machine does.",
            str,
        ),
    )
    records: str | None = field(
        default=None,
        metadata=_is(
            "Where records are kept, from the folder of `conf.py`; by default `.witness` beside the built site.",
            str,
            type(None),
        ),
    )
    bundles: str | None = field(
        default=None,
        metadata=_is(
            "Where bundles lie that `witness record` wrote on other devices, from the folder of `conf.py`; by default "
            "`_records` in the folder of pages. A timing shows each device that has it.",
            str,
            type(None),
        ),
    )
    skip_bad_bundles: bool = field(
        default=False,
        metadata=_is("Whether a build goes on without a bundle that it cannot use, instead of ending.", bool),
    )
    build_command: str = field(
        default="build again", metadata=_is("What a message about a page names as the next step.", str)
    )

    @classmethod
    def of(cls, said: Mapping[str, Any] | Config) -> Settings:
        """Return what the names in a ``conf.py`` say. Raises ValueError."""
        names = {it.name: f"{PREFIX}{it.name}" for it in fields(cls)}
        found = {name: said[full] for name, full in names.items() if full in said}
        strict = bool(found.get("strict"))
        settings = cls(**{name: found.get(name, default(name, strict=strict)) for name in names})
        if settings.replicates < 1:
            raise ValueError(f"witness_replicates is {settings.replicates}; a page runs at least once")
        if settings.memory < 0:
            raise ValueError(f"witness_memory is {settings.memory}; expected MB, or 0 for half of what is free")
        try:
            own_rules(settings.normalise)
        except ValueError as error:
            raise ValueError(f"witness_normalise: {error}") from error
        return settings


def default(name: str, *, strict: bool) -> Any:
    """Return the default of a setting in a site that is ``witness_strict``, or in one that is not."""
    known = next(it for it in fields(Settings) if it.name == name)
    return known.default if not strict or known.metadata["strict"] is None else known.metadata["strict"]
