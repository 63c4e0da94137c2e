"""Block Kit: which blocks Slack takes in a message, a Home and a modal, and how it keeps them.

https://docs.slack.dev/reference/block-kit
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any
from uuid import uuid4

_MOST_BLOCKS = {"message": 50, "home": 100, "modal": 100}
_MOST_ELEMENTS = {"context": 10, "actions": 25, "context_actions": 5}
_EVERYWHERE = {"section", "header", "divider", "context", "actions"}
_KNOWN_BLOCKS = {
    "message": _EVERYWHERE | {"markdown", "context_actions"},
    "home": _EVERYWHERE | {"input"},
    "modal": _EVERYWHERE | {"input"},
}
_KNOWN_ELEMENTS = {
    "actions": ("button", "overflow"),
    "section": ("button", "overflow"),
    "context_actions": ("feedback_buttons", "icon_button"),
    "input": ("plain_text_input",),
}
_BUTTON_STYLES = ("primary", "danger")
_MOST_OPTIONS = 5
_LONGEST_INPUT = 3_000
_ID_LIMIT = 255
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt);)")


def problems_of(blocks: Sequence[Any], surface: str, where: str) -> list[str]:
    """What keeps Slack from taking `blocks` in a "message", a "home" or a "modal"."""
    problems = [p for n, block in enumerate(blocks) for p in _block_problems(f"{where}/{n}", block, surface)]
    if len(blocks) > _MOST_BLOCKS[surface]:
        problems.append(_problem(where, f"no more than {_MOST_BLOCKS[surface]} items allowed"))
    return problems or _repetitions(blocks, where)


def identified(block: Mapping[str, Any]) -> Mapping[str, Any]:
    """The block as Slack keeps it: with ids where the app gave it, or its elements, none."""
    kept = {"block_id": uuid4().hex, **block}
    match block:
        case {"type": "actions" | "context_actions", "elements": elements}:
            return kept | {"elements": [_identified_element(element) for element in elements]}
        case {"type": "section", "accessory": accessory}:
            return kept | {"accessory": _identified_element(accessory)}
        case {"type": "input", "element": element}:
            return kept | {"element": _identified_element(element)}
        case _:
            return kept


def elements_of(block: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """What people can act on in a block, each with its place there."""
    match block:
        case {"type": "actions" | "context_actions", "elements": list(elements)}:
            return [(f"elements/{number}", element) for number, element in enumerate(elements)]
        case {"type": "section", "accessory": accessory}:
            return [("accessory", accessory)]
        case {"type": "input"}:
            return [("element", block.get("element"))]
        case _:
            return []


def characters(text: str) -> int:
    """The strictest reading of what Slack counts: UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def kept(text: str) -> str:
    """Return what Slack keeps of the text of a text object, and counts: `&`, `<` and `>` are escaped once.

    https://github.com/slackapi/bolt-python/issues/513
    """
    escaped = _BARE_AMPERSAND.sub("&amp;", text)
    return escaped.replace("<", "&lt;").replace(">", "&gt;")


def text_problems(
    where: str, text: Any, most: int, kinds: Sequence[str] = ("plain_text",), *, is_optional: bool = False
) -> list[str]:
    """Return what is wrong with a text object of at most `most` characters, as it is kept."""
    if text is None and is_optional:
        return []
    if not (isinstance(text, dict) and text.get("type") in kinds):
        return [_problem(where, f"must be {' or '.join(kinds)}")]
    words = text.get("text")
    return _length_problems(where, kept(words) if isinstance(words, str) else words, most)


def _block_problems(where: str, block: Any, surface: str) -> list[str]:
    kind = _kind(block)
    if kind not in _KNOWN_BLOCKS[surface]:
        return [_problem(f"{where}/type", f"unsupported type: {kind}")]
    most = _MOST_ELEMENTS.get(kind)
    elements = block.get("elements")
    if most and not (isinstance(elements, list) and 0 < len(elements) <= most):
        return [_problem(f"{where}/elements", f"must be 1 to {most} items")]
    problems = [*_block_text_problems(where, block), *_optional(where, block, {"block_id": _ID_LIMIT})]
    for place, element in elements_of(block):
        problems += _element_problems(f"{where}/{place}", element, _KNOWN_ELEMENTS[kind])
    return problems


def _block_text_problems(where: str, block: Mapping[str, Any]) -> list[str]:
    match block["type"]:
        case "markdown":
            return _length_problems(f"{where}/text", block.get("text"), inf)
        case "section":
            return text_problems(f"{where}/text", block.get("text"), 3_000, ("mrkdwn", "plain_text"))
        case "header":
            return text_problems(f"{where}/text", block.get("text"), 150)
        case "input":
            label = text_problems(f"{where}/label", block.get("label"), 2_000)
            return label + text_problems(f"{where}/hint", block.get("hint"), 2_000, is_optional=True)
        case _:
            return []


def _element_problems(where: str, element: Any, known: Sequence[str]) -> list[str]:
    kind = _kind(element)
    if kind not in known:
        return [_problem(f"{where}/type", f"unsupported type: {kind}")]
    limits = {"action_id": _ID_LIMIT, "accessibility_label": 75}
    return [*_OWN_PROBLEMS[kind](where, element), *_optional(where, element, limits)]


def _button_problems(where: str, button: Mapping[str, Any]) -> list[str]:
    problems = text_problems(f"{where}/text", button.get("text"), 75)
    problems += _optional(where, button, {"value": 2_000, "url": 3_000})
    if not str(button.get("url", "https://")).startswith(("https://", "http://")):
        problems.append(_problem(f"{where}/url", "must be a URL"))
    if button.get("style", "primary") not in _BUTTON_STYLES:
        problems.append(_problem(f"{where}/style", f"must be {' or '.join(_BUTTON_STYLES)}"))
    return problems


def _icon_button_problems(where: str, button: Mapping[str, Any]) -> list[str]:
    icon = [] if button.get("icon") == "trash" else [_problem(f"{where}/icon", "must be trash")]
    text = text_problems(f"{where}/text", button.get("text"), 75)
    return [*icon, *text, *_optional(where, button, {"value": 2_000})]


def _feedback_problems(where: str, feedback: Mapping[str, Any]) -> list[str]:
    problems = []
    for name in ("positive_button", "negative_button"):
        side, place = feedback.get(name), f"{where}/{name}"
        if not isinstance(side, dict):
            problems.append(_problem(place, "must be an object"))
            continue
        problems += text_problems(f"{place}/text", side.get("text"), 75)
        problems += _length_problems(f"{place}/value", side.get("value"), 2_000)
        problems += _optional(place, side, {"accessibility_label": 75})
    return problems


def _overflow_problems(where: str, overflow: Mapping[str, Any]) -> list[str]:
    options = overflow.get("options")
    if not (isinstance(options, list) and 0 < len(options) <= _MOST_OPTIONS):
        return [_problem(f"{where}/options", f"must be 1 to {_MOST_OPTIONS} items")]
    problems = []
    for number, option in enumerate(options):
        given, place = option if isinstance(option, dict) else {}, f"{where}/options/{number}"
        problems += text_problems(f"{place}/text", given.get("text"), 75)
        problems += _length_problems(f"{place}/value", given.get("value"), 150)
    return problems


def _input_problems(where: str, element: Mapping[str, Any]) -> list[str]:
    problems = text_problems(f"{where}/placeholder", element.get("placeholder"), 150, is_optional=True)
    for name, least in (("min_length", 0), ("max_length", 1)):
        length = element.get(name, least)
        if not (isinstance(length, int) and least <= length <= _LONGEST_INPUT):
            problems.append(_problem(f"{where}/{name}", f"must be {least} to {_LONGEST_INPUT}"))
    return problems + _optional(where, element, {"initial_value": _LONGEST_INPUT})


_OWN_PROBLEMS: Mapping[str, Callable[[str, Mapping[str, Any]], list[str]]] = {
    "button": _button_problems,
    "icon_button": _icon_button_problems,
    "feedback_buttons": _feedback_problems,
    "overflow": _overflow_problems,
    "plain_text_input": _input_problems,
}


def _repetitions(blocks: Sequence[Mapping[str, Any]], where: str) -> list[str]:
    """Slack refuses an id that comes twice in a block, and advises against an action_id of another block.

    What is written into a field is told by its block as well, so that fields may share one.
    """
    named: list[tuple[str, Mapping[str, Any], str]] = []
    for number, block in enumerate(blocks):
        named.append(("block_id", block, f"{where}/{number}"))
        elements = elements_of(block) if block["type"] != "input" else []
        named += [("action_id", element, f"{where}/{number}/{place}") for place, element in elements]
    seen: set[tuple[str, str]] = set()
    problems = []
    for name, holder, place in named:
        if name in holder:
            if (name, holder[name]) in seen:
                problems.append(_problem(f"{place}/{name}", f"must be unique: {holder[name]}"))
            seen.add((name, holder[name]))
    return problems


def _identified_element(element: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"action_id": uuid4().hex, **element}


def _optional(where: str, holder: Mapping[str, Any], limits: Mapping[str, float]) -> list[str]:
    return [
        problem
        for name, most in limits.items()
        if name in holder
        for problem in _length_problems(f"{where}/{name}", holder[name], most)
    ]


def _length_problems(where: str, words: Any, most: float) -> list[str]:
    if isinstance(words, str) and 0 < characters(words) <= most:
        return []
    return [_problem(where, f"must be 1 to {most} characters")]


def _problem(where: str, said: str) -> str:
    return f"{said} [json-pointer:{where}]"


def _kind(thing: Any) -> str:
    return str(thing.get("type")) if isinstance(thing, dict) else ""
