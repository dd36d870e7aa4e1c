"""The docutils nodes of what an execution left behind: they know no Sphinx environment."""
