"""The App Home: what the bot is for, and what its reader, and an operator, may know of how it went.

https://docs.slack.dev/surfaces/app-home
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal

from bot.core.draft import Outcome
from bot.core.errors import Fault
from bot.core.figures import Figures, Kept, figures
from bot.core.interaction import Interaction, Vote
from bot.core.lengths import cut
from bot.core.mrkdwn import escaped
from bot.core.prices import shown
from bot.core.safety import Safe, neutralise
from bot.core.secrets import mask_secrets
from bot.core.spending import DAY_SECONDS
from bot.core.texts import Texts

WEEK_SECONDS = 7 * DAY_SECONDS
MOST_OWN = 500  # of a person's interactions; of more in a day it is only told that they are more

_LAST_ANSWERS = 5
_BEGINNING = 80  # characters of a question, before the ellipsis
_UNKNOWN = "–"
# A hint in place of an answer, and a question that was changed and then asked anew.
_NO_ANSWERS = {Outcome.NOTICE.value, "amended", "withdrawn"}
_WHOLE = {Outcome.WHOLE.value, Outcome.LENGTH_LIMIT.value, "stood"}
_CUT = {Outcome.CUT.value, Outcome.FILTERED.value, Outcome.GUARDED.value}


@dataclass(frozen=True)
class Section:
    """Lines of mrkdwn under a heading."""

    title: str
    lines: tuple[Safe, ...]


@dataclass(frozen=True)
class Home:
    """All that the page says, from top to bottom. `examples` are questions that a press asks in `room`, the
    reader's direct messages with the bot.
    """

    room: str
    title: str
    about: Safe
    invitation: Safe
    examples: tuple[str, ...]
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Own:
    """What is known of the reader: their newest interactions, at most `MOST_OWN`, the newest first; links to
    answers by the interactions' ids; and the dollars that they may spend in a day, None for any number.
    """

    interactions: Sequence[Interaction]
    links: Mapping[str, str]
    daily: Decimal | None = None


@dataclass(frozen=True)
class Workspace:
    """What everybody's questions came to in the last 24 hours and the last seven days."""

    day: Figures
    week: Figures


def workspace(
    interactions: Sequence[Interaction], votes: Collection[Vote], votes_of_day: Collection[Vote], now: float
) -> Workspace:
    """The figures at `now` of a week's interactions and votes."""
    of_day = [one for one in interactions if one.asked_at >= now - DAY_SECONDS]
    return Workspace(figures(of_day, votes_of_day), figures(interactions, votes))


def last_answers(interactions: Sequence[Interaction]) -> Sequence[Interaction]:
    """Those that the page tells of."""
    return [one for one in interactions if one.outcome not in _NO_ANSWERS][:_LAST_ANSWERS]


def home(room: str, texts: Texts, now: float, own: Own | None, everybody: Workspace | None) -> Home:
    """The page as it is at `now` (seconds since 1970, UTC).

    `own` is None where that could not be read; `everybody` is for admins alone.
    """
    return Home(
        room,
        texts.home_title,
        neutralise(f"{texts.usage}\n\n{texts.home_about}"),
        neutralise(texts.home_examples),
        (texts.example_1, texts.example_2, texts.example_3),
        (*_own_sections(texts, now, own), *_workspace_sections(texts, everybody)),
    )


def _own_sections(texts: Texts, now: float, own: Own | None) -> Iterator[Section]:
    if own is None:
        yield Section(texts.home_answers, (neutralise(texts.home_unread),))
        return
    told = [_line(texts, one, own.links.get(one.id, "")) for one in last_answers(own.interactions)]
    yield Section(texts.home_answers, tuple(told) or (neutralise(texts.home_no_answers),))
    yield Section(texts.home_today, (_usage(texts, now, own),))


def _usage(texts: Texts, now: float, own: Own) -> Safe:
    """What was asked today; the day is that of the budgets."""
    midnight = now // DAY_SECONDS * DAY_SECONDS
    today = [one for one in own.interactions if one.asked_at >= midnight]
    found = figures(today)
    sentence = texts.home_usage if own.daily is None else texts.home_usage_within
    return neutralise(
        sentence.format(
            questions=f"{found.asked}{'+' if len(today) >= MOST_OWN else ''}",
            dollars=_dollars(texts, found),
            budget=own.daily,
        )
    )


def _line(texts: Texts, one: Interaction, link: str) -> Safe:
    parts = [_when(one.asked_at), _where(texts, one), _how(texts, one)]
    if one.whole_s is not None:
        parts.append(texts.home_seconds.format(seconds=f"{one.whole_s:.1f}"))
    if link:
        parts.append(f"<{escaped(link)}|{texts.home_open}>")
    words = " · ".join(parts)
    return neutralise(f"{words}\n{_beginning(one.question)}" if one.question else words)


def _when(asked_at: float) -> str:
    """A moment that Slack shows by the reader's own clock.

    https://docs.slack.dev/messaging/formatting-message-text#date-formatting
    """
    known = datetime.fromtimestamp(asked_at, timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(asked_at)}^{{date_short_pretty}} {{time}}|{known}>"


def _where(texts: Texts, one: Interaction) -> str:
    if one.channel.startswith("D"):
        return texts.home_directly
    return texts.home_by_command if one.way_in == "command" else texts.home_in_channel


def _how(texts: Texts, one: Interaction) -> str:
    if one.fault == Fault.STOPPED.value:
        return texts.home_stopped
    if one.outcome in _WHOLE:
        return texts.home_whole
    if one.outcome == Outcome.OVER_BUDGET.value:
        return texts.home_refused
    return texts.home_cut if one.outcome in _CUT else texts.home_failed


def _beginning(question: str) -> str:
    """A question's first words, quoted; without secrets before it is cut, since half of one is one still."""
    words = " ".join(mask_secrets(question).split())
    return f"> {escaped(cut(words, lambda shown: len(shown) <= _BEGINNING + 1))}"


def _workspace_sections(texts: Texts, everybody: Workspace | None) -> Iterator[Section]:
    if everybody:
        yield Section(texts.home_day, _figures(texts, everybody.day))
        yield Section(texts.home_week, _figures(texts, everybody.week))


def _figures(texts: Texts, found: Figures) -> tuple[Safe, ...]:
    errors = sum(count for fault, count in found.faults.items() if fault != Fault.STOPPED.value)
    lines = (
        texts.home_asked.format(answers=found.asked, errors=errors, dollars=_dollars(texts, found)),
        texts.home_first_words.format(**_spread(found, "first_sign_s")),
        texts.home_whole_answer.format(**_spread(found, "whole_s")),
        texts.home_satisfied.format(
            in_time=_share(found.satisfied_in_time), votes=_share(found.satisfied_votes)
        ),
    )
    return tuple(map(neutralise, lines))


def _spread(found: Figures, name: str) -> Mapping[str, str]:
    spread = found.spreads.get(name)
    if spread is None:
        return {"p50": _UNKNOWN, "p95": _UNKNOWN}
    return {"p50": f"{spread.p50:.2f}", "p95": f"{spread.p95:.2f}"}


def _share(kept: Kept) -> str:
    return _UNKNOWN if kept.share is None else f"{kept.share:.0%} ({kept.times}/{kept.of})"


def _dollars(texts: Texts, found: Figures) -> str:
    """What it cost, as far as that is known."""
    if found.without_price:
        return texts.footer_unpriced
    return shown(found.dollars, is_estimate=bool(found.estimated))
