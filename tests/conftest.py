"""Kernels that all tests of a process share: what starts them takes seconds."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib
import pytest

from tests.building import Site
from tests.kernels import Page, Pages


def pytest_xdist_auto_num_workers() -> int | None:
    """Return one more than there are processors, for tests wait for builds, kernels and clusters."""
    return None if "PYTEST_XDIST_AUTO_NUM_WORKERS" in os.environ else (os.cpu_count() or 1) + 1


LONGEST = ("test_book.py", "test_strangers.py", "test_dask.py")
"""Files that one process takes minutes for: begun last, they would be waited for by all others."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the longest files go first."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def ordinary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Return what starts kernels as a stock run does."""
    with Pages(tmp_path_factory.mktemp("ordinary"), may_fork=False) as pages:
        yield pages


@pytest.fixture(scope="session")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    """Return what forks kernels, where the system can."""
    with Pages(tmp_path_factory.mktemp("forking"), may_fork=True) as pages:
        yield pages


@pytest.fixture(scope="session")
def forked(forking: Pages) -> Pages:
    """Return what forks kernels; the test is none where the system cannot."""
    if sys.platform != "linux":
        pytest.skip("nothing is forked here")
    return forking


JITTED = """
import time

import jax
import jax.numpy as jnp

x = jnp.ones((50, 50))
f = jax.jit(lambda x: jnp.tanh(x @ x))
"""


@pytest.fixture(scope="module")
def jitted(forking: Pages) -> Iterator[Page]:
    """Return a page that has a jitted function ``f`` and an array ``x`` for it."""
    with forking.watched(JITTED) as page:
        yield page


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Have what is started hear Ctrl-C, also where the tests were started in the background, which does not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(params=["forked", "ordinary"], scope="module")
def pages(request: pytest.FixtureRequest) -> Pages:
    """Return what starts kernels in one way, and in the other."""
    found: Pages = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def neighbour(pages: Pages) -> Iterator[Page]:
    """Return a page that goes on while others come and go."""
    with pages.start() as page:
        yield page


@pytest.fixture(scope="module")
def tree(site: Site) -> Element:
    """Return the one page of a module's site."""
    found: Element = html5lib.parse(site.html("page") or "", namespaceHTMLElements=False)
    return found
