"""The words of the playground's scripted model, in English and in Korean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Lines:
    """What it says in one language. Slots in braces are filled by `script`."""

    stand_in: str
    acknowledgement: str
    acknowledgement_of: str
    acknowledgement_quoting: str
    follow_up: str
    given: str
    given_medium: str
    given_text: str
    media: Mapping[str, str]
    answer: str
    chapter: str
    chapter_titles: tuple[str, ...]
    closing: str
    topics: Mapping[str, str]
    leading_on: Mapping[str, str]
    """Questions of which each is answered by the topic of that name."""


_CHAPTER_CODE = """\
```python
def chapter_{number}(claims: list[str]) -> list[str]:
    \"\"\"Keep what chapter {number} can show; hand the rest on to the next one.\"\"\"
    shown, open_claims = [], []
    for claim in claims:
        (shown if claim.endswith(".") else open_claims).append(claim)
    print("chapter {number}:", len(shown), "shown,", len(open_claims), "open")
    return open_claims


def test_chapter_{number}_hands_on_what_it_cannot_show():
    assert chapter_{number}(["It works.", "Does it scale?"]) == ["Does it scale?"]
```"""

ENGLISH = Lines(
    stand_in="*I am the playground's scripted model: a stand-in for Nova, no AI.*",
    acknowledgement="I understand your question and am preparing a detailed answer!",
    acknowledgement_of="I understand your question about {subject} and am preparing a detailed answer!",
    acknowledgement_quoting="I understand your question “{subject}” and am preparing a detailed answer!",
    follow_up="This is question {number} of a conversation that began with “{first}”.",
    given="This came with your question:",
    given_medium="{kind} ({format}, {size:.1f} kB)",
    given_text="{medium}, which begins: `{line}`",
    media={"image": "image", "document": "document", "video": "video"},
    answer="""\
## “{subject}”

With an AWS account, Nova Pro would answer this here. I only know **Duet**, so I show you the shape \
in which an answer arrives, and how a question like yours is usually taken apart:

1. **Say what is known.** Write down the facts and where each one comes from.
2. **Find the smallest example.** It should fit on one screen and still show the problem.
3. **Change one thing at a time**, and keep the result of every step.
4. **Check the answer** against a source that you did not use to find it.

## What to look at first

Three of these steps decide whether the rest is worth its time:

| Step | Ask yourself | Done when |
|---|---|---|
| Facts | What have I seen myself? | Each has a source |
| Example | Can a colleague run it? | It fails for them too |
| Change | What do I expect to see? | The result is written down |

The same idea in code, as short as it can be said:

```python
def investigate(question: str, ideas: list[str]) -> str | None:
    for idea in ideas:  # the most likely one first
        if explains(idea, question):
            return idea
    return None  # that, too, is an answer
```

- Ask me for a **long** answer to watch one go on in further messages, or for **Markdown** to see all of it.
- Ask me *what Duet is*, *why it writes two messages*, *what an answer costs* or *how to connect a real \
Slack*: those I can answer.""",
    chapter=f"""\
## {{number}}. {{title}}

This is chapter {{number}} of a long answer to “{{subject}}”. A script wrote it, so read it for its length: \
watch how the message grows, how it is divided where a paragraph ends, and how the answer goes on in the \
next message with its code blocks whole.

- **Keep** what the chapters before this one have settled.
- **Ask** what is still open after chapter {{number}}, and who could know it.
- **Write** the result down in one sentence that a newcomer understands.

{_CHAPTER_CODE}""",
    chapter_titles=("The goal", "The words", "The parts", "The limits", "The faults", "The proof"),
    closing="That was the last chapter: the answer is complete.",
    topics={
        "what": """\
## What Duet is

Duet is a Slack bot that never leaves people waiting. Every question goes to **two** Amazon Bedrock models \
at the same moment:

1. **Nova Micro** says in one sentence that the question was understood, usually in under a second.
2. **Nova Pro** writes the detailed answer; it grows in a second message while it is being written.

Mention it in a channel, write to it in a direct message, or type `/ask`. It answers in a thread, in the \
language of the question.

What you see now is its *playground*: the real bot against a Slack and a Bedrock on your own machine, \
without an account. Go on with *why two messages?*, *how does it stay inside Slack's rate limits?*, \
*what does an answer cost?* or *how do I connect a real Slack?*""",
        "two": """\
## Why two messages

A thorough answer takes several seconds, and silence feels like a failure.

- The **first message** is Nova Micro's: one sentence, there in about a second. You know that you were heard.
- The **second message** is Nova Pro's: the answer itself, which grows while it is being written.

Both models get the question at the same moment, so the first costs the second no time. If Nova Micro is \
late, a prepared sentence takes its place. The answer never overwrites the acknowledgement, so no edit of \
the one can delay the other.""",
        "limits": """\
## How Duet stays inside Slack's rate limits

Slack allows about **50 edits a minute** (`chat.update`) for a whole workspace, and about one new message \
a second in a channel. Many answers growing at once would use that up at once, so they share **one budget**:

1. **The last edit is reserved.** A finished answer is shown whole, however many others are being written.
2. **The newest text wins.** Edits are not queued; when a message's turn comes it shows what is true then.
3. **Whoever is furthest behind comes first**, and a quiet workspace gets edits more often than a busy one.
4. **A 429 is a deadline.** Duet waits as long as `Retry-After` says, then sends the newest text.""",
        "connect": """\
## How to connect a real Slack and AWS

1. On <https://api.slack.com/apps> choose *Create New App*, *From a manifest*, and paste `manifest.yml`.
2. Install the app to your workspace and copy its bot token (`xoxb-…`). Under *Basic Information* make an \
app-level token with `connections:write` (`xapp-…`).
3. Copy `.env.example` to `.env` and fill in both tokens and your AWS region.
4. Give AWS credentials that allow `bedrock:InvokeModel` and `bedrock:InvokeModelWithResponseStream` on \
Nova Micro and Nova Pro.
5. Start it and invite it to a channel:

```sh
cp .env.example .env
python -m bot
```

It uses Socket Mode, so it needs no public address.""",
        "cost": """\
## What an answer costs

Under **$0.002**, with both models together. For a question of 50 tokens and an answer of 500:

| Model | Price per million tokens, in / out | This question |
|---|---|---|
| Nova Micro | $0.035 / $0.14 | under $0.00001 |
| Nova Pro | $0.80 / $3.20 | about $0.0016 |

Nearly all of it is the text that Nova Pro writes; a long thread before the question adds to it. Slack's \
side costs nothing, and here in the playground nothing costs anything. (Prices of US regions.)""",
        "markdown": """\
# Every Markdown feature

A heading has one to three signs; this is **bold**, *italic*, ~~struck out~~, `code` and \
[a link](https://docs.slack.dev/reference/block-kit/blocks/markdown-block).

## Lists

- one point
    - and one within it
- another point

1. first
2. second

- [x] a task that is done
- [ ] a task that is open

### A quotation

> What is worth saying once
> can be quoted twice.

---

## A table

| Left | Middle | Right |
|:---|:---:|---:|
| mention | `app_mention` | 1 |
| edit | `chat.update` | 50 |

## Code in several languages

```python
def first_words(seconds: float) -> str:
    return "on time" if seconds < 2 else f"late by {seconds - 2:.1f} s"
```

```sql
SELECT channel, count(*) AS questions FROM asked GROUP BY channel ORDER BY questions DESC;
```

```json
{"text": "Hello", "thread_ts": "1795664924.038031", "final": true}
```

```sh
python -m bot playground --port 8080  # the page, at another port
```

```diff
- wait for the whole answer
+ show it as it grows
```""",
        "thread": """\
## How to follow up

Mention Duet again **in the thread** of its answer. It reads what was said there before, so you can write \
*and in Python?* without repeating yourself. In a direct message no mention is needed.

- What is new in the thread, from colleagues too, is part of the conversation.
- A new message outside of the thread begins a new conversation.""",
    },
    leading_on={
        "two": "Why are there two messages?",
        "limits": "How does Duet keep to Slack's rate limits?",
        "cost": "What does an answer cost?",
        "connect": "How do I connect Duet to my own Slack?",
        "markdown": "Which Markdown can Slack show?",
    },
)

KOREAN = Lines(
    stand_in=(
        "*저는 플레이그라운드의 각본 모델(the playground's scripted model)입니다. "
        "AI가 아니라 Nova의 대역입니다.*"
    ),
    acknowledgement="질문을 이해했으며, 상세한 답변을 준비하고 있습니다!",
    acknowledgement_of="{subject}에 대한 질문을 이해했으며, 상세한 답변을 준비하고 있습니다!",
    acknowledgement_quoting="“{subject}”라는 질문을 이해했으며, 상세한 답변을 준비하고 있습니다!",
    follow_up="“{first}”(으)로 시작된 대화의 {number}번째 질문입니다.",
    given="질문과 함께 받은 것은 다음과 같습니다.",
    given_medium="{kind} ({format}, {size:.1f} kB)",
    given_text="{medium}, 첫 줄: `{line}`",
    media={"image": "이미지", "document": "문서", "video": "동영상"},
    answer="""\
## “{subject}”

AWS 계정을 연결하면 이 자리에 Nova Pro의 답변이 표시됩니다. 저는 **Duet**만 알기 때문에, 답변이 어떤 \
모습인지와 이런 질문을 다루는 순서를 보여 드립니다.

1. **아는 것을 적습니다.** 사실마다 출처를 남깁니다.
2. **가장 작은 예제를 찾습니다.** 한 화면에 들어와야 합니다.
3. **한 번에 하나만 바꿉니다.** 결과를 매번 기록합니다.
4. **다른 출처로 확인합니다.**

## 먼저 살펴볼 것

| 단계 | 스스로 묻기 | 완료 기준 |
|---|---|---|
| 사실 | 직접 본 것인가? | 출처가 있음 |
| 예제 | 동료도 실행되는가? | 똑같이 재현됨 |
| 변경 | 무엇을 예상하는가? | 결과를 기록함 |

```python
def investigate(question: str, ideas: list[str]) -> str | None:
    for idea in ideas:  # the most likely one first
        if explains(idea, question):
            return idea
    return None
```

- **길게** 답해 달라고 하시면 답변이 다음 메시지로 이어지고, **마크다운**을 물으시면 모든 서식을 보여 \
드립니다.
- *Duet이 무엇인지*, *왜 메시지가 두 개인지*, *비용이 얼마인지*, *실제 Slack에 어떻게 연결하는지*도 \
물어보세요.""",
    chapter=f"""\
## {{number}}. {{title}}

“{{subject}}”에 대한 긴 답변의 {{number}}장입니다. 각본이므로 내용보다 길이를 봐 주세요. 메시지가 자라다가 \
문단이 끝나는 곳에서 나뉘고, 코드 블록은 온전한 채로 다음 메시지에 이어집니다.

- 앞 장에서 정한 것은 **유지**합니다.
- {{number}}장 뒤에도 남은 것을 **질문**합니다.

{_CHAPTER_CODE}""",
    chapter_titles=("목표", "용어", "구성", "한계", "장애", "증명"),
    closing="마지막 장까지 모두 답변했습니다.",
    topics={
        "what": """\
## Duet이란

Duet은 사람을 기다리게 하지 않는 Slack 봇입니다. 질문 하나를 Amazon Bedrock의 **두 모델**에 동시에 보냅니다.

1. **Nova Micro**가 질문을 이해했다고 한 문장으로 알립니다. 보통 1초가 걸리지 않습니다.
2. **Nova Pro**가 상세한 답변을 씁니다. 쓰는 동안 두 번째 메시지가 점점 길어집니다.

채널에서 멘션하거나, 다이렉트 메시지를 보내거나, `/ask`를 입력하세요. 질문의 언어로, 스레드에서 답합니다.

지금 보시는 곳은 *플레이그라운드*입니다. 계정 없이, 내 컴퓨터의 Slack과 Bedrock 대역에 실제 봇이 연결되어 \
있습니다. *왜 메시지가 두 개야?*, *Slack 속도 제한은 어떻게 지켜?*, *답변 비용은 얼마야?*, *실제 Slack에 \
어떻게 연결해?* 하고 이어서 물어보세요.""",
        "two": """\
## 메시지가 두 개인 이유

충실한 답변에는 몇 초가 걸리고, 그동안 아무 반응이 없으면 고장처럼 보입니다.

- **첫 번째 메시지**는 Nova Micro의 한 문장입니다. 1초쯤이면 질문이 전달되었음을 알 수 있습니다.
- **두 번째 메시지**는 Nova Pro의 답변입니다. 쓰는 동안 점점 길어집니다.

두 모델이 질문을 동시에 받으므로 첫 문장 때문에 답변이 늦어지지 않습니다. Nova Micro가 늦으면 준비된 문장이 \
대신 나갑니다. 답변은 첫 메시지를 덮어쓰지 않습니다.""",
        "limits": """\
## Slack 속도 제한을 지키는 방법

Slack은 워크스페이스 전체에 **분당 약 50번의 수정**(`chat.update`), 채널마다 초당 약 1개의 새 메시지를 \
허용합니다. 그래서 모든 답변이 **예산 하나**를 나누어 씁니다.

1. **마지막 수정은 예약됩니다.** 다른 답변이 아무리 많아도 끝난 답변은 바로 전체가 보입니다.
2. **가장 새로운 글만 보냅니다.** 수정을 줄 세우지 않고, 차례가 왔을 때의 글을 보여 줍니다.
3. **가장 뒤처진 메시지가 먼저입니다.** 한가할수록 자주 수정합니다.
4. **429는 기한입니다.** `Retry-After`만큼 기다렸다가 가장 새로운 글을 보냅니다.""",
        "connect": """\
## 실제 Slack과 AWS에 연결하기

1. <https://api.slack.com/apps> 에서 *Create New App*, *From a manifest*를 골라 `manifest.yml`을 \
붙여 넣습니다.
2. 워크스페이스에 설치하고 봇 토큰(`xoxb-…`)을 복사합니다. *Basic Information*에서 `connections:write` \
권한의 앱 토큰(`xapp-…`)을 만듭니다.
3. `.env.example`을 `.env`로 복사해 두 토큰과 AWS 리전을 적습니다.
4. Nova Micro와 Nova Pro에 `bedrock:InvokeModel`, `bedrock:InvokeModelWithResponseStream` 권한이 있는 \
AWS 자격 증명을 준비합니다.
5. 실행하고 채널에 초대합니다.

```sh
cp .env.example .env
python -m bot
```

Socket Mode를 쓰므로 공개 주소는 필요 없습니다.""",
        "cost": """\
## 답변 하나의 비용

두 모델을 합쳐 **$0.002 미만**입니다. 질문 50토큰, 답변 500토큰이라면 다음과 같습니다.

| 모델 | 100만 토큰당 입력 / 출력 | 이 질문 |
|---|---|---|
| Nova Micro | $0.035 / $0.14 | $0.00001 미만 |
| Nova Pro | $0.80 / $3.20 | 약 $0.0016 |

대부분은 Nova Pro가 쓰는 글의 값이며, 질문 앞의 스레드가 길면 늘어납니다. 플레이그라운드에서는 비용이 들지 \
않습니다. (미국 리전 가격)""",
        "markdown": """\
# 마크다운의 모든 서식

제목은 `#` 하나에서 셋까지 쓸 수 있습니다. 그 밖에 **굵게**, *기울임*, ~~취소선~~, `코드`, \
[링크](https://docs.slack.dev/reference/block-kit/blocks/markdown-block)가 있습니다.

## 목록

- 항목 하나
    - 그 안의 항목
- 다른 항목

1. 첫째
2. 둘째

- [x] 끝난 일
- [ ] 남은 일

### 인용

> 한 번 말할 가치가 있는 것은
> 두 번 인용할 수 있습니다.

---

## 표

| 왼쪽 | 가운데 | 오른쪽 |
|:---|:---:|---:|
| 멘션 | `app_mention` | 1 |
| 수정 | `chat.update` | 50 |

## 여러 언어의 코드

```python
def 첫마디(초: float) -> str:
    return "제때" if 초 < 2 else f"{초 - 2:.1f}초 늦음"
```

```sql
SELECT channel, count(*) AS questions FROM asked GROUP BY channel ORDER BY questions DESC;
```

```json
{"text": "안녕하세요", "thread_ts": "1795664924.038031", "final": true}
```

```sh
python -m bot playground --port 8080  # 다른 포트에서 페이지를 엽니다
```

```diff
- 답변이 끝날 때까지 기다린다
+ 자라는 대로 보여 준다
```""",
        "thread": """\
## 이어서 질문하기

답변이 달린 **스레드에서 Duet을 다시 멘션**하세요. 앞의 대화를 읽으므로 *파이썬으로는?* 처럼 짧게 물어도 \
됩니다. 다이렉트 메시지에서는 멘션이 필요 없습니다.

- 동료가 스레드에 쓴 글도 대화에 포함됩니다.
- 스레드 밖의 새 메시지는 새 대화를 시작합니다.""",
    },
    leading_on={
        "two": "왜 메시지가 두 개인가요?",
        "limits": "Duet은 Slack의 호출 제한을 어떻게 지키나요?",
        "cost": "답변 하나의 비용은 얼마인가요?",
        "connect": "Duet을 우리 Slack에 어떻게 연결하나요?",
        "markdown": "Slack은 어떤 마크다운을 보여 주나요?",
    },
)
