"""From which AWS regions the models of Nova's first generation are called, and by which ids."""

from __future__ import annotations

import re

# Where a model answers by its bare id, and from where an inference profile may be called, of Nova Micro; then
# where Nova Pro goes further. https://docs.aws.amazon.com/bedrock/latest/userguide/models-regions.html
_IN_REGION = frozenset({"us-east-1", "us-gov-west-1", "ap-southeast-2", "eu-west-2"})
_PROFILES = {
    "us": frozenset({"us-east-1", "us-east-2", "us-west-2"}),
    "eu": frozenset({"eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"}),
    "apac": frozenset(
        {
            "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
            "ap-southeast-3", "ap-southeast-5", "ap-southeast-7",
        }
    ),
}  # fmt: skip
_PRO_IN_REGION = _IN_REGION | {"ap-southeast-3", "me-central-1"}
_PRO_PROFILES = {
    **_PROFILES,
    "us": _PROFILES["us"] | {"us-west-1"},
    "apac": _PROFILES["apac"] | {"ap-southeast-4"},
}

_NOVA = re.compile(r"(?:(?P<profile>[a-z-]+)\.)?amazon\.nova-(?P<name>micro|pro)-v1:0")
_UNKNOWN = "The provided model identifier is invalid."
# As quoted in https://github.com/aws-solutions-library-samples/qnabot-on-aws/issues/823
_PROFILE_NEEDED = (
    "Invocation of model ID {} with on-demand throughput isn't supported. Retry your request with the ID or "
    "ARN of an inference profile that contains this model."
)


def region_complaint(model_id: str, region: str) -> str | None:
    """Return what Bedrock in `region` says against `model_id` of Nova Micro or Pro; None if it is fine."""
    if not (nova := _NOVA.fullmatch(model_id)):
        return None
    is_pro = nova["name"] == "pro"
    profiles = _PRO_PROFILES if is_pro else _PROFILES
    if nova["profile"]:
        return None if region in profiles.get(nova["profile"], ()) else _UNKNOWN
    if region in (_PRO_IN_REGION if is_pro else _IN_REGION):
        return None
    has_profile = any(region in sources for sources in profiles.values())
    return _PROFILE_NEEDED.format(model_id) if has_profile else _UNKNOWN
