"""Settings are read once, and all that is wrong with them is said at once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.settings import NAMES, Settings, SettingsError, read, unknown

BOT, APP = "xoxb-1-secret", "xapp-1-secret"
TOKENS = {"SLACK_BOT_TOKEN": BOT, "SLACK_APP_TOKEN": APP}

# Names that others set: shells, desktops, systemd, Heroku, Kubernetes, CI, and programs beside the bot.
USUAL = """
_ BASH_ENV BASH_FUNC_which%% COLORTERM CONDA_DEFAULT_ENV CONDA_PREFIX DBUS_SESSION_BUS_ADDRESS DISPLAY
EDITOR ENV GPG_AGENT_INFO HISTFILE HISTSIZE HOME HOSTNAME HOSTTYPE LANG LC_ALL LC_CTYPE LESS LESSOPEN
LOGNAME LS_COLORS MAIL OLDPWD PAGER PATH PS1 PWD SHELL SHLVL SSH_AUTH_SOCK SSH_CLIENT SSH_CONNECTION SSH_TTY
TERM TERM_PROGRAM TMPDIR TMUX TZ USER VIRTUAL_ENV VISUAL WAYLAND_DISPLAY XAUTHORITY XDG_CONFIG_HOME
XDG_DATA_DIRS XDG_RUNTIME_DIR XDG_SESSION_ID __CF_USER_TEXT_ENCODING Apple_PubSub_Socket_Render CARGO_HOME
GOPATH JAVA_HOME NODE_ENV NVM_DIR PIP_CACHE_DIR PYTHONPATH PYTHONUNBUFFERED RUST_LOG CREDENTIALS_DIRECTORY
INVOCATION_ID JOURNAL_STREAM LISTEN_FDS MAINPID NOTIFY_SOCKET STATE_DIRECTORY SYSTEMD_EXEC_PID WATCHDOG_USEC
DATABASE_URL DYNO HEROKU_APP_NAME PORT REDIS_TLS_URL REDIS_URL STACK WEB_CONCURRENCY
KUBERNETES_PORT_443_TCP_ADDR KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT METRICS_ADDR NAMESPACE POD_NAME
BUILD_NUMBER CI CI_COMMIT_SHA GITHUB_ACTIONS GITHUB_REF GITHUB_TOKEN GITHUB_WORKSPACE GITLAB_CI JENKINS_URL
RUNNER_OS CURL_CA_BUNDLE HTTP_PROXY HTTPS_PROXY NO_PROXY REQUESTS_CA_BUNDLE SSL_CERT_FILE https_proxy
AWS_REGIONS AWS_ROLE_ARN AWS_WEB_IDENTITY_TOKEN_FILE OTEL_SERVICE_NAME SLACK_CLIENT_ID SLACK_SIGNING_SECRET
SLACK_WEBHOOK_URL ADMIN_EMAIL ALLOWED_HOSTS ANTHROPIC_API_KEY BEDROCK_MODEL_ID CACHE_DIR CACHE_URL DEBUG
LOG_DIR LOG_FILE MODEL_ID OPENAI_API_KEY SECRET_KEY SENTRY_DSN SLACK_USER_TOKEN STORE_PATH VERBOSE
"""


def problems_with(**env: str) -> list[str]:
    return read({**TOKENS, **env})[1]


def test_two_tokens_are_enough() -> None:
    settings, problems = read(TOKENS)

    assert problems == []
    assert settings == Settings(BOT, APP)
    assert settings.slack_api_url == "https://slack.com/api/"
    assert (settings.aws_region, settings.micro_model_id, settings.pro_model_id) == (None, None, None)
    assert (settings.ack_deadline, settings.idle_timeout, settings.shutdown_grace) == (1.5, 20.0, 20.0)
    assert (settings.max_live_answers, settings.log_level) == (100, "INFO")


def test_everything_can_be_set() -> None:
    settings, problems = read(
        {
            **TOKENS,
            "SLACK_API_URL": "http://127.0.0.1:8080/api/",
            "AWS_REGION": " ap-northeast-2 ",
            "MICRO_MODEL_ID": "micro",
            "PRO_MODEL_ID": "arn:aws:bedrock:us-east-1:1:inference-profile/pro",
            "ACK_DEADLINE": "0.8",
            "IDLE_TIMEOUT": "30",
            "MAX_LIVE_ANSWERS": "7",
            "SHUTDOWN_GRACE": "0",
            "DAILY_BUDGET_USD": "12.50",
            "USER_DAILY_BUDGET_USD": "0.25",
            "USER_QUESTIONS_PER_MINUTE": "6",
            "ADMIN_USERS": "U1,U2",
            "CACHE_TTL": "3600",
            "KEEP_DAYS": "30",
            "KEEP_TEXT": "true",
            "PRICES_FILE": "prices.json",
            "REDACT": "phone, Email",
            "METRICS_PORT": "9464",
            "LOG_LEVEL": "debug",
            "LOG_FORMAT": "json",
        }
    )

    assert problems == []
    assert settings == Settings(
        BOT,
        APP,
        slack_api_url="http://127.0.0.1:8080/api/",
        aws_region="ap-northeast-2",
        micro_model_id="micro",
        pro_model_id="arn:aws:bedrock:us-east-1:1:inference-profile/pro",
        ack_deadline=0.8,
        idle_timeout=30.0,
        max_live_answers=7,
        shutdown_grace=0.0,
        daily_budget_usd=Decimal("12.50"),
        user_daily_budget_usd=Decimal("0.25"),
        user_questions_per_minute=6,
        admin_users=("U1", "U2"),
        cache_ttl=3600.0,
        keep_days=30,
        keep_text=True,
        prices_file="prices.json",
        redact=("email", "phone"),
        metrics_port=9464,
        log_level="DEBUG",
        log_format="json",
    )


def test_blank_values_count_as_not_set() -> None:
    blank = dict.fromkeys(
        ("SLACK_API_URL", "AWS_REGION", "MICRO_MODEL_ID", "ACK_DEADLINE", "MAX_LIVE_ANSWERS", "LOG_LEVEL"),
        " ",
    )

    assert read({**TOKENS, **blank}) == read(TOKENS)


def test_either_name_of_the_region_is_read() -> None:
    assert read({**TOKENS, "AWS_DEFAULT_REGION": "eu-west-1"})[0].aws_region == "eu-west-1"
    both = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "eu-west-1"}
    assert read({**TOKENS, **both})[0].aws_region == "us-east-1"


def test_all_that_is_wrong_is_said_at_once() -> None:
    names = [
        "SLACK_API_URL",
        "ACK_DEADLINE",
        "IDLE_TIMEOUT",
        "MAX_LIVE_ANSWERS",
        "SHUTDOWN_GRACE",
        "LOG_LEVEL",
    ]
    _, problems = read(dict.fromkeys(names, "wrong"))

    assert [problem.split()[0] for problem in problems] == ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", *names]
    assert all(problem.endswith(".") for problem in problems)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACK_DEADLINE", "0.001"),
        ("ACK_DEADLINE", "86400"),
        ("CACHE_TTL", "0"),
        ("CACHE_TTL", "604800"),
        ("DAILY_BUDGET_USD", "12.50"),
        ("DAILY_BUDGET_USD", "0.000000001"),
        ("USER_DAILY_BUDGET_USD", "1"),
        ("USER_QUESTIONS_PER_MINUTE", "1"),
        ("ADMIN_USERS", "U012AB3CD, W1"),
        ("ALLOW_BOTS", "B012AB3CD, A1 U1,W1"),
        ("KEEP_DAYS", "1"),
        ("KEEP_TEXT", "TRUE"),
        ("METRICS_PORT", "65535"),
        ("LOG_FORMAT", "JSON"),
        ("IDLE_TIMEOUT", "1e1"),
        ("SHUTDOWN_GRACE", "0"),
        ("SHUTDOWN_GRACE", "0.0"),
        ("MAX_LIVE_ANSWERS", "1"),
        ("MAX_LIVE_ANSWERS", "1000"),
        ("SLACK_EDITS_PER_MINUTE", "10000"),
        ("LOG_LEVEL", "WARNING"),
        ("SLACK_API_URL", "https://slack-gov.com/api/"),
    ],
)
def test_a_value_within_its_bounds_is_taken(name: str, value: str) -> None:
    assert problems_with(**{name: value}) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ACK_DEADLINE", "0"),
        ("ACK_DEADLINE", "-1"),
        ("ACK_DEADLINE", "86401"),
        ("ACK_DEADLINE", "nan"),
        ("ACK_DEADLINE", "inf"),
        ("ACK_DEADLINE", "soon"),
        ("IDLE_TIMEOUT", "0"),
        ("IDLE_TIMEOUT", "1,5"),
        ("SHUTDOWN_GRACE", "-1"),
        ("SHUTDOWN_GRACE", "-0.5"),
        ("MAX_LIVE_ANSWERS", "0"),
        ("MAX_LIVE_ANSWERS", "1001"),
        ("SLACK_EDITS_PER_MINUTE", "10001"),
        ("MAX_LIVE_ANSWERS", "-1"),
        ("MAX_LIVE_ANSWERS", "1.5"),
        ("MAX_LIVE_ANSWERS", "٣"),
        ("MAX_LIVE_ANSWERS", "9" * 5_000),
        ("LOG_LEVEL", "VERBOSE"),
        ("CACHE_TTL", "2592001"),
        ("DAILY_BUDGET_USD", "0"),
        ("DAILY_BUDGET_USD", "0.0000000001"),
        ("DAILY_BUDGET_USD", "$5"),
        ("USER_DAILY_BUDGET_USD", "-1"),
        ("USER_DAILY_BUDGET_USD", "1e3"),
        ("USER_QUESTIONS_PER_MINUTE", "0"),
        ("KEEP_DAYS", "0"),
        ("KEEP_TEXT", "yes"),
        ("METRICS_PORT", "65536"),
        ("LOG_FORMAT", "xml"),
        ("SLACK_API_URL", "slack.com/api"),
        ("SLACK_API_URL", "ftp://slack.com/api"),
        ("SLACK_API_URL", "https://"),
        ("SLACK_API_URL", "https://[slack.com/api"),
    ],
)
def test_a_value_out_of_its_bounds_is_complained_about(name: str, value: str) -> None:
    (problem,) = problems_with(**{name: value})

    assert problem.startswith(f"{name} must be ")
    assert repr(value) in problem


@pytest.mark.parametrize("url", ["mysql://duet:s3cret@host/db", "s3cret", "redis://", "sqlite:///"])
def test_a_store_that_is_none_is_complained_about_without_its_password(url: str) -> None:
    (problem,) = problems_with(STORE_URL=url)

    assert problem.startswith("STORE_URL must be an address like sqlite:///")
    assert "s3cret" not in problem


def test_admins_are_named_by_their_ids_and_strangers_among_them_are_told() -> None:
    assert read({**TOKENS, "ADMIN_USERS": "U012AB3CD, W1"})[0].admin_users == ("U012AB3CD", "W1")
    (problem,) = problems_with(ADMIN_USERS="U1, @ada, C012AB3CD")

    assert problem.startswith("ADMIN_USERS must list member ids")
    assert problem.endswith("and has '@ada', 'C012AB3CD'.")


def test_bots_that_may_ask_are_named_by_their_ids_and_what_is_none_is_told() -> None:
    assert read({**TOKENS, "ALLOW_BOTS": "B1, A1"})[0].allow_bots == ("B1", "A1")
    (problem,) = problems_with(ALLOW_BOTS="all, C012AB3CD")

    assert problem.startswith("ALLOW_BOTS must list ids like B012AB3CD")
    assert problem.endswith("and has 'all', 'C012AB3CD'.")


def test_what_is_to_be_redacted_is_listed_and_unknown_words_are_told() -> None:
    assert read({**TOKENS, "REDACT": "rrn,SSN card"})[0].redact == ("card", "rrn", "ssn")
    (problem,) = problems_with(REDACT="email, name, address")

    assert problem == (
        "REDACT must list some of email, card, rrn, ssn, phone, iban, passport, and has 'name', 'address'."
    )


def test_swapped_tokens_are_told_apart() -> None:
    bot, app = problems_with(SLACK_BOT_TOKEN=APP, SLACK_APP_TOKEN=BOT)

    assert bot.startswith("SLACK_BOT_TOKEN must begin with xoxb-, and it is xapp.")
    assert app.startswith("SLACK_APP_TOKEN must begin with xapp-, and it is xoxb.")


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("xoxp-1-secret", "xoxp"),
        ("xoxe.xoxb-1-secret", "xoxe.xoxb"),
        ("secret", "something else"),
        ("AKIAIOSFODNN7EXAMPLE", "something else"),
    ],
)
def test_a_wrong_token_is_named_by_its_kind(value: str, kind: str) -> None:
    (problem,) = problems_with(SLACK_BOT_TOKEN=value)

    assert f"it is {kind}." in problem


@pytest.mark.parametrize("value", [APP, "xoxp-1-secret", "secret", "xoxbsecret", "xappsecret"])
def test_no_complaint_repeats_a_token(value: str) -> None:
    (problem,) = problems_with(SLACK_BOT_TOKEN=value)

    assert "secret" not in problem


def test_a_missing_token_says_where_to_get_it() -> None:
    bot, app = read({})[1]

    assert bot.startswith("SLACK_BOT_TOKEN is missing")
    assert "OAuth & Permissions" in bot
    assert app.startswith("SLACK_APP_TOKEN is missing")
    assert "connections:write" in app


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SLACK_EDIT_PER_MINUTE", "SLACK_EDITS_PER_MINUTE"),
        ("SLACK_API_TOKEN", "SLACK_APP_TOKEN"),
        ("SLACK_BOTTOKEN", "SLACK_BOT_TOKEN"),
        ("FOLOW_THREADS", "FOLLOW_THREADS"),
        ("LOGLEVEL", "LOG_LEVEL"),
        ("log_level", "LOG_LEVEL"),
        ("STORE_URI", "STORE_URL"),
        ("DAILY_BUDGET", "DAILY_BUDGET_USD"),
        ("PRO_MODEL", "PRO_MODEL_ID"),
        ("LANGAUGE", "LANGUAGE"),
        ("ALLOWED_USER", "ALLOWED_USERS"),
    ],
)
def test_a_misspelt_name_is_told_with_the_right_one(name: str, meant: str) -> None:
    assert unknown([name, "HOME"], []) == unknown([], [name]) == {name: meant}


def test_in_a_usual_environment_nothing_is_misspelt() -> None:
    assert unknown([*USUAL.split(), *NAMES], []) == {}


def test_in_the_file_env_every_name_is_told_that_nobody_reads() -> None:
    strangers = {"PASSWORD": None, "SLACK_SIGNING_SECRET": None, "APP_TOKEN": "SLACK_APP_TOKEN"}
    read_by_others = ["AWS_PROFILE", "OTEL_SERVICE_NAME", "HTTPS_PROXY", "no_proxy", "SSL_CERT_FILE"]

    assert unknown(["PASSWORD"], [*NAMES, *read_by_others, *strangers]) == strangers


def test_printed_settings_show_no_token() -> None:
    assert "secret" not in repr(read(TOKENS)[0])


def test_an_error_reads_as_its_problems() -> None:
    error = SettingsError(["One.", "Two."])

    assert (str(error), error.problems) == ("One. Two.", ["One.", "Two."])
