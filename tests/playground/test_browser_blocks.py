"""What an app puts into the page, in a real Chromium: buttons, menus, forms and the Home."""

from __future__ import annotations

import threading
import time
from typing import Any

from playwright.sync_api import Browser, expect
from slack_sdk import WebClient
from slack_sdk.socket_mode.request import SocketModeRequest

from bot.playground.slack import BOT_TOKEN
from bot.playground.workspace import ADA, MINJI
from tests.playground.browser import (
    HOME_VIEW,
    INSIDE,
    MODAL,
    Told,
    channel_of,
    feedback,
    go_to,
    messages,
    overflow,
    plain,
    thread_of,
    with_a_button,
    with_blocks,
    write,
)
from tests.playground.serving import SOON, web_client


def test_a_click_reaches_the_app_once_until_it_is_acknowledged(browser: Browser) -> None:
    """A busy button keeps the focus and takes no second click."""
    may_answer = threading.Event()

    def answer(_request: SocketModeRequest) -> dict[str, Any] | None:
        return {} if may_answer.wait(SOON) else None

    with with_a_button(browser, answer) as (page, app):
        stop = thread_of(page).get_by_role("button", name="Stop", exact=True)
        stop.click()
        expect(stop).to_have_attribute("aria-busy", "true")
        stop.press("Enter")
        stop.click(force=True)
        expect(stop).to_be_focused()
        may_answer.set()
        expect(stop).not_to_have_attribute("aria-busy", "true")
        first = app.envelopes()
        stop.press("Space")
        app.until(lambda: len(app.envelopes()) > len(first))
        expect(stop).not_to_have_attribute("aria-busy", "true")

    (envelope,) = first
    assert envelope["payload"]["actions"][0]["action_id"] == "stop"
    assert len(app.envelopes()) == 2


def test_a_click_that_is_not_acknowledged_leaves_a_warning_at_its_button(browser: Browser) -> None:
    sign = "button => getComputedStyle(button, '::after').content"
    with with_a_button(browser, lambda _request: None, ack_seconds=0.3) as (page, _app):
        stop = thread_of(page).get_by_role("button", name="Stop", exact=True)
        assert stop.evaluate(sign) == "none"
        stop.press("Enter")

        expect(stop).to_have_attribute("title", "Duet did not acknowledge the click within 3 seconds")
        expect(page.get_by_role("status").filter(has_text="did not acknowledge")).to_have_count(1)
        assert stop.evaluate(sign) != "none"
        expect(stop).to_be_enabled()


def test_what_an_app_says_to_a_click_in_a_thread_is_shown_there_and_is_no_reply(browser: Browser) -> None:
    with with_a_button(browser, lambda _request: {}) as (page, app):
        thread_of(page).get_by_role("button", name="Stop", exact=True).click()
        (envelope,) = app.until(app.envelopes)
        payload = envelope["payload"]
        address, _, _ = str(payload["response_url"]).partition("/actions/")
        WebClient(BOT_TOKEN, f"{address}/api/").chat_postEphemeral(
            channel="CGENERAL",
            user=payload["user"]["id"],
            thread_ts=payload["message"]["thread_ts"],
            text="Too late.",
        )

        told = messages(thread_of(page)).nth(2)
        expect(told).to_contain_text("Too late.")
        expect(told.locator(".only-you")).to_be_visible()
        expect(messages(channel_of(page))).to_have_count(1)
        expect(messages(channel_of(page)).last).to_contain_text("1 reply")


def test_a_thumb_that_was_chosen_shows_it_and_still_does_when_the_page_is_loaded_anew(
    browser: Browser,
) -> None:
    told = Told()
    with with_blocks(browser, told, feedback()) as (page, _app, _servers):
        good = page.get_by_role("button", name="Good answer")
        bad = page.get_by_role("button", name="Bad answer")
        expect(good).to_have_attribute("aria-pressed", "false")
        good.click()
        expect(good).to_have_attribute("aria-pressed", "true")
        bad.press("Enter")
        expect(bad).to_have_attribute("aria-pressed", "true")
        expect(good).to_have_attribute("aria-pressed", "false")
        page.reload()
        expect(bad).to_have_attribute("aria-pressed", "true")

    assert [(action["type"], action["value"]) for action in told.actions()] == [
        ("feedback_buttons", "good"),
        ("feedback_buttons", "bad"),
    ]


def test_an_overflow_menu_is_used_with_the_keyboard_and_with_the_mouse(browser: Browser) -> None:
    told = Told()
    with with_blocks(browser, told, overflow()) as (page, app, _servers):
        more = page.locator(".blocks").get_by_role("button", name="More actions")
        more.press("Enter")
        expect(page.get_by_role("menuitem", name="Shorter")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.get_by_role("menu")).to_be_hidden()
        expect(more).to_be_focused()
        more.press("Enter")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        app.until(lambda: len(told.actions()) == 1)
        more.click()
        more.click()
        expect(page.get_by_role("menu")).to_be_hidden()
        more.click()
        page.get_by_role("menuitem", name="Shorter").click()
        app.until(lambda: len(told.actions()) == 2)

    assert [action["selected_option"]["value"] for action in told.actions()] == ["longer", "shorter"]


def test_a_form_is_filled_in_and_sent_and_says_what_is_wrong_with_it(browser: Browser) -> None:
    """The focus stays inside until it is closed."""
    wrong = {"response_action": "errors", "errors": {"reason": "Say more."}}
    told = Told(wrong)
    stop = {"type": "button", "text": plain("Tell us"), "action_id": "tell"}
    with with_blocks(browser, told, {"type": "actions", "elements": [stop]}) as (page, app, servers):
        page.get_by_role("button", name="Tell us").click()
        (payload,) = app.until(lambda: told.of("block_actions"))
        web_client(servers).views_open(trigger_id=payload["trigger_id"], view=MODAL)
        form = page.get_by_role("dialog", name="What was wrong?")
        reason = form.get_by_role("textbox", name="Reason")
        expect(reason).to_be_focused()
        form.get_by_role("button", name="Send").click()
        assert reason.evaluate("field => field.validity.valueMissing")
        assert told.of("view_submission") == []

        for _ in range(8):
            page.keyboard.press("Tab")
            assert page.evaluate(INSIDE)
        reason.fill("It was wrong.")
        form.get_by_role("button", name="Send").click()
        expect(form.get_by_text("Say more.")).to_be_visible()
        expect(reason).to_be_focused()
        expect(reason).to_have_value("It was wrong.")
        reason.fill("It was all wrong.")
        form.get_by_role("button", name="Send").click()
        expect(form).to_be_hidden()

    values = [payload["view"]["state"]["values"] for payload in told.of("view_submission")]
    assert [value["reason"]["why"]["value"] for value in values] == ["It was wrong.", "It was all wrong."]
    assert values[-1]["name"]["name"]["value"] is None


def test_escape_closes_a_form_and_leaves_the_thread_open(browser: Browser) -> None:
    with with_blocks(browser, Told()) as (page, _app, servers):
        slack = servers.slack
        root = servers.do(lambda: slack.say(ADA.id, "CGENERAL", "why?"))
        page.goto(f"{slack.base_url}/#CGENERAL/{root.ts}")
        page.reload()
        trigger_id = servers.do(lambda: slack.workspace.new_trigger(ADA.id, time.time()))
        web_client(servers).views_open(trigger_id=trigger_id, view=MODAL)
        form = page.get_by_role("dialog", name="What was wrong?")
        expect(form).to_be_visible()
        page.keyboard.press("Escape")
        expect(form).to_be_hidden()
        expect(thread_of(page)).to_be_visible()
        deadline = time.monotonic() + SOON
        while slack.open_views(ADA.id):
            assert time.monotonic() < deadline, "the server was not told"
            page.wait_for_timeout(20)


def test_the_home_is_a_tab_beside_the_messages_and_its_buttons_work(browser: Browser) -> None:
    told = Told()
    with with_blocks(browser, told) as (page, app, servers):
        go_to(page, "Duet")
        expect(page.get_by_role("link", name="Messages")).to_have_attribute("aria-current", "page")
        page.get_by_role("link", name="Home").press("Enter")
        home = page.get_by_role("region", name="Home")
        expect(home).to_contain_text("Duet has published nothing here yet")
        web_client(servers).views_publish(user_id=ADA.id, view=HOME_VIEW)
        expect(home.get_by_role("heading", name="Your Duet")).to_be_visible()
        expect(page.get_by_role("textbox")).to_have_count(0)
        home.get_by_role("button", name="Forget me").click()
        app.until(told.actions)
        page.reload()
        expect(home.get_by_role("heading", name="Your Duet")).to_be_visible()
        page.get_by_role("link", name="Messages").click()
        expect(home).to_be_hidden()
        expect(page.get_by_role("textbox", name="Message Duet")).to_be_visible()

    (payload,) = told.of("block_actions")
    assert payload["actions"][0]["action_id"] == "forget"
    assert payload["view"]["type"] == "home"


def test_ones_own_message_is_edited_and_deleted_in_its_menu(browser: Browser) -> None:
    with with_blocks(browser, Told()) as (page, _app, servers):
        servers.do(lambda: servers.slack.say(MINJI.id, "CGENERAL", "Hello."))
        write(page, "Message #general", "@Duet <why>?")
        own = messages(channel_of(page)).nth(1)
        own.hover()
        own.get_by_role("button", name="More actions").click()
        page.get_by_role("menuitem", name="Edit message").click()
        field = own.get_by_role("textbox", name="Message")
        expect(field).to_have_value("@Duet <why>?")
        field.press("Escape")
        expect(field).to_have_count(0)
        expect(own.get_by_role("button", name="More actions")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        field.fill("@Duet <how>?")
        field.press("Enter")
        expect(own.locator(".blocks")).to_have_text("@Duet <how>?")
        expect(own.locator(".edited")).to_be_visible()

        other = messages(channel_of(page)).nth(0)
        other.hover()
        other.get_by_role("button", name="More actions").click()
        expect(page.get_by_role("menuitem")).to_have_count(1)
        page.keyboard.press("Escape")
        own.hover()
        own.get_by_role("button", name="More actions").click()
        page.get_by_role("menuitem", name="Delete message").click()
        expect(messages(channel_of(page))).to_have_count(1)


def test_a_message_is_handed_to_the_app_by_its_menu(browser: Browser) -> None:
    told = Told()
    with with_blocks(browser, told) as (page, app, servers):
        said = servers.do(lambda: servers.slack.say(MINJI.id, "CGENERAL", "What is this?"))
        last = messages(channel_of(page)).last
        last.hover()
        last.get_by_role("button", name="More actions").click()
        page.get_by_role("menuitem", name="Ask Duet about this").click()
        (payload,) = app.until(lambda: told.of("message_action"))

    assert payload["message"]["ts"] == said.ts
    assert payload["callback_id"] == "ask_about_message"


def test_what_the_bot_is_doing_is_shown_in_the_thread_until_it_speaks(browser: Browser) -> None:
    with with_blocks(browser, Told()) as (page, _app, servers):
        root = servers.do(lambda: servers.slack.say(ADA.id, "CGENERAL", "why?"))
        client = web_client(servers)
        client.assistant_threads_setStatus(channel_id="CGENERAL", thread_ts=root.ts, status="is thinking…")
        question = messages(channel_of(page)).last
        expect(question).to_contain_text("Duet is thinking…")
        question.hover()
        question.get_by_role("button", name="Reply in thread").click()
        expect(thread_of(page).get_by_role("status").filter(has_text="Duet is thinking…")).to_be_visible()
        client.chat_postMessage(channel="CGENERAL", thread_ts=root.ts, text="Because.")
        expect(page.get_by_text("Duet is thinking…")).to_have_count(0)
