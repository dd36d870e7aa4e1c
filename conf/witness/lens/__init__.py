"""The lens as HTML: a function's stages side by side, each operation linked to its source and to the other stages.

It is made from a record alone and reads without scripts; ``static`` holds the one script and the one stylesheet of it,
which a site serves and a file of its own contains.
"""
