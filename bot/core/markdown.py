"""Cutting a long Markdown text into messages that each stand by themselves."""

from __future__ import annotations

from itertools import accumulate

from bot.core.disguise import NOTE
from bot.core.graphemes import boundary
from bot.core.layout import DEFAULT, Layout, Limits, units
from bot.core.markdown_context import Context
from bot.core.markdown_inline import unbreakable_spans
from bot.core.markdown_reader import read
from bot.core.slack_items import Items

_UNSEEN = "\u200b\u2060"
_MIN_CODE_INDENT, _ANY_INDENT = 4, 1_000
_CLOSING_UNITS = 32  # room for the closing of a fence: a line break, a prefix and at most 12 marks


def pages(text: str, layout: Layout = DEFAULT, *, is_added_to: bool = False) -> tuple[str, ...]:
    """`text` in pieces within the limits of `layout` (at least 500 units), each whole Markdown of its own.

    A piece ends between paragraphs where it can, else between lines, else between words. A code fence is
    closed and opened again around a cut, a table's head is repeated, and no table row, surrogate pair,
    Hangul syllable or other grapheme is cut. As the text grows, all pieces but the last stay as they are.
    Where the last `is_added_to`, not replaced, it is not closed, and lacks the last word, which may change.
    """
    done: list[str] = []
    rest = text
    while cut := _end_of_page(rest, layout, len(done)):
        quarter = layout.limits(len(done) + 1).units // 4
        head, rest = rest[:cut], rest[cut:]
        context = _context(head)
        outer = context
        if shift := _shift(context, head, rest):
            rest, outer = (
                _outdented(rest, shift, is_line=head.endswith("\n")),
                context._replace(containers=()),
            )
        early = rest[:quarter]  # a bar that comes later must not change a piece that is full by then
        carry = outer.reopening(early) if head.endswith("\n") or context.marks else ""
        if not context.marks:
            head, rest = head.rstrip(), rest.lstrip("\n")
        if head:
            done.append(context.closed(head))
        rest = (carry if units(carry) < quarter else "") + rest
    if is_added_to:
        done.append(rest[: max(rest.rfind(" "), rest.rfind("\n"), 0)].rstrip())
    elif rest.strip() or not done:
        done.append(_context(rest).closed(rest))
    return tuple(done)


def _shift(context: Context, head: str, rest: str) -> int:
    """Return by how much to outdent `rest`, of which the lists began in `head`: else it would be code."""
    if 0 in context.containers or not (head.endswith("\n") or context.marks):
        return 0
    first = rest if head.endswith("\n") else rest.partition("\n")[2]
    indent = len(first.lstrip("\n")) - len(first.lstrip("\n ")) if not context.marks else _ANY_INDENT
    widths = accumulate(map(abs, context.containers))
    return max((width for width in widths if _MIN_CODE_INDENT <= width <= indent), default=0)


def _outdented(rest: str, shift: int, *, is_line: bool) -> str:
    """Return `rest` with its first lines moved to the left, as far as they belong to the same list."""
    lines = rest.split("\n")
    for number in range(0 if is_line else 1, len(lines)):
        if lines[number].strip(" ") and not lines[number].startswith(" " * shift):
            break
        lines[number] = lines[number][shift:]
    return "\n".join(lines)


def _end_of_page(rest: str, layout: Layout, number: int) -> int:
    """Return where message `number` ends, which begins with `rest`; 0 if it takes all of that."""
    if (accepted := layout.accepted_text(number)) is not None:
        return _end_of_accepted(rest, accepted)
    window = _window(rest, layout.limits(number))
    return _cut(rest, window) if len(window) < len(rest) else 0


def _end_of_accepted(rest: str, accepted: str) -> int:
    """Return the end of what Slack `accepted` of `rest`, without a word or table row that was not whole."""
    end = _common(rest, NOTE.sub("", accepted))
    if end == len(rest):
        return 0
    line = rest.rfind("\n", 0, end) + 1
    is_row = line and "|" in rest[line:end]
    return line if is_row else max(line, rest.rfind(" ", 0, end + 1) + 1) or end


def _common(text: str, shown: str) -> int:
    """Return how much of `text` is `shown`, where it has characters besides that nobody sees."""
    seen = (each for each in shown if each not in _UNSEEN)
    written = ((place, each) for place, each in enumerate(text) if each not in _UNSEEN)
    return next((place for place, each in written if each != next(seen, None)), len(text))


def _window(text: str, limits: Limits) -> str:
    """Return what of the beginning of `text` one message can hold.

    Only whole lines count as items, since what a line is can change while it grows.
    """
    room = limits.units - _CLOSING_UNITS  # always, else a page would shrink while its text grows
    window = text[:room].encode("utf-16-le")[: room * 2].decode("utf-16-le", "ignore")
    while limits.is_plain and (excess := units(window) + _escaping(window) - room) > 0:
        window = window[: -max(1, excess // 5)]
    if limits.is_plain:
        return window
    context, items, position = Context(), Items(), 0
    for line in window.split("\n")[:-1]:
        before, context = context, context.after(line)
        items.add(line, before, context)
        if items.exceed(limits):
            head = len(before.row) + 1 if items.has_begun_table else 0
            return window[: max(position - head, 0)] or window
        position += len(line) + 1
    return window


def _context(text: str) -> Context:
    context = Context()
    for line in text.removesuffix("\n").split("\n"):
        context = context.after(line)
    return context


def _cut(text: str, window: str) -> int:
    """Return where to end a piece of `text` that is at most `window`: the best place in its second half."""
    paragraph = line_outside = line_anywhere = 0
    context, position = Context(), 0
    for line in window.split("\n")[:-1]:
        context, position = context.after(line), position + len(line) + 1
        line_anywhere = position
        if not (context.marks or context.table or context.row):
            line_outside = position
            paragraph = position if not line.strip() else paragraph
    middle = len(window) // 2
    cut_line = window[line_anywhere:]
    unbreakable = context.marks or context.table or cut_line.lstrip().startswith("|")
    for place in (paragraph, line_outside):
        if place > middle:
            return _outside(window, place, middle)
    if line_anywhere > middle or (unbreakable and line_anywhere > len(context.reopening("|"))):
        return line_anywhere
    space = max(window.rfind(" "), window.rfind("\t")) + 1
    return _outside(window, space, middle) if space > middle else boundary(text, len(window))


def _outside(window: str, place: int, least: int) -> int:
    """Return `place`, or where the code or the link in a line begins that it is in the middle of."""
    passage = next((each for each in reversed(read(window).passages) if each.place(0) < place), None)
    if passage is None:
        return place
    spans = (span for start, end in unbreakable_spans(passage) for span in passage.spans(start, end))
    begun = (start for start, end in spans if least < start < place < end)
    return next(begun, place)


def _escaping(text: str) -> int:
    """Characters by which escaping lengthens `text`: https://docs.slack.dev/messaging/formatting-message-text"""
    return 4 * text.count("&") + 3 * (text.count("<") + text.count(">"))
