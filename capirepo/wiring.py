"""Puts it all together; the only place that knows every part.

    FolderStore -> BlobCache -> Library -> Desk -> faces (aiohttp) -> doors -> sockets

Wrappers, outermost first: a door answers what is ready, `announce` tells the door that a
request begins, `errors` answers for what is raised, `guard` turns away wrong hosts, and
`gatekeeper` who has no token where reading is private.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from capirepo.caching import caching
from capirepo.config import Auth, Settings, parse_address
from capirepo.errors import BadInputError, CapirepoError, StorageError
from capirepo.metrics import Numbers, renderer
from capirepo.proxy.ca import LOOPBACK, Authority, load_authority, make_authority
from capirepo.proxy.certs import Certificates, load_own
from capirepo.proxy.door import Door
from capirepo.proxy.engine import announce, guard, make_runner
from capirepo.proxy.house import House, TlsEntry
from capirepo.proxy.ready import Ready
from capirepo.proxy.traffic import Traffic
from capirepo.repository import (
    Repository,
    findings_of,
    half_of_memory,
    make_library,
    make_publishing,
    now,
    places_of,
    tokens_of,
)
from capirepo.services.desk import Desk
from capirepo.services.ledger import Author
from capirepo.services.watch import Watch
from capirepo.store.intake import sweep_state
from capirepo.web import send
from capirepo.web.app import make_app
from capirepo.web.auth import Gate
from capirepo.web.loops import against_loops, new_name
from capirepo.web.site import Site

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from capirepo.proxy.certs import OwnCertificate
    from capirepo.services.library import Library
    from capirepo.services.uploads import Uploads

log = logging.getLogger("capirepo")

# How long running downloads may take once the server stops; Kubernetes kills after 30 s.
DRAIN_SECONDS: Final = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that is up.

    Attributes:
        url: of the plain port, which is the proxy as well.
        tls_url: of the TLS port; '' for none.
        ca_file: what clients must trust.
    """

    library: Library
    url: str
    tls_url: str
    ca_file: Path
    watch: Watch


def authority_of(repository: Repository, *, new: bool = False) -> Authority:
    """The CA of a repository, made where there is none yet.

    Raises:
        BadInputError: there is one that cannot be used.
        StorageError: a new one cannot be kept.
    """
    folder, moment = ca_folder(repository), now()
    settings = repository.settings
    # Where it listens changes from start to start, and is no reason for another CA.
    names = (*settings.hosts, *settings.server.names)
    there = None if new else load_authority(folder, names, moment)
    return there or make_authority(folder, (*names, *_own_names(settings)), moment, replace=new)


def ca_folder(repository: Repository) -> Path:
    """Where the CA of a repository is kept."""
    return repository.state / "ca"


@contextlib.asynccontextmanager
async def serving(repository: Repository) -> AsyncIterator[Running]:
    """Serves a repository for as long as the context lasts.

    Raises:
        BadInputError: an address to listen on, the CA or a certificate cannot be used, or
            upstreams cannot be asked as it is configured.
        StorageError: ROOT cannot be listed, or the state not written, or reading takes a
            token and the tokens cannot be read.
    """
    async with contextlib.AsyncExitStack() as stack:
        running = await _start(stack, repository)
        yield running
        running.watch.ready = False


async def _start(stack: contextlib.AsyncExitStack, repository: Repository) -> Running:
    """Starts a server; what it takes to end it goes on the stack."""
    settings = repository.settings
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_in_one_line())
    findings = findings_of(repository)
    library, blobs = make_library(repository, findings)
    watch = Watch(library)
    authority = authority_of(repository)
    tokens = tokens_of(repository)
    if settings.private:
        tokens.all()
    certificates = Certificates(
        authority,
        hosts=settings.hosts,
        addresses=[name for name in _own_names(settings) if authority.covers(name)],
        own=_own_certificate(settings),
        now=now,
    )
    # By this name it knows its own requests, should they come back to it.
    name = new_name()
    cache = None
    if settings.caches:
        cache = await stack.enter_async_context(
            caching(repository, findings, library.refresh, name)
        )
    traffic = Traffic(settings.server.access_log, loop.call_later)
    uploads = make_publishing(repository).uploads
    site = Site(
        desk=Desk(
            library,
            cache.stash if cache else None,
            settings.upstream.fetch_wait,
            settings.upstream.list_wait,
        ),
        places=places_of(repository),
        ca_pem=authority.pem,
        metrics=renderer(
            Numbers(library, traffic, blobs, certificates, cache.counts if cache else None)
        ),
        ready=lambda: watch.ready,
        uploads=uploads,
        upload_seconds=settings.publish.seconds,
        deletes_listed=settings.publish.delete == "any",
        gate=Gate(tokens, private=settings.private, now=now),
    )
    inside = [guard, against_loops(name)] if cache else [guard]
    app = make_app(site, outside=[announce], inside=inside)
    runner = make_runner(
        app,
        traffic,
        face_of=send.face_of,
        is_pure=send.is_pure,
    )
    await asyncio.to_thread(sweep_state, repository.root)
    await watch.look()
    await runner.setup()
    engine = runner.server
    if engine is None:  # pragma: no cover - setup makes it
        raise StorageError("aiohttp made no server")
    house = House(
        engine=engine,
        hosts=settings.hosts,
        certificates=certificates,
        ready=Ready(lambda: library.generation, half_of_memory(settings)),
        traffic=traffic,
    )
    stack.callback(traffic.flush)
    stack.push_async_callback(runner.cleanup)
    stack.push_async_callback(house.close, DRAIN_SECONDS)
    url = await _listen(stack, house, "http", settings.server.listen)
    tls_url = ""
    if settings.server.tls_listen:
        tls_url = await _listen(stack, house, "https", settings.server.tls_listen)
    house.spawn(watch.keep_looking(), "watch the repository")
    house.spawn(_resume(uploads, library), "list what is pending and complete")
    return Running(
        library=library,
        url=url,
        tls_url=tls_url,
        ca_file=ca_folder(repository) / "ca.pem",
        watch=watch,
    )


async def _resume(uploads: Uploads, library: Library) -> None:
    """Finishes what was not finished when a server or a command was killed."""
    try:
        for one in await uploads.resume(Author(who="capirepo", via="start")):
            log.info("%s %s was pending and complete: listed", one.label, one.version)
        await library.refresh()
    except CapirepoError as error:
        log.warning("what is pending stays so: %s", error)


def _in_one_line() -> Callable[[asyncio.AbstractEventLoop, dict[str, Any]], None]:
    """Logs what asyncio has nobody else to tell, in one line, and the same once a second.

    Most of it is clients' doing; without descriptors asyncio would say so a thousand times.
    """
    last = ("", 0.0)

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        nonlocal last
        sentence = f"{context['message']}: {context.get('exception')!r}"
        if sentence != last[0] or loop.time() - last[1] > 1.0:
            last = (sentence, loop.time())
            log.error("%s", sentence)

    return handle


def on_free_ports(repository: Repository) -> Repository:
    """The same repository on ports of loopback that the system chooses, and no TLS port.

    Reading is open there: it is for one command, whose user reads ROOT in any case.
    """
    server = msgspec.structs.replace(
        repository.settings.server, listen="127.0.0.1:0", tls_listen=""
    )
    settings = msgspec.structs.replace(repository.settings, server=server, auth=Auth())
    return replace(repository, settings=settings)


async def _listen(stack: contextlib.AsyncExitStack, house: House, scheme: str, address: str) -> str:
    host, port = parse_address(address)
    try:
        server = await house.loop.create_server(
            _entry(house) if scheme == "http" else _tls_entry(house),
            host or None,
            port,
            backlog=128,
            reuse_address=True,
        )
    except OSError as error:
        reason = error.strerror or str(error)
        cures = {
            errno.EADDRINUSE: "stop what listens there, or give another HOST:PORT",
            errno.EACCES: "ports below 1024 are for root: give another one",
        }
        cure = cures.get(error.errno or 0, "give an address of this machine, HOST:PORT")
        raise BadInputError(f"cannot listen on {address}: {reason}", cure=cure) from error

    async def stop() -> None:
        server.close()

    stack.push_async_callback(stop)
    bound = server.sockets[0].getsockname()
    return f"{scheme}://{_shown_host(host)}:{bound[1]}"


def _entry(house: House) -> Callable[[], asyncio.Protocol]:
    return lambda: Door(house)


def _tls_entry(house: House) -> Callable[[], asyncio.Protocol]:
    context = house.certificates.listener()
    return lambda: TlsEntry(house, context, lambda plain: Door(house, beneath=(plain,)))


def _shown_host(host: str) -> str:
    # Every address is loopback as well, and that is what one types on this machine.
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - not bound
    return f"[{host}]" if ":" in host else host


def _own_names(settings: Settings) -> tuple[str, ...]:
    names = dict.fromkeys((*LOOPBACK, *settings.server.names))
    for address in (settings.server.listen, settings.server.tls_listen):
        if address:
            host = parse_address(address)[0]
            with contextlib.suppress(ValueError):
                if not ipaddress.ip_address(host).is_unspecified:
                    names[host] = None
    return tuple(names)


def _own_certificate(settings: Settings) -> OwnCertificate | None:
    server = settings.server
    if not server.certificate and not server.key:
        return None
    if not server.certificate or not server.key:
        raise BadInputError("server.certificate and server.key belong together", cure="give both")
    return load_own(Path(server.certificate), Path(server.key))
