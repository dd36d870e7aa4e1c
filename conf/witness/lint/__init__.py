"""The page lint. What reads a plan needs none of it: `linter` takes MyST-NB, and this package does not."""
