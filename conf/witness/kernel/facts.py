"""Prints, as JSON, what JAX finds on this machine. Run in a process of its own: it starts a backend."""

import json
from importlib.metadata import version


def main() -> None:
    """Print the facts, or why there are none."""
    try:
        import jax
    except Exception as error:  # a jaxlib that does not go with it is a RuntimeError
        print(json.dumps({"error": " ".join(str(error).split()) or type(error).__name__}))
        return
    try:
        devices = jax.devices()
    except RuntimeError as error:
        print(json.dumps({"error": f"JAX found no device: {error}".splitlines()[0]}))
        return
    print(
        json.dumps(
            {
                "jax": jax.__version__,
                "jaxlib": version("jaxlib"),
                "platform": devices[0].platform,
                "device": devices[0].device_kind,
                "devices": len(devices),
            }
        )
    )


if __name__ == "__main__":
    main()
