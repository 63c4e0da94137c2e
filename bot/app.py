"""The one place where all parts are joined."""

from __future__ import annotations

import logging
import ssl
import threading
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_RDWR

import boto3
from botocore.exceptions import BotoCoreError
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot import listeners
from bot.adapters import bedrock, slack_web
from bot.core.errors import Unreachable
from bot.core.models import default_model
from bot.engine.claims import Claims
from bot.engine.orchestrator import LEAST_QUICK_CALLS, Orchestrator
from bot.engine.pacer import Pacer
from bot.listeners.desk import Desk
from bot.settings import Settings, SettingsError

log = logging.getLogger(__name__)

# The built-in client notices a lost connection after several pings; the default of 10 s makes that a minute.
_PING_SECONDS = 3.0
_SLACK_TIMEOUT = 10  # seconds


@dataclass(frozen=True)
class Bot:
    """The joined parts, between `start` and `stop`."""

    settings: Settings
    orchestrator: Orchestrator
    socket: SocketModeHandler

    def start(self) -> None:
        """Begin to listen. Raises SettingsError if Slack does not let the app connect."""
        try:
            self.socket.connect()  # type: ignore[no-untyped-call] # Bolt gives it no types
        except (SlackApiError, OSError) as error:
            raise SettingsError([_connection_problem(self.settings, error, "SLACK_APP_TOKEN")]) from error
        log.info("listening")

    def stop(self) -> None:
        """Hear nothing new, let live answers end within the grace time, and return when that is on screen."""
        client = self.socket.client
        client.auto_reconnect_enabled = False
        client.logger.setLevel(logging.CRITICAL)  # what it says about its own end helps nobody
        if client.current_session and client.current_session.sock:
            with suppress(OSError):
                client.current_session.sock.shutdown(SHUT_RDWR)
        # Closing also waits for the client's own threads, which sleep for a second; nobody needs to.
        threading.Thread(target=client.close, daemon=True).start()
        self.orchestrator.stop(self.settings.shutdown_grace)
        log.info("stopped")


def build(settings: Settings, problems: Sequence[str] = (), pacer: Pacer | None = None) -> Bot:
    """Join the parts. Raises SettingsError with the settings' `problems` and what else is in the way."""
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
        pacer or Pacer(settings.slack_edits_per_minute, settings.slack_posts_per_minute),
        live_answers=settings.max_live_answers,
        ack_deadline=settings.ack_deadline,
    )
    app = App(client=web, logger=logging.getLogger("slack_bolt"))
    listeners.register(app, Desk(orchestrator, Claims()))
    socket = SocketModeHandler(app, settings.slack_app_token, ping_interval=_PING_SECONDS)
    return Bot(settings, orchestrator, socket)


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
