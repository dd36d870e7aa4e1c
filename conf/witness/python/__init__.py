"""A cell's Python: parsed once, and what its code tells of clocks, of calls of JAX and of what differs between runs."""
