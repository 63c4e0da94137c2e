"""The page as people use it: with files, as several people, by the keyboard, in a narrow window."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Pace, Reply
from bot.playground.workspace import MINJI, SAM
from tests.playground.browser import (
    LAST_WORDS,
    Stage,
    assert_accessible,
    channel_of,
    go_to,
    messages,
    opened,
    thread_of,
    write,
)
from tests.sample_files import png

EN = texts_in(Language.EN)
SLOWLY = Reply(pace=Pace(first_token=0.1, tokens_per_second=20))
DROP = """async (pane, [name, type, data]) => {
  const transfer = new DataTransfer();
  transfer.items.add(new File([Uint8Array.from(data)], name, { type }));
  pane.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: transfer }));
}"""


@pytest.fixture(autouse=True)
def spoken(stage: Stage) -> Iterator[None]:
    """The answering model speaks when it was acknowledged, and fast, but where a test says how."""
    stage.servers.bedrock.always("converse-stream", Reply(pace=Pace(first_token=0.8, tokens_per_second=1000)))
    yield
    stage.servers.bedrock.always("converse-stream", None)


def answer_of(page: Page, question: str) -> None:
    """Ask, and wait for the whole answer."""
    write(page, "Message #general", f"@Duet {question}")
    expect(messages(thread_of(page)).last).to_contain_text(LAST_WORDS)


def test_files_are_dropped_or_chosen_taken_back_and_given_to_the_model(
    page: Page,
    stage: Stage,
    tmp_path: Path,
) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("a note to be read")
    channel = channel_of(page)
    channel.evaluate(DROP, ["photo.png", "image/png", list(png())])
    expect(channel.get_by_role("list", name="Files")).to_contain_text("photo.png")
    page.locator("main input[type=file]").set_input_files([notes, notes])
    expect(channel.get_by_role("button", name="Remove notes.txt")).to_have_count(2)
    channel.get_by_role("button", name="Remove notes.txt").first.click()
    write(page, "Message #general", "@Duet What is this about?")

    thread = thread_of(page)
    expect(messages(thread).nth(0).get_by_role("link", name=re.compile("photo.png"))).to_be_visible()
    expect(messages(thread).nth(0)).to_contain_text("notes.txt")
    expect(messages(thread).last).to_contain_text("a note to be read")
    asked = str([each.body["messages"] for each in stage.servers.bedrock.requests])
    assert "'format': 'png'" in asked


def test_an_answer_is_stopped_and_tried_again(page: Page, stage: Stage) -> None:
    stage.servers.bedrock.enqueue("converse-stream", SLOWLY)
    write(page, "Message #general", "@Duet What is a B-tree?")
    thread = thread_of(page)
    thread.get_by_role("button", name=EN.stop, exact=True).click()
    expect(messages(thread).last).to_contain_text(EN.stopped)

    thread.get_by_role("button", name=EN.retry, exact=True).click()
    expect(messages(thread).last).to_contain_text(LAST_WORDS)
    expect(messages(thread).last).to_contain_text(EN.regenerated)


def test_a_vote_is_asked_why_or_thanked_for_and_the_home_tells_of_the_answer(
    page: Page, stage: Stage
) -> None:
    answer_of(page, "What is a tree?")
    bad = thread_of(page).get_by_role("button", name=EN.bad)
    bad.click()
    form = page.get_by_role("dialog", name=EN.reason_title)
    form.get_by_role("textbox", name=EN.reason_label).fill("It is too long.")
    form.get_by_role("button", name=EN.reason_send).click()
    expect(form).to_be_hidden()
    expect(bad).to_have_attribute("aria-pressed", "true")
    thread_of(page).get_by_role("button", name=EN.good).click()
    expect(bad).to_have_attribute("aria-pressed", "false")
    thanks = messages(thread_of(page)).filter(has_text=EN.thanks)
    expect(thanks).to_contain_text("Only visible to you")

    go_to(page, "Duet")
    page.get_by_role("link", name="Home").click()
    home = page.get_by_role("region", name="Home")
    expect(home.locator("time").first).to_contain_text("today")
    home.get_by_role("button", name=EN.example_1).click()
    page.get_by_role("link", name="Messages").click()
    expect(messages(channel_of(page)).filter(has_text=EN.example_1).first).to_contain_text("2 replies")


def test_what_is_suggested_is_asked_in_the_thread(page: Page) -> None:
    answer_of(page, "What is a graph?")
    thread = thread_of(page)
    thread.get_by_role("button", name="Why are there two messages?").click()

    expect(messages(thread).last).to_contain_text("The second message is Nova Pro's")


def test_two_tabs_are_two_people_and_see_each_others_words_but_not_each_others_secrets(
    page: Page,
    stage: Stage,
    browser: Browser,
) -> None:
    with opened(browser, f"{stage.url}/?as={SAM.id}") as other:
        write(other, "Message #general", "@Duet Am I let in?")
        expect(other.get_by_text(EN.denied_person)).to_be_visible()
        expect(messages(channel_of(page)).filter(has_text="Am I let in?")).to_be_visible()
        expect(page.get_by_text(EN.denied_person)).to_have_count(0)
        expect(messages(channel_of(page)).filter(has_text="Am I let in?")).to_contain_text("Sam")
    page.get_by_role("button", name=re.compile("You speak as Ada")).click()
    page.get_by_role("menuitem", name=re.compile("민지")).or_(
        page.get_by_role("menuitemradio", name=re.compile("민지"))
    ).first.click()
    expect(page).to_have_url(re.compile(f"as={MINJI.id}"))
    expect(page.get_by_role("button", name=re.compile("민지"))).to_be_visible()


def test_all_is_reached_by_the_keyboard(page: Page) -> None:
    page.get_by_role("button", name="Skip to messages").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Skip to the message field").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("textbox", name="Message #general", exact=True)).to_be_focused()
    page.keyboard.type("@Duet What is a trie?")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("In one line.")
    page.keyboard.press("Enter")
    thread = thread_of(page)
    expect(messages(thread).last).to_contain_text(LAST_WORDS)
    page.keyboard.press("Escape")
    expect(thread).to_be_hidden()
    page.get_by_role("textbox", name="Message #general", exact=True).focus()
    page.keyboard.press("ArrowUp")

    expect(page.locator("textarea:focus")).to_have_value(re.compile("In one line."))


def test_a_narrow_window_shows_one_thing_at_a_time(page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 760})
    sidebar = page.get_by_role("navigation", name="Conversations")
    expect(sidebar.get_by_role("link", name="random", exact=True)).to_be_hidden()
    page.locator("#menu").click()
    go_to(page, "general")
    answer_of(page, "What is a queue?")

    box = thread_of(page).bounding_box()
    assert box
    assert box["width"] >= 380
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
    page.get_by_role("button", name="Workbench", exact=True).click()
    page.get_by_role("button", name="Close workbench").click()
    page.get_by_role("button", name="Close thread").click()
    expect(page.get_by_role("textbox", name="Message #general", exact=True)).to_be_visible()


def test_axe_finds_nothing_to_mend_by_day_and_by_night(page: Page) -> None:
    answer_of(page, "What is a monad?")
    page.get_by_role("button", name=re.compile("^Workbench")).click()
    assert_accessible(page)
    page.get_by_role("button", name="Close workbench").click()
    assert_accessible(page)
    go_to(page, "Duet")
    page.get_by_role("link", name="Home").click()
    home = page.get_by_role("region", name="Home")
    expect(home).to_contain_text(EN.home_examples)
    expect(home).to_contain_text(EN.home_day)  # Ada is an admin
    assert_accessible(page)
