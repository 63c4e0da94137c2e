"""The line for the answering model: people take turns, and what they are told of it is true."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.engine.line import Line

PEOPLE = st.lists(st.sampled_from("ABCD"), max_size=30)


def line_of(*items: str) -> Line[str]:
    """Each waits for the person whose letter it begins with."""
    line: Line[str] = Line()
    for item in items:
        line.join(item[0], item)
    return line


def taken(line: Line[str]) -> list[str]:
    return list(iter(line.take, None))


def test_people_take_turns_however_much_each_asks() -> None:
    assert taken(line_of("A1", "A2", "A3", "A4", "B1", "C1", "C2")) == [
        "A1", "B1", "C1", "A2", "C2", "A3", "A4",
    ]  # fmt: skip


def test_who_had_a_turn_is_behind_who_comes_then() -> None:
    line = line_of("A1", "A2", "A3")
    assert line.take() == "A1"
    line.join("B", "B1")
    assert line.take() == "A2"
    assert taken(line) == ["B1", "A3"]


def test_an_item_that_several_wait_for_is_taken_once_at_the_first_of_its_turns() -> None:
    line = line_of("A1", "A2", "A3", "C1")
    line.share("B", "A3")
    line.share("B", "none that waits")

    assert line.ahead("A3") == 2
    assert taken(line) == ["A1", "C1", "A3", "A2"]


def test_what_nobody_waits_for_any_more_is_not_taken_and_not_counted() -> None:
    line = line_of("A1", "B1", "B2")
    line.leave("A1")
    line.leave("B1")

    assert line.ahead("A1") is None
    assert line.ahead("B2") == 0
    assert taken(line) == ["B2"]
    assert line.take() is None


def test_one_person_leaves_a_place_and_has_more_when_more_are_free() -> None:
    line: Line[str] = Line(6)
    for number in range(6):
        line.join("A", f"A{number}")
    held = taken(line)
    assert held == ["A0", "A1", "A2", "A3"]

    line.join("B", "B1")
    assert taken(line) == ["B1"]
    line.done("A0")
    assert taken(line) == ["A4"]
    line.done("B1")
    line.done("none that was taken")
    assert taken(line) == []
    line.done("A1")
    assert taken(line) == ["A5"]


def test_what_is_nobodys_has_all_places() -> None:
    line: Line[str] = Line(3)
    for number in range(4):
        line.join("", f"{number}")

    assert taken(line) == ["0", "1", "2"]


@given(st.integers(1, 40), st.lists(st.sampled_from("ABC"), max_size=120))
def test_no_more_is_taken_than_there_are_places_and_all_is_taken_in_the_end(
    places: int, people: list[str]
) -> None:
    line: Line[str] = Line(places)
    items = [f"{person}{number}" for number, person in enumerate(people)]
    for item in items:
        line.join(item[0], item)
    order, held = list[str](), list[str]()
    while newly := taken(line):
        order += newly
        held += newly
        assert len(held) <= places
        if places >= 3 and len(set(people)) == 1:
            assert len(held) < places
        line.done(held.pop(0))
    while held:
        line.done(held.pop(0))
        order += (newly := taken(line))
        held += newly
    assert sorted(order) == sorted(items)


@given(PEOPLE, st.data())
def test_what_is_told_of_the_line_is_true_if_nobody_else_comes(
    people: list[str], data: st.DataObject
) -> None:
    items = [f"{person}{number}" for number, person in enumerate(people)]
    line = line_of(*items)
    for item in data.draw(st.lists(st.sampled_from(items), max_size=5)) if items else []:
        data.draw(st.sampled_from([line.leave, lambda each: line.share("E", each)]))(item)
    told = {item: line.ahead(item) for item in items}
    order = taken(line)

    assert told == {item: order.index(item) if item in order else None for item in items}


@given(PEOPLE)
def test_nobody_has_two_turns_while_another_who_waits_has_none(people: list[str]) -> None:
    order = taken(line_of(*(f"{person}{number}" for number, person in enumerate(people))))

    assert sorted(order) == sorted(f"{person}{number}" for number, person in enumerate(people))
    for first, item in enumerate(order):
        again = next((n for n in range(first + 1, len(order)) if order[n][0] == item[0]), len(order))
        assert {each[0] for each in order[again:]} <= {each[0] for each in order[first:again]}
