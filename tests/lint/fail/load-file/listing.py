"""A listing."""
