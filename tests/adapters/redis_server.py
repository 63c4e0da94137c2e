"""A Redis of the tests' own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def redis_server(folder: Path, port: int = 0, *options: str) -> Iterator[str]:
    """The URL of an empty Redis, on a free port unless one is named, until the block is left.

    Where `redis-server` is not installed the test is skipped; in CI it fails.
    """
    program = shutil.which("redis-server")
    if not program:
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse("redis-server is not installed, and this is tested against a real one.")
    port = port or free_port()
    local = ("--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder))
    forgetful = ("--save", "", "--appendonly", "no")
    server = subprocess.Popen([program, *local, *forgetful, *options], stdout=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 10
    while not _listens(port):
        assert time.monotonic() < deadline, "Redis does not start"
        time.sleep(0.02)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
