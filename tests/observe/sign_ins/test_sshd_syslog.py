"""OpenSSH's server in syslog: sign-ins, sessions, second factors and years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checkvalve.errors import InputError, Problem
from checkvalve.observe.sign_ins import members, reader_for
from checkvalve.observe.sign_ins.base import SignIn
from checkvalve.observe.sign_ins.sshd_syslog import SshdSyslog

BERLIN = ZoneInfo("Europe/Berlin")
AT = datetime(2026, 4, 1, tzinfo=UTC)
ACCEPTED = "Accepted {} for alice from 192.0.2.7 port 50100 ssh2"
FAILED = "Failed password for alice from 192.0.2.7 port 50100 ssh2"
CONNECTION = 'Connection from 192.0.2.7 port 50100 on 10.0.0.1 port 22 rdomain ""'
KEY = ": ED25519 SHA256:rcyjEPmVBVmdXPRJFDzkjXzhPDMo4fCzXkWJsm6HFwM"


def read(
    text: str, zone: ZoneInfo | None = BERLIN, at: datetime = AT
) -> tuple[tuple[SignIn, ...], tuple[Problem, ...]]:
    return SshdSyslog().read(text, file="auth.log", time_zone=zone, at=at)


def log(*messages: str, program: str = "sshd[700]") -> str:
    """Messages one second apart, from 5 March 2026, 08:00:00 in Berlin."""
    lines = (f"Mar  5 08:00:{at:02} jump {program}: {one}" for at, one in enumerate(messages))
    return "\n".join(lines)


def second(at: int) -> datetime:
    return datetime(2026, 3, 5, 7, 0, at, tzinfo=UTC)


def one_of(*messages: str) -> SignIn:
    (found,), problems = read(log(*messages))
    assert problems == ()
    return found


def test_every_field_of_a_session_is_read() -> None:
    found = one_of(
        ACCEPTED.format("password"),
        "pam_unix(sshd:session): session opened for user alice(uid=1000) by alice(uid=0)",
        "pam_unix(sshd:session): session closed for user alice",
    )
    assert found == SignIn(
        time=second(0),
        account="alice",
        source="192.0.2.7",
        target="jump",
        service="ssh",
        outcome="success",
        mfa=None,
        method="password",
        session="700",
        ended=second(2),
        line=1,
        file="auth.log",
    )


@pytest.mark.parametrize(
    "head",
    [
        "Mar  5 08:00:00 jump sshd[700]:",
        "<86>Mar  5 08:00:00 jump sshd[700]:",
        "Mar 05 08:00:00 jump sshd-session[700]:",
        "2026-03-05T08:00:00 jump sshd[700]:",
        "2026-03-05T08:00:00+0100 jump sshd[700]:",
        "2026-03-05T08:00:00.000000+01:00 jump sshd-auth[700]:",
        "2026-03-05T07:00:00Z jump sshd[700]:",
        "<86>1 2026-03-05T07:00:00.000Z jump sshd 700 - -",
        '<86>1 2026-03-05T08:00:00+01:00 jump sshd 700 ID1 [a@1 b="c\\]\\""][d] \ufeff',
    ],
)
def test_one_line_in_every_form_of_syslog(head: str) -> None:
    said = f"{head} {ACCEPTED.format('password')}".replace("\ufeff ", "\ufeff")
    (found,), problems = read(said)
    assert (found.time, found.target, found.session) == (second(0), "jump", "700")
    assert problems == ()
    assert reader_for(said) is not None


@pytest.mark.parametrize(
    "message",
    [
        "Received disconnect from 192.0.2.7 port 50100:11: disconnected by user",
        "Disconnected from user alice 192.0.2.7 port 50100",
        "Disconnected from 192.0.2.7 port 50100",
        "Connection closed by 192.0.2.7 port 50100",
        "Connection reset by user alice 192.0.2.7 port 50100",
        "Timeout, client not responding from user alice 192.0.2.7 port 50100",
    ],
)
def test_a_session_ends_when_its_peer_leaves_whichever_process_says_so(message: str) -> None:
    text = log(ACCEPTED.format("publickey")) + f"\nMar  5 09:00:00 jump sshd[701]: {message}"
    (found,), _ = read(text)
    assert found.ended == datetime(2026, 3, 5, 8, tzinfo=UTC)


def test_a_stranger_who_leaves_before_the_sign_in_ends_nothing() -> None:
    left = "Disconnected from invalid user alice 192.0.2.7 port 50100 [preauth]"
    assert one_of(ACCEPTED.format("publickey"), left).ended is None


def test_a_process_number_that_comes_again_is_another_session() -> None:
    first = ACCEPTED.format("password")
    (old, new), _ = read(
        log(
            first,
            first.replace("50100", "50200"),
            "pam_unix(sshd:session): session closed for user a",
        )
    )
    assert (old.ended, new.ended) == (None, second(2))


@pytest.mark.parametrize(
    ("messages", "mfa", "method"),
    [
        ((ACCEPTED.format("password"),), None, "password"),
        ((ACCEPTED.format("publickey") + KEY,), None, "publickey"),
        ((CONNECTION, ACCEPTED.format("publickey") + KEY), False, "publickey"),
        ((CONNECTION, ACCEPTED.format("publickey") + ": ED25519-SK SHA256:x"), None, "publickey"),
        ((CONNECTION, ACCEPTED.format("password")), None, "password"),
        (
            (
                CONNECTION,
                ACCEPTED.format("publickey").replace("Accepted", "Partial") + KEY,
                ACCEPTED.format("keyboard-interactive/pam"),
            ),
            *(True, "publickey,keyboard-interactive/pam"),
        ),
    ],
)
def test_a_second_factor_is_said_only_where_the_log_shows_it(
    messages: tuple[str, ...], mfa: bool | None, method: str
) -> None:
    found = one_of(*messages)
    assert (found.mfa, found.method) == (mfa, method)


@pytest.mark.parametrize(
    "said",
    [
        "sshd(pam_google_authenticator)[698]: Accepted google_authenticator for alice",
        "sshd[700]: Successful Duo login for 'alice' from 192.0.2.7",
    ],
)
def test_a_code_counts_for_the_sign_in_that_follows_it_soon_and_once(said: str) -> None:
    accepted = f"jump sshd[700]: {ACCEPTED.format('keyboard-interactive/pam')}"
    (first, again, late), _ = read(
        f"Mar  5 08:00:00 jump {said}\nMar  5 08:00:01 {accepted}\nMar  5 08:00:02 {accepted}\n"
        f"Mar  5 09:00:00 jump {said}\nMar  5 09:02:01 {accepted}\n"
    )
    assert (first.mfa, again.mfa, late.mfa) == (True, None, None)


def test_a_code_of_another_account_or_host_does_not_count() -> None:
    code = "sshd(pam_google_authenticator)[1]: Accepted google_authenticator"
    text = (
        f"Mar  5 08:00:00 jump {code} for bob\n"
        f"Mar  5 08:00:00 other {code} for alice\n"
        f"Mar  5 08:00:01 jump sshd[700]: {ACCEPTED.format('keyboard-interactive/pam')}\n"
    )
    (found,), _ = read(text)
    assert found.mfa is None


@pytest.mark.parametrize(
    ("message", "account", "source", "method"),
    [
        (FAILED, "alice", "192.0.2.7", "password"),
        (
            "Failed password for invalid user ad min from ::1 port 1 ssh2",
            "ad min",
            "::1",
            "password",
        ),
        (
            "Failed publickey for alice from 192.0.2.7 port 1 ssh2: RSA SHA256:abc",
            *("alice", "192.0.2.7", "publickey"),
        ),
        (
            "error: PAM: Authentication failure for illegal user bob from 192.0.2.7",
            *("bob", "192.0.2.7", "keyboard-interactive/pam"),
        ),
        (
            "Failed password for invalid user x from ::9 port 9 ssh2 from 192.0.2.7 port 1 ssh2",
            *("x from ::9 port 9 ssh2", "192.0.2.7", "password"),
        ),
        (
            "Failed password for invalid user google_authenticator from 192.0.2.7 port 1 ssh2",
            *("google_authenticator", "192.0.2.7", "password"),
        ),
    ],
)
def test_a_refusal_is_a_failure_of_the_real_peer(
    message: str, account: str, source: str, method: str
) -> None:
    found = one_of(message)
    assert (found.outcome, found.account, found.source, found.method) == (
        *("failure", account, source),
        method,
    )


def test_what_pam_and_the_server_both_say_is_one_failure() -> None:
    one_of(
        "error: PAM: Authentication failure for alice from 192.0.2.7",
        "Failed keyboard-interactive/pam for alice from 192.0.2.7 port 50100 ssh2",
    )


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("jump sshd[700]: message repeated 3 times: [ " + FAILED + "]", 4),
        ("jump last message repeated 2 times", 3),
        ("other last message repeated 2 times", 1),
    ],
)
def test_a_line_that_counts_another_counts(line: str, count: int) -> None:
    sign_ins, problems = read(log(FAILED) + f"\nMar  5 08:00:09 {line}")
    assert (len(sign_ins), problems) == (count, ())


def test_a_line_that_counts_beyond_reason_is_told() -> None:
    sign_ins, (problem,) = read(log(f"message repeated 999999999 times: [ {FAILED}]"))
    assert len(sign_ins) == 100
    assert "999999999 times" in problem.sentence


@pytest.mark.parametrize(
    "message",
    [
        "Failed none for invalid user x from 192.0.2.7 port 1 ssh2",
        *("Invalid user x from 192.0.2.7 port 1", "Server listening on 0.0.0.0 port 22."),
        "Postponed publickey for alice from 192.0.2.7 port 1 ssh2 [preauth]",
        "Accepted key ED25519 SHA256:x found at /home/alice/.ssh/authorized_keys:1",
        "Failed to release session: Interrupted system call",
        "pam_unix(sshd:session): session closed for user ghost",
    ],
)
def test_what_is_no_sign_in_is_passed_over(message: str) -> None:
    assert read(log(message)) == ((), ())


def test_other_programs_are_passed_over() -> None:
    assert read(log(ACCEPTED.format("password"), program="notsshd[1]")) == ((), ())
    assert not SshdSyslog().recognises(log(ACCEPTED.format("password"), program="notsshd[1]"))


@pytest.mark.parametrize("message", ["Accepted password", "Failed password for alice", "Partial x"])
def test_a_message_about_a_sign_in_of_another_shape_is_told(message: str) -> None:
    sign_ins, (problem,) = read(log(message))
    assert (sign_ins, problem.line) == ((), 1)
    assert "not understood" in problem.sentence


def test_a_line_that_is_none_of_syslog_is_told_and_the_journals_own_words_are_not() -> None:
    (_,), (problem,) = read(f"-- Boot 1f --\n{log(FAILED)}\nrubbish\n\n")
    assert (problem.line, problem.sentence) == (3, "this is no line of syslog")


def at_new_year(*stamps: str, at: datetime) -> list[tuple[int, int]]:
    text = "\n".join(f"{stamp} jump sshd[1]: {FAILED}" for stamp in stamps)
    sign_ins, problems = read(text, ZoneInfo("UTC"), at)
    assert problems == ()
    return sorted((one.line, one.time.year) for one in sign_ins)


def test_a_log_over_new_year_has_two_years() -> None:
    at = datetime(2026, 1, 5, tzinfo=UTC)
    stamps = ("Dec 31 23:59:58", "Jan  1 00:00:01", "Dec 31 23:59:59", "Jan  2 00:00:00")
    assert at_new_year(*stamps, at=at) == [(1, 2025), (2, 2026), (3, 2025), (4, 2026)]


def test_the_newest_line_was_written_before_the_log_was_fetched() -> None:
    assert at_new_year("Dec 31 23:00:00", at=datetime(2026, 1, 1, tzinfo=UTC)) == [(1, 2025)]
    assert at_new_year("Jan  1 00:30:00", at=datetime(2025, 12, 31, 12, tzinfo=UTC)) == [(1, 2026)]
    assert at_new_year("Jan  1 13:00:00", at=datetime(2025, 12, 31, 12, tzinfo=UTC)) == [(1, 2025)]


def test_a_leap_day_is_in_a_leap_year() -> None:
    stamps = ("Feb 28 10:00:00", "Feb 29 10:00:00", "Mar  1 10:00:00")
    at = datetime(2026, 7, 1, tzinfo=UTC)
    assert at_new_year(*stamps, at=at) == [(1, 2024), (2, 2024), (3, 2024)]


def test_a_day_in_no_calendar_is_told() -> None:
    sign_ins, (problem,) = read(f"Feb 30 10:00:00 jump sshd[1]: {FAILED}")
    assert (sign_ins, problem.sentence) == ((), "this time is in no calendar")


def test_a_local_time_without_a_declared_zone_is_told() -> None:
    sign_ins, (problem,) = read(log(FAILED), None)
    assert sign_ins == ()
    assert "no offset" in problem.sentence
    assert "time zone" in problem.hint


def test_the_order_of_lines_tells_the_second_of_two_equal_hours() -> None:
    lines = ("02:59:59", "02:00:01", "02:30:00", "03:00:00")
    text = "\n".join(f"2025-10-26T{one} jump sshd[1]: {FAILED}" for one in lines)
    sign_ins, _ = read(text)
    assert [one.time.strftime("%H:%M:%S") for one in sign_ins] == [
        *("00:59:59", "01:00:01", "01:30:00", "02:00:00")
    ]


def test_the_hour_that_was_skipped_is_told() -> None:
    _, (problem,) = read(f"2026-03-29T02:30:00 jump sshd[1]: {FAILED}")
    assert "does not exist" in problem.sentence


@pytest.mark.parametrize("text", ["", "\n\n", "a,b\n1,2", "-- No entries --", "\0"])
def test_what_is_no_syslog_is_refused(text: str) -> None:
    assert not SshdSyslog().recognises(text)
    with pytest.raises(InputError, match=r"auth\.log"):
        read(text)


heads = st.sampled_from(
    [
        *("Mar  5 08:00:00 jump sshd[7]: ", "Feb 29 08:00:00 jump sshd(pam_x)[7]: "),
        *("2026-03-05T08:00:00Z jump sshd[7]: ", "<1>1 0001-01-01T00:00:00+14:00 jump sshd 7 - - "),
        *("9999-12-31T23:59:59-12:00 jump sshd[7]: ", "9999-12-31T23:59:59 jump sshd[7]: ", ""),
    ]
)
words = st.sampled_from(
    [
        *("Accepted", "Failed", "Partial", "password", "for", "invalid user", "alice", "from"),
        *("192.0.2.7", "port", "1", "ssh2", "[preauth]", "error: PAM:", "session closed", ":", "["),
        *("Connection", "on", "message repeated 3 times: [", "]", "last message repeated 2 times"),
        *("Disconnected from", "Accepted google_authenticator for alice", "\r", "\u0663"),
    ]
)
messages = st.one_of(st.text(max_size=20), st.lists(words, max_size=12).map(" ".join))


@given(st.lists(st.tuples(heads, messages).map("".join), max_size=12).map("\n".join))
def test_any_lines_are_read_or_refused(text: str) -> None:
    for reader in members():
        reader.recognises(text)
        for zone in (None, BERLIN):
            try:
                sign_ins, problems = reader.read(text, file="f", time_zone=zone, at=AT)
            except InputError:
                continue
            lines = text.count("\n") + 1
            assert all(1 <= one.line <= lines for one in problems)
            assert list(sign_ins) == sorted(sign_ins, key=lambda one: one.time)
            for one in sign_ins:
                assert one.time.utcoffset() == timedelta(0)
                assert one.ended is None or one.ended >= one.time


@given(st.text(st.characters(codec="ascii"), max_size=40))
def test_no_name_that_a_stranger_chose_lets_anybody_in_or_hides_the_refusal(name: str) -> None:
    account = " ".join(name.split())  # the server escapes what is no blank
    for user in (account, f"x from 10.0.0.1 port 1 ssh2: {account}", f"{account} [preauth]"):
        found = one_of(f"Failed password for invalid user {user} from 192.0.2.7 port 50100 ssh2")
        assert (found.outcome, found.source) == ("failure", "192.0.2.7")
