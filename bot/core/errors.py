"""What can go wrong with the two platforms, named by what it means for the asker and for a second try."""

from __future__ import annotations

from enum import Enum


class Fault(Enum):
    """Why a model gave no (whole) answer."""

    BUSY = "busy"
    OVER_QUOTA = "over_quota"  # of a day, so that no try within seconds can help
    UNAVAILABLE = "unavailable"
    BLOCKED = "blocked"
    TOO_LONG = "too_long"
    UNREADABLE_FILE = "unreadable_file"
    NOT_SET_UP = "not_set_up"
    STOPPED = "stopped"  # by the asker
    INTERRUPTED = "interrupted"  # by the end of the process that asked
    GIVEN_UP = "given_up"  # after the end of several
    FAILED = "failed"


class ModelError(Exception):
    """A model call that failed. Its text is for operators only.

    `code` is the platform's own, `request_id` is AWS's or empty, `tries` is how many calls in all are worth
    making while nothing has been shown. One that `may_be_billed` had begun, or nobody knows whether it had.
    `item` is the name of the attachment that was refused, "" where none was, or where that is not told.
    """

    def __init__(
        self,
        fault: Fault,
        code: str,
        detail: str = "",
        request_id: str = "",
        tries: int = 1,
        *,
        may_be_billed: bool = False,
        item: str = "",
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.fault, self.item = fault, item
        self.code = code
        self.request_id = request_id
        self.tries = tries
        self.may_be_billed = may_be_billed


# Codes of a post, or of an edit, that say where nothing may be posted, not what:
# https://docs.slack.dev/reference/methods/chat.postMessage#errors
_POSTING_FORBIDDEN = {
    "access_denied",
    "app_access_restricted",
    "cannot_reply_to_message",
    "channel_not_found",
    "ekm_access_denied",
    "is_archived",
    "is_inactive",  # what an edit in an archived channel is answered
    "message_limit_exceeded",
    "messages_tab_disabled",
    "no_permission",
    "not_in_channel",
}


class SetupFault(Enum):
    """The part of the app's installation that is at fault, so that only an administrator can help."""

    TOKEN = "token"  # noqa: S105 - Slack takes the token for nothing at all
    PERMISSION = "permission"  # the app may not make this call


class SlackError(Exception):
    """A Slack call that failed: `code` is Slack's own, or what kept the call from being made.

    `setup` tells whether the app's installation is at fault; `needed` and `provided` are then the scopes,
    separated by commas, that the call needs and that the token has, where Slack says so.
    """

    def __init__(
        self,
        code: str,
        detail: str = "",
        *,
        setup: SetupFault | None = None,
        needed: str = "",
        provided: str = "",
    ) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.setup = setup
        self.needed, self.provided = needed, provided

    @property
    def forbids_posting(self) -> bool:
        """Return whether a post was refused for where it was to stand."""
        return self.code in _POSTING_FORBIDDEN or self.code.startswith("restricted_action")


class ThreadGone(SlackError):
    """The message that a thread hangs on was deleted.

    `stray` is the ts of what was posted at top level in place of the thread, "" if that is nothing, or
    not known.
    """

    def __init__(self, stray: str = "") -> None:
        super().__init__("thread_not_found", f"posted {stray} at top level" if stray else "")
        self.stray = stray


class RateLimited(SlackError):
    """Slack asks to wait `retry_after` seconds before `method` is called again.

    "" stands for the method that was meant. A turn can take several, and each has a limit of its own:
    https://docs.slack.dev/apis/web-api/rate-limits
    """

    def __init__(self, retry_after: float, method: str = "") -> None:
        super().__init__("ratelimited", f"{method} retry after {retry_after:g} s".strip())
        self.retry_after = retry_after
        self.method = method


class OverBudget(RateLimited):
    """The budget that all processes share has no room: the call was not made."""


class ContentRefused(SlackError):
    """Slack does not take what the message says, or how it is laid out; less of it can succeed."""


class TakenOver(SlackError):
    """Another process answers the question: the call was not made, and none is to be."""

    def __init__(self) -> None:
        super().__init__("taken_over")


class Unreachable(SlackError):
    """Slack, or the way to it, is in trouble; the same call can succeed later."""


class StoreError(Exception):
    """The store cannot be read or written. Its text is for operators only."""


class NewerStore(StoreError):
    """The store is laid out as only a newer version of Duet knows; nothing in it was touched."""

    def __init__(self) -> None:
        super().__init__("it was written by a newer version of Duet")


class FileError(Exception):
    """A file that Slack did not give. Its text is for operators only.

    `is_gone` if Slack never will, `is_hidden` if it sent its login page instead, as it does to whoever may
    not read the file. `setup` is as in SlackError.
    """

    def __init__(
        self,
        detail: str,
        *,
        is_gone: bool = False,
        is_hidden: bool = False,
        setup: SetupFault | None = None,
    ) -> None:
        super().__init__(detail)
        self.is_gone, self.is_hidden, self.setup = is_gone, is_hidden, setup
