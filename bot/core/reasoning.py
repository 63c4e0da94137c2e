"""A model's reasoning, which nobody is shown: taken out of what it writes, wherever that is cut into pieces.

Models on Bedrock write it between tags in the middle of their text. Nova writes `<thinking>`
(https://github.com/langchain-ai/langchain-aws/issues/783, https://github.com/vercel/ai/issues/7078), others
`<think>`, `<reasoning>`, `[THINK]` (https://docs.mistral.ai/capabilities/reasoning), `◁think▷` and the like.
In Markdown's code such a tag is what the answer is about, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bot.core.markdown_context import Context
from bot.core.stream import Failed, Finished, StreamEvent, Text

_NAME = (
    r"(?:[\w-]{1,20}:)?(?:(?:ant)?think(?:ing)?|thoughts?|reasoning|reflection|scratch_?pad"
    r"|(?:inner|internal)[_-](?:monologue|thoughts?)|chain[_-]of[_-]thought)"
)
# Slack gives `\<` back for a `<`.
_TAG = re.compile(
    rf"\\?[<＜]\s?(?P<ends>/)?\s?(?i:{_NAME})(?:\s[^<>]{{0,200}}?)?(?P<is_empty>/)?\\?[>＞]"
    r"|\[(?P<ends_too>/)?THINK\]|◁(?P<ends_again>/)?think▷"
    r"|<\|(?:(?P<ends_at_last>END_THINKING|end_of_thought)|START_THINKING|begin_of_thought)\|>"
)
# The beginning of one, at the end of a piece.
_UNFINISHED_TAG = re.compile(
    rf"\\?(?:[<＜]\s?/?\s?(?:[\w:-]{{0,40}}/?|(?i:{_NAME})\s[^<>]{{0,200}})\\?"
    r"|<\|\w{0,20}\|?|\[/?[A-Z]{0,5}|◁/?\w{0,5}|\\)\Z"
)
_MAX_UNFINISHED = 300
_MAX_CODE_SPAN = 1_000  # letters, also so that a line of lone backticks is read in linear time
_BACKTICKS = re.compile("`+")
_NOTEWORTHY = re.compile(r"[\n`<＜\[◁\\]")
_BEFORE_A_FENCE = re.compile(r"[ >\t\d.)*+-]{0,20}")
_MAY_BE_A_FENCE = re.compile(r"`{3}|~{3}|`{1,2}$|~{1,2}$")
UNFINISHED = "unfinished_reasoning"
"""Stop reason of an answer that ends in the middle of its reasoning, although the model says it is whole."""
_WHOLE = {"end_turn", "stop_sequence"}


class ShownText:
    """Tells what of a text is shown, which comes in any pieces.

    What may yet turn out to be a tag or code is held back, no longer than to the end of its line. In a text
    that `is_all_there`, reasoning whose beginning is missing is found by its end.
    """

    def __init__(self, *, is_all_there: bool = False) -> None:
        self._is_all_there = is_all_there
        self._held, self._line, self._code = "", "", Context()
        self._depth = 0  # of tags in tags

    @property
    def is_unfinished(self) -> bool:
        """Return whether the text so far ends in the middle of reasoning."""
        return self._depth > 0

    def said(self, piece: str) -> str:
        """Return what `piece` adds to what is shown."""
        self._held += piece
        return self._advance(is_last=False)

    def rest(self) -> str:
        """Return what was held back, at the end of the text."""
        return self._advance(is_last=True)

    def _advance(self, *, is_last: bool) -> str:
        shown, left = "", -1
        while self._held and left != len(self._held):
            left = len(self._held)
            if self._depth:
                self._skip()
            elif (tag := _TAG.match(self._held)) and not self._code.marks:
                self._held = self._held[tag.end() :]
                self._depth = 0 if _ends(tag) or tag["is_empty"] else 1
                shown = "" if _ends(tag) and self._is_all_there else shown
            else:
                shown += self._taken(self._decided(is_last=is_last))
        return shown

    def _decided(self, *, is_last: bool) -> int:
        """Return how many letters are shown by now of what is held, at the start of which is no tag."""
        line, end, _ = self._held.partition("\n")
        if self._code.marks:
            return len(line) + len(end)
        is_line_whole = bool(end) or is_last
        if _BEFORE_A_FENCE.fullmatch(self._line) and _MAY_BE_A_FENCE.match(line):
            if not is_line_whole:
                return 0
            if Context().after(self._line + line).marks:
                return len(line) + len(end)
        if self._held[0] == "`":
            return _code_span(line, is_line_whole=is_line_whole)
        if not is_last and _UNFINISHED_TAG.match(self._held):
            return 0
        is_escape = self._held[0] == "\\" and self._held[1:2] in ("\\", "`")
        if following := _NOTEWORTHY.search(self._held, 2 if is_escape else 1):
            return following.start()
        return len(self._held)

    def _taken(self, size: int) -> str:
        taken, self._held = self._held[:size], self._held[size:]
        *lines, last = taken.split("\n")
        for line in lines:
            self._code, self._line = self._code.after(self._line + line), ""
        self._line += last
        return taken

    def _skip(self) -> None:
        """Pass over reasoning to the next tag, or to the end of what is held."""
        for tag in _TAG.finditer(self._held):
            is_thought_about = self._held.startswith("`", max(0, tag.start() - 1))
            if not (is_thought_about or tag["is_empty"]):
                self._depth += -1 if _ends(tag) else 1
                self._held = self._held[tag.end() :]
                return
        tail = self._held[-_MAX_UNFINISHED:]
        unfinished = _UNFINISHED_TAG.search(tail)
        start = unfinished.start() if unfinished else len(tail)
        self._held = tail[max(0, start - 1) :]


def _ends(tag: re.Match[str]) -> bool:
    return any(name.startswith("ends") and found for name, found in tag.groupdict().items())


def _code_span(line: str, *, is_line_whole: bool) -> int:
    """Return how long the code is with which `line` begins, or the marks if it is none; 0 if it is not known.

    https://spec.commonmark.org/0.31.2/#code-spans, but that these may go on in the next line.
    """
    marks = line[: len(line) - len(line.lstrip("`"))]
    most = len(marks) + _MAX_CODE_SPAN
    runs = _BACKTICKS.finditer(line, len(marks), most)
    closing = next((run for run in runs if len(run[0]) == len(marks)), None)
    if closing and (is_line_whole or closing.end() < len(line)):
        return closing.end()
    return len(marks) if is_line_whole or len(line) > most else 0


def without_reasoning(text: str) -> str:
    """Return what of a whole `text` of a model's is shown."""
    shown = ShownText(is_all_there=True)
    return shown.said(text) + shown.rest()


def shown_events(events: Iterable[StreamEvent]) -> Iterator[StreamEvent]:
    """Return what a model streams, without its reasoning.

    One that ends in the middle of it, and says that it is whole, ends as `UNFINISHED`.
    """
    shown = ShownText()
    for event in events:
        if isinstance(event, Text):
            yield Text(shown.said(event.piece))
            continue
        if isinstance(event, Finished | Failed) and (rest := shown.rest()):
            yield Text(rest)
        if isinstance(event, Finished) and shown.is_unfinished and event.reason in _WHOLE:
            event = replace(event, reason=UNFINISHED)
        yield event
