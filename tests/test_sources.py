"""What changes among the sources while pages run is seen, and only pages that ran at that time are asked about it."""

from __future__ import annotations

import os
from pathlib import Path

from witness.runner.source_guard import SourceGuard


def test_each_kind_of_change_is_seen(tmp_path: Path) -> None:
    (tmp_path / "part").mkdir()
    for name in ("kept.md", "edited.md", "part/gone.md"):
        (tmp_path / name).write_text(name)
    sources = SourceGuard(tmp_path)
    moment = sources.now()
    assert sources.changes(moment) == []
    (tmp_path / "edited.md").write_text("longer than before")
    (tmp_path / "part/gone.md").unlink()
    (tmp_path / "new").mkdir()
    (tmp_path / "new/made.txt").write_text("made")
    assert sources.changes(moment) == ["edited.md", "new", "new/made.txt", "part/gone.md"]


def test_a_change_of_equal_length_is_seen(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("one")
    os.utime(tmp_path / "page.md", ns=(0, 0))
    sources = SourceGuard(tmp_path)
    (tmp_path / "page.md").write_text("two")
    assert sources.changes(0) == ["page.md"]


def test_who_began_later_is_not_asked(tmp_path: Path) -> None:
    sources = SourceGuard(tmp_path)
    early = sources.now()
    (tmp_path / "dropped.txt").write_text("")
    assert sources.changes(early) == ["dropped.txt"]
    late = sources.now()
    assert sources.changes(late) == []
    assert sources.changes(early) == ["dropped.txt"]


def test_what_editors_and_python_leave_is_no_change(tmp_path: Path) -> None:
    sources = SourceGuard(tmp_path)
    for name in (".hidden", "page.md~", ".page.md.swp", "page.swp"):
        (tmp_path / name).write_text("")
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__/module.pyc").write_text("")
    assert sources.changes(0) == []


def test_without_a_folder_nothing_changes() -> None:
    sources = SourceGuard(None)
    assert sources.changes(sources.now()) == []


def test_a_link_that_leads_upwards_is_not_walked(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    assert SourceGuard(tmp_path).changes(0) == []
