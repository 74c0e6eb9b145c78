"""What a clock on the wall means as an instant: one, none in spring, two in autumn."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo


def instants(local: datetime, zone: tzinfo) -> tuple[datetime, ...]:
    """Every instant, in UTC and in order, at which a zone's clock shows a time.

    None where clocks were put forward over it, two where they were put back over it.

    Args:
        local: a naive time.
        zone: of the clock.
    """
    found: list[datetime] = []
    for fold in (0, 1):
        try:
            instant = local.replace(tzinfo=zone, fold=fold).astimezone(UTC)
            shown = instant.astimezone(zone).replace(tzinfo=None, fold=0)
        except OverflowError:  # at either end of the calendar
            continue
        if shown == local.replace(fold=0) and instant not in found:
            found.append(instant)
    return tuple(sorted(found))


def in_utc(moment: datetime) -> datetime | None:
    """An aware time in UTC; ``None`` beyond either end of the calendar."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None
