"""The log at DEBUG has neither a credential nor a word of anybody's."""

from __future__ import annotations

import logging
import re
from io import StringIO

import pytest

from bot.core.texts import Language, texts_in
from bot.playground.bedrock import Reply
from bot.playground.slack import APP_TOKEN, BOT_TOKEN
from bot.playground.workspace import ADA
from tests.test_redaction import log as log
from tests.test_shortcut import ask_about
from tests.workbench import Workbench

EN = texts_in(Language.EN)
MENTION, DIRECT, KOREAN, COMMAND, THREAD = "heliotrope", "quagmire", "수선화", "marzipan", "kumquat"
FILE, FILE_NAME, MODAL, SUBJECT, REASON = "zeppelin", "bassoon", "falafel", "palindrome", "두루미"
ACKNOWLEDGEMENT, ANSWER = "gazpacho", "obelisk"
PEOPLES_WORDS = [
    *(MENTION, DIRECT, KOREAN, COMMAND, THREAD, FILE, FILE_NAME, MODAL, SUBJECT, REASON),
    *(ACKNOWLEDGEMENT, ANSWER),
]
# The ticket opens a Socket Mode connection.
_CREDENTIAL = re.compile(r"ticket=|Bearer|AWS4-HMAC|Signature=|xox[bp]-|xapp-|response_url|trigger_id")


def test_a_question_at_debug_leaves_no_credential_and_no_word_in_the_log(
    bench: Workbench, log: StringIO
) -> None:
    bench.bedrock.always("converse", Reply(text=f"About {ACKNOWLEDGEMENT}."))
    bench.bedrock.always("converse-stream", Reply(text=[f"It is {ANSWER} ", "indeed."], after=0, then="hold"))
    bench.start_bot(follow_threads=True)
    note = bench.servers.do(lambda: bench.slack.upload(f"{FILE_NAME}.txt", FILE.encode()))
    root = bench.say(f"Think of {THREAD}.")
    bench.answered(bench.mention(f"{MENTION}?", thread=root, files=[note]))
    bench.answered(bench.dm(f"{DIRECT}? {KOREAN}?"))
    bench.ask(f"{COMMAND}?")
    asked = bench.posted_question()
    bench.answered(asked)
    bench.press("feedback", asked, value="down")
    (view,) = bench.until(lambda: bench.servers.do(lambda: bench.slack.open_views(ADA.id)))
    bench.servers.wait_for(lambda: bench.slack.submit(ADA.id, view.id, {"reason": {"reason": REASON}}))
    message = bench.say(f"On {SUBJECT}.")
    ask_about(bench, message, f"{MODAL}?")
    bench.answered(message, count=3, before=1)
    for bot in bench.bots:
        bot.ask_for_token()
    bench.stop_bot(bench.bots[0])

    sent = str([request.body for request in list(bench.bedrock.requests)])
    assert [word for word in (MENTION, DIRECT, KOREAN, COMMAND, THREAD, MODAL) if word not in sent] == []
    written = log.getvalue()
    assert "answer.done" in written
    assert [word for word in PEOPLES_WORDS if word in written] == []
    assert [token for token in (BOT_TOKEN, APP_TOKEN) if token in written] == []
    assert _CREDENTIAL.findall(written) == []


@pytest.mark.parametrize("name", ["slack_sdk.web", "botocore.auth", "a.vendor.of.tomorrow"])
def test_a_vendor_does_not_log_below_info_and_the_bot_does(name: str, log: StringIO) -> None:
    logging.getLogger(name).debug("Sending a request - headers: %s", ANSWER)
    logging.getLogger("bot.engine").debug("whisper.refused")

    assert "whisper.refused" in log.getvalue()
    assert ANSWER not in log.getvalue()
