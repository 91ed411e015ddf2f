"""Makes the content of a lock file of what a mirror has brought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from capirepo.services.admission import sum_of
from capirepo.services.ledger import MIRROR

if TYPE_CHECKING:
    from capirepo.core.lock import Lock
    from capirepo.ports import Store
    from capirepo.services.ledger import Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """What is to be in the lock file.

    Attributes:
        problems: files that are not what their record says.
    """

    lock: Lock
    problems: tuple[str, ...]


async def make_lock(store: Store, ledger: Ledger) -> Locked:
    """The releases that a mirror has brought, with the files that it fetched.

    Every file is read anew: what is locked is what is here.

    Raises:
        StorageError: the disk fails.
    """
    lock: Lock = {}
    problems = []
    for label, versions in (await store.scan()).releases.items():
        for version, assets in versions.items():
            record = ledger.record_of(label, version)
            if record.get("via") != MIRROR:
                continue
            files = lock.setdefault(label, {})[version] = {}
            for name, known in record["assets"].items():
                if "upstream" not in known:
                    continue
                asset = assets.get(name)
                if asset is None:
                    problems.append(f"{label} {version} {name}: it is gone")
                    continue
                files[name] = (await sum_of(store, label, version, asset)).sha256
                if files[name] != known["sha256"]:
                    problems.append(f"{label} {version} {name}: it is not what was fetched")
    return Locked(lock=lock, problems=tuple(problems))
