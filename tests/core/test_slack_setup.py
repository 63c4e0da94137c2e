"""Every code that is a fault of the set-up has its fix."""

from __future__ import annotations

import pytest

from bot.core import slack_setup
from bot.core.errors import RateLimited, SlackError


@pytest.mark.parametrize(
    ("code", "fix"),
    [
        ("token_revoked", "install the app again"),
        ("account_inactive", "install the app again"),
        ("invalid_auth", "copy the Bot User OAuth Token"),
        ("not_authed", "copy the Bot User OAuth Token"),
        ("token_expired", "create the app anew"),
        ("org_login_required", "notices by itself"),
        ("team_access_not_granted", "administrator of the organization"),
        ("enterprise_is_restricted", "administrator of the organization"),
        ("two_factor_setup_required", "two-factor"),
        ("accesslimited", "IP addresses"),
    ],
)
def test_a_token_that_is_refused_has_the_fix_for_its_code(code: str, fix: str) -> None:
    problem = slack_setup.of_token(SlackError(code))

    assert str(problem).startswith(f"Slack refuses SLACK_BOT_TOKEN ({code}). ")
    assert fix in problem.fix


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SlackError("missing_scope", needed="mpim:read"), "add the scope mpim:read"),
        (SlackError("no_permission"), "paste manifest.yml"),
        (SlackError("not_allowed_token_type"), "begins with xoxb-"),
        (SlackError("invalid_scopes"), "install the app again"),
    ],
)
def test_a_call_that_the_app_may_not_make_has_its_fix(error: SlackError, words: str) -> None:
    problem = slack_setup.of_permission(error, "conversations.info")

    assert words in problem.fix
    assert error.code in problem.detail


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SlackError("too_many_websockets"), "more are open (too_many_websockets). End what else connects"),
        (
            SlackError("link_disabled"),
            "Socket Mode is switched off (link_disabled). In https://api.slack.com",
        ),
        (SlackError("invalid_auth"), "gives SLACK_APP_TOKEN no connection (invalid_auth). In https://api"),
        (SlackError("forbidden_team"), "(forbidden_team)"),
        (RateLimited(30), "Try again after 30 s."),
    ],
)
def test_a_connection_that_slack_does_not_give_has_its_fix(error: SlackError, words: str) -> None:
    assert words in str(slack_setup.of_connection(error))
