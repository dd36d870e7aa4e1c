"""Live values, from the kernel's answers to what the page asks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from witness.reading.plan import EVAL, PREDICT, Live
from witness.reading.prediction import same
from witness.records.page_record import FAILED, LiveValue, Problem
from witness.records.values import NoLiveValue, text
from witness.runner.expressions import loads, scalar
from witness.runner.problems import first_line

NO_ANSWER = {"status": "error", "ename": "no answer", "evalue": "the kernel evaluates no expressions"}
"""What stands for the answer of a kernel that is no Python."""


def questions(wanted: Sequence[Live]) -> dict[str, str]:
    """Return the expressions to evaluate, by the position of what wants them."""
    return {
        str(i): live.expression if live.format == EVAL else scalar(live.expression) for i, live in enumerate(wanted)
    }


def values(wanted: Sequence[Live], answers: Mapping[str, Any]) -> Iterator[LiveValue | Problem]:
    """Yield each value, or why there is none."""
    for i, live in enumerate(wanted):
        try:
            value = _value(live, answers.get(str(i), NO_ANSWER))
            yield value
            if problem := _mispredicted(live, value):
                yield problem
        except NoLiveValue as error:
            role = PREDICT if live.format.startswith(PREDICT) else "{live}"
            expected = f"a value for {role}`{live.expression}`"
            yield Problem("live-value", live.line, None, expected, str(error))


def _value(live: Live, answer: dict[str, Any]) -> LiveValue:
    why = f"{answer['ename']}: {first_line(answer['evalue'])}" if answer["status"] == "error" else ""
    if why and live.format == EVAL:  # what the page asks for is known for certain only when it is read
        return LiveValue(live.expression, EVAL, live.line, "", live.after, FAILED, metadata={FAILED: why})
    if why:
        raise NoLiveValue(why)
    if live.format == EVAL:
        shown = {"data": answer["data"], "metadata": answer.get("metadata", {})}
        return LiveValue(live.expression, EVAL, live.line, "", live.after, measured=live.measured, **shown)
    if (found := loads(answer)) is None:
        raise NoLiveValue("nothing that can be read: the page has changed how IPython displays")
    kind, value = found
    said = text(value, kind, live.format.removeprefix(PREDICT))
    kind = "truth" if isinstance(value, bool) else "text" if isinstance(value, str) else "number"
    return LiveValue(
        live.expression,
        live.format,
        live.line,
        said,
        live.after,
        kind,
        number=value if kind == "number" else None,
        measured=live.measured,
    )


def _mispredicted(live: Live, value: LiveValue) -> Problem | None:
    """Return what is wrong with a question's choices, the answer being known."""
    if not live.right or same(live.right, value.text):
        return None
    other = next((key for key in live.wrong if same(key, value.text)), None)
    if {live.right, *live.wrong} == {"True", "False"}:
        expected = f"`{live.expression}` to be {live.right}, for its choice is marked as "
        expected += "right" if live.right == "True" else "wrong"
        return Problem("prediction", live.line, None, expected, value.text)
    said = "which no choice says" if other is None else f"as the choice `{other}` says, which is marked as wrong"
    expected = f"`{live.right}`, as the choice says that is marked as right, for `{live.expression}`"
    return Problem("prediction", live.line, None, expected, f"{value.text}, {said}")
