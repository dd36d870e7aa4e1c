"""One version of the book for each release of JAX: links to the same page in the others."""

from __future__ import annotations

from urllib.parse import urljoin

Version = tuple[str, str, bool]
"""What a version is called, the address of a page in it, and whether it is this one."""


def versions(told: str, base: str, page: str) -> list[Version]:
    """Return the versions that ``told`` names, newest first: names and addresses, alternating.

    >>> versions("JAX-0.12=https://a.example/ JAX-0.10=https://a.example/0.10/", "https://a.example/0.10", "b/c.html")
    [('JAX 0.12', 'https://a.example/b/c.html', False), ('JAX 0.10', 'https://a.example/0.10/b/c.html', True)]
    >>> versions("", "", "b/c.html")
    []
    """
    found = []
    for part in told.split():
        name, _, address = part.partition("=")
        address = address.rstrip("/") + "/"
        found.append((name.replace("-", " "), urljoin(address, page), address == base.rstrip("/") + "/"))
    return found
