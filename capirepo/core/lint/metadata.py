"""Rules about metadata.yaml: which release series there are, and their contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from capirepo.core.lint.rules import By, error, warning
from capirepo.core.lint.typed import mismatches
from capirepo.core.metadata import is_contract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from capirepo.core.lint.model import Candidate, File, Finding
    from capirepo.core.metadata import ReleaseSeries

TAKEN: Final = ("v1beta1", "v1beta2")
"""The contracts that clusterctl 1.11 and up takes; 1.5 to 1.10 take the first one only."""
_PAST: Final = ("v1alpha2", "v1alpha3", "v1alpha4")


@error(By.CLUSTERCTL)
def metadata_api_version(candidate: Candidate) -> Iterator[Finding]:
    """metadata.yaml has not the apiVersion clusterctl.cluster.x-k8s.io/v1alpha3.

    It is the version of the file's own format, and has nothing to do with the provider's
    contract. clusterctl before 1.11 took a missing one.
    """
    yield from _about(candidate, "api-version")


@error(By.CLUSTERCTL)
def metadata_kind(candidate: Candidate) -> Iterator[Finding]:
    """metadata.yaml has another kind than Metadata.

    clusterctl decodes the file as the kind that it names, and knows what to do with this one only.
    """
    yield from _about(candidate, "kind")


@error(By.CLUSTERCTL)
def metadata_series_empty(candidate: Candidate) -> Iterator[Finding]:
    """metadata.yaml has no releaseSeries.

    clusterctl takes from it which contract each minor version keeps. Names count as they are
    spelled (ReleaseSeries is another key). For v0.2.0:

        releaseSeries:
        - major: 0
          minor: 2
          contract: v1beta1
    """
    yield from _about(candidate, "series")


@error(By.CLUSTERCTL)
def metadata_types(candidate: Candidate) -> Iterator[Finding]:
    """A release series is not of the form major, minor, contract: two numbers and a text.

    One that is wrong makes clusterctl refuse the whole file, whichever version is installed.
    """
    yield from _about(candidate, "types")
    file = candidate.metadata
    for item in file.objects if file else ():
        for path, expected in mismatches(item.get("metadata"), "ObjectMeta"):
            place = ".".join(("metadata", *map(str, path)))
            yield item.finding(f"{place} is no {expected}", "metadata", *path)


@error(By.CAPIREPO)
def metadata_documents(candidate: Candidate) -> Iterator[Finding]:
    """metadata.yaml holds more than one document, or begins with an empty one.

    clusterctl looks at the first document only, be it empty. What is meant to count goes into one.
    """
    file = candidate.metadata
    if file is not None and file.documents:
        yield from _about(candidate, "document")


@error(By.CLUSTERCTL)
def metadata_no_series(candidate: Candidate) -> Iterator[Finding]:
    """No release series of metadata.yaml is for this version.

    clusterctl says `does not match any release series` and installs nothing. The file needs an
    entry with the version's major and minor before the release is built.

    Wrong for v0.3.0:

        releaseSeries:
        - {major: 0, minor: 2, contract: v1beta1}

    Right:

        releaseSeries:
        - {major: 0, minor: 3, contract: v1beta1}
        - {major: 0, minor: 2, contract: v1beta1}
    """
    file, metadata, version = candidate.metadata, candidate.series, candidate.version
    if file is None or version is None or metadata.problems or not metadata.series:
        return
    if metadata.contract_of(version) is None:
        named = ", ".join(map(str, metadata.series))
        major, minor = version.series
        yield _at(
            file,
            f"no release series is for {version}: it names {named}",
            "releaseSeries",
            cure=f"add major: {major}, minor: {minor} with its contract",
        )


@error(By.CLUSTERCTL)
def metadata_contract(candidate: Candidate) -> Iterator[Finding]:
    """The contract of this version is none that clusterctl takes.

    clusterctl 1.5 to 1.10 take v1beta1 only; 1.11 and up take v1beta1 and v1beta2.
    """
    for file, index, series, ours in _series(candidate):
        if ours and series.contract not in TAKEN:
            yield _at(
                file,
                f"the contract of {candidate.version} is {series.contract!r}; "
                f"clusterctl takes {' and '.join(TAKEN)}",
                "releaseSeries",
                index,
                "contract",
            )


@warning
def metadata_contract_unknown(candidate: Candidate) -> Iterator[Finding]:
    """The contract of another series is none that there ever was.

    clusterctl does not look at it while it installs this version. It does when it plans upgrades
    from a newer release's file; most often it is a slip of the pen: v1beta1 is right, v1Beta1 or
    beta1 are not.
    """
    for file, index, series, ours in _series(candidate):
        known = series.contract in (*TAKEN, *_PAST)
        if not ours and not known:
            hint = "" if is_contract(series.contract) else "; v1beta1 or the like is expected"
            yield _at(
                file,
                f"{series.major}.{series.minor} has the contract {series.contract!r}, "
                f"which no Cluster API had{hint}",
                "releaseSeries",
                index,
                "contract",
            )


@warning
def metadata_series_duplicate(candidate: Candidate) -> Iterator[Finding]:
    """A release series stands twice; clusterctl takes the first.

    With another contract the second one means something that never happens. Leave one out.
    """
    seen: dict[tuple[int, int], str] = {}
    for file, index, series, _ in _series(candidate):
        key = (series.major, series.minor)
        if key in seen:
            differs = "" if seen[key] == series.contract else ", with another contract"
            yield _at(
                file,
                f"{series.major}.{series.minor} stands twice{differs}; the first one counts",
                "releaseSeries",
                index,
            )
        seen.setdefault(key, series.contract)


@warning
def metadata_series_order(candidate: Candidate) -> Iterator[Finding]:
    """The release series are in no order: neither ascending nor descending.

    Nothing depends on it but whoever reads the file, and adds the next one.
    """
    file, metadata = candidate.metadata, candidate.series
    order = [(series.major, series.minor) for series in metadata.series]
    if file is not None and order not in (sorted(order), sorted(order, reverse=True)):
        yield _at(file, "the release series are in no order", "releaseSeries")


@warning
def metadata_series_above(candidate: Candidate) -> Iterator[Finding]:
    """A release series is above this version.

    clusterctl decides by the newest release's metadata.yaml which contract to look for; a
    series that has no release yet promises what does not exist. Most often the version is
    wrong, or the release was built from a later branch.
    """
    if candidate.version is None:
        return
    for file, index, series, _ in _series(candidate):
        if (series.major, series.minor) > candidate.version.series:
            yield _at(
                file,
                f"{series.major}.{series.minor} is above {candidate.version}",
                "releaseSeries",
                index,
            )


def _series(candidate: Candidate) -> Iterator[tuple[File, int, ReleaseSeries, bool]]:
    """Each series with its index in the file, and whether it decides about this version."""
    file, metadata = candidate.metadata, candidate.series
    if file is None:
        return
    decided = False
    for index, series in zip(metadata.places, metadata.series, strict=True):
        version = candidate.version
        ours = version is not None and (series.major, series.minor) == version.series
        yield file, index, series, ours and not decided
        decided = decided or ours


def _about(candidate: Candidate, what: str) -> Iterator[Finding]:
    file = candidate.metadata
    if file is not None:
        for problem in candidate.series.problems:
            if problem.about == what:
                yield _at(file, problem.message, *problem.path, cure=problem.cure)


def _at(file: File, message: str, *path: str | int, cure: str = "") -> Finding:
    document = file.documents[0]
    return file.finding(message, line=document.line(*path), cure=cure)
