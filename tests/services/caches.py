"""A ROOT that fetches what it is asked for from an upstream in memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from capirepo.core.catalog import Catalog, own_entry
from capirepo.core.mirror import Origin
from capirepo.core.names import CLUSTERCTL, AssetName, Label, Source
from capirepo.core.version import Version, parse_version
from capirepo.services.courier import Courier
from capirepo.services.desk import Desk
from capirepo.services.errands import Errands
from capirepo.services.library import Library
from capirepo.services.listings import Listings
from capirepo.services.stash import Stash
from capirepo.store.findings import KeptFindings
from capirepo.store.locks import held
from capirepo.store.memory import BlobCache
from capirepo.store.staging import STATE
from tests.services.upstreams import LABEL, FakeUpstream, Ground, release
from tests.support import components, metadata

if TYPE_CHECKING:
    import contextlib
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from capirepo.outside import RemoteAsset
    from capirepo.services.courier import Errand

SOURCE = Source("awesome-org/cluster-api-provider-awesome")
BOOTSTRAP = Label("bootstrap-awesome")
METADATA = AssetName("metadata.yaml")
COMPONENTS = AssetName("infrastructure-components.yaml")
TEMPLATE = AssetName("cluster-template-odd.yaml")
GOOD_TEMPLATE = (
    b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n  namespace: ${NAMESPACE}\n"
)
V1, V2, V3 = map(parse_version, ("v0.1.0", "v0.2.0", "v0.3.0"))
BAD = {"metadata.yaml": b"kind: Metadata\n", "infrastructure-components.yaml": b"a: [\n"}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Slow(FakeUpstream):
    """An upstream whose answers wait until they may come."""

    def __init__(self, releases: dict[str, dict[str, bytes]]) -> None:
        super().__init__(releases)
        self.may = asyncio.Event()
        self.reached = asyncio.Event()

    async def assets(self, version: Version) -> tuple[RemoteAsset, ...]:
        self.reached.set()
        await self.may.wait()
        return await super().assets(version)


class Cache:
    """A ROOT that fetches from one upstream in memory."""

    def __init__(
        self,
        root: Path,
        upstream: FakeUpstream,
        labels: Iterable[Label] = (LABEL,),
        source: Source | None = SOURCE,
        **patience: float,
    ) -> None:
        ground = Ground(root, any=upstream)
        self.ground, self.clock = ground, Clock()
        self.origins: Mapping[Label, Origin] = {
            one: Origin(source=source) if source else Origin(address="fake", label=one)
            for one in labels
        }
        entries = [own_entry(str(one), SOURCE) for one in (LABEL, BOOTSTRAP)]
        catalog = Catalog([*entries, own_entry(CLUSTERCTL, SOURCE)])
        findings = KeptFindings(root / STATE / "findings.json")
        self.library = Library(ground.store, BlobCache(ground.store, 1 << 20), findings, catalog)
        self.listings = Listings(
            lambda _: upstream,
            patience.get("fresh", 300.0),
            patience.get("moment", 3.0),
            self.clock,
        )

        def alone(errand: Errand) -> contextlib.AbstractAsyncContextManager[None]:
            return held(root / STATE / "locks" / f"fetch {errand.version}", None)

        arrived, absent = self.library.refresh, patience.get("absent", 300.0)
        courier = Courier(
            catalog, ground.store, ground.mirror, self.listings, lambda _: upstream, alone
        )
        self.counts = courier.counts
        self.errands = Errands(courier, self.listings, arrived, absent, self.clock)
        stash = Stash(
            self.origins, catalog, ground.store, self.listings, self.errands, ground.ledger, arrived
        )
        seconds, moment = patience.get("seconds", 60.0), patience.get("latest", 3.0)
        self.desk = Desk(self.library, stash, seconds, moment)

    async def close(self) -> None:
        await self.errands.close()
        await self.listings.close()


def both() -> dict[str, bytes]:
    """One release of a source with two providers."""
    return release() | {"bootstrap-components.yaml": components().encode()}


def add_held(root: Path) -> None:
    """A release that upstream does not have."""
    folder = root / LABEL / "v0.2.0"
    folder.mkdir(parents=True)
    (folder / METADATA).write_text(metadata("0.2=v1beta1"))
    (folder / COMPONENTS).write_text(components())
