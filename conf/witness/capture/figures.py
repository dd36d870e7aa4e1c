# Run silently before the first cell of a strict page: figures are SVG, the same bytes at every run.
def _witness_figures() -> None:
    from typing import Any

    from IPython.core.getipython import get_ipython

    shell: Any = get_ipython()
    shell.config.InlineBackend.figure_formats = {"svg"}
    shell.config.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Date": None}}


_witness_figures()
del _witness_figures
