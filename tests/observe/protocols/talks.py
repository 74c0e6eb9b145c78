"""What ends say to each other in each protocol: whole messages for the conformance kit."""

from __future__ import annotations

import struct

from checkvalve.testing.messages import CONVERSATION, COUNT, Message, dialogues
from checkvalve.testing.protocols import Talk


def filled(message: Message, number: int) -> bytes:
    """The message as it stands in a conversation's exchange of that number."""
    octets = bytearray(message.octets)
    values = {COUNT: number, CONVERSATION: 7}
    for patch in message.patches:
        octets[patch.at] = values.get(patch.source, number * 40_503) >> patch.shift & 0xFF
    return bytes(octets)


def polls(name: str, count: int = 20) -> Talk:
    """Exchanges of one of the four, each of its kinds in turn."""
    said = dialogues()[name].polls
    forms = [(k, said[k % len(said)].forms) for k in range(count)]
    pairs = [(k, each[k % len(each)]) for k, each in forms]
    return Talk(
        tuple(filled(request, k) for k, (request, _) in pairs),
        tuple(filled(response, k) for k, (_, response) in pairs),
    )


def client_hello(host: str = "models.example", *, more: bytes = b"") -> bytes:
    """A TLS record with a ClientHello that names a server (RFC 8446 4.1.2, RFC 6066 3)."""
    name = host.encode()
    named = struct.pack(">HBH", len(name) + 3, 0, len(name)) + name
    extensions = struct.pack(">HH", 0x2B, 3) + b"\2\3\4" + more
    extensions += struct.pack(">HH", 0, len(named)) + named
    body = b"\3\3" + bytes(32) + b"\x20" + bytes(32) + b"\0\4\x13\1\x13\2" + b"\1\0"
    body += struct.pack(">H", len(extensions)) + extensions
    return record(b"\1" + len(body).to_bytes(3, "big") + body)


def server_hello() -> bytes:
    """A TLS record with a ServerHello."""
    body = b"\3\3" + bytes(32) + b"\0\x13\1\0"
    return record(b"\2" + len(body).to_bytes(3, "big") + body)


def record(handshake: bytes) -> bytes:
    """A TLS record of the handshake."""
    return b"\x16\3\1" + struct.pack(">H", len(handshake)) + handshake


def http_request(path: str, body: bytes = b"", host: str = "mes.plant.example") -> bytes:
    method = "POST" if body else "GET"
    length = f"Content-Length: {len(body)}\r\n" if body else ""
    return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n{length}\r\n".encode() + body


def http_reply(status: int = 200, body: bytes = b"{}") -> bytes:
    return f"HTTP/1.1 {status} Words\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def question(name: str, *, kind: int = 1) -> bytes:
    labels = b"".join(bytes([len(word)]) + word.encode() for word in name.split("."))
    return labels + struct.pack(">BHH", 0, kind, 1)


def dns_query(name: str = "models.example", *, number: int = 7, kind: int = 1) -> bytes:
    return struct.pack(">HHHHHH", number, 0x0100, 1, 0, 0, 0) + question(name, kind=kind)


def dns_answer(
    name: str = "models.example",
    addresses: tuple[bytes, ...] = (b"\xc0\0\2\x07",),
    *,
    number: int = 7,
    code: int = 0,
) -> bytes:
    head = struct.pack(">HHHHHH", number, 0x8180 | code, 1, len(addresses), 0, 0)
    answers = b"".join(
        struct.pack(">HHHIH", 0xC00C, 1 if len(a) == 4 else 28, 1, 60, len(a)) + a
        for a in addresses
    )
    return head + question(name) + answers


#: Messages of each member that begin and end within a stream.
TALKS = {
    **{name: polls(name) for name in ("modbus", "enip", "dnp3", "s7comm")},
    "http": Talk(
        tuple(http_request(f"/results/{k}", bytes(k)) for k in range(8)),
        tuple(http_reply(body=bytes(k)) for k in range(8)),
    ),
    "tls": Talk((client_hello(),), (server_hello(),)),
}
#: Messages of the others, which are whole datagrams, or a stream's first octets.
OPENINGS = {
    "dns": (dns_query(), dns_answer(), dns_answer(addresses=(bytes(16), b"\x0a\0\0\1"))),
    "ssh": (
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"RFB 003.008\n",
        b"\0\0\0\x44\xfeSMB" + bytes(64),
        b"\3\0\0\x13\x0e\xe0\0\0\0\0\0\1\0\x08\0\3\0\0\0",
    ),
}
