"""What operators read: a line an event on standard error, and no secret in it, whoever logs it."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone

from bot.core.secrets import mask_secrets

# What a LogRecord always has; all else on it came as `extra` and is a field of the event.
_PLAIN_RECORD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def log_to_stderr(level: str, form: str) -> None:
    """Log from `level` on, in the `form` "text" or "json"; what is not Duet's own, from INFO on at least."""
    handler = logging.StreamHandler()
    handler.setFormatter(_JsonFormatter() if form == "json" else _TextFormatter())
    handler.addFilter(_is_harmless)
    logging.basicConfig(level=max(logging.INFO, logging.getLevelName(level)), handlers=[handler])
    logging.getLogger("bot").setLevel(level)
    if level != "DEBUG":  # at INFO these log each connection
        for name in ("slack_bolt", "slack_sdk", "botocore", "urllib3"):
            logging.getLogger(name).setLevel("WARNING")


def _is_harmless(record: logging.LogRecord) -> bool:
    """Return whether a record may be written: below INFO, libraries log tokens and people's words."""
    return record.levelno >= logging.INFO or record.name.partition(".")[0] == "bot"


class _TextFormatter(logging.Formatter):
    """Time, level, logger, event, fields."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        listed = "".join(f" {name}={value}" for name, value in _fields(record).items())
        first, newline, rest = super().format(record).partition("\n")
        return mask_secrets(f"{first}{listed}{newline}{rest}")


class _JsonFormatter(logging.Formatter):
    """The same as an object on one line: numbers stay numbers."""

    def format(self, record: logging.LogRecord) -> str:
        event: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "event": record.getMessage(),
            **_fields(record),
        }
        if record.exc_info:
            event["exception"] = self.formatException(record.exc_info)
        return mask_secrets(json.dumps(event, default=str, ensure_ascii=False))


def _fields(record: logging.LogRecord) -> dict[str, object]:
    """What the event says besides its name; what it does not know is left out."""
    known = vars(record).items()
    return {name: value for name, value in known if name not in _PLAIN_RECORD and value is not None}
