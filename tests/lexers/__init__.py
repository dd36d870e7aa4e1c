"""Cases for the lexers: IR of listed functions, as each JAX prints it, with the tokens it is made of.

``<lexer>/<JAX minor version>/<case>.txt`` is IR, ``<case>.tokens`` its tokens. `tests.lexers.record` writes both.
"""
