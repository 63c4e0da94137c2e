"""Places at which a text can be cut so that what a reader takes for one character stays whole.

https://unicode.org/reports/tr29/#Grapheme_Cluster_Boundaries, as far as the standard library tells.
"""

from __future__ import annotations

import re
import unicodedata

_AFTER_INITIAL = re.compile("[\u1100-\u115f\uac00-\ud7a3]")  # joins an initial consonant of Hangul
_MAX_LOOK_BACK = 64  # no real character is longer


def boundary(text: str, end: int) -> int:
    """Return the last place at or before `end` where no grapheme is cut, as far as a real text goes."""
    for place in range(end, max(end - _MAX_LOOK_BACK, 1), -1):
        if not _joined(text[place - 1], text[place]):
            return place
    return end


def _joined(before: str, after: str) -> bool:
    return (
        unicodedata.category(after).startswith("M")  # accents, vowel signs, variation selectors
        or "\u1160" <= after <= "\u11ff"  # the vowels and finals of a Hangul syllable written in parts
        or "\ud7b0" <= after <= "\ud7ff"
        or ("\u1100" <= before <= "\u115f" and _AFTER_INITIAL.match(after) is not None)
        or after in "\u200c\uff9e\uff9f"  # a non-joiner, and the voicing marks of narrow Katakana
        or "\u200d" in (before, after)  # the joiner of composed emoji
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # skin tones
        or ("\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff")  # flags
        or "\U000e0020" <= after <= "\U000e007f"  # flags of regions
    )
