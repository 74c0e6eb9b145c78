"""What is declared but incomplete."""

from __future__ import annotations

import json
from pathlib import Path

from checkvalve.plant import Asset, Component, Plant, Site, Zone, load
from checkvalve.plant.remarks import remarks
from checkvalve.plant.roles import ROLES

PLANTS = Path(__file__).parents[1] / "plants"


def said(plant: Plant) -> dict[str, tuple[str, ...]]:
    return {str(remark): remark.ids for remark in remarks(plant)}


def test_a_plant_without_a_site_is_told_what_that_means() -> None:
    assert "no site: process modes are unknown" in said(Plant.of(Zone(id="a")))


def test_one_remark_names_all_it_applies_to() -> None:
    plant = Plant.of(Site(id="s"), Zone(id="z"), Asset(id="a", zone="z"), Asset(id="b", zone="z"))
    assert said(plant)["assets: safety unknown, assumed high"] == ("a", "b")


def test_none_and_two_owners_are_both_remarked() -> None:
    assert said(load(PLANTS / "two-owners"))["components: not exactly one owner"] == ("vision",)
    alone = Plant.of(Component(id="vision", kind="model"))
    assert said(alone)["components: not exactly one owner"] == ("vision",)


def test_every_remark_has_a_subject_that_is_declared() -> None:
    for folder in PLANTS.iterdir():
        if not (folder / "problems.txt").exists():
            plant = load(folder)
            for remark in remarks(plant):
                assert set(remark.ids) <= plant.things().get(remark.plural, {}).keys()


def test_roles_are_those_of_attack_for_ics(shared: Path) -> None:
    objects = json.loads((shared / "schemas" / "attack-ics" / "ics-attack.json").read_text())
    named = {one["name"] for one in objects["objects"] if one["type"] == "x-mitre-asset"}
    assert set(ROLES) == named
