"""The page in a real Chromium, with the real bot behind it."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import replace
from math import inf

from playwright.sync_api import Browser, Locator, Page, expect

from bot.playground.bedrock import Pace, Reply
from bot.playground.workspace import ADA, MINJI, User
from tests.playground.browser import (
    EVIL,
    LAST_WORDS,
    Stage,
    channel_of,
    go_to,
    messages,
    thread_of,
    write,
)
from tests.playground.serving import SOON


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


def test_the_page_speaks_korean_to_a_korean_browser(stage: Stage, browser: Browser) -> None:
    with closing(browser.new_context(locale="ko-KR")) as context:
        page = context.new_page()
        page.goto(stage.url)

        expect(page.get_by_role("textbox", name="#general에 메시지 보내기")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "ko")
