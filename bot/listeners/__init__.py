"""What we hear. Registration is this table; each listener takes milliseconds and hands over.

Every event that the manifest subscribes to has its listener, whatever its subtype.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from slack_bolt import App

from bot.engine.asides import Asides
from bot.engine.home import Homes
from bot.engine.lookups.channels import ChannelDirectory
from bot.engine.lookups.users import UserDirectory
from bot.engine.orchestrator import Orchestrator
from bot.engine.reception import Reception
from bot.listeners.button import feedback_listener, reason_listener, retry_listener, stop_listener
from bot.listeners.command import ask_listener
from bot.listeners.directory import PersonReader, shared_listener, user_listener
from bot.listeners.envelopes import unreadable
from bot.listeners.follow_up import follow_up_listener
from bot.listeners.home import example_listener, home_listener
from bot.listeners.message import mention_listener, message_listener
from bot.listeners.shortcut import about_listener, shortcut_listener
from bot.listeners.values import verifier


def register(
    app: App,
    reception: Reception,
    orchestrator: Orchestrator,
    homes: Homes,
    asides: Asides,
    users: UserDirectory,
    channels: ChannelDirectory,
    *,
    person_in: PersonReader,
    key: bytes,
    admins: Collection[str] = (),
    follow_threads: bool = False,
    allow_bots: Collection[str] = (),
) -> None:
    """Let `app` hand over what it hears.

    `admins` may press every button. With `follow_threads` it also hears what is said in the bot's threads
    without a mention. Apps may ask that `allow_bots` names by an id. `person_in` reads Slack's user objects.
    What people press is signed with `key`.
    """
    app.error(unreadable)
    app.middleware(verifier(key, asides))
    app.event("app_mention")(mention_listener(reception, allow_bots))
    hear_message = message_listener(reception, follow_threads=follow_threads, allow_bots=allow_bots)
    app.event("message")(hear_message)
    app.command("/ask")(ask_listener(reception, asides))
    app.action("stop")(stop_listener(reception, orchestrator, asides, admins))
    app.action("retry")(retry_listener(reception, asides, admins))
    app.action("menu")(retry_listener(reception, asides, admins))  # "answer anew" is all that it offers
    app.action("feedback")(feedback_listener(reception, asides))
    app.view("reason")(reason_listener(reception, asides))
    app.shortcut("ask_about_message")(shortcut_listener(asides))
    app.view("about")(about_listener(reception))
    app.action(re.compile("follow_up_[0-9]+"))(follow_up_listener(reception))
    app.event("app_home_opened")(home_listener(homes))
    app.action(re.compile("example_[0-9]+"))(example_listener(reception))
    app.event("user_change")(user_listener(users, person_in))
    app.event("team_join")(user_listener(users, person_in))
    app.event("channel_shared")(shared_listener(channels))
    app.event("channel_unshared")(shared_listener(channels))
