"""Which questions share an answer, and what is kept of one."""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256

from bot.core.links import linked
from bot.core.question import Place, Question

# Whoever generates an answer for all tells so as it gets on; after so long without, another generates it.
LEAD_SECONDS = 2.0

EVERYBODY = "*"
"""The audience of an answer that every full member of the workspace may read."""

# Text in which runs of white space mean nothing: no code, no quotation marks, no list, no layout.
_LINE = re.compile(r"(?:[\w,.?!…？。:;() \t]|(?<=\w)['’-](?=\w))*")
_LINES = re.compile(r"(?:[\w,.?!…？。 \t]|\n(?![ \t])|(?<=\w)['’-](?=\w))*")
_FIRST_WORD = re.compile(r"[^\W\d_]{2,}(?=\s|,|\?|['’]\w|\Z)")
# A closing question mark adds nothing to words that ask by themselves. "됐어요" without it asks nothing.
_ASKS = re.compile(
    r"(?:what|who|whom|whose|which|when|where|why|how|is|are|was|were|does|did|can|could|would|should)"
    r"(?:n['’]t|['’](?:s|re|d|ll))?\s"
    r"|.*(?:(?<![가-힣])(?:왜|무엇|무슨|어떻게|어떤|얼마)"
    r"|(?:나요|까요|습니까|입니까|(?:는|은|인|던)가요?)[?？ ]*\Z)",
    re.IGNORECASE | re.DOTALL,
)
_QUESTION_MARK, _FULL_STOP = re.compile(r"(?<=\w) ?[?？]\Z"), re.compile(r"(?<=[^\W\d_])[.。]\Z")

_PERIOD = (
    r"(?:minute|hour|morning|afternoon|evening|night|day|weekend|week|month|quarter|year|sprint|semester|season"
    r"|release|version|meeting)s?"
)
# What such words mean depends on when they are said. Letters of another script can follow: "today의".
_TIME = re.compile(
    r"(?<![a-z])(?:now|nowadays|today|tonight|tomorrow|yesterday|current|currently|presently|latest|newest"
    r"|recent|recently|lately|so far|as of|at the moment|these days|up[- ]to[- ]date|upcoming|ongoing"
    r"|real[- ]?time|still|yet|already|any ?more|ago|since|until|till|news|weather|forecast|deadline|weekend"
    r"|status of|stock price|exchange rate|what(?:['’]?s| is| are) new|what (?:time|day|date|year) (?:is|was)"
    r"|the (?:date|time)(?:\W*\Z| in| at)|when(?:['’]?s| is| are| was| were| will| did) \w+"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
    rf"|(?:this|last|next|past|coming|previous) (?:\w{{1,20}} )?{_PERIOD}"
    rf"|(?:in|within|for) (?:\d{{1,4}}|an?|one|two|three|a few|a couple of) {_PERIOD})(?![a-z])"
    r"|오늘|내일|모레|어제|그저께|그제|지금|현재|최신|최근|요즘|요새|방금|아까|이번|이 ?달|지난|금주|금일"
    r"|금년|올해|작년|내년|명일|익일|당일|전일|차주|주말|아직|벌써|이제|언제|며칠|날씨|뉴스|소식|주가|환율"
    r"|시세|실시간|마감|[월화수목금토일]요일|몇 ?(?:시|일|월|년)"
    r"|다음 ?(?:주|달|해|날|번|분기|학기|회의|버전|릴리스|배포)"
    r"|(?:\d|한|두|세|몇) ?(?:분|시간|일|주|주일|달|개월|년) ?(?:전|후|뒤|내|안|동안)",
    re.IGNORECASE,
)
# Who asks is what such words mean. "How do I …" and "tell me …" are anybody's; "the US" is not "us".
_PERSON = re.compile(
    r"(?<![a-z])(?:my|mine|myself|our|ours|ourselves|we|(?-i:us)"
    r"|(?<!tell )(?<!show )(?<!give )(?<!help )(?<!teach )(?<!explain to )me"
    r"|(?<!do )(?<!can )(?<!could )(?<!should )(?<!would )i(?:['’](?:m|ve|ll|d))?"
    r"|(?<!how )(?<!where )(?<!what )(?<!why )(?<!when )(?<!which )do i)(?![a-z])"
    r"|우리(?!나라|말|글)|저희|본인"
    r"|(?<!\w)(?:내|내가|내게|내꺼|내것|제|제가|제게|나|나는|나의|나를|나도|나만|나에게|나한테"
    r"|저|저는|저의|저를|저도|저만|저에게|저한테)(?![가-힣])",
    re.IGNORECASE,
)
# And where it is asked: there, in other people's words, or in what is mentioned.
_PLACE = re.compile(
    r"(?<![a-z])(?:here|(?:this|the) (?:channel|thread|conversation|chat|room|workspace|team|message|file))"
    r"(?![a-z])"
    r"|여기|이 ?(?:채널|스레드|대화|방|메시지|파일|팀|워크스페이스)"
    r"|^[^\S\n]*(?:>|\[[^\[\]\n]*:\][^\S\n]*$)|⟦|<[@#!]|(?<!\w)[@#]\w",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Kept:
    """An answer that is kept, and where its question stands: the first message of that thread."""

    answer: str
    place: Place

    def encoded(self) -> str:
        """Return it as JSON; `read_kept` is the way back."""
        return json.dumps([self.place.channel, self.place.thread_ts, self.answer])


def read_kept(written: str) -> Kept | None:
    """Return the answer that was written as `written`; None if that is none, as older versions wrote them."""
    try:
        channel, ts, answer = json.loads(written)
    except (TypeError, ValueError):
        return None
    return Kept(str(answer), Place(str(channel), str(ts)))


def key_of(question: Question, fingerprint: str, audience: str) -> str:
    """Return the name under which the answer to `question` is kept; "" if it is not to be shared.

    Its `audience` is EVERYBODY or the channel whose readers alone may share it; "" is nobody. Only first
    questions share an answer that mean the same whoever asks them, when, and where: what stands in a thread
    or comes with files, links or quotations is answered from these, and who asks again wants another. They
    share it as long as the `fingerprint` is the same: the models, and all that they are told and set to.
    """
    is_first = not (question.stands_in_thread or question.retry or question.lines)
    if not (audience and is_first) or question.files or not means_always_the_same(question.text):
        return ""
    parts = (question.team, audience, question.language.value, folded(question.text), fingerprint)
    return sha256(json.dumps(parts).encode()).hexdigest()


def means_always_the_same(text: str) -> bool:
    """Return whether `text` asks for the same whoever says it, when, and where; not, if it asks nothing."""
    letters = (each for each in unicodedata.normalize("NFKC", text) if unicodedata.category(each) != "Cf")
    plain = "".join(letters)
    depends = any(pattern.search(plain) for pattern in (_TIME, _PERSON, _PLACE))
    return any(map(str.isalnum, plain)) and not depends and not linked(text)


def folded(text: str) -> str:
    """Return `text` without what cannot change its meaning.

    That is the form of its letters (NFC), runs of white space outside of code, the case of its first letter,
    and one closing mark.
    """
    words = unicodedata.normalize("NFC", text).strip()
    if _LINE.fullmatch(words) or _LINES.fullmatch(words):
        words = " ".join(words.split())
        words = (_QUESTION_MARK if _ASKS.match(words) else _FULL_STOP).sub("", words)
    first = _FIRST_WORD.match(words)
    if first and first[0][1:].islower():
        words = words[0].lower() + words[1:]
    return words
