"""While a site is built Python looks for garbage less often, and no longer afterwards."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.building import THEIRS, Site

BUILD = """
import gc
from sphinx.application import Sphinx

folders = [{folder!r} + name for name in ("/docs", "/conf", "/html", "/doctrees")]
{before}
app = Sphinx(*folders, "html", status=None)
print(gc.get_threshold()[0], gc.isenabled())
app.build()
print(gc.get_threshold()[0], gc.isenabled())
"""


@pytest.mark.parametrize(
    ("before", "during", "after"),
    [
        ("gc.set_threshold(700, 10, 10)", "20000 True", "700 True"),
        ("gc.set_threshold(50000, 10, 10)", "50000 True", "50000 True"),
        ("gc.set_threshold(0)", "0 True", "0 True"),
        ("gc.set_threshold(700, 10, 10); gc.disable()", "700 False", "700 False"),
    ],
)
def test_a_build_collects_seldom_unless_somebody_chose(before: str, during: str, after: str, tmp_path: Path) -> None:
    Site.at(tmp_path, {}, THEIRS)
    code = BUILD.format(folder=str(tmp_path), before=before)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.splitlines() == [during, after], done.stderr
