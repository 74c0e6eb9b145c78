from __future__ import annotations

import json

import pytest

from checkvalve.errors import InputError
from checkvalve.judge.baseline import SCHEMA, Baseline, differences, restore
from checkvalve.judge.detectors import members
from checkvalve.judge.detectors.network.new_conversation import NewConversation
from checkvalve.judge.detectors.network.new_talker import NewTalker
from checkvalve.judge.detectors.network.new_writer import NewWriter
from checkvalve.judge.window import Breach, Window
from checkvalve.testing.detectors import SITE, three_cells
from checkvalve.testing.windows import WindowBuilder

PLANT = three_cells()
HOUR_S = 3_600.0


def window(builder: WindowBuilder, source: str, *, hour: int = 0, count: int = 30) -> Window:
    """Reads of one controller, a minute apart."""
    builder.exchange(source, "plc-1a", at=hour * HOUR_S, every_s=60, count=count)
    builder.flow(source, "plc-1a", at=hour * HOUR_S)
    return builder.build("production")


def taught(*sources: str) -> Baseline:
    """A baseline that saw these sources read one controller, an hour after the other."""
    baseline = Baseline.empty(PLANT, SITE)
    builder = WindowBuilder(PLANT, SITE)
    for hour, source in enumerate(sources):
        baseline.learn(window(builder, source, hour=hour), Breach())
    return baseline


def test_the_same_teaching_gives_the_same_text_and_digest() -> None:
    one, two = taught("hmi-1", "hmi-2"), taught("hmi-1", "hmi-2")
    assert one.text() == two.text()
    assert one.digest == two.digest
    assert len(one.digest) == 64
    assert taught("hmi-1").digest != one.digest


def test_a_baseline_survives_its_text() -> None:
    baseline = taught("hmi-1", "hmi-2")
    baseline.sources.append(("monday.pcap", 60))
    again = restore(PLANT, baseline.text())
    assert again.text() == baseline.text()
    assert again.digest == baseline.digest
    assert (again.site, again.plant_digest) == (SITE, PLANT.digest)
    assert again.sources == [("monday.pcap", 60)]
    assert again.readiness(PLANT) == baseline.readiness(PLANT)


def test_it_says_from_when_to_when_it_learnt() -> None:
    builder = WindowBuilder(PLANT, SITE)
    baseline = Baseline.empty(PLANT, SITE)
    late, early = window(builder, "hmi-1", hour=5), window(builder, "hmi-1", hour=2)
    baseline.learn(late, Breach())
    baseline.learn(early, Breach())
    assert (baseline.first, baseline.last) == (early.start, late.end)


def test_nothing_learnt_judges_nothing() -> None:
    baseline = Baseline.empty(PLANT, SITE)
    strange = window(WindowBuilder(PLANT, SITE), "10.9.9.9")
    assert [f for d in baseline.detectors.values() for f in baseline.judge(strange, d)] == []


def test_what_is_forbidden_is_not_learnt() -> None:
    builder = WindowBuilder(PLANT, SITE)
    baseline = Baseline.empty(PLANT, SITE, [NewTalker])
    baseline.learn(window(builder, "hmi-1"), Breach())
    stranger = window(builder, "hmi-2", hour=1)
    edge, path = int(stranger.groups["edge"][0]), int(stranger.flows["path"][0])
    baseline.learn(stranger, Breach(frozenset({edge}), frozenset({path})))
    detector = baseline.detectors[NewTalker.rule.id]
    again = window(builder, "hmi-2", hour=2)
    assert [finding.source for finding in baseline.judge(again, detector)] == ["hmi-2"]
    baseline.learn(again, Breach())
    assert baseline.judge(window(builder, "hmi-2", hour=3), detector) == []


def test_halves_that_are_merged_equal_the_whole() -> None:
    builder = WindowBuilder(PLANT, SITE)
    windows = [window(builder, name, hour=k) for k, name in enumerate(("hmi-1", "hmi-2", "hmi-1"))]
    whole, first, second = (Baseline.empty(PLANT, SITE) for _ in range(3))
    for each in windows:
        whole.learn(each, Breach())
    first.learn(windows[0], Breach())
    for each in windows[1:]:
        second.learn(each, Breach())
    first.merge(second)
    assert first.text() == whole.text()
    empty = Baseline.empty(PLANT, SITE)
    first.merge(empty)
    assert first.text() == whole.text()
    empty.merge(first)
    assert empty.text() == whole.text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "null",
        "{}",
        '{"schema": "checkvalve.baseline/v2"}',
        f'{{"schema": "{SCHEMA}"}}',
        f'{{"schema": "{SCHEMA}", "site": "mill", "plant_digest": "", "sources": 3}}',
    ],
)
def test_what_is_no_baseline_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="this is no checkvalve") as refused:
        restore(PLANT, text)
    assert "checkvalve learn" in refused.value.hint


@pytest.mark.parametrize("key", ["site", "sources", "first", "detectors", "observations"])
def test_a_baseline_that_lacks_a_part_is_refused(key: str) -> None:
    state = taught("hmi-1").state()
    del state[key]
    with pytest.raises(InputError, match=key):
        restore(PLANT, json.dumps(state))


def test_a_detector_that_is_unknown_or_of_another_version_begins_with_nothing() -> None:
    state = taught("hmi-1").state()
    del state["detectors"][NewWriter.rule.id]
    state["detectors"][NewConversation.rule.id]["version"] += 1
    state["detectors"]["of-long-ago"] = {"version": 1, "state": {}}
    again = restore(PLANT, json.dumps(state))
    assert again.detectors.keys() == {kind.rule.id for kind in members()}
    for kind in (NewWriter, NewConversation):
        assert again.detectors[kind.rule.id].state() == kind(PLANT).state()


def test_a_difference_names_the_path_and_what_stands_there() -> None:
    old = {"a": {"b": 1, "c": [1, 2]}, "d": 4}
    assert differences(old, old) == []
    found = differences(old, {"a": {"b": 2, "c": [2, 1]}, "e": None, "d": 4, "f": {"g": 5}})
    assert [(one.path, one.old, one.new) for one in found] == [
        ("a.b", 1, 2),
        ("a.c", [1, 2], [2, 1]),
        ("f", None, {"g": 5}),
    ]


def test_two_baselines_differ_where_they_learnt_differently() -> None:
    old, new = taught("hmi-1").state(), taught("hmi-1", "hmi-2").state()
    paths = [one.path for one in differences(old, new)]
    assert "last" in paths
    assert any(path.startswith("detectors.new-conversation.state") for path in paths)
    assert "plant_digest" not in paths
