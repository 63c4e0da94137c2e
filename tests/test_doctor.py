"""`python -m bot doctor`, as operators meet it, on the playground's platforms."""

from __future__ import annotations

import json
import re
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli import main
from bot.core.slack_setup import NEEDED_SCOPES
from bot.playground.bedrock import Reply
from bot.playground.faults import Fault
from bot.playground.slack import ALL_SCOPES, APP_TOKEN, BOT_TOKEN
from tests.workbench import Workbench

ROOT = Path(__file__).parent.parent
MICRO, PRO = "us.amazon.nova-micro-v1:0", "us.amazon.nova-pro-v1:0"

Examine = Callable[..., tuple[int, dict[str, dict[str, Any]]]]


def use(monkeypatch: pytest.MonkeyPatch, bench: Workbench, folder: Path) -> None:
    """Set up a bot on `bench` as in a shell, in a `folder` of its own."""
    for name, value in bench.servers.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STORE_URL", f"sqlite:///{folder}/bot.db")
    monkeypatch.chdir(folder)


@pytest.fixture
def examine(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Examine:
    """Let the doctor see a bot with other settings (None: without): its exit status, and its checks."""
    use(monkeypatch, bench, tmp_path)

    def examined(**settings: str | None) -> tuple[int, dict[str, dict[str, Any]]]:
        for name, value in settings.items():
            if value is None:
                monkeypatch.delenv(name)
            else:
                monkeypatch.setenv(name, value)
        status = main(["doctor", "--json"])
        return status, {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}

    return examined


def test_where_all_is_well_it_says_so_in_order_and_leaves_nothing_behind(
    bench: Workbench,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    use(monkeypatch, bench, tmp_path)

    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    names = [line[18:32].strip() for line in told.splitlines()[:-1]]
    assert " > ".join(names) == (
        "settings > bot token > app token > scopes > socket mode > aws > price > first model > second model "
        "> store > clock"
    )
    for words in (
        "that of Duet in Duet playground",
        f"all {len(NEEDED_SCOPES)} of manifest.yml are granted",
        "Slack said hello",
        "user/playground (from env) in us-east-1 (from AWS_REGION)",
        f"{MICRO} answered for $0.",
        "its profile us. answers in several regions of the United States",
        "written in",
        "within 2 s of Slack, within 2 s of AWS",
        "11 ok\n",
    ):
        assert words in told
    assert bench.slack.sockets.connections == 0
    with closing(sqlite3.connect(tmp_path / "bot.db")) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        rows = {name: db.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables}  # noqa: S608
    del rows["clock"]  # how far the machine's clock was ahead of the time since its start
    assert not any(rows.values()), rows


def test_the_scopes_that_it_asks_for_are_those_of_the_manifest() -> None:
    manifest = yaml.safe_load((ROOT / "manifest.yml").read_text())

    assert set(manifest["oauth_config"]["scopes"]["bot"]) == NEEDED_SCOPES


def test_what_it_spends_it_says_before_and_it_is_not_more(bench: Workbench, examine: Examine) -> None:
    status, checks = examine()

    assert status == 0
    said = Decimal(checks["price"]["detail"].partition("at most $")[2].split(" ")[0])
    assert [request.model_id for request in bench.bedrock.requests] == [MICRO, PRO]
    assert all(request.body["inferenceConfig"]["maxTokens"] == 1 for request in bench.bedrock.requests)
    spent = [
        Decimal(checks[name]["detail"].partition(" for $")[2].partition(";")[0])
        for name in ("first model", "second model")
    ]
    assert 0 < sum(spent) <= said


@pytest.mark.parametrize(
    ("settings", "check", "detail", "cure", "status"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-of-another"}, "bot token", "(invalid_auth)", "Bot User OAuth Token", 1),
        ({"SLACK_APP_TOKEN": "xapp-of-another"}, "app token", "(invalid_auth)", "connections:write", 1),
        ({"SLACK_APP_TOKEN": BOT_TOKEN}, "settings", "SLACK_APP_TOKEN", ".env", 2),
        ({"SLACK_BOT_TOKEN": None}, "settings", "SLACK_BOT_TOKEN is missing", ".env", 2),
        ({"AWS_ACCESS_KEY_ID": None}, "settings", "AWS credentials are missing", ".env", 2),
        ({"AWS_PROFILE": "nobodys"}, "settings", "AWS is not set up", ".env", 2),
        ({"AWS_REGION": None}, "settings", "AWS_REGION is missing", ".env", 2),
        ({"AWS_REGION": "eu-central-2"}, "settings", "AWS_REGION is eu-central-2", ".env", 2),
        ({"SLACK_API_URL": "http://127.0.0.1:9/api/"}, "bot token", "cannot be reached", "HTTPS_PROXY", 1),
        (
            {"AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:9"},
            "first model",
            "EndpointConnectionError",
            "Check the network",
            1,
        ),
        ({"STORE_URL": "sqlite:////nowhere/bot.db"}, "store", "unable to open", "a folder that is there", 1),
        ({"STORE_URL": "redis://:s3cret@localhost/0?no=1"}, "settings", "STORE_URL is wrong", ".env", 2),
        (
            {"PRO_MODEL_ID": "amazon.of-tomorrow"},
            "price",
            "amazon.of-tomorrow is not known",
            "PRICES_FILE",
            1,
        ),
    ],
)
def test_what_is_set_wrongly_is_told_with_its_cure(
    examine: Examine, settings: Mapping[str, str | None], check: str, detail: str, cure: str, status: int
) -> None:
    ended, checks = examine(**settings)

    assert detail in checks[check]["detail"]
    assert cure in checks[check]["cure"]
    assert ended == status


@pytest.mark.parametrize(
    ("method", "code", "check", "cure"),
    [
        ("apps.connections.open", "not_allowed_token_type", "app token", "the one with xapp-"),
        ("apps.connections.open", "missing_scope", "app token", "connections:write"),
        ("apps.connections.open", "socket_mode_not_enabled", "app token", "switch on Enable Socket Mode"),
        ("auth.test", "token_revoked", "bot token", "install the app again"),
    ],
)
def test_what_slack_refuses_is_told_with_its_cure(
    bench: Workbench, examine: Examine, method: str, code: str, check: str, cure: str
) -> None:
    bench.slack.faults.always(method, Fault(error=code))
    status, checks = examine()

    assert status == 1
    assert f"({code})" in checks[check]["detail"]
    assert cure in checks[check]["cure"]
    assert {found["status"] for name, found in checks.items() if name == "second model"} == {"ok"}


def test_a_scope_that_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bench = Workbench(granted=ALL_SCOPES - {"files:read"})
    use(monkeypatch, bench, tmp_path)
    try:
        assert main(["doctor"]) == 1
    finally:
        bench.close()

    told = capsys.readouterr().out
    assert "not granted: files:read" in told
    assert "reinstall the app" in told


@pytest.mark.filterwarnings(  # slack_sdk leaves the socket of a failed handshake to the garbage collector
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
def test_a_connection_that_slack_does_not_take_is_told(bench: Workbench, examine: Examine) -> None:
    bench.servers.do(bench.slack.sockets.refuse)
    status, checks = examine()

    assert (status, checks["socket mode"]["status"]) == (1, "wrong")
    assert "Check the network" in checks["socket mode"]["cure"]


@pytest.mark.parametrize(
    ("operation", "code", "check", "cure"),
    [
        ("converse", "AccessDeniedException", "first model", "bedrock:InvokeModelWithResponseStream"),
        ("converse-stream", "AccessDeniedException", "second model", "get access to the model"),
        ("converse-stream", "ResourceNotFoundException", "second model", "Choose in PRO_MODEL_ID"),
        ("converse", "ValidationException", "first model", "Choose in MICRO_MODEL_ID"),
        ("converse", "ThrottlingException", "first model", "Service Quotas"),
        ("converse", "ExpiredTokenException", "first model", "aws sso login"),
        ("converse", "InternalServerException", "first model", "health.aws.amazon.com"),
        ("get-caller-identity", "InvalidClientTokenId", "aws", "all parts of one key"),
    ],
)
def test_what_aws_refuses_is_told_with_its_cure(
    bench: Workbench, examine: Examine, operation: str, code: str, check: str, cure: str
) -> None:
    bench.bedrock.always(operation, Reply(error=code))
    status, checks = examine()

    assert (status, checks[check]["status"]) == (1, "wrong")
    assert code in checks[check]["detail"]
    assert cure in checks[check]["cure"]


@pytest.mark.parametrize(
    ("message", "cure"),
    [
        (
            "Authentication failed: Please make sure your API Key is valid.",
            "a new Bedrock API key in us-east-1",
        ),
        ("Bearer Token has expired", "12 hours at most and is bound to its region"),
        ("User is not authorized to perform: bedrock:CallWithBearerToken on resource: *", "Let IAM allow"),
    ],
)
def test_an_api_key_that_aws_refuses_is_told_with_its_cure(
    bench: Workbench, examine: Examine, message: str, cure: str
) -> None:
    refusal = Reply(error="AccessDeniedException", message=message)
    bench.bedrock.always("converse", refusal)
    bench.bedrock.always("converse-stream", refusal)
    status, checks = examine()

    assert status == 1
    for model in ("first model", "second model"):
        assert message in checks[model]["detail"]
        assert cure in checks[model]["cure"]


def test_a_key_that_aws_knows_no_more_is_told_of_the_identity_and_of_both_models(
    bench: Workbench, examine: Examine
) -> None:
    bench.bedrock.refuse_key("playground")
    status, checks = examine()

    assert status == 1
    for check in ("aws", "first model", "second model"):
        assert "aws sso login" in checks[check]["cure"]


def test_in_seoul_it_says_that_questions_leave_the_country(examine: Examine) -> None:
    _, checks = examine(AWS_REGION="ap-northeast-2")

    assert "so questions leave Korea" in checks["second model"]["detail"]


def test_a_store_that_another_program_holds_is_told_with_its_cure(examine: Examine, tmp_path: Path) -> None:
    assert examine()[0] == 0
    with closing(sqlite3.connect(tmp_path / "bot.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        status, checks = examine()

    assert status == 1
    assert "locked" in checks["store"]["detail"]
    assert "End the process that holds the file" in checks["store"]["cure"]


@pytest.mark.parametrize(("behind", "status", "ended"), [(90, "warning", 0), (400, "wrong", 1)])
def test_a_clock_that_is_not_that_of_the_platforms_is_told_from_a_minute_on(
    examine: Examine, monkeypatch: pytest.MonkeyPatch, behind: int, status: str, ended: int
) -> None:
    now = time.time()
    with monkeypatch.context() as clock:
        clock.setattr("time.time", lambda: now - behind)
        found, checks = examine()

    assert (found, checks["clock"]["status"]) == (ended, status)
    assert "s behind Slack" in checks["clock"]["detail"]


def test_no_token_and_no_key_is_in_what_it_says(
    bench: Workbench, examine: Examine, capsys: pytest.CaptureFixture[str]
) -> None:
    key = "AKIAIOSFODNN7EXAMPLE"
    bench.bedrock.always("converse", Reply(error="AccessDeniedException", message=f"{key} may not"))
    bench.slack.faults.always("auth.test", Fault(error=f"odd_{BOT_TOKEN}-12345678901"))
    _, checks = examine(
        STORE_URL="redis://:hunter2-hunter2@127.0.0.1:9/0", SLACK_APP_TOKEN="xapp-1-A012345-0987654321-abcdef"
    )

    told = str(checks) + capsys.readouterr().err
    assert not [secret for secret in (BOT_TOKEN, APP_TOKEN, key, "hunter2", "0987654321") if secret in told]


# In a channel that the operator names


@pytest.fixture
def try_in(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Examine:
    """Let the doctor try a channel: its exit status, and its checks."""
    use(monkeypatch, bench, tmp_path)

    def tried(channel: str = "CGENERAL") -> tuple[int, dict[str, dict[str, Any]]]:
        status = main(["doctor", "--json", "--channel", channel])
        return status, {check["name"]: check for check in json.loads(capsys.readouterr().out)["checks"]}

    return tried


IN_CHANNEL = (
    "channel", "post", "read back", "blocks", "Korean bold", "metadata", "edit", "thread", "two tables",
    "51 headings", "private reply", "delete",
)  # fmt: skip


@pytest.mark.parametrize("channel", ["CGENERAL", "GTEAM", "GGROUP", "DADA"])
def test_in_a_channel_it_tries_what_it_can_and_leaves_nothing_behind(
    bench: Workbench, try_in: Examine, channel: str
) -> None:
    before = len(bench.messages(channel))
    status, checks = try_in(channel)

    told = {name: (checks[name]["status"], checks[name]["detail"]) for name in IN_CHANNEL}
    assert status == 0, told
    expected = {name: "skipped" if name == "private reply" else "ok" for name in IN_CHANNEL}
    assert {name: found for name, (found, _) in told.items() if expected[name] != found} == {}, told
    assert "51 headings in a message (invalid_blocks)" in checks["51 headings"]["detail"]
    assert len(bench.messages(channel)) == before
    assert bench.calls("chat.postEphemeral") == []


def test_what_it_posts_notifies_nobody(bench: Workbench, try_in: Examine) -> None:
    try_in()

    posted = str([call.parameters for call in bench.calls("chat.postMessage")])
    assert "doctor" in posted
    assert not re.search(r"<[!@#]|@(here|channel|everyone)", posted)


def test_without_a_channel_it_says_nothing_in_slack(bench: Workbench, examine: Examine) -> None:
    _, checks = examine()

    assert not set(IN_CHANNEL) & set(checks)
    assert bench.calls("chat.postMessage") == []


@pytest.mark.parametrize(
    ("channel", "fix"), [("CQUIET", "/invite the bot"), ("GSECRET", "Copy the channel's id"), ("CNONE", "id")]
)
def test_a_channel_that_the_bot_is_not_in_is_told_with_its_fix(
    bench: Workbench, try_in: Examine, channel: str, fix: str
) -> None:
    status, checks = try_in(channel)

    assert (status, checks["channel"]["status"], checks["post"]["status"]) == (1, "wrong", "wrong")
    assert fix in checks["channel"]["cure"]
    assert checks["read back"]["status"] == "skipped"
    assert bench.messages(channel) == []


@pytest.mark.parametrize(
    ("method", "code", "check", "fix"),
    [
        ("chat.postMessage", "restricted_action", "post", "in which everybody may post"),
        ("chat.postMessage", "missing_scope", "post", "install the app again"),
        ("chat.update", "edit_window_closed", "edit", "in which everybody may post"),
        ("chat.delete", "compliance_exports_prevent_deletion", "delete", "by hand"),
        ("conversations.replies", "missing_scope", "read back", "install the app again"),
        ("conversations.info", "missing_scope", "channel", "install the app again"),
    ],
)
def test_what_goes_wrong_in_a_channel_is_told_with_its_fix(
    bench: Workbench, try_in: Examine, method: str, code: str, check: str, fix: str
) -> None:
    bench.slack.faults.always(method, Fault(error=code))
    status, checks = try_in()

    assert (status, checks[check]["status"]) == (1, "wrong")
    assert code in checks[check]["detail"]
    assert fix in checks[check]["cure"]


@pytest.mark.parametrize("channel", ["#general", "general", "U012", ""])
def test_a_channel_is_named_by_its_id(channel: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["doctor", "--channel", channel])

    assert "is no channel id like C012AB3CD" in capsys.readouterr().err


def test_connections_of_no_process_are_told(bench: Workbench, examine: Examine) -> None:
    bench.slack.sockets.ghosts = 2
    _, checks = examine()

    assert checks["socket mode"]["status"] == "warning"
    assert "ghosts" in checks["socket mode"]["cure"]
