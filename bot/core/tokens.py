"""About how many tokens a model reads.

Nova has no public tokenizer; the true number comes with a call's usage.
"""

from __future__ import annotations


def estimated_tokens(text: str) -> int:
    """About how many tokens `text` is: four characters of ASCII to one, and every other character one."""
    narrow = len(text.encode("ascii", "ignore"))
    return len(text) - narrow + (narrow + 3) // 4
