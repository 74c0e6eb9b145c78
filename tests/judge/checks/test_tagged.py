from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.judge.checks.mill import mill, seen

from checkvalve.judge.checks.tagged import Commands, held
from checkvalve.plant import Plant
from checkvalve.plant.tags import Tag
from checkvalve.records import Intent

SPACES = ("holding register", "coil", "input register")


def tag(**fields: Any) -> Tag:
    usual = {"id": "t", "asset": "plc", "protocol": "modbus", "space": "holding register"}
    return Tag.model_validate({**usual, **fields})


command = st.tuples(
    st.sampled_from(("panel", "mes", "desk")),
    st.sampled_from(SPACES[:2]),
    st.integers(0, 12),
    st.integers(0, 4),
)


@settings(max_examples=60)
@given(
    commands=st.lists(command, min_size=1, max_size=30),
    space=st.sampled_from(SPACES),
    address=st.none() | st.integers(0, 16),
)
def test_what_touches_a_tag_is_what_a_row_by_row_search_finds(
    commands: list[tuple[str, str, int, int]], space: str, address: int | None
) -> None:
    builder = seen()
    for at, (source, where, first, more) in enumerate(commands):
        builder.exchange(
            source, "plc", at=at, function="Write", intent=Intent.WRITE,
            space=where, first=first, last=first + more,
        )  # fmt: skip
    window = builder.build("production")
    found = Commands(window)
    looked_for = tag(space=space, address=address)
    for place in found.places:
        source = window.edges[place].source.name
        expected = [
            row
            for row, (who, where, first, more) in enumerate(commands)
            if who == source
            and where == space
            and (address is None or first <= address <= first + more)
        ]
        assert found.touching(place, looked_for).tolist() == expected
        assert found.of(place).tolist() == [
            row for row, (who, *_) in enumerate(commands) if who == source
        ]


def test_a_window_without_commands_has_none() -> None:
    assert Commands(seen().exchange("panel", "plc").build("stop")).places == []


def test_a_tag_is_held_by_its_protocol_and_device() -> None:
    edge = seen().exchange("panel", "plc", device=2).build("stop").edges[0]
    tags = [tag(), tag(device=2), tag(device=1), tag(protocol="s7comm")]
    assert held(edge, tags) == tags[:2]


def beyond(first: int, last: int, *outputs: Tag) -> int:
    builder = seen().exchange(
        "optimiser", "plc", function="Write", intent=Intent.WRITE,
        space="holding register", first=first, last=last,
    )  # fmt: skip
    commands = Commands(builder.build("stop"))
    return len(commands.outside(commands.places[0], outputs))


def test_outputs_beside_each_other_may_be_written_at_once() -> None:
    assert beyond(20, 23, tag(address=20, type="float32"), tag(address=22, type="uint32")) == 0
    assert beyond(20, 23, tag(address=20, type="float32"), tag(address=23)) == 1


def test_an_output_without_an_address_is_its_whole_space() -> None:
    assert beyond(0, 999, tag()) == 0
    assert beyond(0, 999, tag(space="coil")) == 1


def test_a_plant_without_tags_holds_none() -> None:
    edge = seen().exchange("panel", "plc").build("stop").edges[0]
    assert held(edge, Plant().tags_of("plc")) == []
    assert held(edge, mill().tags_of("plc")) == list(mill().tags_of("plc"))
