"""Rules for the acknowledgement: one sentence about this question, whatever the first model says.

It says what was understood in the asker's own terms, so that it can be corrected, and that an answer is on
its way. It never answers, asks, refuses, or claims work that nobody does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum
from unicodedata import normalize

from bot.core.graphemes import boundary
from bot.core.reasoning import without_reasoning
from bot.core.texts import Language, language_of, texts_in

MAX_CHARACTERS = 140
_MAX_NEW_TERMS = 3  # words of neither the question nor an acknowledgement
_MAX_SUBJECT = 60  # characters of a question that a fixed sentence quotes
# By so many letters, at least and at most, two forms of one word are known as one.
_STEM_LETTERS = {Language.EN: (3, 4), Language.KO: (2, 2)}
_ONE_SCRIPT = re.compile("[가-힣]+|[^가-힣]+")  # particles stand at Latin letters and numbers, too: "GIL은"

_SAID = re.compile(r"\n|(?<=[^\d\s][.!?。？！])\s")  # between the lines and sentences of what is asked
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])[\"'”’)]*\s+(?=\S)")
_TERM = re.compile(r"[^\W_]+(?:[.+#'’_-][^\W_]+)*[+#]*")
_MARKS = re.compile(r"[`<>|\[\]{}]|[*_~#]\S|https?://")
_QUOTED = re.compile("“[^“”]*”")
_ASKS = re.compile(
    r"[?？]|(?:까요|나요|을까|ㄹ까요)[.! ]*$|(?:알려|말씀해|제공해|공유해) ?주(?:세|시|십)"
    r"|\b(?:I need|tell me|let me know|please (?:provide|share|clarify|specify|confirm))\b",
    re.IGNORECASE,
)
_ANNOUNCES = re.compile(
    r"\b(?:prepar|answer|explain|explanation|work(?:ing)? (?:on|out)|put(?:ting)? together|writ(?:e|ing)"
    r"|get(?:ting)? (?:you|back|on)|go(?:ing)? (?:through|into|over)|walk(?:ing)? you|on it|on its way"
    r"|compar|draft|outlin|details?)"
    r"|준비|답변|답을|답해|답하|설명|정리|작성|알려|안내|살펴",
    re.IGNORECASE,
)
_REFUSES = re.compile(
    r"\b(?:sorry|apolog|cannot|can['’]?t|unable|unfortunately|as an ai|not able|won['’]t|don['’]t)\b"
    r"|죄송|할 수 없|드릴 수 없|불가능|어렵습니다|못합니다|못 합니다",
    re.IGNORECASE,
)
_CLAIMS = re.compile(
    r"\b(?:search|look(?:ed|ing)? (?:up|into)|looked|check|brows|research|investigat|consult|found"
    r"|review|analy[sz]|verif|test(?:ed|ing)\b|examin|read(?:ing)? through|fetch|query(?:ing|ied)|done"
    r"|finished|completed)|(?:\bhave|['’]ve) (?:\w+ )?prepared"
    r"|검색|확인했|확인하고|찾아|찾았|조사|분석했|분석하고|검토|조회|테스트했|완료|준비했|준비되었|준비됐",
    re.IGNORECASE,
)
_ANSWERS = re.compile(
    r"\b(?:because|answer is (?!on\b|coming|under|being)|means that|refers to|is defined|stands for"
    r"|you (?:should|can|need|must|could)(?:n['’]t|not)?|here(?:['’]s| is| are)|simply"
    r"|just (?:use|run|set)|try (?:to|the)|for example|such as)\b|=|e\.g\."
    # A judgement of what is asked about, unless the sentence says that its asker wants to know it.
    r"|^(?:(?!\b(?:wh\w+|how|if|that)\b).)*…\W*(?:is|are|do|does|can|will|should)(?:n['’]t)? "
    r"(?!clear|understood|noted|on\b|a great)"
    r"|때문|답은|뜻입니다|의미합니다|하세요|보세요|보시고|하십시오|하면 됩니|해야 합니"
    r"|(?<!중)입니다(?=[.! ]*$)|예를 들어|란 |^아니|[다라]는 (?:답변|설명)",
    re.IGNORECASE,
)
# How a Korean word ends that states something, unless it is said of the asker.
_STATES = re.compile("(?<!셨으)(?<!시)(?<!셨습)(?<!십)(?:며|이고|니다)$")
_PLAIN_TERMS = frozenset(
    """
    a about absolutely all alright an and answer answering any are as asked asking at be been being
    can certainly clear course currently detailed details do does explain explaining explanation
    for from full get getting give going got great happy has have hello help here hey hi how i i'd
    i'll i'm i've if in into is it it's its know let like looking me more my need noted now of ok
    okay on one or our out please prepare prepared preparing put putting question quick request
    right see should so some soon step sure thank thanks that that's the their them then these thing
    this thorough through to together understand understood up us walk want wanted way what when
    where whether which who why will with work working would write writing you you'd you're your 곧 네
    잘 좀
    """.split()  # noqa: SIM905 - words read best as words
)
_PLAIN_STEMS = tuple(
    """
    질문 이해 파악 상세 자세 답변 답을 준비 작성 정리 설명 안내 알려 드리 대한 대해 관한 관련 있
    하겠 하고 하며 했으 했습 궁금 알고 싶으 것으 내용 지금 바로 말씀 요청 주셔 감사 요약
    방법 살펴 왜 언제 무엇 어떻 어떤 뭐 뭔 얼마 누구 어디 어느 무슨 하나 인가 되나 할까 해줘 해주
    주세 중입 문의 안녕 이게 이거 그게
    """.split()  # noqa: SIM905
)
# Words by which an English text is told from one in a third language, and the least that such a text has.
_ENGLISH = frozenset(
    """
    the is are and of to your you you'd i i'm i'll for about with how what why when do does can it my we
    """.split()  # noqa: SIM905
)
_MIN_WORDS = 3
# Names in Latin letters, and runs of Japanese and Chinese, whose words no spaces part.
_RUNS = re.compile("[a-z0-9]{2,}|[\u30a1-\u30ff\u4e00-\u9fff]{2,}")


class Flaw(Enum):
    """A rule that a reply of the first model breaks, so that it cannot stand as the acknowledgement."""

    EMPTY = "empty"
    TOO_LONG = "too long"
    MARKED_UP = "marked up"
    OTHER_LANGUAGE = "in another language"
    ASKS = "asks back"
    REFUSES = "refuses"
    CLAIMS = "claims work that nobody does"
    ANSWERS = "answers"
    ANNOUNCES_NOTHING = "announces no answer"
    OFF_SUBJECT = "not about the question"
    REPEATS = "the wording of the last one"


def first_sentence(reply: str) -> str:
    """Return the first sentence of a reply, without reasoning before it or quotation marks around it."""
    lines = without_reasoning(reply).strip().strip("\"'‘’").splitlines()
    line = lines[0].strip() if lines else ""
    ends = (found.start() for found in _SENTENCE_END.finditer(line))
    end = next((end for end in ends if not _is_quoted(line, end)), len(line))
    sentence = line[:end].strip()
    return sentence.strip("“”") if sentence.startswith("“") and sentence.endswith("”") else sentence


def _is_quoted(line: str, end: int) -> bool:
    return line.count("“", 0, end) > line.count("”", 0, end)


def flaw(sentence: str, asked: str, language: Language, before: str = "") -> Flaw | None:
    """Return the rule that `sentence` breaks as the acknowledgement of what was `asked`, or None.

    `language` is its asker's, `before` the `wording` of the acknowledgement that its readers saw last.
    """
    own = wording(sentence, asked)
    unquoted = _QUOTED.sub("", own)
    is_known = language is Language.KO or _is_english(f"{asked} {sentence}")
    words = {
        Flaw.REFUSES: _REFUSES.search(own),
        Flaw.CLAIMS: _CLAIMS.search(own),
        Flaw.ANSWERS: _ANSWERS.search(unquoted) or _adds_facts(own) or _states(sentence),
        Flaw.ANNOUNCES_NOTHING: not _ANNOUNCES.search(sentence),
    }
    broken = {
        Flaw.EMPTY: not sentence,
        Flaw.TOO_LONG: len(sentence) > MAX_CHARACTERS,
        Flaw.OTHER_LANGUAGE: language_of(sentence) is not language,
        Flaw.MARKED_UP: _MARKS.search(own),
        Flaw.ASKS: _ASKS.search(unquoted),
        **(words if is_known else {}),
        Flaw.OFF_SUBJECT: "…" not in own
        and any(_telling_terms(asked))
        and (is_known or not _parts(sentence) & _parts(asked)),
        Flaw.REPEATS: own == before,
    }
    return next((each for each, is_broken in broken.items() if is_broken), None)


def _is_english(text: str) -> bool:
    """Return whether a text has English words: those of third languages are not known here."""
    words = {found[0].casefold() for found in _TERM.finditer(_normal(text))}
    return not words.isdisjoint(_ENGLISH) or (len(words) < _MIN_WORDS and text.isascii()) or not words


def _parts(text: str) -> set[str]:
    """Return the parts by which two texts of a third language can be seen to be about the same."""
    runs = _RUNS.findall(_normal(text).casefold())
    return {run if run.isascii() else run[at : at + 2] for run in runs for at in range(len(run) - 1)}


def wording(sentence: str, asked: str) -> str:
    """Return `sentence` without the words of what was `asked`: what two of them can have in common."""
    known = {next(_stems(term)) for term in _telling_terms(asked)}

    def replaced(found: re.Match[str]) -> str:
        return found[0] if known.isdisjoint(_stems(found[0].casefold())) else "…"

    return _TERM.sub(replaced, _normal(sentence))


def stand_in(asked: str, language: Language, before: str = "", files: str = "") -> str:
    """Return a fixed sentence in place of the first model's, with another `wording` than the last one's.

    It names the `files` where what was `asked` does not tell what it is about.
    """
    subject, texts = _subject(asked), texts_in(language)
    forms = texts.stand_ins_about if subject else texts.stand_ins_with_files if files else texts.stand_ins
    sentences = [form.format(subject=subject or _short(files)) for form in forms]
    known = f"{asked}\n{files}"
    return next((each for each in sentences if wording(each, known) != before), sentences[0])


def _subject(asked: str) -> str:
    """Return the first sentence that tells what is `asked` about, without its end; "" if none does."""
    telling = (each for each in _SAID.split(asked) if any(_telling_terms(each)))
    return _short(" ".join(next(telling, "").split()).rstrip(".?!。？！ "))


def _short(text: str) -> str:
    if len(text) <= _MAX_SUBJECT:
        return text
    return text[: boundary(text, _MAX_SUBJECT - 1)].rstrip() + "…"


def _normal(text: str) -> str:
    return normalize("NFKC", text).replace("’", "'")


def _telling_terms(text: str) -> Iterator[str]:
    """Yield the words of a text that tell what it is about."""
    terms = (found[0].casefold() for found in _TERM.finditer(_normal(text)))
    return (term for term in terms if not _is_plain(term))


def _is_plain(term: str) -> bool:
    return term in _PLAIN_TERMS or term.startswith(_PLAIN_STEMS)


def _stems(term: str) -> Iterator[str]:
    """Yield what other forms of a word may begin with: Korean particles and English endings vary."""
    head = "".join(_ONE_SCRIPT.findall(term)[:1])
    shortest, longest = _STEM_LETTERS[language_of(head)]
    yield head[: longest if head.isalpha() else None]
    yield from (head[:letters] for letters in range(shortest, longest) if head.isalpha())


def _adds_facts(own: str) -> bool:
    """Return whether a number, a name, or many words are neither the question's nor an acknowledgement's."""
    new = [found[0] for found in _TERM.finditer(own) if not _is_plain(found[0].casefold())]
    has_name = any(term[0].isupper() or term[0].isdigit() for term in new)
    return has_name or len(new) > _MAX_NEW_TERMS


def _states(sentence: str) -> bool:
    """Return whether a Korean sentence states something with words of more than an acknowledgement."""
    return any(map(_STATES.search, _telling_terms(_QUOTED.sub("", sentence))))
