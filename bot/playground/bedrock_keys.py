"""Signers and regions of requests to AWS, and its answers to keys that it takes no more."""

from __future__ import annotations

import re
from dataclasses import dataclass

# https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
_SIGV4 = re.compile(r"AWS4-HMAC-SHA256 Credential=(?P<key>[^/]+)/\d{8}/(?P<region>[^/]+)/")
_BEARER = "Bearer "

# AWS's sentences, and the codes that STS has for the same:
# https://github.com/aws-controllers-k8s/test-infra/pull/971,
# https://github.com/langchain-ai/langchain/issues/19677,
# https://docs.aws.amazon.com/IAM/latest/UserGuide/signature-v4-troubleshooting.html
_SENTENCES = {
    "ExpiredTokenException": "The security token included in the request is expired",
    "UnrecognizedClientException": "The security token included in the request is invalid.",
    "InvalidSignatureException": (
        "The request signature we calculated does not match the signature you provided. Check your AWS "
        "Secret Access Key and signing method. Consult the service documentation for details."
    ),
}
_OF_STS = {
    "ExpiredTokenException": "ExpiredToken",
    "UnrecognizedClientException": "InvalidClientTokenId",
    "InvalidSignatureException": "SignatureDoesNotMatch",
}
# Of a Bedrock API key: https://github.com/ai4s-research/open-science/issues/53,
# https://github.com/anomalyco/opencode/issues/47073
_API_KEY_CODE = "AccessDeniedException"
_API_KEY_EXPIRED = "Bearer Token has expired"
_API_KEY_INVALID = "Authentication failed: Please make sure your API Key is valid."


@dataclass(frozen=True)
class Signer:
    """The access key id or Bedrock API key of a request, and the region that it was signed for.

    An API key tells no region here: at AWS, the host does.
    """

    key: str = ""
    region: str = ""
    is_api_key: bool = False


def signer(authorization: str) -> Signer:
    """Return who signed, by the header Authorization; nobody if it is missing or of another kind."""
    if authorization.startswith(_BEARER):
        return Signer(authorization.removeprefix(_BEARER), is_api_key=True)
    found = _SIGV4.match(authorization)
    return Signer(found["key"], found["region"]) if found else Signer()


class Keys:
    """The keys that are not taken, each with the code that says why."""

    def __init__(self) -> None:
        self._refused: dict[str, str] = {}

    def refuse(self, key: str, code: str) -> None:
        """Take `key` no more. Raises KeyError if a key is never refused with `code`."""
        _ = _SENTENCES[code]
        self._refused[key] = code

    def refusal(self, signer: Signer) -> tuple[str, str] | None:
        """The code and message for a refused signer; None for any other."""
        if not (code := self._refused.get(signer.key)):
            return None
        if not signer.is_api_key:
            return code, _SENTENCES[code]
        return _API_KEY_CODE, _API_KEY_EXPIRED if code == "ExpiredTokenException" else _API_KEY_INVALID

    def refusal_of_sts(self, signer: Signer) -> tuple[str, str] | None:
        """Likewise, as STS says it."""
        code = self._refused.get(signer.key)
        return (_OF_STS[code], _SENTENCES[code]) if code else None
