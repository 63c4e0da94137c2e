"""`python -m tests.settings_page`: write docs/settings.md, which is made of .env.example."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/settings.md"

_SETTING = re.compile(r"(# )?([A-Z_]+)=(.*)")
_BEGINNING = """\
# Settings

They are read from the environment, and from a file `.env` in the folder where the bot is started or
above it; the environment goes first. Times are seconds. `.env.example` has all of them, to be copied.
What is wrong or missing is told when the bot starts, all at once. A name that is none of them is warned
about, with the nearest that is one: `setting.unknown`.
"""
_ENDING = """
Others read variables of their own: boto3 whatever begins with `AWS_`, the [SDK of
OpenTelemetry](https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/)
whatever begins with `OTEL_`, and Slack's client `HTTPS_PROXY`. `python -m bot playground
--openai-url …` sends `OPENAI_API_KEY` to the server that it asks.
"""


@dataclass(frozen=True)
class Documented:
    """A setting as .env.example has it; its `value` is a default, or shows how to fill it in."""

    section: str
    name: str
    value: str
    is_default: bool
    words: str


def documented() -> Iterator[Documented]:
    """The settings in .env.example, each with the comment above it."""
    section, comment = "", list[str]()
    for line in (ROOT / ".env.example").read_text().splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif found := _SETTING.fullmatch(line):
            yield Documented(section, found[2], found[3], bool(found[1]), " ".join(comment))
            comment = []
        elif line.startswith("# "):
            comment.append(line.removeprefix("# "))
        else:
            comment = []


def page() -> str:
    """What docs/settings.md is to say."""
    lines, section = [_BEGINNING], ""
    for one in documented():
        if one.section != section:
            section = one.section
            lines.append(f"\n## {section}\n\n| Variable | Default | What it does |\n|---|---|---|\n")
        default = f"`{one.value}`" if one.value and one.is_default else ""
        lines.append(f"| `{one.name}` | {default} | {one.words} |\n")
    return "".join([*lines, _ENDING])


if __name__ == "__main__":
    PAGE.write_text(page())
