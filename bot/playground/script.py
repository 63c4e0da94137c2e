"""The playground's scripted model: what it says in a conversation. It stands in for both Nova models.

It knows its way around Duet, for newcomers who ask it, and shows to every other question the shape of an
answer: headings, lists, a table, code. It always says that it is a script, and never pretends to know.
"""

from __future__ import annotations

import re
from itertools import chain, count, cycle
from typing import TYPE_CHECKING, Any

from bot.playground.bedrock_media import content_bytes
from bot.playground.guardrail import plain_block
from bot.playground.script_lines import ENGLISH, KOREAN, Lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

LONG_ANSWER = 18_000  # characters, about; more than Slack takes in one message
_LONGEST_SUBJECT = 60  # characters of a question, or of a document, that are quoted
_TEXT_DOCUMENTS = frozenset({"csv", "html", "txt", "md"})
_HANGUL = re.compile("[\u1100-\u11ff\u3131-\u318e\uac00-\ud7a3]")
_NOTE_OR_MENTION = re.compile(r"⟦[^⟦⟧]*⟧\n?|<@[A-Z0-9]+(?:\|[^>]*)?>")
_LONG = re.compile(r"(?<!how )(?<!as )\blong\b(?! as)|길게|긴 (?:답|글)", re.IGNORECASE)

# What a short question is about, so that an acknowledgement can name it in the middle of its sentence.
_ABOUT = re.compile(
    r"(?:please )?(?:what(?:'s| is| are)|tell me about|explain|describe|how (?:do|does)(?= .* works?\W*$)) "
    r"(?P<en>\S.{0,38}?)(?: works?)?[.?! ]*"
    r"|(?P<ko>\S.{0,22}?)(?:에 대해서?|이란|란|은|는|이|가|을|를)? ?"
    r"(?:뭐|뭔|무엇|어떻게 (?:동작|작동)|설명해|알려|소개해).*",
    re.IGNORECASE,
)

_DUET = r"(?:\b(?:duet|slack|this bot|the bot)\b|듀엣|슬랙|이 봇|봇[은이])"
_LIMITS = r"(?:\b(?:rate|limit|429|throttl)|제한|한도)"
# The first pattern that is found in a question says which of the lines' `topics` answers it.
_TOPICS = {
    "two": r"\b(?:two|2) (?:messages|replies|answers)|\bsecond message|"
    r"\b(?:why|you|duet)\b.*\b(?:two|2) models|왜.*(?:두|2) ?(?:개|번|가지)?(?:의|로)? ?(?:메시지|답|모델)|"
    r"(?:메시지|답변|답|모델)[이가을를은는]? ?왜? ?(?:두|2) ?개",
    "limits": rf"{_DUET}.*{_LIMITS}|{_LIMITS}.*{_DUET}|\byou\b.*\brate limit",
    "connect": r"manifest\.yml|\.env\b|python -m bot|\b(?:real|own)\b.*\b(?:slack|aws|bedrock|workspace)\b|"
    rf"\b(?:connect|integrate|install|set up|setup|deploy)\b.*(?:{_DUET}|\b(?:this|you)\b)|"
    r"\bconnect (?:to )?aws\b|"
    rf"(?:실제|진짜|우리).*(?:슬랙|slack|aws|워크스페이스)|{_DUET}.*(?:연결|연동|설치|배포)",
    "cost": r"\b(?:answers?|you|duet|bot|it|this)\b.*\b(?:cost|price|expensive|cheap)|"
    r"\b(?:costs?|prices?) of (?:an answer|a question|this|duet)\b|"
    r"(?:답변?|질문|듀엣|duet|봇|이거|사용).*(?:비용|가격|요금|얼마)|^(?:비용|가격|요금)",
    "markdown": r"\bmarkdown\b|\bformatting\b|마크다운|서식",
    "thread": r"follow.?up question|ask a follow.?up|\b(?:ask|go on|continue)\b.*\bthread\b|"
    r"후속 ?질문|이어서 ?(?:질문|물어)|스레드.*(?:질문|이어|멘션)",
    "what": r"\bduet\b|듀엣|\b(?:what|who) (?:is|are) (?:this|you)\b|what (?:can|do) you do|"
    r"^(?:hi|hello|hey|help)\b|^(?:안녕|도움|도와)|(?:너는?|넌|이 봇|이건|이게|당신).*(?:뭐|뭔|무엇|누구)",
}
# ASCII: a Korean particle follows a Latin name without a space, and the name ends there all the same.
_ABOUT_TOPICS = {
    name: re.compile(words.replace(".*", ".{0,100}"), re.IGNORECASE | re.ASCII)
    for name, words in _TOPICS.items()
}


def acknowledge(messages: Sequence[Mapping[str, Any]]) -> str:
    """What Nova Micro's part says to the conversation `messages`, in Converse's form.

    That is one sentence, or, after an answer, what one could ask next, one a line.
    """
    first, *later = _questions(messages)
    lines = _lines(first)
    if later:  # the bot wants to know what could be asked next
        return "\n".join(_leading_on(first, lines))
    question = first
    about = _ABOUT.fullmatch(_first_line(question))
    if about is None or _LONG.search(question):
        quoted = _subject(question)
        return (
            lines.acknowledgement_quoting.format(subject=quoted) if " " in quoted else lines.acknowledgement
        )
    return lines.acknowledgement_of.format(subject=about["en"] or about["ko"])


def answer(messages: Sequence[Mapping[str, Any]]) -> str:
    """What Nova Pro's part says to the conversation `messages`, in Converse's form: Markdown."""
    questions = _questions(messages)
    question, lines = questions[-1], _lines(questions[-1])
    opening = lines.stand_in
    if len(questions) > 1:
        opening += " " + lines.follow_up.format(number=len(questions), first=_subject(questions[0]))
    if given := list(_given(messages, lines)):
        opening += "\n\n" + "\n".join([lines.given, "", *given])
    if _LONG.search(question):
        return "\n\n".join(_chapters(opening, lines, _subject(question)))
    topic = _topic(question)
    body = lines.topics[topic] if topic else lines.answer.format(subject=_subject(question))
    return f"{opening}\n\n{body}"


def _questions(messages: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what people say in each user turn, without the bot's own notes around it."""
    return [
        _NOTE_OR_MENTION.sub(
            "", "\n".join(each["text"] for each in map(plain_block, turn["content"]) if "text" in each)
        ).strip()
        for turn in messages
        if turn["role"] == "user"
    ]


def _given(messages: Sequence[Mapping[str, Any]], lines: Lines) -> Iterator[str]:
    """What each medium of the last user turn is, as an item of a list."""
    blocks = next(turn["content"] for turn in reversed(messages) if turn["role"] == "user")
    for kind, content in chain.from_iterable(plain_block(block).items() for block in blocks):
        if kind not in lines.media:
            continue
        data, form = content_bytes(content) or b"", content["format"]
        medium = lines.given_medium.format(kind=lines.media[kind], format=form, size=len(data) / 1_000)
        text = data.decode(errors="replace").strip() if form in _TEXT_DOCUMENTS else ""
        line = _shortened(_first_line(text)).replace("`", "'")
        yield "- " + (lines.given_text.format(medium=medium, line=line) if line else medium)


def _leading_on(question: str, lines: Lines) -> list[str]:
    """Three questions that lead further than `question`."""
    return [asks for topic, asks in lines.leading_on.items() if topic != _topic(question)][:3]


def _lines(question: str) -> Lines:
    return KOREAN if _HANGUL.search(question) else ENGLISH


def _topic(question: str) -> str | None:
    return next((name for name, words in _ABOUT_TOPICS.items() if words.search(question)), None)


def _first_line(text: str) -> str:
    return " ".join(text.partition("\n")[0].split())


def _subject(question: str) -> str:
    """The beginning of a question, to be quoted in a heading."""
    return _shortened(_first_line(question).rstrip(".?! "))


def _shortened(line: str) -> str:
    return line if len(line) <= _LONGEST_SUBJECT else line[: _LONGEST_SUBJECT - 1].rstrip() + "…"


def _chapters(opening: str, lines: Lines, subject: str) -> Iterator[str]:
    """An answer of about LONG_ANSWER characters, in parts."""
    written = 0
    numbered = zip(count(1), cycle(lines.chapter_titles))
    chapters = (lines.chapter.format(number=n, title=title, subject=subject) for n, title in numbered)
    for part in chain([opening], chapters):
        yield part
        written += len(part) + 2
        if written >= LONG_ANSWER:
            break
    yield lines.closing
