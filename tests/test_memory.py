"""The memory of devices under a cell: counted where the device counts it, shown where the page speaks of it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from docutils import nodes

from tests.building import CONF, ROOT, Site, page
from witness.capture.device_memory import Memory
from witness.nodes.compilation import strips
from witness.nodes.spoken import MEMORY, speaks_of
from witness.records import kinds
from witness.records.codec import decode, encode
from witness.records.memory import DeviceMemory, line
from witness.records.page_record import CellRecord
from witness.records.store import Store

MB = 1 << 20


class Device:
    """A device that counts."""

    def __init__(self, number: int = 0, **stats: int) -> None:
        self.number = number
        self.stats: dict[str, int] | None = stats or None

    def __str__(self) -> str:
        return f"cuda:{self.number}"

    def memory_stats(self) -> dict[str, int] | None:
        return self.stats


class Gone(Device):
    def memory_stats(self) -> dict[str, int] | None:
        raise RuntimeError("INTERNAL: the device is gone")


def seen(memory: Memory, device: Device, **after: int) -> Any:
    """Return what is told of a cell that leaves a device with other numbers."""
    memory.before()
    device.stats = {**(device.stats or {}), **after}
    return memory.after(None)


def test_a_cell_that_leaves_more_or_less_tells_how_much() -> None:
    device = Device(bytes_in_use=4 * MB, peak_bytes_in_use=5 * MB, bytes_limit=100 * MB)
    memory = Memory(lambda: [device])
    assert seen(memory, device) is None
    told = seen(memory, device, bytes_in_use=12 * MB, peak_bytes_in_use=64 * MB)
    assert decode(list[DeviceMemory], told) == [DeviceMemory("cuda:0", 12 * MB, 4 * MB, 64 * MB)]
    assert memory.text(told) == "Device memory: 12 MiB in use, 8.0 MiB more than before; at most 64 MiB so far"
    told = seen(memory, device, bytes_in_use=MB)
    assert memory.text(told) == "Device memory: 1.0 MiB in use, 11 MiB less than before; at most 64 MiB so far"
    told = seen(memory, device, peak_bytes_in_use=80 * MB)
    assert memory.text(told) == "Device memory: 1.0 MiB in use, as much as before; at most 80 MiB so far"


def test_a_device_that_keeps_no_peak_has_none() -> None:
    device = Device(bytes_in_use=0, peak_bytes_in_use=-1)
    memory = Memory(lambda: [device])
    told = seen(memory, device, bytes_in_use=100)
    assert memory.text(told) == "Device memory: 100 bytes in use, 100 bytes more than before"


def test_devices_that_come_with_the_cell_were_not_counted_before() -> None:
    devices: list[Device] = []
    memory = Memory(lambda: devices)
    memory.before()
    devices += [Device(0, bytes_in_use=MB, peak_bytes_in_use=2 * MB), Device(1, bytes_in_use=3 * MB)]
    assert (
        memory.text(memory.after(None)) == "Memory of 2 devices: 4.0 MiB in use; at most 2.0 MiB so far on one of them"
    )


@pytest.mark.parametrize(
    "devices", [[], [Device()], [Gone()], [Gone(0), Device(1, bytes_in_use=3)], [Device(bytes_in_use=-1)]]
)
def test_a_device_that_does_not_count_says_nothing(devices: list[Device]) -> None:
    memory = Memory(lambda: devices)
    for _ in range(2):
        memory.before()
        assert memory.after(None) is None


QUIET = """
import os, sys
os.environ["JAX_PLATFORMS"] = "cpu"
from IPython.core.interactiveshell import InteractiveShell
from witness.capture.device_memory import Memory
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "witness")
shell.run_cell("1 + 1")
assert "jax" not in sys.modules
shell.run_cell("import jax")
from jax._src import xla_bridge
assert not xla_bridge.backends_are_initialized()
memory = Memory()
memory.before()
assert memory.after(None) is None
assert not xla_bridge.backends_are_initialized()
shell.run_cell("jax.numpy.ones(3)")
assert xla_bridge.backends_are_initialized()
memory.before()
assert memory.after(None) is None
"""


def test_neither_jax_nor_a_backend_is_started_for_it() -> None:
    done = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr


# ---------------------------------------------------------------------------------------------------------------------
# On a page

HELD = [DeviceMemory("cuda:0", 12 * MB, 4 * MB, 64 * MB)]
CELL = CellRecord(1, 1, "1", 0.1, 1, [], captured={kinds.MEMORY.name: encode(HELD)})
WORK = {"programs": [{"name": "f", "traced": [0.1]}], "own": {"name": ""}}


def test_a_strip_says_it_where_the_page_speaks_of_memory() -> None:
    (strip,) = strips(CELL, [])
    assert strip["summary"] == line(HELD)
    assert strips(CELL, [], memory=False) == []


def test_several_devices_are_told_apart() -> None:
    held = [*HELD, DeviceMemory("cuda:1", 2 * MB, 2 * MB, None)]
    (strip,) = strips(replace(CELL, captured={kinds.MEMORY.name: encode(held)}), [])
    assert strip["summary"] == (
        "Memory of 2 devices: 14 MiB in use, 8.0 MiB more than before; at most 64 MiB so far on one of them"
    )
    first, second = (it.astext() for it in strip.findall(nodes.list_item))
    assert first == "cuda:0: 12 MiB in use, 8.0 MiB more than before; at most 64 MiB so far."
    assert second == "cuda:1: 2.0 MiB in use, as much as before."


def test_elsewhere_it_is_among_the_details_of_what_jax_did() -> None:
    cell = replace(CELL, captured={**CELL.captured, kinds.COMPILATION.name: WORK})
    (strip,) = strips(cell, [], memory=False)
    assert strip["summary"].startswith("JAX: ")
    assert line(HELD) in strip.astext()
    work, memory = strips(cell, [])
    assert line(HELD) not in work.astext()
    assert memory["summary"] == line(HELD)


@pytest.mark.parametrize(
    ("prose", "spoken"),
    [
        ("The buffer is donated.", True),
        ("It allocates 3 bytes.", True),
        ("I remember.", False),
        ("Compiled again.", False),
    ],
)
def test_prose_speaks_of_memory(prose: str, spoken: bool) -> None:
    cell = nodes.container("", nb_element="cell_code")
    nodes.section("", nodes.paragraph("", prose), cell)
    assert speaks_of(MEMORY, cell) is spoken


def test_a_record_from_such_a_device_is_rendered(tmp_path: Any) -> None:
    """The page's record is one that a device made which counts; nothing runs again."""
    site = Site.at(tmp_path, {"page": page("1 + 1")}, CONF)
    site.right("-W")
    assert "Device memory" not in (site.html("page") or "")
    (path,) = (tmp_path / "records").glob("*/page.json")
    store = Store(path.parent)
    record, stamp = store.read("page"), store.stamp("page")
    assert record
    assert stamp
    cell = replace(record.cells[0], captured={**record.cells[0].captured, **CELL.captured})
    store.rewrite(replace(record, cells=[cell]), stamp)
    (tmp_path / "docs/page.md").write_text((tmp_path / "docs/page.md").read_text() + "\nWhat is left in memory.\n")
    done = site.right("-W")
    assert site.ran(done) == []
    assert f"<summary>{line(HELD)}</summary>" in (site.html("page") or "")
    assert json.loads(path.read_text())["cells"][0]["captured"][kinds.MEMORY.name]
