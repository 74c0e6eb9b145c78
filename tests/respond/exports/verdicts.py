"""Verdicts of every kind, for the tests of exports."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from checkvalve.findings import Answer, Certainty, Evidence, Finding, Subject, Verdict
from checkvalve.rules import ATTACK_ICS, Reference, Rule

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RULE = Rule(
    id="undeclared-path",
    title="A path that nobody declared",
    why="Nobody watches it.",
    references=(
        Reference(ATTACK_ICS, "T0886", "Remote Services"),
        Reference("IEC 62443-3-3", "SR 5.1", "Network segmentation"),
        Reference("IEC 62443-3-3", "SR 5.2", "Zone boundary protection"),
    ),
    cause="A rule too wide.",
    consequence="Controllers can be reached.",
    response="Close it at the firewall.",
    time_to_respond=timedelta(hours=4),
)
OTHER = Rule(
    id="ended-grant-open",
    title="An ended grant that is still open",
    why="Access outlives its reason.",
    references=(Reference("NIST SP 800-53", "AC-2(2)"),),
    cause="Forgotten.",
    consequence="Somebody comes back.",
    response="Take the line out.",
    time_to_respond=timedelta(days=1),
)
RULES = {rule.id: rule for rule in (RULE, OTHER)}
EVIDENCE = (
    Evidence("a packet was seen", "none", "TCP 502", "day.pcap", 7, AT),
    Evidence("this line decides", file="fw/core 1.conf", line=12),
    Evidence("this line is behind it", file="fw/core 1.conf", line=19),
)


def verdict(
    answer: Answer,
    subject: str = "office-to-cell",
    *,
    rule: str = RULE.id,
    because: str = "a path is open",
    cause: str = "tcp/502",
    evidence: tuple[Evidence, ...] = EVIDENCE,
) -> Verdict:
    """A verdict; with a finding unless it holds."""
    about = Subject("conduit", subject)
    finding = Finding(
        rule=rule,
        site="mill",
        subject=about,
        cause=cause,
        at=AT - timedelta(hours=1),
        last=AT - timedelta(minutes=1),
        count=3,
        certainty=Certainty.PROOF,
        because=because,
        evidence=evidence,
        zone="cell-2",
    )
    return Verdict(rule, about, answer, because, None if answer is Answer.HOLDS else finding)


BROKEN = verdict(Answer.BROKEN)
CANNOT_TELL = verdict(Answer.CANNOT_TELL, "dmz-to-cell", because="the rule set is missing")
HOLDS = verdict(Answer.HOLDS, "cell-to-historian", because="nothing is open")
WAIVED = verdict(Answer.BROKEN, "vendor-to-cell", rule=OTHER.id, because="still open")
WAIVED_UNTOLD = verdict(Answer.CANNOT_TELL, "vendor-to-dmz", rule=OTHER.id, because="no clock")
#: Nothing was observed: no finding stands behind it.
BARE = Verdict(OTHER.id, Subject("plant", "traffic"), Answer.CANNOT_TELL, "nothing was observed")
ALL = (BROKEN, CANNOT_TELL, HOLDS, WAIVED, WAIVED_UNTOLD, BARE)


def _waivers(*waived: Verdict) -> dict[str, str]:
    return {one.finding.id: "accepted by B. Boss until May" for one in waived if one.finding}


REASONS = _waivers(WAIVED, WAIVED_UNTOLD)

hostile = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            "<script>alert(1)</script>",
            '"><img src=x onerror=alert(1)>',
            "]]></failure><testcase/>",
            "[a link](https://example.org) {0} \\",
            "\u202egnp.exe\u202c \x1b[2J \0 \ufffe \ud800",
            "first\nsecond\r\u2028third",
            "&amp;&#x3c;",
            "../../etc/passwd",
            "C:\\fw\\a b%20c#d?e",
        ]
    ),
)


@st.composite
def verdicts(draw: st.DrawFn) -> tuple[list[Verdict], dict[str, str]]:
    """Verdicts whose every word a stranger chose, and waivers of some."""
    made: list[Verdict] = []
    for _ in range(draw(st.integers(0, 4))):
        evidence = Evidence(
            what=draw(hostile),
            expected=draw(hostile),
            actual=draw(hostile),
            capture=draw(hostile),
            packet=draw(st.integers(0, 9)),
            at=draw(st.none() | st.just(AT)),
            file=draw(hostile),
            line=draw(st.integers(0, 9)),
        )
        one = verdict(
            draw(st.sampled_from(Answer)),
            draw(hostile.filter(_is_whole)),
            rule=draw(st.sampled_from([RULE.id, OTHER.id]) | hostile.filter(_is_whole)),
            because=draw(hostile),
            cause=str(len(made)),
            evidence=(evidence,),
        )
        made.append(one)
    return made, _waivers(*(one for one in made if draw(st.booleans())))


def _is_whole(text: str) -> bool:
    """What a finding's id is made of can be encoded."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
