"""`python -m bot playground` as people start it: a process, with the bot as its child."""

from __future__ import annotations

import gc
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from bot.playground.run import environment, has_desktop
from bot.playground.script import answer
from bot.playground.servers import Servers
from bot.playground.workspace import BOT_USER
from tests.playground.serving import serving, until
from tests.processes import kill_another_thread, needs_proc

SOON = 15.0  # seconds, for what takes about one
QUESTION = "How do I ask a follow-up?"
LAST_WORDS = "begins a new conversation"  # of the answer
LONG = "a long answer, please"


class Playground:
    """A running `python -m bot playground`."""

    def __init__(self, folder: Path, *options: str, port: int = 0, **variables: str) -> None:
        self.port = port
        self.output = ""
        self._news = threading.Condition()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bot", "playground", "--port", str(port), *(options or ["--no-browser"])],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env={**os.environ, "PYTHONFAULTHANDLER": "1", **variables},
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            with self._news:
                self.output += line
                self._news.notify_all()

    def until(self, pattern: str) -> str:
        """What the output says where `pattern` is found in it."""
        with self._news:
            assert self._news.wait_for(lambda: re.search(pattern, self.output), SOON), self.output
            return re.search(pattern, self.output)[0]  # type: ignore[index] # it was found

    @property
    def url(self) -> str:
        return self.until(r"http://\S+/(?=\s)")

    def post(self, path: str, **body: str) -> Any:
        request = Request(self.url + path, json.dumps(body).encode(), method="POST")  # noqa: S310 - our own
        with urlopen(request, timeout=SOON) as response:  # noqa: S310 - likewise
            return json.load(response)

    def open(self, path: str) -> HTTPResponse:
        response = urlopen(self.url + path, timeout=SOON)  # noqa: S310 - likewise
        assert isinstance(response, HTTPResponse)
        return response

    def wait(self) -> int:
        """Its exit status; fails, with where its threads are, if it does not end."""
        try:
            status = self.process.wait(SOON)
        except subprocess.TimeoutExpired:
            orphans = children(self.process.pid)
            self.process.send_signal(signal.SIGABRT)
            self.process.wait(SOON)
            for pid in orphans:  # which would hold the output, and this process by its reader
                os.kill(pid, signal.SIGKILL)
            self._reader.join(SOON)
            pytest.fail(self.output)
        self._reader.join(SOON)
        assert not self._reader.is_alive(), "somebody else still holds the output"
        return status

    def close(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.wait()
        finally:
            assert self.process.stdout
            self.process.stdout.close()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Playground]:
    """One that was started on a port of its own, by somebody whose environment would lead a bot astray."""
    folder = tmp_path_factory.mktemp("playground")
    (folder / ".env").write_text("SLACK_BOT_TOKEN=xoxb-mine\nMAX_LIVE_ANSWERS=none\n")
    misleading = {
        "AWS_PROFILE": "mine",
        "AWS_USE_FIPS_ENDPOINT": "true",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "HTTPS_PROXY": "http://127.0.0.1:9",
        "PRO_MODEL_ID": "another.model",
        "SLACK_CLIENT_ID": "1.2",
        "SLACK_CLIENT_SECRET": "mine",
    }
    with closing(Playground(folder, port=free_port(), **misleading)) as playground:
        yield playground


def messages(stream: HTTPResponse) -> Iterator[dict[str, Any]]:
    """The messages that a stream of the page's events tells of."""
    for line in stream:
        event = json.loads(line.removeprefix(b"data: ")) if line.startswith(b"data: ") else {}
        if "message" in event:
            yield event["message"]


def children(pid: int) -> list[int]:
    """The process ids of a process's children, and of theirs."""
    found: list[int] = []
    for tasks in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, tasks.read_text().split()):
            found += [child, *children(child)]
    return found


def listening(pid: int) -> list[tuple[str, int]]:
    """The addresses, as the kernel writes them, and ports on which a process listens."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed in the meantime
            inodes |= set(re.findall(r"socket:\[(\d+)\]", str(descriptor.readlink())))
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            _, local, _, state, *_, inode = line.split()[:10]
            if state == "0A" and inode in inodes:
                address, _, port = local.partition(":")
                found.append((address, int(port, 16)))
    return found


def test_the_address_it_prints_opens_the_page(playground: Playground) -> None:
    with playground.open("") as page:
        assert b"Duet playground" in page.read()
    assert playground.url == f"http://127.0.0.1:{playground.port}/"
    assert "Ctrl-C" in playground.output


@needs_proc
def test_it_listens_on_loopback_only(playground: Playground) -> None:
    playground.until("socket.connected")
    pid = playground.process.pid
    found = [place for process in (pid, *children(pid)) for place in listening(process)]

    assert len(found) == 2  # Slack with the page, and Bedrock
    assert {address for address, _ in found} == {"0100007F"}


def test_a_question_is_answered_whole(playground: Playground) -> None:
    with playground.open("page/events") as stream:
        playground.post("page/say", channel="CGENERAL", text=f"<@{BOT_USER}> {QUESTION}")
        said: dict[str, str] = {}
        for message in messages(stream):
            if message["user"] == BOT_USER:
                said[message["ts"]] = "".join(block["html"] for block in message["blocks"])
            if any(LAST_WORDS in html for html in said.values()):
                break

    *before, whole = (said[ts] for ts in sorted(said))  # nothing, where the answer was the quicker one
    assert all("preparing a detailed answer" in acknowledgement for acknowledgement in before)
    assert whole.startswith("<p><em>I am the playground")
    assert "<h2>" in whole
    playground.until(r"answer\.done .*outcome=whole")


def test_the_question_has_the_last_words_that_are_waited_for() -> None:
    said = answer([{"role": "user", "content": [{"text": QUESTION}]}])

    assert said.rstrip(".").endswith(LAST_WORDS)


@contextmanager
def when_hung_up(action: signal.Handlers) -> Iterator[None]:
    """What a new process inherits, whether or not these tests run under nohup."""
    before = signal.signal(signal.SIGHUP, action)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize(
    ("kill", "number", "question"),
    [
        pytest.param(kill_another_thread, signal.SIGINT, LONG, id="Ctrl-C to any thread", marks=needs_proc),
        pytest.param(os.kill, signal.SIGTERM, LONG, id="SIGTERM in mid-answer"),
        pytest.param(os.kill, signal.SIGHUP, None, id="its terminal is closed"),
    ],
)
def test_a_signal_ends_all_soon_and_leaves_nothing_behind(
    tmp_path: Path, kill: Callable[[int, int], None], number: int, question: str | None
) -> None:
    """Even while a page is open."""
    with when_hung_up(signal.SIG_DFL):
        started = Playground(tmp_path)
    with closing(started) as playground, playground.open("page/events") as stream:
        playground.until("socket.connected")
        if question:
            playground.post("page/say", channel="CGENERAL", text=f"<@{BOT_USER}> {question}")
            next(said for said in messages(stream) if "scripted model" in said["blocks"][0]["html"])
        offspring = children(playground.process.pid)
        began = time.monotonic()
        kill(playground.process.pid, number)
        status = playground.wait()
        took = time.monotonic() - began

    assert status == 0
    assert took < 6
    assert "Traceback" not in playground.output, playground.output
    assert "stopped" in playground.output
    for pid in offspring:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    port = int(playground.url.rstrip("/").rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), SOON)


@needs_proc
def test_with_nohup_it_goes_on_when_its_terminal_is_closed(tmp_path: Path) -> None:
    with when_hung_up(signal.SIG_IGN):
        playground = Playground(tmp_path)
    with closing(playground):
        playground.until("Ctrl-C")
        status = Path(f"/proc/{playground.process.pid}/status").read_text()
        ignored = int(status.partition("SigIgn:")[2].split()[0], 16)

    assert ignored & 1 << (signal.SIGHUP - 1)  # as in proc(5)


def test_the_page_opens_in_a_browser_that_there_is(tmp_path: Path) -> None:
    """Once the bot is connected, so that the first question is answered."""
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    browser.chmod(0o755)
    with closing(Playground(tmp_path, "--no-limits", BROWSER=str(browser))) as playground:
        playground.until("Ctrl-C")
        until(opened.exists)

        assert opened.read_text().strip() == playground.url
        assert playground.process.poll() is None
        assert "no rate limits" in playground.output
        assert "There is no desktop" not in playground.output


@pytest.mark.parametrize(
    ("own", "platform", "seen"),
    [
        ({}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", True),
        ({}, "darwin", True),
        ({"SSH_CONNECTION": "1.2.3.4"}, "darwin", False),
        ({"SSH_CONNECTION": "1.2.3.4", "DISPLAY": "localhost:10.0"}, "linux", False),
        ({"SSH_CONNECTION": "1.2.3.4", "BROWSER": "lynx"}, "linux", True),
    ],
)
def test_a_browser_is_opened_only_where_somebody_sees_it(
    own: dict[str, str], platform: str, seen: bool
) -> None:
    assert has_desktop(own, platform) is seen


def test_what_was_said_is_back_at_the_next_start_and_the_answer_goes_on(tmp_path: Path) -> None:
    options = ("--no-browser", "--keep", str(tmp_path / "kept"))
    with closing(Playground(tmp_path, *options)) as first, first.open("page/events") as stream:
        first.post("page/say", channel="CGENERAL", text=f"<@{BOT_USER}> a long answer, please")
        begun = next(said for said in messages(stream) if "scripted model" in said["blocks"][0]["html"])
        assert f"kept in {tmp_path / 'kept'}" in first.output
        assert "use by another playground" in refusal(tmp_path, *options)
    kept = json.loads((tmp_path / "kept/workspace.json").read_text())["messages"]

    with closing(Playground(tmp_path, *options)) as second:
        with second.open("page/state") as state:
            shown = json.load(state)["messages"]
        assert [message["ts"] for message in shown[: len(kept)]] == [message["ts"] for message in kept]
        assert kept[-1]["ts"] == begun["ts"]
        length = len(str(shown[len(kept) - 1]["blocks"]))
        with second.open("page/events") as stream:
            next(said for said in messages(stream) if len(str(said["blocks"])) > length + 100)


def test_a_taken_port_is_said_plainly(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        told = refusal(tmp_path, f"--port={port}")

    assert told.startswith(f"Cannot listen on port {port}: Address already in use")
    assert "--port" in told


def test_servers_that_cannot_listen_leave_nothing_behind() -> None:
    before = set(threading.enumerate())
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(OSError, match="in use"):
        Servers().start(other.getsockname()[1])

    assert set(threading.enumerate()) == before


def test_servers_that_stop_while_many_connect_leave_no_connection_open() -> None:
    for _ in range(5):
        with serving() as servers:
            address = ("127.0.0.1", int(servers.slack.base_url.rpartition(":")[2]))
            callers = [threading.Thread(target=call_until_refused, args=(address,)) for _ in range(4)]
            for caller in callers:
                caller.start()
        for caller in callers:
            caller.join()
    gc.collect()  # what is open would be warned of


def call_until_refused(address: tuple[str, int]) -> None:
    with suppress(OSError):
        while True:
            socket.create_connection(address).close()


@pytest.mark.parametrize("port", ["99999", "-1"])
def test_a_port_that_is_none_is_said_plainly(tmp_path: Path, port: str) -> None:
    told = refusal(tmp_path, f"--port={port}")

    assert told.startswith(f"Cannot listen on port {port}: ")
    assert "--port" in told


def test_an_extra_that_is_missing_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "aiohttp.py").write_text("raise ModuleNotFoundError('none', name='aiohttp')")

    told = refusal(tmp_path, PYTHONPATH=str(tmp_path))
    assert (
        told == "The playground needs the package aiohttp. Install it with: pip install -e '.[playground]'\n"
    )


def test_real_models_without_credentials_are_said_plainly(tmp_path: Path) -> None:
    """And no page is promised."""
    told = refusal(tmp_path, "--bedrock", "--no-browser", AWS_REGION="us-east-1")

    assert "AWS credentials are missing" in told


def refusal(folder: Path, *options: str, **variables: str) -> str:
    """What the playground says where it cannot start."""
    done = subprocess.run(
        [sys.executable, "-m", "bot", "playground", *options],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=SOON,
        check=False,
    )

    assert done.returncode == 2
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return done.stderr


SERVED = {
    "SLACK_BOT_TOKEN": "xoxb-playground",
    "SLACK_API_URL": "http://127.0.0.1:1/api/",
    "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": "http://127.0.0.1:2",
    "AWS_ACCESS_KEY_ID": "playground",
}


def test_real_models_are_reached_with_the_persons_own_aws_settings_and_no_others() -> None:
    own = {
        "AWS_PROFILE": "mine",
        "AWS_REGION": "eu-west-1",
        "PRO_MODEL_ID": "x",
        "SLACK_BOT_TOKEN": "xoxb-mine",
    }
    made = environment(own, SERVED, real_models=True)

    assert {name: value for name, value in made.items() if name.startswith("AWS_")} == {
        "AWS_PROFILE": "mine",
        "AWS_REGION": "eu-west-1",
    }
    assert made["PRO_MODEL_ID"] == "x"
    assert made["SLACK_BOT_TOKEN"] == SERVED["SLACK_BOT_TOKEN"]
    assert made["SLACK_API_URL"] == SERVED["SLACK_API_URL"]


@pytest.mark.parametrize(
    "name",
    [
        "AWS_PROFILE",
        "AWS_SESSION_TOKEN",
        "AWS_BEARER_TOKEN_BEDROCK",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
        "AWS_USE_FIPS_ENDPOINT",
        "HTTP_PROXY",
        "https_proxy",
        "MICRO_MODEL_ID",
        "SLACK_CLIENT_SECRET",
    ],
)
def test_nothing_leads_the_bot_away_from_the_scripted_models(name: str) -> None:
    made = environment({name: "mine", "PATH": "/bin", "LOG_LEVEL": "DEBUG"}, SERVED, real_models=False)

    assert name not in made
    assert made.items() >= {"PATH": "/bin", "LOG_LEVEL": "DEBUG", **SERVED}.items()
    assert made["AWS_CONFIG_FILE"] == os.devnull


@pytest.mark.parametrize("real_models", [True, False])
def test_the_end_is_quick_unless_the_person_says_otherwise(real_models: bool) -> None:
    assert float(environment({}, SERVED, real_models=real_models)["SHUTDOWN_GRACE"]) < 5
    assert environment({"SHUTDOWN_GRACE": "30"}, SERVED, real_models=real_models)["SHUTDOWN_GRACE"] == "30"
