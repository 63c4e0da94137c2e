"""The figures of a run, from what was observed: pure."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from math import ceil, inf
from statistics import fmean, median

from bot.bench.scenario import Observed, Seen
from bot.playground.limits import Limits


@dataclass(frozen=True)
class Figures:
    """Seconds, unless it says otherwise; None where there was nothing to measure."""

    asked: float
    finished: float
    ack_p95: float | None
    first_words_p95: float | None
    staleness_mean: float | None
    whole_p95: float | None  # from the model's last token to the whole text on screen
    late_p95: float | None  # the same, from when the channel would have taken the post, if that is later
    edits: float
    refused: float  # calls answered with 429
    cpu_ms_an_answer: float
    peak_mb: float


def figures(observed: Observed) -> Figures:
    """What `observed` comes to."""
    answers = [(seen, sent) for seen, sent in observed.questions if sent]
    whole = [
        (seen, sent) for seen, sent in answers if seen.shows and seen.shows[-1][1] >= sent[-1][1] - 1
    ]  # the last token ends with a space, which is not shown
    acks = [seen.acknowledged_at - seen.asked_at for seen, _ in observed.questions if seen.acknowledged_at]
    first_words = [seen.shows[0][0] - seen.asked_at for seen, _ in whole]
    ends = [(seen.shows[-1][0], sent[-1][0]) for seen, sent in whole]
    allowed = _allowed_posts(seen for seen, _ in observed.questions)
    return Figures(
        asked=len(observed.questions),
        finished=len(whole),
        ack_p95=_p95(acks),
        first_words_p95=_p95(first_words),
        staleness_mean=fmean(staleness(*pair) for pair in whole) if whole else None,
        whole_p95=_p95([max(0.0, shown - written) for shown, written in ends]),
        late_p95=_p95([max(0.0, shown - max(written, allowed.get(shown, -inf))) for shown, written in ends]),
        edits=observed.edits,
        refused=observed.refused,
        cpu_ms_an_answer=1000 * observed.cpu_seconds / len(observed.questions),
        peak_mb=observed.peak_megabytes,
    )


def staleness(seen: Seen, sent: Sequence[tuple[float, int]]) -> float:
    """How old the newest text on screen was, on average from the model's first token to its last, in seconds.

    The text on screen is as old as its last character. Until something is shown, it counts from the first
    token on.
    """
    lengths = [length for _, length in sent]
    began, ended = sent[0][0], sent[-1][0]
    area, since, text_from = 0.0, began, began
    for at, length in [*seen.shows, (ended, 0)]:
        until = min(max(at, began), ended)
        area += ((until - text_from) ** 2 - (since - text_from) ** 2) / 2
        newest = min(bisect_left(lengths, length), len(sent) - 1)
        since, text_from = until, sent[newest][0]
    return area / (ended - began) if ended > began else 0.0


def _allowed_posts(questions: Iterable[Seen]) -> Mapping[float, float]:
    """For each moment of a post, when its channel would have taken that post after the ones before it."""
    by_channel: defaultdict[str, list[float]] = defaultdict(list)
    for seen in questions:
        by_channel[seen.channel].extend(seen.posts)
    limits, allowed = Limits(), {}
    seconds = 1 / limits.posts_per_second_in_channel
    for posts in by_channel.values():
        paid_off = -inf
        for at in sorted(posts):
            allowed[at] = paid_off - (limits.post_burst_in_channel - 1) * seconds
            paid_off = max(paid_off, at) + seconds
    return allowed


def medians(runs: Sequence[Figures]) -> Figures:
    """Each figure's median over several runs."""
    values: dict[str, float | None] = {}
    for each in fields(Figures):
        measured = [value for run in runs if (value := asdict(run)[each.name]) is not None]
        values[each.name] = median(measured) if measured else None
    return Figures(**values)  # type: ignore[arg-type] # a field that is never None has a median


def _p95(values: Sequence[float]) -> float | None:
    """The value that 95 % are not above (nearest rank)."""
    return sorted(values)[ceil(0.95 * len(values)) - 1] if values else None
