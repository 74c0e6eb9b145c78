"""The packaging line's eleven and a half days: ten quiet ones, then what must be found."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial

from record.calendar import END, INCIDENT, START
from record.deeds import Deeds
from record.hosts import HOSTS
from record.planted import ANSWERED_AGAIN, DEEDS, HMI_POLL_STOPS, REPLIES_MISSING
from record.process import Process
from record.stations import Cast
from recording.namespaces import Network
from recording.phases import Phase
from recording.produce import Script
from recording.story import Deed, Story

SEED = 20_260_302

_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
_DAY_STARTS, _DAY_ENDS = 6, 18
_OFFICE_OPENS, _OFFICE_CLOSES, _SATURDAY = 8, 17, 5


def tell(network: Network, story: Story, ending: ExitStack) -> None:
    """Open the stations and write the story."""
    process = Process(START, END, story.random)
    cast = Cast(network, process, ending)
    _machines(story, cast)
    # The capture starts in mid-production: what is seen first is that the screen is read.
    story.once(START, cast.hmi_polls_line)
    for phase in process.phases:
        if START < phase.start < END:
            _mode_changes(story, cast, phase)
        if phase.start < END:
            _people(story, cast, phase)
    _shifts_and_office(story, cast)
    _planted(story, cast)


SCRIPT = Script("cvpl", HOSTS, SEED, START, INCIDENT, END, tell)


def _machines(story: Story, cast: Cast) -> None:
    """What machines do by the clock."""

    def runs(at: datetime) -> bool:
        return cast.process.mode(at) in ("production", "changeover")

    def always(minutes: int, do: Deed, until: datetime = END) -> None:
        offset = story.random.uniform(5.0, 60.0) * _SECOND
        story.every(minutes * _MINUTE, START + offset, until, do)

    def while_running(minutes: int, do: Deed) -> None:
        offset = story.random.uniform(5.0, 60.0) * _SECOND
        story.every(minutes * _MINUTE, START + offset, END, do, only=runs)

    always(5, cast.hmi_polls_line)
    always(6, cast.hmi_polls_filler, HMI_POLL_STOPS.at)
    always(6, cast.line_polls_filler)
    always(10, cast.line_polls_safety)
    always(15, cast.hmi_polls_safety)
    always(10, cast.edge_reads_counters)
    always(15, cast.line_publishes)
    always(20, cast.mes_reads_line)
    always(20, cast.quality_reads_filler)
    while_running(15, cast.edge_reports_to_mes)
    while_running(15, cast.edge_reports_to_quality)
    while_running(30, cast.camera_sends_image)
    while_running(30, cast.line_trims_filler)


def _mode_changes(story: Story, cast: Cast, phase: Phase) -> None:
    """The operator asks for a mode, sees it on the screen, and the filler is told."""
    story.once(phase.start, cast.operator_requests_mode)
    story.once(phase.start + 2 * _SECOND, cast.hmi_polls_line)
    story.once(phase.start + 6 * _SECOND, cast.line_sets_filler)


def _people(story: Story, cast: Cast, phase: Phase) -> None:
    """What operators, engineers and the vendor do in a mode, give or take some minutes."""

    def after(hours: float, do: Deed) -> None:
        at = phase.start + hours * _HOUR + story.random.uniform(-4.0, 4.0) * _MINUTE
        if at < min(phase.end, END):
            story.once(at, do)

    if phase.mode == "production":
        for hours in (1.0, 3.0, 5.0, 6.5):
            after(hours, cast.operator_sets_speed)
    elif phase.mode == "changeover":
        after(0.5, cast.operator_sets_speed)
        after(0.8, cast.operator_loads_recipe)
    elif phase.mode == "maintenance":
        after(0.2, cast.operator_starts_cleaning)
        after(0.7, cast.operator_ends_cleaning)
        if _DAY_STARTS <= phase.start.hour < _DAY_ENDS:
            after(0.95, cast.node_pulls_update)
            after(1.1, cast.engineer_tunes_filler)
            after(1.4, cast.vendor_checks_valves)


def _shifts_and_office(story: Story, cast: Cast) -> None:
    def office_hours(at: datetime) -> bool:
        return at.weekday() < _SATURDAY and _OFFICE_OPENS <= at.hour < _OFFICE_CLOSES

    story.every(12 * _HOUR, START + 12 * _HOUR - _MINUTE, END, cast.shift_changes)
    story.every(
        _HOUR,
        START + 0.4 * _HOUR,
        END,
        cast.office_reads_report,
        only=office_hours,
        jitter=5 * _MINUTE,
    )


def _planted(story: Story, cast: Cast) -> None:
    """What must be found: deeds, a poll that ends (above), and answers that are lost."""
    deeds = Deeds(cast)
    for event, do in DEEDS:
        story.plant(event)
        story.once(event.at, partial(do, deeds))
    story.plant(HMI_POLL_STOPS)
    story.plant(REPLIES_MISSING)
    story.once(REPLIES_MISSING.at, deeds.line_ignores_edge)
    story.once(ANSWERED_AGAIN, deeds.line_answers_edge)
