"""What the documentation says can be done, can be done; what it quotes stands where it says."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from bot.core.interaction import Voice
from bot.settings import read
from tests.adapters.redis_server import free_port, redis_server
from tests.processes import Processes, environment_on
from tests.workbench import Workbench

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
README, KOREAN = ROOT / "README.md", ROOT / "docs/README.ko.md"
OPERATIONS = (ROOT / "docs/operations.md").read_text()

# Each of these is run below, beside a bot that has answered a question.
TRIED = (
    ".venv/bin/python -m bot health",
    ".venv/bin/python -m bot stats --since 24h",
    ".venv/bin/python -m bot stats --since 7d",
    "curl -s http://127.0.0.1:9464/healthz",
    "curl -s http://127.0.0.1:9464/metrics",
    ".venv/bin/python -c \"import sqlite3; sqlite3.connect('bot.db').backup(sqlite3.connect('backup.db'))\"",
    "redis-cli -u redis://localhost:6379/0 --rdb backup.rdb",
)
# What each does is tested here, or it is a test; `.ci/run` installs in the same way.
INSTALL = "python3 -m venv .venv && .venv/bin/pip install -q -e {} && .venv/bin/python -m bot"
RUN_BY = {
    INSTALL.format("'.[playground]'") + " playground": "tests/playground/test_run.py",
    INSTALL.format("."): "tests/test_start.py",
    ".venv/bin/python -m bot doctor": "tests/test_doctor.py",
    ".venv/bin/python -m bot bench": "tests/bench",
    ".venv/bin/python -m bot bench --promises": "tests/bench",
    ".venv/bin/python -m bot bench --acknowledgements": "tests/bench",
    ".venv/bin/python -m pytest -n 0 tests/core/test_draft.py": "tests/core/test_draft.py",
    ".venv/bin/python -m tests.settings_page": "tests/settings_page.py",
}
# By their first word, and why they are not run.
NOT_RUN = {
    "sudo": "needs root and systemd",
    "docker": "needs a daemon",
    "heroku": "needs an account",
    "git": "commits and pushes",
    "echo": "writes the file that is then committed",
}


def commands(page: Path) -> Iterator[str]:
    """The commands in the blocks of a page that are to be typed, each with what is fed to it."""
    for block in re.findall(
        r"^ *```(?:sh|bash|console)\n(.*?)^ *```$", page.read_text(), re.DOTALL | re.MULTILINE
    ):
        yield from (found.strip() for found in re.findall(r".*<<'END'\n(?:.*\n)*?END\n|.+\n", block))


def test_every_command_in_the_docs_is_run_or_is_known_to_need_what_tests_have_not() -> None:
    found = {command for page in PAGES for command in commands(page)}
    ci = (ROOT / ".ci/run").read_text()

    assert {each for each in found if each.split()[0] not in NOT_RUN and each not in ci} == {*TRIED, *RUN_BY}
    assert {each.split()[0] for each in found} >= set(NOT_RUN)
    assert all((ROOT / place).exists() for place in RUN_BY.values())


@pytest.fixture
def folder(ready: Workbench, tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Where a bot runs that has answered a question, and the environment it has."""
    environment = {"METRICS_PORT": str(free_port()), "STORE_URL": "sqlite:///bot.db"}
    processes = Processes(ready, tmp_path, environment["STORE_URL"])
    try:
        processes.start(**environment)
        ready.answered(ready.mention("why?"))
        ready.until(lambda: "answer.done" in processes.log)
        ready.until(lambda: processes.run("health")[0] == 0)
        yield tmp_path, environment_on(ready) | environment
    finally:
        processes.close()


def test_the_commands_that_watch_and_back_up_do_so(folder: tuple[Path, dict[str, str]]) -> None:
    if not shutil.which("curl"):
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse("curl is not installed, and the docs use it.")
    place, environment = folder
    said = []
    with redis_server(place, 0, "--repl-diskless-sync-delay", "0") as redis:
        for command in TRIED:
            here = command.replace(".venv/bin/python", sys.executable)
            here = here.replace("9464", environment["METRICS_PORT"])
            here = here.replace("redis://localhost:6379/0", redis)
            done = subprocess.run(  # noqa: S602 - as one types it
                here,
                shell=True,
                env=environment,
                cwd=place,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (command, done.stderr)
            said.append(done.stdout)
    health, day, week, alive, metrics, _, _ = said

    assert "connected" in health
    assert day == week
    assert "asked            1" in day
    assert alive == "ok"
    watched = set(re.findall(r"\b(?:duet|gen_ai)_\w+", OPERATIONS))
    assert {name for name in watched if f"\n{name}{{" not in metrics} == set()
    assert len(watched) > 5
    bounds = re.findall(r'\b(duet_\w+)\{(le="[^"]+")\}', OPERATIONS)
    assert len(bounds) == 3
    for name, bound in bounds:
        assert re.search(rf"^{name}\{{.*\b{bound}", metrics, re.MULTILINE)
    assert (place / "backup.db").stat().st_size
    assert (place / "backup.rdb").stat().st_size


def test_every_event_that_is_worth_a_look_is_one_that_the_bot_logs() -> None:
    source = "".join(path.read_text() for path in (ROOT / "bot").rglob("*.py"))
    logged = set(re.findall(r'"([a-z_]+\.[a-z_]+)"', source))
    of_voices = re.findall(r'f"\{voice\.value\}\.(\w+)"', source)
    logged |= {f"{voice.value}.{end}" for voice in Voice for end in of_voices}
    states = re.findall(r'state = "(\w+)" if session else "(\w+)"', source)
    logged |= {f"socket.{state}" for state in states[0] if '"socket.%s"' in source}
    told = re.findall(
        r"`([a-z_]+\.[a-z_]+)`", OPERATIONS.partition("And in the log:")[2].partition("\n## ")[0]
    )

    assert len(told) > 10
    assert set(told) - logged == set()


def test_what_it_costs_adds_up() -> None:
    rows = re.findall(r"^\| ([0-9,]+) \| \$(.+) \| \$(.+) \| \$(.+) \| \$(.+) \|$", OPERATIONS, re.MULTILINE)
    cents = Decimal("0.01")

    assert [row[0] for row in rows] == ["100", "1,000", "10,000"]
    for row in rows:
        count, *dollars = (Decimal(cell.replace(",", "")) for cell in row)
        mixed, typical = count * Decimal("0.00099"), count * Decimal("0.0018")
        assert dollars == [each.quantize(cents) for each in (mixed, typical, 30 * mixed, 30 * typical)]


def test_every_link_within_the_docs_leads_somewhere() -> None:
    dead = []
    for page in PAGES:
        for link in re.findall(r"\]\((?!https?:)([^)]+)\)", page.read_text()):
            path, _, heading = link.partition("#")
            target = (page.parent / path) if path else page
            if not target.exists() or (heading and heading not in anchors(target)):
                dead.append(f"{page.name}: {link}")

    assert dead == []


def test_what_the_house_style_quotes_stands_in_the_code() -> None:
    quoted = re.findall(r"(?ms)^```python\n# (\S+)\n(.*?)^```$", (ROOT / "docs/contributing.md").read_text())

    assert len(quoted) > 5
    for path, lines in quoted:
        assert flat(lines) in flat((ROOT / path).read_text()), path


def flat(text: str) -> str:
    """A text without its indentation."""
    return "".join(f"\n{line.strip()}" for line in text.splitlines()) + "\n"


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub names them in addresses."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_changelog_tells_of_the_version_that_this_is() -> None:
    latest = re.search(r"(?m)^## (\S+) - \d{4}-\d\d-\d\d$", (ROOT / "docs/CHANGELOG.md").read_text())

    assert latest
    assert f'\nversion = "{latest[1]}"\n' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("page", [README, KOREAN], ids=["en", "ko"])
def test_what_somebody_sees_who_looks_for_help_is_what_the_bot_says(page: Path) -> None:
    said = "".join(path.read_text() for path in (ROOT / "bot").rglob("*.py"))
    said += " ".join(f"Slack refuses {token}" for token in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"))
    said += " ".join(read({"LANGUAGE": "en_US:en"})[1])
    cells = re.findall(r'(?m)^\| (".+?) \| ', page.read_text())
    quotes = re.findall('"([^"]+)"', " ".join(cells))

    assert len(quotes) > 5
    assert [quote for quote in quotes if quote not in said] == []


def test_both_readmes_have_the_same_headings_commands_tables_pictures_and_figures() -> None:
    english, korean = README.read_text(), KOREAN.read_text()

    for pattern in (
        r"(?m)^(#+) ",
        r"(?m)^(\|).*\|$",
        r"(?m)^(\d\.|-) ",
        r"pictures/(\w+\.\w+)",
        r"`([A-Z_]{4,})",
    ):
        assert re.findall(pattern, english) == re.findall(pattern, korean), pattern
    assert list(commands(README)) == list(commands(KOREAN))
    assert sorted(measured(english)) == sorted(measured(korean))


def measured(text: str) -> list[str]:
    """The numbers in what was measured."""
    return re.findall(r"\d[\d.,]*\d", text[text.index("bench`") : text.index("most-dollars")])


def test_each_platform_rule_has_a_source_and_a_test_that_exists() -> None:
    rows = [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in (ROOT / "docs/platforms.md").read_text().splitlines()
        if line.startswith("| ") and not line.startswith("| Rule |")
    ]

    assert rows
    for rule, source, tests in rows:
        assert "https://" in source or source == "as above", rule
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", tests)
        assert named, rule
        for file, name in named:
            assert f"def {name}(" in (ROOT / file).read_text(), f"{file}::{name}"
