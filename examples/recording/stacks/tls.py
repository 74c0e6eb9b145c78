"""TLS servers and clients (the standard library's), with certificates made on the spot."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from recording.station import Station

PORT = 443
_LENGTH_OCTETS = 4


class TlsServer:
    """Answers every request with as many octets as the request asks for.

    Args:
        station: where it listens.
        name: the host name in its certificate.
    """

    def __init__(self, station: Station, name: str) -> None:
        self.name = name
        self.ip = station.ip
        self.certificate, self._key = _self_signed(name)
        self._server = station.run(self._serve())

    async def _serve(self) -> asyncio.Server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "server.pem"
            file.write_text(self._key + self.certificate, encoding="ascii")
            context.load_cert_chain(file)
        return await asyncio.start_server(_answer, self.ip, PORT, ssl=context)


def visit(station: Station, server: TlsServer, sends: int, receives: int) -> None:
    """Open a TLS connection, send and receive so many octets, and close it.

    Args:
        station: who connects.
        server: to whom; its name goes into the handshake (RFC 6066, server_name).
        sends: octets up.
        receives: octets down.
    """
    station.run(_visit(server, sends, receives))


async def _visit(server: TlsServer, sends: int, receives: int) -> None:
    context = ssl.create_default_context(cadata=server.certificate)
    reader, writer = await asyncio.open_connection(
        server.ip, PORT, ssl=context, server_hostname=server.name
    )
    head = sends.to_bytes(_LENGTH_OCTETS) + receives.to_bytes(_LENGTH_OCTETS)
    writer.write(head + bytes(sends))
    await reader.readexactly(receives)
    writer.close()
    await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    sent = int.from_bytes(await reader.readexactly(_LENGTH_OCTETS))
    wanted = int.from_bytes(await reader.readexactly(_LENGTH_OCTETS))
    await reader.readexactly(sent)
    writer.write(bytes(wanted))
    await reader.read()
    writer.close()


def _self_signed(name: str) -> tuple[str, str]:
    """A certificate for ``name`` and its key, both PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    since = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(since + timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(pem).decode(), private.decode()
