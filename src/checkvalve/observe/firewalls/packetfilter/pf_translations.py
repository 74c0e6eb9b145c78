"""What translations of pf do to rules that name addresses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from checkvalve.observe.firewalls.base import FilterRule
from checkvalve.observe.firewalls.packetfilter.pf_neutral import PfRule
from checkvalve.observe.firewalls.spans import ANYWHERE


def behind_nat(rules: Sequence[FilterRule], stated: Sequence[PfRule]) -> tuple[FilterRule, ...]:
    """Rules of the way out: their sources may have been translated before they are asked."""
    translations = [
        one
        for one in stated
        if not one.no
        and one.action in {"nat", "binat", "match"}
        and (one.action != "match" or one.translates in {"nat-to", "binat-to"})
    ]
    return tuple(_behind(rule, translations) for rule in rules)


def _behind(rule: FilterRule, translations: Sequence[PfRule]) -> FilterRule:
    for nat in translations:
        if rule.src != ANYWHERE and _meet(nat, rule):
            why = rule.unknown or f"line {nat.ref.line} translates sources before it is asked"
            return replace(rule, src=ANYWHERE, unknown=why, rate="")
    return rule


def _meet(nat: PfRule, rule: FilterRule) -> bool:
    """Whether a translation and a rule may concern one interface."""
    if rule.out_if is None or rule.out_if.negated:
        return True
    return any(
        names is None or names.negated or names.names & rule.out_if.names
        for names in nat.interfaces
    )


def redirections(stated: Sequence[PfRule]) -> list[PfRule]:
    """Rules that redirect as they pass, so that other rules are asked about the outer address."""
    return [one for one in stated if one.translates == "rdr-to" and one.action == "pass"]


def beside_redirections(
    rules: Sequence[FilterRule], redirecting: Sequence[PfRule]
) -> tuple[FilterRule, ...]:
    """Rules of the way in: those that name an outer address may mean the inner one as well."""
    found = list(rules)
    for rdr in redirecting:
        why = f"line {rdr.ref.line} redirects some of its addresses"
        inner = rdr.target.known if rdr.target and not rdr.target.unknown else ANYWHERE
        found += [
            replace(rule, dst=inner, dst_ports=None, unknown=rule.unknown or why, rate="")
            for rule in rules
            if rule.ref != rdr.ref and rule.dst != ANYWHERE
            if rdr.dst.unknown or rule.dst & rdr.dst.known
        ]
    return tuple(found)
