"""Rules on what a page runs on: a version, a device or a path of one machine is wrong on the next."""

from __future__ import annotations

import re
from collections.abc import Iterator

from witness.lint.page import Page
from witness.lint.rule import Finding, Rule
from witness.lint.search import hits, quoted
from witness.lint.vocabulary import DIGITS, NUMBERS

VERSION = re.compile(
    r"\b(?:JAX|jaxlib|XLA|CUDA|cuDNN|NumPy|SciPy|Matplotlib|Sphinx|MyST-NB|IPython|Jupyter|LLVM|Flax|Optax|PyTorch"
    r"|TensorFlow|Ubuntu|Debian|macOS)\s*(?:versions?\s*|release\s*)?[=<>~]*\s*v?\d+(?:\.\d+)*"
    r"|\bPython\s*(?:versions?\s*|release\s*)?[=<>~]*\s*v?\d+\.\d+(?:\.\d+)*"
    r"|\b(?:versions?|releases?)\s+v?\d+(?:\.\d+)*\b"
    r"|(?<![\w.])v\d+\.\d+(?:\.\d+)*\b"
    r"|(?<![\w.])\d+\.\d+\.\d+(?:\.\d+)*(?![\w.]*\d)",
    re.IGNORECASE,
)
DEVICE = re.compile(
    r"\b(?:NVIDIA|GeForce|Radeon|Xeon|EPYC|Ryzen|Threadripper|Snapdragon|Instinct|Quadro)\b"
    r"|\b(?:RTX|GTX)\s?\d+|\b(?:[AHVBP][1-8]00|A10G?|A40|K80|L4|L40S?|T4|G[HB]200|MI\d{3}X?)\b"
    r"|\bApple\s+(?:M\d|silicon)|\bCore\s+i\d|\bIntel\b|\bAMD\b"
    r"|\bTPU\s?v\d\w*|\bTrillium\b|\bTFRT_CPU_\d+|\bCpuDevice|\bCudaDevice|\bTpuDevice|\b(?:cuda|gpu|tpu|rocm):\d"
    rf"|\b(?:{DIGITS}|{NUMBERS})[\s-]+cores?\b"
    r"|\b(?:this|my|our)\s+(?:CPU|GPU|TPU|laptop|desktop|workstation|server)\b"
)
PATH = re.compile(
    r"(?<![\w/:.~-])/(?:home|Users|root|tmp|var|opt|usr|mnt|work|workspace|content|private|data|scratch)/[\w.@+-]+"
    r"|\b[A-Za-z]:\\[\w\\.-]+|(?<![\w/])~/[\w.-]+|\bsite-packages/|\bipykernel_\d+|\b[\w.-]+@[\w.-]+:[~/]"
)


def versions(page: Page) -> Iterator[Finding]:
    """Versions of anything."""
    for found, line, column in hits(page, VERSION):
        if not _is_code(found):
            yield Finding(line, f"the version {quoted(found[0])} is typed by hand", column)


def _is_code(found: re.Match[str]) -> bool:
    """Return whether a version is the whole of a string, as in ``Version("0.11.0")``."""
    return found.string.strip("\"'") == found[0]


def devices(page: Page) -> Iterator[Finding]:
    """Names of devices."""
    for found, line, column in hits(page, DEVICE):
        yield Finding(line, f"the device {quoted(found[0])} is typed by hand", column)


def paths(page: Page) -> Iterator[Finding]:
    """Paths of one machine, anywhere on the page."""
    for number, line in enumerate(page.lines, start=1):
        for found in PATH.finditer(line):
            yield Finding(number, f"{quoted(found[0])} is a place on one machine", found.start() + 1)


RULES = (
    Rule(
        "typed-version",
        "No version is typed: prose takes live values.",
        "write {live}`jax.__version__`, or say what holds on every version",
        versions,
    ),
    Rule(
        "typed-device",
        "No device is typed: prose takes live values.",
        "write {live}`jax.devices()[0].device_kind`, or say what holds on every device",
        devices,
    ),
    Rule(
        "machine-path",
        "No path of one machine stands on a page.",
        "use a path from the working directory, or `tempfile`",
        paths,
    ),
)
