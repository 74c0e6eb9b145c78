"""What every test may ask for, and what a skipped test means."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"

#: The one reason to skip that counts nowhere as a failure.
NO_SHARED_DATA = "the shared data is not here"

#: Set where every tool is installed, so that a test that skips is a test that is missing.
NO_SKIPS = "CHECKVALVE_NO_SKIPS"

# Compiling a kernel takes longer than any deadline for one example.
hypothesis.settings.register_profile("here", deadline=None, print_blob=True)
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("repeatable" if os.environ.get(NO_SKIPS) else "here")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository's folder."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """Captures, firewall rules and logs with known answers, kept beside the repository."""
    if not SHARED.is_dir():
        pytest.skip(f"{NO_SHARED_DATA}: expected at ../shared/data beside the repository")
    return SHARED


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why it was skipped; empty when it was not, or when it was expected to fail."""
    if not report.skipped or hasattr(report, "wasxfail"):
        return ""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return reason.removeprefix("Skipped: ")


def _refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    reason = _reason(report)
    if os.environ.get(NO_SKIPS) and reason and not reason.startswith(NO_SHARED_DATA):
        report.outcome = "failed"
        report.longrepr = f"skipped, and {NO_SKIPS} allows none: {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that skips where nothing may."""
    report = yield
    _refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Fail a whole module that skips where nothing may."""
    report = yield
    _refuse_skip(report)
    return report
