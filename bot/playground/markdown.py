"""Markdown as HTML that is safe to show: no raw HTML, no pictures from elsewhere, no styles in attributes."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.tasklists import tasklists_plugin
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

# What counts as live in Markdown as well; `<!DOCTYPE html>` and `List<@NonNull String>` do not.
_MENTION = re.compile(
    r"<(?P<sequence>(?:[@#][A-Z0-9]{2}|!(?:here|channel|everyone|subteam)\b)[^<>\n]*)>",
)
_CLASSES: HtmlFormatter[str] = HtmlFormatter(
    nowrap=True
)  # classes only: the page allows no styles in attributes


def markdown(text: str, spoken: Callable[[str], str]) -> str:
    """`text` as HTML; `spoken` makes that of a mention, of which it is given the inner part."""
    return str(_MARKDOWN.render(text, {"spoken": spoken}))


def highlighted(code: str, language: str) -> str:
    """Code as HTML whose parts have Pygments' classes; as it is if the language is none that is known."""
    try:
        lexer = get_lexer_by_name(language, stripnl=False)
    except ClassNotFound:
        return html.escape(code)
    return str(highlight(code, lexer, _CLASSES))


def _fence(_renderer: object, tokens: Sequence[Token], index: int, _options: object, _env: object) -> str:
    language, _, _ = tokens[index].info.strip().partition(" ")
    return f"<pre><code>{highlighted(tokens[index].content, language)}</code></pre>\n"


def _cell(
    renderer: RendererHTML, tokens: Sequence[Token], index: int, options: Any, env: Mapping[str, Any]
) -> str:
    token = tokens[index]
    if style := token.attrs.pop("style", None):
        token.attrs["class"] = str(style).replace("text-align:", "align-")
    return renderer.renderToken(tokens, index, options, dict(env))


def _mention_in_markdown(state: StateInline, silent: bool) -> bool:
    """A rule of markdown-it's: mentions are live in Markdown as well, though not in code."""
    found = _MENTION.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        state.push("mention", "", 0).content = found["sequence"]
    state.pos = found.end()
    return True


def _mention(
    _renderer: object, tokens: Sequence[Token], index: int, _options: object, env: Mapping[str, Any]
) -> str:
    return str(env["spoken"](tokens[index].content))


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).disable("image")
_MARKDOWN.use(tasklists_plugin, label=True)
_MARKDOWN.inline.ruler.before("autolink", "mention", _mention_in_markdown)
for _name, _rule in (
    ("mention", _mention),
    ("fence", _fence),
    ("code_block", _fence),
    ("th_open", _cell),
    ("td_open", _cell),
    ("table_open", lambda *_: '<div class="table"><table>\n'),
    ("table_close", lambda *_: "</table></div>\n"),
):
    _MARKDOWN.add_render_rule(_name, _rule)
