"""A long answer comes out as messages that each read well alone, and together say all of it."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bot.core import markdown
from bot.core.layout import DEFAULT, LEVELS, MAX_TABLE_ROWS, Layout, Limits
from bot.core.safety import Safe

PAGE_UNITS = LEVELS[0].units
OWN_BLOCKS = 8  # a lead, a note, a footer and what can be pressed
READER = MarkdownIt("commonmark").enable("table")
# In the documents here every word, cell and line of code is numbered and there once: w1, 말2, c3, t4;
# h5 stands in a table's head, which alone may be repeated.
NUMBERED = re.compile(r"[wc말th]\d+")


def paged(text: str, limit: int) -> list[str]:
    return list(markdown.pages(text, Layout(levels=(Limits(limit),))))


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def leaves_a_fence_open(page: str) -> bool:
    tokens = READER.parse(f"{page}\n\nSENTINEL")
    return [token.content for token in tokens if "SENTINEL" in token.content] != ["SENTINEL"] or any(
        "SENTINEL" in token.content for token in tokens if token.type != "inline"
    )


def roles(text: str) -> dict[str, str]:
    """What each numbered word of `text` is to a reader: a text, a line of code, a table's cell."""
    found, place = {}, "text"
    for token in READER.parse(text):
        if token.type in ("th_open", "td_open"):
            place = token.type
        elif token.type in ("th_close", "td_close"):
            place = "text"
        for word in NUMBERED.findall(token.content):
            found[word] = place if token.type == "inline" else token.type
    return found


def assert_well_paged(text: str, limit: int) -> list[str]:
    pages = paged(text, limit)
    words = NUMBERED.findall("\n".join(pages))

    assert [page for page in pages if units(page) > limit] == []
    assert [page for page in pages if not page.strip() or leaves_a_fence_open(page)] == []
    assert list(dict.fromkeys(words)) == NUMBERED.findall(text)
    assert [word for word in words if not word.startswith("h") and words.count(word) > 1] == []
    for page in pages:
        assert roles(page).items() <= roles(text).items()
    return pages


class Numbers:
    """Words that are each there once."""

    def __init__(self) -> None:
        self._last = 0

    def words(self, count: int, letter: str = "w", between: str = " ") -> str:
        first, self._last = self._last + 1, self._last + count
        return between.join(f"{letter}{number}" for number in range(first, self._last + 1))

    def fenced(self, lines: int, opening: str = "```python", closing: str = "```", prefix: str = "") -> str:
        code = self.words(lines, "c", f" = 1\n{prefix}    ")
        return f"{prefix}{opening}\n{prefix}{code}\n{prefix}{closing}"

    def table(self, rows: int, columns: int = 3) -> str:
        head = f"| {self.words(columns, 'h', ' | ')} |\n{'| --- ' * columns}|"
        return "\n".join([head, *(f"| {self.words(columns, 't', ' | ')} |" for _ in range(rows))])


@st.composite
def documents(draw: st.DrawFn) -> str:
    numbers = Numbers()
    size = st.integers(1, 40)

    def block(kind: str) -> str:
        match kind:
            case "words":
                return numbers.words(draw(size), draw(st.sampled_from("w말")))
            case "emoji":
                return numbers.words(draw(size), between=" 👩‍👩‍👧‍👦 ")
            case "lines":
                return numbers.words(draw(size), between="  \n")
            case "list":
                return "- " + numbers.words(draw(size), between=" is so\n- ")
            case "quote":
                return "> " + numbers.words(draw(size), between=" is so\n> ")
            case "table":
                return numbers.table(draw(size), draw(st.integers(2, 5)))
            case "listed code":
                return "1. look:\n" + numbers.fenced(draw(size), prefix="   ")
            case "item of code":
                return "1. " + numbers.fenced(draw(size), prefix="   ").lstrip()
            case "quoted code":
                return numbers.fenced(draw(size), prefix="> ")
            case _:
                marks = draw(st.sampled_from(["```", "~~~", "````", "~~~~~"]))
                return numbers.fenced(
                    draw(size), marks + draw(st.sampled_from(["", "python", " c++"])), marks
                )

    kinds = [
        "words",
        "emoji",
        "lines",
        "list",
        "quote",
        "table",
        "listed code",
        "item of code",
        "quoted code",
    ]
    blocks = draw(st.lists(st.sampled_from([*kinds, "code"]), min_size=1, max_size=12))
    text = "\n\n".join(block(kind) for kind in blocks)
    return text + draw(st.sampled_from(["", "\n", "\n" * 40, " \n \n"]))


@settings(deadline=None, max_examples=150)
@given(documents(), st.integers(500, 900))
def test_every_message_stands_alone_and_together_they_say_all(text: str, limit: int) -> None:
    """Code stays code and cells stay cells, in the eyes of a reader that knows nothing of our rules."""
    assert_well_paged(text, limit)


@settings(deadline=None, max_examples=60)
@given(documents(), st.data())
def test_messages_that_are_full_stay_as_they_are(text: str, data: st.DataObject) -> None:
    """An answer is cut anew each time it has grown, and its full messages are not sent again."""
    whole = paged(text, 500)
    for end in data.draw(st.lists(st.integers(0, len(text)), max_size=20)):
        *full, last = paged(text[:end], 500)

        assert full == whole[: len(full)]
        assert len(full) < len(whole)
        assert not leaves_a_fence_open(last)


@pytest.mark.parametrize("ending", ["```", "~~~~\n\nw900", "```\n\n| a | b |\n| - | - |\n| c | d |\n"])
@pytest.mark.parametrize("filling", range(450, 480))
def test_a_text_that_grows_by_letters_never_has_fewer_messages(ending: str, filling: int) -> None:
    """Also where it just fills one: a fence's own closing may take less than the one that stood in for it."""
    text = f"{ending[:3]}\n{'y ' * (filling // 2)}{'z' * (filling % 2)}\n{ending}"
    counts = [len(paged(text[:end], 500)) for end in range(400, len(text) + 1)]

    assert counts == sorted(counts)


@pytest.mark.parametrize(
    "text",
    [
        "```python\n" + "x = 1\n" * 200 + "```\n",
        "a | b\n--- | ---\n" + "x" * 600 + " | y\n",
        "a | b\n--- | ---\n" + "r | s\n" * 70 + "x" * 1200 + " | y\n",
        "| a | b |\n|---|---|\n" + "| cell | cell |\n" * 90 + "\nThe end.",
        "가나다라 마바사 😀\n" * 120,
    ],
)
def test_a_message_stays_from_the_letter_that_filled_it(text: str) -> None:
    whole = paged(text, 500)

    for end in range(len(text)):
        *full, _ = paged(text[:end], 500)
        assert full == whole[: len(full)]


def test_a_short_text_is_one_message_and_unchanged() -> None:
    assert paged("**Hello**\n\n- w1\n", 500) == ["**Hello**\n\n- w1\n"]


def test_a_cut_prefers_paragraphs_to_lines_and_lines_to_words() -> None:
    half, rest = "w " * 140, "v " * 140

    assert paged(f"{half}\n\n{rest}", 500) == [half.rstrip(), rest]
    assert paged(f"{half}\n\nv\n{rest}", 500) == [half.rstrip(), f"v\n{rest}"]
    assert paged(f"{half}\n{rest}", 500) == [half.rstrip(), rest]
    assert paged(half + rest, 500)[0] == half + ("v " * 94).rstrip()


@pytest.mark.parametrize("block", ["```python\n" + "x = 1\n" * 40 + "```", Numbers().table(12)])
def test_code_or_a_table_that_begins_late_begins_the_next_message(block: str) -> None:
    intro = "Look at this, " * 20 + "please:"

    assert paged(f"{intro}\n{block}", 500) == [intro, block]


def test_a_code_fence_is_closed_before_the_cut_and_opened_after_it() -> None:
    code = "\n".join(f"line_{number}()" for number in range(60))
    first, *_, last = pages = paged(f"Look:\n\n```python\n{code}\n```\n\nDone.", 500)

    assert first.startswith("Look:\n\n```python\nline_0()\n")
    assert all(page.endswith("()\n```") for page in pages[:-1])
    assert all(page.startswith("```python\nline_") for page in pages[1:])
    assert last.endswith("line_59()\n```\n\nDone.")


def test_a_tables_head_is_repeated_and_no_row_is_cut() -> None:
    head = "| name | value |\n|:-----|------:|\n"
    rows = [f"| row {number} | {'x' * 20} |\n" for number in range(60)]
    pages = paged(head + "".join(rows), 500)

    assert len(pages) > 3
    assert all(page.startswith(head) for page in pages)
    assert "".join(page.removeprefix(head).rstrip() + "\n" for page in pages) == "".join(rows)


def test_a_table_without_outer_bars_is_a_table_as_well() -> None:
    head = "name | value\n--- | ---\n"
    pages = paged(head + "".join(f"row {number} | {'x' * 20}\n" for number in range(60)), 500)

    assert all(page.startswith(head + "row ") for page in pages)


def test_no_cut_parts_a_tables_head_from_its_rows() -> None:
    for before in range(380, 480):
        text = "v " * (before // 2) + "v" * (before % 2) + "\n\n" + Numbers().table(8)

        assert_well_paged(text, 500)
        assert_well_paged(text.replace("\n\n", "\n"), 500)


@pytest.mark.parametrize("filling", range(30))
def test_a_paragraph_after_a_table_is_no_row_of_it(filling: int) -> None:
    """The blank line between them is dropped at a cut, and what follows may well hold a bar."""
    numbers = Numbers()
    table = numbers.table(21).replace("t5", "t5" + "x" * filling, 1)

    assert_well_paged(f"{table}\n\nUse w900 | w901, or not. {numbers.words(60)}", 500)


@pytest.mark.parametrize(
    ("before", "line"),
    [
        ("| a | b |\n|---|---|\n", "| {}| y |"),
        ("a | b\n---|---\n", "y | {}"),
        ("```\n", "{}"),
        ("Look:\n", "| {}| a head without rows yet |"),
    ],
)
def test_a_line_that_fits_a_message_is_not_cut_in_a_table_or_in_code(before: str, line: str) -> None:
    short, long = line.format("x " * 60), line.format("word " * 75).rstrip()
    pages = paged(before + f"{short}\n{long}\n" * 3, 500)

    assert "\n".join(pages).count(long) == 3


def test_a_tables_head_that_would_crowd_out_its_rows_is_not_repeated() -> None:
    head = f"| {'a' * 60} | {'b' * 60} |\n|---|---|\n"
    first, *others = paged(head + "| some cell | another cell |\n" * 40, 500)

    assert first.startswith(head)
    assert all(page.startswith("| some cell |") for page in others)


def test_a_row_longer_than_a_message_is_cut_all_the_same() -> None:
    text = "| a | b |\n|---|---|\n| " + "x" * 2000 + " | y |\n"

    assert all(units(page) <= 500 for page in paged(text, 500))
    assert "".join(paged(text, 500)).count("x") == 2000


def test_an_open_fence_is_closed_at_the_end() -> None:
    assert paged("Look:\n\n```python\nx = 1", 500) == ["Look:\n\n```python\nx = 1\n```"]
    assert paged("Look:\n\n```python\nx = 1\n", 500) == ["Look:\n\n```python\nx = 1\n```"]
    assert paged("> ~~~~\n> x = 1", 500) == ["> ~~~~\n> x = 1\n> ~~~~"]
    assert paged("- ```\n  x = 1", 500) == ["- ```\n  x = 1\n  ```"]


@pytest.mark.parametrize(
    "text", ["```\nx\n```", "- ```\n  x\n  ```\n", "> ```\n> x\n\nw1", "```x``` w1", "~~~\n~~~~"]
)
def test_nothing_is_added_where_no_fence_is_open(text: str) -> None:
    assert paged(text, 500) == [text]


@pytest.mark.parametrize(
    "text",
    ["Look:\n\n`", "Look:\n\n``", "Look:\n\n```", "Look:\n\n```py", "```\nx\n`", "```\nx\n``", "```\nx\n```"],
)
def test_a_fence_that_is_half_written_is_not_left_open(text: str) -> None:
    (page,) = paged(text, 500)

    assert not leaves_a_fence_open(page)


@pytest.mark.parametrize(
    "construct",
    [
        "```python\n{}\n```",
        "```c++ title=main\n{}\n```",
        "```{{.python}}\n{}\n```",
        "~~~\n{}\n~~~",
        "~~~ a `name`\n{}\n~~~",
        "`````\n{}\n`````",
        "```\n{}\n``````",
        "~~~~\n```\n{}\n```\n~~~~",
        "````markdown\n```python\n{}\n```\n````",
        "```\n~~~\n{}\n```",
        "```\n```python\n{}\n```",
        "```\n``` no end\n{}\n```",
        "```\n    ```\n{}\n```",
        "   ```\n{}\n  ```   ",
        "```\n{}\n   ```",
        "```python\r\n{}\r\n```\r",
        "```some code``` and words\n\n```\n{}\n```",
        "- ```\n  {}\n  ```",
        "* ```\n  {}\n  ```",
        "10. ```python\n    {}\n    ```",
        "- item\n\n  ```\n  {}\n  ```",
        "> ```\n> {}\n> ```",
        "> ```\n> {}\n\nThe quote ended, and so did its code.",
        "> 1. ```\n>    {}\n>    ```",
    ],
)
def test_fences_are_read_as_commonmark_reads_them(construct: str) -> None:
    numbers = Numbers()
    before, code, after = numbers.words(60), numbers.words(40, "c"), numbers.words(200)
    text = f"{before}\n\n{construct.format(code)}\n\n{after}"

    assert roles(text)["c61"] == "fence"
    assert roles(text)["w101"] == "text"
    assert_well_paged(text, 500)


@pytest.mark.parametrize("opening", ["```python\n", "> ```\n> ", "- ```\n  ", "   ~~~~\n   "])
def test_long_code_is_cut_into_code(opening: str) -> None:
    prefix = opening.partition("\n")[2]
    numbers = Numbers()
    marks = "~~~~" if "~" in opening else "```"
    text = opening + numbers.words(200, "c", f"\n{prefix}") + f"\n{prefix}{marks}\n\n" + numbers.words(5)

    assert len(assert_well_paged(text, 500)) > 2


@pytest.mark.parametrize(
    "graphemes",
    [
        ["가"],
        [unicodedata.normalize("NFD", "각")],
        ["\u1100\ud7b0\ud7cb"],  # of old Korean
        [unicodedata.normalize("NFD", "é")],
        ["q\u0308\u0323"],
        ["😀"],
        ["👩‍👩‍👧‍👦"],
        ["👍🏽"],
        ["🇰🇷", "🇺🇦", "x"],
        ["1\ufe0f\u20e3"],
    ],
)
@pytest.mark.parametrize("shift", range(6))
def test_no_grapheme_is_cut(graphemes: list[str], shift: int) -> None:
    text = "-" * shift + "".join(graphemes) * 700
    pages = paged(text, 500)

    assert all(units(page) <= 500 for page in pages)
    assert "".join(pages) == text
    assert [page for page in pages if not re.fullmatch(f"-*(?:{'|'.join(graphemes)})*", page)] == []


@pytest.mark.parametrize("text", ["x" * 30_000, "가" * 30_000, "\u0301" * 30_000, "```\n" + "x" * 30_000])
@pytest.mark.parametrize("limit", [500, PAGE_UNITS])
def test_a_single_endless_word_comes_to_its_end(text: str, limit: int) -> None:
    pages = paged(text, limit)

    assert all(units(page) <= limit for page in pages)
    assert "".join(pages).count(text[-1]) == 30_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Be", ""),
        ("Because it", "Because"),
        ("Because\nit", "Because"),
        ("```py\nprint(1)\nprint(2)", "```py\nprint(1)"),
    ],
)
def test_what_is_only_added_to_is_not_closed_and_lacks_its_last_word(text: str, shown: str) -> None:
    assert markdown.pages(Safe(text), is_added_to=True) == (shown,)


@given(st.text(st.sampled_from("ab `~|-\n"), max_size=900))
def test_messages_that_are_full_are_the_same_whether_the_last_is_added_to_or_replaced(text: str) -> None:
    *full, last = markdown.pages(Safe(text), Layout(levels=(Limits(500),)), is_added_to=True)

    assert full == paged(text, 500)[: len(full)]
    assert units(last) <= 500


def test_blank_lines_in_code_stand_although_the_code_is_cut_there() -> None:
    code = "\n\n\n".join(f"c{number}" for number in range(200))
    pages = paged(f"```\n{code}\n```", 500)

    assert len(pages) > 1
    assert "\n".join(page.removeprefix("```\n").removesuffix("\n```") for page in pages) == code


def test_a_line_break_early_in_a_text_makes_no_short_message() -> None:
    first, *_ = paged("A title\n" + "word " * 200, 500)

    assert units(first) > 250


def test_blank_lines_make_no_blank_message() -> None:
    """Slack refuses a message that says nothing."""
    assert paged("\n" * 700 + "w1" + "\n" * 700, 500) == ["w1"]
    assert [page.strip() for page in paged("w " * 230 + "\n" * 700, 500)] == [("w " * 230).strip()]


def report(word: str, sentence: str) -> str:
    numbers = Numbers()
    chapters = [
        f"## {number}. {sentence}\n\n"
        + "\n\n".join(f"{sentence}: {numbers.words(40, word)}." for _ in range(3))
        + f"\n\n{numbers.fenced(25)}\n\n{numbers.table(12)}\n\n"
        + f"- {sentence} {numbers.words(30, word, ' - ')}\n"
        for number in range(1, 12)
    ]
    return "\n".join(chapters)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        ("w", "How the scheduler decides which of its tasks runs next"),
        ("말", "스케줄러가 다음 작업을 고르는 방법"),
    ],
)
def test_a_long_report_comes_out_whole(word: str, sentence: str) -> None:
    text = report(word, sentence)

    assert len(text) > 18_000
    assert len(assert_well_paged(text, PAGE_UNITS)) == 2


def items(page: str) -> int:
    """How many items Slack makes of a page: headings, rules, tables, and runs of text between them."""
    kinds = [
        "text"
        if token.type in ("paragraph_open", "fence", "bullet_list_open", "blockquote_open")
        else token.type
        for token in READER.parse(page)
        if token.level == 0 and not token.type.endswith("_close") and token.type != "inline"
    ]
    return sum(kind != "text" or before != "text" for before, kind in zip(["", *kinds], kinds, strict=False))


@pytest.mark.parametrize(
    "chapter",
    [
        "# h\n\nwords\n\n",
        "words\n\n---\n\n",
        "Title\n===\n\nwords\n\n",
        "| h |\n| --- |\n| t |\n\nwords\n\n",
        "## h\n",
    ],
)
@pytest.mark.parametrize("count", [1, 19, 50, 130])
def test_no_message_becomes_more_items_than_slack_takes(chapter: str, count: int) -> None:
    pages = paged_as_told(chapter * count, DEFAULT)

    assert [page for page in pages if items(page) > 50 - OWN_BLOCKS] == []
    assert sum(map(items, pages)) >= count
    assert len(pages) <= 1 + count * 2 // 30


def test_a_table_of_many_rows_goes_on_in_the_next_message_under_its_head() -> None:
    numbers = Numbers()
    pages = paged_as_told(f"{numbers.words(3)}\n\n{numbers.table(250, 2)}\n\n{numbers.words(3)}", DEFAULT)

    rows = [page.count("\n| t") for page in pages]
    assert max(rows) <= MAX_TABLE_ROWS - 1
    assert sum(rows) == 250
    assert [len(re.findall("^[|] h", page, re.MULTILINE)) for page in pages] == [1] * len(pages)


@given(documents(), st.integers(0, 3), st.integers(0, 900))
@settings(max_examples=60)
def test_what_slack_took_of_a_message_stays_and_the_rest_is_cut_smaller(
    text: str, number: int, shown: int
) -> None:
    levels = (Limits(2_000), Limits(700, tables=1), Limits(500, is_plain=True))
    full = paged_as_told(text, Layout(levels=levels))
    assume(number < len(full))
    accepted = paged_as_told(full[number][:shown], Layout(levels=levels))[0] if shown else None
    assume(accepted is None or " " in accepted.strip())
    layout = Layout(levels=levels).smaller(number, accepted)
    assert layout
    smaller = paged_as_told(text, layout)

    assert smaller[:number] == full[:number]
    assert [page for page in smaller[number + 1 :] if units(page) > 700] == []
    words = NUMBERED.findall("\n".join(smaller))
    assert list(dict.fromkeys(words)) == NUMBERED.findall(text)


def paged_as_told(text: str, layout: Layout) -> list[str]:
    return list(markdown.pages(Safe(text), layout))
