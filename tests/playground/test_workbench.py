"""The workbench: what it tells of the servers' records, and in a real Chromium with the real bot."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from bot.core.prices import price_of
from bot.core.stream import Usage
from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Bedrock, Pace, Reply
from bot.playground.bedrock_prices import dollars
from bot.playground.faults import Faults
from bot.playground.limits import Limits
from bot.playground.marks import shown as as_shown
from bot.playground.page import Page as PageServer
from bot.playground.records import Records
from bot.playground.servers import Servers
from bot.playground.slack import APP_TOKEN, BOT_TOKEN, Fault, Slack
from bot.playground.thirty import ask_thirty
from bot.playground.timeline import Timelines
from bot.playground.workspace import ADA, MINJI
from tests.playground.browser import (
    LAST_WORDS,
    channel_of,
    messages,
    opened,
    thread_of,
    write,
)
from tests.playground.serving import SOON, serving, web_client
from tests.workbench import Workbench

TEXTS = texts_in(Language.EN)
QUICK = Pace(converse=0.05, first_token=0.8, tokens_per_second=600)  # it is acknowledged first
# So high that nothing waits for them, but there to be filled.
ROOMY = Limits(
    per_minute=1000, posts_per_minute=2000, posts_per_second_in_channel=100, post_burst_in_channel=50
)
GROWING = Reply(text="word " * 40, pace=Pace(0, 0.2, 30))
FIRST = "What is a heap?"


# ---- What it tells of the records ------------------------------------------------


def timelines_of(bench: Workbench) -> Timelines:
    return Timelines(bench.slack.sockets.deliveries, bench.slack.calls, bench.bedrock.requests)


def shown(timelines: Timelines, name: str) -> dict[str, Any]:
    timelines.catch_up()
    return as_shown(timelines.answers[name], timelines.skew)


def marks(answer: dict[str, Any]) -> list[str]:
    return [what for _, what, _ in answer["marks"]]


def test_of_the_same_question_asked_twice_each_has_the_calls_of_its_own(bot: Workbench) -> None:
    timelines = timelines_of(bot)
    first, second = bot.mention("why?"), bot.mention("why?", user=MINJI.id)
    bot.answered(first)
    bot.answered(second)

    for question in (first, second):
        answer = shown(timelines, question.ts)
        assert sorted(model["operation"] for model in answer["models"]) == ["converse", "converse-stream"]
        assert all(model["is_told"] for model in answer["models"])
        assert marks(answer).count("acknowledgement") == 1
        assert answer["is_whole"]


def test_what_is_read_late_is_told_as_it_was_at_the_time(bot: Workbench) -> None:
    early = timelines_of(bot)
    questions = [bot.mention("one?"), bot.dm("two?")]

    def is_whole(name: str) -> bool:
        bot.bedrock.release()
        early.catch_up()
        return name in early.answers and early.answers[name].is_whole and bot.at_rest()

    for question in questions:
        bot.until(partial(is_whole, question.ts))
    late = timelines_of(bot)

    for question in questions:
        assert marks(shown(late, question.ts)) == marks(shown(early, question.ts))
        assert "whole" in marks(shown(late, question.ts))


def test_a_question_by_command_begins_with_the_command(bot: Workbench) -> None:
    timelines = timelines_of(bot)
    bot.ask("why by command?")
    bot.answered(bot.posted_question())

    timelines.catch_up()
    (answer,) = (shown(timelines, name) for name in timelines.answers)
    assert marks(answer)[0] == "event"
    assert marks(answer).count("envelope") == 1
    assert answer["text"] == "why by command?"
    assert sorted(model["operation"] for model in answer["models"]) == ["converse", "converse-stream"]
    assert answer["is_whole"]


def test_a_question_asked_again_by_a_button_goes_on_in_its_timeline(bot: Workbench) -> None:
    bot.bedrock.enqueue("converse-stream", Reply(error="ValidationException"))
    timelines = timelines_of(bot)
    question = bot.mention("why?")
    bot.until(lambda: TEXTS.failed in " ".join(bot.texts(question)))
    bot.press("retry", question)

    def is_answered() -> bool:
        bot.bedrock.release()
        return "proSaid" in marks(shown(timelines, question.ts)) and bot.at_rest()

    bot.until(is_answered)
    answer = shown(timelines, question.ts)
    broken, told = [model for model in answer["models"] if model["operation"] == "converse-stream"]
    assert (broken["error"], told["is_told"]) == ("ValidationException", True)
    order = [marks(answer).index(what) for what in ("event", "proFailed", "press", "proSaid")]
    assert order == sorted(order)


def test_an_answer_that_slack_streams_has_a_mark_for_all_that_was_appended(ready: Workbench) -> None:
    ready.bedrock.always("converse-stream", GROWING)
    ready.start_bot(slack_streaming="native")
    timelines = timelines_of(ready)
    questions = [ready.mention("why?"), ready.mention("why not?", user=MINJI.id)]
    ready.until(lambda: all(len(ready.texts(question)) == 2 for question in questions) and ready.at_rest())

    for question in questions:
        answer = shown(timelines, question.ts)
        appended = marks(answer).count("append")
        assert appended > 1
        assert marks(answer).index("firstWords") < marks(answer).index("append")
        assert (marks(answer).count("firstWords"), marks(answer).count("whole")) == (1, 1)
        assert timelines.streamed(ready.messages(thread=question)[1].ts) == question.ts
    assert len(ready.calls("chat.appendStream")) >= 2


def test_a_stream_that_slack_refuses_is_told_and_gone_on_with(ready: Workbench) -> None:
    ready.bedrock.always("converse-stream", GROWING)
    ready.start_bot(slack_streaming="native")
    ready.slack.enqueue("chat.startStream", Fault(error="channel_type_not_supported"))
    timelines = timelines_of(ready)
    question = ready.mention("why?")
    ready.until(lambda: len(ready.texts(question)) == 2 and ready.at_rest())

    answer = shown(timelines, question.ts)
    assert [note for _, what, note in answer["marks"] if what == "refused"] == [
        "chat.startStream channel_type_not_supported"
    ]
    assert answer["is_whole"]


def test_of_a_long_session_the_newest_records_are_kept_and_counted() -> None:
    records = Records[int](3)
    for number in range(10):
        records.append(number)

    assert (list(records)[-3:], records.total) == ([7, 8, 9], 10)
    assert len(records) < 6
    assert records.since(8) == [8, 9]
    assert records.since(0) == list(records)


@pytest.mark.parametrize("model", ["amazon.nova-micro-v1:0", "us.amazon.nova-pro-v1:0"])
def test_the_playground_asks_what_the_bot_expects_to_pay(model: str) -> None:
    usage = Usage(1000, 200, 3000, 400)
    price = price_of(model, "us-east-1", {})
    assert price

    told = {
        "inputTokens": usage.input,
        "outputTokens": usage.output,
        "cacheReadInputTokens": usage.cache_read,
        "cacheWriteInputTokens": usage.cache_write,
    }
    assert dollars(model, told) == pytest.approx(float(price.of(usage)))
    assert dollars("eu.amazon.nova-pro-v1:0", told) is None


def test_a_model_has_one_fault_at_a_time_and_all_can_be_ended() -> None:
    faults = Faults(Slack(), Bedrock())
    for name in ("slackSlow", "proCut", "microFails", "proSilent"):
        faults.switch(name, is_on=True)
    assert faults.on == ["slackSlow", "microFails", "proSilent"]

    faults.end()
    assert faults.on == []
    with pytest.raises(KeyError):
        faults.switch("coffee", is_on=True)


def test_real_models_are_not_offered_to_be_disturbed() -> None:
    assert Faults(Slack(), None).names == ("slackSlow", "editsLimited", "postsLimited", "slackFails")


def test_thirty_are_asked_in_two_languages_by_several_people_in_several_channels_and_threads() -> None:
    with serving() as servers:
        round_ = servers.do(partial(ask_thirty, servers.slack))
        said = list(servers.slack.workspace.messages.values())

    assert [message.ts for message in said] == list(round_.names)
    assert len({message.text for message in said}) == 30
    assert {bool(re.search("[가-힣]", message.text)) for message in said} == {True, False}
    assert len({message.channel for message in said}) >= 4
    assert {ADA.id, MINJI.id} <= {message.user for message in said}
    assert sum(message.is_reply for message in said) == 6


# ---- In the page -------------------------------------------------------------------


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The platforms with the page, and the real bot, which is not patient with a model that is silent."""
    bedrock = Bedrock(QUICK)

    def slack_with_page() -> Slack:
        slack = Slack(ROOMY)
        PageServer(slack, bedrock)
        return slack

    with serving(slack_with_page, lambda: bedrock) as servers:
        settings = {"SHUTDOWN_GRACE": "0", "IDLE_TIMEOUT": "2", "CACHE_TTL": "0", "LOG_LEVEL": "ERROR"}
        bot = subprocess.Popen(
            [sys.executable, "-m", "bot"],
            cwd=tmp_path_factory.mktemp("bot"),
            env={**os.environ, **servers.environment(), **settings},
        )
        yield servers
        bot.terminate()
        assert bot.wait(SOON) == 0


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
    said = ask(page, FIRST)
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
    expect(said.nth(1)).to_contain_text(TEXTS.stand_in)
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
