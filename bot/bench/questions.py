"""A hundred questions as people ask them: short, complex, Korean, repeated, and in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice

_STATUSES = (
    200,
    201,
    204,
    301,
    304,
    400,
    401,
    403,
    404,
    405,
    409,
    410,
    413,
    415,
    422,
    429,
    500,
    502,
    503,
    504,
)
_CHOICES = (
    ("PostgreSQL", "MySQL", "a booking system"),
    ("Kafka", "Amazon SQS", "order events"),
    ("REST", "gRPC", "internal services"),
    ("Kubernetes", "Amazon ECS", "a team of five"),
    ("Redis", "Memcached", "session data"),
    ("Terraform", "AWS CDK", "many accounts"),
    ("trunk-based development", "long-lived branches", "a mobile app"),
    ("server-side rendering", "a single-page app", "a web shop"),
    ("a monolith", "microservices", "a young product"),
    ("feature flags", "canary releases", "risky changes"),
)
_SUBJECTS = (
    "파이썬의 전역 인터프리터 락",
    "데이터베이스 인덱스",
    "낙관적 잠금",
    "메시지 큐의 멱등성",
    "블루-그린 배포",
    "HTTP 캐시 헤더",
    "서킷 브레이커",
    "쿠버네티스의 프로브",
    "이벤트 소싱",
    "정규화와 비정규화",
)
_FOLLOW_UPS = (
    "And what would you watch for in production?",
    "Can you give me a short example?",
    "What changes if we have ten times the load?",
    "실무에서는 어떻게 적용하나요?",
)


@dataclass(frozen=True)
class Asked:
    """A question, and about how many tokens its answer takes.

    `follows` is the number of the question in whose thread it is asked.
    """

    text: str
    tokens: int
    follows: int | None = None


def hundred() -> list[Asked]:
    """The questions, in the order in which they are asked."""
    short = [Asked(f"What does the HTTP status {status} mean?", 130) for status in _STATUSES]
    short += [Asked(f"When does a client see HTTP {status}?", 150) for status in _STATUSES]
    complex_ones = [
        Asked(f"Compare {one} and {other} for {purpose}: costs, failure modes, and what you recommend.", 500)
        for one, other, purpose in _CHOICES
    ]
    complex_ones += [
        Asked(f"How would you move {purpose} from {other} to {one} without downtime, step by step?", 480)
        for one, other, purpose in _CHOICES
    ]
    korean = [Asked(f"{subject}에 대해 예를 들어 설명해 주세요.", 350) for subject in _SUBJECTS]
    korean += [Asked(f"{subject}의 장단점은 무엇인가요?", 300) for subject in _SUBJECTS]
    first = [one for kinds in zip(short[:20], short[20:], complex_ones, korean, strict=True) for one in kinds]
    follow_ups = [
        Asked(text, 220, follows=number * 4 + 2) for number, text in enumerate(islice(cycle(_FOLLOW_UPS), 10))
    ]
    repeated = [
        Asked(f" {first[number * 5].text.replace(' ', '  ')} ", first[number * 5].tokens)
        for number in range(10)
    ]
    return [*first, *(one for pair in zip(follow_ups, repeated, strict=True) for one in pair)]
