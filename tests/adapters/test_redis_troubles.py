"""What goes wrong between a bot and its Redis: lost connections, failovers, rights, certificates."""

from __future__ import annotations

import logging
import os
import re
import shutil
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from redis import Redis

import bot.adapters.redis
from bot.adapters.redis.connection import RedisConnection
from bot.adapters.redis.journal import RedisJournal
from bot.adapters.redis.ledger import RedisLedger
from bot.core.journal import Allowance, CallKind, Charge, Noted, Owner, Spent
from bot.core.message import Standing
from bot.core.question import Place, Question
from bot.core.spending import Budget
from tests.adapters.conftest import ALLOWANCE, SECRET, at_once, fails, until
from tests.adapters.middlebox import Middlebox, middlebox
from tests.adapters.redis_server import free_port, redis_server
from tests.adapters.test_ledgers import METHODS

QUESTION = Question("T1", "C1", "U1", "왜?", ts="1.0")
EDIT, POST = Charge(CallKind.EDIT, "C1"), Charge(CallKind.POST, "C1")


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


def journal_at(url: str, prefix: str = "duet:", allowance: Allowance = ALLOWANCE) -> RedisJournal:
    return RedisJournal(RedisConnection(url, prefix), allowance)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The URL of a Redis that a test may spoil."""
    with redis_server(tmp_path) as url:
        yield url


@pytest.fixture
def box(redis_url: str) -> Iterator[Middlebox]:
    with middlebox(port_of(redis_url)) as box:
        yield box


def behind(box: Middlebox, prefix: str, allowance: Allowance = ALLOWANCE) -> RedisJournal:
    return journal_at(f"redis://127.0.0.1:{box.port}/0", prefix, allowance)


def test_a_connection_that_a_firewall_forgot_is_given_up_and_the_call_is_made_on_a_new_one(
    box: Middlebox, caplog: pytest.LogCaptureFixture
) -> None:
    store = behind(box, "forgotten:")
    store.beat(Owner("A"), 60)
    box.forget_connections()

    assert store.take(QUESTION, "Ev1", "A")
    assert store.beat(Owner("A"), 60).owned == {QUESTION.id}
    assert [(record.levelno, record.message) for record in caplog.records] == [
        (logging.WARNING, "redis.retried")
    ]


def test_a_connection_that_was_idle_for_a_minute_is_not_trusted(
    box: Middlebox, caplog: pytest.LogCaptureFixture
) -> None:
    now = 0.0
    connection = RedisConnection(f"redis://127.0.0.1:{box.port}/0", "idle:", lambda: now)
    store = RedisJournal(connection, ALLOWANCE)
    for now in (0.0, 30.0, 60.0):  # noqa: B007 - the connection's clock
        store.take(QUESTION, "Ev1", "A")
    assert box.connections == 2
    box.forget_connections()
    now = 120.0

    assert store.take(QUESTION, "Ev1", "A")
    assert caplog.records == []


def test_a_connection_that_the_server_ends_is_made_anew(server: str) -> None:
    store = journal_at(server)
    for _ in range(3):
        store.beat(Owner("A"), 60)
        with Redis.from_url(server) as redis:
            redis.execute_command("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")


def test_what_got_no_answer_is_done_once(box: Middlebox) -> None:
    """Whatever is asked a second time: the first was done."""
    store = behind(box, "lost:", Allowance(edits_per_minute=2))
    ledger = RedisLedger(RedisConnection(f"redis://127.0.0.1:{box.port}/0", "lost:"))
    assert [store.owners(), ledger.recall("why?")] == [[], None]
    box.loses_answer = True
    assert store.take(QUESTION, "Ev1", "A")
    box.loses_answer = True
    assert store.spend("A", EDIT).wait == 0
    box.loses_answer = True
    assert [entry.question for entry in store.beat(Owner("B"), 60).adopted] == [QUESTION]
    box.loses_answer = True
    assert ledger.claim("budget")
    box.loses_answer = True
    assert ledger.admit("Q1", "U1", 3, Budget(questions_per_minute=1)) is None
    box.loses_answer = True
    assert ledger.settle("Q1", "U1", 4).spent == 4
    box.loses_answer = True
    assert ledger.lead("why?", "A")
    box.loses_answer = True
    ledger.keep("why?", "A", "Because.", 60)

    assert not ledger.claim("budget")
    assert ledger.recall("why?") == "Because."
    assert store.beat(Owner("B"), 60).others == Spent({CallKind.EDIT: 1})
    assert store.beat(Owner("B"), 60).owned == {QUESTION.id}


def test_what_was_the_primary_before_a_failover_is_not_written_to_for_long(
    server: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """As behind a name that leads to another server from then on."""
    (tmp_path / "promoted").mkdir()
    with (
        redis_server(tmp_path / "promoted", 0, "--repl-diskless-sync-delay", "0") as promoted,
        middlebox(port_of(server)) as name,
    ):
        store = journal_at(f"redis://127.0.0.1:{name.port}/0")
        store.take(QUESTION, "Ev1", "A")
        with Redis.from_url(server) as redis:
            redis.execute_command("REPLICAOF", "127.0.0.1", port_of(promoted))
            until(lambda: redis.info("replication")["master_link_status"] == "up")
        with fails("read only replica"):
            store.beat(Owner("A"), 60)
        with Redis.from_url(promoted) as redis:
            redis.execute_command("REPLICAOF", "NO", "ONE")
        name.target = port_of(promoted)

        assert store.beat(Owner("A"), 60).owned == frozenset()
        assert "redis.retried" in caplog.messages


def test_a_replica_without_its_primary_is_used_again_when_it_is_one_itself(server: str) -> None:
    store = journal_at(server)
    store.beat(Owner("A"), 60)
    with Redis.from_url(server) as redis:
        redis.config_set("replica-serve-stale-data", "no")
        redis.execute_command("REPLICAOF", "127.0.0.1", free_port())
        with fails("Link with MASTER is down"):
            store.beat(Owner("A"), 60)
        redis.execute_command("REPLICAOF", "NO", "ONE")

    assert store.owners() == [Owner("A")]
    assert store.take(QUESTION, "Ev1", "A")


def test_a_server_that_has_no_memory_left_is_used_again_when_it_has(server: str) -> None:
    store = journal_at(server)
    store.take(QUESTION, "Ev1", "A")
    with Redis.from_url(server) as redis:
        redis.config_set("maxmemory-policy", "noeviction")
        redis.config_set("maxmemory", 1)
        with fails("used memory"):
            store.beat(Owner("A"), 60)
        with fails("used memory"):
            store.take(QUESTION, "Ev2", "B")
        assert store.owners() == []
        redis.config_set("maxmemory", 0)

    assert store.beat(Owner("A"), 60).owned == {QUESTION.id}


def test_scripts_that_a_server_forgot_are_told_again(server: str) -> None:
    store = journal_at(server)
    assert store.take(QUESTION, "Ev1", "A")
    with Redis.from_url(server) as redis:
        redis.script_flush()
        redis.flushall()

    assert store.take(QUESTION, "Ev1", "B")


def test_a_server_that_reads_its_snapshot_first_is_waited_for_by_nobody(tmp_path: Path) -> None:
    """It says LOADING until it has; a server is not asked again at once for that."""
    port = free_port()
    slow = ("--key-load-delay", "2000", "--loading-process-events-interval-bytes", "1024")
    with redis_server(tmp_path, port) as url, Redis.from_url(url) as redis:
        redis.mset({f"key{number}": number for number in range(2000)})
        redis.save()
    with redis_server(tmp_path, port, *slow) as url:
        store = journal_at(url)
        with fails("LOADING|loading"):
            store.take(QUESTION, "Ev1", "A")
        with Redis.from_url(url) as redis:
            redis.config_set("key-load-delay", 0)

        def is_back() -> bool:
            try:
                return store.take(QUESTION, "Ev1", "A")
            except Exception:
                return False

        assert until(is_back, seconds=15.0)


def test_no_more_connections_are_made_than_small_plans_take(box: Middlebox) -> None:
    store = behind(box, "many:")
    at_once([lambda: [store.spend("A", POST).wait for _ in range(5)]] * 60)

    assert box.connections <= 16


# Rights and certificates


def rights_in_docs() -> list[str]:
    """The rights of a user as docs/operations.md tells to give them."""
    page = Path("docs/operations.md").read_text()
    line = next(line for line in page.splitlines() if line.startswith("ACL SETUSER duet "))
    return line.removeprefix("ACL SETUSER duet ").split()


def test_the_rights_of_the_docs_are_those_that_scripts_need_and_no_more() -> None:
    folder = Path(bot.adapters.redis.__file__).parent
    sources = "".join(each.read_text() for each in folder.glob("*.py"))
    called = {f"+{name.lower()}" for name in re.findall(r"redis\.call\('(\w+)'", sources)}

    assert {right for right in rights_in_docs() if right.startswith("+")} == called | {
        *("+ping", "+select", "+evalsha", "+script|load")  # the client's own
    }


def test_a_user_with_the_rights_of_the_docs_can_do_all_that_a_bot_does(server: str) -> None:
    name, password = "duet", f"{SECRET}@:/%"
    rights = [right for right in rights_in_docs() if not right.startswith(">")]
    with Redis.from_url(server) as redis:
        redis.execute_command("ACL", "SETUSER", name, f">{password}", *rights)
        redis.config_set("requirepass", "another")
    url = f"redis://{name}:{quote(password, safe='')}@127.0.0.1:{port_of(server)}/0"
    store, ledger = journal_at(url), RedisLedger(RedisConnection(url))

    store.beat(Owner("A"), 60)
    store.take(QUESTION, "Ev1", "A")
    store.note(QUESTION.id, "A", Place("C1", "1.0"), Noted({"ack": Standing("1.1")}))
    store.stop(QUESTION.id)
    assert store.spend("A", POST).wait == 0
    store.leave("A")
    assert len(store.beat(Owner("B"), 60).adopted) == 1
    store.close(QUESTION.id, "B")
    assert store.owners() == [Owner("B")]
    for method in METHODS.values():
        method(ledger)
    with fails("permission|can't access"):
        journal_at(url, "others:").beat(Owner("A"), 60)


@contextmanager
def certificates(folder: Path) -> Iterator[tuple[Path, Path]]:
    """The files of a certificate for 127.0.0.1 that signs itself, and of its key."""
    program = shutil.which("openssl")
    if not program:
        refuse = pytest.fail if os.environ.get("CI") else pytest.skip
        refuse("openssl is not installed, and makes the certificate.")
    certificate, key = folder / "ca.pem", folder / "key.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    made = ("-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    subprocess.run(
        [program, "req", *made, *subject, "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    yield certificate, key


def test_a_server_is_called_over_tls_and_known_by_its_ca(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = ssl.create_default_context  # which tests/forks.py lets be made once for all
    monkeypatch.setattr(ssl, "create_default_context", getattr(made, "__wrapped__", made))
    with certificates(tmp_path) as (certificate, key):
        tls_port = free_port()
        tls = ("--tls-port", str(tls_port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key))
        with redis_server(
            tmp_path, 0, *tls, "--tls-ca-cert-file", str(certificate), "--tls-auth-clients", "no"
        ):
            address = f"rediss://127.0.0.1:{tls_port}/0"
            assert journal_at(f"{address}?ssl_ca_certs={certificate}").take(QUESTION, "Ev1", "A")
            with fails("certificate verify failed|CERTIFICATE_VERIFY_FAILED", within=2.5):
                journal_at(address).owners()
            assert journal_at(f"{address}?ssl_cert_reqs=none").owners() == []
