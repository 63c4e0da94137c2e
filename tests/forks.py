"""Bots in processes of their own, without the half second of imports that begins each.

They are forked from a process that has done these, and run what `python -m bot` runs; the command itself is
started by `tests/test_start.py` and `tests/playground/test_run.py`. This module imports no more than a bot
does, for that process imports it.

What every bot reads when it starts, certificates and what boto3 knows of services, is read once as well: for
these bots, and for those in the tests' own process.
"""

from __future__ import annotations

import faulthandler
import gc
import multiprocessing
import os
import runpy
import ssl
import sys
from collections.abc import Callable, Mapping
from functools import cache
from multiprocessing.process import BaseProcess
from pathlib import Path

import botocore.session
from botocore.hooks import EventAliaser, HierarchicalEmitter

import bot.adapters.redis.journal
import bot.adapters.redis.ledger
import bot.app  # noqa: F401 - what a fork need not import


def _read_once() -> None:
    for module, name in ((ssl, "create_default_context"), (botocore.session, "create_loader")):
        setattr(module, name, cache(getattr(module, name)))
    loader = botocore.session.create_loader(None)
    for kind in ("service-2", "endpoint-rule-set-1"):
        loader.load_service_model("bedrock-runtime", kind)
    for name in ("endpoints", "partitions", "sdk-default-configuration", "_retry"):
        loader.load_data(name)
    # It has no other door.
    alias = cache(EventAliaser(HierarchicalEmitter())._alias_event_name)  # noqa: SLF001
    EventAliaser._alias_event_name = lambda _self, name: alias(name)  # noqa: SLF001


_read_once()
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload([__name__])


def start(
    environment: Mapping[str, str],
    folder: Path,
    output: Path,
    *command: str,
    before: Callable[[], object] | None = None,
) -> BaseProcess:
    """`python -m bot`, or a command of its; what it writes is appended to the file `output`.

    `before`, a function of a module's, is called in its process first.
    """
    arguments = (environment, folder, output, before, *command)
    process = _SERVER.Process(target=_run, args=arguments, daemon=True)
    process.start()
    return process


def run(
    environment: Mapping[str, str], folder: Path, *command: str, before: Callable[[], object] | None = None
) -> tuple[int, str]:
    """Run such a command to its end: its exit status, and what it wrote."""
    said = folder / "said"
    said.unlink(missing_ok=True)
    status = exit_status(start(environment, folder, said, *command, before=before))
    return status, said.read_text()


def exit_status(process: BaseProcess) -> int:
    """That of a process that ends soon; it is negative for a signal."""
    process.join(timeout=20)
    assert process.exitcode is not None, "the process does not end"
    return process.exitcode


def _run(
    environment: Mapping[str, str],
    folder: Path,
    output: Path,
    before: Callable[[], object] | None,
    *command: str,
) -> None:
    gc.freeze()  # else each fork looks again and again at what it has from its server
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with output.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    faulthandler.enable()
    if before:
        before()
    sys.argv[1:] = command
    runpy.run_module("bot", run_name="__main__")
