"""What JAX finds on this machine. Whoever finds out has started a backend, so it is a process's last act."""

import json
import os
from importlib.metadata import version
from typing import Any


def find() -> dict[str, Any]:
    """Return the facts, or why there are none."""
    try:
        import jax
    except Exception as error:  # a jaxlib that does not go with it is a RuntimeError
        return {"error": " ".join(str(error).split()) or type(error).__name__}
    try:
        devices = jax.devices()
    except Exception as error:  # a platform that this installation does not know is an AssertionError
        why = " ".join(str(error).split()) or type(error).__name__
        return {"jax": jax.__version__, "error": f"it found no device: {why}"}
    return {
        "jax": jax.__version__,
        "jaxlib": version("jaxlib"),
        "platform": devices[0].platform,
        "device": devices[0].device_kind,
        "devices": len(devices),
    }


def found_by_a_fork() -> dict[str, Any]:
    """Return the facts that a fork of this process finds; this one starts no backend."""
    told, tell = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(tell, json.dumps(find()).encode())
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(told, "rb") as answer:
        said = answer.read()
    _, status = os.waitpid(pid, 0)
    if said:
        facts: dict[str, Any] = json.loads(said)
        return facts
    ended = f"asking it for its devices ended with status {os.waitstatus_to_exitcode(status)}"
    return {"jax": version("jax"), "error": ended}


if __name__ == "__main__":
    print(json.dumps(find()))
