"""boto3's session, and the one that takes its place when AWS takes its credentials no more."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, CredentialRetrievalError

from bot.adapters.bedrock_errors import refuses_credentials
from bot.core.diagnosis import RENEW, RENEW_ENVIRONMENT

log = logging.getLogger(__name__)

API_KEY = "AWS_BEARER_TOKEN_BEDROCK"
_ENVIRONMENT = {API_KEY, "env"}


def credentials_source(session: boto3.Session) -> str:
    """Return what boto3 signs with: "env", "shared-credentials-file" or another of its words; "" for nothing.

    A Bedrock API key goes before all else, and is named by its variable.
    """
    if os.environ.get(API_KEY):
        return API_KEY
    credentials = session.get_credentials()
    return str(credentials.method) if credentials else ""


class Sessions:
    """The session that calls are signed with; `make` makes one that reads all credentials anew.

    A session reads ~/.aws/credentials once (https://github.com/boto/botocore/issues/704), so that a file that
    was renewed since is of no use to it.
    """

    def __init__(self, session: boto3.Session, make: Callable[[], boto3.Session]) -> None:
        self.current = session
        self._credentials = session.get_credentials()  # a session that found none would look again
        self._make = make
        self._lock = threading.Lock()
        self._reads = 0

    def client(self, session: boto3.Session, service: str, config: Config) -> Any:
        """A client of a session; making one is not safe in several threads at once."""
        with self._lock:
            return session.client(service, config=config)

    def renew(self, refused: boto3.Session) -> bool:
        """Return whether there is now a current session with other credentials than the `refused` one has.

        All who ask while the credentials are being read share what is found.
        """
        before = self._reads
        with self._lock:
            if self.current is refused and self._reads == before:
                self._read_again()
                self._reads += 1
            return self.current is not refused

    def _read_again(self) -> None:
        source = credentials_source(self.current)
        found = keys = None
        try:
            fresh = self._make()
            found = fresh.get_credentials()
            keys = _keys(found)
        except (BotoCoreError, ClientError, RuntimeError) as error:
            log.warning("credentials.unreadable", extra={"error": type(error).__name__})
        if source == API_KEY or keys is None or keys == self._keys_in_use():
            fix = RENEW_ENVIRONMENT if source in _ENVIRONMENT else RENEW
            log.warning("credentials.refused", extra={"source": source or "none", "fix": fix})
            return
        self.current, self._credentials = fresh, found
        log.info("credentials.renewed", extra={"source": credentials_source(fresh)})

    def _keys_in_use(self) -> Any:
        try:
            return _keys(self._credentials)
        except (BotoCoreError, ClientError, RuntimeError):  # they cannot be renewed either
            return None


def _keys(credentials: Any) -> Any:
    """An access key with all its parts, after a renewal that is due; None for no credentials."""
    return credentials and credentials.get_frozen_credentials()


class RenewingClient:
    """A client that makes a call once more, with renewed credentials, where AWS refuses those it has."""

    def __init__(self, sessions: Sessions, service: str, config: Config) -> None:
        self._sessions, self._service, self._config = sessions, service, config
        self._lock = threading.Lock()
        self._made = (sessions.current, sessions.client(sessions.current, service, config))

    def converse(self, **parameters: Any) -> Any:
        return self._call("converse", parameters)

    def converse_stream(self, **parameters: Any) -> Any:
        return self._call("converse_stream", parameters)

    def close(self) -> None:
        """Close the connections that no stream uses."""
        self._made[1].close()

    def _call(self, operation: str, parameters: dict[str, Any]) -> Any:
        session, client = self._current()
        try:
            return _called(client, operation, parameters)
        except (ClientError, BotoCoreError) as error:
            if not (refuses_credentials(error) and self._sessions.renew(session)):
                raise
        return _called(self._current()[1], operation, parameters)

    def _current(self) -> tuple[boto3.Session, Any]:
        """The current session and its client, which is made once."""
        with self._lock:
            session = self._sessions.current
            if session is not self._made[0]:
                self.close()
                self._made = (session, self._sessions.client(session, self._service, self._config))
            return self._made


def _called(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
    try:
        return getattr(client, operation)(**parameters)
    except RuntimeError as error:  # boto3's, where credentials were renewed and have expired all the same
        raise CredentialRetrievalError(provider="boto3", error_msg=str(error)) from error
