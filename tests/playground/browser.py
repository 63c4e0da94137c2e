"""A page of the playground in a real Chromium, and what stands in it."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from math import inf
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
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

from bot.playground.bedrock import Bedrock, Pace, Reply
from bot.playground.limits import UNLIMITED
from bot.playground.page import Page as PageServer
from bot.playground.servers import Servers
from bot.playground.slack import Slack
from bot.playground.socket_mode import SocketMode
from bot.playground.workspace import ADA
from tests import forks
from tests.playground.serving import SOON, Listener, serving, web_client

QUICK = Pace(converse=0.05, first_token=0.05, tokens_per_second=inf)
LAST_WORDS = "Slack: those I can answer."  # of what the script says to a question it knows nothing about
# The one that can draw no window opens a page in a quarter of the processor's time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--renderer-process-limit=1",  # a process for every tab takes a third more of the processor's time
]
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


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with (
        serving(slack_with_page, lambda: Bedrock(QUICK)) as servers,
        bot_on(servers, tmp_path_factory.mktemp("bot")),
    ):
        yield Stage(servers)


@contextmanager
def bot_on(servers: Servers, folder: Path, **settings: str) -> Iterator[None]:
    """The real bot, in a process of its own."""
    environment = {**os.environ, **servers.environment(), "SHUTDOWN_GRACE": "0", **settings}
    bot = forks.start(environment, folder, folder / "log")
    yield
    bot.terminate()
    assert forks.exit_status(bot) == 0


@pytest.fixture
def page(stage: Stage, browser: Browser) -> Iterator[Page]:
    with opened(browser, stage.url) as page:
        yield page


def slack_with_page(sockets: SocketMode | None = None) -> Slack:
    slack = Slack(UNLIMITED, sockets=sockets)
    PageServer(slack)
    return slack


@contextmanager
def opened(browser: Browser, url: str) -> Iterator[Page]:
    """The page in a new tab. What no flow may cause: an error, a dialog, a request to another host."""
    (profile,) = browser.contexts
    with closing(profile.new_page()) as page:
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
        try:
            yield page
        finally:
            page.evaluate("localStorage.clear()")
        assert not faults, faults


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("there is no Chromium; install it with: apt-get install chromium-headless-shell")
        pytest.skip("there is no Chromium on the PATH to try the page in")
    expect.set_options(timeout=SOON * 1000)
    with (
        sync_playwright() as playwright,
        closing(playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)) as browser,
    ):
        # One profile for all, since each takes long to open; what a page stores, `opened` clears. A spinner
        # drawn sixty times a second, without a graphics card, takes the time of the tests beside it.
        browser.new_context(locale="en-US", reduced_motion="reduce")
        yield browser


def thread_of(page: Page) -> Locator:
    return page.get_by_role("complementary", name="Thread")


def messages(pane: Locator) -> Locator:
    return pane.locator("article.message[data-key]")


def channel_of(page: Page) -> Locator:
    return page.get_by_role("main")


def go_to(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Conversations").get_by_role("link", name=name, exact=True).click()


def write(page: Page, label: str, text: str) -> None:
    # A narrow window hides it as soon as the thread opens.
    field = page.get_by_role("textbox", name=label, exact=True, include_hidden=True)
    field.fill(text)
    field.press("Enter")
    expect(field).to_have_value("")


def assert_accessible(page: Page) -> None:
    """By day axe finds nothing to mend, and by night no colour."""
    of_colours = {"runOnly": ["color-contrast", "link-in-text-block"]}
    for theme, rules in (("light", {}), ("dark", of_colours)):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        results = Axe().run(page, options={"resultTypes": ["violations"], **rules})
        assert results.violations_count == 0, results.generate_report()


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
