"""One honest execution of each page for each environment. Needs neither Sphinx nor the pages' text: it runs plans."""
