"""A name server with a table, and a resolver (dnslib)."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

from dnslib import QTYPE, RR, A, DNSRecord

from recording.station import Station

PORT = 53
_LONGEST = 512


class DnsServer:
    """Answers address questions from a table, others with an empty answer."""

    def __init__(self, station: Station, table: Mapping[str, str]) -> None:
        self._task = station.run(_start(station.ip, table))


def resolve(station: Station, server: str, name: str) -> None:
    """Ask for the address of ``name`` and wait for the answer."""
    question = DNSRecord.question(name).pack()

    def ask() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
            handle.settimeout(2)
            handle.sendto(question, (server, PORT))
            handle.recv(_LONGEST)

    station.call(ask)


async def _start(address: str, table: Mapping[str, str]) -> asyncio.Task[None]:
    handle = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    handle.setblocking(False)
    handle.bind((address, PORT))
    return asyncio.create_task(_serve(handle, table))


async def _serve(handle: socket.socket, table: Mapping[str, str]) -> None:
    loop = asyncio.get_running_loop()
    with handle:
        while True:
            data, client = await loop.sock_recvfrom(handle, _LONGEST)
            await loop.sock_sendto(handle, _answer(data, table), client)


def _answer(data: bytes, table: Mapping[str, str]) -> bytes:
    question = DNSRecord.parse(data)
    answer = question.reply()
    name = str(question.q.qname).rstrip(".")
    if name in table:
        answer.add_answer(RR(question.q.qname, QTYPE.A, rdata=A(table[name]), ttl=60))
    packed: bytes = answer.pack()
    return packed
