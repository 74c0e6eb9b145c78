from __future__ import annotations

from tests.judge.checks.access.gate import gate, mend, only, said, verdicts

from checkvalve.findings import Answer, Subject
from checkvalve.judge.checks.access.ended_grant_open import EndedGrantOpen
from checkvalve.judge.checks.access.stale_timed_rule import StaleTimedRule
from checkvalve.observe.firewalls import vendor_named
from checkvalve.observe.firewalls.base import RuleSet

ENDED = {"not_after": "2026-03-01T00:00:00Z"}
REVOKED = {"revoked_at": "2026-02-20T08:00:00Z"}
ASA = """ASA Version 9.16(4)
interface GigabitEthernet0/0
 nameif wan
 security-level 0
 ip address 10.9.0.254 255.255.255.0
interface GigabitEthernet0/1
 nameif plc
 security-level 100
 ip address 10.1.0.254 255.255.255.0
time-range may
 absolute end 12:00 01 February 2026
object-group network acme
 network-object 10.9.0.0 255.255.255.240
access-list wan_in extended permit tcp object-group acme host 10.1.0.5 eq 502
access-list wan_in extended permit tcp object-group acme host 10.1.0.6 eq 22 time-range may
access-group wan_in in interface wan
"""
OPEN = "accept tcp 10.9.0.0/28 10.1.0.5 502"


def test_a_grant_that_expired_and_is_still_open_is_found_with_its_line() -> None:
    finding = only(EndedGrantOpen, gate(ENDED), OPEN)
    assert finding.subject == Subject("grant", "service")
    assert finding.zone == "cell"
    assert finding.identities == ("acme",)
    assert "grant 'service' of acme expired on 2026-03-01 00:00 UTC" in finding.because
    assert "10.9.0.1 to 10.1.0.5 tcp/502" in finding.because
    assert (finding.evidence[1].file, finding.evidence[1].line) == ("fw.rules", 1)
    assert mend(finding) == f"remove fw.rules:1: {OPEN}"


def test_revoked_is_not_expired() -> None:
    revoked = only(EndedGrantOpen, gate(REVOKED), OPEN)
    assert "was revoked on 2026-02-20 08:00 UTC" in revoked.because
    assert revoked.id != only(EndedGrantOpen, gate(ENDED), OPEN).id


def test_closed_at_the_firewall_it_holds() -> None:
    assert said(EndedGrantOpen, gate(ENDED), "deny any any any") == {Answer.HOLDS}
    assert said(EndedGrantOpen, gate(ENDED), f"deny tcp any 10.1.0.0/24\n{OPEN}") == {Answer.HOLDS}


def test_of_an_active_grant_nothing_is_said() -> None:
    assert verdicts(EndedGrantOpen, gate({}), OPEN) == []


def test_what_a_new_grant_opens_is_that_grants() -> None:
    renewed = {"id": "renewed", "source": ["10.9.0.0/29"]}
    finding = only(EndedGrantOpen, gate(ENDED, renewed), OPEN)
    assert "10.9.0.9 to 10.1.0.5" in finding.because
    assert mend(finding) == f"narrow fw.rules:1: {OPEN} (it lets in renewed too)"
    whole = {"id": "renewed"}
    assert said(EndedGrantOpen, gate(ENDED, whole), OPEN) == {Answer.HOLDS}


def test_what_is_open_in_ipv6_alone_is_found() -> None:
    plant = gate({**ENDED, "source": ["10.9.0.0/28", "2001:db8:9::/64"]})
    finding = only(EndedGrantOpen, plant, "accept tcp 2001:db8:9::/64 2001:db8:1::/64 502")
    assert "2001:db8:9::1 to 2001:db8:1::5 tcp/502" in finding.because


def test_a_line_that_is_not_understood_can_not_be_told() -> None:
    plant = gate(ENDED)
    (verdict,) = verdicts(EndedGrantOpen, plant, f"{OPEN} unknown=an application match")
    assert verdict.answer is Answer.CANNOT_TELL
    assert "an application match" in verdict.because
    assert said(EndedGrantOpen, plant) == {Answer.CANNOT_TELL}


def test_without_an_address_of_a_target_it_can_not_be_told() -> None:
    assert said(EndedGrantOpen, gate({**ENDED, "targets": ["bare"]}), OPEN) == {Answer.CANNOT_TELL}


def test_the_way_to_the_jump_host_and_on_from_there_are_two() -> None:
    plant = gate({**ENDED, "via": "jump"})
    inward, onward = "accept tcp 10.9.0.0/28 10.3.0.7 443", "accept tcp 10.3.0.7 10.1.0.5 502"
    assert only(EndedGrantOpen, plant, inward).zone == "dmz"
    assert only(EndedGrantOpen, plant, onward).zone == "cell"
    assert len(verdicts(EndedGrantOpen, plant, f"{inward}\n{onward}")) == 2


def test_on_from_the_jump_host_a_conduit_may_lead() -> None:
    conduit = "    conduits: [{id: on, from: dmz, to: cell, flows: [{proto: tcp}]}]\n"
    plant = gate({**ENDED, "via": "jump"}, more=conduit)
    assert said(EndedGrantOpen, plant, "accept tcp 10.3.0.7 10.1.0.5 502") == {Answer.HOLDS}


def test_it_is_the_same_finding_when_its_line_moves() -> None:
    plant = gate(ENDED)
    moved = only(EndedGrantOpen, plant, f"deny udp any any\n{OPEN}")
    assert moved.id == only(EndedGrantOpen, plant, OPEN).id


def asa() -> RuleSet:
    vendor = vendor_named("asa")
    assert vendor is not None
    return vendor.read(ASA, file="gate.cfg")[0]


def test_in_a_vendors_configuration_it_points_at_the_line_behind_the_groups() -> None:
    finding = only(EndedGrantOpen, gate(ENDED), asa())
    line = "access-list wan_in extended permit tcp object-group acme host 10.1.0.5 eq 502"
    assert mend(finding) == f"remove gate.cfg:14: {line}"
    stale = only(StaleTimedRule, gate(), asa())
    assert mend(stale).startswith("remove gate.cfg:15: ")
