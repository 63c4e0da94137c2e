"""What keeps the playground from starting."""

from __future__ import annotations


class CannotStart(Exception):
    """The playground is started wrongly, or lacks something: one or two sentences that say what to do."""
