"""Which models answer where."""

from __future__ import annotations

# Nova 1 is reached through the inference profile of a geography nearly everywhere:
# https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
_GEOGRAPHIES = {"us": "us.", "eu": "eu.", "ap": "apac."}


def default_model(name: str, region: str) -> str:
    """The id of the Nova model `name` ("micro", "pro") for a caller in the AWS `region`."""
    geography = "" if region.startswith("us-gov-") else _GEOGRAPHIES.get(region.partition("-")[0], "")
    return f"{geography}amazon.nova-{name}-v1:0"
