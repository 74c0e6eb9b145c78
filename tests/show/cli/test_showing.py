"""What commands share: where things are kept, which captures are meant, how work is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from checkvalve.errors import UsageError
from checkvalve.show.cli.showing import named_captures, progress, state_of


def test_state_is_kept_with_the_plant_unless_a_folder_is_named() -> None:
    assert state_of(Path("mill"), None) == Path("mill/var")
    assert state_of(Path("mill"), Path("elsewhere")) == Path("elsewhere")


def test_captures_are_those_of_the_option_and_those_that_follow(tmp_path: Path) -> None:
    paths = [str(tmp_path / name) for name in ("a", "b")]
    for path in paths:
        Path(path).touch()
    assert named_captures(paths[:1], paths[1:]) == paths
    assert named_captures(["-"]) == ["-"]


def test_a_capture_that_is_not_there_is_said_before_any_is_read(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(UsageError, match="there is no capture") as refused:
        named_captures([str(tmp_path / "a")], [str(tmp_path / "b")])
    assert "standard input" in refused.value.hint


@pytest.mark.parametrize(
    ("octets", "said"),
    [
        (0, "reading a.pcap\n"),
        (1, "reading a.pcap (1 kB)\n"),
        (38_901, "reading a.pcap (39 kB)\n"),
        (6_374_582, "reading a.pcap (6.4 MB)\n"),
    ],
)
def test_without_a_terminal_each_capture_is_one_line(
    capsys: pytest.CaptureFixture[str], octets: int, said: str
) -> None:
    with progress()("a.pcap", octets) as tick:
        tick(octets)
    assert capsys.readouterr() == ("", said)
