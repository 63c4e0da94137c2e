"""What the doctor makes of what Slack made of its messages."""

from __future__ import annotations

import pytest

from bot.core import trial
from bot.core.diagnosis import Status
from bot.core.errors import RateLimited, SlackError, Unreachable


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (trial.SAMPLE, Status.OK),
        (trial.SAMPLE.replace("## ", "").replace("|", " "), Status.OK),
        (trial.SAMPLE.replace(trial.CODE, trial.CODE.replace("`", "")), Status.WARNING),
        (trial.SAMPLE[: len(trial.SAMPLE) // 2], Status.WRONG),
        ("", Status.WRONG),
    ],
)
def test_what_came_back_is_well_if_its_letters_and_code_are_there(found: str, status: Status) -> None:
    assert trial.of_reading(trial.SAMPLE, found).status is status


@pytest.mark.parametrize(
    ("types", "status"),
    [({"rich_text", "header", "table"}, Status.OK), ({"markdown"}, Status.WARNING), (set(), Status.WARNING)],
)
def test_blocks_that_slack_did_not_make_are_named(types: set[str], status: Status) -> None:
    assert trial.of_types(types).status is status


def test_bold_is_well_if_no_asterisk_is_shown() -> None:
    assert trial.of_bold(f"{trial.BOLD}은", trial.BOLD).status is Status.OK
    assert trial.of_bold(f"**{trial.BOLD}**은", "").status is Status.WARNING
    assert trial.of_bold(f"{trial.BOLD}은", "").status is Status.WARNING


@pytest.mark.parametrize("error", [RateLimited(3), Unreachable("TimeoutError"), SlackError("new_code")])
def test_whatever_slack_refuses_has_a_fix(error: SlackError) -> None:
    found = trial.refused(error, "chat.postMessage")

    assert (found.status, bool(found.cure)) == (Status.WRONG, True)
