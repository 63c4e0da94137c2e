"""`python -m bot doctor`: whether all is well that the bot stands on, one check after the other."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from urllib.parse import urlsplit
from uuid import uuid4

from bot.adapters import aws_identity, slack_access
from bot.adapters.aws_session import API_KEY, credentials_source
from bot.adapters.bedrock import BedrockModel
from bot.adapters.slack_web import SlackWeb
from bot.app import slack_client
from bot.aws import open_models, reach_aws
from bot.core import diagnosis
from bot.core.diagnosis import PROBE, Check, Finding, Status
from bot.core.errors import ModelError, SlackError, StoreError
from bot.core.interaction import Voice
from bot.core.journal import Allowance
from bot.core.secrets import mask_secrets
from bot.core.slack_setup import MAX_CONNECTIONS
from bot.core.stream import Failed, Finished, Usage
from bot.doctor_channel import ChannelTrial
from bot.settings import Settings, SettingsError
from bot.stores import open_store

_KEPT_SECONDS = 60.0  # what is written to try the store, should it not be taken away again


class _Visit:
    """What the checks find on their way that later ones stand on. Each returns what it found."""

    def __init__(self, settings: Settings, problems: Sequence[str], env: Mapping[str, str]) -> None:
        self._settings, self._env = settings, env
        aws, self._problems = reach_aws(settings, problems)
        self._aws = None if self._lacks("AWS") else aws
        try:
            open_store(settings.store_url, Allowance())
        except SettingsError as error:
            self._problems += [] if self._lacks("STORE_URL") else error.problems
        self._client = slack_client(settings)
        self._installation: slack_access.Installation | None = None
        self._url = ""
        self._skews: dict[str, float] = {}
        self._models: Sequence[BedrockModel] = ()
        if self._aws:
            aws_identity.tell_dates(self._aws.session, lambda date: self._hear_date("AWS", date))

    def settings(self) -> Finding:
        return diagnosis.of_settings(self._problems)

    def bot_token(self) -> Finding:
        if reason := self._lacks("SLACK_BOT_TOKEN", "SLACK_API_URL"):
            return Finding(Status.SKIPPED, reason)
        try:
            found = self._installation = slack_access.installation(self._client)
        except SlackError as error:
            return self._slack_failed(error, "SLACK_BOT_TOKEN")
        self._hear_date("Slack", found.date)
        return Finding(Status.OK, f"it is that of {found.bot} in {found.team}")

    def app_token(self) -> Finding:
        if reason := self._lacks("SLACK_APP_TOKEN", "SLACK_API_URL"):
            return Finding(Status.SKIPPED, reason)
        try:
            self._url = slack_access.connection_url(self._client, self._settings.slack_app_token)
        except SlackError as error:
            return self._slack_failed(error, "SLACK_APP_TOKEN")
        return Finding(Status.OK, "Slack gives it a connection")

    def scopes(self) -> Finding:
        if not self._installation:
            return Finding(Status.SKIPPED, "Slack tells the scopes of a bot token that it takes")
        return diagnosis.of_scopes(self._installation.scopes)

    def socket_mode(self) -> Finding:
        if not self._url:
            return Finding(Status.SKIPPED, "Slack gives a connection to an app token that it takes")
        try:
            greeting = slack_access.greeting(self._client, self._url)
            return diagnosis.of_greeting(greeting, self._processes())
        except SlackError as error:
            return diagnosis.of_slack_error(error, "SLACK_APP_TOKEN", urlsplit(self._url).netloc)

    def identity(self) -> Finding:
        if not self._aws:
            return Finding(Status.SKIPPED, self._lacks("AWS"))
        names = ("AWS_REGION", "AWS_DEFAULT_REGION")
        source = next((name for name in names if self._env.get(name, "").strip()), "AWS's configuration")
        where = f"in {self._aws.region} (from {source})"
        if (method := credentials_source(self._aws.session)) == API_KEY:
            return Finding(Status.OK, f"a Bedrock API key, which has no identity to ask for, {where}")
        try:
            who = aws_identity.identity(self._aws.session)
        except ModelError as error:
            return diagnosis.of_aws_error(error, "sts:GetCallerIdentity", self._aws.region)
        return Finding(Status.OK, f"{who} (from {method}) {where}")

    def price(self) -> Finding:
        if not self._aws:
            return Finding(Status.SKIPPED, self._lacks("AWS"))
        self._models = open_models(self._settings, self._aws)
        asked = [(self._aws.models[voice], self._aws.prices.get(voice)) for voice in _ASKED]
        return diagnosis.of_price(asked, has_guardrail=bool(self._settings.bedrock_guardrail_id))

    def first_model(self) -> Finding:
        return self._model(Voice.ACKNOWLEDGEMENT, "MICRO_MODEL_ID", lambda model: model.reply(PROBE).usage)

    def second_model(self) -> Finding:
        return self._model(Voice.ANSWER, "PRO_MODEL_ID", _streamed)

    def _model(self, voice: Voice, setting: str, ask: Callable[[BedrockModel], Usage | None]) -> Finding:
        """Ask a model in the way in which the bot does."""
        if not self._aws or not self._models:
            return Finding(Status.SKIPPED, self._lacks("AWS"))
        model = self._models[_ASKED.index(voice)]
        try:
            usage = ask(model)
        except ModelError as error:
            return diagnosis.of_aws_error(error, model.model_id, self._aws.region, setting)
        return diagnosis.of_answer(model.model_id, self._aws.region, self._aws.prices.get(voice), usage)

    def store(self) -> Finding:
        if reason := self._lacks("STORE_URL"):
            return Finding(Status.SKIPPED, reason)
        ledger, key = open_store(self._settings.store_url, Allowance()).ledger, f"doctor-{uuid4().hex}"
        place = mask_secrets(_place(self._settings.store_url))
        try:
            opened = _seconds(lambda: ledger.lead(key, key))
            written = _seconds(lambda: ledger.keep(key, key, key, _KEPT_SECONDS))
            began = time.perf_counter()
            found = ledger.recall(key)
            read = time.perf_counter() - began
            ledger.forget(key)
        except StoreError as error:
            return diagnosis.of_store_error(place, error)
        if found != key:
            return diagnosis.of_store_error(place, StoreError("what was written was not found again"))
        return diagnosis.of_store(place, opened, written, read)

    def trial(self, channel: str) -> ChannelTrial | None:
        """The checks in a channel, if there is a token for them."""
        if not (me := self._installation):
            return None
        slack = SlackWeb(self._client, me.bot_user, me.team_id, me.organisation, me.bot_id)
        return ChannelTrial(self._client, slack, channel)

    def clock(self) -> Finding:
        return diagnosis.of_clock(self._skews)

    def _processes(self) -> int:
        """Return how many bots the store knows of; as many as there can be, if it does not say."""
        try:
            return len(open_store(self._settings.store_url, Allowance()).journal.owners())
        except (SettingsError, StoreError):
            return MAX_CONNECTIONS

    def _lacks(self, *beginnings: str) -> str:
        """Why a check has no ground: what is wrong with the settings that begin so, in short."""
        problem = next((problem for problem in self._problems if problem.startswith(beginnings)), "")
        return re.split("[:,]", problem)[0]

    def _slack_failed(self, error: SlackError, token: str) -> Finding:
        return diagnosis.of_slack_error(error, token, self._settings.slack_api_url)

    def _hear_date(self, whose: str, date: str) -> None:
        if (seconds := diagnosis.skew(date, time.time())) is not None:
            self._skews[whose] = seconds


_ASKED = (Voice.ACKNOWLEDGEMENT, Voice.ANSWER)
_CHECKS = {
    "settings": _Visit.settings,
    "bot token": _Visit.bot_token,
    "app token": _Visit.app_token,
    "scopes": _Visit.scopes,
    "socket mode": _Visit.socket_mode,
    "aws": _Visit.identity,
    "price": _Visit.price,
    "first model": _Visit.first_model,
    "second model": _Visit.second_model,
    "store": _Visit.store,
    "clock": _Visit.clock,
}


def examine(
    settings: Settings, problems: Sequence[str], env: Mapping[str, str], channel: str = ""
) -> Iterator[Check]:
    """Each check as it ends. `problems` are those of the `settings`, which were read from `env`.

    Nothing is said in Slack, unless a `channel` is named to try that in.
    """
    visit = _Visit(settings, problems, env)
    for name, check in _CHECKS.items():
        yield _timed(name, partial(check, visit))
    if channel:
        yield from _tried(visit.trial(channel))


def _tried(trial: ChannelTrial | None) -> Iterator[Check]:
    if trial is None:
        yield Check("channel", Finding(Status.SKIPPED, "it needs a bot token that Slack takes"), 0.0)
        return
    try:
        for name, check in trial.checks.items():
            yield _timed(name, check)
    finally:
        trial.take_away()  # even if somebody interrupts it


def _timed(name: str, check: Callable[[], Finding]) -> Check:
    began = time.perf_counter()
    finding = check()
    return Check(name, finding, time.perf_counter() - began)


def as_lines(check: Check) -> str:
    """A check for people: status, seconds, name, what is so, and beneath it what to do."""
    finding = check.finding
    told = [*finding.detail.splitlines(), *([f"Cure: {finding.cure}"] if finding.cure else [])]
    first = f"{finding.status.value:8}{check.seconds:6.2f} s  {check.name:14}"
    return mask_secrets("".join(f"{first if not n else '':32}{line}\n" for n, line in enumerate(told)))


def as_summary(checks: Sequence[Check]) -> str:
    """How many checks ended in each way, for people."""
    counts = Counter(check.finding.status for check in checks)
    return ", ".join(f"{counts[status]} {status.value}" for status in Status if counts[status]) + "\n"


def as_json(checks: Sequence[Check]) -> str:
    """All checks as one object."""
    listed = [
        {
            "name": check.name,
            "status": check.finding.status.value,
            "detail": check.finding.detail,
            "cure": check.finding.cure,
            "seconds": round(check.seconds, 3),
        }
        for check in checks
    ]
    return mask_secrets(json.dumps({"checks": listed}, ensure_ascii=False, indent=1)) + "\n"


def _streamed(model: BedrockModel) -> Usage | None:
    """What a stream used that was read to its end. Raises ModelError."""
    for event in model.stream(PROBE):
        match event:
            case Failed(error):
                raise error
            case Finished(_, usage):
                return usage
    return None


def _place(url: str) -> str:
    """Where the store at `url` is, without the password that may be in it."""
    scheme, _, rest = url.partition("://")
    return f"{scheme} {rest.rpartition('@')[2].removeprefix('/') if scheme != 'sqlite' else rest[1:]}"


def _seconds(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began
