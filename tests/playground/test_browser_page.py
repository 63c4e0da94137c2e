"""What the page does by itself, in a real Chromium: its colours, language and keys, and what it endures."""

from __future__ import annotations

import time
from contextlib import closing
from typing import Any

from playwright.sync_api import Browser, FilePayload, Page, Route, expect

from bot.playground.bedrock import Bedrock
from bot.playground.servers import Servers
from bot.playground.workspace import ADA, BOT_USER, MINJI, NOOR, Message
from tests.playground.browser import (
    EVIL,
    HOME_VIEW,
    MODAL,
    Told,
    assert_accessible,
    channel_of,
    feedback,
    go_to,
    messages,
    opened,
    overflow,
    plain,
    slack_with_page,
    thread_of,
    with_blocks,
    write,
)
from tests.playground.serving import serving, web_client
from tests.sample_files import png

GROUND = "getComputedStyle(document.body).backgroundColor"
DARK = "rgb(25, 28, 31)"
MARKDOWN = """# Tasks

- [x] read
- [ ] answer

| a | b |
|--:|---|
| 1 | 2 |

```python
class Answer(str):  # a line that is so long that it has to scroll in every pane, however wide it may be made
    def __len__(self, of: int = 1) -> int:
        return [None, "a", 1.5][of]
```
"""
PASTE = """(field, [name, type, data]) => {
  const clipboardData = new DataTransfer();
  clipboardData.items.add(new File([Uint8Array.from(data)], name, { type }));
  field.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData }));
}"""


def open_modal(servers: Servers, view: dict[str, Any]) -> None:
    trigger_id = servers.do(lambda: servers.slack.workspace.new_trigger(ADA.id, time.time()))
    web_client(servers).views_open(trigger_id=trigger_id, view=view)


def choose(page: Page, button: str, item: str) -> None:
    page.get_by_role("button", name=button).click()
    page.get_by_role("menuitemradio", name=item).click()


def test_colours_follow_the_system_until_others_are_chosen_and_are_kept(browser: Browser) -> None:
    with with_blocks(browser, Told()) as (page, _app, _servers):
        page.emulate_media(color_scheme="light")
        light = page.evaluate(GROUND)
        page.emulate_media(color_scheme="dark")
        assert (page.evaluate(GROUND), light) == (DARK, "rgb(255, 255, 255)")
        choose(page, "Colours and language", "Light")
        assert page.evaluate(GROUND) == light
        page.reload()
        assert page.evaluate(GROUND) == light
        choose(page, "Colours and language", "As the system")
        assert page.evaluate(GROUND) == DARK


def test_another_language_can_be_chosen_and_is_kept(browser: Browser) -> None:
    with with_blocks(browser, Told()) as (page, _app, _servers):
        choose(page, "Colours and language", "한국어")
        expect(page.get_by_role("textbox", name="#general에 메시지 보내기")).to_be_visible()
        page.reload()
        expect(page.get_by_role("textbox", name="#general에 메시지 보내기")).to_be_visible()
        choose(page, "색상과 언어", "English")
        expect(page.get_by_role("textbox", name="Message #general")).to_be_visible()


def test_lists_are_walked_with_the_arrows_and_the_last_own_message_is_edited_by_the_upper_one(
    browser: Browser,
) -> None:
    with with_blocks(browser, Told()) as (page, _app, servers):
        for user, text in ((MINJI.id, "one"), (ADA.id, "two"), (MINJI.id, "three")):
            servers.do(lambda user=user, text=text: servers.slack.say(user, "CGENERAL", text))  # type: ignore[misc]
        shown = messages(channel_of(page))
        expect(shown).to_have_count(3)
        page.keyboard.press("ArrowUp")
        field = page.get_by_role("textbox", name="Message", exact=True)
        expect(field).to_have_value("two")
        field.fill("2")
        field.press("Enter")
        composer = page.get_by_role("textbox", name="Message #general")
        expect(composer).to_be_focused()
        expect(shown.nth(1).locator(".blocks")).to_have_text("2")

        page.get_by_role("log", name="Messages", exact=True).focus()
        for key, index in (("ArrowUp", 2), ("ArrowUp", 1), ("Home", 0), ("ArrowUp", 0), ("ArrowDown", 1)):
            page.keyboard.press(key)
            expect(shown.nth(index)).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(thread_of(page).get_by_role("textbox")).to_be_focused()

        page.get_by_role("button", name="Skip to conversations").focus()
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.get_by_role("textbox", name="Message #random")).to_be_focused()


def test_what_completes_a_text_is_chosen_with_the_keyboard(browser: Browser) -> None:
    with with_blocks(browser, Told()) as (page, _app, servers):
        field = page.get_by_role("textbox", name="Message #general")
        field.press_sequentially("/a")
        expect(page.get_by_role("option", name="/ask your question")).to_be_visible()
        field.press("Tab")
        expect(field).to_have_value("/ask ")
        field.fill("")
        field.press_sequentially("hi @")
        expect(page.get_by_role("option").first).to_have_attribute("aria-selected", "true")
        field.press("ArrowUp")
        expect(page.get_by_role("option").last).to_have_attribute("aria-selected", "true")
        field.press("Escape")
        expect(page.get_by_role("option")).to_have_count(0)
        field.press_sequentially("민")
        field.press("Enter")
        field.press("Enter")
        expect(messages(channel_of(page)).locator(".mention")).to_have_text("@민지")
        (said,) = servers.slack.workspace.messages.values()

    assert said.text == f"hi <@{MINJI.id}>"


def test_a_link_to_a_thread_opens_it_even_if_it_is_followed_before_its_message_came(browser: Browser) -> None:
    with with_blocks(browser, Told()) as (page, _app, servers):
        page.goto(f"{servers.slack.base_url}/#CGENERAL/1.2")
        servers.do(lambda: servers.slack.workspace.put(Message("CGENERAL", "1.1", ADA.id, "why?")))
        expect(messages(channel_of(page))).to_have_count(1)
        expect(thread_of(page)).to_be_hidden()
        servers.do(lambda: servers.slack.workspace.put(Message("CGENERAL", "1.2", ADA.id, "how?")))
        expect(messages(thread_of(page))).to_contain_text("how?")


def test_a_pasted_picture_is_sent_in_a_thread_and_none_goes_with_a_command(browser: Browser) -> None:
    with with_blocks(browser, Told()) as (page, app, servers):
        root = servers.do(lambda: servers.slack.say(ADA.id, "CGENERAL", "why?"))
        page.goto(f"{servers.slack.base_url}/#CGENERAL/{root.ts}")
        field = thread_of(page).get_by_role("textbox")
        field.evaluate(PASTE, ["map.png", "image/png", list(png(2000, 10))])
        field.press("Enter")
        picture = messages(thread_of(page)).nth(1).get_by_role("link", name="map.png")
        expect(picture.locator("img")).to_be_visible()
        assert (
            picture.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 2000
        )

        above = page.get_by_role("textbox", name="Message #general")
        above.evaluate(PASTE, ["map.png", "image/png", list(png())])
        above.fill("/ask why?")
        above.press("Enter")
        expect(page.get_by_text("Slack does not send files with slash commands.")).to_be_visible()
        expect(above).to_have_value("/ask why?")
        channel_of(page).get_by_role("button", name="Remove map.png").click()
        expect(page.get_by_text("Slack does not send files with slash commands.")).to_have_count(0)
        (_, reply) = servers.slack.workspace.messages.values()

    (file,) = reply.files
    assert (reply.thread_ts, file["original_w"]) == (root.ts, 2000)
    assert servers.slack.workspace.files[file["id"]].thumbnail.startswith(b"\x89PNG")
    assert all(envelope["type"] != "slash_commands" for envelope in app.envelopes())


def test_no_text_that_an_app_or_a_person_gives_becomes_html(browser: Browser) -> None:
    evil = plain(EVIL[:24])
    element = {
        "type": "plain_text_input",
        "action_id": "a",
        "initial_value": EVIL,
        "placeholder": plain(EVIL),
    }
    field = {"type": "input", "label": plain(EVIL), "hint": plain(EVIL), "element": element}
    words = {"type": "section", "text": {"type": "mrkdwn", "text": f"{EVIL} <!date^1^{EVIL[:8]}|{EVIL}>"}}
    with with_blocks(browser, Told(), {"type": "markdown", "text": f"# {EVIL}\n\n- [ ] {EVIL}"}) as (
        page,
        _app,
        servers,
    ):
        write(page, "Message #general", "who?")
        question = messages(channel_of(page)).last
        expect(question).to_contain_text("who?")
        ts = servers.do(lambda: list(servers.slack.workspace.messages.values())[-1].ts)
        client = web_client(servers)
        client.assistant_threads_setStatus(channel_id="CGENERAL", thread_ts=ts, status=EVIL)
        expect(question.locator(".body > .doing")).to_contain_text(EVIL)
        file = FilePayload(name=f"{EVIL.replace('/', '')}.txt", mimeType="text/plain", buffer=b"x")
        page.locator("main input[type=file]").set_input_files([file])
        expect(page.locator(".attachments .file-name")).to_have_text(file["name"])
        page.get_by_role("textbox", name="Message #general").press("Enter")
        expect(page.locator(".cards .file-name")).to_have_text(file["name"])
        client.views_publish(user_id=ADA.id, view={"type": "home", "blocks": [words]})
        open_modal(servers, {"type": "modal", "title": evil, "submit": evil, "blocks": [field, words]})
        expect(page.locator("#modal-title")).to_have_text(evil["text"])
        expect(page.locator("#modal input")).to_have_value(EVIL)
        assert page.locator("body :is(script, img:not([alt]), [onerror])").count() == 0
        page.keyboard.press("Escape")
        go_to(page, "Duet")
        page.get_by_role("link", name="Home").click()
        expect(page.get_by_role("region", name="Home")).to_contain_text(EVIL)
        assert page.locator("body :is(script, img:not([alt]), [onerror])").count() == 0


def test_two_tabs_show_the_same_while_a_message_grows(browser: Browser) -> None:
    with with_blocks(browser, Told()) as (page, _app, servers), opened(browser, page.url) as other:
        client = web_client(servers)
        posted = client.chat_postMessage(channel="CGENERAL", text="One")
        for text in ("One two", "One two three"):
            blocks = [{"type": "markdown", "text": text}]
            client.chat_update(channel="CGENERAL", ts=posted["ts"], text=text, blocks=blocks)
            for tab in (page, other):
                expect(messages(channel_of(tab)).locator(".blocks")).to_have_text(text)
                expect(messages(channel_of(tab)).locator(".edited")).to_be_hidden()
        other.reload()
        expect(messages(channel_of(other)).locator(".blocks")).to_have_text("One two three")


def test_the_page_says_that_the_server_is_gone_and_goes_on_when_it_is_back(browser: Browser) -> None:
    first = Servers(slack_with_page, Bedrock)
    first.start()
    port = int(first.slack.base_url.rpartition(":")[2])
    with closing(browser.new_context(locale="en-US")) as context:
        page = context.new_page()
        page.goto(first.slack.base_url)
        write(page, "Message #general", "before")
        expect(messages(channel_of(page))).to_have_count(1)
        first.stop()
        lost = page.get_by_role("status").filter(has_text="The playground does not answer. Reconnecting…")
        expect(lost).to_be_visible()
        field = page.get_by_role("textbox", name="Message #general")
        field.fill("in vain")
        field.press("Enter")
        expect(page.get_by_text("Not sent: the playground does not answer")).to_be_visible()
        expect(field).to_have_value("in vain")

        second = Servers(slack_with_page, Bedrock)
        second.start(port)
        try:
            expect(lost).to_have_count(0)
            expect(messages(channel_of(page))).to_have_count(0)
            field.press("Enter")
            expect(messages(channel_of(page))).to_contain_text("in vain")
        finally:
            second.stop()


def test_who_is_quicker_than_the_answer_of_the_server_breaks_nothing(browser: Browser) -> None:
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    with serving(slack_with_page) as servers, opened(browser, servers.slack.base_url) as page:
        page.set_viewport_size({"width": 390, "height": 760})
        with page.expect_request("**/page/state"):
            page.route("**/page/state", hold)
            page.reload()
        page.locator("#menu").click()
        skip = page.get_by_role("button", name="Skip to conversations")
        skip.focus()
        skip.press("Enter")
        for route in held:
            route.continue_()

        expect(page.get_by_role("heading", name="#general", exact=True)).to_be_visible()


def test_axe_finds_nothing_to_mend_wherever_one_goes(browser: Browser) -> None:
    button = [{"type": "button", "text": plain(s), "action_id": s, "style": s} for s in ("primary", "danger")]
    blocks = [{"type": "markdown", "text": MARKDOWN}, feedback(), overflow()]
    with with_blocks(browser, Told(), *blocks, {"type": "actions", "elements": button}) as (
        page,
        _app,
        servers,
    ):
        whisper = Message("CGENERAL", "1.2", BOT_USER, "a *whisper*", only_for=ADA.id, bot_id="B")
        servers.do(lambda: servers.slack.workspace.put(whisper))
        servers.do(lambda: servers.slack.say(NOOR.id, "CPARTNERS", f"<@{BOT_USER}> hi"))
        expect(messages(channel_of(page))).to_have_count(2)
        picture = FilePayload(name="map.png", mimeType="image/png", buffer=png(300, 100))
        page.locator("main input[type=file]").set_input_files([picture])
        page.get_by_role("textbox", name="Message #general").press("Enter")
        expect(messages(channel_of(page))).to_have_count(3)
        page.locator("main input[type=file]").set_input_files([picture])
        page.get_by_role("textbox", name="Message #general").press_sequentially("@")
        assert_accessible(page)
        messages(channel_of(page)).last.locator(".open-thread").press("Enter")
        expect(thread_of(page)).to_be_visible()
        page.get_by_role("button", name="Colours and language").click()
        assert_accessible(page)
        page.keyboard.press("Escape")
        open_modal(servers, MODAL)
        expect(page.get_by_role("dialog")).to_be_visible()
        assert_accessible(page)
        page.keyboard.press("Escape")
        page.locator("a[href='#CPARTNERS']").click()
        expect(messages(channel_of(page)).filter(has_text="Acme")).to_be_visible()
        assert_accessible(page)
        web_client(servers).views_publish(user_id=ADA.id, view=HOME_VIEW)
        go_to(page, "Duet")
        for tab in ("Home", "About"):
            page.get_by_role("link", name=tab).click()
            expect(page.get_by_role("region", name=tab)).to_be_visible()
            assert_accessible(page)
        page.set_viewport_size({"width": 390, "height": 700})
        page.locator("#menu").click()
        assert_accessible(page)
