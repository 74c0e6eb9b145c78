"""An SMB 3 client, and a server that negotiates and then refuses the log-on (smbprotocol)."""

from __future__ import annotations

import asyncio
import uuid

from smbprotocol import Dialects
from smbprotocol.connection import Connection, SecurityMode, SMB2NegotiateResponse
from smbprotocol.exceptions import SMBException
from smbprotocol.header import Commands, NtStatus, Smb2Flags, SMB2HeaderRequest, SMB2HeaderResponse
from smbprotocol.session import Session, SMB2SessionSetupResponse

from recording.station import Station

PORT = 445
_LENGTH_OCTETS = 4
_LARGEST = 65_536


class SmbServer:
    """Speaks SMB 3.0.2 up to the log-on, which it refuses."""

    def __init__(self, station: Station) -> None:
        self._server = station.run(asyncio.start_server(_converse, station.ip, PORT))


def try_to_log_on(station: Station, server: str, user: str) -> None:
    """Connect, negotiate and try to log on; the refusal is what is expected."""

    def work() -> None:
        connection = Connection(uuid.UUID(int=1), server, PORT, require_signing=False)
        connection.connect(Dialects.SMB_3_0_2, timeout=5)
        try:
            Session(connection, user, "wrong", auth_protocol="ntlm").connect()
        except SMBException:
            connection.disconnect(close=False)
        else:
            raise RuntimeError("the server was to refuse the log-on")

    station.call(work)


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while head := await reader.read(_LENGTH_OCTETS):
        request = SMB2HeaderRequest()
        request.unpack(await reader.readexactly(int.from_bytes(head)))
        answer = _answer(request)
        writer.write(len(answer).to_bytes(_LENGTH_OCTETS) + answer)
    writer.close()


def _answer(request: SMB2HeaderRequest) -> bytes:
    header = SMB2HeaderResponse()
    header["command"] = request["command"].get_value()
    header["message_id"] = request["message_id"].get_value()
    header["credit_response"] = 1
    header["flags"].set_flag(Smb2Flags.SMB2_FLAGS_SERVER_TO_REDIR)
    if request["command"].get_value() == Commands.SMB2_NEGOTIATE:
        header["status"] = NtStatus.STATUS_SUCCESS
        header["data"] = _negotiated()
    else:
        header["status"] = NtStatus.STATUS_LOGON_FAILURE
        header["data"] = SMB2SessionSetupResponse()
    packed: bytes = header.pack()
    return packed


def _negotiated() -> SMB2NegotiateResponse:
    response = SMB2NegotiateResponse()
    response["security_mode"].set_flag(SecurityMode.SMB2_NEGOTIATE_SIGNING_ENABLED)
    response["dialect_revision"] = Dialects.SMB_3_0_2
    response["server_guid"] = uuid.UUID(int=2)
    response["max_transact_size"] = _LARGEST
    response["max_read_size"] = _LARGEST
    response["max_write_size"] = _LARGEST
    return response
