"""The builders of plants and rule sets say what their lines say."""

from __future__ import annotations

import pytest

from checkvalve.errors import PlantError
from checkvalve.judge.segmentation.network import Service
from checkvalve.observe.firewalls.base import TCP, UDP, State
from checkvalve.testing.firewalls import Packet, may, must
from checkvalve.testing.segmentation import network_of, plant_of, rule_set_of

PLANT = """
    zones:
      - {id: office, level: 4, cidrs: [10.9.0.0/24]}
      - {id: cell, level: 1, cidrs: [10.1.0.0/24]}
    firewalls:
      - {id: edge-fw, vendor: nftables, interfaces: {lan: office, plc: cell}}
"""


def test_the_first_line_that_matches_decides_and_the_rest_is_denied() -> None:
    rules = rule_set_of(
        """
        # the printer
        deny tcp 10.9.0.7 any
        accept tcp,udp 10.9.0.0/24 10.1.0.1-10.1.0.9 502,8000-8010 in=lan
        """
    )
    packet = Packet("10.9.0.8", "10.1.0.9", TCP, dst_port=8010, in_if="lan")
    assert must(rules, packet)
    assert not may(rules, Packet("10.9.0.7", "10.1.0.9", TCP, dst_port=8010, in_if="lan"))
    assert not may(rules, Packet("10.9.0.8", "10.1.0.9", TCP, dst_port=8011, in_if="lan"))
    assert not may(rules, Packet("10.9.0.8", "10.1.0.9", TCP, dst_port=502, in_if="plc"))
    assert must(rules, Packet("10.9.0.8", "10.1.0.9", UDP, dst_port=502, in_if="lan"))


def test_what_is_not_understood_has_its_reason() -> None:
    rules = rule_set_of("accept any any any states=new owner=ot unknown=a user match")
    (rule, final) = rules.rules()
    assert (rule.unknown, rule.owner, rule.states) == (
        "a user match",
        "ot",
        frozenset({State.NEW}),
    )
    assert final.ref.line == 0
    packet = Packet("10.9.0.8", "10.1.0.9", TCP, dst_port=1)
    assert may(rules, packet)
    assert not must(rules, packet)


def test_a_network_knows_its_firewall_by_its_id() -> None:
    network = network_of(plant_of(PLANT), edge_fw="accept tcp any any 502")
    assert network.between("office", "cell", Service(TCP)).answer == "permitted"
    (box,) = network.between("office", "cell", Service(TCP)).must
    assert (box.by[0].file, box.by[0].line) == ("edge-fw.rules", 1)


def test_a_plant_that_does_not_fit_together_is_refused() -> None:
    with pytest.raises(PlantError):
        plant_of("firewalls: [{id: fw, vendor: asa, interfaces: {a: nowhere}}]")
