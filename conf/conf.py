"""Sphinx settings of *Jit with JAX*.

Where the book is published, its source, and its versions come from the variables ``BOOK_URL``, ``BOOK_REPOSITORY`` and
``BOOK_VERSIONS``, which the workflow sets; without them, a page has all but the links that need an address.
"""

import os
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

from theme import references

URL = os.environ.get("BOOK_URL", "")
REPOSITORY = os.environ.get("BOOK_REPOSITORY", "")

project = "Jit with JAX"
version = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text())["project"]["version"]
author = "The Jit with JAX authors"
copyright = "The Jit with JAX authors. Text CC BY 4.0, code Apache-2.0"  # noqa: A001 (the name Sphinx asks for)
language = "en"

extensions = ["witness", "myst_nb", "sphinx.ext.intersphinx", "sphinx_design", "sphinx_exercise", "theme"]
extensions += ["notfound.extension", "sphinxext.rediraffe", *(["sphinx_sitemap"] if URL else [])]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]
nitpicky = True

witness_strict = True
witness_build_command = "`nox -s docs`"
witness_records = "../.build/records"

myst_enable_extensions = ["attrs_inline", "colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "force"  # by the runner; MyST-NB itself never executes
nb_number_source_lines = False

html_theme = "book"
html_title = "Jit with JAX"
html_baseurl = URL
html_copy_source = False
html_show_sourcelink = False
html_use_index = False
html_permalinks_icon = "#"
html_theme_options = {
    "repository": REPOSITORY,
    "notebooks": os.environ.get("BOOK_NOTEBOOKS", ""),
    "versions": os.environ.get("BOOK_VERSIONS", ""),
}
html_math_renderer = "mathml"

THEME = Path(__file__).parent / "theme"
moved = [line.split() for line in (THEME / "moved.txt").read_text().splitlines()]
rediraffe_redirects = {f"{old}.md": f"{new}.md" for old, new in moved}
rediraffe_template = str(THEME / "book" / "moved.html")
notfound_template = "404.html"
notfound_urls_prefix = urlsplit(URL).path.rstrip("/") + "/"
sitemap_url_scheme = "{link}"
sitemap_excludes = ["404.html", "search.html"]

intersphinx_mapping = {name: (address, str(references.file(name))) for name, address in references.ADDRESSES.items()}

epub_basename = "jit-with-jax"
epub_title = html_title
epub_css_files = ["ebook.css"]
epub_show_urls = "no"
epub_cover = ("_images/cover.png", "epub-cover.html")
epub_tocdup = False
epub_uid = "book"
epub_identifier = URL or f"urn:book:jit-with-jax:{version}"
epub_contributor = author
