"""The checker: what a page did, against the text that it is expected to print. Knows neither Sphinx nor JAX."""
