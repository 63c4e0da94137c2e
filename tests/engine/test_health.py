"""What is known of this process: whether it hears questions and can answer them."""

from __future__ import annotations

import pytest

from bot.core.errors import Fault, ModelError, StoreError
from bot.engine.health import Health

EXPIRED = ModelError(Fault.NOT_SET_UP, "ExpiredTokenException")


@pytest.fixture
def now() -> list[float]:
    return [0.0]


@pytest.fixture
def health(now: list[float]) -> Health:
    health = Health(lambda: now[0])
    health.connected()
    return health


@pytest.mark.parametrize(
    ("fault", "code", "fix"),
    [
        (Fault.NOT_SET_UP, "ExpiredTokenException", "Renew the credentials"),
        (Fault.NOT_SET_UP, "AccessDeniedException", "Let IAM allow bedrock:InvokeModel"),
        (Fault.NOT_SET_UP, "NoCredentialsError", ""),
        (Fault.OVER_QUOTA, "ThrottlingException", ""),
    ],
)
def test_a_model_that_refuses_for_long_again_is_told_once_with_its_fix_until_it_answers(
    health: Health, caplog: pytest.LogCaptureFixture, fault: Fault, code: str, fix: str
) -> None:
    states: list[str] = []
    health.tell = states.append
    health.observe_model(ModelError(fault, code))
    assert (health.is_healthy, health.doubts_model) == (True, True)
    for _ in range(3):
        health.observe_model(ModelError(fault, code))

    assert not health.is_healthy
    (state,) = states
    assert state.startswith(f"failing: AWS lets no answer be given ({code}). {fix}")
    assert caplog.messages == ["model.refused"]

    health.observe_model(None)
    assert (health.is_healthy, health.doubts_model) == (True, False)
    assert states[1:] == ["connected"]
    assert caplog.messages == ["model.refused", "model.works_again"]


@pytest.mark.parametrize("fault", sorted(set(Fault) - {Fault.NOT_SET_UP, Fault.OVER_QUOTA}, key=str))
def test_faults_that_pass_or_are_the_askers_do_not_fail_it(health: Health, fault: Fault) -> None:
    for _ in range(10):
        health.observe_model(ModelError(fault, "code"))

    assert health.is_healthy
    assert not health.doubts_model


def test_refusals_with_an_answer_between_them_do_not_fail_it(health: Health) -> None:
    for _ in range(5):
        health.observe_model(EXPIRED)
        health.observe_model(None)

    assert health.is_healthy


def test_a_store_that_is_gone_for_long_is_told_until_it_works(health: Health, now: list[float]) -> None:
    health.observe_store(StoreError("xoxb-123456789012-s3cret: refused"))
    now[0] = 59.0
    health.observe_store(StoreError("xoxb-123456789012-s3cret: refused"))
    assert (health.is_healthy, health.state) == (True, "connected")
    now[0] = 60.0

    assert not health.is_healthy
    assert health.state.startswith("failing: STORE_URL fails: ")
    assert "Let STORE_URL name a file" in health.state
    assert "s3cret" not in health.state
    health.observe_store(None)
    assert (health.is_healthy, health.state) == (True, "connected")
