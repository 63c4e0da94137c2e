"""Code is shown as it was written: whatever it looks like, while it grows, and cut over several messages."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.core.draft import Draft, Outcome
from bot.core.rich_text import fenced
from bot.core.safety import restored, without_secrets
from bot.core.slack_markdown import for_slack
from bot.core.texts import Language, texts_in
from bot.playground.markdown_blocks import translated

EN = texts_in(Language.EN)
LIBRARY = Path(sysconfig.get_path("stdlib"))
# Where Slack, Markdown, or a pattern over either could see more in code than code.
SUSPECT = re.compile(r"[<@\[`&!]|https?:|~~~|^\s*>", re.MULTILINE)
HOSTILE = [
    "let v = vec![1, 2, 3];\n#![allow(dead_code)]",
    'import { Component } from "@angular/core"; // @here @channel <#C1|x>',
    "List<@NonNull String> Map<@URL T> <@U123 <!channel &lt;!here&gt; <!DOCTYPE html>",
    "![alt](https://evil.example/x.png) [bank.com](https://evil.example) [a]: https://evil.example",
    "<https://evil.example|bank.com> <!date^1^{date}^https://evil.example|bank.com> &lt;!here&gt;",
    "**GIL(전역 락)**은 ~~x~~ List<String> <div class='a'> https://bank.com@evil.example/",
    "> quoted\n- item\n\n# heading\n\n| a | b |\n|---|---|\n\n    indented\n\ttab\n===\n* * *",
    "your-token-here <YOUR_API_KEY> ${TOKEN} {{ token }} $ENV{x} %s @echo off",
]


def sources() -> list[str]:
    """Files of the standard library, always the same."""
    files = sorted(LIBRARY.glob("*.py")) + sorted(LIBRARY.glob("[a-l]*/*.py"))
    texts = [file.read_text(errors="replace") for file in files[::7]]
    return [text.strip("\n") for text in texts if text.strip() and without_secrets(text) == text]


def shown(text: str, outcome: Outcome | None = Outcome.WHOLE) -> list[list[dict[str, Any]]]:
    """The blocks of each message in which an answer is shown."""
    return [translated(content.body) for content in Draft(text, outcome).contents(EN)]


def elements(blocks: object, kind: str) -> Iterator[dict[str, Any]]:
    if isinstance(blocks, dict):
        if blocks.get("type") == kind:
            yield blocks
        else:
            for value in blocks.values():
                yield from elements(value, kind)
    elif isinstance(blocks, list):
        for each in blocks:
            yield from elements(each, kind)


def in_blocks(text: str, outcome: Outcome | None = Outcome.WHOLE) -> str:
    """The code of an answer's messages, joined as one."""
    codes = [code for blocks in shown(text, outcome) for code in elements(blocks, "rich_text_preformatted")]
    return "\n".join("".join(each["text"] for each in code["elements"]) for code in codes)


def in_lines(text: str) -> list[str]:
    """The inline code of an answer's messages."""
    texts = [each for blocks in shown(text) for each in elements(blocks, "text")]
    return [each["text"] for each in texts if each.get("style", {}).get("code")]


def as_inline_code(line: str) -> str:
    """`line` between backticks, as CommonMark wants it: https://spec.commonmark.org/0.31.2/#code-spans"""
    marks = "`" * (1 + max(map(len, re.findall("`+", line)), default=0))
    gap = " " if line.startswith("`") or line.endswith("`") or line[:1] == line[-1:] == " " else ""
    return f"{marks}{gap}{line}{gap}{marks}"


@pytest.mark.parametrize(
    "template", ["Look:\n\n{}\n\nThat is **all(모두)**은 @here.", "{}", "a `b` <c>\n{}\n- d"]
)
def test_files_of_the_standard_library_are_shown_as_they_are(template: str) -> None:
    for code in [*HOSTILE, *sources()[:: 1 if template == "{}" else 8]]:
        assert in_blocks(template.format(fenced(code, "python"))) == code


def test_code_that_grows_is_always_a_beginning_of_it() -> None:
    for code in [*HOSTILE, *sources()[::12]]:
        text = f"Look:\n\n{fenced(code, 'python')}\n\nDone."
        for end in range(len(code) % 97, len(text), len(text) // 6):
            assert code.startswith(in_blocks(text[:end], None).rstrip("`").removesuffix("\n"))


def test_lines_of_the_standard_library_are_shown_as_they_are_in_inline_code() -> None:
    written = {line.strip() for code in [*HOSTILE, *sources()[::2]] for line in code.split("\n")}
    lines = {line for line in written if SUSPECT.search(line) and without_secrets(line) == line}
    for bunch in (sorted(lines)[start : start + 400] for start in range(0, len(lines), 400)):
        text = "".join(
            f"Then {as_inline_code(line)} follows.\n\n- {as_inline_code(line)}\n\n" for line in bunch
        )

        assert in_lines(text) == [line for line in bunch for _ in range(2)]


@pytest.mark.parametrize(
    ("first", "prefix"),
    [("> ", "> "), ("- ", "  "), ("1. ", "   "), ("10. ", "    "), ("- a\n  1. ", "     ")],
)
def test_code_in_lists_and_quotations_is_shown_as_it_is(first: str, prefix: str) -> None:
    for code in HOSTILE:
        assert in_blocks(first + fenced(code).replace("\n", f"\n{prefix}")) == code


@pytest.mark.parametrize("prefix", ["   ", "     "])
def test_long_code_in_a_list_is_cut_into_code(prefix: str) -> None:
    code = max(sources(), key=len)[:40_000].rpartition("\n")[0]
    opening = "1. a\n   " if len(prefix) == 3 else "1. a\n   - b\n     "
    text = opening + re.sub(r"\n(?=[^\n])", f"\n{prefix}", fenced(code)) + f"\n\n{prefix}The end of it."

    assert in_blocks(text) == code
    assert len(shown(text)) > 3


def test_a_mention_in_code_is_changed_so_that_it_is_seen() -> None:
    """Slack delivers it to who is mentioned, although it shows it as code."""
    code = "a <!channel> <@U123> <@U123|ada> <!subteam^S1|@devs> <!HERE>"
    apart = re.sub("<(?=[!@])", "< \u200b", code)

    assert in_blocks(fenced(code)) == apart
    assert in_lines(f"see `{code}`") == [apart]
    assert for_slack(for_slack(f"`{code}`")) == f"`{apart}`"
    assert restored(f"`{apart}`") == f"`{code}`"


def test_secrets_are_masked_in_code_too() -> None:
    assert in_blocks(fenced("token = 'xoxb-1-2-A2bC3d'\nx = vec![1]")) == "token = 'xoxb-***'\nx = vec![1]"
