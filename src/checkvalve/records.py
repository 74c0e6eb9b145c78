"""Records: Apache Arrow schemas, fixed and versioned.

One shape serves the kernels, the archive (Parquet), SQL (DuckDB) and a cluster. Times are
UTC nanoseconds. Low-cardinality text is dictionary-encoded. A new column makes a new
version; a column never changes its meaning.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

import pyarrow as pa


class Intent(StrEnum):
    """What an operation is for, whatever its protocol."""

    READ = "read"
    WRITE = "write"
    CONTROL = "control"
    PROGRAM = "program"
    DISCOVER = "discover"
    SESSION = "session"
    OTHER = "other"


class Status(StrEnum):
    """How an operation ended."""

    OK = "ok"
    ERROR = "error"
    NO_REPLY = "no reply"
    UNMATCHED = "unmatched"
    MALFORMED = "malformed"


INTENTS = tuple(Intent)
STATUSES = tuple(Status)

#: Intents that change something: what command checks and sequences look at.
COMMANDS = frozenset({Intent.WRITE, Intent.CONTROL, Intent.PROGRAM})


class GapKind(StrEnum):
    """Why something could not be seen or done."""

    CUT_FRAME = "cut frame"
    UNKNOWN_LINK = "unknown link type"
    NOT_IP = "not IP"
    MALFORMED_FRAME = "malformed frame"
    DROPPED = "dropped by the sensor"
    STREAM_GAP = "octets missing in a stream"
    OVERLAP = "overlapping octets differ"
    SKIPPED = "octets skipped to resynchronise"
    UNDECODED = "octets of an unknown protocol"
    MALFORMED = "malformed message"
    EVICTED = "conversation evicted"
    FRAGMENT = "IP fragment incomplete"
    CAPTURE = "capture cut short"
    CRASH = "part crashed"


class End(IntEnum):
    """Which end of a conversation."""

    CLIENT = 0
    SERVER = 1


def _words() -> pa.DataType:
    return pa.dictionary(pa.int32(), pa.string())


_TIME = pa.timestamp("ns", tz="UTC")


def _schema(name: str, version: int, *fields: tuple[str, pa.DataType]) -> pa.Schema:
    return pa.schema(
        [pa.field(column, kind) for column, kind in fields],
        metadata={"record": name, "version": str(version)},
    )


#: One request with its response, or one unsolicited message.
EXCHANGE = _schema(
    "exchange",
    1,
    ("time", _TIME),
    ("duration_ns", pa.int64()),  # null without a reply
    ("site", _words()),
    ("source", _words()),  # who asked: IP address
    ("source_mac", _words()),
    ("source_port", pa.uint16()),
    ("destination", _words()),  # who answers: IP address
    ("destination_mac", _words()),
    ("destination_port", pa.uint16()),
    ("transport", _words()),  # tcp, udp
    ("conversation", pa.uint64()),
    ("protocol", _words()),
    ("device", pa.int32()),  # unit, slot, station; null where the protocol has none
    ("function", _words()),
    ("code", pa.int32()),
    ("intent", _words()),
    ("space", _words()),  # table, data block, group and variation, class, symbol
    ("first", pa.int64()),  # address in that space; null where there is none
    ("last", pa.int64()),
    ("quantity", pa.int32()),
    ("value", pa.float64()),  # a scalar; null where there is none
    ("raw", pa.binary()),  # up to 64 octets of the value
    ("status", _words()),
    ("error_code", pa.int32()),  # the protocol's own; null when none
    ("request_octets", pa.int32()),
    ("response_octets", pa.int32()),
    ("item", pa.uint16()),  # place in a batch, from 0
    ("capture", _words()),
    ("packet", pa.int64()),  # number of the packet that completed the row, from 1
)

#: What one conversation carried since its last flow row; sums of rows are the conversation.
FLOW = _schema(
    "flow",
    1,
    ("time", _TIME),  # first packet of this row
    ("last", _TIME),
    ("site", _words()),
    ("source", _words()),  # who opened it, as far as that was seen
    ("source_mac", _words()),
    ("source_port", pa.uint16()),
    ("destination", _words()),
    ("destination_mac", _words()),
    ("destination_port", pa.uint16()),
    ("transport", _words()),  # tcp, udp, icmp, or the IP protocol number
    ("conversation", pa.uint64()),
    ("protocol", _words()),  # as recognised by content; null when not
    ("opening_seen", pa.bool_()),  # the SYN was seen
    ("opened", pa.bool_()),  # this row begins the conversation
    ("closed", pa.bool_()),  # this row ends it
    ("answered", pa.bool_()),  # the other end sent something but a reset
    ("source_packets", pa.int64()),
    ("destination_packets", pa.int64()),
    ("source_octets", pa.int64()),
    ("destination_octets", pa.int64()),
    ("source_payload", pa.int64()),
    ("destination_payload", pa.int64()),
    ("name", _words()),  # DNS answer, TLS SNI or HTTP host
    ("capture", _words()),
    ("packet", pa.int64()),
)

#: A value of a tag, read from the wire.
SAMPLE = _schema(
    "sample",
    1,
    ("time", _TIME),
    ("site", _words()),
    ("tag", _words()),
    ("value", pa.float64()),
    ("quality", _words()),  # good, uncertain, bad
    ("source", _words()),  # who read or wrote it
    ("written", pa.bool_()),  # the value was commanded, not reported
    ("capture", _words()),
    ("packet", pa.int64()),
)

#: What could not be seen or done.
GAP = _schema(
    "gap",
    1,
    ("time", _TIME),
    ("site", _words()),
    ("sensor", _words()),
    ("kind", _words()),
    ("source", _words()),
    ("destination", _words()),
    ("count", pa.int64()),
    ("octets", pa.int64()),
    ("detail", pa.string()),
)

SCHEMAS = {"exchange": EXCHANGE, "flow": FLOW, "sample": SAMPLE, "gap": GAP}
