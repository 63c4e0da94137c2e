"""Which models answer where."""

from __future__ import annotations

# Nova 1 is reached through the inference profile of a geography nearly everywhere:
# https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html
_GEOGRAPHIES = {"us": "us", "eu": "eu", "ap": "apac"}


def geography_of(region: str) -> str:
    """The geography around an AWS `region`, as inference profiles call it; "" where none is known."""
    return "us-gov" if region.startswith("us-gov-") else _GEOGRAPHIES.get(region.partition("-")[0], "")


def default_model(name: str, region: str) -> str:
    """The id of the Nova model `name` ("micro", "pro") for a caller in the AWS `region`."""
    geography = geography_of(region)
    profile = f"{geography}." if geography in _GEOGRAPHIES.values() else ""
    return f"{profile}amazon.nova-{name}-v1:0"
