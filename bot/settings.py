"""Everything an operator can set, read once and complained about once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from decimal import Decimal
from difflib import get_close_matches
from math import nan
from urllib.parse import urlsplit

from bot.core.redaction import KINDS


class SettingsError(Exception):
    """What keeps the bot from starting: `problems`, each a sentence that says what to do."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Settings:
    """How the bot is set up. Times are seconds. `.env.example` describes each variable."""

    slack_bot_token: str = field(repr=False)
    slack_app_token: str = field(repr=False)
    slack_api_url: str = "https://slack.com/api/"
    aws_region: str | None = None  # None: what boto3 finds by itself
    micro_model_id: str | None = None  # None: the region's Nova Micro
    pro_model_id: str | None = None  # None: the region's Nova Pro
    bedrock_guardrail_id: str | None = None
    bedrock_guardrail_version: str = "DRAFT"
    bedrock_guardrail_mode: str = "sync"
    slack_edits_per_minute: int = 50
    slack_posts_per_minute: int = 300
    slack_streaming: str = "update"
    ack_deadline: float = 1.5
    idle_timeout: float = 20.0
    max_live_answers: int = 100
    store_url: str = field(default="sqlite:///bot.db", repr=False)  # it can hold a password
    recover_within: float = 900.0
    shutdown_grace: float = 20.0
    daily_budget_usd: Decimal | None = None  # None: no limit, as for the next
    user_daily_budget_usd: Decimal | None = None
    user_questions_per_minute: int = 60  # more than anybody types; a program that runs wild asks more
    admin_users: tuple[str, ...] = ()
    allowed_channels: tuple[str, ...] = ()
    allowed_users: tuple[str, ...] = ()
    blocked_users: tuple[str, ...] = ()
    allow_guests: bool = False
    allow_external: bool = False
    allow_dm: bool = True
    allow_bots: tuple[str, ...] = ()
    language: str = "auto"
    footer: str = "short"
    cache_ttl: float = 86_400.0
    context_tokens: int = 20_000
    follow_threads: bool = False
    follow_ups: int = 3
    redact: tuple[str, ...] = ()
    keep_days: int = 90
    keep_text: bool = False
    prices_file: str | None = None
    metrics_port: int | None = None
    log_level: str = "INFO"
    log_format: str = "text"


def read(env: Mapping[str, str]) -> tuple[Settings, list[str]]:
    """The settings in `env`, and all that is wrong with them: sentences that say what to do."""
    problems: list[str] = []
    reader = _Reader(env, problems)
    settings = Settings(
        slack_bot_token=reader.token("SLACK_BOT_TOKEN", "xoxb-", _FROM_OAUTH_PAGE),
        slack_app_token=reader.token("SLACK_APP_TOKEN", "xapp-", _FROM_BASIC_INFORMATION),
        slack_api_url=reader.url("SLACK_API_URL", Settings.slack_api_url),
        aws_region=reader.text("AWS_REGION") or reader.text("AWS_DEFAULT_REGION"),
        micro_model_id=reader.text("MICRO_MODEL_ID"),
        pro_model_id=reader.text("PRO_MODEL_ID"),
        bedrock_guardrail_id=reader.text("BEDROCK_GUARDRAIL_ID"),
        bedrock_guardrail_version=reader.text("BEDROCK_GUARDRAIL_VERSION")
        or Settings.bedrock_guardrail_version,
        bedrock_guardrail_mode=reader.choice(
            "BEDROCK_GUARDRAIL_MODE", Settings.bedrock_guardrail_mode, ("sync", "async")
        ),
        slack_edits_per_minute=reader.count("SLACK_EDITS_PER_MINUTE", Settings.slack_edits_per_minute),
        slack_posts_per_minute=reader.count("SLACK_POSTS_PER_MINUTE", Settings.slack_posts_per_minute),
        slack_streaming=reader.choice("SLACK_STREAMING", Settings.slack_streaming, ("update", "native")),
        ack_deadline=reader.seconds("ACK_DEADLINE", Settings.ack_deadline),
        idle_timeout=reader.seconds("IDLE_TIMEOUT", Settings.idle_timeout),
        max_live_answers=reader.count("MAX_LIVE_ANSWERS", Settings.max_live_answers, most=1000),
        store_url=reader.store("STORE_URL", Settings.store_url),
        recover_within=reader.seconds("RECOVER_WITHIN", Settings.recover_within, or_none=True),
        shutdown_grace=reader.seconds("SHUTDOWN_GRACE", Settings.shutdown_grace, or_none=True),
        daily_budget_usd=reader.dollars("DAILY_BUDGET_USD"),
        user_daily_budget_usd=reader.dollars("USER_DAILY_BUDGET_USD"),
        user_questions_per_minute=reader.count(
            "USER_QUESTIONS_PER_MINUTE", Settings.user_questions_per_minute
        ),
        admin_users=reader.users("ADMIN_USERS"),
        allowed_channels=reader.channels("ALLOWED_CHANNELS"),
        allowed_users=reader.users("ALLOWED_USERS"),
        blocked_users=reader.users("BLOCKED_USERS"),
        allow_guests=reader.flag("ALLOW_GUESTS", Settings.allow_guests),
        allow_external=reader.flag("ALLOW_EXTERNAL", Settings.allow_external),
        allow_dm=reader.flag("ALLOW_DM", Settings.allow_dm),
        allow_bots=reader.bots("ALLOW_BOTS"),
        language=reader.choice("LANGUAGE", Settings.language, ("auto", "en", "ko")),
        footer=reader.choice("FOOTER", Settings.footer, ("full", "short", "off")),
        cache_ttl=reader.seconds("CACHE_TTL", Settings.cache_ttl, or_none=True, most=30 * _DAY),
        context_tokens=reader.count("CONTEXT_TOKENS", Settings.context_tokens, most=280_000),
        follow_threads=reader.flag("FOLLOW_THREADS", Settings.follow_threads),
        follow_ups=int(reader.choice("FOLLOW_UPS", "3", ("0", "1", "2", "3"))),
        redact=reader.choices("REDACT", KINDS),
        keep_days=reader.count("KEEP_DAYS", Settings.keep_days),
        keep_text=reader.flag("KEEP_TEXT", Settings.keep_text),
        prices_file=reader.text("PRICES_FILE"),
        metrics_port=reader.optional_count("METRICS_PORT", most=65_535),
        log_level=reader.choice("LOG_LEVEL", Settings.log_level, ("DEBUG", "INFO", "WARNING", "ERROR")),
        log_format=reader.choice("LOG_FORMAT", Settings.log_format, ("text", "json")),
    )
    return settings, problems


NAMES = frozenset(each.name.upper() for each in fields(Settings)) | {"AWS_DEFAULT_REGION"}

# boto3, OpenTelemetry and what calls over HTTPS. Not Bolt's own SLACK_… variables: the bot uses none of them.
_ID = re.compile("[A-Z][A-Z0-9]+")
_READ_BY_OTHERS = re.compile(
    r"AWS_\w+|OTEL_\w+|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE", re.IGNORECASE
)
# By difflib's measure misspelt names are 0.85 to 1 like ours, and those of shells, hosts and CI up to 0.8.
_VERY_LIKE, _LIKE = 0.85, 0.6


def unknown(env: Collection[str], in_file: Collection[str]) -> dict[str, str | None]:
    """Names that seem meant for the bot and are none of its settings, each with the nearest that is one.

    `in_file`, the names in the file .env, are all meant for it, so None stands where nothing is near; of
    those in `env`, which has many for others, only what is very like one of ours.
    """
    found = {}
    for name in sorted({*env, *in_file} - NAMES):
        if not _READ_BY_OTHERS.fullmatch(name):
            cutoff = _LIKE if name in in_file else _VERY_LIKE
            nearest = next(iter(get_close_matches(name.upper(), NAMES, 1, cutoff)), None)
            if nearest or name in in_file:
                found[name] = nearest
    return found


_STORES = ("sqlite:///", "redis://", "rediss://")
_TOKEN_KINDS = ("xoxb", "xoxp", "xoxe.xoxb", "xoxe.xoxp", "xapp")
_DAY = 86_400
_FROM_OAUTH_PAGE = (
    "the bot's token. In https://api.slack.com/apps, create an app from manifest.yml, install it, and copy "
    "the Bot User OAuth Token of the page OAuth & Permissions"
)
_FROM_BASIC_INFORMATION = (
    "the token that opens the connection. In https://api.slack.com/apps, your app, Basic Information, "
    "App-Level Tokens, generate one with the scope connections:write"
)


@dataclass(frozen=True)
class _Reader:
    """Reads one variable after the other and gathers what is wrong with them."""

    env: Mapping[str, str]
    problems: list[str]

    def text(self, name: str) -> str | None:
        return self.env.get(name, "").strip() or None

    def token(self, name: str, prefix: str, what: str) -> str:
        value = self.text(name)
        if value is None:
            self.problems.append(f"{name} is missing: {what} ({prefix}…).")
        elif not value.startswith(prefix):
            kind, dash, _ = value.partition("-")  # never the value itself: it may be a secret of another kind
            known = kind if dash and kind in _TOKEN_KINDS else "something else"
            self.problems.append(f"{name} must begin with {prefix}, and it is {known}. It is {what}.")
        return value or ""

    def url(self, name: str, default: str) -> str:
        value = self.text(name) or default
        try:
            parts = urlsplit(value)
            is_address = parts.scheme in ("http", "https") and bool(parts.hostname)
        except ValueError:
            is_address = False
        if not is_address:
            self.problems.append(f"{name} must be an address like {default}, and it is {value!r}.")
        return value

    def store(self, name: str, default: str) -> str:
        value = self.text(name) or default
        scheme, colon, _ = value.partition(":")
        if not value.startswith(_STORES) or value in _STORES:
            known = f"{scheme}:…" if colon else "something else"  # never all of it: it can hold a password
            self.problems.append(
                f"{name} must be an address like {default} or redis://localhost:6379/0, and it is {known}."
            )
        return value

    def seconds(self, name: str, default: float, *, or_none: bool = False, most: float = _DAY) -> float:
        value = self.text(name)
        try:
            number = default if value is None else float(value)
        except ValueError:
            number = nan
        if not (0 < number <= most or (or_none and number == 0)):
            wish = "0 or more" if or_none else "more than 0"
            self.problems.append(
                f"{name} must be a number of seconds, {wish} and up to {most:.0f}, and it is {value!r}."
            )
        return number

    def count(self, name: str, default: int, *, most: int = 10_000) -> int:
        value = self.text(name)
        if value is None:
            return default
        if not (re.fullmatch("[0-9]{1,6}", value) and 1 <= int(value) <= most):
            self.problems.append(f"{name} must be a whole number from 1 to {most}, and it is {value!r}.")
            return default
        return int(value)

    def optional_count(self, name: str, *, most: int = 10_000) -> int | None:
        return None if self.text(name) is None else self.count(name, 1, most=most)

    def dollars(self, name: str) -> Decimal | None:
        value = self.text(name)
        if value is None:
            return None
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,9})?", value) or not Decimal(value):
            self.problems.append(f"{name} must be dollars, more than 0, like 12.50, and it is {value!r}.")
            return None
        return Decimal(value)

    def users(self, name: str) -> tuple[str, ...]:
        return self._ids(name, "UW", "member ids like U012AB3CD, which a profile in Slack offers to copy")

    def bots(self, name: str) -> tuple[str, ...]:
        return self._ids(
            name,
            "ABUW",
            "ids like B012AB3CD (a bot's, which its messages in Slack's API have), A012AB3CD (an app's) or "
            "U012AB3CD (a member's)",
        )

    def channels(self, name: str) -> tuple[str, ...]:
        return self._ids(name, "CG", "channel ids like C012AB3CD, which a channel's details in Slack show")

    def _ids(self, name: str, letters: str, what: str) -> tuple[str, ...]:
        listed = self._listed(name)
        if strange := [each for each in listed if each[0] not in letters or not _ID.fullmatch(each)]:
            self.problems.append(f"{name} must list {what}, and has {', '.join(map(repr, strange))}.")
        return listed

    def choices(self, name: str, known: Sequence[str]) -> tuple[str, ...]:
        listed = tuple(map(str.lower, self._listed(name)))
        if strange := [word for word in listed if word not in known]:
            self.problems.append(
                f"{name} must list some of {', '.join(known)}, and has {', '.join(map(repr, strange))}."
            )
        return tuple(word for word in known if word in listed)

    def _listed(self, name: str) -> tuple[str, ...]:
        return tuple(filter(None, re.split(r"[\s,]+", self.text(name) or "")))

    def flag(self, name: str, default: bool) -> bool:
        return self.choice(name, str(default).lower(), ("true", "false")) == "true"

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name) or default
        if value.lower() not in map(str.lower, choices):
            self.problems.append(f"{name} must be one of {', '.join(choices)}, and it is {value!r}.")
        return next((choice for choice in choices if choice.lower() == value.lower()), default)
