"""A listing: its own doctests are run elsewhere.

>>> 1 + 1
2
"""

assert len("never") > 4  # no comment states an output
