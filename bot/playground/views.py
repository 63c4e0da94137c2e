"""Views: the Home of each person, and the modals that are open.

https://docs.slack.dev/surfaces/modals and https://docs.slack.dev/surfaces/app-home
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import uuid4

from bot.playground.api_rules import ApiError, Parameters, decoded, refusal
from bot.playground.blocks import characters, identified, problems_of, text_problems
from bot.playground.workspace import BOT_ID, TEAM, View, Workspace

_MOST_BYTES = 250_000
_LABEL_LIMIT = 24
_CALLBACK_ID_LIMIT = 255
_METADATA_BYTES = 3_000
_MISSING = "Please complete this required field."


def views_open(workspace: Workspace, parameters: Parameters, now: float) -> dict[str, Any]:
    body = checked_view(parameters.get("view"), "modal")
    user = _exchanged(workspace, parameters.get("trigger_id"), now)
    view = workspace.put_modal(View(_new_id(), user, body, uuid4().hex))
    return {"view": view_as_slack_shows(view)}


def views_publish(workspace: Workspace, parameters: Parameters, _now: float) -> dict[str, Any]:
    body = checked_view(parameters.get("view"), "home")
    user = workspace.users.get(str(parameters.get("user_id")))
    if user is None or user.is_bot:
        raise refusal("invalid_arguments", ["invalid user_id [json-pointer:/user_id]"])
    before = workspace.homes.get(user.id)
    if parameters.get("hash") and (before is None or parameters["hash"] != before.hash):
        raise ApiError("hash_conflict")
    view = workspace.put_home(View(before.id if before else _new_id(), user.id, body, uuid4().hex))
    return {"view": view_as_slack_shows(view)}


def checked_view(value: Any, kind: str) -> dict[str, Any]:
    """A view as Slack keeps it: a "home" or a "modal". Raises ApiError if Slack would not take it."""
    body = decoded(value, "invalid_arguments")
    if not isinstance(body, dict):
        raise refusal("invalid_arguments", ["must be an object [json-pointer:/view]"])
    if len(json.dumps(body, ensure_ascii=False).encode()) > _MOST_BYTES:
        raise ApiError("view_too_large")
    if problems := _view_problems(body, kind):
        raise refusal("invalid_arguments", problems)
    return body | {"blocks": [identified(block) for block in body["blocks"]]}


def changed_view(view: View, value: Any) -> View:
    """The modal `view` with another body. Raises ApiError if Slack would not take it."""
    return replace(view, body=checked_view(value, "modal"), hash=uuid4().hex)


def view_as_slack_shows(view: View, values: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A view as the API and payloads show it; `values` are what its inputs hold.

    https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
    """
    return {
        "id": view.id,
        "team_id": TEAM,
        "app_id": "ADUET",
        "bot_id": BOT_ID,
        "hash": view.hash,
        "root_view_id": view.id,
        "previous_view_id": None,
        "external_id": "",
        "callback_id": "",
        "private_metadata": "",
        "clear_on_close": False,
        "notify_on_close": False,
        **view.body,
        "state": {"values": values or {}},
    }


def filled_in(view: View, values: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The inputs of a modal as a submission tells of them: null where nothing was written."""
    return {
        block["block_id"]: {
            block["element"]["action_id"]: {
                "type": block["element"]["type"],
                "value": _written(block, values) or None,
            }
        }
        for block in view.body["blocks"]
        if block["type"] == "input"
    }


def unfit(view: View, values: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """What Slack itself finds wrong with what was written, by block, before it asks the app."""
    problems = {}
    for block in view.body["blocks"]:
        if block["type"] == "input":
            written = characters(_written(block, values))
            least = block["element"].get("min_length", 0)
            most = block["element"].get("max_length", 3_000)
            if not written and not block.get("optional"):
                problems[block["block_id"]] = _MISSING
            elif written and not least <= written <= most:
                problems[block["block_id"]] = f"Please write {least} to {most} characters."
    return problems


def _written(block: Mapping[str, Any], values: Mapping[str, Mapping[str, str]]) -> str:
    return values.get(block["block_id"], {}).get(block["element"]["action_id"], "")


def _view_problems(body: Mapping[str, Any], kind: str) -> list[str]:
    if body.get("type") != kind:
        return [f"must be {kind} [json-pointer:/view/type]"]
    blocks = body.get("blocks")
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/view/blocks]"]
    problems = problems_of(blocks, kind, "/view/blocks")
    callback_id, metadata = body.get("callback_id", ""), body.get("private_metadata", "")
    if not (isinstance(callback_id, str) and characters(callback_id) <= _CALLBACK_ID_LIMIT):
        problems.append(f"must be at most {_CALLBACK_ID_LIMIT} characters [json-pointer:/view/callback_id]")
    if not (isinstance(metadata, str) and _bytes_in_json(metadata) <= _METADATA_BYTES):
        problems.append(f"must be at most {_METADATA_BYTES} characters [json-pointer:/view/private_metadata]")
    return problems + (_modal_problems(body) if kind == "modal" else [])


def _bytes_in_json(text: str) -> int:
    """The strictest reading of the 3,000 "characters" of private_metadata: bytes, with JSON's escapes.

    https://docs.slack.dev/reference/views/modal-views
    """
    return len(json.dumps(text, ensure_ascii=False).encode("utf-8", "surrogatepass")) - len('""')


def _modal_problems(body: Mapping[str, Any]) -> list[str]:
    problems = []
    for name in ("title", "submit", "close"):
        label, where = body.get(name), f"/view/{name}"
        problems += text_problems(where, label, 3_000, is_optional=name != "title")
        # Of these no escapes were seen in payloads, so they count as they are written.
        if isinstance(label, dict) and characters(str(label.get("text"))) > _LABEL_LIMIT:
            problems.append(f"must be 1 to {_LABEL_LIMIT} characters [json-pointer:{where}]")
    has_input = any(isinstance(block, dict) and block.get("type") == "input" for block in body["blocks"])
    if has_input and body.get("submit") is None:
        problems.append("required where there is an input [json-pointer:/view/submit]")
    return problems


def _exchanged(workspace: Workspace, trigger_id: Any, now: float) -> str:
    """Whoever caused the trigger, which is spent now."""
    if not trigger_id:
        raise refusal("invalid_arguments", ["missing required field: trigger_id"])
    trigger = workspace.triggers.get(str(trigger_id))
    if trigger is None:
        raise ApiError("invalid_trigger_id")
    if trigger.is_exchanged:
        raise ApiError("exchanged_trigger_id")
    if now >= trigger.end:
        raise ApiError("expired_trigger_id")
    workspace.triggers[str(trigger_id)] = replace(trigger, is_exchanged=True)
    return trigger.user


def _new_id() -> str:
    return f"V{uuid4().hex[:10].upper()}"
