"""The rules by which text is normalised before it is compared."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from witness.records.normalise import RULES, normalise

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("rule", "before", "after"),
    [
        ("ends", "a  \n\n", "a"),
        ("addresses", "<f at 0x7f01a2b3c4d5>", "<f at 0x…>"),
        ("cells", "<cell 12>:3: UserWarning", "<cell>:3: UserWarning"),
        ("library-lines", "jax/_src/core.py:812: Warning", "jax/_src/core.py:…: Warning"),
        ("library-lines", 'File "python/json/decoder.py", line 355', 'File "python/json/decoder.py", line …'),
        ("timeit", "1.21 μs ± 3.4 ns per loop (mean ± std. dev. of 7 runs, 1,000,000 loops each)", "…"),
        ("timeit", "1min 2s ± 3 s per loop (mean ± std. dev. of 1 run, 1 loop each)", "…"),
        ("time", "CPU times: user 2.1 ms, sys: 0 ns, total: 2.1 ms", "CPU times: …"),
        ("time", "Wall time: 3.04 s", "Wall time: …"),
        ("log-heads", "W0000 00:00:1732.12 4242 client.cc:88] a", "W… client.cc:…] a"),
        ("log-heads", "2026-01-02 03:04:05.678901: E external/xla/a.cc:12] b", "E… external/xla/a.cc:…] b"),
        (
            "log-noise",
            "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\nour own",
            "our own",
        ),
        (
            "log-noise",
            "E… xla/slow_operation_alarm.cc:…] \n********************\n[Compiling module jit_f] Very slow compile?\n"
            "********************\nour own",
            "our own",
        ),
    ],
)
def test_each_rule_does_what_it_is_named_for(rule: str, before: str, after: str) -> None:
    apply = next(it.apply for it in RULES if it.name == rule)
    assert apply(before) == after
    assert normalise(before) == after
    assert normalise(after) == after


def test_every_rule_is_shown_at_work() -> None:
    marks = test_each_rule_does_what_it_is_named_for.pytestmark  # type: ignore[attr-defined]
    assert {case[0] for case in marks[0].args[1]} == {rule.name for rule in RULES}


@pytest.mark.parametrize(
    "text",
    [
        "0.30000000000000004",
        "1e-07 of 2.5 s",
        "dense<0x7F800000> : tensor<f32>",
        "took 3 ms",
        "{ lambda ; a:f32[8]. let b:f32[8] = sin a in (b,) }",
        "********************",
        "5 of 7",
        "page.py:12",
        "<cell>",
    ],
)
def test_numbers_and_words_stay(text: str) -> None:
    assert normalise(text) == text


def test_contributing_tells_each_rule_in_its_own_words() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    section = text.partition("### Normalisation")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `([\w-]+)` \| (.*) \|$", section, re.MULTILINE) == [
        (rule.name, rule.about) for rule in RULES
    ]
