"""The fixtures of the playground's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.playground.browser import browser, page, stage  # noqa: F401 - fixtures, which tests find here
from tests.playground.serving import Clock


@pytest.fixture(scope="session", autouse=True)
def no_proxy() -> Iterator[None]:
    """slack_sdk would go through a proxy to loopback as well."""
    with pytest.MonkeyPatch.context() as environment:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            environment.delenv(name, raising=False)
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()
