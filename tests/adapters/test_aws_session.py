"""Credentials that expire while the bot runs, of the real boto3 and its files."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta, timezone
from hashlib import sha1
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import credentials as botocore_credentials
from botocore import tokens as botocore_tokens
from botocore.exceptions import ClientError, NoCredentialsError

from bot.adapters.aws_session import RenewingClient, Sessions
from bot.adapters.bedrock import client as open_client
from bot.core.diagnosis import RENEW, RENEW_ENVIRONMENT
from tests.workbench import Workbench

ASKED = {
    "modelId": "us.amazon.nova-micro-v1:0",
    "messages": [{"role": "user", "content": [{"text": "why?"}]}],
}
CALLERS = 20


@pytest.fixture
def home(bench: Workbench, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with AWS's files, and no credentials in the environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def made() -> list[boto3.Session]:
    """The sessions that were made to read credentials again."""
    return []


@pytest.fixture
def connect(made: list[boto3.Session]) -> Iterator[Callable[[], RenewingClient]]:
    clients: list[RenewingClient] = []

    def again() -> boto3.Session:
        made.append(boto3.Session(region_name="us-east-1"))
        return made[-1]

    def connected() -> RenewingClient:
        sessions = Sessions(boto3.Session(region_name="us-east-1"), again)
        clients.append(open_client(sessions, silence=15.0, connections=CALLERS))
        return clients[-1]

    yield connected
    for client in clients:
        client.close()


Connect = Callable[[], RenewingClient]


def keep(home: Path, key: str, *, token: str = "") -> None:
    """Write a key into the credentials file, as tools that renew it do."""
    session_token = f"aws_session_token = {token}\n" if token else ""
    (home / "credentials").write_text(
        f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n{session_token}"
    )


def answers(client: Any) -> bool:
    with closing(client.converse_stream(**ASKED)["stream"]) as stream:
        is_whole = any("messageStop" in event for event in stream)
    return is_whole and bool(client.converse(**ASKED)["output"])


def test_a_key_that_is_renewed_on_disk_is_used_from_the_first_call_that_is_refused(
    bench: Workbench, home: Path, connect: Connect, made: list[boto3.Session]
) -> None:
    keep(home, "old")
    client = connect()
    assert answers(client)
    keep(home, "new")
    assert answers(client)
    assert not made
    bench.bedrock.refuse_key("old")

    assert answers(client)
    assert answers(client)
    assert len(made) == 1


def test_a_call_that_is_refused_with_the_only_key_there_is_is_not_made_again(
    bench: Workbench, home: Path, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    keep(home, "old")
    client = connect()
    bench.bedrock.refuse_key("old")

    with pytest.raises(ClientError, match="ExpiredTokenException"):
        client.converse(**ASKED)
    assert len(bench.bedrock.requests) == 1
    (record,) = (record for record in caplog.records if record.message == "credentials.refused")
    assert (vars(record)["source"], vars(record)["fix"]) == ("shared-credentials-file", RENEW)

    keep(home, "new")
    assert answers(client)


def test_a_renewed_key_that_is_refused_too_is_tried_once(
    bench: Workbench, home: Path, connect: Connect
) -> None:
    keep(home, "old")
    client = connect()
    keep(home, "new")
    bench.bedrock.refuse_key("old")
    bench.bedrock.refuse_key("new")

    with pytest.raises(ClientError, match="ExpiredTokenException"):
        client.converse(**ASKED)
    assert len(bench.bedrock.requests) == 2


def test_all_calls_that_are_refused_together_share_one_reading(
    bench: Workbench, home: Path, connect: Connect, made: list[boto3.Session]
) -> None:
    keep(home, "old", token="old")
    client = connect()
    keep(home, "old", token="new")  # the same key id in a new session of it is another key
    bench.bedrock.refuse_key("old")
    together = threading.Barrier(CALLERS)

    def call() -> None:
        together.wait()
        with pytest.raises(ClientError):
            client.converse(**ASKED)

    with ThreadPoolExecutor(CALLERS) as callers:
        for done in [callers.submit(call) for _ in range(CALLERS)]:
            done.result()
    assert len(made) < CALLERS / 2
    assert len(bench.bedrock.requests) <= 2 * CALLERS


def test_calls_under_way_go_on_with_the_renewed_key_of_the_first_that_was_refused(
    bench: Workbench, home: Path, connect: Connect, made: list[boto3.Session]
) -> None:
    keep(home, "old")
    client = connect()
    keep(home, "new")
    bench.bedrock.refuse_key("old")

    with ThreadPoolExecutor(CALLERS) as callers:
        outputs = [callers.submit(client.converse, **ASKED) for _ in range(CALLERS)]
        assert all(each.result()["output"] for each in outputs)
    assert len(made) == 1
    assert len(bench.bedrock.requests) <= 2 * CALLERS


def test_a_file_that_is_gone_and_comes_back_is_read_again(home: Path, connect: Connect) -> None:
    client = connect()
    with pytest.raises(NoCredentialsError):
        client.converse(**ASKED)

    keep(home, "new")
    assert answers(client)


def test_a_file_that_cannot_be_read_leaves_the_error_of_the_call(
    bench: Workbench, home: Path, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    keep(home, "old")
    client = connect()
    (home / "credentials").write_text("[default")
    bench.bedrock.refuse_key("old")

    with pytest.raises(ClientError, match="ExpiredTokenException"):
        client.converse(**ASKED)
    assert "credentials.unreadable" in caplog.messages


def test_the_program_that_gives_credentials_is_asked_again(
    bench: Workbench, home: Path, connect: Connect
) -> None:
    def give(key: str) -> None:
        given = {"Version": 1, "AccessKeyId": key, "SecretAccessKey": "secret"}
        (home / "given.json").write_text(json.dumps(given))

    (home / "config").write_text(f"[default]\ncredential_process = cat {home}/given.json\n")
    give("old")
    client = connect()
    give("new")
    bench.bedrock.refuse_key("old")

    assert answers(client)


def test_a_key_of_the_environment_cannot_be_renewed_and_the_log_says_so(
    bench: Workbench, connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "old")
    client = connect()
    bench.bedrock.refuse_key("old")

    with pytest.raises(ClientError, match="ExpiredTokenException"):
        client.converse(**ASKED)
    assert len(bench.bedrock.requests) == 1
    (record,) = (record for record in caplog.records if record.message == "credentials.refused")
    assert (vars(record)["source"], vars(record)["fix"]) == ("env", RENEW_ENVIRONMENT)


PROFILE = "sso_account_id = 123456789012\nsso_role_name = duet\n"
LOGIN = "sso_start_url = https://duet.awsapps.com/start\nsso_region = us-east-1\n"
LOGINS = {
    "legacy": (f"[default]\n{PROFILE}{LOGIN}", "https://duet.awsapps.com/start"),
    "session": (f"[default]\n{PROFILE}sso_session = duet\n[sso-session duet]\n{LOGIN}", "duet"),
}


@pytest.fixture(params=LOGINS)
def log_in(
    home: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Callable[..., None]:
    """Log in as `aws sso login` does: the token in a file, for so many hours."""
    config, cached_as = LOGINS[request.param]
    (home / "config").write_text(config)
    for owner in (botocore_credentials.SSOProvider, botocore_tokens.SSOTokenProvider):
        monkeypatch.setattr(owner, "_SSO_TOKEN_CACHE_DIR", str(home / "cache"))
    (home / "cache").mkdir()

    def logged_in(token: str, hours: float = 8.0) -> None:
        expires = datetime.now(timezone.utc) + timedelta(hours=hours)
        cached = {"accessToken": token, "expiresAt": expires.strftime("%Y-%m-%dT%H:%M:%SZ")}
        name = sha1(cached_as.encode()).hexdigest()  # noqa: S324 - as the AWS CLI names it
        (home / "cache" / f"{name}.json").write_text(json.dumps(cached))

    return logged_in


def test_a_new_login_is_used_after_the_key_of_the_old_one_is_refused(
    bench: Workbench, log_in: Callable[..., None], connect: Connect, made: list[boto3.Session]
) -> None:
    log_in("monday")
    client = connect()
    assert answers(client)
    log_in("tuesday")
    assert answers(client)
    assert not made
    bench.bedrock.refuse_key("key-of-monday")

    assert answers(client)
    assert len(made) == 1


def test_a_login_that_ended_is_told_and_a_new_one_is_used_without_a_restart(
    log_in: Callable[..., None], connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    log_in("monday", hours=-1)
    client = connect()
    with pytest.raises(Exception, match=r"SSO|[Tt]oken"):
        client.converse(**ASKED)
    assert "credentials.refused" in caplog.messages

    log_in("tuesday")
    assert answers(client)
