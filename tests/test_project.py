"""The files around the code say what the code does."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
from dataclasses import MISSING, fields
from importlib.metadata import requires
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from bot.core.message import Action
from bot.playground.bedrock import Reply
from bot.playground.limits import UNLIMITED
from bot.playground.web_api import METHODS
from bot.playground.workspace import MINJI
from bot.settings import NAMES, Settings, read
from tests.conftest import offer
from tests.lowest import constraints
from tests.sample_files import png
from tests.settings_page import PAGE, documented, page
from tests.workbench import Workbench

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "bot/requirements.lock"
MANIFEST = yaml.safe_load((ROOT / "manifest.yml").read_text())
SCOPES = frozenset(MANIFEST["oauth_config"]["scopes"]["bot"])
EVENTS = frozenset(MANIFEST["settings"]["event_subscriptions"]["bot_events"])


def test_the_manifest_asks_for_exactly_the_scopes_that_the_bot_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    """With no more than these everything works, and each of them is needed for something."""
    bench = Workbench(UNLIMITED, SCOPES, EVENTS)
    try:
        offer(monkeypatch, bench)
        bench.bedrock.always("converse-stream", Reply(text="Because.", after=0, then="hold"))
        bench.start_bot()
        for channel in ("CGENERAL", "GTEAM", "GGROUP", "DADA"):
            question = bench.mention("why?", channel=channel)
            bench.answered(question)
            bench.mention("go on", thread=question)
            bench.answered(question, count=4, before=2)
        photo = bench.servers.do(lambda: bench.slack.upload("photo.png", png()))
        far = bench.say("something", channel="CRANDOM")
        link = f"https://ours.slack.com/archives/CRANDOM/p{far.ts.replace('.', '')}"
        bench.answered(bench.mention(f"what would <@{MINJI.id}> say to <{link}>?", files=[photo]))
        bench.ask("why?", channel="GGROUP")
        bench.answered(bench.posted_question("GGROUP"))
        bench.ask("why?", channel="CQUIET")
        bench.until(lambda: bench.messages("CQUIET"))
        bench.ask("why?", channel="GSECRET")
        bench.until(lambda: len(bench.told_privately(channel="GSECRET")) == 1)

        unseen = ("not_in_channel", "channel_not_found")
        assert not [call for call in bench.slack.calls if call.error not in ("", *unseen)]
        assert bench.slack.used_scopes == SCOPES
    finally:
        bench.close()


def test_the_manifest_subscribes_to_exactly_the_events_that_have_a_listener() -> None:
    tree = ast.parse((ROOT / "bot/listeners/__init__.py").read_text())
    heard = {
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "event"
        and isinstance(call.args[0], ast.Constant)
    }

    assert heard == {event.partition(".")[0] for event in EVENTS}


def test_the_manifest_offers_exactly_the_commands_that_have_a_listener() -> None:
    registered = re.findall(r'app\.command\("(/\w+)"\)', (ROOT / "bot/listeners/__init__.py").read_text())

    assert registered == [command["command"] for command in MANIFEST["features"]["slash_commands"]]


def test_the_manifest_offers_exactly_the_shortcuts_that_have_a_listener() -> None:
    source = (ROOT / "bot/listeners/__init__.py").read_text()

    offered = [shortcut["callback_id"] for shortcut in MANIFEST["features"]["shortcuts"]]
    assert re.findall(r'app\.shortcut\("(\w+)"\)', source) == offered


def test_whatever_can_be_pressed_or_sent_has_a_listener_and_the_other_way_round() -> None:
    source = (ROOT / "bot/listeners/__init__.py").read_text()
    heard = set(re.findall(r'app\.action\((?:re\.compile\()?"(\w+?)(?:_\[0-9\]\+"\))?["\)]', source))
    pressed = {action.value for action in Action} - {Action.REGENERATE.value} | {"menu", "example"}

    assert heard == pressed
    forms = re.findall(r'Form\("(\w+)"', (ROOT / "bot/engine/asides.py").read_text())
    assert sorted(re.findall(r'app\.view\("(\w+)"\)', source)) == sorted(forms)


def test_every_slack_method_that_the_bot_calls_is_one_the_playground_checks() -> None:
    callers = ("slack_web.py", "slack_files.py", "slack_access.py", "slack_trial.py")
    source = "".join((ROOT / "bot/adapters" / caller).read_text() for caller in callers)
    called = set(re.findall(r"client\.([a-z]+(?:_[a-zA-Z]+)+)\(", source)) - {"apps_connections_open"}

    assert called <= {method.replace(".", "_") for method in METHODS}
    assert len(called) > 10


def test_the_manifest_is_a_socket_mode_app_that_people_can_write_to() -> None:
    assert MANIFEST["settings"]["socket_mode_enabled"] is True
    assert MANIFEST["features"]["app_home"]["home_tab_enabled"] is True
    assert MANIFEST["features"]["app_home"]["messages_tab_enabled"] is True
    assert MANIFEST["features"]["app_home"]["messages_tab_read_only_enabled"] is False
    assert "agent_view" not in MANIFEST["features"]
    assert len(MANIFEST["display_information"]["description"]) <= 140


READ_BY_BOTO3 = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_BEARER_TOKEN_BEDROCK"}
TO_BE_FILLED_IN = {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "AWS_REGION"}


class Recording(dict[str, str]):
    """An environment with nothing in it, which notes what it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.names = set[str]()

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override] # read() gives a text
        """Nothing but the default."""
        self.names.add(name)
        return default


def as_written(default: object) -> str:
    """How a default stands in the environment."""
    if default is None or default == ():
        return ""
    if isinstance(default, float):
        return f"{default:g}"
    return str(default).lower() if isinstance(default, bool) else str(default)


def test_the_example_env_has_every_setting_that_the_code_reads_and_no_other() -> None:
    env = Recording()
    read(env)
    names = [setting.name for setting in documented()]

    assert set(names) - READ_BY_BOTO3 == env.names == NAMES
    assert len(names) == len(set(names))
    assert all(setting.words.endswith(".") for setting in documented())


def test_the_example_env_has_the_defaults_of_the_code() -> None:
    known = {each.name.upper(): each.default for each in fields(Settings) if each.default is not MISSING}
    written = {setting.name: setting.value for setting in documented() if setting.is_default}

    assert {setting.name for setting in documented() if not setting.is_default} == TO_BE_FILLED_IN
    assert written == {name: as_written(known.get(name)) for name in written}
    tokens = {"SLACK_BOT_TOKEN": "xoxb-1", "SLACK_APP_TOKEN": "xapp-1"}
    assert read(written | tokens) == (Settings("xoxb-1", "xapp-1"), [])


def test_the_page_of_settings_is_made_of_the_example_env() -> None:
    assert PAGE.read_text() == page(), "python -m tests.settings_page writes it anew"


def test_the_readme_and_ci_run_the_same_commands() -> None:
    readme, ci = (ROOT / "README.md").read_text(), (ROOT / ".ci/run").read_text()
    install = "python3 -m venv .venv && .venv/bin/pip install -q -e '.[{}]' && .venv/bin/python -m {}"
    start, test = install.format("playground", "bot playground"), install.format("test", "pytest")

    assert start in readme
    assert test in readme
    assert ci.rstrip().endswith(test)
    assert (ROOT / "Procfile").read_text() == "worker: python -m bot\n"


def test_nothing_stands_at_the_top_level_but_what_belongs_there() -> None:

    git = shutil.which("git")
    if not git or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run([git, "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    top = {path.partition("/")[0] for path in listed.splitlines()}

    belongs = {"pyproject.toml", "bot", "manifest.yml", "tests", "README.md", "Procfile", "docs", "LICENSE"}
    assert {name for name in top if not name.startswith(".")} <= belongs


def locked() -> dict[str, tuple[Requirement, list[str]]]:
    """Each release of the lock by its name, and the hashes of its files."""
    entries = re.findall(r"^(\S.*?) \\\n((?:    --hash=.*\n)*)", LOCK.read_text(), re.MULTILINE)
    found = [
        (Requirement(release), re.findall(r"--hash=sha256:([0-9a-f]{64})\b", rest))
        for release, rest in entries
    ]
    return {canonicalize_name(release.name): (release, hashes) for release, hashes in found}


def deployed() -> list[Requirement]:
    """Return what the bot needs, with what it needs for Redis and OpenTelemetry."""
    needed = [Requirement(each) for each in requires("duet") or ()]
    return [
        each
        for each in needed
        if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("redis", "otel"))
    ]


def test_the_lock_has_what_is_deployed_each_release_with_the_hashes_of_its_files() -> None:
    releases = locked()

    assert len(releases) == len(re.findall(r"^[a-z]", LOCK.read_text(), re.MULTILINE)) > 20
    assert all(hashes and str(release.specifier).startswith("==") for release, hashes in releases.values())
    for need in deployed():
        release, _ = releases[canonicalize_name(need.name)]
        (pinned,) = release.specifier
        assert need.specifier.contains(pinned.version, prereleases=True), f"{need}: .ci/lock writes it anew"


def test_the_lock_is_made_by_the_command_that_it_names_and_names_no_server() -> None:
    lines = LOCK.read_text().splitlines()

    assert lines[1] == "#    .ci/lock"
    assert "bot/requirements.lock" in (ROOT / ".ci/lock").read_text()
    assert not re.search(r"://|--(?:extra-)?index|--find-links|--trusted", LOCK.read_text())


def test_every_place_that_deploys_installs_from_the_lock() -> None:
    install = "pip install -q --require-hashes -r bot/requirements.lock"

    assert install in (ROOT / ".ci/run").read_text()
    operations = (ROOT / "docs/operations.md").read_text()
    assert install in operations
    assert "pip install --no-cache-dir --require-hashes -r bot/requirements.lock" in operations
    assert "echo '-r bot/requirements.lock' > requirements.txt" in operations


def test_everything_that_the_bot_needs_ends_before_its_next_major_version() -> None:
    playground = [
        each for each in map(Requirement, requires("duet") or ()) if "playground" in str(each.marker)
    ]

    assert len(playground) == 3
    for need in (*deployed(), *playground):
        bounds = {each.operator: Version(each.version) for each in need.specifier}
        assert bounds[">="] < bounds["<"], need
        assert len(bounds["<"].release) == 1, need


@pytest.mark.parametrize(("is_github", "status"), [(True, 1), (False, 0)])
def test_an_audit_that_cannot_be_made_fails_where_it_has_to_be(is_github: bool, status: int) -> None:
    """`.ci/run` has the branch; here nobody can be asked."""
    bash = shutil.which("bash")
    if not bash:
        pytest.skip("bash is not installed")
    found = re.search(
        r"^if \.venv/bin/python .*?^fi$", (ROOT / ".ci/run").read_text(), re.DOTALL | re.MULTILINE
    )
    assert found
    audit = found[0].replace(".venv/bin/python", "false")
    environment = {"PATH": "/usr/bin:/bin"} | ({"GITHUB_ACTIONS": "true"} if is_github else {})
    done = subprocess.run([bash, "-ec", audit], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == status
    assert "https://api.osv.dev" in done.stdout + done.stderr


def test_everything_that_the_bot_needs_has_an_oldest_release_which_ci_tries() -> None:
    needed = {each for each in requires("duet") or () if "test" not in each.partition(";")[2]}

    assert len(needed) > 10
    assert len(constraints()) == len(needed)
    assert all(re.fullmatch(r"[\w-]+==[\w.]+", each) for each in constraints())
    assert "python -m tests.lowest" in (ROOT / ".ci/run").read_text()
