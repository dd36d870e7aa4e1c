"""What a cell printed is kept as a frontend shows it."""

from __future__ import annotations

from typing import Any

import pytest

from witness.runner.streams import merged, overwritten


def printed(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


SHOWN = {"output_type": "display_data", "data": {"text/plain": "shown"}, "metadata": {}}


def test_pieces_of_one_stream_are_one_and_nothing_moves() -> None:
    outputs = [printed("stdout", "a"), printed("stdout", "b\n"), SHOWN, printed("stdout", "c"), printed("stderr", "d")]
    assert merged([*outputs, printed("stdout", "e")]) == [
        printed("stdout", "ab\n"),
        SHOWN,
        printed("stdout", "c"),
        printed("stderr", "d"),
        printed("stdout", "e"),
    ]


def test_copies_do_not_change_with_what_they_were_made_of() -> None:
    output = {**SHOWN, "data": {"text/plain": "before"}}
    copies = merged([output])
    output["data"] = {"text/plain": "after"}
    assert copies == [{**SHOWN, "data": {"text/plain": "before"}}]


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_character_in_pieces_is_whole_and_what_is_no_text_stays(cut: int) -> None:
    data = "é☃".encode() + b"\xff"
    pieces = [part.decode("utf-8", "surrogateescape") for part in (data[:cut], data[cut:])]
    assert merged(printed("stdout", piece) for piece in pieces) == [printed("stdout", "é☃\udcff")]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("10 %\r100 %\n", "100 %\n"),
        ("a\nb\rc\rd", "a\nd"),
        ("kept\r\nkept\r\r\n", "kept\r\nkept\r\r\n"),
        ("50 %\r", "50 %\r"),
        ("no return\n", "no return\n"),
    ],
)
def test_what_a_carriage_return_overwrote_is_gone(text: str, left: str) -> None:
    assert overwritten(text) == left
