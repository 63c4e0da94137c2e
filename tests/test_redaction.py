"""No secret and, where it is wished, nothing personal goes over the wire or into the log."""

from __future__ import annotations

import logging
import re
import sys
from base64 import b64decode
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path

import pytest

from bot.core.redaction import KINDS
from bot.engine.context import Context
from bot.logs import log_to_stderr
from bot.playground.bedrock import Reply
from bot.playground.workspace import ADA, MINJI, Message, User
from tests.core.test_secrets import PEM_LINES, SECRET_KEY, WEB_TOKEN
from tests.workbench import Workbench

# Each kind of secret, and what of it must be nowhere.
SECRETS = {
    "xoxb-1234567890-0987654321-aBcDeFgHiJ": "aBcDeFgHiJ",
    "xapp-1-A012345-0987654321-abcdef012": "abcdef012",
    "https://hooks.slack.com/services/T0AAA/B0BBB/aBcDeFgHkL": "aBcDeFgHkL",
    "AKIAIOSFODNN7EXAMPLE": "IOSFODNN7EXAMPLE",
    f"aws_secret_access_key={SECRET_KEY}": SECRET_KEY,
    "ABSKQmVkcm9ja0FQSUtleS1leGFtcGxl": "tleS1leGFtcGxl",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a": "7710c838347Ae178B4a",
    WEB_TOKEN: "eyJzdWIiOiJhZGEifQ",
    "Authorization: Bearer a1b2c3d4-e5f6_g7h8.i9": "g7h8.i9",
    "\n".join(("-----BEGIN PRIVATE KEY-----", *PEM_LINES, "-----END PRIVATE KEY-----")): PEM_LINES[1],
}
_FILE = re.compile(r"'bytes': '([^']+)'")
ALL = "\n".join(SECRETS)
PERSONAL = {
    "ada@example.com": "[email]",
    "010-1234-5678": "[phone]",
    "4111 1111 1111 1111": "[card number]",
    "123-45-6789": "[social security number]",
    "900101-1234567": "[resident registration number]",
}


def readable(text: str) -> list[str]:
    return [core for core in SECRETS.values() if core in text]


def prompts(bench: Workbench) -> list[str]:
    """All that the models were asked with, files included."""
    requests = [request.body for request in list(bench.bedrock.requests)]
    return [f"{body} {[b64decode(data).decode() for data in _FILE.findall(str(body))]}" for body in requests]


def sent(bench: Workbench) -> str:
    """All that went out to the models and to Slack."""
    calls = [str(call.parameters) for call in bench.servers.do(lambda: list(bench.slack.calls))]
    return "\n".join((*prompts(bench), *calls))


def settled(bench: Workbench, question: Message) -> None:
    bench.until(lambda: bench.messages(thread=question) and bench.at_rest())


@pytest.fixture(params=["text", "json"])
def log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[StringIO]:
    """Everything that the bot logs meanwhile, as it writes it to standard error."""
    root = logging.getLogger()
    ours = logging.getLogger("bot")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    root.handlers.clear()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", written := StringIO())
        log_to_stderr("DEBUG", request.param)
    yield written
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


def test_no_secret_of_a_question_a_thread_or_a_file_leaves(ready: Workbench, log: StringIO) -> None:
    ready.start_bot()
    note = ready.servers.do(lambda: ready.slack.upload("key AKIAIOSFODNN7EXAMPLE.txt", ALL.encode()))
    far = ready.say(ALL)
    thread = ready.say(f"Here they are:\n{ALL}")
    link = f"https://ours.slack.com/archives/CGENERAL/p{far.ts.replace('.', '')}"
    question = ready.mention(f"Are these safe? {link}\n{ALL}", thread=thread, files=[note])
    ready.answered(question)
    ready.ask(ALL)
    ready.answered(ready.posted_question())

    prompt = next(prompt for prompt in prompts(ready) if "linked message" in prompt)
    assert "Are these safe?" in prompt
    assert prompt.count("xoxb-***") == 4  # in the thread, the question, the message linked to, and the file
    assert 'document-1 is "key AKIA***.txt"' in prompt
    assert readable(sent(ready)) == []
    assert readable(log.getvalue()) == []


def test_no_secret_of_a_model_or_of_an_error_leaves(
    ready: Workbench, log: StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready.start_bot()
    ready.bedrock.enqueue("converse", Reply(text=f"On it, the keys: {next(iter(SECRETS))}"))
    ready.bedrock.enqueue("converse-stream", Reply(text=[*ALL], after=0, then="hold"))
    ack, answer = ready.answered(ready.mention("Which are the keys?"))
    assert ack == "On it, the keys: xoxb-***"
    assert answer.startswith("xoxb-***\nxapp-***\n")

    ready.bedrock.enqueue("converse", Reply(error="AccessDeniedException", message=ALL))
    ready.bedrock.enqueue("converse-stream", Reply(error="AccessDeniedException", message=ALL))
    settled(ready, ready.mention("And now?"))

    def crash(*_: object) -> None:
        raise RuntimeError(ALL)

    monkeypatch.setattr(Context, "brief", crash)
    settled(ready, ready.mention("And then?"))

    written = log.getvalue()
    assert "RuntimeError: xoxb-***" in written
    assert "AccessDeniedException" in written
    assert readable(sent(ready)) == []
    assert readable(written) == []


def test_what_is_personal_reaches_no_model_where_that_is_wished(ready: Workbench) -> None:
    ready.servers.do(
        lambda: ready.slack.workspace.users.update({MINJI.id: User(MINJI.id, "minji@example.com")})
    )
    ready.start_bot(redact=KINDS)  # which reads at its start what people are called
    text = ", ".join(PERSONAL)
    note = ready.servers.do(lambda: ready.slack.upload("ada@example.com.csv", text.encode()))
    far = ready.say(text)
    thread = ready.say(text, user=MINJI.id)
    link = f"https://ours.slack.com/archives/CGENERAL/p{far.ts.replace('.', '')}"
    beginning = "말" * 1_990  # so that the prompt of the first model is cut within what is personal
    question = ready.mention(f"{beginning} {text} of <@{MINJI.id}>, {link}", thread=thread, files=[note])
    ready.answered(question)

    asked = prompts(ready)
    assert [found for found in ("example.com", *PERSONAL) for prompt in asked if found in prompt] == []
    answer = next(prompt for prompt in asked if "linked message" in prompt)
    assert [answer.count(word) for word in PERSONAL.values()] == [7, 4, 4, 4, 4]
    assert "by Ada:⟧" in answer


def test_what_is_personal_is_sent_where_nothing_else_is_wished(bot: Workbench) -> None:
    bot.answered(bot.mention(", ".join(PERSONAL), user=ADA.id))

    assert ", ".join(PERSONAL) in str(bot.prompts())


def written_down(bench: Workbench) -> bytes:
    """All bytes of the store's files: the database with its free pages, its log and its index."""
    paths = Path(bench.store_url.removeprefix("sqlite:///")).parent.glob("bot.db*")
    return b"".join(path.read_bytes() for path in sorted(paths))


def test_the_notes_of_an_answer_that_grows_have_no_word_that_is_masked(ready: Workbench) -> None:
    ready.bedrock.enqueue(
        "converse-stream", Reply(text=[f"{' '.join(PERSONAL)} ", "they."], after=1, then="hold")
    )
    ready.start_bot(redact=KINDS)
    question = ready.mention("Who?")
    ready.until(lambda: b'"answer"' in written_down(ready))
    assert next(iter(PERSONAL)) in ready.texts(question)[-1]

    assert [each for each in PERSONAL if each.encode() in written_down(ready)] == []


def test_nothing_that_is_masked_is_in_the_stores_files_at_any_time(ready: Workbench) -> None:
    ready.start_bot(redact=KINDS, keep_text=True, cache_ttl=3600.0)
    text = "\n".join((ALL, *PERSONAL))
    names = ("AKIAIOSFODNN7EXAMPLE.txt", "ada@example.com.txt")
    notes = [ready.servers.do(partial(ready.slack.upload, name, b"x")) for name in names]
    ready.bedrock.enqueue("converse-stream", Reply(text=text, after=0, then="hold"))
    question = ready.mention(f"needle {text} of the haystack", files=notes)
    ready.until(lambda: len(ready.texts(question)) == 1 and ready.prompts())
    asked = written_down(ready)
    ready.bedrock.release()
    ready.until(lambda: ready.at_rest() and ready.written(1))
    ready.answered(ready.mention(f"Which of {ALL} are keys?"))  # of whose answer a copy is kept

    assert b"needle" in asked
    for found in (asked, written_down(ready)):
        assert readable(found.decode(errors="replace")) == []
        assert [each for each in (*PERSONAL, "ada%40example.com") if each.encode() in found] == []
