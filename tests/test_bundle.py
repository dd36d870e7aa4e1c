"""A bundle: what it holds, that it names nobody, and that no wrong file passes for one."""

from __future__ import annotations

import getpass
import hashlib
import io
import json
import random
import re
import socket
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from tests.building import Site, page
from tests.recordings import ABSENT, EIGHT, bare, recorded, rewritten
from witness.bundle import bundle as schema
from witness.bundle.archive import SUMS, BadBundle, pack, unpack
from witness.bundle.bundle import HEAD, SCHEMA, Bundle
from witness.bundle.key import cell_keys
from witness.reading.plan import Cell, Plan
from witness.records.devices import simulated
from witness.records.kinds import TIMINGS

TIMED = (
    "import os, sys\nimport jax\nimport jax.numpy as jnp\n\nf = jax.jit(lambda x: x * 2)\nx = jnp.ones(9)",
    "%timeit -n 2 -r 4 f(x).block_until_ready()",
    "print(os.getcwd(), sys.prefix, jax.__file__, os.getpid())\nprint(jax.devices())",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    pages = {"part/timed": page(*TIMED), "plain": page("print('plain')")}
    site = Site.at(tmp_path_factory.mktemp("recorded"), pages)
    done = recorded(site, "eight.zip", **EIGHT)
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(r"2 of 2 pages on 8 simulated devices on .*, JAX .*: eight.zip \(0.\d\d MB\)\n", done.stdout)
    return site


@pytest.fixture(scope="module")
def path(site: Site) -> Path:
    return site.folder / "eight.zip"


@pytest.mark.parametrize("name", ABSENT)
def test_the_interpreter_that_records_has_nothing_to_read_pages_with(site: Site, name: str) -> None:
    assert f"No module named {name}" in bare(site.folder, name).stderr.replace("'", "")


def test_where_pages_cannot_be_read_one_line_says_what_to_do(site: Site) -> None:
    done = bare(site.folder, "witness", "record", "docs", "-o", "none.zip")
    assert done.returncode == 2
    assert re.fullmatch(r"witness: reading pages takes MyST-NB, .*`witness plan docs -o plans`.*\n", done.stderr)
    assert not (site.folder / "none.zip").exists()


def test_the_parts_are_what_is_documented(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        parts = {name: archive.read(name) for name in archive.namelist()}
    pages = ("part/timed", "plain")
    shown = {f"notebooks/{name}.ipynb" for name in pages} | {f"records/{name}.json" for name in pages}
    assert set(parts) == {HEAD, SUMS} | shown
    sums = parts.pop(SUMS).decode().splitlines()
    assert sums == [f"{hashlib.sha256(data).hexdigest()}  {name}" for name, data in sorted(parts.items())]
    for name in pages:
        notebook = nbformat.reads(parts[f"notebooks/{name}.ipynb"].decode(), as_version=4)
        nbformat.validate(notebook)
        assert notebook.cells[0].source in (TIMED[0], "print('plain')")
        assert notebook.cells[-1].outputs[0].text.endswith("\n")
    head = json.loads(parts[HEAD])
    assert head["schema"] == SCHEMA
    assert head["simulated"] is True
    assert all(f"``{name}``" in Path(schema.__file__).read_text() for name in head)


def test_it_reads_back_as_it_was_recorded(path: Path) -> None:
    bundle = Bundle.read(path).check()
    assert bundle.device.simulated
    assert (bundle.device.platform, bundle.device.count) == ("cpu", 8)
    record = bundle.pages["part/timed"].record
    assert simulated(record) == 8
    (timing,) = TIMINGS.of(record.cells[1].captured)
    assert timing.statement == "f(x).block_until_ready()"
    assert len(timing.samples) == 4
    assert timing.kind == "execution"
    assert all(float(f"{sample:.4g}") == sample for sample in timing.samples)
    assert bundle.environment["flags"] == EIGHT


def test_equal_contents_are_equal_bytes(site: Site, path: Path) -> None:
    assert Bundle.read(path).to_bytes() == path.read_bytes()
    done = recorded(site, "again.zip", **EIGHT)
    assert done.returncode == 0
    assert "[1/" not in done.stderr  # nothing ran
    assert (site.folder / "again.zip").read_bytes() == path.read_bytes()


def test_it_names_neither_the_machine_nor_its_user(site: Site, path: Path) -> None:
    text = "".join(data.decode() for data in unpack(path.read_bytes()).values())
    names = [str(site.folder), str(Path.home()) + "/", sys.prefix, sys.base_prefix + "/lib", str(Path.cwd())]
    names += [name for name in (socket.gethostname(),) if len(name) > 4]
    names += [name for name in (getpass.getuser(),) if len(name) > 4]
    assert [name for name in names if name in text] == []


def test_what_would_name_the_machine_is_not_written(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"typed": page(f"x = {str(tmp_path / 'there' / 'x')!r}"), "other": page("1")})
    done = recorded(site, "none.zip")
    assert done.returncode == 2
    assert f"notebooks/typed.ipynb shows something of this machine: {tmp_path}/there" in done.stderr
    assert "no bundle was written" in done.stderr
    assert not (tmp_path / "none.zip").exists()


def test_a_page_that_fails_is_left_out_and_the_others_are_in(tmp_path: Path) -> None:
    site = Site.at(tmp_path, {"good": page("1 + 1"), "bad": page("1 / 0")})
    done = recorded(site, "some.zip")
    assert done.returncode == 1
    assert "docs/bad.md:9: cell 1: unexpected-error" in done.stderr
    assert "then `witness record`" in done.stderr
    assert list(Bundle.read(tmp_path / "some.zip").pages) == ["good"]
    only = recorded(site, "none.zip", "bad")
    assert only.returncode == 2
    assert "no page is right here" in only.stderr
    assert not (tmp_path / "none.zip").exists()


def test_a_folder_gets_a_file_that_is_named_for_the_device(site: Site) -> None:
    (site.folder / "many").mkdir(exist_ok=True)
    assert recorded(site, "many", **EIGHT).returncode == 0
    (found,) = (site.folder / "many").iterdir()
    assert re.fullmatch(r"8-simulated-devices-on-[a-z0-9.-]+-jax-[0-9.]+\.zip", found.name)


# ---------------------------------------------------------------------------------------------------------------------
# What is no bundle


TIMED_RECORD = "records/part/timed.json"


def changed(name: str, change: Callable[[bytes], bytes], *, resum: bool = False) -> Callable[[bytes], bytes]:
    """Return what changes one part of an archive, and its checksum too, where it is asked to."""

    def apply(data: bytes) -> bytes:
        parts = unpack(data)
        parts[name] = change(parts[name])
        if resum:
            del parts[SUMS]
            return pack(parts)
        return zipped(parts)

    return apply


def zipped(parts: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return written.getvalue()


def head(**changes: object) -> Callable[[bytes], bytes]:
    return changed(HEAD, lambda data: json.dumps({**json.loads(data), **changes}).encode(), resum=True)


def added(name: str, data: bytes = b"") -> Callable[[bytes], bytes]:
    return lambda old: zipped({**unpack(old), name: data})


def linked(data: bytes) -> bytes:
    written = io.BytesIO(data)
    with zipfile.ZipFile(written, "a") as archive:
        link = zipfile.ZipInfo("link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    return written.getvalue()


def twice(data: bytes) -> bytes:
    written = io.BytesIO(data)
    with zipfile.ZipFile(written, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(HEAD, b"{}")
    return written.getvalue()


def timing(**changes: object) -> Callable[[bytes], bytes]:
    """Return what changes a timing, and the checksum with it."""

    def apply(data: bytes) -> bytes:
        record = json.loads(data)
        record["cells"][1]["captured"]["timings"][0] |= changes
        return json.dumps(record).encode()

    return changed(TIMED_RECORD, apply, resum=True)


def page_record(**changes: object) -> Callable[[bytes], bytes]:
    return changed(TIMED_RECORD, lambda data: json.dumps({**json.loads(data), **changes}).encode(), resum=True)


WRONG: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "empty": (lambda data: b"", "no whole zip archive"),
    "no archive": (lambda data: b"a text\n" * 100, "no whole zip archive"),
    "truncated": (lambda data: data[: len(data) // 2], "no whole zip archive"),
    "without its end": (lambda data: data[:-1], "no whole zip archive"),
    "a bit flipped": (lambda data: data[:900] + bytes([data[900] ^ 1]) + data[901:], "whole|damaged"),
    "tampered": (changed(TIMED_RECORD, lambda data: data.replace(b"1", b"2")), "not as its checksum says"),
    "a part more": (added("more.txt"), "'more.txt', which is not as its checksum says"),
    "a part less": (
        lambda data: zipped({name: part for name, part in unpack(data).items() if name != TIMED_RECORD}),
        f"it lacks '{TIMED_RECORD}'",
    ),
    "no checksums": (lambda data: zipped({HEAD: unpack(data)[HEAD]}), f"holds no {SUMS}"),
    "foreign": (lambda data: zipped({"setup.py": b"import os"}), f"holds no {SUMS}"),
    "foreign, with sums": (lambda data: pack({"setup.py": b"import os"}), f"holds no {HEAD}"),
    "newer": (head(schema=SCHEMA + 1), f"its schema is {SCHEMA + 1}, and this witness reads {SCHEMA}: update it"),
    "no schema": (head(schema="x"), "its schema is 'x'"),
    "no pages": (head(pages={}), "no page in it"),
    "no device": (head(device={}), "cannot be read"),
    "half a device": (head(device={"count": "8"}), "cannot be read"),
    "a page elsewhere": (head(pages={"../../x": {"plan": "", "cells": []}}), "no page's name"),
    "an absolute page": (head(pages={"/etc/x": {"plan": "", "cells": []}}), "no page's name"),
    "no JSON": (changed(HEAD, lambda data: b"{", resum=True), "cannot be read"),
    "no samples": (timing(samples=[]), "cannot be read"),
    "samples that are none": (timing(samples=[None]), "cannot be read"),
    "a sample without end": (timing(samples=[1.0, float("inf")]), "a timing of part/timed is none"),
    "no statement": (timing(statement=["<script>"]), "in the record of part/timed, `timings\\[0\\].statement` is"),
    "no such kind": (timing(kind="<script>"), "in the record of part/timed, `timings\\[0\\].kind` is"),
    "conditions that are none": (
        timing(conditions=[1]),
        "in the record of part/timed, `timings\\[0\\].conditions\\[0\\]` is",
    ),
    "no date": (page_record(executed=None), "in the record of part/timed, `executed` is None"),
    "another record": (changed(TIMED_RECORD, lambda data: b"[]", resum=True), "cannot be read"),
    "path traversal": (added("../outside"), r"'../outside', which is no part's name"),
    "an absolute path": (added("/outside"), "'/outside', which is no part's name"),
    "a path of Windows": (added("C:/outside"), "'C:/outside', which is no part's name"),
    "a link": (linked, "'link', which is no part's name"),
    "twice": (twice, f"'{HEAD}' twice"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_bundle_is_refused_in_a_line_that_names_it(path: Path, tmp_path: Path, name: str) -> None:
    change, why = WRONG[name]
    wrong = tmp_path / "wrong.zip"
    wrong.write_bytes(change(path.read_bytes()))
    with pytest.raises(BadBundle, match=why) as raised:
        Bundle.read(wrong).check()
    assert str(raised.value).startswith(f"{wrong}: ")
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == [wrong]


def test_whatever_is_changed_in_a_bundle_it_is_refused_or_whole(path: Path, tmp_path: Path) -> None:
    draw, data, wrong = random.Random(0), path.read_bytes(), tmp_path / "wrong.zip"
    refused = 0
    for _ in range(300):
        spoilt = bytearray(data)
        for _ in range(draw.randrange(1, 4)):
            spoilt[draw.randrange(len(data))] = draw.randrange(256)
        wrong.write_bytes(spoilt[: draw.choice([len(data), draw.randrange(len(data))])])
        try:
            assert Bundle.read(wrong).check().to_bytes() == data
        except BadBundle:
            refused += 1
    assert refused > 200


def test_what_would_unpack_to_too_much_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("witness.bundle.archive.LARGEST", 1000)
    with pytest.raises(BadBundle, match="unpack to more than"):
        Bundle.read(path)


def test_a_bundle_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match=r"gone\.zip: No such file"):
        Bundle.read(tmp_path / "gone.zip")


def test_a_rewritten_bundle_is_one(path: Path, tmp_path: Path) -> None:
    bundle = Bundle.read(path)
    rewritten(bundle, tmp_path / "other.zip", device=replace(bundle.device, platform="gpu", kind="NVIDIA H100"))
    assert Bundle.read(tmp_path / "other.zip").check().device.label.startswith("8 × NVIDIA H100, JAX ")


# ---------------------------------------------------------------------------------------------------------------------
# Keys


def keys(*sources: str, capture: str = "c", **more: object) -> list[str]:
    cells = [Cell(number, number, source) for number, source in enumerate(sources, 1)]
    return list(cell_keys(replace(Plan("p", "p.md", "python3", cells), **more), capture))  # type: ignore[arg-type]


def test_a_change_changes_the_keys_of_its_cell_and_of_all_below() -> None:
    before, after = keys("a", "b", "c"), keys("a", "B", "c")
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, False, False]


@pytest.mark.parametrize(
    "change",
    [{"capture": "d"}, {"needs": ["x"]}, {"inputs": {"x": "1"}}, {"environment": ["X"]}, {"kernel": "other"}],
    ids=str,
)
def test_what_the_page_depends_on_changes_every_key(change: dict[str, object]) -> None:
    assert not set(keys("a", "b")) & set(keys("a", "b", **change))  # type: ignore[arg-type]


def test_lines_and_prose_change_no_key() -> None:
    moved = [Cell(number, 50 * number, source) for number, source in enumerate(("a", "b"), 1)]
    assert list(cell_keys(Plan("p", "p.md", "python3", moved), "c")) == keys("a", "b")
