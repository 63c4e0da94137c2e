"""The one place where all parts are joined."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import threading
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

import boto3
from botocore.exceptions import BotoCoreError
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot import listeners
from bot.adapters import bedrock, slack_web
from bot.core.errors import Unreachable
from bot.core.journal import Allowance
from bot.core.models import default_model
from bot.engine.journal import Journal
from bot.engine.orchestrator import Orchestrator
from bot.engine.pacer import FLOOR_SECONDS, Pacer
from bot.engine.voices import LEAST_QUICK_CALLS
from bot.settings import Settings, SettingsError
from bot.stores import open_store

log = logging.getLogger(__name__)

# The built-in client notices a lost connection after five pings; the default of 10 s makes that a minute.
_PING_SECONDS = 1.0
_WATCH_SECONDS = 0.5
_SLACK_TIMEOUT = 10  # seconds


@dataclass(frozen=True)
class Bot:
    """The joined parts, between `start` and `stop`."""

    settings: Settings
    orchestrator: Orchestrator
    socket: SocketModeHandler
    stopping: threading.Event

    def start(self) -> None:
        """Begin to listen. Raises SettingsError if Slack does not let the app connect."""
        try:
            self.socket.connect()  # type: ignore[no-untyped-call] # Bolt gives it no types
        except (SlackApiError, OSError) as error:
            raise SettingsError([_connection_problem(self.settings, error, "SLACK_APP_TOKEN")]) from error
        threading.Thread(target=self._watch, name="watch", daemon=True).start()

    def _watch(self) -> None:
        """Tell operators of each connection and each loss of one, and other processes how it stands."""
        client = self.socket.client
        known: str | None = ""
        while not self.stopping.is_set():
            session = client.session_id() if client.is_connected() else None
            if session != known:
                known = session
                self.orchestrator.state = "connected" if session else "disconnected"
                log.log(logging.INFO if session else logging.WARNING, "socket.%s", self.orchestrator.state)
            self.stopping.wait(_WATCH_SECONDS)

    def stop(self) -> None:
        """Hear nothing new, let live answers end within the grace time, and return when that is on screen."""
        self.stopping.set()
        client = self.socket.client
        client.auto_reconnect_enabled = False
        client.logger.setLevel(logging.CRITICAL)  # what it says about its own end helps nobody
        if client.current_session and client.current_session.sock:
            with suppress(OSError):
                client.current_session.sock.shutdown(socket.SHUT_RDWR)
        # Closing also waits for the client's own threads, which sleep for a second; nobody needs to.
        threading.Thread(target=client.close, daemon=True).start()
        self.orchestrator.stop(self.settings.shutdown_grace)
        log.info("stopped")


def build(
    settings: Settings,
    problems: Sequence[str] = (),
    allowance: Allowance | None = None,
    floor: float = FLOOR_SECONDS,
) -> Bot:
    """Join the parts. Raises SettingsError with the settings' `problems` and what else is in the way.

    `allowance` and `floor` are the pacer's, where they are not what the settings and Slack say.
    """
    session = _aws_session(settings, problems)
    problems = [*problems, *_aws_problems(session)]
    if problems:
        raise SettingsError(problems)
    # slack_sdk calls through urllib's opener. Of its own, that loads the certificates for every call: 35 ms.
    secure = urllib.request.HTTPSHandler(context=ssl.create_default_context())
    urllib.request.install_opener(urllib.request.build_opener(secure))
    web = WebClient(
        settings.slack_bot_token,
        base_url=settings.slack_api_url,
        timeout=_SLACK_TIMEOUT,
        retry_handlers=[],  # a call made again by the SDK would carry old text, or post twice
    )
    try:
        me = str(web.auth_test()["user_id"])
    except (SlackApiError, OSError) as error:
        raise SettingsError([_connection_problem(settings, error, "SLACK_BOT_TOKEN")]) from error

    host = socket.gethostname()
    allowance = allowance or Allowance(settings.slack_edits_per_minute, settings.slack_posts_per_minute)
    store = open_store(settings.store_url, allowance)
    region = str(session.region_name)
    micro = bedrock.BedrockModel(
        bedrock.client(
            session,
            silence=max(settings.ack_deadline, 1.0),
            connections=max(LEAST_QUICK_CALLS, settings.max_live_answers),
        ),
        settings.micro_model_id or default_model("micro", region),
    )
    pro = bedrock.BedrockModel(
        bedrock.client(session, silence=settings.idle_timeout, connections=settings.max_live_answers),
        settings.pro_model_id or default_model("pro", region),
    )
    orchestrator = Orchestrator(
        micro,
        pro,
        slack_web.SlackWeb(web, me),
        Pacer(allowance, floor=floor),
        Journal(store, f"{host}/{os.getpid()}/{uuid4().hex[:8]}", host),
        live_answers=settings.max_live_answers,
        ack_deadline=settings.ack_deadline,
        recover_within=settings.recover_within,
    )
    # Bolt would acknowledge an event before its listener has written it down.
    app = App(client=web, logger=logging.getLogger("slack_bolt"), process_before_response=True)
    listeners.register(app, orchestrator)
    handler = SocketModeHandler(app, settings.slack_app_token, ping_interval=_PING_SECONDS)
    return Bot(settings, orchestrator, handler, threading.Event())


def _aws_session(settings: Settings, problems: Sequence[str]) -> boto3.Session:
    try:
        return boto3.Session(region_name=settings.aws_region)
    except BotoCoreError as error:  # a profile that does not exist, a configuration that cannot be read
        mend = f"AWS is not set up: {error}. Mend AWS_PROFILE or ~/.aws/config."
        raise SettingsError([*problems, mend]) from error


def _aws_problems(session: boto3.Session) -> list[str]:
    problems = []
    if not session.region_name:
        problems.append(
            "AWS_REGION is missing: the AWS region whose Bedrock is called, for example us-east-1 or "
            "ap-northeast-2 (Seoul)."
        )
    if not bedrock.has_credentials(session):
        problems.append(
            "AWS credentials are missing: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, "
            "or AWS_BEARER_TOKEN_BEDROCK (a Bedrock API key), or run where a role is attached. Access keys "
            "are made in the AWS console under IAM, Bedrock API keys under Amazon Bedrock."
        )
    return problems


def _connection_problem(settings: Settings, error: Exception, token: str) -> str:
    refusal = slack_web.translated(error)
    if isinstance(refusal, Unreachable):
        return (
            f"Slack cannot be reached at {settings.slack_api_url} ({refusal}). Check the network, a proxy in "
            "HTTPS_PROXY, and SLACK_API_URL."
        )
    return (
        f"Slack refuses {token} ({refusal.code}). Copy it again from https://api.slack.com/apps, your app; "
        "after a change of scopes, install the app again first."
    )
