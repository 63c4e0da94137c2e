from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.figures import figures
from bot.core.home import MOST_OWN, Home, Own, Workspace, home, last_answers, workspace
from bot.core.interaction import Interaction, Vote
from bot.core.safety import neutralise
from bot.core.stream import Usage
from bot.core.texts import Language, language_of, language_of_locale, texts_in

EN, KO = texts_in(Language.EN), texts_in(Language.KO)
DAY = 86_400.0
NOW = 20_000 * DAY + 3_600.0
GOOD = Interaction(
    id="T1/C1/1.0",
    team="T1",
    channel="C1",
    user="U1",
    asked_at=NOW - 60,
    way_in="mention",
    language="en",
    outcome="whole",
    ack_s=0.4,
    first_words_s=1.1,
    whole_s=6.54,
    usage=Usage(300, 530),
    dollars=Decimal("0.0018"),
)
WHEN = f"<!date^{int(NOW - 60)}^{{date_short_pretty}} {{time}}|2024-10-04 00:59 UTC>"


def page(*interactions: Interaction, links: dict[str, str] | None = None, daily: str = "") -> Home:
    own = Own(interactions, links or {}, Decimal(daily) if daily else None)
    return home("D1", EN, NOW, own, None)


def lines(shown: Home, title: str) -> list[str]:
    (found,) = (section for section in shown.sections if section.title == title)
    return list(found.lines)


def answers(*interactions: Interaction, links: dict[str, str] | None = None) -> list[str]:
    return lines(page(*interactions, links=links), EN.home_answers)


def test_the_page_tells_a_newcomer_how_to_ask() -> None:
    shown = page()

    assert (shown.room, shown.title) == ("D1", EN.home_title)
    assert EN.usage in shown.about
    assert len(set(shown.examples)) == 3
    assert lines(shown, EN.home_answers) == [EN.home_no_answers]
    assert lines(shown, EN.home_today) == ["Questions: 0 · Cost: $0"]


@pytest.mark.parametrize("language", Language)
def test_an_example_fits_on_its_button_and_is_in_the_language_of_the_page(language: Language) -> None:
    """A button has 75 characters: https://docs.slack.dev/reference/block-kit/block-elements/button-element"""
    for question in home("D1", texts_in(language), NOW, None, None).examples:
        assert len(question) <= 75
        assert language_of(question) is language


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("ko-KR", Language.KO),
        ("ko", Language.KO),
        ("KO-kr", Language.KO),
        ("en-US", Language.EN),
        ("kok-IN", Language.EN),
        ("de-DE", Language.EN),
        ("", Language.EN),
    ],
)
def test_a_locale_has_a_language(locale: str, language: Language) -> None:
    assert language_of_locale(locale) is language


def test_an_answer_is_told_by_when_where_how_and_how_long() -> None:
    assert answers(GOOD) == [f"{WHEN} · in a channel · answered · 6.5 s"]


def test_an_answer_that_stands_is_linked_to() -> None:
    link = "https://ours.slack.com/archives/C1/p1?thread_ts=1.0&cid=C1"

    assert answers(GOOD, links={GOOD.id: link}) == [
        f"{answers(GOOD)[0]} · <https://ours.slack.com/archives/C1/p1?thread_ts=1.0&amp;cid=C1|Open>"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"way_in": "command"}, "by `/ask` · answered"),
        ({"way_in": "command", "channel": "D1"}, "in direct messages · answered"),
        ({"way_in": "direct_message", "channel": "D1"}, "in direct messages · answered"),
        ({"outcome": "length_limit"}, "in a channel · answered"),
        ({"outcome": "cut", "fault": "busy"}, "in a channel · broke off"),
        ({"outcome": "cut", "fault": "stopped"}, "in a channel · stopped"),
        ({"outcome": "failed", "fault": "busy"}, "in a channel · not answered"),
        ({"outcome": "over_budget"}, "in a channel · over the budget"),
        ({"outcome": "of a newer version"}, "in a channel · not answered"),
    ],
)
def test_what_became_of_a_question_is_told_in_words(changes: dict[str, str], said: str) -> None:
    (line,) = answers(replace(GOOD, whole_s=None, **changes))  # type: ignore[arg-type]

    assert line == f"{WHEN} · {said}"


def test_the_last_five_answers_are_told_the_newest_first() -> None:
    asked = [replace(GOOD, id=f"Q{number}", whole_s=float(number)) for number in range(9)]
    asked[1] = replace(asked[1], outcome="notice")
    asked[3] = replace(asked[3], outcome="amended")

    assert [one.id for one in last_answers(asked)] == ["Q0", "Q2", "Q4", "Q5", "Q6"]
    assert [line.rpartition(" · ")[2] for line in answers(*asked)] == [
        "0.0 s",
        "2.0 s",
        "4.0 s",
        "5.0 s",
        "6.0 s",
    ]


def test_a_question_that_is_kept_is_quoted_in_short() -> None:
    (line,) = answers(replace(GOOD, question=f"why\nis   {'so ' * 40}"))

    assert line.endswith(f"\n> {('why is ' + 'so ' * 40)[:80]}…")


def test_what_people_wrote_pings_nobody_and_links_nowhere() -> None:
    (line,) = answers(
        replace(GOOD, question="<!channel> <@U1> @here & <https://evil.example|Open> xoxb-123456")
    )
    quoted = line.partition("\n> ")[2]

    assert "<" not in quoted
    assert "@here" not in quoted
    assert "123456" not in quoted


def test_half_a_secret_is_none() -> None:
    (line,) = answers(replace(GOOD, question=f"{'x' * 70} AKIAABCDEFGHIJKLMNOP"))

    assert "ABC" not in line


@given(st.text())
def test_whatever_was_asked_is_one_line_that_may_be_shown(question: str) -> None:
    (line,) = answers(replace(GOOD, question=f"?{question}"))
    quoted = line.partition("\n> ")[2]

    assert neutralise(line) == line
    assert "\n" not in quoted
    assert not re.search("[<>]", quoted)
    assert len(line) < 3_000  # https://docs.slack.dev/reference/block-kit/blocks/section-block


def test_usage_is_that_of_the_day_of_the_budgets() -> None:
    yesterday = replace(GOOD, asked_at=NOW - 3_601)
    shown = page(GOOD, replace(GOOD, id="Q2", outcome="notice", dollars=Decimal(0)), yesterday)

    assert lines(shown, EN.home_today) == ["Questions: 1 · Cost: $0.0018"]


def test_usage_is_told_with_the_budget() -> None:
    assert lines(page(GOOD, daily="0.10"), EN.home_today) == ["Questions: 1 · Cost: $0.0018 of $0.10"]


def test_usage_says_what_it_does_not_know() -> None:
    estimated = replace(GOOD, usage=replace(GOOD.usage, is_estimate=True))
    assert lines(page(estimated), EN.home_today) == ["Questions: 1 · Cost: ~$0.0018"]
    assert lines(page(replace(GOOD, dollars=None)), EN.home_today) == ["Questions: 1 · Cost: price unknown"]
    many = [GOOD] * MOST_OWN
    assert lines(page(*many), EN.home_today) == [f"Questions: {MOST_OWN}+ · Cost: $0.9000"]


def test_what_cannot_be_read_is_said_and_the_rest_stands() -> None:
    shown = home("D1", EN, NOW, None, None)

    assert [section.title for section in shown.sections] == [EN.home_answers]
    assert lines(shown, EN.home_answers) == [EN.home_unread]
    assert EN.usage in shown.about


def test_an_admin_sees_the_workspace_by_day_and_week() -> None:
    bad = replace(GOOD, asked_at=NOW - 2 * DAY, outcome="failed", fault="busy", ack_s=3.0, first_words_s=3.0)
    ended = replace(GOOD, outcome="cut", fault="stopped")
    votes = [Vote("Q1", "U2", is_up=True), Vote("Q2", "U2", is_up=False)]
    everybody = workspace([bad, GOOD, ended], votes, votes[:1], NOW)
    shown = home("D1", EN, NOW, Own((), {}), everybody)

    assert lines(shown, EN.home_day) == [
        "Answers: 2 · Errors: 0 · Cost: $0.0036",
        "First words: median 0.40 s, 95th percentile 0.40 s",
        "Whole answer: median 6.54 s, 95th percentile 6.54 s",
        "Satisfied: 100% (1/1) in time, 100% (1/1) by votes",
    ]
    assert lines(shown, EN.home_week) == [
        "Answers: 3 · Errors: 1 · Cost: $0.0054",
        "First words: median 0.40 s, 95th percentile 3.00 s",
        "Whole answer: median 6.54 s, 95th percentile 6.54 s",
        "Satisfied: 50% (1/2) in time, 50% (1/2) by votes",
    ]


def test_a_workspace_in_which_nobody_asked_has_figures_too() -> None:
    nothing = figures([])
    shown = home("D1", KO, NOW, Own((), {}), Workspace(nothing, nothing))

    assert lines(shown, KO.home_day) == [
        "답변 0개 · 오류 0개 · 비용 $0",
        "첫 응답: 중앙값 –초, 95백분위 –초",
        "전체 답변: 중앙값 –초, 95백분위 –초",
        "만족도: 시간 내 응답 –, 투표 –",
    ]
