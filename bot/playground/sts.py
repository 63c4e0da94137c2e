"""Answers of AWS about identities: STS's to who asks for its own, and IAM Identity Center's to a login."""

from __future__ import annotations

import time
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


def role_credentials(token: str) -> web.Response:
    """The answer to GetRoleCredentials for the access token of a login: a key named after it, for an hour.

    https://docs.aws.amazon.com/singlesignon/latest/PortalAPIReference/API_GetRoleCredentials.html
    """
    expiration = int((time.time() + 3_600) * 1_000)
    key = {"accessKeyId": f"key-of-{token}", "secretAccessKey": "playground", "sessionToken": token}
    return web.json_response({"roleCredentials": {**key, "expiration": expiration}})


def _xml(text: str, status: int = 200) -> web.Response:
    return web.Response(text=text, content_type="text/xml", status=status)
