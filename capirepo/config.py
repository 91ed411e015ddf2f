"""capirepo.yaml: read once, checked whole, frozen.

Every setting has a default that fits a developer's machine; `docs/configuration.md` lists
them all, and a test fails where it does not.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from capirepo.core import yamlguard
from capirepo.core.catalog import Catalog, own_entry
from capirepo.errors import BadInputError
from capirepo.mirror_settings import MirrorEntry, Terms, beside, wanted_by
from capirepo.upstream_settings import CACHE, UpstreamSettings, origins

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from capirepo.core.mirror import Origin, Wanted
    from capirepo.core.names import Label

FILE_NAME: Final = "capirepo.yaml"
GITHUB_HOSTS: Final = ("github.com", "api.github.com")

# A host name: two labels at least, so that no CA of ours ever speaks for a whole domain.
_HOST: Final = (
    r"^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
)
# As one types it: a host name of any number of labels, or an address.
_NAME: Final = r"^([a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?|[0-9a-f:]{2,39})$"
Host = Annotated[str, Meta(pattern=_HOST)]


class Frozen(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all sections share: immutable, and no key that we do not know."""


class Server(Frozen, frozen=True):
    """Where the server listens.

    Attributes:
        listen: HOST:PORT of the plain port, which also answers CONNECT.
        tls_listen: HOST:PORT of the TLS port; '' for none.
        access_log: text, json or off.
        names: further host names and addresses by which clients reach the TLS port.
        certificate: a PEM file with a certificate chain of one's own for the TLS port.
        key: the PEM file with its private key.
    """

    listen: str = "127.0.0.1:8080"
    tls_listen: str = "127.0.0.1:8443"
    access_log: Annotated[str, Meta(pattern=r"^(text|json|off)$")] = "text"
    names: tuple[Annotated[str, Meta(pattern=_NAME)], ...] = ()
    certificate: str = ""
    key: str = ""


class Gitlab(Frozen, frozen=True):
    """The GitLab address under which releases are found.

    Attributes:
        host: clusterctl takes only hosts that begin with `gitlab.`.
        project: the path of the project; `id` 1 is the same one.
    """

    host: Annotated[str, Meta(pattern=_HOST.replace("^", r"^(?=gitlab\.)", 1))] = (
        "gitlab.capirepo.internal"
    )
    project: Annotated[
        str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$")
    ] = "capirepo/releases"


class Proxy(Frozen, frozen=True):
    """What the proxy answers for beside github.com, api.github.com and the GitLab host.

    Attributes:
        hosts: further host names, such as that of a GOPROXY which users cannot change.
    """

    hosts: tuple[Host, ...] = ()


class Cache(Frozen, frozen=True):
    """What is kept in memory.

    Attributes:
        megabytes: of assets; the least recently used go first.
    """

    megabytes: Annotated[int, Meta(ge=1, le=65536)] = 256


class Auth(Frozen, frozen=True):
    """Who may read; to write takes a token in any case.

    Attributes:
        read: open, or required where reading takes a token as well.
    """

    read: Annotated[str, Meta(pattern=r"^(open|required)$")] = "open"


class Publish(Frozen, frozen=True):
    """What may be uploaded, and taken back.

    Attributes:
        megabytes: how large a file may be.
        seconds: how long its body may stand still on the way.
        delete: pending, or any where releases that are listed may be deleted as well.
    """

    megabytes: Annotated[int, Meta(ge=1, le=65536)] = 512
    seconds: Annotated[float, Meta(gt=0, le=3600)] = 30.0
    delete: Annotated[str, Meta(pattern=r"^(pending|any)$")] = "pending"


class SourceOf(Frozen, frozen=True):
    """A source with a components file that has not the recommended name."""

    source: str
    components: str


class Settings(Frozen, frozen=True):
    """A whole capirepo.yaml.

    Attributes:
        sources: one's own providers: label to OWNER/REPO, or to source and components.
        mirror: what `capirepo mirror` brings.
    """

    sources: dict[str, str | SourceOf] = {}
    mirror: tuple[MirrorEntry, ...] = ()
    server: Server = Server()
    gitlab: Gitlab = Gitlab()
    proxy: Proxy = Proxy()
    cache: Cache = Cache()
    auth: Auth = Auth()
    publish: Publish = Publish()
    upstream: UpstreamSettings = UpstreamSettings()

    @property
    def hosts(self) -> tuple[str, ...]:
        """Every host name that the proxy answers for."""
        return (*GITHUB_HOSTS, self.gitlab.host, *self.proxy.hosts)

    @property
    def private(self) -> bool:
        """Whether reading takes a token."""
        return self.auth.read == "required"

    def catalog(self) -> Catalog:
        """The shipped catalog with one's own sources.

        Raises:
            BadInputError: a label, a source or a file name that is none.
        """
        entries = []
        for label, value in self.sources.items():
            source, components = (
                (value, "") if isinstance(value, str) else (value.source, value.components)
            )
            try:
                entries.append(own_entry(label, source, components))
            except BadInputError as error:
                raise BadInputError(f"{FILE_NAME}: sources: {error}") from error
        return Catalog(entries)

    def wanted(self) -> tuple[Wanted, ...]:
        """What is to be mirrored, a label once.

        Raises:
            BadInputError: names that nobody has, ranges that are none; all of them.
        """
        try:
            return wanted_by(self.mirror, self.catalog())
        except BadInputError as error:
            raise BadInputError(f"{FILE_NAME}: {error}") from error

    @property
    def caches(self) -> bool:
        """Whether a server fetches what it has not."""
        return self.upstream.mode == CACHE

    def origins(self) -> Mapping[Label, Origin]:
        """Who may be fetched by a server, and from where.

        Raises:
            BadInputError: names that nobody has.
        """
        try:
            return origins(self.upstream.providers, self.wanted(), self.catalog())
        except BadInputError as error:
            raise BadInputError(f"{FILE_NAME}: upstream.providers: {error}") from error


def load_settings(path: Path) -> Settings:
    """Reads a configuration file; the files that it names are beside it.

    Raises:
        BadInputError: it cannot be read, is not YAML, or a key or value is not known; the
            message names the place.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadInputError(f"cannot read {path}: {error.strerror}") from error
    settings = parse_settings(data, str(path))
    files = {
        name: str(path.parent / file)
        for name in ("certificate", "key")
        if (file := getattr(settings.server, name))
    }
    server = msgspec.structs.replace(settings.server, **files)
    mirror = beside(settings.mirror, path.parent)
    upstream = settings.upstream
    if upstream.ca:
        upstream = msgspec.structs.replace(upstream, ca=str(path.parent / upstream.ca))
    return msgspec.structs.replace(settings, server=server, mirror=mirror, upstream=upstream)


def parse_settings(data: bytes, name: str) -> Settings:
    """Reads the content of a configuration file; `name` is used in messages.

    Raises:
        BadInputError: as `load_settings`.
    """
    documents = yamlguard.load_all(data, name)
    content: Any = documents[0] if documents else {}
    try:
        settings = msgspec.convert(content, Settings)
        settings.catalog()
        settings.wanted()
        settings.origins()
        for address in (settings.server.listen, settings.server.tls_listen):
            if address:
                parse_address(address)
    except msgspec.ValidationError as error:
        raise BadInputError(f"{name}: {_explained(str(error))}") from error
    return settings


def parse_address(text: str) -> tuple[str, int]:
    """Host and port of `HOST:PORT`, `[V6]:PORT` or `:PORT` (the host '' is every address).

    Raises:
        BadInputError: it is none of these.
    """
    host, colon, port = text.rpartition(":")
    if colon and port.isascii() and port.isdigit() and int(port) < 1 << 16:
        return host.removeprefix("[").removesuffix("]"), int(port)
    raise BadInputError(f"{text!r} is no address to listen on", cure="write HOST:PORT")


_UNKNOWN: Final = re.compile(r"unknown field `(?P<field>[^`]*)`(?: - at `\$(?P<place>[^`]*)`)?")


_PATTERN: Final = re.compile(r"matching regex .* - at `\$\.?(?P<place>[^`]*)`")
_MEANT: Final = {
    "server.access_log": "is text, json or off",
    "server.names": "are host names or addresses, as one types them",
    "auth.read": "is open or required",
    "publish.delete": "is pending or any",
    "gitlab.host": "is a host that begins with gitlab.: clusterctl takes no other",
    "gitlab.project": "is the path of a project, GROUP/NAME",
    "proxy.hosts": "are host names with a dot in them",
    "upstream.mode": "is offline or cache",
    "upstream.goproxy": "is the address of a Go proxy, https://HOST",
    "platforms": "are OS/ARCH, such as linux/amd64",
}


def _explained(message: str) -> str:
    if (pattern := _PATTERN.search(message)) is not None:
        place = re.sub(r"\[[^.]*", "", pattern["place"])
        return f"{place} {_MEANT.get(place) or _MEANT[place.rpartition('.')[2]]}"
    match = _UNKNOWN.search(message)
    if match is None:
        return message.replace("`$.", "`")
    place = (match["place"] or "").strip(".")
    fields = _fields_at(place)
    near = difflib.get_close_matches(match["field"], fields, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(fields)}"
    return f"unknown key {match['field']!r}{f' in {place}' if place else ''}; {hint}"


def _fields_at(place: str) -> tuple[str, ...]:
    if place.startswith("sources"):
        return SourceOf.__struct_fields__
    if place.startswith("mirror"):
        return (MirrorEntry if place.endswith("]") else Terms).__struct_encode_fields__
    section: Any = Settings()
    for step in filter(None, place.split(".")):
        section = getattr(section, step, section)
    fields: tuple[str, ...] = section.__struct_fields__
    return fields
