"""`python -m tests.lowest`: print the oldest releases that the bot allows, as constraints for pip.

The tests' own tools are not among them: nobody who runs the bot installs those.
"""

from __future__ import annotations

from importlib.metadata import requires


def constraints() -> list[str]:
    """Each requirement with its lower bound as the one version."""
    needed = [each.partition(";") for each in requires("duet") or ()]
    return [
        bound.strip().replace(">=", "==")
        for bound, _, extra in needed
        if ">=" in bound and "test" not in extra
    ]


if __name__ == "__main__":
    print("\n".join(constraints()))  # noqa: T201
