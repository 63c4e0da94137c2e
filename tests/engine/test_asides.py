"""The line that somebody thinks: channels, threads and apps for which Slack refuses it."""

from __future__ import annotations

from unittest.mock import create_autospec

import pytest

from bot.core.errors import RateLimited, SlackError, Unreachable
from bot.core.question import Place
from bot.core.texts import Language, texts_in
from bot.engine import asides
from bot.engine.asides import Asides, Slack
from bot.engine.people import People

EN = texts_in(Language.EN)


class Statuses:
    """Asides whose Slack refuses statuses in some channels, by an error each, in a time that is counted."""

    def __init__(self, **refusals: SlackError) -> None:
        self.now = 0.0
        self.tried: list[Place] = []
        self._refusals = refusals
        slack = create_autospec(Slack)
        slack.set_status.side_effect = self._set
        self._slack = slack

    def _set(self, place: Place, _status: str) -> None:
        self.tried.append(place)
        if place.channel in self._refusals:
            raise self._refusals[place.channel]

    def show(self, *places: tuple[str, str]) -> list[str]:
        """The channels in which a status is tried, of `places`, each a channel and a thread, one by one."""
        shown = Asides(self._slack, create_autospec(People), lambda: self.now)
        for place in places:
            self.now += 3_600.0 if place == LATER else 1.0
            if place != LATER:
                shown.show_status(Place(*place), EN)
                shown.settle(5.0)
        shown.close(5.0)
        return [place.channel for place in self.tried]


LATER = ("", "")


@pytest.mark.parametrize("code", ["method_not_supported_for_channel_type", "channel_not_found", "new_code"])
def test_a_channel_that_takes_no_status_says_nothing_of_the_others(code: str) -> None:
    statuses = Statuses(C1=SlackError(code))

    assert statuses.show(("C1", "1"), ("C1", "2"), ("C2", "1"), ("C2", "2")) == ["C1", "C2", "C2"]


@pytest.mark.parametrize("code", ["invalid_thread_ts", "thread_not_found"])
def test_a_thread_that_takes_no_status_says_nothing_of_its_channel(code: str) -> None:
    assert Statuses(C1=SlackError(code)).show(("C1", "1"), ("C1", "2")) == ["C1", "C1"]


@pytest.mark.parametrize("code", ["not_agent_app", "missing_scope", "feature_disabled", "token_revoked"])
def test_an_app_that_may_set_no_status_tries_none_elsewhere(code: str) -> None:
    assert Statuses(C1=SlackError(code)).show(("C1", "1"), ("C2", "1"), ("C3", "1")) == ["C1"]


@pytest.mark.parametrize("error", [RateLimited(1.0), Unreachable("internal_error")])
def test_trouble_that_passes_switches_nothing_off(error: SlackError) -> None:
    assert Statuses(C1=error).show(("C1", "1"), ("C1", "2")) == ["C1", "C1"]


@pytest.mark.parametrize("code", ["missing_scope", "channel_not_found"])
def test_what_was_refused_is_tried_again_after_an_hour(code: str) -> None:
    assert Statuses(C1=SlackError(code)).show(("C1", "1"), LATER, ("C1", "2")) == ["C1", "C1"]


def test_of_many_channels_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asides, "_MAX_CHANNELS", 2)
    statuses = Statuses(**{channel: SlackError("channel_not_found") for channel in ("C1", "C2", "C3")})

    tried = statuses.show(*((channel, "1") for channel in ("C1", "C2", "C3", "C3", "C2", "C1")))
    assert tried == ["C1", "C2", "C3", "C1"]
