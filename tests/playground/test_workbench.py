"""The workbench in a real Chromium, with the real bot."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Bedrock, Pace, Reply
from bot.playground.limits import Limits
from bot.playground.page import Page as PageServer
from bot.playground.servers import Servers
from bot.playground.slack import APP_TOKEN, BOT_TOKEN, Slack
from bot.playground.workspace import ADA
from tests.playground.browser import (
    LAST_WORDS,
    bot_on,
    channel_of,
    messages,
    opened,
    thread_of,
    write,
)
from tests.playground.serving import SOON, serving, web_client

TEXTS = texts_in(Language.EN)
QUICK = Pace(converse=0.05, first_token=0.8, tokens_per_second=600)  # it is acknowledged first
# So high that nothing waits for them, but there to be filled.
ROOMY = Limits(
    per_minute=1000, posts_per_minute=2000, posts_per_second_in_channel=100, post_burst_in_channel=50
)
FIRST = "What is a heap?"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The platforms with the page, and the real bot, which is not patient with a model that is silent."""
    bedrock = Bedrock(QUICK)

    def slack_with_page() -> Slack:
        slack = Slack(ROOMY)
        PageServer(slack, bedrock)
        return slack

    with serving(slack_with_page, lambda: bedrock) as servers:
        settings = {"IDLE_TIMEOUT": "2", "CACHE_TTL": "0", "LOG_LEVEL": "ERROR"}
        with bot_on(servers, tmp_path_factory.mktemp("bot"), **settings):
            yield servers


@pytest.fixture
def page(servers: Servers, browser: Browser) -> Iterator[Page]:
    """The page with the workbench open."""
    with opened(browser, servers.slack.base_url) as page:
        page.set_viewport_size({"width": 1400, "height": 900})
        page.get_by_role("button", name="Workbench", exact=True).click()
        yield page
        if page.get_by_role("button", name="All off").is_visible():
            page.get_by_role("button", name="All off").click()
            expect(page.get_by_role("button", name="All off")).to_be_hidden()


def bench_of(page: Page) -> Locator:
    return page.get_by_role("complementary", name=re.compile("^Workbench"))


def calls_of(page: Page, method: str) -> Locator:
    return page.locator(f".calls tr[data-method='{method}']:visible")


def ask(page: Page, question: str) -> Locator:
    """Ask in #general, and return the messages of the thread, which opens by itself."""
    write(page, "Message #general", f"@Duet {question}")
    thread = messages(thread_of(page))
    expect(thread.first).to_contain_text(question)
    return thread


def switch(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()
    expect(page.get_by_role("button", name=name, exact=True)).to_have_attribute("aria-pressed", "true")


def all_off(page: Page) -> None:
    page.get_by_role("button", name="All off").click()
    expect(bench_of(page).locator("[aria-pressed=true]")).to_have_count(0)


def test_calls_and_budgets_are_seen_while_an_answer_streams(page: Page, servers: Servers) -> None:
    slow = Pace(first_token=0.1, tokens_per_second=150)
    servers.bedrock.enqueue("converse-stream", Reply(after=200, then="hold", pace=slow))
    said = ask(page, "What is a treap?")
    expect(calls_of(page, "chat.update").nth(1)).to_contain_text("ok")
    expect(said.last).not_to_contain_text(LAST_WORDS)
    expect(calls_of(page, "chat.update").first).to_contain_text(re.compile(r"\d\d:\d\d:\d\d\.\d.*\d+ ms"))
    meter = page.get_by_role("meter", name="chat.update")
    before = float(meter.get_attribute("aria-valuenow") or 0)
    assert before >= 2
    assert meter.get_attribute("aria-valuemax") == "1000"

    servers.bedrock.release()
    expect(said.last).to_contain_text(LAST_WORDS)
    page.wait_for_function(
        "before => [...document.querySelectorAll('[role=meter]')].some((meter) =>"
        " meter.ariaLabel === 'chat.update' && Number(meter.ariaValueNow) > before)",
        arg=before,
    )
    expect(page.get_by_role("meter", name="conversations.replies")).to_be_visible()
    expect(page.get_by_role("meter", name="chat.appendStream")).to_be_visible()

    page.get_by_role("combobox", name="Method").select_option("chat.postMessage")
    expect(calls_of(page, "chat.update")).to_have_count(0)
    expect(calls_of(page, "chat.postMessage")).not_to_have_count(0)


def test_no_token_reaches_the_page(page: Page, servers: Servers) -> None:
    web_client(servers).api_call("auth.test", params={"token": BOT_TOKEN, "hint": APP_TOKEN})
    with urlopen(f"{servers.slack.base_url}/page/workbench/events", timeout=SOON) as stream:  # noqa: S310 - ours
        told = stream.readline().decode()

    assert json.loads(told.removeprefix("data: "))["calls"][-1]["method"] == "auth.test"
    assert BOT_TOKEN not in told
    assert APP_TOKEN not in told


def test_who_reads_among_the_calls_is_not_carried_to_their_end(page: Page, servers: Servers) -> None:
    for _ in range(40):
        web_client(servers).auth_test()
    scroller = page.get_by_role("region", name="Web API calls")
    expect(calls_of(page, "auth.test").nth(40)).to_be_attached()
    at_end = "element => element.scrollHeight - element.scrollTop - element.clientHeight < 24"
    assert scroller.evaluate(at_end)

    scroller.evaluate("element => { element.scrollTop = 40; }")
    web_client(servers).users_info(user=ADA.id)
    expect(calls_of(page, "users.info").last).to_be_attached()
    assert scroller.evaluate("element => element.scrollTop") == 40


def test_the_timeline_of_a_chosen_answer_has_its_marks_in_order_and_what_it_cost(
    page: Page, servers: Servers
) -> None:
    """A later answer is shown by itself; a click on an earlier message, or the list, chooses that one."""
    servers.bedrock.enqueue("converse-stream", Reply(after=0, then="hold"))
    said = ask(page, FIRST)
    expect(said).to_have_count(2)
    servers.bedrock.release()
    expect(said.last).to_contain_text(LAST_WORDS)
    page.get_by_role("button", name="Close thread").click()
    expect(ask(page, "What is a stack?").last).to_contain_text(LAST_WORDS)
    page.get_by_role("button", name="Close thread").click()
    messages(channel_of(page)).filter(has_text=FIRST).get_by_text(FIRST).click()

    choice = page.get_by_role("combobox", name="Answer")
    expect(choice.locator("option:checked")).to_contain_text(f"Ada: {FIRST}")
    rows = page.get_by_role("table", name="Answer").locator("tbody tr")
    expect(rows.filter(has_text="Whole")).to_have_count(1)
    seen = [row.split(None, 2) for row in rows.all_inner_texts()]
    times = [float(row[0]) for row in seen]
    names = [row[2] for row in seen]
    assert times == sorted(times)
    for one, other in (
        ("Event sent", "Envelope acknowledged"),
        ("Micro called", "Micro has spoken"),
        ("Micro has spoken", "Acknowledgement posted"),
        ("Pro called", "Pro's first token"),
        ("Pro's first token", "First words posted"),
        ("Acknowledgement posted", "First words posted"),
        ("First words posted", "Whole"),
    ):
        assert names.index(one) < names.index(other)

    usages = [r.course.usage for r in servers.bedrock.requests if FIRST in json.dumps(r.body)]
    models = page.get_by_role("table", name="Model")
    expect(models.get_by_role("row", name="nova-micro")).to_have_count(2)  # it acknowledges, and suggests
    for usage in usages:
        figures = f"{usage['inputTokens']}\t{usage['outputTokens']}\t$0."
        assert any(figures in row.inner_text() for row in models.get_by_role("row").all())
    expect(models.get_by_role("row", name="Together")).to_contain_text("$0.00")

    choice.select_option(label="Newest answer")
    expect(models.get_by_role("row", name="nova-pro")).to_be_visible()


@pytest.mark.parametrize("fault", ["Micro: Slow", "Micro: Failing"])
def test_without_micro_a_fixed_sentence_acknowledges(page: Page, servers: Servers, fault: str) -> None:
    switch(page, fault)
    servers.bedrock.enqueue("converse-stream", Reply(after=0, then="hold"))
    said = ask(page, f"What is a lake, with {fault}?")
    expect(said.nth(1)).to_contain_text(f"“What is a lake, with {fault}”")
    servers.bedrock.release()
    expect(said.last).to_contain_text(LAST_WORDS)


def test_a_fault_of_pro_is_seen_in_its_answer_and_off_again_a_retry_brings_it(page: Page) -> None:
    for fault, sentence in (
        ("Pro: Throttled", TEXTS.busy),
        ("Pro: Cut in mid-answer", TEXTS.cut),
        ("Pro: Silent", TEXTS.cut),
    ):
        switch(page, fault)
        said = ask(page, f"What is a river, with {fault}?")
        expect(said.last).to_contain_text(sentence)
        all_off(page)
        said.last.get_by_role("button", name=TEXTS.retry).click()
        expect(said.last).to_contain_text(LAST_WORDS)
        page.get_by_role("button", name="Close thread").click()


def test_a_fault_of_slack_is_seen_in_the_calls_and_off_again_the_answer_comes(page: Page) -> None:
    for fault, hill, method, result in (
        ("Slack: 429 on posts", "drumlin", "chat.postMessage", "429, Retry-After 2 s"),
        ("Slack: 429 on edits", "kame", "chat.update", "429, Retry-After 2 s"),
        ("Slack: 500s", "tor", "chat.postMessage", "500 internal_error"),
        ("Slack: Slow", "butte", "chat.postMessage", re.compile(r"\b2\d\d\d ms\tok")),
    ):
        switch(page, fault)
        question = f"What is a {hill}?"
        write(page, "Message #general", f"@Duet {question}")
        expect(calls_of(page, method).last).to_contain_text(result, use_inner_text=True)
        all_off(page)
        expect(messages(thread_of(page)).first).to_contain_text(question)
        expect(messages(thread_of(page)).last).to_contain_text(LAST_WORDS)


def test_after_the_connection_was_cut_the_next_question_is_answered(page: Page, servers: Servers) -> None:
    def ticket() -> int:
        return int(parse_qs(urlsplit(servers.slack.sockets.new_path()).query)["ticket"][0])

    before = ticket()
    page.get_by_role("button", name="Cut the connection now").click()
    said = ask(page, "What is a bridge?")
    expect(said.last).to_contain_text(LAST_WORDS)
    assert ticket() == before + 2  # one of them is the bot's new connection


def test_thirty_at_once_are_all_answered(page: Page) -> None:
    page.get_by_role("button", name="Ask 30 at once").click()

    summary = bench_of(page).get_by_role("status")
    expect(summary).to_contain_text("30 of 30 answered whole, 30 acknowledged", timeout=2 * SOON * 1000)
    expect(summary).to_contain_text(
        re.compile(r"Acknowledged within \d+\.?\d* s · whole within \d+\.?\d* s · calls refused: 0")
    )
    asked = messages(channel_of(page)).filter(has_text="What is a bloom filter?").last
    asked.locator(".open-thread").click()
    expect(messages(thread_of(page)).filter(has_text=LAST_WORDS)).not_to_have_count(0)


def test_the_pane_stays_as_it_was_left_and_tells_what_is_on_while_it_is_closed(page: Page) -> None:
    page.reload()
    expect(bench_of(page)).to_be_visible()
    switch(page, "Slack: Slow")
    expect(bench_of(page)).to_contain_text("Slack takes 2 s for each call.")
    page.get_by_role("button", name="Close workbench").press("Enter")

    toggle = page.get_by_role("button", name="Workbench (1 fault on)")
    expect(toggle).to_be_focused()
    page.reload()
    expect(bench_of(page)).to_be_hidden()
    expect(toggle).to_be_visible()
    toggle.press("Enter")
    all_off(page)
    expect(page.get_by_role("button", name="Workbench", exact=True)).to_be_visible()


def test_in_a_narrow_window_it_is_a_sheet_which_escape_closes(page: Page) -> None:
    page.set_viewport_size({"width": 400, "height": 700})
    page.reload()
    expect(page.get_by_role("textbox", name="Message #general")).to_be_focused()
    expect(bench_of(page)).to_be_hidden()
    page.get_by_role("button", name="Workbench", exact=True).click()
    expect(page.get_by_role("button", name="Close workbench")).to_be_focused()
    box = bench_of(page).bounding_box()
    assert box
    assert (box["x"], box["width"]) == (0, 400)

    page.keyboard.press("Escape")
    expect(bench_of(page)).to_be_hidden()
    expect(page.get_by_role("button", name="Workbench", exact=True)).to_be_focused()
