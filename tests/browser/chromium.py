"""The browser that pages are read in, where this machine has one, and the settings of sites made for it."""

from __future__ import annotations

import os
import shutil

import pytest

from tests.building import ROOT

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
AXE = os.environ.get("AXE", "")
"""Where axe.min.js of npm's axe-core lies."""

NEEDED = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")

CONF = f"""
__file__ = {str(ROOT / "conf" / "conf.py")!r}
exec(open({str(ROOT / "conf" / "conf.py")!r}).read())
witness_records = "../records"
rediraffe_redirects = {{}}
"""
