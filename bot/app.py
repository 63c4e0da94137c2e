"""The one place where all parts are joined."""

from __future__ import annotations

import logging
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING
from uuid import uuid4

from slack_bolt import App
from slack_sdk import WebClient

from bot import limits, listeners
from bot.adapters import slack_access, slack_errors, slack_web
from bot.adapters.encodings import decoded
from bot.adapters.pdf import unlocked
from bot.adapters.slack_client import ObservedClient
from bot.adapters.slack_files import SlackFiles
from bot.aws import open_models, reach_aws
from bot.core import prompts
from bot.core.access import Access
from bot.core.attachments import Reading
from bot.core.diagnosis import of_slack_error
from bot.core.errors import NewerStore, SlackError, StoreError
from bot.core.interaction import Voice
from bot.core.journal import Allowance
from bot.core.prices import Price
from bot.core.spending import Budget, nano
from bot.core.texts import Language
from bot.engine.admission_control import AdmissionControl
from bot.engine.admissions import Admissions
from bot.engine.answers import Answers
from bot.engine.asides import Asides
from bot.engine.context import Context
from bot.engine.follower import Follower
from bot.engine.gate import Gate
from bot.engine.health import Health
from bot.engine.home import Homes
from bot.engine.inbox import Inbox
from bot.engine.journal import Journal
from bot.engine.lanes import NoThreads, unattended
from bot.engine.ledger import Ledger, Terms
from bot.engine.lookups.channels import ChannelDirectory
from bot.engine.lookups.read_budget import ReadBudget
from bot.engine.lookups.users import UserDirectory
from bot.engine.orchestrator import Orchestrator
from bot.engine.pacer import FLOOR_SECONDS, Pacer
from bot.engine.people import People
from bot.engine.reception import Reception
from bot.engine.retention import prune_daily
from bot.engine.threads import Threads
from bot.engine.voices import Voices
from bot.engine.watchdog import WATCH_SECONDS, Watchdog
from bot.listeners.connection import OPENING_ERRORS, Connection
from bot.listeners.envelopes import Envelopes
from bot.monitoring import open_page, open_telemetry
from bot.settings import Settings, SettingsError
from bot.stores import Stores, open_store

if TYPE_CHECKING:  # the packages of OpenTelemetry are an extra
    from bot.adapters.metrics_page import MetricsPage
    from bot.adapters.telemetry import Telemetry

log = logging.getLogger(__name__)

# A connection on which nobody answers is given up after five pings.
_PING_SECONDS = 1.0
_WATCH_SECONDS = 0.5
# auth.test takes hundreds of calls a minute: https://docs.slack.dev/reference/methods/auth.test
_PROBE_SECONDS, _PROBE_SECONDS_SUSPENDED = 60.0, 5.0
_SLACK_TIMEOUT = 10  # seconds
# Tier 2, which chat.startStream is in: https://docs.slack.dev/apis/web-api/rate-limits
_STARTS_PER_MINUTE = 20


@dataclass
class Bot:
    """The joined parts, between `start` and `stop`."""

    settings: Settings
    web: WebClient
    health: Health
    reception: Reception
    voices: Voices
    orchestrator: Orchestrator
    homes: Homes
    socket: Envelopes
    connection: Connection
    users: UserDirectory
    channels: ChannelDirectory
    watchdog: Watchdog
    stopping: threading.Event
    prune: Callable[[], None]
    telemetry: Telemetry | None
    page: MetricsPage | None = None
    _session: str | None = None  # the connection that was told of last

    def start(self) -> None:
        """Begin to listen. Raises SettingsError if Slack does not let the app connect, or a port is taken."""
        with _threads_needed():
            self._start()

    def _start(self) -> None:
        limits.give_back_large_blocks()
        self.page = open_page(self.settings, self.health)
        try:
            self.connection.open()
        except OPENING_ERRORS as error:
            problem = _connection_problem(self.settings, slack_errors.translated(error), "SLACK_APP_TOKEN")
            raise SettingsError([problem]) from error
        for directory in (self.users, self.channels):
            directory.start()
        for look in (self._watch, self._probe, self._measure_lags):
            threading.Thread(target=look, name=look.__name__, daemon=True).start()
        threading.Thread(target=self.prune, name="prune", daemon=True).start()
        self.orchestrator.warm_up()

    def _watch(self) -> None:
        while not self.stopping.is_set():
            self._look_at_connection()
            self.connection.wait(_WATCH_SECONDS)
        # It also waits for the client's own threads, which sleep for a second.
        self.socket.client.close()

    def _measure_lags(self) -> None:
        while not self.stopping.wait(WATCH_SECONDS):
            self.watchdog.look()

    @unattended
    def _look_at_connection(self) -> None:
        """Tell operators of each connection and each loss of one, and other processes how it stands."""
        self.connection.look()
        session = self.connection.session
        if session != self._session:
            self._session = session
            state = "connected" if session else "disconnected"
            log.log(logging.INFO if session else logging.WARNING, "socket.%s", state)

    def _probe(self) -> None:
        """Ask from time to time whether Slack takes the token, more often while it does not.

        Likewise the answering model, while it is not known whether it answers.
        """
        waited = 0.0
        while not self.stopping.wait(_PROBE_SECONDS_SUSPENDED):
            waited += _PROBE_SECONDS_SUSPENDED
            is_due = waited >= _PROBE_SECONDS
            if is_due or self.health.is_suspended:
                self.ask_for_token()
            if self.health.doubts_model and (is_due or not self.health.refuses_to_answer):
                self.voices.try_to_answer()
            if is_due:
                waited = 0.0

    @unattended
    def ask_for_token(self) -> None:
        """See whether Slack takes the token, and what it lets the bot do."""
        try:
            self.health.probed(slack_access.installation(self.web).scopes)
        except SlackError as error:
            self.health.probe_failed(error)

    def stop(self) -> None:
        """Hear nothing new, let live answers end within the grace time, and return when that is on screen."""
        self.stopping.set()
        self.health.stopping()
        self.connection.wake()
        client = self.socket.client
        client.logger.setLevel(logging.CRITICAL)  # what it says about its own end helps nobody
        client.disconnect()
        self.reception.stop_following()
        self.orchestrator.stop(self.settings.shutdown_grace)
        self.reception.close()
        self.homes.stop()
        for directory in (self.users, self.channels):
            directory.close()
        if self.page:
            self.page.stop()
        if self.telemetry:
            self.telemetry.shutdown()
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
    with _threads_needed():
        return _built(settings, problems, allowance, floor)


def _built(settings: Settings, problems: Sequence[str], allowance: Allowance | None, floor: float) -> Bot:
    aws, problems = reach_aws(settings, problems)
    if aws is None or problems:
        raise SettingsError(problems)
    if aws.unpriced:
        log.warning("price.unknown", extra={"models": aws.unpriced, "mend": "set PRICES_FILE"})
    health = Health()
    web = slack_client(settings, health.observe)
    try:
        me = slack_access.installation(web)
    except SlackError as error:
        raise SettingsError([_connection_problem(settings, error, "SLACK_BOT_TOKEN")]) from error
    health.probed(me.scopes)
    slack = slack_web.SlackWeb(web, me.bot_user, me.team_id, me.organisation, me.bot_id)

    allowance = allowance or _allowance(settings)
    stores = open_store(settings.store_url, allowance)
    _refuse_newer(stores)
    host = socket.gethostname()
    journal = Journal(stores.journal, f"{host}/{os.getpid()}/{uuid4().hex[:8]}", host, redact=settings.redact)
    telemetry = open_telemetry(settings, os.environ)
    stopping = threading.Event()
    language = None if settings.language == "auto" else Language(settings.language)
    budget = ReadBudget(allowance, journal.spend, time.monotonic)
    lookups = (slack, stores.directory, journal, budget, time.monotonic, stopping.wait)
    users, channels = UserDirectory(*lookups), ChannelDirectory(*lookups)
    people = People(users, language)
    asides = Asides(slack, people, time.monotonic, language)
    ledger = Ledger(
        journal,
        stores.ledger,
        _terms(settings, aws.prices),
        observer=telemetry,
        warn=partial(asides.warn, settings.admin_users, settings.daily_budget_usd),
    )
    threads = Threads(
        slack, time.monotonic, stopping.wait, journal.spend, ledger.note_thread, ledger.has_thread
    )
    follower = Follower(threads, journal, within=settings.recover_within)
    gate = Gate(_access(settings), users.lookup, channels.lookup)
    context = Context(
        threads,
        people,
        SlackFiles(web),
        Reading(decoded, unlocked),
        gate,
        tokens=settings.context_tokens,
        redact=settings.redact,
        wait=stopping.wait,
    )
    answers = Answers(
        journal,
        stores.ledger,
        threads.message,
        seconds=settings.cache_ttl,
        fingerprint=_fingerprint(settings, aws.models.values()),
    )
    inbox: Inbox = SimpleQueue()
    control = AdmissionControl(gate, context, answers, ledger)
    admissions = Admissions(control, asides, inbox, within=settings.recover_within)
    users.changed = channels.changed = admissions.wake
    voices = Voices(
        *open_models(settings, aws),
        context,
        answers,
        ledger,
        inbox,
        streams=settings.max_live_answers,
        follow_ups=settings.follow_ups,
    )
    orchestrator = Orchestrator(
        inbox,
        voices,
        slack,
        Pacer(allowance, floor=floor),
        journal,
        ledger,
        threads,
        admissions,
        asides,
        follower,
        live_answers=settings.max_live_answers,
        ack_deadline=settings.ack_deadline,
        recover_within=settings.recover_within,
    )
    reception = Reception(
        orchestrator,
        voices,
        inbox,
        journal,
        gate,
        control,
        admissions,
        context,
        threads,
        ledger,
        asides,
        follower,
        ack_deadline=settings.ack_deadline,
        language=language,
    )
    admins = frozenset(settings.admin_users)
    homes = Homes(slack, people, stores.ledger, admins=admins, daily=settings.user_daily_budget_usd)
    # Bolt would acknowledge an event before its listener has written it down.
    app = App(
        name="duet",  # else Bolt looks for its caller's file, which takes 0.1 s
        client=web,
        logger=logging.getLogger("slack_bolt"),
        process_before_response=True,
        raise_error_for_unhandled_request=True,  # for the listeners to acknowledge it all the same
    )
    listeners.register(
        app,
        reception,
        orchestrator,
        homes,
        asides,
        users,
        channels,
        person_in=slack.person_in,
        key=slack.key,
        admins=admins,
        follow_threads=settings.follow_threads,
        allow_bots=frozenset(settings.allow_bots),
    )
    health.suspend, health.resume = orchestrator.suspend, orchestrator.resume
    health.tell = orchestrator.tell
    voices.observe, journal.observe = health.observe_model, health.observe_store
    envelopes = Envelopes(app, settings.slack_app_token, ping_interval=_PING_SECONDS)
    processes = partial(_processes, stores, journal)
    connection = Connection(envelopes.client, health, processes, slack_errors.translated)
    lags = {"orchestrator": lambda: orchestrator.lag, "socket": lambda: envelopes.client.lag}
    keep_days, keep_text = settings.keep_days, settings.keep_text
    prune = partial(prune_daily, stores.ledger, keep_days, keep_text=keep_text, wait=stopping.wait)
    return Bot(
        settings,
        web,
        health,
        reception,
        voices,
        orchestrator,
        homes,
        envelopes,
        connection,
        users,
        channels,
        Watchdog(lags, telemetry.observe_lag) if telemetry else Watchdog(lags),
        stopping,
        prune,
        telemetry,
    )


@contextmanager
def _threads_needed() -> Iterator[None]:
    """Raise SettingsError where the system does not let a thread be started."""
    try:
        yield
    except NoThreads as error:
        raise SettingsError([str(error)]) from error
    except RuntimeError as error:
        if "start new thread" not in str(error):
            raise
        raise SettingsError([str(NoThreads())]) from error


def _fingerprint(settings: Settings, models: Iterable[str]) -> str:
    """Return what changes whenever an answer could be another one for anything but the question."""
    guardrail = (settings.bedrock_guardrail_id, settings.bedrock_guardrail_version)
    shaping = (*models, prompts.fingerprint(), settings.aws_region, *guardrail, settings.language)
    return repr((*shaping, sorted(settings.redact)))


def _processes(stores: Stores, journal: Journal) -> int:
    """Return how many bots the store knows of, this one included."""
    return len({owner.id for owner in stores.journal.owners()} | {journal.owner_id})


def _refuse_newer(stores: Stores) -> None:
    try:
        stores.journal.owners()
    except NewerStore as error:
        problem = f"STORE_URL cannot be used: {error}. Start that version, or name another store."
        raise SettingsError([problem]) from error
    except StoreError:
        return  # done without, as later on


def _allowance(settings: Settings) -> Allowance:
    starts = _STARTS_PER_MINUTE if settings.slack_streaming == "native" else 0
    return Allowance(
        settings.slack_edits_per_minute, settings.slack_posts_per_minute, starts_per_minute=starts
    )


def _access(settings: Settings) -> Access:
    return Access(
        frozenset(settings.allowed_channels),
        frozenset(settings.allowed_users),
        frozenset(settings.blocked_users),
        guests=settings.allow_guests,
        external=settings.allow_external,
        direct_messages=settings.allow_dm,
    )


def slack_client(
    settings: Settings, observe: Callable[[str, SlackError], None] = lambda _method, _error: None
) -> WebClient:
    """The Web API with the bot's token; nothing is called yet. `observe` is told of each refusal."""
    return ObservedClient(
        settings.slack_bot_token,
        observe,
        base_url=settings.slack_api_url,
        timeout=_SLACK_TIMEOUT,
        ssl=ssl.create_default_context(),  # else each call loads the certificates, which takes 35 ms
        retry_handlers=[],  # a call made again by the SDK would carry old text, or post twice
    )


def _terms(settings: Settings, prices: Mapping[Voice, Price | None]) -> Terms:
    budgets = (settings.daily_budget_usd, settings.user_daily_budget_usd)
    daily, user_daily = (None if dollars is None else nano(dollars) for dollars in budgets)
    budget = Budget(daily, user_daily, settings.user_questions_per_minute)
    return Terms(prices, budget, settings.keep_days, settings.keep_text, settings.footer)


def _connection_problem(settings: Settings, error: SlackError, token: str) -> str:
    found = of_slack_error(error, token, settings.slack_api_url)
    return f"{found.detail}. {found.cure}"
