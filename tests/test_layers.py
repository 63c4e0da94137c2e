"""Who may import whom. A layer knows those below it and nothing of those above."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted((ROOT / "bot").rglob("*.py"))

# Besides the standard library. The longest path that fits a file decides; a file that none fits is refused.
ALLOWED = {
    "bot/__init__.py": set[str](),
    "bot/__main__.py": {"bot.cli"},
    "bot/cli.py": {
        "bot.app",
        "bot.bench",
        "bot.core",
        "bot.doctor",
        "bot.limits",
        "bot.logs",
        "bot.playground",
        "bot.settings",
        "bot.stats",
        "bot.stores",
        "dotenv",
    },
    "bot/doctor.py": {
        "bot.adapters",
        "bot.app",
        "bot.aws",
        "bot.core",
        "bot.doctor_channel",
        "bot.settings",
        "bot.stores",
    },
    "bot/doctor_channel.py": {"bot.adapters", "bot.core", "slack_sdk"},
    "bot/limits.py": set[str](),
    "bot/logs.py": {"bot.core"},
    "bot/monitoring.py": {"bot.adapters", "bot.engine", "bot.settings"},
    "bot/settings.py": {"bot.core"},
    "bot/stats.py": {"bot.core"},
    "bot/stores.py": {"bot.adapters", "bot.core", "bot.settings"},
    "bot/app.py": {
        "bot.adapters",
        "bot.aws",
        "bot.core",
        "bot.engine",
        "bot.limits",
        "bot.listeners",
        "bot.monitoring",
        "bot.settings",
        "bot.stores",
        "slack_bolt",
        "slack_sdk",
    },
    "bot/aws.py": {"bot.adapters", "bot.core", "bot.engine", "bot.settings", "boto3", "botocore"},
    "bot/core": {"bot.core"},
    "bot/engine": {"bot.core", "bot.engine"},
    "bot/adapters/__init__.py": set[str](),
    "bot/adapters/slack_messages.py": {"bot.core"},
    "bot/adapters/slack_errors.py": {"bot.core", "slack_sdk"},
    "bot/adapters/slack_client.py": {"bot.adapters.slack_errors", "bot.core", "slack_sdk"},
    "bot/adapters/slack_web.py": {
        "bot.adapters.slack_errors",
        "bot.adapters.slack_messages",
        "bot.core",
        "slack_sdk",
    },
    "bot/adapters/slack_trial.py": {"bot.adapters.slack_errors", "bot.core", "slack_sdk"},
    "bot/adapters/slack_access.py": {
        "bot.adapters.slack_errors",
        "bot.adapters.slack_socket",
        "bot.core",
        "slack_sdk",
    },
    "bot/adapters/slack_socket.py": {"bot.core", "slack_sdk"},
    "bot/adapters/slack_files.py": {"bot.adapters.slack_errors", "bot.core", "slack_sdk"},
    "bot/adapters/bedrock.py": {
        "bot.adapters.aws_session",
        "bot.adapters.bedrock_errors",
        "bot.core",
        "botocore",
    },
    "bot/adapters/encodings.py": {"bot.core", "chardet"},
    "bot/adapters/pdf.py": set[str](),
    "bot/adapters/pdf_program.py": {"pypdfium2"},
    "bot/adapters/bedrock_errors.py": {"bot.core", "botocore", "urllib3"},
    "bot/adapters/aws_session.py": {"bot.adapters.bedrock_errors", "bot.core", "boto3", "botocore"},
    "bot/adapters/aws_identity.py": {"bot.adapters.bedrock_errors", "boto3", "botocore"},
    "bot/adapters/sqlite": {"bot.adapters.sqlite", "bot.core"},
    "bot/adapters/redis": {"bot.adapters.redis", "bot.core", "redis"},
    "bot/adapters/telemetry.py": {"bot.core", "opentelemetry"},
    "bot/adapters/metrics_page.py": {"bot.core", "prometheus_client"},
    "bot/listeners/envelopes.py": {"bot.listeners", "slack_bolt", "slack_sdk"},
    "bot/listeners/connection.py": {"bot.adapters.slack_socket", "bot.core", "bot.engine", "slack_sdk"},
    "bot/listeners": {"bot.core", "bot.engine", "bot.listeners", "slack_bolt"},
    "bot/bench": {"bot.bench", "bot.playground"},
    "bot/bench/acknowledgements.py": {"bot.aws", "bot.core", "bot.playground", "bot.settings"},
    "bot/bench/promises.py": {"bot.bench", "bot.core", "bot.playground", "bot.stats", "bot.stores"},
    "bot/bench/plain.py": {"bot.app", "bot.core", "bot.engine", "bot.settings"},
    "bot/playground": {"bot.playground", "aiohttp", "markdown_it", "pygments"},
}
# What waits, reaches out or depends on chance: a core that has none of it can be tested by calling it.
IMPURE = {
    "concurrent",
    "http",
    "logging",
    "os",
    "queue",
    "random",
    "socket",
    "sqlite3",
    "threading",
    "time",
    "urllib",
}
# What runs or rebuilds whatever it is given, so that text from outside could become code.
RUNS_TEXT = {
    "eval", "exec", "compile", "__import__", "os.system", "os.popen", "subprocess.getoutput",
    "subprocess.getstatusoutput", "asyncio.create_subprocess_shell",
}  # fmt: skip
REBUILDS_OBJECTS = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "jsonpickle"}


def imported(tree: ast.AST) -> Iterator[str]:
    """The full names of what is imported anywhere in `tree`; a relative import begins with a dot."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ([f"bot.{name.name}" for name in node.names] if module == "bot" else [module])


def within(name: str, packages: set[str]) -> bool:
    return any(f"{name}.".startswith(f"{package}.") for package in packages)


def allowed(path: Path) -> set[str]:
    here = path.relative_to(ROOT)
    layers = (str(layer) for layer in (here, *here.parents))
    return next((ALLOWED[layer] for layer in layers if layer in ALLOWED), set())


def at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when a module is imported: all but the bodies of its functions."""
    yield node
    for name, value in ast.iter_fields(node):
        if name == "body" and isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        children = value if isinstance(value, list) else [value]
        for child in children:
            if isinstance(child, ast.AST):
                yield from at_import(child)


def test_there_is_something_to_look_at() -> None:
    assert len(FILES) > 30


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_layer_may(path: Path) -> None:
    names = set(imported(ast.parse(path.read_text())))
    strangers = {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}
    refused = sorted(name for name in strangers if not within(name, allowed(path)))

    assert not refused, f"{path.relative_to(ROOT)} may not import {', '.join(refused)}"


@pytest.mark.parametrize("path", sorted((ROOT / "bot/core").glob("*.py")), ids=lambda path: path.name)
def test_the_core_waits_for_nothing_and_reaches_for_nothing(path: Path) -> None:
    names = {name.partition(".")[0] for name in imported(ast.parse(path.read_text()))}

    assert not names & IMPURE, f"{path.name} is of the core and may not import {names & IMPURE}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_importing_a_module_reads_nothing_of_its_surroundings(path: Path) -> None:
    running = list(at_import(ast.parse(path.read_text())))
    reached = {
        ast.unparse(node)
        for node in running
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "argv"))
        or (isinstance(node, ast.alias) and node.name in ("environ", "getenv", "argv"))
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in ("open", "load_dotenv", "boto3.client"))
    }

    assert not reached, f"{path.relative_to(ROOT)} does this when it is imported: {', '.join(reached)}"


def that_runs_text(tree: ast.AST) -> set[str]:
    """What in `tree` would let a text become code or a command line."""
    found = {name for name in imported(tree) if name.partition(".")[0] in REBUILDS_OBJECTS}
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    found |= {name for call in calls if (name := ast.unparse(call.func)) in RUNS_TEXT}
    return found | {"shell=" for call in calls for keyword in call.keywords if keyword.arg == "shell"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_unpickled_evaluated_or_given_to_a_shell(path: Path) -> None:
    found = that_runs_text(ast.parse(path.read_text()))

    assert not found, f"{path.relative_to(ROOT)} uses {', '.join(sorted(found))}"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from pickle import loads", {"pickle"}),
        ("def f(text):\n    return [eval(text)]", {"eval"}),
        ("import os\nos.system(text)", {"os.system"}),
        ("subprocess.run(text, shell=True)", {"shell="}),
        ("re.compile(text)", set()),
        ("subprocess.run([text])", set()),
    ],
)
def test_what_runs_text_is_found_wherever_it_stands(source: str, found: set[str]) -> None:
    assert that_runs_text(ast.parse(source)) == found


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import os.path, re", {"os.path", "re"}),
        ("from bot import adapters", {"bot.adapters"}),
        ("from bot.core import markdown", {"bot.core"}),
        ("from . import desk", {"."}),
        ("def f():\n    import time", {"time"}),
    ],
)
def test_imports_are_found_wherever_they_stand(source: str, names: set[str]) -> None:
    assert set(imported(ast.parse(source))) == names


def test_a_package_is_not_taken_for_one_whose_name_begins_alike() -> None:
    assert within("bot.core.safety", {"bot.core"})
    assert not within("bot.core_of_another", {"bot.core"})
    assert not within("bot", {"bot.core"})
