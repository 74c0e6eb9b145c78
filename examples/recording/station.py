"""A host's programs: an event loop in a thread that lives in the host's namespace."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from recording.namespaces import Network, inside

T = TypeVar("T")


class Station:
    """Runs a host's servers and clients.

    Sockets belong to the namespace of the thread that makes them, and threads inherit their
    maker's: whatever runs on this loop, or in a thread started from it, is on this host.

    Args:
        network: where the host is.
        host: its name.
    """

    def __init__(self, network: Network, host: str) -> None:
        self.name = host
        self.ip = network.hosts[host].ip
        self.namespace = network.namespace(host)
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._live, name=host, daemon=True)
        self._thread.start()
        self._ready.wait()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do ``work`` on this host and wait for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def call(self, work: Callable[[], T]) -> T:
        """Do blocking ``work`` on this host, in a thread of its own, and wait for its result."""
        return self.run(asyncio.to_thread(work))

    def close(self) -> None:
        """End everything that still runs here."""
        self.run(_end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _live(self) -> None:
        with inside(self.namespace):
            self._loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self._loop)
            self._ready.set()
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            self._loop.close()


async def _end_tasks() -> None:
    mine = asyncio.current_task()
    tasks = [task for task in asyncio.all_tasks() if task is not mine]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
