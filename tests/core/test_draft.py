"""However an answer ends, its reader is told what it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.draft import Draft, Outcome
from bot.core.errors import Fault, ModelError
from bot.core.layout import LEVELS
from bot.core.message import Action, Button, Content, Kind
from bot.core.safety import Safe, neutralise
from bot.core.stream import Failed, Finished, StreamEvent, Text, Usage
from bot.core.texts import Language, Texts, texts_in

USAGE = Usage(100, 200)
EVENTS = st.lists(
    st.builds(Text, st.text(max_size=5) | st.sampled_from(["", " ", "word "]))
    | st.builds(Finished, st.sampled_from(["end_turn", "max_tokens", "odd"]), st.none())
    | st.builds(Failed, st.builds(ModelError, st.sampled_from(Fault), st.just("Code")))
)


def broken(fault: Fault = Fault.UNAVAILABLE) -> Failed:
    return Failed(ModelError(fault, "Code"))


def again(texts: Texts, fault: Fault | None = None) -> Button:
    """Whoever stopped an answer does not want its words."""
    return Button(Action.RETRY, texts.retry, replaces=fault is Fault.STOPPED)


def drafted(*events: StreamEvent | str) -> Draft:
    draft = Draft()
    for event in events:
        draft = draft.apply(Text(event) if isinstance(event, str) else event)
    return draft


@pytest.fixture(params=Language)
def texts(request: pytest.FixtureRequest) -> Texts:
    return texts_in(request.param)


def test_a_growing_draft_says_what_has_come(texts: Texts) -> None:
    draft = drafted("\nBe", "", "cause ")

    assert draft == Draft("\nBecause ")
    assert draft.contents(texts) == (Content(Safe("Because"), button=Button(Action.STOP, texts.stop)),)
    assert draft.kind is Kind.ANSWER


@pytest.mark.parametrize("pieces", [[], [""], [" ", "\n"]])
def test_a_draft_without_words_shows_nothing(pieces: list[str], texts: Texts) -> None:
    draft = drafted(*pieces)

    assert not draft.started
    assert draft.contents(texts) == ()


@pytest.mark.parametrize(
    ("reason", "outcome", "note"),
    [
        ("end_turn", Outcome.WHOLE, ""),
        ("stop_sequence", Outcome.WHOLE, ""),
        ("max_tokens", Outcome.LENGTH_LIMIT, "length_limit"),
        ("model_context_window_exceeded", Outcome.LENGTH_LIMIT, "length_limit"),
        ("content_filtered", Outcome.FILTERED, "filtered"),
        ("guardrail_intervened", Outcome.GUARDED, "guarded"),
        ("tool_use", Outcome.CUT, "cut"),
        ("malformed_model_output", Outcome.CUT, "cut"),
        ("not known yet", Outcome.CUT, "cut"),
    ],
)
def test_an_answer_that_is_not_whole_says_so_under_its_text(
    reason: str, outcome: Outcome, note: str, texts: Texts
) -> None:
    draft = drafted("Because.", Finished(reason, USAGE))

    assert draft == Draft("Because.", outcome)
    (content,) = draft.contents(texts)
    assert (content.body, content.note) == ("Because.", getattr(texts, note or "", ""))
    assert (content.button == again(texts)) is (outcome is Outcome.CUT)
    assert draft.kind is Kind.ANSWER


IN_VAIN = {
    Fault.BLOCKED,
    Fault.GIVEN_UP,
    Fault.NOT_SET_UP,
    Fault.OVER_QUOTA,
    Fault.TOO_LONG,
    Fault.UNREADABLE_FILE,
}


@pytest.mark.parametrize("fault", Fault)
def test_an_answer_that_broke_keeps_its_words(fault: Fault, texts: Texts) -> None:
    draft = drafted("Because", broken(fault))

    assert draft == Draft("Because", Outcome.CUT, fault)
    notes = {Fault.INTERRUPTED: texts.unfinished, Fault.STOPPED: texts.stopped}
    notes |= {fault: f"{texts.broke_off} {getattr(texts, fault.value)}" for fault in IN_VAIN}
    button = None if fault in IN_VAIN else again(texts, fault)
    note = Safe(notes.get(fault, texts.cut))
    assert draft.contents(texts) == (Content(Safe("Because"), note=note, button=button),)
    assert draft.kind is Kind.ANSWER


@pytest.mark.parametrize("fault", Fault)
def test_a_failure_before_the_first_word_is_an_apology(fault: Fault, texts: Texts) -> None:
    """It is no answer: a conversation that goes on does not remember it."""
    draft = drafted(" ", broken(fault))

    assert draft.started
    assert draft.outcome is Outcome.FAILED
    assert [content.body for content in draft.contents(texts)] == [getattr(texts, fault.value)]
    assert draft.kind is Kind.NOTICE


@pytest.mark.parametrize("fault", Fault)
def test_a_retry_is_offered_where_it_can_turn_out_better(fault: Fault, texts: Texts) -> None:
    (apology,) = drafted(broken(fault)).contents(texts)

    assert apology.button == (None if fault in IN_VAIN else again(texts, fault))


def test_a_whole_answer_offers_no_button(texts: Texts) -> None:
    (content,) = drafted("Because.", Finished("end_turn", USAGE)).contents(texts)

    assert content.button is None


@pytest.mark.parametrize(
    ("reason", "fault"),
    [
        ("end_turn", Fault.FAILED),
        ("max_tokens", Fault.TOO_LONG),
        ("content_filtered", Fault.BLOCKED),
        ("not known yet", Fault.FAILED),
    ],
)
def test_an_answer_that_says_nothing_is_an_apology(reason: str, fault: Fault, texts: Texts) -> None:
    draft = drafted("\n", Finished(reason, USAGE))

    assert draft == Draft("\n", Outcome.FAILED, fault)
    assert [content.body for content in draft.contents(texts)] == [getattr(texts, fault.value)]


@given(EVENTS, EVENTS)
def test_what_follows_the_end_changes_nothing(before: list[StreamEvent], after: list[StreamEvent]) -> None:
    ended = drafted(*before, Finished("end_turn", USAGE))

    assert drafted(*before, Finished("end_turn", USAGE), *after) == ended


@given(EVENTS)
def test_what_has_begun_to_show_goes_on_showing(events: list[StreamEvent]) -> None:
    drafts = [drafted(*events[:end]) for end in range(len(events) + 1)]
    counts = [len(draft.contents(texts_in(Language.EN))) for draft in drafts]

    assert counts == sorted(counts)
    assert [bool(count) for count in counts] == [draft.started for draft in drafts]


def test_the_note_of_a_long_answer_stands_under_its_last_message(texts: Texts) -> None:
    *whole, last = drafted("word " * LEVELS[0].units, Finished("max_tokens", USAGE)).contents(texts)

    assert len(whole) > 3
    assert [content.note for content in whole] == [""] * len(whole)
    assert last.note == texts.length_limit


def test_what_the_model_writes_is_neutralised(texts: Texts) -> None:
    (content,) = drafted("Hey <!chan", "nel>, @he", "re", Finished("end_turn", None)).contents(texts)

    assert content.body == neutralise("Hey <!channel>, @here") != "Hey <!channel>, @here"


def test_every_sentence_of_the_catalogue_may_be_shown_as_it_is(texts: Texts) -> None:
    sentences = [
        text for each in vars(texts).values() for text in ([each] if isinstance(each, str) else each)
    ]
    assert [sentence for sentence in sentences if neutralise(sentence) != sentence] == []
