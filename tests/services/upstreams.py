"""An upstream in memory that can be made to fail, and a mirror into a real folder from it."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from capirepo.core.catalog import Catalog, own_entry
from capirepo.core.mirror import Origin, Rule, Wanted
from capirepo.core.names import AssetName, Label, Source
from capirepo.core.version import Version, parse_version
from capirepo.errors import NotThereError
from capirepo.outside import Download, Listing, RemoteAsset, UpstreamError
from capirepo.repository import now
from capirepo.services.drift import Comparer
from capirepo.services.fetch import Limits
from capirepo.services.ledger import Author, Ledger
from capirepo.services.mirror import Brought, Mirror, Watcher
from capirepo.services.prune import Pruner
from capirepo.services.survey import Surveyor
from capirepo.store.fs import FolderStore
from capirepo.store.intake import ASIDE, FolderIntake
from capirepo.store.journal import FileJournal
from capirepo.store.records import FileRecords
from capirepo.store.sightings import FileSightings
from capirepo.store.staging import STATE
from tests.support import components, metadata

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from capirepo.core.lock import Lock
    from capirepo.services.plan import Plan

SOURCE = Source("awesome-org/awesome")
LABEL = Label("infrastructure-awesome")
AUTHOR = Author(who="user test", via="mirror")


def release(version: str = "v0.1.0", **more: bytes) -> dict[str, bytes]:
    """The files of a good release of an infrastructure provider."""
    series = ".".join(version.removeprefix("v").split(".")[:2])
    files = {
        "infrastructure-components.yaml": components(
            image=f"registry.example.com/manager:{version}"
        ).encode(),
        "metadata.yaml": metadata(f"{series}=v1beta1").encode(),
    }
    return files | {name.replace("__", ".").replace("_", "-"): data for name, data in more.items()}


@dataclass
class FakeUpstream:
    """What it has, what it says of that, and how it fails.

    Attributes:
        asked: every question, as `versions`, `assets v1.0.0` or `open NAME`.
        lies: the digest that it states, by name.
        cut: files of which only the first half comes.
        broken: files that cannot be fetched.
        down: nothing can.
        mute: it states no digest, no size and no stamp.
    """

    releases: dict[str, dict[str, bytes]] = field(default_factory=dict)
    address: str = "fake"
    tag: str = ""
    asked: list[str] = field(default_factory=list)
    lies: dict[str, str] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    down: bool = False
    mute: bool = False
    guessed: set[str] = field(default_factory=set)

    async def versions(self, known: str = "") -> Listing:
        self._ask("versions")
        if known and known == self.tag:
            return Listing(versions=(), tag=known, unchanged=True)
        return Listing(versions=tuple(map(parse_version, self.releases)), tag=self.tag)

    async def assets(self, version: Version) -> tuple[RemoteAsset, ...]:
        self._ask(f"assets {version}")
        files = self.releases.get(str(version))
        if files is None:
            raise NotThereError(f"there is no {version}")
        stated = [self._stated(str(version), name, data) for name, data in files.items()]
        guesses = [
            RemoteAsset(name=AssetName(name), address=f"{version}/{name}") for name in self.guessed
        ]
        return (*stated, *guesses)

    async def asset(self, version: Version, name: AssetName) -> RemoteAsset:
        self._ask(f"asset {version} {name}")
        data = self.releases.get(str(version), {}).get(name)
        if data is None:
            raise NotThereError(f"there is no {name}")
        return self._stated(str(version), name, data)

    @contextlib.asynccontextmanager
    async def open(self, asset: RemoteAsset) -> AsyncIterator[Download]:
        self._ask(f"open {asset.name}")
        if asset.name in self.broken:
            raise UpstreamError(f"{asset.name}: 502", address=asset.address, status=502)
        data = self.releases[asset.address.partition("/")[0]].get(asset.name)
        if data is None:
            raise NotThereError(f"there is no {asset.name}")

        async def pieces() -> AsyncIterator[bytes]:
            middle = len(data) // 2
            yield data[:middle]
            if asset.name in self.cut:
                raise UpstreamError(f"{asset.name} ended early", address=asset.address)
            yield data[middle:]

        yield Download(pieces=pieces(), size=None if self.mute else len(data))

    def _ask(self, question: str) -> None:
        self.asked.append(question)
        if self.down:
            raise UpstreamError("nobody answers", address=self.address)

    def _stated(self, version: str, name: str, data: bytes) -> RemoteAsset:
        address = f"{version}/{name}"
        if self.mute:
            return RemoteAsset(name=AssetName(name), address=address)
        digest = hashlib.sha256(data).hexdigest()
        return RemoteAsset(
            name=AssetName(name),
            address=address,
            size=len(data),
            sha256=self.lies.get(name, digest),
            stamp=digest[:8],
        )

    @property
    def opened(self) -> list[str]:
        """The files that were asked for, and no longer remembered then."""
        names = sorted(one.removeprefix("open ") for one in self.asked if one.startswith("open "))
        self.asked.clear()
        return names


def wanted(
    label: str = LABEL, *rules: Rule, source: Source | None = None, platforms: tuple[str, ...] = ()
) -> Wanted:
    """Everything of a label, or what the rules say."""
    origin = Origin(source=source) if source else Origin(address="fake", label=Label(label))
    return Wanted(label=Label(label), origin=origin, rules=rules or (Rule(),), platforms=platforms)


def pinned(*versions: str) -> Rule:
    """Exactly these."""
    return Rule(pinned=tuple(map(parse_version, versions)))


class Ground:
    """A ROOT, and what mirrors into it."""

    def __init__(self, root: Path, **upstreams: FakeUpstream) -> None:
        root.mkdir(exist_ok=True)
        state = root / STATE
        self.root = root
        self.store = FolderStore(root)
        self.intake = FolderIntake(root, ASIDE)
        self.journal = FileJournal(state / "audit.jsonl")
        self.ledger = Ledger(FileRecords(state / "records"), self.journal, now)
        self.notes = FileRecords(state / "fetched", lasting=False)
        self.sightings = sightings = FileSightings(state / "upstreams", state / "locks" / "mirror")
        catalog = Catalog([own_entry("ipam-awesome", SOURCE)])

        def upstream_for(origin: Origin) -> FakeUpstream:
            label = (origin.label or "").replace("-", "_")
            return upstreams.get(label, upstreams["any"])

        self.surveyor = Surveyor(
            self.store, self.intake.pending, self.ledger, sightings, catalog, upstream_for
        )
        self.mirror = Mirror(
            self.store, self.intake, self.notes, self.ledger, sightings, catalog,
            Limits(size=1 << 20),
        )  # fmt: skip
        self.comparer = Comparer(self.store, self.ledger, catalog, upstream_for)
        self.pruner = Pruner(self.store, self.intake, self.ledger)

    async def run(self, *wishes: Wanted, lock: Lock | None = None) -> tuple[Plan, list[Brought]]:
        """Plans and brings."""
        plan = await self.surveyor.plan(wishes, lock=lock)
        return plan, await self.bring(plan)

    async def bring(self, plan: Plan) -> list[Brought]:
        """Brings what a plan orders."""
        return await self.mirror.bring(plan, AUTHOR, Watcher())

    async def listed(self, label: str = LABEL) -> list[str]:
        """The versions that are here."""
        return sorted(map(str, await self.store.versions(Label(label))))

    def files(self, label: str, version: str) -> list[str]:
        """The files of one release."""
        return sorted(path.name for path in (self.root / label / version).iterdir())


def states(brought: Sequence[Brought]) -> list[str]:
    """What has come of each order."""
    return [one.state for one in brought]
