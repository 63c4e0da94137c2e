"""A bedrock-runtime server for one's own machine: Converse and ConverseStream as boto3 knows them.

It speaks the service's protocol, refuses what the service refuses, keeps Nova's pace, and fails on
demand in each way the service can fail. Signatures are not checked: any keys will do, but for those that it
was told to refuse. The region is the one that a request was signed for.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Coroutine
from time import monotonic
from typing import Any, TypeAlias
from uuid import uuid4

from aiohttp import web

from bot.playground.bedrock_answer import INSTANT, Answer, Client, Pace, Reply, Request
from bot.playground.bedrock_keys import Keys, Signer, signer
from bot.playground.bedrock_media import poison_complaint
from bot.playground.bedrock_rules import refusal
from bot.playground.converse import REQUEST_ID, BedrockError
from bot.playground.guardrail import CANNED, intervenes
from bot.playground.own_pages import own_pages_only
from bot.playground.prompt_cache import PromptCache
from bot.playground.records import Records
from bot.playground.sts import identity_refused, identity_told, role_credentials

__all__ = ["INSTANT", "Bedrock", "Pace", "Reply", "Request"]

# Amazon Bedrock API reference, the errors of Converse, ConverseStream and InvokeModel; the last three
# are errors common to all of AWS.
_STATUS = {
    "ThrottlingException": 429,
    "ModelNotReadyException": 429,
    "ServiceUnavailableException": 503,
    "InternalServerException": 500,
    "ModelErrorException": 424,
    "ModelStreamErrorException": 424,
    "ModelTimeoutException": 408,
    "ValidationException": 400,
    "ServiceQuotaExceededException": 400,
    "AccessDeniedException": 403,
    "ResourceNotFoundException": 404,
    "UnrecognizedClientException": 403,
    "InvalidSignatureException": 403,
    "ExpiredTokenException": 403,
}
_NAMESPACE = "http://internal.amazon.com/coral/com.amazon.bedrock/"  # as AWS appends it to an error's code
_PAYLOAD_BYTES = 25 * 1024 * 1024  # Amazon Nova user guide: a whole request, files included
_TOO_LARGE = "The request payload exceeds the maximum size of 25 MB. Reduce it and try again."


BLOCKED = Reply(text=[CANNED], stop_reason="guardrail_intervened")

Brain: TypeAlias = Callable[[Request, Client], Coroutine[Any, Any, web.StreamResponse]]


class Bedrock:
    """The server: `app` is to be run by any aiohttp runner, on a loopback address.

    `brain` answers the requests for which no reply was told, and raises BedrockError where it cannot; without
    one the script does. Its methods may be called, and `requests` and `closed` read, from any thread.
    """

    def __init__(
        self,
        pace: Pace = Pace(),  # noqa: B008 - it is frozen, so it can be shared
        brain: Brain | None = None,
    ) -> None:
        self.requests = Records[Request]()
        self.closed: list[str] = []
        """The ids of the requests whose client went away before the answer's end."""
        self.app = web.Application(client_max_size=_PAYLOAD_BYTES, middlewares=[own_pages_only])
        self.app.router.add_post("/model/{model_id}/{operation:converse|converse-stream}", self._handle)
        self.app.router.add_post("/", self._tell_identity)
        self.app.router.add_get("/federation/credentials", self._give_role)
        self.app.on_response_prepare.append(_identify)
        self.app.on_shutdown.append(self._stop)
        self._pace, self._brain = pace, brain
        self._queued: dict[str, deque[Reply]] = {
            "converse": deque(),
            "converse-stream": deque(),
            "get-caller-identity": deque(),
        }
        self._always: dict[str, Reply | None] = {}
        self._keys = Keys()
        self._poison: dict[bytes, str] = {}
        self._guarded: set[str] = set()
        self._cache = PromptCache()
        self._releases = 0
        self._clients: set[Client] = set()
        self._stopping = False

    def enqueue(self, operation: str, *replies: Reply) -> None:
        """Let the next requests of the operation take these, in order. A refused request takes none."""
        self._queued[operation].extend(replies)

    def always(self, operation: str, reply: Reply | None) -> None:
        """Let every request of the operation take this while the queue is empty; None ends it."""
        self._always[operation] = reply

    def refuse_key(self, key: str, code: str = "ExpiredTokenException") -> None:
        """From now on, refuse what is signed with an access key id or with a Bedrock API key.

        `code` is "ExpiredTokenException", "UnrecognizedClientException" or "InvalidSignatureException".
        """
        self._keys.refuse(key, code)

    def refuse_file(self, data: bytes, sentence: str) -> None:
        """From now on, refuse every request with this file in it, with one of FILE_REFUSALS or another."""
        self._poison[data] = sentence

    def guard(self, word: str) -> None:
        """From now on, a guardrail steps in where it reads `word`."""
        self._guarded.add(word)

    def release(self) -> None:
        """Let every request go on that is held, or that is in `requests` already and would be held."""
        self._releases += 1

    async def _tell_identity(self, http: web.Request) -> web.Response:
        """STS's GetCallerIdentity: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html"""
        request_id = str(uuid4())
        if refused := self._keys.refusal_of_sts(_signer(http)):
            return identity_refused(*refused, request_id, 403)
        reply = self._next_reply("get-caller-identity")
        if reply and reply.error:
            return identity_refused(reply.error, reply.message, request_id, reply.status or 403)
        return identity_told(request_id)

    async def _give_role(self, http: web.Request) -> web.Response:
        return role_credentials(http.headers.get("x-amz-sso_bearer_token", ""))

    async def _stop(self, _app: web.Application) -> None:
        self._stopping = True
        for client in self._clients:  # or the runner would wait for them, a minute by default
            client.abort()

    async def _handle(self, http: web.Request) -> web.StreamResponse:
        request_id = str(uuid4())
        try:
            body = json.loads(await http.read())
        except web.HTTPRequestEntityTooLarge:
            return _error("ValidationException", _TOO_LARGE, request_id)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            return _error("SerializationException", "The request body is not JSON of an object.", request_id)
        request = Request(http.match_info["operation"], http.match_info["model_id"], body, request_id)
        client = Client(http, lambda: self._releases)  # before the request is seen, and may be released
        self.requests.append(request)
        try:
            return await self._respond(request, client, _signer(http))
        finally:
            request.course.ended = monotonic()

    async def _respond(self, request: Request, client: Client, signed: Signer) -> web.StreamResponse:
        if not_taken := self._keys.refusal(signed):
            request.course.error = not_taken[0]
            return _error(*not_taken, request.request_id)
        if refused := refusal(request.model_id, request.body, signed.region):
            request.course.error = "ValidationException"
            return _error("ValidationException", refused, request.request_id)
        if poisoned := poison_complaint(request.body["messages"], self._poison):
            request.course.error = "ValidationException"
            return _error("ValidationException", poisoned, request.request_id)
        is_blocked = intervenes(request.body, self._guarded)
        reply = BLOCKED if is_blocked else self._next_reply(request.operation)
        if reply is None and self._brain:
            return await self._given(request, client, self._brain(request, client))
        reply = reply or Reply()
        if reply.error:
            request.course.error = reply.error
            return _error(reply.error, reply.message, request.request_id, reply.status)
        read = self._cache.take(request.model_id, request.body, monotonic())
        answer = Answer(request, reply, reply.pace or self._pace, client, read)
        return await self._given(request, client, answer.give())

    def _next_reply(self, operation: str) -> Reply | None:
        queued = self._queued[operation]
        return queued.popleft() if queued else self._always.get(operation)

    async def _given(
        self, request: Request, client: Client, answer: Coroutine[Any, Any, web.StreamResponse]
    ) -> web.StreamResponse:
        self._clients.add(client)
        try:
            return await answer
        except BedrockError as error:
            request.course.error = error.code
            return _error(error.code, str(error), request.request_id)
        except (ConnectionError, asyncio.CancelledError) as gone:
            if not self._stopping:
                self.closed.append(request.request_id)
            if isinstance(gone, asyncio.CancelledError):  # how a runner with handler_cancellation tells of it
                raise
            return client.abort()
        finally:
            self._clients.remove(client)


async def _identify(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.setdefault(REQUEST_ID, str(uuid4()))


def _signer(http: web.Request) -> Signer:
    return signer(http.headers.get("Authorization", ""))


def _error(code: str, message: str, request_id: str, status: int | None = None) -> web.Response:
    headers = {REQUEST_ID: request_id, "x-amzn-ErrorType": f"{code}:{_NAMESPACE}"}
    return web.json_response({"message": message}, status=status or _STATUS.get(code, 400), headers=headers)
