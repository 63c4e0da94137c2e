"""The command line: `python -m bot`."""

from __future__ import annotations

import argparse
import logging
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values, find_dotenv, load_dotenv

from bot import limits, stats
from bot.core.diagnosis import exit_status
from bot.core.errors import StoreError
from bot.core.journal import Allowance
from bot.core.secrets import mask_secrets
from bot.logs import log_to_stderr
from bot.settings import Settings, SettingsError, read, unknown
from bot.stores import open_store

if TYPE_CHECKING:  # boto3 and Bolt take most of a second to import
    from bot.app import Bot

log = logging.getLogger(__name__)

# Bolt would read these behind our back: with a client id and secret it takes the bot for one that many
# workspaces install, and drops the token.
_READ_BY_BOLT = ("SLACK_BOT_TOKEN", "SLACK_CLIENT_ID", "SLACK_CLIENT_SECRET")
# What the bot itself tells the main thread, where signals tell their numbers.
_STARTED, _CRASHED, _BROKEN = b"\xfd", b"\xfe", b"\xff"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that `arguments` name and return its exit status; 2 means: set up wrongly."""
    parser = argparse.ArgumentParser(prog="python -m bot", description="Duet, a Slack bot with two voices.")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="")
    commands.add_parser("run", help="connect to Slack and answer (the default)")
    commands.add_parser("health", help="tell whether a bot runs on this host and is connected: exit status 0")
    doctor = commands.add_parser("doctor", help="try all that it stands on: tokens, models, store, clock")
    doctor.add_argument("--json", action="store_true", help="all checks as JSON")
    doctor.add_argument(
        "--channel",
        type=_channel,
        metavar="C…",
        help="also post in the channel with this id, and take that away again (default: nothing is posted)",
    )
    told = commands.add_parser("stats", help="tell what it cost, how fast it was, and how people liked it")
    told.add_argument("--since", default="7d", help="how far back: 90m, 12h, 7d, 2w (default: 7d)")
    told.add_argument("--json", action="store_true", help="all figures as JSON")
    playground = commands.add_parser("playground", help="try the bot on this machine, without any account")
    brain = playground.add_mutually_exclusive_group()
    brain.add_argument("--bedrock", action="store_true", help="use the real models of your AWS account")
    brain.add_argument(
        "--openai-url",
        metavar="URL",
        help="use a server like Ollama, LM Studio or llama.cpp: http://localhost:11434/v1",
    )
    playground.add_argument("--openai-model", default="", metavar="NAME", help="its model that answers")
    playground.add_argument(
        "--openai-quick-model",
        default="",
        metavar="NAME",
        help="a small one that acknowledges (default: the same)",
    )
    playground.add_argument("--port", type=int, default=0, help="the page's port (default: a free one)")
    playground.add_argument("--no-browser", action="store_true", help="print the page's address, and no more")
    playground.add_argument("--no-limits", action="store_true", help="let the pretend Slack refuse no call")
    playground.add_argument("--keep", type=Path, metavar="DIR", help="keep all that is said in this folder")
    bench = commands.add_parser("bench", help="measure it against Slack's limits, on this machine")
    bench.add_argument("--runs", type=int, default=3, help="how often each scenario runs (default: 3)")
    bench.add_argument("--only", action="append", default=[], help="a scenario's name, or how it begins")
    bench.add_argument("--json", type=Path, help="a file to write all figures to")
    bench.add_argument("--promises", action="store_true", help="ask a hundred mixed questions instead")
    bench.add_argument(
        "--acknowledgements", action="store_true", help="count how often a fixed one has to stand in instead"
    )
    bench.add_argument(
        "--bedrock", action="store_true", help="with --promises or --acknowledgements: ask the real models"
    )
    bench.add_argument(
        "--most-dollars", type=_dollars, default=Decimal("0.50"), help="at most (default: 0.50)"
    )
    chosen = parser.parse_args(arguments)
    if chosen.command == "health":
        return _health()
    if chosen.command == "doctor":
        return _doctor(chosen.channel or "", as_json=chosen.json)
    if chosen.command == "stats":
        return _stats(chosen.since, as_json=chosen.json)
    if chosen.command == "bench":
        if chosen.acknowledgements:
            return _acknowledgements(real_models=chosen.bedrock)
        if chosen.promises:
            return _promises(chosen.most_dollars, real_models=chosen.bedrock)
        return _bench(chosen.runs, chosen.only, chosen.json)
    if chosen.command == "playground":
        return _playground(chosen)
    return _run()


def _run() -> int:
    asked_to_stop, ask_to_stop = _stop_signals()
    file = find_dotenv(usecwd=True)
    unknown_names = unknown(os.environ, dotenv_values(file))
    load_dotenv(file)
    settings, problems = read(os.environ)
    for name in _READ_BY_BOLT:
        os.environ.pop(name, None)
    log_to_stderr(settings.log_level, settings.log_format)
    for name, nearest in unknown_names.items():
        log.warning("setting.unknown", extra={"setting": name, "nearest": nearest})
    if shortage := limits.make_room(settings.max_live_answers):
        log.warning("files.short", extra={"fix": shortage})
    starting = _Starting(settings, problems, partial(os.write, ask_to_stop))
    news = os.read(asked_to_stop, 1)
    if news == _STARTED:
        news = os.read(asked_to_stop, 1)
    if starting.problems:
        sys.stderr.write(_complaint(starting.problems))
        return 2
    if starting.bot:
        starting.bot.stop()
    return int(news in (_BROKEN, _CRASHED))


class _Starting:
    """A bot that is started on a thread of its own: whatever that waits for, the main thread hears signals.

    `tell` is called with how it went.
    """

    bot: Bot | None = None
    problems: Sequence[str] = ()

    def __init__(self, settings: Settings, problems: Sequence[str], tell: Callable[[bytes], object]) -> None:
        self._settings, self._found, self._tell = settings, problems, tell
        try:
            threading.Thread(target=self._run, name="start", daemon=True).start()
        except RuntimeError:  # can't start new thread
            self._run()

    def _run(self) -> None:
        # boto3 and Bolt take most of a second to import, which --help need not wait for.
        from bot.app import build

        try:
            self.bot = build(self._settings, self._found)
            self.bot.orchestrator.give_up = partial(self._tell, _BROKEN)
            self.bot.start()
        except SettingsError as error:
            self.problems = error.problems
            self._tell(_CRASHED)
        except Exception:
            log.exception("start.crashed")
            self._tell(_CRASHED)
        else:
            self._tell(_STARTED)


def _health() -> int:
    """What a container's probe asks. The store is where processes tell how they are."""
    load_dotenv(find_dotenv(usecwd=True))
    settings, _ = read(os.environ)
    try:
        store = open_store(settings.store_url, Allowance())
        here = [owner for owner in store.journal.owners() if owner.host == socket.gethostname()]
    except (SettingsError, StoreError) as error:
        print(f"The store fails: {mask_secrets(str(error))}")  # noqa: T201
        return 1
    for owner in here:
        print(f"{owner.id}: {owner.state}")  # noqa: T201
    if not here:
        print("No bot is at work on this host.")  # noqa: T201
    return 0 if any(owner.state.partition(":")[0] == "connected" for owner in here) else 1


def _doctor(channel: str, *, as_json: bool) -> int:
    load_dotenv(find_dotenv(usecwd=True))
    settings, problems = read(os.environ)
    from bot import doctor  # as for run

    checks = []
    for check in doctor.examine(settings, problems, os.environ, channel):
        checks.append(check)
        if not as_json:
            print(doctor.as_lines(check), end="", flush=True)  # noqa: T201
    print(doctor.as_json(checks) if as_json else doctor.as_summary(checks), end="")  # noqa: T201
    return exit_status(checks)


def _stats(period: str, *, as_json: bool) -> int:
    load_dotenv(find_dotenv(usecwd=True))
    settings, _ = read(os.environ)
    try:
        since = time.time() - stats.seconds_in(period)
        found = stats.read(open_store(settings.store_url, Allowance()).ledger, since)
    except ValueError as error:
        sys.stderr.write(f"--since: {error}.\n")
        return 2
    except (SettingsError, StoreError) as error:
        sys.stderr.write(f"The store fails: {mask_secrets(str(error))}\n")
        return 1
    print(stats.as_json(found) if as_json else stats.as_table(found), end="")  # noqa: T201
    return 0


def _playground(chosen: argparse.Namespace) -> int:
    try:
        from bot.playground.openai_brain import ChatServer
        from bot.playground.run import Options, run
    except ModuleNotFoundError as error:
        return _lacks(error)
    if chosen.openai_model and not chosen.openai_url:
        sys.stderr.write("--openai-model needs --openai-url, for example http://localhost:11434/v1\n")
        return 2
    local = chosen.openai_url and ChatServer(
        chosen.openai_url.rstrip("/"),
        chosen.openai_model,
        chosen.openai_quick_model or chosen.openai_model,
        os.environ.get("OPENAI_API_KEY", ""),
    )
    return run(
        Options(
            port=chosen.port,
            real_models=chosen.bedrock,
            local=local or None,
            has_limits=not chosen.no_limits,
            opens_browser=not chosen.no_browser,
            keep=chosen.keep,
        )
    )


def _bench(runs: int, only: Sequence[str], target: Path | None) -> int:
    try:
        from bot.bench.run import named, run
        from bot.bench.scenario import SCENARIOS
    except ModuleNotFoundError as error:
        return _lacks(error)
    if not (scenarios := named(only)):
        listed = "".join(f"  {scenario.name}\n" for scenario in SCENARIOS)
        sys.stderr.write(f"No scenario begins like that. There are:\n{listed}")
        return 2
    return run(scenarios, runs, target)


def _channel(text: str) -> str:
    if not re.fullmatch("[CGD][A-Z0-9]+", text):
        hint = "is no channel id like C012AB3CD, which a channel's details in Slack show"
        raise argparse.ArgumentTypeError(f"{text!r} {hint}")
    return text


def _dollars(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of dollars") from None


def _promises(most_dollars: Decimal, *, real_models: bool) -> int:
    try:
        from bot.bench.promises import run
    except ModuleNotFoundError as error:
        return _lacks(error)
    return run(real_models=real_models, most_dollars=most_dollars)


def _acknowledgements(*, real_models: bool) -> int:
    try:
        from bot.bench.acknowledgements import run
    except ModuleNotFoundError as error:
        return _lacks(error)
    load_dotenv(find_dotenv(usecwd=True))
    try:
        return run(real_models=real_models)
    except SettingsError as error:
        sys.stderr.write(_complaint(error.problems))
        return 2


def _lacks(error: ModuleNotFoundError) -> int:
    install = "pip install -e '.[playground]'"
    sys.stderr.write(f"The playground needs the package {error.name}. Install it with: {install}\n")
    return 2


def _stop_signals() -> tuple[int, int]:
    """The ends of a pipe from which the number of a signal can be read once SIGTERM or SIGINT came.

    A second one ends the process at once.

    An Event instead could be waited for for ever: a handler that sets it, while its lock is held, stops there
    (https://docs.python.org/3/library/signal.html#signals-and-threads).
    """
    asked, ask = os.pipe()
    os.set_blocking(ask, False)
    signal.set_wakeup_fd(ask)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _frame: signal.signal(number, signal.SIG_DFL))
    return asked, ask


def _complaint(problems: Sequence[str]) -> str:
    listed = "".join(f"  - {mask_secrets(problem)}\n" for problem in problems)
    return (
        f"Duet cannot start yet:\n{listed}"
        "Put these into the environment or into a file .env (see .env.example).\n"
        "To try Duet without any account: python -m bot playground\n"
    )
