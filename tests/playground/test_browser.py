"""The page in a real Chromium, with the real bot behind it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from math import inf
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    Locator,
    Page,
    Request,
    expect,
    sync_playwright,
)
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.webhook import WebhookClient

from bot.playground.bedrock import Bedrock, Pace, Reply
from bot.playground.limits import UNLIMITED
from bot.playground.page import Page as PageServer
from bot.playground.servers import Servers
from bot.playground.slack import Slack
from bot.playground.socket_mode import SocketMode
from bot.playground.workspace import ADA, MINJI, User
from tests.playground.conftest import Listener, serving, web_client

SOON = 15.0  # seconds, far more than anything here takes
QUICK = Pace(converse=0.05, first_token=0.05, tokens_per_second=inf)
CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
LAST_WORDS = "Slack: those I can answer."  # of what the script says to a question it knows nothing about
EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"


class Stage:
    """The platforms and the bot. The answering model says nothing until it is let."""

    def __init__(self, servers: Servers) -> None:
        self.servers = servers
        self.url = servers.slack.base_url
        servers.bedrock.always("converse-stream", Reply(after=0, then="hold"))

    def answers(self) -> int:
        return sum(request.operation == "converse-stream" for request in list(self.servers.bedrock.requests))

    def release(self, number: int) -> None:
        """Let the answers go on that are held, of which the `number`th has been asked for."""
        deadline = time.monotonic() + SOON
        while self.answers() < number:
            assert time.monotonic() < deadline, "no answer was asked for"
            time.sleep(0.01)
        self.servers.bedrock.release()


def slack_with_page(sockets: SocketMode | None = None) -> Slack:
    slack = Slack(UNLIMITED, sockets=sockets)
    PageServer(slack)
    return slack


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with serving(slack_with_page, lambda: Bedrock(QUICK)) as servers:
        bot = subprocess.Popen(
            [sys.executable, "-m", "bot"],
            cwd=tmp_path_factory.mktemp("bot"),
            env={**os.environ, **servers.environment(), "SHUTDOWN_GRACE": "0"},
        )
        yield Stage(servers)
        bot.terminate()
        assert bot.wait(SOON) == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("there is no chromium; install it with: apt-get install chromium")
        pytest.skip("there is no chromium on the PATH to try the page in")
    expect.set_options(timeout=SOON * 1000)
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)) as browser,
    ):
        yield browser


@pytest.fixture
def page(stage: Stage, browser: Browser) -> Iterator[Page]:
    with opened(browser, stage.url) as page:
        yield page


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Page]:
    """The open page. What no flow may cause: an error, a dialog, a request to another host."""
    with closing(browser.new_context(locale="en-US")) as context:
        page = context.new_page()
        faults: list[str] = []

        def hear(message: ConsoleMessage) -> None:
            if message.type in ("error", "warning"):
                faults.append(message.text)

        def answer(dialog: Dialog) -> None:
            faults.append(dialog.message)
            dialog.dismiss()

        def see(request: Request) -> None:
            if urlsplit(request.url).netloc not in (urlsplit(url).netloc, ""):
                faults.append(request.url)

        page.on("console", hear)
        page.on("request", see)
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("dialog", answer)
        page.goto(url)
        yield page
        assert faults == []


@contextmanager
def with_a_button(
    browser: Browser, answer: Callable[[SocketModeRequest], dict[str, Any] | None], ack_seconds: float = SOON
) -> Iterator[tuple[Page, Listener]]:
    """The page at a thread in which an app has posted a button, and the app, which acknowledges so."""
    button = {"type": "button", "text": {"type": "plain_text", "text": "Stop"}, "action_id": "stop"}
    with (
        serving(lambda: slack_with_page(SocketMode(ack_seconds))) as servers,
        closing(Listener(servers, answer)) as app,
    ):
        root = servers.do(lambda: servers.slack.say(ADA.id, "CGENERAL", "why?"))
        web_client(servers).chat_postMessage(
            channel="CGENERAL",
            thread_ts=root.ts,
            text="Because.",
            blocks=[{"type": "markdown", "text": "Because."}, {"type": "actions", "elements": [button]}],
        )
        with opened(browser, f"{servers.slack.base_url}/#CGENERAL/{root.ts}") as page:
            yield page, app


def thread_of(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Thread")


def messages(pane: Locator) -> Locator:
    return pane.locator("article.message[data-key]")


def channel_of(page: Page) -> Locator:
    return page.get_by_role("main")


def go_to(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Conversations").get_by_role("link", name=name, exact=True).click()


def write(page: Page, label: str, text: str) -> None:
    field = page.get_by_role("textbox", name=label, exact=True)
    field.fill(text)
    field.press("Enter")
    expect(field).to_have_value("")


def length_over(message: Locator, length: int) -> int:
    """How long the text of `message` is, once it is longer than `length`."""
    deadline = time.monotonic() + SOON
    while (found := len(message.inner_text())) <= length:
        assert time.monotonic() < deadline, f"it stays at {length} characters"
        message.page.wait_for_timeout(20)
    return found


def test_a_mention_is_answered_in_a_thread_that_opens_by_itself_and_grows(page: Page, stage: Stage) -> None:
    """The acknowledgement comes first; the answer under it is read while it is being written."""
    slow = Pace(first_token=1.0, tokens_per_second=150)  # edits are a second apart: it is seen three times
    stage.servers.bedrock.enqueue("converse-stream", Reply(after=300, then="hold", pace=slow))
    number = stage.answers() + 1
    write(page, "Message #general", "@Duet What is a B-tree?")

    thread = thread_of(page)
    expect(messages(thread).nth(0)).to_contain_text("@Duet What is a B-tree?")
    expect(messages(thread).nth(1)).to_contain_text("your question about a B-tree")
    answer = messages(thread).nth(2)
    expect(answer).to_be_visible()
    first = length_over(answer, 0)
    second = length_over(answer, first)
    expect(answer).not_to_contain_text(LAST_WORDS)

    stage.release(number)
    expect(answer).to_contain_text(LAST_WORDS)
    assert len(answer.inner_text()) > second > first
    expect(answer.locator("table")).to_be_visible()
    expect(answer.locator("pre")).to_contain_text("def investigate")
    expect(messages(thread)).to_have_count(3)
    expect(messages(channel_of(page)).last).to_contain_text("2 replies")


def test_a_follow_up_in_the_thread_is_answered_there(page: Page, stage: Stage) -> None:
    number = stage.answers() + 1
    write(page, "Message #general", "@Duet Who was first?")
    thread = thread_of(page)
    expect(messages(thread)).to_have_count(2)
    stage.release(number)
    expect(messages(thread).nth(2)).to_contain_text(LAST_WORDS)

    write(page, "Reply to this thread", "@Duet and who was second?")
    expect(messages(thread).nth(3)).to_contain_text("and who was second?")
    expect(messages(thread).nth(4)).to_contain_text("preparing a detailed answer")
    stage.release(number + 1)
    expect(messages(thread).nth(5)).to_contain_text(
        "question 2 of a conversation that began with “Who was first”"
    )


def test_a_direct_message_in_korean_is_answered_in_korean(page: Page, stage: Stage) -> None:
    number = stage.answers() + 1
    go_to(page, "Duet")
    write(page, "Message Duet", "답변 비용은 얼마야?")

    thread = thread_of(page)
    expect(messages(thread).nth(0)).to_contain_text("답변 비용은 얼마야?")
    expect(messages(thread).nth(1)).to_contain_text("상세한 답변을 준비하고 있습니다!")
    stage.release(number)
    expect(messages(thread).nth(2)).to_contain_text("답변 하나의 비용")
    expect(messages(thread).nth(2)).to_contain_text("(미국 리전 가격)")


def test_ask_posts_the_question_in_its_askers_name_and_answers_under_it(page: Page, stage: Stage) -> None:
    number = stage.answers() + 1
    write(page, "Message #general", "/ask What is a heap?")

    question = messages(channel_of(page)).filter(has_text="What is a heap?")
    expect(question).to_contain_text("@Ada asks:")
    expect(question).to_contain_text("APP")
    question.get_by_role("button", name="1 reply").click()
    expect(messages(thread_of(page)).nth(1)).to_contain_text("your question about a heap")
    stage.release(number)
    expect(messages(thread_of(page)).nth(2)).to_contain_text(LAST_WORDS)


def test_ask_where_the_bot_is_not_is_answered_in_direct_messages_and_only_the_asker_is_told(
    page: Page, stage: Stage
) -> None:
    number = stage.answers() + 1
    go_to(page, "quiet")
    expect(page.get_by_text("Duet is not in this channel")).to_be_visible()
    write(page, "Message #quiet", "/ask What is a trie?")

    told = messages(channel_of(page)).last
    expect(told.locator(".only-you")).to_have_text("Only visible to you")
    expect(told).to_contain_text("I am answering in our direct messages")
    go_to(page, "Duet (unread)")
    question = messages(channel_of(page)).filter(has_text="What is a trie?")
    question.get_by_role("button", name="1 reply").click()
    stage.release(number)
    expect(messages(thread_of(page)).nth(2)).to_contain_text(LAST_WORDS)


def test_loading_the_page_anew_in_mid_answer_shows_the_same_thread_which_goes_on(
    page: Page, stage: Stage
) -> None:
    stage.servers.bedrock.enqueue("converse-stream", Reply(after=40, then="hold", pace=Pace(0.05, 1.0, inf)))
    number = stage.answers() + 1
    write(page, "Message #general", "@Duet What is a graph?")
    answer = messages(thread_of(page)).nth(2)
    expect(answer).to_contain_text("scripted model")

    page.reload()
    expect(messages(thread_of(page)).nth(0)).to_contain_text("What is a graph?")
    expect(answer).to_contain_text("scripted model")
    expect(answer).not_to_contain_text(LAST_WORDS)
    stage.release(number)
    expect(answer).to_contain_text(LAST_WORDS)


def test_what_is_typed_is_text_and_no_html(page: Page) -> None:
    go_to(page, "random")
    write(page, "Message #random", f"{EVIL} & *bold*")

    last = messages(channel_of(page)).last
    expect(last.locator(".blocks")).to_have_text(f"{EVIL} & bold")
    expect(last.locator(".blocks :is(script, img)")).to_have_count(0)


def test_names_and_topics_are_text_and_no_html(page: Page, stage: Stage) -> None:
    def rename() -> None:
        slack = stage.servers.slack
        slack.workspace.users["UEVIL"] = User("UEVIL", EVIL)
        random = slack.workspace.conversations["CRANDOM"]
        slack.workspace.conversations["CRANDOM"] = replace(random, topic=f"topic {EVIL}")
        slack.say("UEVIL", "CRANDOM", "<@UEVIL>")

    stage.servers.do(rename)
    page.goto(f"{stage.url}/#CRANDOM")
    page.reload()

    expect(page.get_by_text(f"topic {EVIL}")).to_be_visible()
    last = messages(channel_of(page)).last
    expect(last.locator(".name")).to_have_text(EVIL)
    expect(last.locator(".mention")).to_have_text(f"@{EVIL}")
    expect(page.locator("img, body script")).to_have_count(0)


def test_what_others_say_edit_and_delete_is_seen_as_it_happens(page: Page, stage: Stage) -> None:
    slack = stage.servers.slack
    go_to(page, "한국어")
    said = stage.servers.do(lambda: slack.say(MINJI.id, "CKOREAN", "안녕하세요?"))
    last = messages(channel_of(page)).last
    expect(last).to_contain_text("안녕하세요?")
    expect(last.locator(".edited")).to_be_hidden()

    changed = stage.servers.do(lambda: slack.edit(said, "안녕하세요!"))
    expect(last.locator(".blocks")).to_have_text("안녕하세요!")
    expect(last.locator(".edited")).to_be_visible()

    stage.servers.do(lambda: slack.delete(changed))
    expect(messages(channel_of(page))).to_have_count(0)


def test_a_thread_that_was_closed_stays_closed(page: Page, stage: Stage) -> None:
    """More of an answer does not open it again."""
    number = stage.answers() + 1
    write(page, "Message #general", "@Duet What is a queue?")
    expect(messages(thread_of(page))).to_have_count(2)
    page.keyboard.press("Escape")
    expect(thread_of(page)).to_be_hidden()
    stage.release(number)

    expect(messages(channel_of(page)).last).to_contain_text("2 replies")
    expect(thread_of(page)).to_be_hidden()


def test_a_slash_command_is_not_sent_from_a_thread(page: Page, stage: Stage) -> None:
    root = stage.servers.do(lambda: stage.servers.slack.say(ADA.id, "CRANDOM", "A thread."))
    page.goto(f"{stage.url}/#CRANDOM/{root.ts}")
    page.reload()
    field = page.get_by_role("textbox", name="Reply to this thread")
    field.fill("/ask why?")
    field.press("Enter")

    expect(page.get_by_text("Slack does not allow slash commands in threads.")).to_be_visible()
    expect(field).to_have_value("/ask why?")
    expect(messages(thread_of(page))).to_have_count(1)


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
        WebhookClient(envelope["payload"]["response_url"]).send(text="Too late.")

        told = messages(thread_of(page)).nth(2)
        expect(told).to_contain_text("Too late.")
        expect(told.locator(".only-you")).to_be_visible()
        expect(messages(channel_of(page))).to_have_count(1)
        expect(messages(channel_of(page)).last).to_contain_text("1 reply")


def test_the_page_speaks_korean_to_a_korean_browser(stage: Stage, browser: Browser) -> None:
    with closing(browser.new_context(locale="ko-KR")) as context:
        page = context.new_page()
        page.goto(stage.url)

        expect(page.get_by_role("textbox", name="#general에 메시지 보내기")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "ko")


def plain(text: str) -> dict[str, str]:
    return {"type": "plain_text", "text": text}


def feedback() -> dict[str, Any]:
    """A block that asks what somebody thinks of an answer."""
    sides = {
        f"{side}_button": {"text": plain(f"{word} answer"), "value": word.lower()}
        for side, word in (("positive", "Good"), ("negative", "Bad"))
    }
    return {
        "type": "context_actions",
        "elements": [{"type": "feedback_buttons", "action_id": "feedback", **sides}],
    }


def overflow() -> dict[str, Any]:
    options = [{"text": plain(text), "value": text.lower()} for text in ("Shorter", "Longer")]
    return {
        "type": "actions",
        "elements": [{"type": "overflow", "action_id": "again", "options": options}],
    }


MODAL = {
    "type": "modal",
    "title": plain("What was wrong?"),
    "submit": plain("Send"),
    "blocks": [
        {
            "type": "input",
            "block_id": "reason",
            "label": plain("Reason"),
            "element": {"type": "plain_text_input", "action_id": "why", "multiline": True},
        },
        {
            "type": "input",
            "block_id": "name",
            "label": plain("Name"),
            "optional": True,
            "element": {"type": "plain_text_input", "action_id": "name"},
        },
    ],
}
HOME_VIEW = {
    "type": "home",
    "blocks": [
        {"type": "header", "text": plain("Your Duet")},
        {
            "type": "section",
            "text": {"type": "mrkdwn", "text": "*3* answers"},
            "accessory": {"type": "button", "text": plain("Forget me"), "action_id": "forget"},
        },
    ],
}


# The body stands for the browser's own buttons, which come after the last of the form.
INSIDE = "() => [document.body, ...modal.querySelectorAll('*')].includes(document.activeElement)"


class Told:
    """What an app is told of what people do; `answers` are what it acknowledges forms with, in order."""

    def __init__(self, *answers: dict[str, Any]) -> None:
        self.payloads: list[dict[str, Any]] = []
        self._answers = list(answers)

    def __call__(self, request: SocketModeRequest) -> dict[str, Any]:
        if request.type != "interactive":
            return {}
        self.payloads.append(request.payload)
        is_form = request.payload["type"] == "view_submission"
        return self._answers.pop(0) if is_form and self._answers else {}

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [payload for payload in self.payloads if payload["type"] == kind]

    def actions(self) -> list[dict[str, Any]]:
        return [payload["actions"][0] for payload in self.of("block_actions")]


@contextmanager
def with_blocks(
    browser: Browser, told: Told, *blocks: dict[str, Any]
) -> Iterator[tuple[Page, Listener, Servers]]:
    """The page at #general, where an app has posted `blocks`; `told` has what people do with them."""
    with serving(slack_with_page) as servers, closing(Listener(servers, told)) as app:
        if blocks:
            web_client(servers).chat_postMessage(channel="CGENERAL", text="Because.", blocks=list(blocks))
        with opened(browser, servers.slack.base_url) as page:
            yield page, app, servers


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
