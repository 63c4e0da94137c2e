"""An answer that takes several messages is read as one text."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.layout import Layout, Limits
from bot.core.markdown import pages
from bot.core.rejoined import rejoined
from bot.core.safety import Safe

SMALL = Layout(levels=(Limits(600),))


def cut(text: str) -> str:
    parts = pages(Safe(text), SMALL)
    assert len(parts) > 1
    return rejoined(parts)


def test_code_that_was_cut_is_whole_again() -> None:
    code = "\n".join(f"line {number}  # `x`" for number in range(200))

    assert cut(f"Look:\n\n```python\n{code}\n```\n\nDone.") == f"Look:\n\n```python\n{code}\n```\n\nDone."
    assert cut(f"````\n{code}\n```\n{code}\n````") == f"````\n{code}\n```\n{code}\n````"


def test_a_table_that_was_cut_has_its_head_once() -> None:
    rows = "\n".join(f"| {number} | x |" for number in range(200))
    table = f"| Name | Size |\n| --- | --- |\n{rows}"

    assert cut(table) == table


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("```python\nx\n```", "```sh\nls\n```"),
        ("text", "```python\nx\n```"),
        ("```\nx\n```\n\ntext", "```\ny\n```"),
        ("| A |\n| --- |\n| 1 |", "| B |\n| --- |\n| 2 |"),
        ("```\nx\n```", "text"),
    ],
)
def test_what_was_not_cut_in_the_middle_stays_apart(before: str, after: str) -> None:
    assert rejoined([before, after]) == f"{before}\n\n{after}"


def test_code_that_is_still_open_goes_on() -> None:
    assert rejoined(["```py\na\n```", "````py\nb\n````\n\nc"]) == "````py\na\nb\n````\n\nc"
    assert rejoined(["```py\na\n```", "```py\nb"]) == "```py\na\nb"
    assert rejoined([]) == ""


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["```", "```py", "x", "| a |", "| --- |", "", "> ```", "~~~"]), max_size=30).map(
        "\n".join
    )
)
def test_no_word_is_lost(text: str) -> None:
    parts = pages(Safe(f"{text}\n" * 20), SMALL)

    assert rejoined(parts).count("x") == "".join(parts).count("x")
