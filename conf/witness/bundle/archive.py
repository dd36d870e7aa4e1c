"""A bundle's file: a zip archive with a checksum of each part, the same bytes for the same parts.

Nothing of one is ever written to a disk: it is read into memory, within limits.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator, Mapping

SUMS = "SHA256SUMS"
"""The part with the checksums of all others, as ``sha256sum --check`` reads them."""

EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every part: when a bundle was written is nothing that it says."""

LARGEST = 256 * 2**20
"""Bytes beyond which a bundle is not read, packed parts unpacked."""

SYMLINK, KINDS = 0o120000, 0o170000
"""How a Unix mode, in the upper half of a part's attributes, tells a link."""


class BadBundle(Exception):
    """A file that is no bundle, or no whole one: what is wrong, and what to do."""


def pack(parts: Mapping[str, bytes]) -> bytes:
    """Return the bytes of an archive of some parts."""
    sums = "".join(f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(parts.items()))
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as archive:
        for name, data in sorted({**parts, SUMS: sums.encode()}.items()):
            part = zipfile.ZipInfo(name, EPOCH)
            part.compress_type, part.create_system, part.external_attr = zipfile.ZIP_DEFLATED, 3, 0o100644 << 16
            archive.writestr(part, data, compresslevel=9)
    return written.getvalue()


def unpack(data: bytes) -> dict[str, bytes]:
    """Return the parts of an archive, each as its checksum says. Raises BadBundle."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = dict(_parts(archive))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        why = str(error) or type(error).__name__
        raise BadBundle(f"it is no whole zip archive ({why}); fetch it again from where it was made") from error
    _check(parts)
    return parts


def _parts(archive: zipfile.ZipFile) -> Iterator[tuple[str, bytes]]:
    found = archive.infolist()
    names = [part.filename for part in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadBundle(f"it holds {twice[0]!r} twice; no `witness record` writes such a file")
    if sum(part.file_size for part in found) > LARGEST:
        raise BadBundle(f"it would unpack to more than {LARGEST // 2**20} MB; no `witness record` writes such a file")
    for part in found:
        mode = part.external_attr >> 16
        if not safe(part.filename) or mode & KINDS == SYMLINK:
            raise BadBundle(
                f"it holds {part.filename!r}, which is no part's name; no `witness record` writes such a file"
            )
        with archive.open(part) as opened:
            yield part.filename, opened.read(part.file_size)


def safe(name: str) -> bool:
    """Return whether a name, of a part or of a page, leads nowhere but below where it stands."""
    steps = name.split("/")
    return not any(sign in name for sign in "\\:\0") and not {"", ".", ".."} & set(steps)


def _check(parts: Mapping[str, bytes]) -> None:
    """Raise BadBundle unless all parts, and no others, are what the checksums say."""
    try:
        lines = parts[SUMS].decode("ascii").splitlines()
        wanted = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    except KeyError as error:
        raise BadBundle(f"it holds no {SUMS}: `witness record` did not make it") from error
    except UnicodeDecodeError as error:
        raise BadBundle(f"its {SUMS} cannot be read; fetch it again from where it was made") from error
    there = {name: hashlib.sha256(data).hexdigest() for name, data in parts.items() if name != SUMS}
    wrong = sorted(name for name in there.keys() | wanted.keys() if there.get(name) != wanted.get(name))
    if wrong:
        name = wrong[0]
        what = f"lacks {name!r}" if name not in there else f"holds {name!r}, which is not as its checksum says"
        raise BadBundle(f"it was damaged or changed: it {what}; fetch it again from where it was made")
