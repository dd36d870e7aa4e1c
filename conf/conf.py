"""Sphinx settings of *Jit with JAX*."""

project = "Jit with JAX"
author = "The Jit with JAX authors"
copyright = "The Jit with JAX authors. Text CC BY 4.0, code Apache-2.0"  # noqa: A001 (the name Sphinx asks for)
language = "en"

extensions = ["myst_nb", "sphinx_copybutton", "sphinx_design", "sphinx_exercise", "witness"]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
nitpicky = True

witness_strict = True
witness_records = "../.build/records"

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"  # by the runner; MyST-NB itself never executes
nb_number_source_lines = False

html_theme = "sphinx_book_theme"
html_title = "Jit with JAX"
html_static_path = ["theme"]
html_css_files = ["book.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
}
html_math_renderer = "mathml"
copybutton_exclude = ".linenos, .gp, .go"
