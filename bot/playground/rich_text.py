"""Slack's rich text and tables as HTML that is safe to show: no raw HTML, no styles in attributes."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby, takewhile
from typing import Any

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

Element = Mapping[str, Any]

_TAGS = {"code": "code", "strike": "s", "italic": "em", "bold": "strong"}  # from the inside out
_BOXES = {"checked": " checked", "unchecked": ""}
_SIDES = {"center": ' class="align-center"', "right": ' class="align-right"'}
_ADDRESSES = ("https://", "http://", "mailto:")
_CLASSES: HtmlFormatter[str] = HtmlFormatter(
    nowrap=True
)  # classes only: the page allows no styles in attributes


class RichText:
    """Renderer of rich text and tables as HTML.

    `spoken` makes that of a mention or a date, which it is given as mrkdwn has it between angle brackets.
    """

    def __init__(self, spoken: Callable[[str], str]) -> None:
        self._spoken = spoken

    def block(self, elements: Sequence[Element]) -> str:
        """A rich_text block: https://docs.slack.dev/reference/block-kit/blocks/rich-text-block"""
        shown = ""
        for is_quoted, parts in groupby(elements, _is_quoted):
            inside = "".join(self._parts(list(group)) for _, group in groupby(parts, _is_list))
            shown += f"<blockquote>{inside}</blockquote>" if is_quoted else inside
        return shown

    def table(self, rows: Sequence[Sequence[Element]], settings: Sequence[Element | None]) -> str:
        """A table, of which the first row is the header.

        https://docs.slack.dev/reference/block-kit/blocks/table-block
        """
        sides = [_SIDES.get(str((setting or {}).get("align")), "") for setting in settings]
        head, body = self._rows(rows[:1], sides, "th"), self._rows(rows[1:], sides, "td")
        return f'<div class="table"><table><thead>{head}</thead><tbody>{body}</tbody></table></div>'

    def _rows(self, rows: Sequence[Sequence[Element]], sides: Sequence[str], tag: str) -> str:
        shown = ""
        for row in rows:
            aligned = [*sides, *[""] * len(row)]
            cells = [f"<{tag}{aligned[n]}>{self._cell(cell)}</{tag}>" for n, cell in enumerate(row)]
            shown += f"<tr>{''.join(cells)}</tr>"
        return shown

    def _cell(self, cell: Element) -> str:
        if cell.get("type") != "rich_text":
            return _escaped(cell.get("text", ""))
        return "<br>".join(self._words(part.get("elements", [])) for part in cell["elements"])

    def _parts(self, parts: Sequence[Element]) -> str:
        """Lists that follow each other, or other parts of rich text."""
        return self._lists(parts) if _is_list(parts[0]) else "".join(map(self._part, parts))

    def _part(self, part: Element) -> str:
        match part:
            case {"type": "rich_text_preformatted", "elements": elements}:
                code = "".join(str(element.get("text") or element.get("url", "")) for element in elements)
                return f"<pre><code>{_highlighted(code, str(part.get('language', '')))}</code></pre>"
            case {"type": "rich_text_section" | "rich_text_quote", "elements": elements}:
                return f"<p>{self._words(elements)}</p>"
            case _:
                return html.escape(str(part.get("type")))

    def _lists(self, lists: Sequence[Element]) -> str:
        """Lists that follow each other; what is indented further stands in the item before it."""
        shown = ""
        while lists:
            first, *rest = lists
            depth = first.get("indent", 0)
            inner = list(takewhile(lambda each: each.get("indent", 0) > depth, rest))  # noqa: B023 - used up here
            shown += self._list(first, self._lists(inner))
            lists = rest[len(inner) :]
        return shown

    def _list(self, part: Element, inner: str) -> str:
        """One list, with what is indented further in its last item."""
        style = part.get("style")
        items = [self._item(item, str(style)) for item in part["elements"]] or [""]
        inside = "".join(f"<li>{item}</li>" for item in [*items[:-1], items[-1] + inner])
        if style == "ordered":
            start = f' start="{int(part["offset"]) + 1}"' if part.get("offset") else ""
            return f"<ol{start}>{inside}</ol>"
        return f'<ul class="tasks">{inside}</ul>' if style in _BOXES else f"<ul>{inside}</ul>"

    def _item(self, item: Element, style: str) -> str:
        words = self._words(item.get("elements", []))
        if style not in _BOXES:
            return words
        return f'<label><input type="checkbox" disabled{_BOXES[style]}> {words}</label>'

    def _words(self, elements: Sequence[Element]) -> str:
        return "".join(map(self._word, elements))

    def _word(self, element: Element) -> str:
        match element:
            case {"type": "text", "text": text}:
                shown = _escaped(text)
            case {"type": "link", "url": url}:
                shown = _escaped(element.get("text") or url)
            case {"type": "emoji"}:
                shown = _escaped(_picture(element))
            case {"type": "user", "user_id": name}:
                shown = self._spoken(f"@{name}")
            case {"type": "channel", "channel_id": name}:
                shown = self._spoken(f"#{name}")
            case {"type": "usergroup", "usergroup_id": name}:
                shown = self._spoken(f"!subteam^{name}")
            case {"type": "broadcast", "range": name}:
                shown = self._spoken(f"!{name}")
            case {"type": "date", "timestamp": seconds, "format": form}:
                label = html.escape(str(element.get("fallback", "")), quote=False)
                shown = self._spoken(f"!date^{seconds}^{form}|{label}")
            case _:
                shown = _escaped(element.get("type"))
        style = element.get("style") or {}
        for name, tag in _TAGS.items():
            shown = f"<{tag}>{shown}</{tag}>" if style.get(name) else shown
        if str(element.get("url", "")).startswith(_ADDRESSES):
            return f'<a href="{html.escape(element["url"])}">{shown}</a>'
        return shown


def _escaped(text: object) -> str:
    return html.escape(str(text)).replace("\n", "<br>")


def _picture(emoji: Element) -> str:
    """An emoji, or its name where Slack gives no code points for it, as for a workspace's own."""
    if code := emoji.get("unicode"):
        return "".join(chr(int(point, 16)) for point in str(code).split("-"))
    return f":{emoji.get('name')}:"


def _is_list(part: Element) -> bool:
    return part.get("type") == "rich_text_list"


def _is_quoted(part: Element) -> bool:
    return part.get("type") == "rich_text_quote" or bool(part.get("border"))


def _highlighted(code: str, language: str) -> str:
    """Code as HTML whose parts have Pygments' classes; as it is if the language is none that is known."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return html.escape(code)
    return str(highlight(code, lexer, _CLASSES))
