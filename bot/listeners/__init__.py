"""What we hear. Registration is this table; each listener takes milliseconds and hands over.

Every event that the manifest subscribes to has its listener, whatever its subtype: Bolt does not acknowledge
what nobody handles, and Slack would send it again.
"""

from __future__ import annotations

from slack_bolt import App

from bot.engine.orchestrator import Orchestrator
from bot.listeners.button import retry_listener, stop_listener
from bot.listeners.command import ask_listener
from bot.listeners.message import mention_listener, message_listener


def register(app: App, orchestrator: Orchestrator, *, follow_threads: bool = False) -> None:
    """Let `app` hand to `orchestrator` what it hears.

    With `follow_threads` that is also what is said in its threads without a mention.
    """
    app.event("app_mention")(mention_listener(orchestrator))
    app.event("message")(message_listener(orchestrator, follow_threads=follow_threads))
    app.command("/ask")(ask_listener(orchestrator))
    app.action("stop")(stop_listener(orchestrator))
    app.action("retry")(retry_listener(orchestrator))
