"""``witness``: a MyST-NB site whose pages are executed once, honestly, and published only with their evidence.

Add ``"witness"`` to ``extensions`` in ``conf.py``: first, and JAX looks for its devices while the others are imported.
``python -m witness --help`` runs pages without Sphinx. ``%load_ext witness`` shows in any notebook what builds capture,
and ``%lens f(x)`` what a function becomes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def setup(app: Sphinx) -> dict[str, Any]:
    """Set the Sphinx extension up."""
    from witness import sphinx  # a machine that only runs pages has no Sphinx

    return sphinx.setup(app)


def load_ipython_extension(shell: Any) -> None:
    """Load the kernel extension: ``%load_ext witness`` in a notebook."""
    from importlib import import_module  # nothing imports the kernel side; a kernel asks for it by name

    import_module("witness.capture").load(shell)
    import_module("witness.lens.magic").load(shell)
