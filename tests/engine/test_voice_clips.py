"""A transcript that Slack does not finish is waited for within bounds, and no longer."""

from __future__ import annotations

from dataclasses import replace

from bot.core.conversation import Remark, Role
from bot.core.files import SharedFile
from bot.core.question import Question
from bot.engine.voice_clips import MAX_TRANSCRIPT_SECONDS, VoiceClips

CLIP = SharedFile("F1", "a.m4a", subtype="slack_audio", transcript_status="processing")


class Slack:
    """It never ends a transcript, and time passes only while somebody waits."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.now, self.asked, self._seconds = 0.0, 0, seconds

    def describe(self, file: SharedFile) -> SharedFile:
        self.asked += 1
        self.now += self._seconds
        return file

    def fetch(self, _url: str, _most: int, _size: int, *, is_html: bool = False) -> bytes:
        raise AssertionError(is_html)

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return False


def clips(slack: Slack) -> VoiceClips:
    return VoiceClips(slack, (), lambda: slack.now, slack.wait)


def test_tries_and_seconds_are_bounded_also_of_several_clips() -> None:
    for seconds in (0.0, 10.0):
        slack = Slack(seconds)
        files = tuple(replace(CLIP, id=f"F{number}") for number in range(9))
        clips(slack).heard(Question("T1", "D1", "U1", "", "1.0", files=files))

        assert slack.asked <= 20
        assert slack.now <= MAX_TRANSCRIPT_SECONDS + 2 * 10.0


def test_of_a_thread_the_newest_clips_are_asked_for_once() -> None:
    slack = Slack()
    said = [
        Remark(f"{number}.0", Role.USER, "", "U1", (replace(CLIP, id=f"F{number}"),)) for number in range(9)
    ]
    clips(slack).read(said)

    assert (slack.asked, slack.now) == (5, 0.0)


def test_a_clip_of_which_slack_tells_nothing_is_asked_for_once() -> None:
    slack = Slack()
    clips(slack).heard(Question("T1", "D1", "U1", "", "1.0", files=(replace(CLIP, transcript_status=""),)))

    assert slack.asked == 1
