"""Drift: the book on several versions of JAX, and what changed between them. ``nox -s drift`` runs it."""
