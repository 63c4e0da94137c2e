"""Of a model's reasoning nothing is shown, wherever it stands and however it is cut; code about it stays."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.draft import Draft, Outcome
from bot.core.errors import Fault, ModelError
from bot.core.reasoning import ShownText, shown_events, without_reasoning
from bot.core.stream import Failed, Finished, StreamEvent, Text

TAGS = [
    ("<thinking>", "</thinking>"),
    ("<think>", "</think>"),
    ("<Thinking type='deep'>", "</THINKING >"),
    ("<thinking>", "</thinking>"),
    ("<reasoning>", "</reasoning>"),
    ("<scratchpad>", "</scratchpad>"),
    ("<inner_monologue>", "</inner_monologue>"),
    ("<reflection>", "</reflection>"),
    ("＜thinking＞", "＜/thinking＞"),
    (r"\<thinking\>", r"\</thinking\>"),
    ("[THINK]", "[/THINK]"),
    ("◁think▷", "◁/think▷"),
    ("<|START_THINKING|>", "<|END_THINKING|>"),
]
KEPT = [
    "The `<thinking>` tag opens it, `</thinking>` ends it.",
    "``a ` and <think>`` too",
    "```xml\n<thinking>why</thinking>\n```\nSo.",
    "1. Write:\n\n   ~~~\n   <reasoning>\n   ~~~\n\n2. Done.",
    "> ```\n> <think>\n> ```",
    "`<think>` 태그는 추론을 감쌉니다.",
    "a < b, c > d, List<String>, <https://x.example>, [think](https://x.example), \\<b, 3 ◁ 4",
    "Thinking about <b>it</b> & reasoning.",
    "an odd ` mark, and\n\n~~struck~~",
    "ends with <",
    "ends with `",
]
SAYINGS = st.sampled_from(
    ["Yes. ", "그렇습니다.\n", "- `x < y`\n", "\n\n```py\na = '<think>'\n```\n", "a [b] ", "~ "]
)
SECRETS = st.sampled_from(
    ["SECRET", "SECRET `code` SECRET", "SECRET\n```\nSECRET\n", "SECRET `</think>` SECRET"]
)


def in_pieces(pieces: Iterable[str]) -> str:
    shown = ShownText()
    return "".join([*map(shown.said, pieces), shown.rest()])


def cut(text: str, sizes: list[int]) -> list[str]:
    pieces = []
    for size in sizes:
        pieces.append(text[:size])
        text = text[size:]
    return [*pieces, text]


@pytest.mark.parametrize(("begin", "end"), TAGS)
@pytest.mark.parametrize(
    ("before", "after"), [("", "Yes."), ("So. ", "Yes."), ("a\n\n", "\n\nb"), ("답", "은")]
)
def test_reasoning_is_taken_out_wherever_it_stands(begin: str, end: str, before: str, after: str) -> None:
    text = f"{before}{begin}SECRET\nand more{end}{after}"

    assert without_reasoning(text) == before + after
    assert in_pieces(text) == before + after  # letter by letter


@pytest.mark.parametrize("text", KEPT)
def test_what_only_looks_like_it_and_code_about_it_stay(text: str) -> None:
    assert without_reasoning(text) == text
    assert in_pieces(text) == text


@given(
    st.lists(st.tuples(SAYINGS, st.none() | st.tuples(st.sampled_from(TAGS), SECRETS)), max_size=6),
    st.lists(st.integers(0, 9), max_size=60),
)
def test_no_cut_of_a_stream_shows_reasoning_or_loses_words(
    parts: list[tuple[str, tuple[tuple[str, str], str] | None]], sizes: list[int]
) -> None:
    written = "".join(
        said + (f"{thought[0][0]}{thought[1]}{thought[0][1]}" if thought else "") for said, thought in parts
    )
    shown = in_pieces(cut(written, sizes))

    assert "SECRET" not in shown
    assert shown == "".join(said for said, _ in parts)


def test_words_are_shown_as_they_come() -> None:
    shown = ShownText()

    assert [shown.said(piece) for piece in ("Be", "cause <", "b> it <thi", "nk>no</think", "> is.")] == [
        "Be",
        "cause ",
        "<b> it ",
        "",
        " is.",
    ]


def test_reasoning_within_reasoning_and_without_a_beginning_is_taken_out() -> None:
    assert without_reasoning("<think>a<think>b</think>c</think>d") == "d"
    assert without_reasoning("first\nI wonder</think>\nYes.") == "\nYes."


def ended(*events: StreamEvent) -> Draft:
    draft = Draft()
    for event in shown_events(events):
        draft = draft.apply(event)
    return draft


@pytest.mark.parametrize("reason", ["end_turn", "stop_sequence"])
def test_an_answer_that_ends_in_its_reasoning_is_not_whole(reason: str) -> None:
    draft = ended(Text("Yes. <think"), Text("ing>but"), Finished(reason, None))

    assert (draft.text, draft.outcome) == ("Yes. ", Outcome.CUT)


def test_nothing_but_reasoning_is_an_answer_that_failed() -> None:
    whole, open_ended = (
        ended(Text(text), Finished("end_turn", None)) for text in ("<think>a</think>\n", "<think>a")
    )

    assert (
        (whole.outcome, whole.fault)
        == (open_ended.outcome, open_ended.fault)
        == (Outcome.FAILED, Fault.FAILED)
    )
    assert ended(Text("<think>a"), Finished("max_tokens", None)).fault is Fault.TOO_LONG


@pytest.mark.parametrize("end", [Finished("end_turn", None), Failed(ModelError(Fault.BUSY, "throttled"))])
def test_what_was_held_back_is_shown_at_the_end(end: StreamEvent) -> None:
    assert ended(Text("a `code` and <thin"), end).text == "a `code` and <thin"
