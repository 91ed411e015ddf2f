"""`python -m bench.distance`: a link of a certain rate and delay, between any client and a server.

What it is, and what it is not:
- all connections share the rate, downwards; each piece waits for its turn on the link;
- a request waits for a whole round trip, and the first one of a connection for one more, as
  its handshake would;
- there is no loss and no slow start: a connection is as fast at its beginning as at its end.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import click

from bench.processes import PYTHON, first_line, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PIECE: Final = 16 * 1024
_BACKLOG: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How far away a server is.

    Attributes:
        megabits: a second, downwards.
        milliseconds: of a round trip.
    """

    megabits: float
    milliseconds: float

    def __str__(self) -> str:
        return f"{self.megabits:g} Mbit/s and {self.milliseconds:g} ms away"


@contextlib.contextmanager
def away(link: Link, port: int, log: Path) -> Iterator[str]:
    """The address at which a server on `port` of loopback is `link` away.

    Raises:
        BenchError: the relay does not come up.
    """
    told = ["--port", str(port), "--megabits", str(link.megabits)]
    told += ["--milliseconds", str(link.milliseconds)]
    with started([PYTHON, "-m", "bench.distance", *told], log) as process:
        yield first_line(process, "the relay", log).strip()


class _Relay:
    """Passes on what comes; `rate` is in bytes a second, `trip` in seconds."""

    def __init__(self, port: int, rate: float, trip: float) -> None:
        self._port = port
        self._rate = rate
        self._trip = trip
        self._free = 0.0

    async def serve(self) -> None:
        server = await asyncio.start_server(
            self._connected, "127.0.0.1", 0, backlog=_BACKLOG, limit=_PIECE
        )
        print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        async with server:
            await server.serve_forever()

    async def _connected(
        self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter
    ) -> None:
        server, to_server = await asyncio.open_connection("127.0.0.1", self._port, limit=_PIECE)
        with contextlib.closing(to_client), contextlib.closing(to_server):
            # Whoever hangs up first ends both ways.
            up = asyncio.create_task(self._up(client, to_server), name="up")
            down = asyncio.create_task(self._down(server, to_client), name="down")
            _, left = await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            for one in left:
                one.cancel()
            await asyncio.wait((up, down))

    async def _up(self, client: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        """Requests: they are small, and only their way takes time."""
        waits = 2 * self._trip
        with contextlib.suppress(OSError):
            while piece := await client.read(_PIECE):
                await asyncio.sleep(waits)
                waits = self._trip
                server.write(piece)
                await server.drain()

    async def _down(self, server: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        """Answers: each piece when the link has had time for it."""
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while piece := await server.read(_PIECE):
                self._free = max(self._free, loop.time()) + len(piece) / self._rate
                await asyncio.sleep(self._free - loop.time())
                client.write(piece)
                await client.drain()


@click.command()
@click.option("--port", type=int, required=True, help="Of the server, on loopback.")
@click.option("--megabits", type=float, required=True, help="A second, downwards.")
@click.option("--milliseconds", type=float, required=True, help="Of a round trip.")
def command(port: int, megabits: float, milliseconds: float) -> None:
    """Print an address, and pass on what comes there."""
    relay = _Relay(port, megabits * 1e6 / 8, milliseconds / 1e3)
    asyncio.run(relay.serve())


if __name__ == "__main__":
    command()
