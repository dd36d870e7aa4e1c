"""A page to take along: its notebook, its script and their Markdown."""
