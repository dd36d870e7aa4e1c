"""Pages begin while their kernels fit into memory."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.building import CONF, Site, page
from witness.runner.capacity import SMALLEST, Capacity
from witness.runner.environment import Environment


def environment_of(platform: str) -> Environment:
    return Environment("3.11", "Linux", "1", "1", "2", {}, platform, platform, 1, {}, "")


CPU = environment_of("cpu")


async def at_once(
    memory: int, sizes: list[int], environment: Environment = CPU, common: int = 0, looks: list[bool] | None = None
) -> tuple[int, int]:
    """Return how many pages of these sizes were under way together at most, and the most that they took.

    Each has ``common`` bytes besides, which it shares; ``looks`` receives each look at the memory.
    """
    live: dict[int, int] = {}
    most: list[tuple[int, int]] = []

    def used(*, shared: bool) -> int:
        if looks is not None:
            looks.append(shared)
        return sum(live.values()) + shared * common * len(live)

    capacity = Capacity(environment, memory, used)

    async def one(number: int, size: int) -> None:
        async with capacity.page():
            live[number] = size
            most.append((len(live), sum(live.values())))
            for _ in range(20):
                await asyncio.sleep(0)
            del live[number]

    async with asyncio.TaskGroup() as group:
        for number, size in enumerate(sizes):
            group.create_task(one(number, size))
    assert len(most) == len(sizes)
    return max(count for count, _ in most), max(total for _, total in most)


@pytest.mark.parametrize(("room", "together"), [(0.5, 1), (1, 1), (2, 2), (3.5, 3)])
def test_as_many_pages_begin_as_fit(room: float, together: int) -> None:
    assert asyncio.run(at_once(int(room * SMALLEST), [SMALLEST] * 9)) == (together, together * SMALLEST)


@pytest.mark.parametrize("common", [1, SMALLEST, 20 * SMALLEST])
def test_what_pages_share_leaves_no_less_room_for_them(common: int) -> None:
    room, pages = int(3.5 * SMALLEST), [SMALLEST] * 9
    assert asyncio.run(at_once(room, pages, common=common)) == asyncio.run(at_once(room, pages)) == (3, 3 * SMALLEST)


def test_where_there_is_plenty_nobody_looks_closer() -> None:
    looks: list[bool] = []
    asyncio.run(at_once(100 * SMALLEST, [SMALLEST] * 9, common=SMALLEST, looks=looks))
    assert looks
    assert all(looks)


def test_pages_that_turn_out_large_leave_less_room_for_others() -> None:
    count, total = asyncio.run(at_once(10 * SMALLEST, [4 * SMALLEST] * 9))
    assert (count, total) == (2, 8 * SMALLEST)


def test_a_page_that_is_larger_than_all_memory_runs_alone() -> None:
    assert asyncio.run(at_once(SMALLEST, [9 * SMALLEST] * 3)) == (1, 9 * SMALLEST)


def test_an_accelerator_is_held_by_one_page() -> None:
    environment = environment_of("gpu")
    assert asyncio.run(at_once(100 * SMALLEST, [1] * 3, environment))[0] == 1


LOGS = """import os
with open("order.txt", "a") as file:
    print({word!r}, os.getpid(), file=file)"""


def test_a_site_says_how_much_memory_its_kernels_may_take(tmp_path: Path) -> None:
    cells = [LOGS.format(word=word) for word in ("first", "last")]
    conf = CONF.replace("strict = True", "strict = False") + "witness_memory = 1\n"
    site = Site.at(tmp_path, {f"p{number}": page(*cells) for number in range(4)}, conf)
    site.right()
    lines = [line.split() for line in (tmp_path / "docs" / "order.txt").read_text().splitlines()]
    assert [word for word, _ in lines] == ["first", "last"] * 4
    assert [pid for _, pid in lines[::2]] == [pid for _, pid in lines[1::2]]


def test_less_than_no_memory_is_refused(tmp_path: Path) -> None:
    done = Site.at(tmp_path, {"p": page("1")}, CONF + "witness_memory = -1\n").build()
    assert done.returncode == 2
    assert "witness_memory is -1; expected a number of MB, or 0 for half of what is free" in done.stderr
