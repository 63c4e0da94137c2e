"""What another version left in a store: an older one's is gone on with, a newer one's is not touched."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis
from slack_sdk import WebClient

from bot.core.journal import Allowance, Owner
from bot.core.spending import Budget, Refusal
from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Reply
from bot.playground.slack import BOT_TOKEN
from bot.playground.workspace import ADA, BOT_USER, TEAM, Message
from bot.stores import open_store
from tests.adapters.redis_server import redis_server
from tests.processes import Processes
from tests.sample_files import png
from tests.workbench import Workbench

EN = texts_in(Language.EN)

# As the first version with a store wrote them, and what the first version with figures had besides.
FIRST_TABLES = """
CREATE TABLE questions (id TEXT PRIMARY KEY, taken_at REAL NOT NULL, owner TEXT, tries INTEGER,
  question TEXT, channel TEXT, thread_ts TEXT, messages TEXT);
CREATE INDEX questions_by_age ON questions (taken_at);
CREATE TABLE events (id TEXT PRIMARY KEY, taken_at REAL NOT NULL);
CREATE INDEX events_by_age ON events (taken_at);
CREATE TABLE owners (id TEXT PRIMARY KEY, host TEXT NOT NULL, state TEXT NOT NULL, reserved INTEGER NOT NULL,
  until REAL NOT NULL);
CREATE TABLE calls (kind TEXT NOT NULL, owner TEXT NOT NULL, until REAL NOT NULL);
CREATE TABLE channels (id TEXT PRIMARY KEY, until REAL NOT NULL);
PRAGMA user_version = 7;
"""
TABLES_OF_FIGURES = """
ALTER TABLE questions ADD COLUMN stopped INTEGER;
CREATE TABLE admissions (user TEXT NOT NULL, question TEXT NOT NULL, until REAL NOT NULL,
  PRIMARY KEY (user, question));
CREATE TABLE spendings (question TEXT PRIMARY KEY, user TEXT NOT NULL, day INTEGER NOT NULL,
  price INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX spendings_by_day ON spendings (day, user, price);
CREATE TABLE answers (key TEXT PRIMARY KEY, until REAL NOT NULL, answer TEXT NOT NULL);
CREATE INDEX answers_by_end ON answers (until);
CREATE TABLE leads (key TEXT PRIMARY KEY, owner TEXT NOT NULL, until REAL NOT NULL);
CREATE TABLE interactions (id TEXT PRIMARY KEY, asked_at REAL NOT NULL, until REAL NOT NULL,
  interaction TEXT NOT NULL);
CREATE INDEX interactions_by_age ON interactions (asked_at);
CREATE INDEX interactions_by_end ON interactions (until);
CREATE TABLE votes (interaction TEXT NOT NULL, voter TEXT NOT NULL, cast_at REAL NOT NULL,
  until REAL NOT NULL, is_up INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (interaction, voter));
CREATE INDEX votes_by_age ON votes (cast_at);
CREATE INDEX votes_by_end ON votes (until);
CREATE TABLE claims (name TEXT PRIMARY KEY, until REAL NOT NULL);
PRAGMA user_version = 20;
"""


Row = Mapping[str, str | int | float]


def left_in_file(path: Path, row: Row) -> None:
    """Leave a question as a process of the first version left it when it was killed."""
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(FIRST_TABLES)
        named, values = ", ".join(row), ", ".join("?" * len(row))
        db.execute(f"INSERT INTO questions ({named}) VALUES ({values})", tuple(row.values()))  # noqa: S608


def left_in_redis(url: str, row: Row) -> None:
    """The same as it left it in Redis."""
    taken_at = int(float(row["taken_at"]) * 1000)
    entry = {**row, "taken_at": taken_at}
    del entry["id"]
    with Redis.from_url(url) as redis:
        redis.hset(f"duet:question:{row['id']}", mapping=entry)
        redis.zadd("duet:open", {str(row["id"]): taken_at})
        redis.sadd("duet:owners", "gone")


@pytest.fixture(params=["sqlite", "redis"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a store in which nothing is yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/bot.db"
    else:
        with redis_server(tmp_path) as address:
            yield address


def acknowledge(bench: Workbench, question: Message) -> str:
    """Post an acknowledgement as the bot did, and return its ts."""
    payload = {"kind": "acknowledgement", "key": f"{question.channel}/{question.ts}/acknowledgement/0"}
    posted = WebClient(BOT_TOKEN, f"{bench.slack.base_url}/api/").chat_postMessage(
        channel=question.channel,
        thread_ts=question.ts,
        text="Understood.",
        blocks=[{"type": "markdown", "text": "Understood."}],
        metadata={"event_type": "duet_message", "event_payload": payload},
    )
    return str(posted["ts"])


def test_what_the_first_version_left_open_is_answered_in_the_messages_that_it_has(
    ready: Workbench, url: str, tmp_path: Path
) -> None:
    photo = ready.servers.do(lambda: ready.slack.upload("photo.png", png()))
    question = ready.mention("why?", files=[photo])
    key = f"{question.channel}/{question.ts}"
    written = {"team": TEAM, "channel": question.channel, "user": ADA.id, "text": "why?", "ts": question.ts}
    older = {"thread_ts": None, "files": ["photo.png"], "trigger_id": "", "response_url": ""}
    row: Row = {
        "id": f"{TEAM}/{key}",
        "taken_at": time.time() - 5,
        "owner": "gone",
        "tries": 1,
        "question": json.dumps(written | older),
        "channel": question.channel,
        "thread_ts": question.ts,
        "messages": json.dumps({f"{key}/acknowledgement/0": acknowledge(ready, question)}),
    }
    if url.startswith("sqlite"):
        left_in_file(tmp_path / "bot.db", row)
    else:
        left_in_redis(url, row)
    ready.start_bot(store_url=url)

    assert ready.answered(question) == ["Understood.", "Because."]
    assert "image" in str(ready.prompts())


def test_what_was_written_down_under_another_team_is_gone_on_with_stopped_and_closed(
    ready: Workbench, url: str, tmp_path: Path
) -> None:
    """Versions before this one took the team of the event, which a press need not name."""
    stood = Message("CGENERAL", "1750000000.000100", ADA.id, f"<@{BOT_USER}> why?")
    question = ready.servers.do(lambda: ready.slack.workspace.put(stood))  # the other process heard of it
    key = f"{question.channel}/{question.ts}"
    written = {"team": "TOTHER", "channel": question.channel, "user": ADA.id, "text": "why?"}
    row: Row = {
        "id": f"TOTHER/{key}",
        "taken_at": time.time() - 5,
        "owner": "gone",
        "tries": 1,
        "question": json.dumps({**written, "ts": question.ts}),
        "channel": question.channel,
        "thread_ts": question.ts,
        "messages": json.dumps({f"{key}/acknowledgement/0": acknowledge(ready, question)}),
    }
    if url.startswith("sqlite"):
        left_in_file(tmp_path / "bot.db", row)
    else:
        left_in_redis(url, row)
    ready.bedrock.enqueue("converse-stream", Reply(text=["Be", "cause."], after=1, then="hold"))
    ready.start_bot(store_url=url)
    ready.until(lambda: ready.texts(question)[-1:] == ["Be"])
    ready.press("stop", question)

    ready.until(lambda: ready.texts(question)[-1:] == [f"Be\n{EN.stopped}"] and ready.at_rest())
    journal = open_store(url, Allowance()).journal
    ready.until(lambda: not journal.beat(Owner("next"), 60.0).adopted)


def test_what_the_first_version_with_figures_spent_and_measured_is_kept(tmp_path: Path) -> None:
    now, path = time.time(), tmp_path / "bot.db"
    figures = {
        "id": "T1/C1/1.0",
        "team": "T1",
        "channel": "C1",
        "user": "U1",
        "asked_at": now,
        "whole_s": 2.5,
    }
    figures |= {"way_in": "mention", "language": "en", "outcome": "whole", "dollars": "0.0018"}
    with closing(sqlite3.connect(path)) as db, db:
        db.executescript(FIRST_TABLES + TABLES_OF_FIGURES)
        row = (figures["id"], now, now + 60, json.dumps(figures))
        db.execute("INSERT INTO interactions VALUES (?, ?, ?, ?)", row)
        db.execute("INSERT INTO spendings VALUES (?, 'U1', ?, 1800000)", (figures["id"], now // 86_400))
    ledger = open_store(f"sqlite:///{path}", Allowance()).ledger
    (kept,) = ledger.interactions(now - 1)

    assert (kept.whole_s, str(kept.dollars)) == (2.5, "0.0018")
    assert isinstance(ledger.admit("T1/C1/2.0", "U1", 1, Budget(daily=1_800_000)), Refusal)


def test_a_store_of_a_newer_version_keeps_the_bot_from_starting_and_is_not_touched(
    bench: Workbench, url: str, tmp_path: Path
) -> None:
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(tmp_path / "bot.db")) as db:
            db.execute("CREATE TABLE things (id TEXT)")
            db.execute("PRAGMA user_version = 1000")
    else:
        with Redis.from_url(url) as redis:
            redis.set("duet:schema", 1)
    before = contents(url, tmp_path)
    processes = Processes(bench, tmp_path, url)
    status, said = processes.run()

    assert (status, "STORE_URL cannot be used: it was written by a newer version of Duet." in said) == (
        2,
        True,
    )
    assert processes.run("health")[0] == 1
    assert contents(url, tmp_path) == before


def contents(url: str, folder: Path) -> object:
    """All that is in a store."""
    if url.startswith("sqlite"):
        return (folder / "bot.db").read_bytes()
    with Redis.from_url(url) as redis:
        return redis.keys("*")
