"""Makes the pictures beside it from the running playground: python docs/pictures/make.py

It needs what the tests need (pip install -e '.[test]') and Debian's chromium.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

HERE = Path(__file__).parent
ARGUMENTS = ["--no-sandbox", "--disable-gpu"]
SIZE = {"width": 1280, "height": 800}
WIDE = {"width": 1600, "height": 900}
QUESTION = "@Duet How does Duet keep to Slack's rate limits?"


@contextmanager
def playground() -> Iterator[str]:
    """The address of a playground that runs."""
    command = [sys.executable, "-m", "bot", "playground", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        try:
            lines = iter(process.stdout or ())
            yield next(found[0] for line in lines if (found := re.search(r"http://\S+", line)))
        finally:
            process.terminate()


@contextmanager
def opened(browser: Browser, address: str, theme: str, size: dict[str, int] = SIZE) -> Iterator[Page]:
    """The page in one of its colours."""
    context = browser.new_context(
        viewport={"width": size["width"], "height": size["height"]}, color_scheme=theme, locale="en-US"
    )
    page = context.new_page()
    page.goto(address)
    yield page
    context.close()


def ask(page: Page, text: str) -> None:
    field = page.get_by_role("textbox", name="Message #general", exact=True)
    field.fill(text)
    field.press("Enter")


def whole(page: Page) -> None:
    """Wait until an answer can be asked on from."""
    expect(page.get_by_role("button", name="What does an answer cost?").last).to_be_visible(timeout=30_000)


def main() -> None:
    expect.set_options(timeout=30_000)
    with playground() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        with opened(browser, address, "light") as page:
            ask(page, QUESTION)
            expect(page.get_by_role("button", name="Stop")).to_be_visible()
            page.wait_for_timeout(1200)  # some of the answer, not all of it
            page.screenshot(path=HERE / "streaming.png")
            whole(page)
            page.screenshot(path=HERE / "light.png")
        with opened(browser, address, "dark") as page:
            ask(page, "@Duet 왜 메시지가 두 개인가요?")
            expect(page.get_by_role("button", name="답변 하나의 비용은 얼마인가요?")).to_be_visible(
                timeout=30_000
            )
            page.screenshot(path=HERE / "dark.png")
        with opened(browser, address, "light", WIDE) as page:
            page.get_by_role("button", name="Workbench", exact=True).click()
            ask(page, "@Duet What is a B-tree?")
            whole(page)
            page.screenshot(path=HERE / "workbench.png")
        with opened(browser, address, "light") as page:
            page.get_by_role("link", name="Duet", exact=True).click()
            page.get_by_role("link", name="Home").click()
            expect(page.locator("#home")).to_contain_text("$")
            page.screenshot(path=HERE / "home.png")
        browser.close()


if __name__ == "__main__":
    main()
