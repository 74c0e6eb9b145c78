"""The water works' nine and a half days: eight quiet ones, then what must be found."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial

from record.calendar import END, INCIDENT, START
from record.deeds import Deeds
from record.hosts import HOSTS
from record.planted import ANSWERED_AGAIN, DEEDS, PANEL_POLL_STOPS, REPLIES_MISSING
from record.process import Process
from record.stations import Cast
from recording.namespaces import Network
from recording.phases import Phase
from recording.produce import Script
from recording.story import Deed, Story

SEED = 20_260_505

_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
_DAY_STARTS, _DAY_ENDS = 14, 17
_OFFICE_OPENS, _OFFICE_CLOSES, _SATURDAY = 7, 19, 5


def tell(network: Network, story: Story, ending: ExitStack) -> None:
    """Open the stations and write the story."""
    process = Process(START, END, story.random)
    cast = Cast(network, process, ending)
    _machines(story, cast)
    # The capture starts in mid-supply, with SCADA connected: first the screen is read.
    story.once(START - _MINUTE, cast.scada_reads_treatment)
    story.once(START, cast.scada_reads_treatment)
    for phase in process.phases:
        if START < phase.start < END:
            _mode_changes(story, cast, phase)
        if phase.start < END:
            _people(story, cast, phase)
    _nights_and_office(story, cast)
    _planted(story, cast)


SCRIPT = Script(
    "cvww",
    HOSTS,
    SEED,
    START,
    INCIDENT,
    END,
    tell,
    libraries=("python-snap7", "yadnp3", "cryptography"),
)


def _machines(story: Story, cast: Cast) -> None:
    """What machines do by the clock."""

    def always(minutes: float, do: Deed, until: datetime = END) -> None:
        offset = story.random.uniform(5.0, 60.0) * _SECOND
        story.every(minutes * _MINUTE, START + offset, until, do)

    always(5, cast.scada_reads_treatment)
    always(6, cast.scada_reads_pumps)
    always(15, cast.scada_reads_gas)
    always(8, cast.scada_reads_well)
    always(10, cast.scada_reads_tank)
    always(60, cast.scada_checks_rtus)
    always(10, cast.panel_reads_treatment)
    always(12, cast.panel_reads_pumps, PANEL_POLL_STOPS.at)
    always(15, cast.scada_sends_series)
    always(30, cast.optimiser_reads_levels)
    always(60, cast.optimiser_advises)


def _mode_changes(story: Story, cast: Cast, phase: Phase) -> None:
    """The operator asks for a mode, sees it on the screen, and sets pumps and well."""
    story.once(phase.start, cast.operator_requests_mode)
    story.once(phase.start + 2 * _SECOND, cast.scada_reads_treatment)
    story.once(phase.start + 20 * _SECOND, cast.operator_sets_speed)
    if phase.mode in ("supply", "standby"):
        story.once(phase.start + 45 * _SECOND, cast.operator_switches_well)


def _people(story: Story, cast: Cast, phase: Phase) -> None:
    """What operators, engineers and the vendor do in a mode, give or take some minutes."""

    def after(hours: float, do: Deed) -> None:
        at = phase.start + hours * _HOUR + story.random.uniform(-3.0, 3.0) * _MINUTE
        if at < min(phase.end, END):
            story.once(at, do)

    if phase.mode == "supply":
        for hours in (1.0, 2.0, 3.0, 4.0):
            after(hours, cast.operator_sets_speed)
        after(2.5, cast.operator_switches_well)
    elif phase.mode == "backwash":
        after(0.2, cast.filterman_opens_backwash)
        after(0.8, cast.filterman_closes_backwash)
    elif phase.mode == "maintenance" and _DAY_STARTS <= phase.start.hour < _DAY_ENDS:
        after(0.4, cast.engineer_loads_parameters)
        after(0.7, cast.vendor_checks_pumps)


def _nights_and_office(story: Story, cast: Cast) -> None:
    def office_hours(at: datetime) -> bool:
        return at.weekday() < _SATURDAY and _OFFICE_OPENS <= at.hour < _OFFICE_CLOSES

    story.every(24 * _HOUR, START + 2.6 * _HOUR, END, cast.radios_restart)
    story.every(24 * _HOUR, START + 2.8 * _HOUR, END, cast.clients_restart)
    story.every(
        _HOUR,
        START + 0.7 * _HOUR,
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
    story.plant(PANEL_POLL_STOPS)
    story.plant(REPLIES_MISSING)
    story.once(REPLIES_MISSING.at, deeds.well_loses_power)
    story.once(ANSWERED_AGAIN, deeds.well_regains_power)
