"""What the page shows of a text: safe, and as Slack would show it."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.message_blocks import stored
from bot.playground.rendering import blocks_of
from bot.playground.workspace import ADA, MINJI, Message, User

USERS = {user.id: user for user in (ADA, MINJI, User("UEVIL", "<img src=x onerror=alert(1)>"))}
ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href='javascript:alert(1)'>x</a>",
    '"><script>alert(1)</script>',
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "`<script>alert(1)</script>`",
    "```\n<script>alert(1)</script>\n```",
    "```<script>\nx\n```",
    "*<b onclick=alert(1)>*",
    "<javascript:alert(1)|x>",
    "<https://e.com/'onclick=alert(1)|x>",
    '<https://e.com/"onclick="alert(1)|x>',
    "<https://e.com|<script>alert(1)</script>>",
    "<https://e.com|&lt;script&gt;alert(1)&lt;/script&gt;>",
    "<@UADA|&lt;script&gt;alert(1)&lt;/script&gt;>",
    "<@UNKNOWN|<script>alert(1)</script>>",
    "<@UEVIL>",
    "<!here onclick=alert(1)>",
    '<!date^1^"><script>alert(1)</script>|<script>alert(1)</script>>',
    "<!date^1750000000^{date} ' onclick=alert(1)|&lt;script&gt;>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:alert(1))",
    "<javascript:alert(1)>",
    '[x](https://e.com "<!x onclick=alert(1) x>")',
    "![x](https://e.com/pixel.png)",
    "| <script>alert(1)</script> |\n|:-:|\n| <img src=x onerror=alert(1)> |",
    "- [x] <script>alert(1)</script>",
    "```html\n<script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
]
HARMLESS = {
    *("p", "br", "strong", "em", "s", "del", "code", "pre", "span", "a", "blockquote", "hr", "button"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li"),
    *("table", "thead", "tbody", "tr", "th", "td", "div", "label", "input", "time"),
}
HARMLESS_ATTRIBUTES = {"class", "href", "title", "start", "type", "data-action", "checked", "disabled"}
HARMLESS_ATTRIBUTES |= {"datetime", "data-format"}


class Page(HTMLParser):
    """What a browser would make of the HTML: tags, attributes, and the text that is read."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data: str) -> None:
        self.text += data

    def of(self, name: str) -> list[str | None]:
        return [value for attribute, value in self.attributes if attribute == name]


def shown(text: str = "", *blocks: dict[str, Any]) -> str:
    message = Message("C1", "1.0", ADA.id, text, blocks=blocks)
    return "".join(block["html"] for block in blocks_of(message, USERS))


def attached(attachment: dict[str, Any]) -> str:
    message = Message("C1", "1.0", ADA.id, "", attachments=[attachment])
    return "".join(block["html"] for block in blocks_of(message, USERS))


def markdown(text: str) -> str:
    """What Slack makes of Markdown."""
    return shown("", *map(dict, stored([{"type": "markdown", "text": text}])))


def rich(*elements: dict[str, Any]) -> dict[str, Any]:
    """A block of rich text with one section."""
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": elements}]}


def rich_text(text: str) -> list[dict[str, Any]]:
    """Rich text with `text` in every place that there is for one."""
    words: list[dict[str, Any]] = [
        {"type": "text", "text": text, "style": {"code": True, text: True}},
        {"type": "link", "url": text, "text": text},
        {"type": "link", "url": f"https://e.com/{text}"},
        {"type": "emoji", "name": text},
        {"type": "user", "user_id": text},
        {"type": "channel", "channel_id": text},
        {"type": "usergroup", "usergroup_id": text},
        {"type": "broadcast", "range": text},
        {"type": "date", "timestamp": 1, "format": text, "fallback": text},
        {"type": text},
    ]
    section = rich(*words)
    item = {"type": "rich_text_list", "style": text, "indent": 0, "elements": section["elements"]}
    code = {"type": "rich_text_preformatted", "language": text, "elements": words[:2], "border": 1}
    cells = [{"type": "raw_text", "text": text}, section]
    return [
        {"type": "rich_text", "elements": [*section["elements"], item, code, {"type": text}]},
        {"type": "table", "rows": [cells, cells], "column_settings": [{"align": text}, None]},
        {"type": "header", "text": plain(text), "level": text},
    ]


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def actions(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "actions", "elements": elements}


def everywhere(text: str) -> list[str]:
    """`text` in every place that a message has for one."""
    return [
        shown(text),
        markdown(text),
        shown("", {"type": "section", "text": mrkdwn(text)}),
        shown("", {"type": "context", "elements": [mrkdwn(text), mrkdwn(text)]}),
        shown("", actions({"type": "button", "text": plain(text), "action_id": text, "style": text})),
        shown("", {"type": text}),
        attached({"pretext": text, "title": text, "text": text, "footer": text}),
        attached({"fields": [{"title": text, "value": text}]}),
        attached({"blocks": [{"type": "section", "text": mrkdwn(text)}]}),
        *(shown("", block) for block in rich_text(text)),
    ]


def assert_harmless(html: str) -> None:
    page = Page(html)
    assert set(page.tags) <= HARMLESS
    assert {name for name, _ in page.attributes} <= HARMLESS_ATTRIBUTES
    for address in page.of("href"):
        assert re.match(r"https?://|mailto:|[^:]*$", address or "")


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_text_becomes_a_script_wherever_it_stands(attack: str) -> None:
    for html in everywhere(attack):
        assert_harmless(html)


@given(
    st.lists(
        st.one_of(
            st.sampled_from([*ATTACKS, *"<>|@!#&;`*_~[]()\"'=\n \\", "https://e.com/", "UADA"]), st.text()
        ),
        max_size=12,
    ).map("".join)
)
def test_no_composition_of_texts_becomes_a_script(text: str) -> None:
    for html in everywhere(text):
        assert_harmless(html)


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "a < b && c > d"]
)
def test_what_looks_like_html_and_is_escaped_is_read_as_it_was_written(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert Page(shown(escaped)).text == Page(markdown(escaped)).text == text
    assert Page(shown("", rich({"type": "text", "text": text}))).text == text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("&lt;b&gt; &amp;", "<b> &"),
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;", "&amp;"),
        ("&copy; &quot; &#39;", "&copy; &quot; &#39;"),
        ("`&lt;b&gt; &amp;lt;`", "<b> &lt;"),
        ("<https://e.com/?a=1&amp;b=2|R&amp;D>", "R&D"),
        ("<@UNKNOWN|R&amp;D>", "@R&D"),
    ],
)
def test_slacks_three_escapes_are_undone_once_and_no_other(text: str, read: str) -> None:
    assert Page(shown(text)).text == read


@pytest.mark.parametrize(
    ("show", "text", "name"),
    [
        *(
            (show, text, name)
            for show in (shown, markdown)
            for text, name in (
                ("<@UADA>", "@Ada"),
                ("<@UMINJI|minji>", "@민지"),
                ("<@UNKNOWN>", "@UNKNOWN"),
                ("<@UEVIL>", "@<img src=x onerror=alert(1)>"),
                ("<#CGENERAL>", "#CGENERAL"),
                ("<!channel>", "@channel"),
            )
        ),
        (shown, "<@UNKNOWN|bob>", "@bob"),
        (shown, "<#CGENERAL|general>", "#general"),
        (shown, "<!subteam^S1|@team>", "@team"),
    ],
)
def test_a_mention_is_shown_as_a_mention(show: Any, text: str, name: str) -> None:
    page = Page(show(f"so, {text}님"))

    assert page.text.strip() == f"so, {name}님"
    assert page.of("class") == ["mention"]


@pytest.mark.parametrize("text", ["<\u200b!channel>", "<\u200b@UADA>", "@channel", "@Ada"])
def test_what_was_made_harmless_is_not_shown_as_a_mention(text: str) -> None:
    for html in (shown(text), markdown(text)):
        page = Page(html)
        assert page.of("class") == []
        assert page.text.strip() == text


@pytest.mark.parametrize(
    ("text", "address", "label"),
    [
        ("<https://e.com/a_b_c>", "https://e.com/a_b_c", "https://e.com/a_b_c"),
        ("<https://e.com/?a=1&amp;b=2|so>", "https://e.com/?a=1&b=2", "so"),
        ("<mailto:ada@e.com|ada@e.com>", "mailto:ada@e.com", "ada@e.com"),
    ],
)
def test_a_link_leads_where_it_says(text: str, address: str, label: str) -> None:
    page = Page(shown(text))

    assert (page.of("href"), page.text) == ([address], label)


@pytest.mark.parametrize(
    ("text", "address", "label"),
    [
        ("<https://e.com/?a=1&b=2|so>", "https://e.com/?a=1&b=2", "so"),
        ("[so](https://ko.wiki/한글)", "https://ko.wiki/한글", "so"),
        ("https://e.com/a_(b)", "https://e.com/a_(b)", "https://e.com/a_(b)"),
        ("<ada@e.com>", "mailto:ada@e.com", "ada@e.com"),
    ],
)
def test_a_link_in_markdown_leads_where_it_says(text: str, address: str, label: str) -> None:
    page = Page(markdown(text))

    assert (page.of("href"), page.text) == ([address], label)


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"]
)
def test_a_link_that_could_do_harm_is_text(target: str) -> None:
    assert Page(shown(f"<{target}|x>")).text == f"<{target}|x>"
    for html in (
        shown(f"<{target}|x>"),
        shown(f"<{target}>"),
        markdown(f"[x]({target})"),
        markdown(f"<{target}>"),
    ):
        assert Page(html).of("href") == []


def test_a_date_is_left_to_the_readers_clock() -> None:
    page = Page(shown("asked <!date^1750000000^{date_short_pretty} {time}|2025-06-15 15:06 UTC>"))

    assert page.of("datetime") == ["2025-06-15T15:06:40+00:00"]
    assert page.of("data-format") == ["{date_short_pretty} {time}"]
    assert page.text == "asked 2025-06-15 15:06 UTC"


def test_an_image_is_a_link_and_is_not_loaded() -> None:
    page = Page(markdown("![chart](https://e.com/chart.png)"))

    assert page.of("href") == ["https://e.com/chart.png"]
    assert "img" not in page.tags


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("*bold* _slanted_ ~gone~", "<strong>bold</strong> <em>slanted</em> <s>gone</s>"),
        ("*굵게*", "<strong>굵게</strong>"),
        ("snake_case_name 2*3*4", "snake_case_name 2*3*4"),
        ("one\ntwo", "one<br>two"),
        ("안녕하세요, 세계!", "안녕하세요, 세계!"),
    ],
)
def test_mrkdwn_is_shown_as_slack_shows_it(text: str, html: str) -> None:
    assert shown(text) == html


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("`a *b* _c_ ~d~`", "<code>a *b* _c_ ~d~</code>"),
        ("`<@UADA>`", "<code>&lt;@UADA&gt;</code>"),
        ("```\na *b*\n  `c` &amp;\n```", "<pre><code>a *b*\n  `c` &amp;</code></pre>"),
        ("```a```", "<pre><code>a</code></pre>"),
    ],
)
def test_code_in_mrkdwn_is_kept_as_it_is(text: str, html: str) -> None:
    assert shown(text) == html


@pytest.mark.parametrize("code", ["a *b* _c_", "&lt; &amp; <b>", "<@UADA> <!channel>", "가 = 나"])
def test_code_in_markdown_is_kept_as_it_is(code: str) -> None:
    inline = Page(markdown(f"`{code}`"))
    fenced, in_python = (Page(markdown(f"```{language}\n{code}\n```")) for language in ("", "python"))

    assert (inline.text, inline.tags) == (code, ["p", "code"])
    assert (fenced.text, fenced.tags) == (code, ["pre", "code"])
    assert in_python.text.strip() == code


def test_code_in_a_known_language_has_the_classes_of_its_parts() -> None:
    """Classes only: the page allows no styles in attributes."""
    page = Page(markdown('```python\ndef f():\n    return "<b>"  # why\n```'))

    assert {"k", "nf", "s2", "c1"} <= set(page.of("class"))
    assert page.of("style") == []


def test_a_task_list_has_boxes_that_tell_what_is_done() -> None:
    page = Page(markdown("- [ ] ask\n- [x] **answer**"))

    assert page.tags.count("input") == 2
    assert len(page.of("checked")) == 1
    assert len(page.of("disabled")) == 2
    assert page.text.split() == ["ask", "answer"]


def test_a_table_keeps_the_alignment_of_its_columns() -> None:
    page = Page(markdown("| a | b | c |\n|--:|:-:|---|\n| 1 | 2 | 3 |"))

    assert page.of("class") == ["table", *["align-right", "align-center"] * 2]


def test_markdown_is_shown_with_its_headings_lists_tables_and_code() -> None:
    page = Page(
        markdown("# 제목\n\n1. **하나**\n2. ~~둘~~\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx = 1\n```")
    )

    assert {"h1", "ol", "li", "strong", "s", "table", "th", "td", "pre", "code"} <= set(page.tags)
    assert "제목" in page.text


def test_lists_stand_in_each_other_and_go_on_after_what_interrupts_them() -> None:
    html = markdown("1. one\n   - a\n     - b\n   - c\n2. two\n   ```\n   code\n   ```\n3. three")

    nested = "<ul><li>a<ul><li>b</li></ul></li></ul><ul><li>c</li></ul>"
    assert html == (
        f'<ol><li>one{nested}</li></ol><ol start="2"><li>two</li></ol>'
        '<pre><code>code</code></pre><ol start="3"><li>three</li></ol>'
    )


def test_all_of_a_quotation_is_one() -> None:
    html = markdown("> so\n>\n> - a\n>\n> ```\n> code\n> ```\n\nno")

    inside = "<p>so</p><ul><li>a</li></ul><pre><code>code</code></pre>"
    assert html == f"<blockquote>{inside}</blockquote><p>no</p>"


@pytest.mark.parametrize(
    ("emoji", "picture"),
    [
        ({"name": "heart", "unicode": "2764-fe0f"}, "❤️"),
        ({"name": "our-own"}, ":our-own:"),
    ],
)
def test_an_emoji_is_a_picture_or_its_name(emoji: dict[str, str], picture: str) -> None:
    assert shown("", rich({"type": "emoji", **emoji})) == f"<p>{picture}</p>"


def test_buttons_are_buttons_that_know_what_they_do() -> None:
    stop = {"type": "button", "text": plain("Stop & go"), "action_id": 'the "stop"'}
    retry = {"type": "button", "text": plain("다시"), "action_id": "retry", "style": "primary"}
    page = Page(shown("", actions(stop, retry)))

    assert (page.tags, page.text) == (["button", "button"], "Stop & go다시")
    assert page.of("type") == ["button", "button"]
    assert page.of("data-action") == ['the "stop"', "retry"]
    assert page.of("class") == ["press default", "press primary"]


def test_a_button_that_leads_elsewhere_is_a_link() -> None:
    more = {"type": "button", "text": plain("More"), "action_id": "more", "url": "https://a.example/?b&c"}
    page = Page(shown("", actions(more)))

    assert (page.tags, page.text) == (["a"], "More")
    assert page.of("href") == ["https://a.example/?b&c"]
    assert page.of("data-action") == ["more"]


def test_feedback_is_two_buttons_that_can_be_heard_and_no_side_is_chosen() -> None:
    feedback = {
        "type": "feedback_buttons",
        "action_id": "feedback",
        "positive_button": {"text": plain("Good"), "value": "up", "accessibility_label": "A good <answer>"},
        "negative_button": {"text": plain("Bad"), "value": "down"},
    }
    trash = {"type": "icon_button", "icon": "trash", "text": plain("Delete"), "action_id": "delete"}
    page = Page(shown("", {"type": "context_actions", "elements": [feedback, trash]}))

    assert [tag for tag in page.tags if tag == "button"] == ["button"] * 3
    assert page.of("data-action") == ["feedback", "feedback", "delete"]
    assert page.of("data-value") == ["up", "down"]
    assert page.of("aria-label") == ["A good <answer>", "Bad", "Delete"]
    assert page.of("aria-pressed") == ["false", "false"]


@pytest.mark.parametrize("is_accessory", [True, False])
def test_an_overflow_menu_knows_its_options(is_accessory: bool) -> None:
    overflow = {
        "type": "overflow",
        "action_id": "more",
        "options": [{"text": plain('Say "hi"'), "value": "<hi>"}],
    }
    section = {"type": "section", "text": mrkdwn("*one*"), "accessory": overflow}
    page = Page(shown("", section if is_accessory else actions(overflow)))

    assert [json.loads(options or "") for options in page.of("data-options")] == [
        [{"label": 'Say "hi"', "value": "<hi>"}]
    ]
    assert page.of("aria-haspopup") == ["menu"]


def test_an_input_is_a_field_with_a_label_and_limits() -> None:
    element = {
        "type": "plain_text_input",
        "action_id": "why",
        "placeholder": plain("Because…"),
        "max_length": 20,
        "multiline": True,
        "initial_value": "\n</textarea>",
    }
    block = {"type": "input", "block_id": "reason", "label": plain("<Why>"), "element": element}
    page = Page(shown("", block, {**block, "optional": True}))

    assert page.tags.count("textarea") == 2
    assert page.of("data-block") == ["reason", "reason"]
    assert page.of("data-field") == ["why", "why"]
    assert page.of("maxlength") == ["20", "20"]
    assert page.of("placeholder") == ["Because…", "Because…"]
    assert len(page.of("required")) == 1
    assert page.text.count("</textarea>") == 2
    assert "<Why>" in page.text


def test_blocks_are_shown_in_their_order_and_unknown_ones_by_their_name() -> None:
    blocks = (
        {"type": "section", "text": mrkdwn("*one*")},
        rich({"type": "text", "text": "two", "style": {"bold": True}}),
        {"type": "context", "elements": [mrkdwn("three"), {"type": "image"}, mrkdwn("four")]},
        {"type": "header", "text": plain("five & six")},
        {"type": "divider"},
        {"type": "file"},
    )
    message = Message("C1", "1.0", ADA.id, "the fallback", blocks=blocks)

    assert [(block["type"], block["html"].strip()) for block in blocks_of(message, USERS)] == [
        ("section", "<strong>one</strong>"),
        ("rich_text", "<p><strong>two</strong></p>"),
        ("context", "three  four"),
        ("header", "<h3>five &amp; six</h3>"),
        ("divider", "<hr>"),
        ("unknown", "file"),
    ]


def test_what_comes_with_a_message_is_shown_under_it() -> None:
    alert = {"title": "CPU", "fields": [{"title": "Severity", "value": "high"}], "fallback": "CPU is high"}

    assert Page(attached(alert)).text == "CPUSeverityhigh"
    assert Page(attached({"fallback": "CPU is high"})).text == "CPU is high"
    assert attached({"is_share": True, "text": "a", "blocks": [{"type": "divider"}]}) == "a"
