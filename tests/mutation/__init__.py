"""Mutation: pages with one mistake each, and which of them lint, build and check notice.

A survivor is a weak page, or one of `equivalent.toml`: no mistake, for a reason that stands there. CONTRIBUTING.md says
how to tell them apart. Each mutant is known by the text of its line, before and after, so that pages may grow.
"""
