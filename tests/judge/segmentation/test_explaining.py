from __future__ import annotations

from checkvalve.judge.segmentation.asking import services_of
from checkvalve.judge.segmentation.ends import end_named
from checkvalve.judge.segmentation.explaining import Explained, explain, routes
from checkvalve.judge.segmentation.network import Network, Service
from checkvalve.observe.firewalls.spans import Addresses
from checkvalve.testing.segmentation import NOON, plant_of, rule_set_of

PLANT = plant_of("""
    zones:
      - {id: office, cidrs: [10.9.0.0/24, "2001:db8:9::/64"]}
      - {id: dmz, cidrs: [10.5.0.0/24]}
      - {id: cell, cidrs: [10.1.0.0/24, "2001:db8:1::/64"]}
      - {id: island, cidrs: [10.2.0.0/24]}
    assets:
      - {id: plc, zone: cell, ips: [10.1.0.5]}
    firewalls:
      - {id: fw, vendor: nftables, interfaces: {lan: office, plc: cell, dmz: dmz}}
""")
RULES = """
    accept tcp 10.9.0.0/24 10.1.0.5 502
    accept tcp 10.9.0.0/25 10.1.0.6 any-port unknown=an application
    deny   udp any any
""".replace("any-port ", "")


def answers(source: str, destination: str, *services: Service) -> tuple[Explained, ...]:
    plain = Network(PLANT, {}, NOON)
    ends = [end_named(PLANT, plain.zones, text) for text in (source, destination)]
    network = Network(
        PLANT,
        {"fw": rule_set_of(RULES)},
        NOON,
        asked=[end.addresses or Addresses() for end in ends],
        ports=[service.ports for service in services],
    )
    asked = services or services_of((), network.protocols)
    return explain(network, ends[0], ends[1], asked)


def test_a_question_about_one_packet_is_answered_as_a_whole() -> None:
    (one,) = answers("10.9.0.7", "plc", Service(6, ((502, 502),)))
    assert (one.family, one.answer, one.unknown) == (4, "permitted", ())
    assert [ref.line for region in one.permitted for ref in region.by] == [2]


def test_a_question_about_zones_says_which_part_passes() -> None:
    found = {(one.family, one.protocols): one for one in answers("office", "cell")}
    tcp = found[4, ((6, 6),)]
    assert tcp.answer == "permitted in part"
    assert [region.ports for region in tcp.permitted] == [((502, 502),)]
    assert [ref.line for region in tcp.unknown for ref in region.by] == [3]


def test_what_is_denied_names_the_lines_that_deny_protocols_alike_together() -> None:
    found = [one for one in answers("office", "cell") if one.answer == "denied"]
    by_family = {one.family: one for one in found if (17, 17) in one.protocols}
    assert [ref.line for ref in by_family[4].denied_by] == [4]
    others = next(one for one in found if one.family == 4 and (1, 1) in one.protocols)
    assert (0, 0) in others.protocols
    assert others.denied_by[0].line == 0


def test_what_can_not_be_told_comes_before_what_is_denied() -> None:
    found = [one.answer for one in answers("office", "cell") if one.family == 4]
    assert found == ["permitted in part", "denied", "denied"]


def test_a_family_that_an_end_has_not_is_not_asked() -> None:
    assert {one.family for one in answers("dmz", "cell")} == {4}
    assert {one.family for one in answers("office", "cell")} == {4, 6}


def test_a_rule_set_that_was_not_read_is_named() -> None:
    network = Network(PLANT, {}, NOON)
    ends = [end_named(PLANT, network.zones, text) for text in ("dmz", "cell")]
    (one,) = explain(network, ends[0], ends[1], [Service(6)])
    assert (one.answer, one.unread) == ("cannot tell", ("fw",))


def test_zones_that_no_firewall_joins_have_no_route() -> None:
    network = Network(PLANT, {}, NOON)
    ends = [end_named(PLANT, network.zones, text) for text in ("island", "cell")]
    assert routes(network, ends[0], ends[1]) == ()
