"""metadata.yaml: which release series a provider has, and the contract of each.

The rules are clusterctl's (`metadata_client.go`, `metadata_type.go`): apiVersion and kind
as below, at least one series, and a version that matches none of them cannot be installed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from capirepo.core import yamlguard
from capirepo.core.names import AssetName, shown
from capirepo.core.yamlguard import YamlError
from capirepo.errors import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from capirepo.core.version import Version
    from capirepo.core.yamlloader import Document

METADATA: Final = AssetName("metadata.yaml")
API_VERSION: Final = "clusterctl.cluster.x-k8s.io/v1alpha3"
_CONTRACT = re.compile(r"v(?P<major>[1-9][0-9]*)((?P<stage>alpha|beta)(?P<minor>[1-9][0-9]*))?")
_WHOLE: Final = re.compile(r"0|[1-9][0-9]{0,9}")
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
class MetadataProblem:
    """What clusterctl would refuse in a metadata.yaml.

    Attributes:
        about: api-version, kind, series (there is none) or types.
        path: where in the document.
        cure: what to do; '' where the message says it.
    """

    about: str
    path: tuple[str | int, ...] = ()
    message: str
    cure: str = ""

    def __str__(self) -> str:
        named = self.message.startswith(METADATA)
        return self.message if named else f"{METADATA}: {self.message}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """A metadata.yaml: its series, and every problem that a client would stumble over.

    Attributes:
        series: those that can be read, in the order of the file.
        places: the index in the file of each of `series`.
    """

    series: tuple[ReleaseSeries, ...] = ()
    places: tuple[int, ...] = ()
    problems: tuple[MetadataProblem, ...] = ()

    def nearest(self, version: Version) -> ReleaseSeries | None:
        """The highest series not above that of `version`, else the lowest; None of none."""
        by_number = sorted(self.series, key=lambda one: (one.major, one.minor))
        below = [one for one in by_number if (one.major, one.minor) <= version.series]
        return next(iter([*below[-1:], *by_number]), None)

    def contract_of(self, version: Version) -> str | None:
        """The contract of the first series that `version` matches, as clusterctl picks it."""
        for series in self.series:
            if (series.major, series.minor) == version.series:
                return series.contract
        return None


def is_contract(text: str) -> bool:
    """Whether `text` is of the form of Kubernetes' API versions, as contracts are."""
    return _CONTRACT.fullmatch(text) is not None


def parse_contract(text: str) -> str:
    """The contract that `text` names.

    Raises:
        BadInputError: it is none.
    """
    if is_contract(text):
        return text
    raise BadInputError(f"{shown(text)} is no contract", cure="v1beta1 or the like is expected")


def contract_order(contract: str) -> tuple[int, str, int]:
    """A key that puts older contracts first: v1alpha4, v1beta1, v1beta2, v1."""
    found = _CONTRACT.fullmatch(contract)
    if found is None:
        raise BadInputError(f"{shown(contract)} is no contract")
    return int(found["major"]), found["stage"] or "stable", int(found["minor"] or 0)


def parse_metadata(data: bytes) -> Metadata:
    """Reads a metadata.yaml; what is wrong is in `problems`, all of it at once."""
    try:
        return read_metadata(yamlguard.load_documents(data, METADATA))
    except YamlError as error:
        return Metadata(problems=(MetadataProblem(about="yaml", message=str(error)),))


def read_metadata(documents: Sequence[Document]) -> Metadata:
    """The same of documents that are read already.

    clusterctl takes the first document, be it empty, and looks at no other; more than one is
    refused here, because it is never meant.
    """
    if len(documents) != 1 or documents[0].number != 1:
        number = len(documents)
        return _only(f"holds {number} objects; one is expected" if number else "holds no object")
    document = documents[0].content
    if not isinstance(document, dict):
        return _only("holds no object: apiVersion, kind, releaseSeries")
    problems = []
    if document.get("apiVersion") != API_VERSION:
        said = f"apiVersion is {document.get('apiVersion')!r}; {API_VERSION} is expected"
        problems.append(MetadataProblem(about="api-version", path=("apiVersion",), message=said))
    # Later patches of clusterctl 1.11 and up take an empty kind again; none takes another.
    if (document.get("kind") or "Metadata") != "Metadata":
        said = f"kind is {document['kind']!r}; Metadata is expected"
        problems.append(MetadataProblem(about="kind", path=("kind",), message=said))
    entries = document.get("releaseSeries")
    if not isinstance(entries, list) or not entries:
        said = "releaseSeries is empty; clusterctl needs one for each minor"
        problems.append(MetadataProblem(about="series", path=("releaseSeries",), message=said))
        entries = []
    series: dict[int, ReleaseSeries] = {}
    for index, entry in enumerate(entries):
        read = _series({} if entry is None else entry)
        if isinstance(read, _Wrong):
            path = ("releaseSeries", index)
            said = f"releaseSeries[{index}]: {read.said}"
            problems.append(MetadataProblem(about="types", path=path, message=said, cure=read.cure))
        else:
            series[index] = read
    return Metadata(series=tuple(series.values()), places=tuple(series), problems=tuple(problems))


def _only(message: str) -> Metadata:
    return Metadata(problems=(MetadataProblem(about="document", message=message),))


class _Wrong(NamedTuple):
    """What is wrong with a release series, and its cure."""

    said: str
    cure: str = ""


def _series(entry: Any) -> ReleaseSeries | _Wrong:
    if not isinstance(entry, dict):
        return _Wrong("is no mapping with major, minor and contract")
    major, minor, contract = (entry.get(key) for key in ("major", "minor", "contract"))
    # Go leaves what is missing at 0 or '', and takes 2.0 for a whole number.
    numbers = [0 if number is None else number for number in (major, minor)]
    for number in numbers:
        if isinstance(number, bool) or not isinstance(number, int | float) or number % 1:
            bare = isinstance(number, str) and _WHOLE.fullmatch(number)
            return _Wrong(
                f"major and minor are whole numbers, not {ascii(number)[:60]}",
                f"write {number} without quotes" if bare else "",
            )
        if not -_MAX_INT32 <= number <= _MAX_INT32:
            return _Wrong(f"{str(number)[:20]} is out of range")
    if not isinstance(contract, str | None):
        return _Wrong(f"contract is {contract!r}; v1beta1 or the like is expected")
    return ReleaseSeries(major=int(numbers[0]), minor=int(numbers[1]), contract=contract or "")
