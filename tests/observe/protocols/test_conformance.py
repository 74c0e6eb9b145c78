"""Every registered protocol is held to the conformance kit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.observe.protocols.talks import OPENINGS, TALKS

from checkvalve.observe.protocols import MEMBERS, members
from checkvalve.observe.protocols.base import Protocol
from checkvalve.testing import protocols as kit

PROTOCOLS = {protocol.name: protocol for protocol in members()}
#: Protocols whose streams hold nothing but their messages, one after the other.
FRAMED = ("modbus", "enip", "dnp3", "s7comm")

every = pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
with_talk = pytest.mark.parametrize("name", TALKS)


def messages(protocol: Protocol) -> list[bytes]:
    if protocol.name in OPENINGS:
        return list(OPENINGS[protocol.name])
    talk = TALKS[protocol.name]
    return [*talk.client, *talk.server]


@every
def test_each_member_is_a_file_with_a_class_and_names_of_its_own(protocol: Protocol) -> None:
    module = type(protocol).__module__.rsplit(".", 1)[-1]
    assert (module, type(protocol).__name__) in MEMBERS
    assert type(protocol).__name__.lower() == module.replace("_", "")
    assert protocol.dialects[0] == protocol.name
    others = {d for one in PROTOCOLS.values() if one is not protocol for d in one.dialects}
    assert not others & set(protocol.dialects)
    assert {*protocol.tcp_ports, *protocol.udp_ports} <= set(range(65_536))


@with_talk
def test_any_beginning_of_a_message_asks_for_more(name: str) -> None:
    for message in messages(PROTOCOLS[name]):
        kit.beginnings_ask_for_more(PROTOCOLS[name], message)


@every
def test_no_member_takes_the_messages_of_another_for_its_own(protocol: Protocol) -> None:
    for other in PROTOCOLS.values():
        if other is not protocol:
            for message in messages(other):
                assert kit.framed(protocol, message) <= 0, (other.name, message.hex())


@every
@given(st.binary(max_size=300))
@settings(max_examples=60)
def test_any_octets_are_framed_and_decoded_within_bounds(protocol: Protocol, octets: bytes) -> None:
    kit.any_octets_are_framed(protocol, octets)
    for from_client in (True, False):
        kit.any_message_is_decoded(protocol, octets, from_client=from_client)


@every
@given(st.data())
@settings(max_examples=80)
def test_any_damage_leaves_a_message_within_bounds(protocol: Protocol, data: st.DataObject) -> None:
    octets = bytearray(data.draw(st.sampled_from(messages(protocol))))
    for _ in range(data.draw(st.integers(0, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    more = bytes(octets) + data.draw(st.binary(max_size=20))
    kit.any_octets_are_framed(protocol, more)
    for from_client in (True, False):
        kit.any_message_is_decoded(protocol, more, from_client=from_client)


@with_talk
@given(st.data())
@settings(max_examples=25)
def test_any_cut_of_a_stream_gives_the_same_messages(name: str, data: st.DataObject) -> None:
    talk = TALKS[name]
    cuts = [
        data.draw(st.lists(st.integers(1, max(len(b"".join(octets)) - 1, 1)), max_size=25))
        for octets in (talk.client, talk.server)
    ]
    kit.any_cut_reads_alike(PROTOCOLS[name], talk, cuts[0], cuts[1])


@with_talk
def test_a_stream_of_single_octets_gives_the_same_messages(name: str) -> None:
    every_octet = range(1, 4_000)
    kit.any_cut_reads_alike(PROTOCOLS[name], TALKS[name], every_octet, every_octet)


@with_talk
@given(st.data())
@settings(max_examples=25)
def test_any_order_of_segments_gives_the_same_messages(name: str, data: st.DataObject) -> None:
    talk = TALKS[name]
    octets = len(b"".join(talk.client))
    cuts = data.draw(st.lists(st.integers(1, octets - 1), max_size=15))
    order = data.draw(st.lists(st.integers(0, 15), max_size=20))
    kit.disorder_reads_alike(PROTOCOLS[name], talk, cuts, order)


@pytest.mark.parametrize("name", FRAMED)
def test_garbage_costs_the_messages_that_it_hits(name: str) -> None:
    rng = np.random.default_rng(2026)
    for _ in range(60):
        garbage = rng.integers(0, 256, rng.integers(1, 7), np.uint8).tobytes()
        place = int(rng.integers(0, 1 << 30))
        kit.garbage_costs_what_it_hits(PROTOCOLS[name], TALKS[name], place, garbage)


@pytest.mark.parametrize("name", FRAMED)
def test_a_stream_that_is_one_percent_garbage_keeps_the_rest(name: str) -> None:
    rng = np.random.default_rng(7)
    talk = TALKS[name]
    client = talk.client * 30
    octets = np.frombuffer(b"".join(client), np.uint8).copy()
    hit = rng.random(len(octets)) < 0.01
    octets[hit] = rng.integers(0, 256, np.count_nonzero(hit), np.uint8)
    ends = np.cumsum([len(message) for message in client])
    struck = np.unique(np.searchsorted(ends, np.flatnonzero(hit), side="right"))
    found = kit.dissected(
        PROTOCOLS[name], kit.conversation(kit.Talk((octets.tobytes(),), ()), ends)
    )
    assert kit.octets_add_up(found)
    sound = found.messages[(found.messages["item"] == 0) & (found.messages["status"] == 0)]
    read = len(np.unique(np.stack([sound["packet"], sound["offset"]]), axis=1).T)
    assert read >= len(client) - len(struck) - 1
