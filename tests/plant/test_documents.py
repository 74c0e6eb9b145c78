"""YAML as plain data that knows its lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from checkvalve.plant.documents import MAX_OCTETS, MAX_SLOW, compose, read_document
from checkvalve.plant.nodes import MAX_COMPLAINTS, MAX_DEPTH, DocumentError, Node, resolve


def read(text: str) -> object:
    node, complaints = read_document(text.encode())
    assert not complaints
    return None if node is None else node.plain()


def refusal(text: str | bytes) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        read_document(text if isinstance(text, bytes) else text.encode())
    return caught.value


def test_json_is_read_as_it_is() -> None:
    assert read('{"a": [1, -2.5, true, null, "x"], "b": {}}') == {
        "a": [1, -2.5, True, None, "x"],
        "b": {},
    }


@pytest.mark.parametrize(
    "text",
    [
        *("on", "off", "yes", "No", "y", "22:22", "1:30:00", "010", "0o17", "0x1F", "1_000", "1,5"),
        *(".inf", "-.Inf", ".nan", "1e400", "2026-03-01", "9" * 30, "+", ".", "=", "1.2.3", "e5"),
    ],
)
def test_what_other_readers_turn_into_something_else_stays_text(text: str) -> None:
    assert read(f"- {text}") == [text]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *(("12", 12), ("-3", -3), ("+3", 3), ("0", 0), ("1.50", 1.5), ("1e3", 1e3), (".5", 0.5)),
        *(("1.", 1.0), ("-2.5E-1", -0.25), ("true", True), ("False", False), ("~", None)),
        *(("null", None), ("''", ""), ("'12'", "12")),
    ],
)
def test_plain_values_mean_what_json_says(text: str, value: object) -> None:
    read_back = read(f"- {text}")
    assert read_back == [value]
    assert type(read_back[0]) is type(value)


@pytest.mark.parametrize("text", ["{from: 22:00, to: 06:00}", "[http://x:80/y]", "{a: b:c}"])
def test_colons_inside_brackets_are_text_as_in_yaml_1_2(text: str) -> None:
    assert read(text) == YAML(typ="safe", pure=True).load(
        text.replace("22:00", "'22:00'").replace("06:00", "'06:00'")
    )


def test_keys_are_text() -> None:
    assert read("1: a\non: b\nnull: c") == {"1": "a", "on": "b", "null": "c"}


def test_every_value_and_key_knows_its_line() -> None:
    node, _ = read_document(b"a:\n  - x\n  - y\nb:\n\n  c")
    assert node is not None
    assert node.key_lines == {"a": 1, "b": 4}
    assert isinstance(node.value, dict)
    members = node.value["a"].value
    assert isinstance(members, list)
    assert [member.line for member in members] == [2, 3]
    assert node.value["b"].line == 6


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n", "\ufeff", "\n\n"])
def test_a_file_may_hold_nothing(text: str) -> None:
    assert read(text) is None


def test_aliases_repeat_what_they_name() -> None:
    assert read("a: &x [1]\nb: *x") == {"a": [1], "b": [1]}


def test_a_key_that_stands_twice_is_told_and_the_rest_is_read() -> None:
    node, complaints = read_document(b"a: 1\nb: 2\na: 3\n<<: {c: 1}")
    assert node is not None
    assert node.plain() == {"a": 1, "b": 2}
    assert [(one.line, one.sentence) for one in complaints] == [
        (3, "'a' stands here and on line 1"),
        (4, "'<<' merges are not read"),
    ]


def test_a_key_that_stands_very_often_ends_the_reading() -> None:
    assert refusal("a: 1\n" * 100_000).line == MAX_COMPLAINTS + 2


def bomb(levels: int) -> str:
    lines = ["- &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"- &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (bomb(12), "aliases counted as copies"),
        ("[" * 100_000, "nested more than"),
        ("- " * 50_000, "nested more than"),
        ("a: " + "{b: " * 60 + "1" + "}" * 60, "nested more than"),
        ("&a [*a]", "stands inside what it repeats"),
        ("[*b]", "stands inside what it repeats, or is unknown"),
        ("a: !!python/object:os.system x", "the tag"),
        ("!secret {a: 1}", "the tag"),
        ("a: !!str 1", "the tag"),
        ("a: 1\n---\nb: 2", "a second document"),
        ("[a]: b", "a key must be text"),
        ("&x a: 1\n*x : 2", "an alias can't be a key"),
        ("a: b: c", "the YAML can't be read"),
        ("a: [1, 2", "the YAML can't be read"),
        ('"\\ud800"', "half a character"),
        ("a: \x01", "U+0001 is not allowed"),
        ("a: b\u2028c", "U+2028 is a line break to some"),
        (b"a: \xff", "octet 3 is not UTF-8"),
        (b"a: 1\nb: \xe4", "is not UTF-8"),
        (b"\xff\xfea\x00:\x00", "is not UTF-8"),
        (b" " * (MAX_OCTETS + 1), "larger than 8 MiB"),
    ],
)
def test_what_can_not_be_read_is_refused_in_one_sentence(text: str | bytes, sentence: str) -> None:
    error = refusal(text)
    assert sentence in error.sentence
    assert "\n" not in error.sentence


def test_a_refusal_names_the_line() -> None:
    assert refusal("a: 1\nb: [\nc: 2\n").line >= 2
    assert refusal(b"a: 1\nb: \xe4").line == 2
    assert refusal("a: 1\nb: !x 2").line == 2
    assert refusal("a: 1\nb: \x01").line == 2


def test_a_large_file_is_left_to_the_fast_parser_and_the_hint_says_how_to_please_it() -> None:
    padding = "# a comment to fill the file\n" * (MAX_SLOW // 20)
    assert read(f"{padding}- {{from: '22:00'}}") == [{"from": "22:00"}]
    error = refusal(f"{padding}- {{from: 22:00}}\n- [")
    assert "in quotes" in error.hint


def test_depth_counts_through_aliases() -> None:
    chain = "\n".join(f"- &a{i} [[[[[[*a{i - 1}]]]]]]" for i in range(1, 2_000))
    assert "nested more than" in refusal(f"- &a0 x\n{chain}").sentence


def test_the_greatest_depth_is_reached_and_not_passed() -> None:
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    assert "nested more than" in refusal("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)).sentence


@given(st.binary(max_size=200))
def test_any_octets_give_a_document_or_a_refusal(octets: bytes) -> None:
    try:
        node, _ = read_document(octets)
    except DocumentError:
        return
    json.dumps(_shape(node), allow_nan=False).encode()


_TEXT = st.text(
    st.characters(
        exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"
    ),
    max_size=8,
)
_SHAPES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), _TEXT),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(_SHAPES)
def test_any_json_comes_back_equal(shape: object) -> None:
    text = json.dumps(shape, ensure_ascii=False)
    assert '"<<"' in text or read(text) == shape


_PIECES = st.sampled_from(
    [
        *("a", "b1", "-", "- ", ": ", ":", "\n", "\n  ", "[", "]", "{", "}", ", ", "'", '"', "#"),
        *(
            " # ",
            "&x ",
            "*x",
            "|",
            ">",
            "!t ",
            "? ",
            "%",
            "@",
            "1",
            "0.5",
            "on",
            "\t",
            "---\n",
            "<<",
        ),
    ]
)


@given(st.lists(_PIECES, max_size=24).map("".join))
def test_the_fast_parser_agrees_with_the_slow_one_on_what_it_accepts(text: str) -> None:
    try:
        fast, slow = compose(text, fast=True), compose(text, fast=False)
    except DocumentError:
        return
    assert _shape(fast[0]) == _shape(slow[0])


def _shape(node: Node | None) -> object:
    return None if node is None else node.plain()


@given(st.text(max_size=40))
def test_what_an_unquoted_scalar_means_can_be_written_as_json(text: str) -> None:
    json.dumps(resolve(text), allow_nan=False)
