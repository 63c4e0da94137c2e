"""`python -m tests.lowest`: print the oldest releases that the bot allows, as constraints for pip.

The tests' own tools are not among them: nobody who runs the bot installs those.
"""

from __future__ import annotations

import re
from importlib.metadata import requires


def constraints() -> list[str]:
    """Each requirement with its lower bound as the one version."""
    needed = [each.partition(";") for each in requires("duet") or ()]
    bounds = [re.match(r"([\w-]+).*>=([\w.]+)", each) for each, _, extra in needed if "test" not in extra]
    return [f"{found[1]}=={found[2]}" for found in bounds if found]


if __name__ == "__main__":
    print("\n".join(constraints()))  # noqa: T201
