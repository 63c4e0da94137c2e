"""One way to a model: whatever asks, no model is called without the proof that one function alone makes."""

from __future__ import annotations

import ast
import inspect
import typing
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue
from unittest.mock import create_autospec

import pytest

from bot import listeners
from bot.core.admission import Admitted, NotAdmitted
from bot.core.question import Question
from bot.engine import voices
from bot.engine.admission_control import AdmissionControl
from bot.engine.answers import Answers
from bot.engine.context import Context
from bot.engine.exchange import Exchange
from bot.engine.flight import Flight
from bot.engine.gate import Gate
from bot.engine.inbox import Inbox
from bot.engine.ledger import Ledger
from bot.engine.voices import ExpertModel, QuickModel, Voices

BOT = Path(voices.__file__).parents[1]
QUESTION = Question("T1", "C1", "U1", "Why?", ts="1.0")
MODELS = {"_micro", "_pro"}  # the attributes by which `Voices` calls the models
ASKS_NOTHING = {"try_to_answer"}  # its prompt is fixed


def functions(tree: ast.AST, name: str = "") -> Iterator[tuple[str, ast.AST]]:
    """All functions in `tree` with the names of what they stand in, and the tree itself."""
    yield name, tree
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            yield from functions(node, f"{name}.{node.name}".strip("."))


def of_own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a function, or a file, without what stands in those within it."""
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.ClassDef | ast.FunctionDef):
            yield child
            yield from of_own(child)


def where(path: Path, wanted: typing.Callable[[ast.AST], bool]) -> set[str]:
    """The functions of a file that have what is `wanted`."""
    found = functions(ast.parse(path.read_text()))
    return {f"{path.stem}:{name}" for name, node in found if any(map(wanted, of_own(node)))}


def everywhere(wanted: typing.Callable[[ast.AST], bool]) -> set[str]:
    return {place for path in BOT.rglob("*.py") for place in where(path, wanted)}


def makes_proof(node: ast.AST) -> bool:
    """Return whether it makes an `Admitted`, also out of another one."""
    if not isinstance(node, ast.Call):
        return False
    made, arguments = ast.unparse(node.func), [ast.unparse(each) for each in node.args]
    copies = made.rpartition(".")[2] in ("replace", "copy", "deepcopy", "__new__")
    is_of_proof = any("admitted" in each.lower() or each == "verdict" for each in arguments[:1])
    return made.rpartition(".")[2] == "Admitted" or (copies and is_of_proof)


def admits(node: ast.AST) -> bool:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return any(isinstance(target, ast.Attribute) and target.attr == "admitted" for target in targets)


def test_one_function_alone_makes_the_proof() -> None:
    assert everywhere(makes_proof) == {"admission_control:AdmissionControl.admit"}


def test_an_answer_is_admitted_in_one_place_and_never_of_itself() -> None:
    assert everywhere(admits) == {"exchange:Exchange.__init__", "exchange:Exchange.admit"}
    assert not Exchange(QUESTION, 0.0, 1.5).is_admitted
    assert not Exchange(QUESTION, 0.0, 1.5, resumes=True).is_admitted


def test_who_has_the_models_is_one_class() -> None:
    """Found by type: whoever is given a model has it in its signature."""

    def takes_model(node: ast.AST) -> bool:
        names = {QuickModel.__name__, ExpertModel.__name__}
        return (
            isinstance(node, ast.arg)
            and node.annotation is not None
            and bool(names & set(ast.unparse(node.annotation).replace("|", " ").split()))
        )

    assert everywhere(takes_model) == {"voices:Voices.__init__"}
    holders = everywhere(lambda node: isinstance(node, ast.Attribute) and node.attr in MODELS)
    assert {place.partition(".")[0] for place in holders} == {"voices:Voices"}


def leading_to_models(owner: type) -> set[str]:
    """The methods that call a model, or have another one call it."""
    methods = {name: value for name, value in vars(owner).items() if inspect.isfunction(value)}
    uses = {
        name: {
            node.attr
            for node in ast.walk(ast.parse(inspect.cleandoc("\n" + inspect.getsource(method))))
            if isinstance(node, ast.Attribute)
        }
        for name, method in methods.items()
        if name != "__init__"
    }
    leading = set(MODELS)
    while more := {name for name, used in uses.items() if used & leading} - leading:
        leading |= more
    return leading - MODELS


def test_every_way_to_a_model_demands_the_proof_by_its_type() -> None:
    leading = leading_to_models(Voices)
    public = {name for name in leading if not name.startswith("_")}

    assert public == {"speak", "greet"} | ASKS_NOTHING
    for name in public - ASKS_NOTHING:
        assert Admitted in typing.get_type_hints(getattr(Voices, name)).values(), name
    assert typing.get_type_hints(Flight.__init__)["admitted"] is Admitted


def test_a_method_that_calls_a_model_is_found_however_it_does() -> None:
    class Careless:
        def speak(self) -> None:
            self._later()

        def _later(self) -> None:
            self._pro.stream()  # type: ignore[attr-defined]

        def rest(self) -> None:
            pass

    assert leading_to_models(Careless) == {"speak", "_later"}


def test_listeners_are_given_no_model() -> None:
    assert Voices not in typing.get_type_hints(listeners.register).values()


@pytest.mark.parametrize(
    "proof",
    [
        None,
        True,
        QUESTION,
        Admitted(replace(QUESTION, ts="2.0")),
        Admitted(replace(QUESTION, retry=1)),
        Admitted(replace(QUESTION, team="T2")),
    ],
)
def test_what_is_no_proof_for_a_question_is_refused_when_it_runs(proof: typing.Any) -> None:
    parts = map(create_autospec, (QuickModel, ExpertModel, Context, Answers, Ledger))
    micro, pro, context, answers, ledger = parts
    inbox: Inbox = SimpleQueue()
    runner = Voices(micro, pro, context, answers, ledger, inbox, streams=1, follow_ups=0)
    exchange = Exchange(QUESTION, 0.0, 1.5)
    try:
        for way in (runner.speak, runner.greet):
            with pytest.raises(NotAdmitted):
                way(exchange, proof)
        with pytest.raises(NotAdmitted):
            exchange.admit(proof)
        assert not exchange.is_admitted
    finally:
        runner.fall_silent()


def test_a_start_of_the_answering_model_is_counted_each_time() -> None:
    gate, context, answers, ledger = map(create_autospec, (Gate, Context, Answers, Ledger))
    context.completed.side_effect = lambda question: question
    answers.key.return_value, ledger.refusal.return_value = "", None
    gate.decide.return_value = None
    control = AdmissionControl(gate, context, answers, ledger)
    for starts in (None, 0, 1, 2):
        assert isinstance(control.admit(QUESTION, starts), Admitted)

    assert [call.args[1] for call in ledger.refusal.call_args_list] == [0, 0, 1, 2]
