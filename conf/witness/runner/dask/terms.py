"""The terms of a job in plain values, so that a worker of another Python can read them, and what is otherwise there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypedDict

from witness.runner.environment import Environment
from witness.runner.executor import Job
from witness.runner.facts import installed
from witness.runner.variables import decisive

WORKER = "witness-worker"
"""The resource of which every worker has one: a page that measures needs all of it, another one a little."""

DEVICES = {"gpu": "GPU", "tpu": "TPU"}
"""The resource of which a page needs one, by JAX's name of the backend."""

OWN = "*_VISIBLE_*"
"""Variables by which a worker has a device of its own."""


class Terms(TypedDict):
    """A `Job` for workers."""

    run: str
    """Name of this run of a build; also the topic of what workers tell of its pages."""
    environment: dict[str, Any]
    root: str | None
    commit: str
    reproducible: bool
    declared: dict[str, str]
    """The variables that pages declare to read, and their values."""
    needs: dict[str, str | None]
    replicates: int
    hash_seed: int | None


def terms_of(job: Job, run: str) -> Terms:
    """Return the terms for a job."""
    return Terms(
        run=run,
        environment=asdict(job.environment),
        root=str(job.root) if job.root else None,
        commit=job.commit,
        reproducible=job.reproducible,
        declared={name: job.given[name] for name in job.declared if name in job.given},
        needs=dict(job.needs),
        replicates=job.replicates,
        hash_seed=job.hash_seed,
    )


def fit(terms: Terms) -> str:
    """Return the resource of workers that are fit for these terms."""
    decisive = [terms["environment"], terms["needs"], terms["reproducible"], terms["root"]]
    return f"witness-{hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()[:8]}"


def job_of(terms: Terms, folder: Path) -> Job:
    """Return the job on a worker that is fit for it, which may keep files in a folder."""
    return Job(
        environment=Environment(**terms["environment"]),
        folder=folder,
        root=Path(terms["root"]) if terms["root"] else None,
        commit=terms["commit"],
        reproducible=terms["reproducible"],
        given=given(terms),
        declared=list(terms["declared"]),
        needs=terms["needs"],
        replicates=terms["replicates"],
        hash_seed=terms["hash_seed"],
    )


def given(terms: Terms) -> dict[str, str]:
    """Return the worker's variables with those of the build that may change what a page prints."""
    flags = {name: value for name, value in terms["environment"]["flags"].items() if not _own(name)}
    here = {name: value for name, value in os.environ.items() if _own(name) or name not in decisive()}
    return {**here, **flags, **terms["declared"]}


def _own(name: str) -> bool:
    return fnmatchcase(name, OWN)


def differing(terms: Terms, found: Environment, resources: Mapping[str, float]) -> Iterator[str]:
    """Yield in words what is otherwise on this worker, which has these resources, than where the build is."""
    there = {**terms["environment"], **terms["needs"]}
    here = {**asdict(found), **{name: installed(name) for name in terms["needs"]}}
    for name in sorted(there.keys() | here.keys() - {"flags"}):  # these are handed on
        if name != "flags" and there.get(name) != here.get(name):
            yield "other code of witness" if name == "capture" else f"{name} {here.get(name)}, not {there.get(name)}"
    if not terms["reproducible"] and terms["root"] and not Path(terms["root"]).is_dir():
        yield f"no folder {terms['root']}, which pages work in"
    device = DEVICES.get(terms["environment"]["platform"])
    if device and resources.get(device, 0) < 1:
        yield f"no resource {device}, of which a page needs one (`dask worker --resources {device}=1`)"
