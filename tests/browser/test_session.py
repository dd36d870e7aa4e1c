"""``nox -s browser`` where something is missing: it says so in a sentence, and fails nothing by it."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.browser import __main__ as session
from tests.browser import chromium


def test_without_a_browser_it_says_what_to_install_and_ends_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "index.html").write_text("<p>A site.</p>", "utf-8")
    tried: list[list[str]] = []

    def ran(command: list[str], **_: Any) -> SimpleNamespace:
        tried.append(command)
        return SimpleNamespace(returncode=1)

    monkeypatch.setattr(session, "launched", lambda _: None)
    monkeypatch.setattr(subprocess, "run", ran)
    assert session.main(tmp_path) == 0
    assert tried[0][-2:] == ["install", "chromium"]
    assert "skipped: no browser here; `apt-get install chromium`" in capsys.readouterr().out


def test_without_a_site_it_says_how_to_build_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert session.main(tmp_path) == 2
    assert "`nox -s docs`" in capsys.readouterr().err


def test_axe_comes_with_the_locks_and_vnu_only_where_java_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Path(chromium.bundled()).is_file()
    monkeypatch.delenv("VNU", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    assert chromium.vnu() == ""
