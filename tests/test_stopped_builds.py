"""What stops a build: a fault until it is mended, and what cannot be done at all, in one line."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.building import CONF, Site, page
from tests.programs import until
from witness.runner.variables import decisive

# What stops a build, and what is mended again


class Mended:
    """A site that is right, then has faults, twice, then is mended."""

    def __init__(self, folder: Path) -> None:
        good = {name: page(f"'{name} is right'") for name in ("good", "fails", "source", "leaks", "tells")}
        site = self.site = Site.at(folder, good)
        self.first = site.build("-W")
        site.page("fails", page("1 / 0"))
        site.page("leaks", page("'leaks is right'", prose=f"A line.\n\nSee {folder}/docs/here."))
        # a character reference hides the path from the scrubber, until the page is rendered without it
        tells = "import sys\nfrom IPython.display import Markdown\nMarkdown(sys.prefix.replace('/', '&#47;'))"
        site.page("tells", page("1 + 1", tells))
        self.faulty = [site.build(), site.build()]
        # by itself, for pages beside it would fail with it
        site.page("source", page(f"open({str(folder / 'docs' / 'dropped.txt')!r}, 'w').close()"))
        self.dropping = site.build()
        self.html = {name: site.html(name) for name in good}
        for name in good:
            site.page(name, page(f"'{name} is right'"))
        (folder / "docs" / "dropped.txt").unlink(missing_ok=True)
        self.mended = site.build("-W")


@pytest.fixture(scope="module")
def mended(tmp_path_factory: pytest.TempPathFactory) -> Mended:
    return Mended(tmp_path_factory.mktemp("mended"))


def test_faults_fail_every_build(mended: Mended) -> None:
    assert mended.first.returncode == 0, mended.first.stderr
    assert [build.returncode for build in mended.faulty] == [1, 1]


def test_a_page_that_failed_is_taken_away_until_it_is_mended(mended: Mended) -> None:
    assert mended.html["fails"] is None
    assert mended.html["source"] is None
    assert "good is right" in (mended.html["good"] or "")
    assert mended.mended.returncode == 0, mended.mended.stderr
    assert "fails is right" in (mended.site.html("fails") or "")
    assert "source is right" in (mended.site.html("source") or "")


def test_a_page_that_writes_into_the_sources_fails_by_the_file_s_name(mended: Mended) -> None:
    assert re.search(r"docs/source\.md:\d+: .*source-changed.*dropped\.txt", mended.dropping.stderr)


def test_a_machine_path_in_the_site_fails_every_build_by_name(mended: Mended) -> None:
    shows = "shows something of this machine:"
    for build in mended.faulty:
        assert f"docs/leaks.md:14: ERROR: leaks.html {shows} {mended.site.folder}\n    next: write" in build.stderr
        assert f"docs/tells.md:13: ERROR: tells.html {shows} {sys.prefix}\n    next: let cell 2" in build.stderr
        assert build.stderr.count(shows) == 2


# What cannot be done at all


def once(log: str, *parts: str) -> None:
    """Assert that a log is one line, which holds these parts."""
    lines = [line for line in log.splitlines() if line.strip()]
    assert len(lines) == 1, log
    for part in parts:
        assert part in lines[0]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Site:
    site = Site.at(tmp_path_factory.mktemp("small"), {"a": page("'a'")})
    (site.folder / "file").write_text("a file\n")
    return site


def test_an_unwritable_place_for_the_site_is_one_line(small: Site) -> None:
    done = small.build(output="file/html")
    assert done.returncode == 2
    once(done.stderr, "file/html", "Not a directory")


def test_an_unwritable_place_for_records_is_one_line(small: Site) -> None:
    done = small.build("-D", "witness_records=../file/records")
    assert done.returncode == 2
    once(done.stderr, "file", "Not a directory")
    done = small.witness("run", "docs", "--records", "file/records")
    assert done.returncode == 2
    once(done.stderr, "file", "Not a directory")


@pytest.mark.parametrize("full", ["html", pytest.param("records", marks=pytest.mark.slow)])
def test_a_full_disk_is_one_line(small: Site, full: str) -> None:
    place = small.folder / "full"
    place.mkdir(exist_ok=True)
    arguments = ["-D", "witness_records=../full/records"] if full == "records" else []
    command = small.command(*arguments, output="full/html" if full == "html" else "html")
    fill = "mount -t tmpfs -o size=64k none full && mkdir full/html full/records && (cat /dev/zero >full/zeros || true)"
    unshare = ["unshare", "-m", "bash", "-c", f'{fill} 2>/dev/null && exec "$@"', "bash"]
    if subprocess.run([*unshare, "true"], cwd=small.folder, capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a small disk: unshare -m")
    done = subprocess.run(
        [*unshare, *command], cwd=small.folder, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 2
    once(done.stderr, "full", "No space left on device")


FILLING = """
import resource

def fill(app, *_):
    resource.setrlimit(resource.RLIMIT_FSIZE, (900, resource.RLIM_INFINITY))

def setup(app):
    app.connect("{event}", fill, priority=999)
"""


@pytest.mark.parametrize("jobs", ["1", pytest.param("2", marks=pytest.mark.slow)])
@pytest.mark.parametrize("event", ["source-read", "env-updated"])
def test_no_room_for_what_sphinx_writes_is_one_line(event: str, jobs: str, tmp_path: Path) -> None:
    pages = {f"p{number}": "# Page\n\n" + "Words and more words.\n\n" * 50 for number in range(6)}
    site = Site.at(tmp_path, pages, CONF + FILLING.format(event=event))
    done = site.build("-j", jobs)
    assert done.returncode == 2, done.stderr
    once(done.stderr, "witness: ", str(tmp_path), "File too large")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_page_that_has_no_room_is_not_published_by_half(jobs: str, tmp_path: Path) -> None:
    pages = {f"p{number}": "# Page\n\n" + "Words and more words.\n\n" * 50 for number in range(6)}
    site = Site.at(tmp_path, pages, CONF + FILLING.format(event="html-page-context"))
    done = site.build("-j", jobs)
    assert done.returncode in (1, 2), done.stderr
    assert "Traceback" not in done.stderr
    assert [name for name in pages if site.html(name) is not None] == []


@pytest.mark.slow
@pytest.mark.parametrize("platforms", ["cuda", "tpux"])
def test_a_device_that_is_not_there_is_no_missing_jax(small: Site, platforms: str) -> None:
    others = {name: value for name, value in os.environ.items() if name not in decisive()}
    done = small.witness("run", "docs", env={**others, "JAX_PLATFORMS": platforms})
    assert done.returncode == 2
    once(
        done.stderr, "is installed", f"with JAX_PLATFORMS={platforms} (it found no device: ", "unset JAX_PLATFORMS, or"
    )
    assert "install it" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("error", [ImportError("no jax here"), RuntimeError("jaxlib is too old\nfor this jax")])
def test_missing_jax_is_one_sentence_that_says_what_to_install(
    small: Site, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, error: Exception
) -> None:
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax" / "__init__.py").write_text(f"raise {error!r}\n")
    paths = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    temporary = tmp_path_factory.mktemp("t")  # short enough for sockets
    env = {**os.environ, "PYTHONPATH": paths, "TMPDIR": str(temporary)}
    good = small.witness("run", "docs")
    assert good.returncode == 0, good.stderr
    done = small.witness("run", "docs", env=env)
    assert done.returncode == 2
    once(done.stderr, "JAX cannot be used", " ".join(str(error).split()), "install it with")
    done = small.build(env=env)
    assert done.returncode == 2
    once(done.stderr, "JAX cannot be used", " ".join(str(error).split()), "install it with")
    until(lambda: [path for path in temporary.iterdir() if not path.name.startswith("sphinx-err")] == [])
