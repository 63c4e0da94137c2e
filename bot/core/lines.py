"""Several messages in a row that are one question, as people write them in direct messages.

"hey" / "quick question" / "can you explain DNS?" is one question with one answer, in the thread of the first
of its lines. A line goes on what was asked before it as long as no word of the answer is on screen. Where
what was written looks as if more comes, the answering model waits for that; the acknowledgement does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from bot.core.conversation import Remark
from bot.core.question import Question

SETTLE_SECONDS = 3.0  # without a new line, after which a question that looks unfinished is answered as it is
MAX_LINES = 20  # of one question; the next line is a question of its own
# So many times the answering model begins at once. After that it waits for the next line each time, so that
# many lines cost no more than a few answers.
MAX_EARLY_STARTS = 2
_OVERTAKING_SECONDS = 1.0  # by which a line can be said before, and still be heard of after another one

_GREETING = r"hey+|hi+|hello+|hiya|yo|howdy|good (?:morning|afternoon|evening)|greetings"
_ANNOUNCEMENT = (
    r"i have (?:a|an|this|these|some|the) [^?,.;:\n]{1,40}(?![?,.;:])"
    r"|ok(?:ay)?|so|well|also|um+|hm+|wait|sorry|actually|please|help|one more(?: thing)?"
    r"|(?:(?:i have|i've got|i got|got) )?(?:(?:a|an|another|one more) )?(?:(?:quick|small|short) )?question"
    r"(?: for you)?|(?:can|may|could) i ask (?:you )?(?:something|(?:a|another) (?:quick )?question)"
    r"|(?:can|could|would|will) you(?: please)?"
)
_KOREAN_GREETING = r"안녕(?:하세요|하십니까)?|저기요?|여보세요|혹시|잠시만요|잠깐만요|음+|아+"
_KOREAN_ANNOUNCEMENT = (
    r"(?:질문|궁금한\s*(?:게|것이|점이)|물어볼\s*(?:게|것이)|여쭤볼\s*(?:게|것이))\s*(?:하나|좀)?\s*"
    r"(?:있어요?|있습니다|있는데요?|드릴게요|드립니다|할게요)?"
)
_OPENER = re.compile(
    rf"(?:(?:{_GREETING})(?: (?:there|duet|bot|all|again))?|{_ANNOUNCEMENT}"
    rf"|{_KOREAN_GREETING}|{_KOREAN_ANNOUNCEMENT})",
    re.IGNORECASE,
)
_BETWEEN = re.compile(r"[\s,.!?~:)\-]*")
_DANGLING = re.compile(
    r"(?:…|\.\.|[,;:\-–—(]|\b(?:and|or|but|because|the|an|my|your)|(?:는데|은데|인데)요?|그리고|근데|그런데"
    r"|(?:질문|궁금한 (?:게|점이)|(?:물어|여쭤)볼 게) ?(?:하나|좀)? ?(?:있어요?|있습니다)[.!~]*)\Z",
    re.IGNORECASE,
)
_FINISHED = re.compile(r"(?:[?？!.。)`]|줘|주세요|까요?|나요|가요)\Z")
_LONGEST_OPENING = 200  # characters


def may_have_more(question: Question) -> bool:
    """Return whether lines can go on `question`: a person asks it directly, in no thread, and not again."""
    is_direct = question.channel.startswith("D") and question.ts is not None
    return is_direct and not question.stands_in_thread and not (question.retry or question.bot)


def goes_on(question: Question, line: Question) -> bool:
    """Return whether `line` can be a line of `question`."""
    return (
        may_have_more(question)
        and may_have_more(line)
        and (question.team, question.channel, question.user) == (line.team, line.channel, line.user)
        and line.ts not in (question.ts, *question.lines)
        and _seconds(line) > _seconds(question) - _OVERTAKING_SECONDS
        and len(question.lines) + 1 < MAX_LINES
    )


def joined(question: Question, line: Question) -> Question:
    """`question` with one more line."""
    first, second = (question, line) if _seconds(line) > _seconds(question) else (line, question)
    return replace(
        question,
        text="\n".join(filter(None, (first.text, second.text))),
        files=(*first.files, *second.files),
        lines=tuple(sorted((*question.lines, str(line.ts)))),
    )


def _seconds(question: Question) -> float:
    """When a message was said, in seconds since 1970; 0 where its ts does not tell."""
    try:
        return float(question.ts or 0)
    except ValueError:
        return 0.0


def settle_seconds(question: Question, starts: int) -> float:
    """For how long another line is waited for, before the answering model begins.

    That has begun so many times for lines before the last.
    """
    if not may_have_more(question) or any(file.is_voice for file in question.files):
        return 0.0
    if starts >= MAX_EARLY_STARTS:
        return SETTLE_SECONDS
    last = question.text.rpartition("\n")[2] if question.lines else question.text
    is_open = looks_unfinished(last) or (bool(question.lines) and not _FINISHED.search(last.rstrip()))
    return SETTLE_SECONDS if is_open else 0.0


def looks_unfinished(text: str) -> bool:
    """Return whether `text` says that more comes: it greets, announces a question, or breaks off."""
    words = text.strip()
    if len(words) > _LONGEST_OPENING:
        return False
    return not words or bool(_DANGLING.search(words)) or _is_opening(words)


def _is_opening(text: str) -> bool:
    """Return whether `text` is nothing but greetings and announcements."""
    at = 0
    while at < len(text):
        found = _OPENER.match(text, at)
        if not found:
            return False
        end = found.end()
        at = _BETWEEN.match(text, end).end()  # type: ignore[union-attr] # it matches nothing, too
        if at == end < len(text) or end == found.start():
            return False  # it only begins like one: "hierarchy"
    return True


def reread(question: Question, remarks: Iterable[Remark]) -> Question:
    """`question` as its lines read now, which are among `remarks`."""
    said = _lines(question.ts or "", question.lines, remarks)
    if not said:
        return question
    files = tuple(file for remark in said for file in remark.files)
    lines = tuple(remark.ts for remark in said if remark.ts != question.ts)
    return replace(question, text=_text(said), files=files, lines=lines)


def whole_root(thread: Sequence[Remark], remarks: Iterable[Remark]) -> list[Remark]:
    """A `thread` whose first message says all lines of its question, which are among `remarks`."""
    lines = lines_in(thread)
    root = thread[0] if thread else None
    said = _lines(root.ts, lines, remarks) if root and lines else []
    if root is None or not said:
        return list(thread)
    files = tuple(file for remark in said for file in remark.files)
    return [replace(root, text=_text(said), files=files), *thread[1:]]


def lines_in(thread: Iterable[Remark]) -> tuple[str, ...]:
    """The ts of the lines that the question of a thread had besides its first message."""
    return next((remark.lines for remark in thread if remark.lines), ())


def _lines(first: str, others: Sequence[str], remarks: Iterable[Remark]) -> list[Remark]:
    wanted = {first, *others}
    return sorted((each for each in remarks if each.ts in wanted), key=lambda remark: remark.ts)


def _text(said: Iterable[Remark]) -> str:
    return "\n".join(filter(None, (remark.text for remark in said)))
