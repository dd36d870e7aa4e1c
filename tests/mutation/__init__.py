"""Mutation: pages with one mistake each, and which of them lint, build and check notice."""
