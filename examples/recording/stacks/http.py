"""HTTP/1.1 servers and clients (the standard library's)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer

from recording.station import Station

Routes = Mapping[tuple[str, str], int]


class HttpServer:
    """Answers each request it knows with a status and no content, others with 403.

    Args:
        station: where it listens.
        port: on which port.
        routes: status by method and path.
    """

    def __init__(self, station: Station, port: int, routes: Routes) -> None:
        self._station = station
        self._server = station.call(lambda: _Server((station.ip, port), _handler(routes)))
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class HttpClient:
    """One connection, kept open between requests.

    Args:
        station: who asks.
        server: the server's address.
        port: its port.
        agent: what the client calls itself.
    """

    def __init__(self, station: Station, server: str, port: int, agent: str) -> None:
        self._station = station
        self._agent = agent
        self._connection = HTTPConnection(server, port, timeout=5)

    def send(self, method: str, path: str, body: bytes, kind: str) -> int:
        """Send one request and return the answer's status."""

        def work() -> int:
            headers = {"Content-Type": kind, "User-Agent": self._agent}
            self._connection.request(method, path, body, headers)
            with self._connection.getresponse() as response:
                response.read()
                return response.status

        return self._station.call(work)

    def close(self) -> None:
        """End the connection; the next request opens another."""
        self._connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind without asking a name server what this host is called."""
        TCPServer.server_bind(self)


def _handler(routes: Routes) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "line-services"
        sys_version = ""

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            self.send_response(routes.get((self.command, self.path), 403))
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PUT = answer  # noqa: N815 (named by the standard library)

        def date_time_string(self, timestamp: float | None = None) -> str:
            """A date that does not give the day of the recording away."""
            return "Thu, 01 Jan 1970 00:00:00 GMT"

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Stay quiet."""

    return Handler
