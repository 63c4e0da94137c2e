"""No secret can be read in what was masked, while it is being written neither, and nothing else is lost."""

from __future__ import annotations

import json
import re
import sysconfig
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.secrets import mask_secrets
from tests.secrets_as_pasted import SECRETS as AS_PASTED

WEB_TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.abc_123-456"
SECRET_KEY = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
PEM_LINES = [
    "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7",
    "VJTUt9Us8cKjMzEfYyjiWA4R4ypbHqGC0H0=",
    "QUJDRA==",
]

# A marker, what follows it, and how much of that can be read before it must be a secret.
SECRETS = [
    ("xoxb-", "1234567890-0987654321-aBcDeFgHiJ", 0),
    ("xoxp-", "1234567890-0987654321-aBcDeFgHiJ", 0),
    ("xoxe.xoxp-", "1-Mi0yLTEyMzQ1Njc4OTA", 0),
    ("xoxe-", "1-My0xLTEyMzQ1Njc4OTA", 0),
    ("xapp-", "1-A012345-0987654321-abcdef", 0),
    ("https://hooks.slack.com/services/", "T0AAA/B0BBB/aBcDeFgHiJkL", 0),
    ("https://hooks.slack.com/triggers/", "T0AAA/0987654321/aBcDeFgHiJkL", 0),
    ("AKIA", "IOSFODNN7EXAMPLE", 3),
    ("ASIA", "IOSFODNN7EXAMPLE", 3),
    ("ABSK", "QmVkcm9ja0FQSUtleS1leGFtcGxl", 7),
    ("bedrock-api-key-", "YmVkcm9jay5hbWF6b25hd3MuY29t", 0),
    ("ghp_", "16C7e42F292c6912E7710c838347Ae178B4a", 0),
    ("github_pat_", "11ABCDEFG0123456789_abcdefghij", 0),
    ("eyJ", WEB_TOKEN.removeprefix("eyJ"), 4),
    ("eyJ", "2IjoxfQ.eyJzdWIiOiJhZGEifQ.abc", 10),
    ("Bearer ", "a1b2c3d4-e5f6_g7h8.i9", 3),
    ("Bearer ", "opaque-token-without-any-digit", 15),
    ("authorization: bearer ", "a1b2c3d4-e5f6_g7h8.i9", 3),
    ("Authorization: Basic ", "YWRhOnNlY3JldDEyMw==", 10),
    ("Authorization: ", "a1b2c3d4e5f6a7b8c9d0", 7),
    ('"Authorization": "token ', "0123456789abcdef0123", 7),
    ("aws_secret_access_key = ", SECRET_KEY, 1),
    ("AWS_SECRET_ACCESS_KEY=", SECRET_KEY, 1),
    ('"SecretAccessKey": "', SECRET_KEY, 1),
    (r"\"secretAccessKey\": \"", SECRET_KEY, 1),
    ("Secret access key: ", SECRET_KEY, 1),
    ("AWS_SESSION_TOKEN=", "FwoGZXIvYXdzEJr/////wEaDEXAMPLE==", 1),
    ("x-amz-security-token:", "FwoGZXIvYXdzEJr/////wEaDEXAMPLE==", 1),
    ("X-Amz-Security-Token=", "FwoGZXIvYXdzEJr%2F%2FwEaDEXAMPLE", 1),
    ("-----BEGIN PRIVATE KEY-----\n", "\n".join(PEM_LINES), 0),
    ("-----BEGIN RSA PRIVATE KEY-----\r\n", "Proc-Type: 4,ENCRYPTED\r\n\r\n" + "\r\n".join(PEM_LINES), 11),
    ("-----BEGIN OPENSSH PRIVATE KEY-----\\n", "\\n".join(PEM_LINES), 0),
    ("-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n", "\n".join(PEM_LINES), 0),
    ("-----BEGIN EC PRIVATE KEY-----\n> ", "\n> ".join(PEM_LINES), 0),
    ("-----BEGIN PRIVATE KEY----- ", " ".join(PEM_LINES[:2]), 19),
]
KEYS = [each for each in SECRETS if "PRIVATE KEY" in each[0]]


@pytest.mark.parametrize(("marker", "secret", "_unclear"), [each for each in SECRETS if each not in KEYS])
@pytest.mark.parametrize(
    "around", ["{}", "see {} !", "`{}`", "_{}_", "**{}**", "키는 {}입니다", "키는{}을 쓰세요"]
)
def test_a_secret_is_cut_to_what_names_it(marker: str, secret: str, _unclear: int, around: str) -> None:
    """In Korean a particle follows without a space, and a name can precede without one."""
    shown = mask_secrets(around.format(marker + secret))

    assert marker + "***" in shown
    assert secret[-6:] not in shown


@pytest.mark.parametrize(("marker", "secret", "_unclear"), KEYS)
@pytest.mark.parametrize("around", ["{}", "`{}`", '"{}"', "key:\n```\n{}\n```\nDone."])
def test_a_private_key_is_cut_and_what_stands_around_it_is_left(
    marker: str, secret: str, _unclear: int, around: str
) -> None:
    end = f"\n-----END {marker.strip().partition(' ')[2].partition('-----')[0]}-----"

    assert mask_secrets(around.format(marker + secret + end)) == around.format(f"{marker}***{end}")
    assert mask_secrets(around.format(marker + secret)) == around.format(f"{marker}***")


@pytest.mark.parametrize(("marker", "secret", "unclear"), SECRETS)
def test_a_secret_stays_hidden_while_it_is_being_written(marker: str, secret: str, unclear: int) -> None:
    """All that can change is what may be the end of a line, or of a sentence."""
    hidden = re.compile(re.escape(f"It is {marker}***") + r"[.\s\\n>]*")
    grown = [mask_secrets(f"It is {marker}{secret[:end]}") for end in range(unclear + 1, len(secret) + 1)]

    assert [shown for shown in grown if not hidden.fullmatch(shown)] == []


def test_a_secret_key_is_found_beside_its_id() -> None:
    assert mask_secrets(f"AKIAIOSFODNN7EXAMPLE,{SECRET_KEY}\n") == "AKIA***\n"
    assert mask_secrets(f"AKIAIOSFODNN7EXAMPLE | {SECRET_KEY[:20]}") == "AKIA***"
    assert mask_secrets("AKIAIOSFODNN7EXAMPLE, an example") == "AKIA***, an example"


def test_the_end_of_a_private_key_is_found_without_its_beginning() -> None:
    cut = "so:\n" + "\n".join(PEM_LINES) + "\n-----END PRIVATE KEY-----\nand on"

    assert mask_secrets(cut) == "so:\n***\n***\n***\n-----END PRIVATE KEY-----\nand on"


def test_a_secret_is_found_right_behind_another() -> None:
    assert mask_secrets("AKIAIOSFODNN7EXAMPLExoxb-1234-abcd") == "AKIA***xoxb-***"


@pytest.mark.parametrize("before", [r"\n", r"\t", "key%20", "%0A"])
def test_a_secret_is_found_after_what_json_and_links_write_for_a_space(before: str) -> None:
    assert mask_secrets(f"{before}AKIAIOSFODNN7EXAMPLE.txt") == f"{before}AKIA***.txt"


def test_a_secret_is_found_in_a_line_of_json() -> None:
    said = json.dumps({"exception": f'{{"SecretAccessKey": "{SECRET_KEY}"}}\n{KEYS[0][0]}{KEYS[0][1]}'})

    shown = mask_secrets(said)
    assert SECRET_KEY not in shown
    assert not any(line in shown for line in PEM_LINES)
    assert json.loads(shown)


@pytest.mark.parametrize(
    "text",
    [
        "A bot token begins with xoxb- and an app token with `xapp-`.",
        "The xapp token, the xoxb token",
        "AKIA means an access key, ABSK a Bedrock key.",
        "a Bearer token, the bearer of bad news",
        "Send it as Authorization: Bearer <token>, or Authorization: required",
        "the authorization: administrators only",
        "aws_secret_access_key = ..., AWS_SESSION_TOKEN=value",
        "secret access key: something else; the session token: temporary",
        "ASIAN and ASIATIC, an ABSKEY",
        "boxoxb-1",
        "eyJuYW1lIjoiQWRhIn0= is base64, and eyJ begins it",
        "https://hooks.slack.com/services/… is a webhook",
        "A key begins with -----BEGIN PRIVATE KEY----- and ends with -----END PRIVATE KEY-----.",
        "```\n-----BEGIN PRIVATE KEY-----\n...\n-----END PRIVATE KEY-----\n```",
        "-----BEGIN PRIVATE KEY-----\n<your key>\n-----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nThen comes the key, and the end",
        "-----BEGIN CERTIFICATE-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\n-----END CERTIFICATE-----",
    ],
)
def test_talk_about_secrets_is_no_secret(text: str) -> None:
    assert mask_secrets(text) == text


@given(st.lists(st.sampled_from([*sum((each[:2] for each in SECRETS), ()), " ", "\n", ",", "a"]), max_size=8))
def test_masking_twice_changes_nothing_more(pieces: list[str]) -> None:
    text = "".join(pieces)

    assert mask_secrets(mask_secrets(text)) == mask_secrets(text)


def test_secrets_are_found_as_people_paste_them() -> None:
    """In settings, code, tables, diffs, commands, addresses, prose, in pieces and with marks between."""
    assert len(AS_PASTED) > 170
    assert [text for text, secret in AS_PASTED if secret in mask_secrets(text)] == []


def test_half_of_a_secret_is_not_readable_at_any_cut() -> None:
    """But where only what comes after it says what it was."""
    named_later = re.compile(r"https://\w{32}@|[0-9a-f]{32}-us[0-9]|[A-Za-z0-9+/]*\n[A-Za-z0-9+/]{64}\n")
    readable = [
        text
        for text, secret in AS_PASTED
        if not named_later.match(text)
        for cut in range(text.index(secret) + max(9, len(secret) // 2 + 1), len(text) + 1)
        if text[text.index(secret) : cut][: len(secret)] in mask_secrets(text[:cut])
    ]

    assert readable == []


@given(
    st.lists(st.sampled_from([text for text, _ in AS_PASTED]), min_size=1, max_size=3),
    st.sampled_from("\n ,|"),
)
def test_masking_what_people_paste_twice_changes_nothing_more(pasted: list[str], between: str) -> None:
    masked = mask_secrets(between.join(pasted))

    assert mask_secrets(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "API_KEY=YOUR_API_KEY, token: <token>, password=${DB_PASSWORD}, secret: {{ secret }}, pw: xxxxxxxx",
        "password: changeme", "password=********", "PASSWORD=<your password>", "token: your-token-here",
        "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "sk-your-api-key-here", "glpat-your_token_here",
        "AKIAXXXXXXXXXXXXXXXX", "postgres://user:password@host/db",
        "https://<user>:<password>@example.com", "curl -u user:password https://x",
        'password = get_password("db")', "password = os.environ['DB_PASSWORD']", "token: str",
        "token: str = get_token()", "def login(user: str, password: str | None = None) -> Token:",
        "api_key = settings.api_key", "secret = secrets.token_hex(16)",
        "if password != confirm_password: raise", "self.token = next(tokens)",
        "passwords: 8 to 64 characters", "token_type: bearer", "password_min_length = 12",
        "secret_name: prod-db-1", "max_tokens=4096, tokens: 1532",
        "the token bucket, a key value store", "비밀번호는 8자 이상이어야 합니다",
        "비밀번호를 잊어버렸어요", "토큰은 어디에 저장하나요?", "암호화 알고리즘은 무엇인가요?",
        "Authorization: Basic <credentials>", "basic understanding of bearer tokens",
        "http://localhost:8080/path?x=1@2", "| name | password |\n|---|---|\n| the user | required |",
        "password\nThe password of the user.",
        "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "commit 8f57a31d3c1b4a5e9f6071828394a5b6c7d8e9f0", "550e8400-e29b-41d4-a716-446655440000",
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
    ],
)  # fmt: skip
def test_placeholders_and_code_are_no_secrets(text: str) -> None:
    assert mask_secrets(text) == text


def test_ordinary_text_and_code_is_hardly_ever_masked() -> None:
    """In the standard library's modules about the net and security, and in what is written about Duet."""
    library = Path(sysconfig.get_path("stdlib"))
    names = (
        "argparse",
        "getpass",
        "hashlib",
        "hmac",
        "imaplib",
        "netrc",
        "secrets",
        "smtplib",
        "ssl",
        "tokenize",
        "uuid",
    )
    paths = [
        *(library / f"{name}.py" for name in names),
        *(library / "http").glob("*.py"),
        *(library / "urllib").glob("*.py"),
    ]
    lines = [line for path in paths for line in path.read_text().splitlines()]
    lines += [
        line
        for path in Path(__file__).parents[2].glob("docs/**/*.md")
        for line in path.read_text().splitlines()
    ]
    masked = mask_secrets("\n".join(lines)).split("\n")

    assert len(lines) > 10_000
    assert sum(one != other for one, other in zip(lines, masked, strict=True)) <= 5 * len(lines) // 10_000
