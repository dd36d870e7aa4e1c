"""What a page asks of a Dask worker, and what a build says that cannot have one."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from witness.runner.environment import NoEnvironment, find
from witness.runner.executor import Job
from witness.runner.executors import chosen
from witness.runner.facts import Facts

pytest.importorskip("distributed", reason="Dask is not installed: `python -m pip install distributed`")

from witness.runner.dask import cluster
from witness.runner.dask.terms import differing, fit, given, terms_of


def test_what_differs_is_named(tmp_path: Path) -> None:
    facts = Facts(tmp_path, reproducible=True)
    here = find(facts)
    facts.close()
    job = Job(here, tmp_path, tmp_path / "docs", reproducible=False, needs={"numpy": here.numpy, "nothing": "1.0"})
    terms = terms_of(job, "run")
    assert [*differing(terms, here, {})] == ["nothing None, not 1.0", f"no folder {tmp_path}/docs, which pages work in"]
    same = terms_of(Job(here, tmp_path), "run")
    assert [*differing(same, replace(here, flags={"XLA_FLAGS": "--other"}), {})] == []
    found = [*differing(same, replace(here, python="3.99.1", capture="0", devices=8), {})]
    assert found == ["other code of witness", f"devices 8, not {here.devices}", f"python 3.99.1, not {here.python}"]
    gpu = terms_of(Job(replace(here, platform="gpu"), tmp_path), "run")
    (why,) = differing(gpu, replace(here, platform="gpu"), {"GPU": 0})
    assert why.startswith("no resource GPU")
    assert [*differing(gpu, replace(here, platform="gpu"), {"GPU": 1})] == []
    assert fit(gpu) != fit(same)


def test_a_worker_has_the_variables_of_the_build_and_a_device_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = Facts(tmp_path, reproducible=True)
    here = replace(find(facts), flags={"XLA_FLAGS": "--build", "CUDA_VISIBLE_DEVICES": "0"})
    facts.close()
    terms = terms_of(Job(here, tmp_path, given={"DATA": "there", "SECRET": "x"}, declared=["DATA", "NONE"]), "run")
    assert "SECRET" not in json.dumps(terms)
    there = {
        "OMP_NUM_THREADS": "1",
        "XLA_FLAGS": "--worker",
        "CUDA_VISIBLE_DEVICES": "3",
        "DATA": "no",
    }
    for name, value in there.items():
        monkeypatch.setenv(name, value)
    said = given(terms)
    assert {name: said.get(name) for name in there} == {
        "OMP_NUM_THREADS": None,
        "XLA_FLAGS": "--build",
        "CUDA_VISIBLE_DEVICES": "3",
        "DATA": "there",
    }
    assert said["PATH"] == os.environ["PATH"]


def test_without_dask_a_scheduler_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("witness.runner.dask.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(NoEnvironment, match=r"and distributed is not installed: `python -m pip install distributed`"):
        chosen(Facts(tmp_path, reproducible=True), "tcp://127.0.0.1:1")


@pytest.mark.parametrize(
    "address", ["tcp://nowhere.invalid:8786", "127.0.0.1", "ftp://127.0.0.1:1", "tls://127.0.0.1:1"]
)
def test_whatever_is_no_scheduler_is_named(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ANSWER", 0.5)
    with pytest.raises(NoEnvironment, match=rf"^no scheduler answers at {re.escape(address)} \(.+\): start it, or"):
        asyncio.run(cluster.Cluster(address)._client())
