"""What STS says to who asks for its own identity: XML, unlike bedrock-runtime."""

from __future__ import annotations

from xml.sax.saxutils import escape

from aiohttp import web

_ACCOUNT = "000000000000"
_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"


def identity_told(request_id: str) -> web.Response:
    """The answer to GetCallerIdentity."""
    return _xml(
        f'<GetCallerIdentityResponse xmlns="{_NAMESPACE}"><GetCallerIdentityResult>'
        f"<Arn>arn:aws:iam::{_ACCOUNT}:user/playground</Arn><UserId>PLAYGROUND</UserId>"
        f"<Account>{_ACCOUNT}</Account></GetCallerIdentityResult>"
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    )


def identity_refused(code: str, message: str, request_id: str, status: int) -> web.Response:
    """An error as AWS's query protocol has it."""
    return _xml(
        f'<ErrorResponse xmlns="{_NAMESPACE}"><Error><Type>Sender</Type><Code>{escape(code)}</Code>'
        f"<Message>{escape(message)}</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>",
        status,
    )


def _xml(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, content_type="text/xml", status=status)
