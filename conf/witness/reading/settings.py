"""The settings of a site, each with one meaning: declared once, for Sphinx, the command line and the reference page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from math import inf
from pathlib import Path
from typing import TYPE_CHECKING, Any

from witness.reading.plan import Budget
from witness.records.normalise import own_rules

if TYPE_CHECKING:
    from sphinx.config import Config

PREFIX = "witness_"
"""What stands before each name in ``conf.py``."""


LONGEST = 60
"""Characters of a wrong value that are told."""


class WrongSetting(ValueError):
    """A value that a setting cannot have; the message is one line: the setting, its value, what is expected."""


@dataclass(frozen=True)
class Value:
    """What the value of a setting must be."""

    expected: str
    kinds: tuple[type, ...]
    """Its types, as Sphinx is told."""
    right: Callable[[Any], bool]
    """Whether a value is one; a ValueError says why not."""
    there: bool = False
    """Whether it names a folder that must be there."""

    def fault(self, value: Any, folder: Path | None) -> str:
        """Return what is wrong with a value, in a site whose ``conf.py`` is in a folder; nothing where it is right."""
        why = ""
        try:
            right = self.right(value)
        except ValueError as error:
            right, why = False, f": {error}"
        if right and self.there and folder and value is not None and not (folder / value).is_dir():
            right, why = False, "; make it, or mend its name"
        return "" if right else f"is {_brief(value)}; expected {self.expected}{why}"


def _brief(value: Any) -> str:
    text = " ".join(repr(value).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != "" and "\0" not in value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and -inf < value < inf


def _all(value: Any, right: Callable[[Any], Any]) -> bool:
    return isinstance(value, list | tuple) and all(map(right, value))


def _is_variable(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z_]\w*", value) is not None


def _is_encoding(value: Any) -> bool:
    try:
        return isinstance(value, str) and bool("x".encode(value))
    except LookupError:
        return False


def _are_rules(value: Any) -> bool:
    pairs = _all(value, lambda pair: _all(pair, lambda text: isinstance(text, str)) and len(pair) == 2)
    return pairs and len(own_rules(value)) == len(value)


SWITCH = Value("True or False", (bool,), lambda value: isinstance(value, bool))
COUNT = Value("a whole number above 0", (int,), lambda value: type(value) is int and value > 0)
SIZE = Value("a number of MB above 0", (int, float), lambda value: _is_number(value) and value > 0)
ROOM = Value(
    "a number of MB, or 0 for half of what is free", (int, float), lambda value: _is_number(value) and value >= 0
)
FILES = Value('a list of files or patterns, such as ["data/*.csv"]', (list, tuple), lambda value: _all(value, _is_text))
VARIABLES = Value('a list of names, such as ["SITE_FLAG"]', (list, tuple), lambda value: _all(value, _is_variable))
RULES = Value(
    'a list of pairs of a regular expression and a text, such as [(r"session [0-9a-f]{8}", "session …")]',
    (list, tuple),
    _are_rules,
)
ADDRESS = Value(
    "an address, such as tcp://10.0.0.1:8786, or an empty text", (str,), lambda value: isinstance(value, str)
)
FOLDER = Value(
    "the name of a folder, from that of conf.py", (str, type(None)), lambda value: value is None or _is_text(value)
)
FOLDER_THERE = replace(FOLDER, expected="the name of a folder that is there, from that of conf.py", there=True)
ENCODING = Value("the name of a text encoding, such as utf-8", (str,), _is_encoding)
STEP = Value("a text, such as `make html`", (str,), _is_text)


def _is(text: str, value: Value, *, rebuild: str = "", strict: Any = None) -> dict[str, Any]:
    """Return what is known of a setting: what it does, what its value must be, and what a change of it builds again.

    ``strict`` is its default in a site with ``witness_strict``, where that is another.
    """
    return {"text": text, "value": value, "rebuild": rebuild, "strict": strict}


@dataclass(frozen=True)
class Settings:
    """What ``conf.py`` says below `PREFIX`."""

    strict: bool = field(
        default=False,
        metadata=_is("Whether the settings whose default it changes have the other one.", SWITCH, rebuild="env"),
    )
    page_rules: bool = field(
        default=False,
        metadata=_is(
            "Whether a page must obey the rules of the page lint that concern its structure.",
            SWITCH,
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
            SWITCH,
            rebuild="env",
            strict=True,
        ),
    )
    safe_html: bool = field(
        default=False,
        metadata=_is(
            "Whether markup that a cell displays may neither run scripts nor reach another host.",
            SWITCH,
            rebuild="env",
            strict=True,
        ),
    )
    tidy: bool = field(
        default=False,
        metadata=_is(
            "Whether the asserts that end a cell are folded, admonitions of class `dropdown`, too, and what JAX "
            "compiled is shown only where the page speaks of it; searches do not find what cells show, errors apart.",
            SWITCH,
            rebuild="env",
            strict=True,
        ),
    )
    downloads: bool = field(
        default=False,
        metadata=_is(
            "Whether each page can be taken along as a notebook and a script that hold its outputs.",
            SWITCH,
            rebuild="html",
            strict=True,
        ),
    )
    output_limit: float = field(
        default=20 * Budget.output,
        metadata=_is("MB of output that one cell may make.", SIZE, rebuild="env", strict=Budget.output),
    )
    replicates: int = field(default=1, metadata=_is("How many processes run each page that measures.", COUNT))
    inputs: Sequence[str] = field(
        default=(),
        metadata=_is("Files or patterns, from the folder of `conf.py`, that every page may read.", FILES),
    )
    environment: Sequence[str] = field(
        default=(), metadata=_is("Environment variables that every page may read.", VARIABLES)
    )
    memory: float = field(default=0, metadata=_is("MB that kernels may take together; 0: half of what is free.", ROOM))
    normalise: Sequence[tuple[str, str]] = field(
        default=(),
        metadata=_is(
            "What is replaced in expected text and in what a page did before they are compared: pairs of a regular "
            'expression and a text, such as `(r"session [0-9a-f]{8}", "session …")`.',
            RULES,
        ),
    )
    scheduler: str = field(
        default="",
        metadata=_is(
            "Address of a Dask scheduler, such as `tcp://10.0.0.1:8786`, whose workers execute the pages; empty: this "
            "machine does.",
            ADDRESS,
        ),
    )
    records: str | None = field(
        default=None,
        metadata=_is(
            "Where records are kept, from the folder of `conf.py`; by default `.witness` beside the built site.",
            FOLDER,
        ),
    )
    bundles: str | None = field(
        default=None,
        metadata=_is(
            "Where bundles lie that `witness record` wrote on other devices, from the folder of `conf.py`; by default "
            "`_records` in the folder of pages. A timing shows each device that has it.",
            FOLDER_THERE,
        ),
    )
    skip_bad_bundles: bool = field(
        default=False,
        metadata=_is("Whether a build goes on without a bundle that it cannot use, instead of ending.", SWITCH),
    )
    build_command: str = field(
        default="build again", metadata=_is("What a message about a page names as the next step.", STEP)
    )

    @classmethod
    def of(cls, said: Mapping[str, Any] | Config, folder: Path | None = None) -> Settings:
        """Return what the names in the ``conf.py`` of a folder say. Raises WrongSetting."""
        names = {it.name: f"{PREFIX}{it.name}" for it in fields(cls)}
        found = {name: said[full] for name, full in names.items() if full in said}
        for it in fields(cls):
            if it.name in found and (fault := it.metadata["value"].fault(found[it.name], folder)):
                raise WrongSetting(f"{names[it.name]} {fault}")
        if "source_encoding" in said and (fault := ENCODING.fault(said["source_encoding"], folder)):
            raise WrongSetting(f"source_encoding {fault}")
        strict = bool(found.get("strict"))
        return cls(**{name: found.get(name, default(name, strict=strict)) for name in names})


def default(name: str, *, strict: bool) -> Any:
    """Return the default of a setting in a site that is ``witness_strict``, or in one that is not."""
    known = next(it for it in fields(Settings) if it.name == name)
    return known.default if not strict or known.metadata["strict"] is None else known.metadata["strict"]


def passed_over(said: Mapping[str, Any]) -> Iterator[str]:
    """Yield a text for each name in a ``conf.py`` that looks like a setting and is none."""
    from witness.reading.known_names import instead  # MyST-NB comes with it, and JAX is asked for its devices before

    known = {f"{PREFIX}{it.name}" for it in fields(Settings)}
    for name in sorted(said):
        if name.startswith(PREFIX) and name not in known:
            yield f"conf.py: there is no setting {name}; {instead(name, known)}"


def place(folder: Path) -> str:
    """Return the ``conf.py`` of a folder as messages name it: from here, where it is below."""
    path, here = folder.resolve() / "conf.py", Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
