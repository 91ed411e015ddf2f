"""metadata.yaml: which release series a provider has, and the contract of each.

The rules are clusterctl's (`metadata_client.go`, `metadata_type.go`): apiVersion and kind
as below, at least one series, and a version that matches none of them cannot be installed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from capirepo.core import yamlguard
from capirepo.core.names import AssetName
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from capirepo.core.version import Version

METADATA: Final = AssetName("metadata.yaml")
API_VERSION: Final = "clusterctl.cluster.x-k8s.io/v1alpha3"
_CONTRACT = re.compile(r"v[1-9][0-9]*((alpha|beta)[1-9][0-9]*)?")
_MAX_INT32: Final = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseSeries:
    """All patches of one minor, and the contract that they keep."""

    major: int
    minor: int
    contract: str

    def __str__(self) -> str:
        return f"{self.major}.{self.minor} ({self.contract})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A metadata.yaml: its series, and every problem that a client would stumble over."""

    series: tuple[ReleaseSeries, ...] = ()
    problems: tuple[str, ...] = ()

    def contract_of(self, version: Version) -> str | None:
        """The contract of the first series that `version` matches, as clusterctl picks it."""
        for series in self.series:
            if (series.major, series.minor) == version.series:
                return series.contract
        return None


def parse_metadata(data: bytes) -> Metadata:
    """Reads a metadata.yaml; what is wrong is in `problems`, all of it at once."""
    try:
        documents = yamlguard.load_all(data, METADATA)
    except BadInputError as error:
        return Metadata(problems=(str(error),))
    if len(documents) != 1:
        return Metadata(problems=(f"{METADATA} holds {len(documents)} objects; one is expected",))
    if not isinstance(documents[0], dict):
        return Metadata(problems=(f"{METADATA} holds no object: apiVersion, kind, releaseSeries",))
    return _read(documents[0])


def _read(document: dict[Any, Any]) -> Metadata:
    problems = []
    if document.get("apiVersion") != API_VERSION:
        problems.append(
            f"{METADATA}: apiVersion is {document.get('apiVersion')!r}; {API_VERSION} is expected"
        )
    # Later patches of clusterctl 1.11 and up take an empty kind again; none takes another.
    if (document.get("kind") or "Metadata") != "Metadata":
        problems.append(f"{METADATA}: kind is {document['kind']!r}; Metadata is expected")
    entries = document.get("releaseSeries")
    if not isinstance(entries, list) or not entries:
        problems.append(f"{METADATA}: releaseSeries is empty; clusterctl needs one for each minor")
        entries = []
    series = []
    for index, entry in enumerate(entries):
        read = _series(entry)
        if isinstance(read, str):
            problems.append(f"{METADATA}: releaseSeries[{index}]: {read}")
        else:
            series.append(read)
    return Metadata(series=tuple(series), problems=tuple(problems))


def _series(entry: Any) -> ReleaseSeries | str:
    if not isinstance(entry, dict):
        return "is no mapping with major, minor and contract"
    major, minor, contract = (entry.get(key) for key in ("major", "minor", "contract"))
    # Go leaves a missing number at 0.
    numbers = [0 if number is None else number for number in (major, minor)]
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool):
            return f"major and minor are whole numbers, not {number!r}"
        if not 0 <= number <= _MAX_INT32:
            return f"{str(number)[:20]} is out of range"
    if not isinstance(contract, str) or not _CONTRACT.fullmatch(contract):
        return f"contract is {contract!r}; v1beta1 or the like is expected"
    return ReleaseSeries(major=numbers[0], minor=numbers[1], contract=contract)
