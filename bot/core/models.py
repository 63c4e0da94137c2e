"""Which models answer where."""

from __future__ import annotations

# The AWS regions from which both Nova Micro and Nova Pro can be called, by how their ids begin there: with
# the inference profile of a geography, or "" for the bare id. Where both do, the profile has more quota.
# https://docs.aws.amazon.com/bedrock/latest/userguide/models-regions.html
_REGIONS = {
    "us.": ("us-east-1", "us-east-2", "us-west-2"),
    "eu.": ("eu-central-1", "eu-north-1", "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-3"),
    "apac.": (
        "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
        "ap-southeast-3", "ap-southeast-5", "ap-southeast-7",
    ),
    "": ("eu-west-2", "us-gov-west-1"),
}  # fmt: skip
# Those from which Nova Pro alone can be.
_PRO_ONLY = {"us-west-1": "us.", "ap-southeast-4": "apac."}
_PREFIXES = {region: prefix for prefix, regions in _REGIONS.items() for region in regions}

_GEOGRAPHIES = {"us": "us", "eu": "eu", "ap": "apac"}


def geography_of(region: str) -> str:
    """The geography around an AWS `region`, as inference profiles call it; "" where none is known."""
    return "us-gov" if region.startswith("us-gov-") else _GEOGRAPHIES.get(region.partition("-")[0], "")


def can_call(name: str, region: str) -> bool:
    """Return whether the Nova model `name` ("micro", "pro") can be called from the AWS `region`."""
    return region in _PREFIXES or (name == "pro" and region in _PRO_ONLY)


def default_model(name: str, region: str) -> str:
    """The id of the Nova model `name` in the AWS `region`; the bare id where it cannot be called."""
    prefix = _PREFIXES.get(region) or (_PRO_ONLY.get(region, "") if name == "pro" else "")
    return f"{prefix}amazon.nova-{name}-v1:0"


def regions_like(region: str) -> tuple[str, ...]:
    """Regions from which both models can be called: those in the geography of `region`, else some."""
    near = tuple(each for each in _PREFIXES if geography_of(each) == geography_of(region))
    return near or tuple(regions[0] for regions in _REGIONS.values())
