"""What the transcript of a cell says of JAX's work: each change of a type is told, in few lines."""

from __future__ import annotations

from typing import Any

import pytest

from witness.check.transcript import COUNTED, Part, transcripts
from witness.records.codec import encode
from witness.records.compilation import Compilation, CompiledProgram
from witness.records.page_record import CellRecord, PageRecord
from witness.records.signature import Signature
from witness.records.timing import Timing

F32, F16, WEAK = "float32[8]", "float16[8]", "~float32[]"
TIMED = Timing("f(x)", 1, [1.0] * 12, [], "execution", "narrow")


def parts(*programs: CompiledProgram, dtypes: tuple[str, ...] = (), timed: bool = False) -> list[Part]:
    captured: dict[str, Any] = {"work": encode(Compilation([*programs], CompiledProgram(""), dtypes=[*dtypes]))}
    cell = CellRecord(1, 1, "f(x)", 0.1, 1, [], captured={**captured, "timings": encode([TIMED] * timed)})
    record = PageRecord("x", "key", {}, "2026-01-01", 1.0, [cell], [])
    return [part for part in transcripts(record)[1].parts if part.kind.startswith("jax ")]


def f(*types: Signature, traced: int = 1, failed: int = 0) -> CompiledProgram:
    return CompiledProgram("f", [0.1] * traced, [0.1] * failed, compiled=[0.2] * traced, types=[*types])


def of(*arguments: str, result: str | None = F32, traced: int = 1) -> Signature:
    return Signature(arguments, None if result is None else (result,), traced)


@pytest.mark.parametrize(
    ("programs", "text"),
    [
        ([f(of(F32))], "traced 1, compiled 1\nfloat32[8] → float32[8]"),
        ([f(of(F32, traced=3), traced=3)], "traced 3, compiled 3\nfloat32[8] → float32[8]"),
        (
            [f(of(F32, traced=2), of(F32, WEAK), traced=3)],
            "traced 3, compiled 3\nfloat32[8] → float32[8] (2 times)\nfloat32[8], ~float32[] → float32[8]",
        ),
        ([f(of(WEAK, result=None), traced=0, failed=1)], "failed while traced 1\n~float32[] → (error)"),
        ([f(of(F32)), f(of(WEAK), of(F32), traced=2)],  # two functions of one name
         "traced 3, compiled 3\nfloat32[8] → float32[8] (2 times)\n~float32[] → float32[8]"),
        ([f()], "traced 1, compiled 1"),
    ],
)  # fmt: skip
def test_below_the_counts_is_a_line_for_each_signature(programs: list[CompiledProgram], text: str) -> None:
    assert parts(*programs) == [Part("jax f", text, parts(*programs)[0].loose)]


def test_what_was_only_asked_for_is_no_evidence() -> None:
    assert parts(CompiledProgram("f", found=1, types=[of(F32, traced=0)])) == []


def test_the_dtypes_of_own_programs_are_a_piece_of_their_own() -> None:
    assert parts(dtypes=("bool", "float32")) == [Part("jax (its own)", "bool, float32")]
    assert not parts(dtypes=("bool",))[0].allows(parts(dtypes=("bool", "int32"))[0])


def test_in_a_timed_cell_the_counts_are_loose_and_the_types_are_not() -> None:
    (usual,) = parts(f(of(F32, traced=2), of(WEAK), traced=3), timed=True)
    (often,) = parts(f(of(F32, traced=9), of(WEAK, traced=9), traced=18), timed=True)
    (other,) = parts(f(of(F16, traced=2), of(WEAK), traced=3), timed=True)
    assert usual.text == f"{COUNTED}\nfloat32[8] → float32[8]\n~float32[] → float32[8]"
    assert usual.allows(often)
    assert not usual.allows(other)
    (exact,) = parts(f(of(F32, traced=2), of(WEAK), traced=3))
    assert not exact.allows(often)


def wide(last: str) -> Signature:
    return of(*(f"float32[{n}]" for n in range(39)), last)


def test_a_change_among_what_is_folded_changes_the_digest() -> None:
    (one,), (same,), (other,) = (parts(f(wide(last))) for last in (F32, F32, F16))
    assert len(one.text.split("\n")) == 2
    assert len(one.text) < 150
    assert "… 34 more → float32[8] [" in one.text
    assert one.allows(same)
    assert not one.allows(other)


def many(last: str, traced: int = 1) -> CompiledProgram:
    return f(*(of(f"float32[{n}]") for n in range(20)), of(last, traced=traced), traced=20 + traced)


@pytest.mark.parametrize("timed", [False, True])
def test_a_change_among_many_signatures_changes_the_digest(timed: bool) -> None:
    one, same, other = (parts(many(last), timed=timed)[0] for last in (WEAK, WEAK, F16))
    assert len(one.text.split("\n")) == 1 + 6 + 1
    assert "\n… 15 more [" in one.text
    assert one.allows(same)
    assert not one.allows(other)
    assert one.allows(parts(many(WEAK, 3), timed=timed)[0]) == timed
