"""Sphinx settings of *Jit with JAX*."""

project = "Jit with JAX"
author = "The Jit with JAX authors"
copyright = "The Jit with JAX authors. Text CC BY 4.0, code Apache-2.0"  # noqa: A001 (the name Sphinx asks for)
language = "en"

extensions = ["witness", "myst_nb", "sphinx_copybutton", "sphinx_design", "sphinx_exercise"]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
nitpicky = True

witness_strict = True
witness_records = "../.build/records"

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"  # by the runner; MyST-NB itself never executes
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_number_source_lines = False

html_theme = "sphinx_book_theme"
html_title = "Jit with JAX"
html_static_path = ["theme/static"]
templates_path = ["theme/templates"]
html_css_files = ["book.css", "icons.css"]
html_js_files = ["book.js"]
html_copy_source = False
html_show_sourcelink = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navbar_persistent": [],
    "pygments_light_style": "github-light",
    "pygments_dark_style": "github-dark",
    "show_toc_level": 2,
}
html_math_renderer = "mathml"
copybutton_selector = "div.cell_input div.highlight pre"
