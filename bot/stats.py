"""`python -m bot stats`: what the store knows of how questions went."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Protocol

from bot.core.figures import DOLLARS, FIRST_WORDS_SECONDS, SATISFIED, WHOLE_SECONDS, Figures, Kept, figures
from bot.core.interaction import Interaction, Vote

_UNITS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_SPREADS = {
    "ack_s": ("acknowledged, s", "{:.2f}"),
    "first_words_s": ("answer's first words, s", "{:.2f}"),
    "first_sign_s": ("first words of either model, s", "{:.2f}"),
    "whole_s": ("whole answer, s", "{:.2f}"),
    "first_token_s": ("model's own first token, s", "{:.2f}"),
    "tokens_per_s": ("tokens a second", "{:.0f}"),
    "dollars": ("dollars", "{:.5f}"),
    "edits": ("edits", "{:.0f}"),
}


class Records(Protocol):
    """What all processes wrote down together. Every method raises StoreError."""

    def interactions(self, since: float) -> list[Interaction]:
        """Those asked since then, in seconds since 1970 (UTC)."""

    def votes(self, since: float) -> list[Vote]:
        """Those cast since then."""


def seconds_in(period: str) -> float:
    """The seconds of a period like 90m, 12h, 7d or 2w. Raises ValueError for anything else."""
    found = re.fullmatch(r"([0-9]{1,5})([mhdw])", period)
    if not found or not int(found[1]):
        raise ValueError(f"{period!r} is no period like 90m, 12h, 7d or 2w")
    return float(int(found[1]) * _UNITS[found[2]])


def read(records: Records, since: float) -> Figures:
    """The figures of all that was asked, and voted, since then. Raises StoreError."""
    return figures(records.interactions(since), records.votes(since))


def as_json(found: Figures) -> str:
    """All figures; dollars are texts, so that they stay exact."""
    return json.dumps(asdict(found), default=str, indent=1)


def as_table(found: Figures) -> str:
    """All figures, and how the promises were kept, for people."""
    if not found.asked and not found.refused_over_budget:
        return "Nothing was asked in that time.\n"
    usage = found.usage
    tokens = f"{usage.input} in, {usage.output} out, {usage.cache_read} read from the prompt cache, "
    lines = [
        f"asked            {found.asked} ({_listed(found.ways_in)})",
        f"outcomes         {_listed(found.outcomes)}",
        *([f"faults           {_listed(found.faults)}"] if found.faults else []),
        f"from the cache   {found.from_cache}",
        f"over a budget    {found.refused_over_budget}",
        f"calls to Pro     {found.tries}",
        f"Slack            {found.edits} edits, {found.rate_limited} calls answered with 429",
        f"tokens           {tokens}{usage.cache_write} written to it",
        f"dollars          {found.dollars:.6f}{_reservations(found)}",
        "",
        f"{'':32}{'median':>10}{'95 %':>10}{'most':>10}",
    ]
    for name, spread in found.spreads.items():
        label, form = _SPREADS[name]
        cells = (form.format(value) for value in (spread.p50, spread.p95, spread.most))
        lines.append(f"{label:32}" + "".join(f"{cell:>10}" for cell in cells))
    return "\n".join([*lines, "", *_promises(found)]) + "\n"


def _promises(found: Figures) -> list[str]:
    return [
        f"{'promise':52}{'kept':>8}",
        _promise(f"first words of either model under {FIRST_WORDS_SECONDS:g} s", found.first_words),
        _promise(f"the whole answer under {WHOLE_SECONDS:g} s", found.whole),
        _promise(f"under ${DOLLARS} an interaction", found.cost),
        _promise(f"over {SATISFIED:.0%} satisfied: both came in time", found.satisfied_in_time),
        _promise(f"over {SATISFIED:.0%} satisfied: votes that are up", found.satisfied_votes),
    ]


def _promise(words: str, kept: Kept) -> str:
    share = "–" if kept.share is None else f"{kept.share:.1%}"
    return f"{words:52}{share:>8}   {kept.times} of {kept.of}"


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _reservations(found: Figures) -> str:
    parts = []
    if found.estimated:
        parts.append(f"{found.estimated} of them estimated in part: cut streams tell no usage")
    if found.without_price:
        parts.append(f"{found.without_price} without: the model's price is not known, set PRICES_FILE")
    return f" ({'; '.join(parts)})" if parts else ""
