"""Links hold findings together, and let go again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.respond.triage.links import Link, Reason, Why, components

NAMES = [f"f{number}" for number in range(8)]
WHY = (Why(Reason.ACTOR, "HMI-3"),)
EDGES = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).map(lambda ends: Link(*ends, WHY)),
    max_size=12,
    unique=True,
)


def test_without_links_each_finding_stands_alone() -> None:
    assert components(["a", "b"], []) == (("a",), ("b",))


def test_a_chain_is_one_group_in_the_order_asked_for() -> None:
    links = [Link("c", "a", WHY), Link("b", "c", WHY)]
    assert components(["a", "b", "c", "d"], links) == (("a", "b", "c"), ("d",))


def test_a_link_to_an_unknown_finding_is_passed_over() -> None:
    assert components(["a"], [Link("a", "gone", WHY)]) == (("a",),)


@given(EDGES, st.randoms(use_true_random=False))
def test_the_order_of_links_does_not_matter(edges: list[Link], order: object) -> None:
    shuffled = list(edges)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert components(NAMES, edges) == components(NAMES, shuffled)


@given(EDGES, EDGES)
def test_merging_and_parting_again_changes_nothing(edges: list[Link], more: list[Link]) -> None:
    merged = dict.fromkeys([*edges, *more])
    parted = [link for link in merged if link in edges]
    assert components(NAMES, parted) == components(NAMES, edges)


@given(EDGES)
def test_each_finding_is_in_exactly_one_group(edges: list[Link]) -> None:
    groups = components(NAMES, edges)
    assert sorted(name for group in groups for name in group) == NAMES


@given(EDGES)
def test_groups_are_what_a_naive_closure_gives(edges: list[Link]) -> None:
    together = {name: {name} for name in NAMES}
    for _ in NAMES:
        for link in edges:
            both = together[link.earlier] | together[link.later]
            for name in both:
                together[name] = both
    assert {frozenset(group) for group in components(NAMES, edges)} == {
        frozenset(group) for group in together.values()
    }


@pytest.mark.parametrize("reason", list(Reason))
def test_a_reason_survives_its_code(reason: Reason) -> None:
    why = Why(reason, "HMI-3: and PLC-7")
    assert Why.read(why.code) == why
    assert "HMI-3: and PLC-7" in str(why)


def test_an_unknown_code_is_refused() -> None:
    with pytest.raises(ValueError, match="nonsense"):
        Why.read("nonsense: HMI-3")
