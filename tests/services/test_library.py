from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from capirepo.core.names import AssetName, Label, Source
from capirepo.core.version import parse_version
from capirepo.errors import NotThereError
from capirepo.repository import make_library
from capirepo.services import report
from tests.support import add_release, metadata, repository

if TYPE_CHECKING:
    from pathlib import Path

    from capirepo.services.library import Library

AWESOME = Label("infrastructure-awesome")
CORE = Source("kubernetes-sigs/cluster-api")


async def looked_at(root: Path) -> Library:
    library, _ = make_library(repository(root))
    await library.refresh()
    return library


def names(versions: list[object]) -> list[str]:
    return [*map(str, versions)]


async def test_incomplete_releases_are_there_by_name_and_never_offered(root: Path) -> None:
    add_release(root, AWESOME, "v0.9.0", metadata__yaml=metadata("0.8=v1beta1"))
    library = await looked_at(root)
    assert "v0.9.0" not in names([*await library.offered(AWESOME)])
    assert str(await library.latest(AWESOME)) == "v0.2.0"
    found = await library.find(AWESOME, parse_version("v0.9.0"), AssetName("metadata.yaml"))
    assert found.asset.size > 0
    assert not (await library.release(AWESOME, found.version)).complete


async def test_what_is_absent_is_told_with_what_is_there(root: Path) -> None:
    library = await looked_at(root)
    with pytest.raises(NotThereError) as caught:
        await library.find(AWESOME, parse_version("v9.0.0"), AssetName("metadata.yaml"))
    assert caught.value.available == ("v0.3.0-rc.1", "v0.2.0", "v0.1.1", "v0.1.0")
    with pytest.raises(NotThereError) as caught:
        await library.find(AWESOME, parse_version("v0.1.0"), AssetName("x.yaml"))
    assert "metadata.yaml" in caught.value.available
    with pytest.raises(NotThereError) as caught:
        await library.offered(Label("ipam-x"))
    assert caught.value.available == (AWESOME,)


async def test_a_source_offers_what_all_its_providers_have(tmp_path: Path) -> None:
    add_release(tmp_path, "cluster-api", "v1.0.0")
    add_release(tmp_path, "cluster-api", "v1.1.0")
    add_release(tmp_path, "bootstrap-kubeadm", "v1.0.0")
    add_release(tmp_path, "clusterctl", "v1.9.0", clusterctl_linux_amd64="x")
    library = await looked_at(tmp_path)
    assert names([*await library.offered_in_source(CORE)]) == ["v1.0.0"]
    withheld = await library.withheld_in_source(CORE)
    assert {str(version): missing for version, missing in withheld.items()} == {
        "v1.1.0": ("bootstrap-kubeadm",)
    }


async def test_a_source_whose_providers_share_no_version_offers_all(tmp_path: Path) -> None:
    add_release(tmp_path, "cluster-api", "v1.1.0")
    add_release(tmp_path, "bootstrap-kubeadm", "v1.0.0")
    library = await looked_at(tmp_path)
    assert names([*await library.offered_in_source(CORE)]) == ["v1.1.0", "v1.0.0"]


async def test_an_asset_of_a_source_is_found_in_whichever_label_has_it(tmp_path: Path) -> None:
    add_release(tmp_path, "cluster-api", "v1.0.0")
    add_release(tmp_path, "bootstrap-kubeadm", "v1.0.0")
    library = await looked_at(tmp_path)
    version = parse_version("v1.0.0")
    found = await library.find_in_source(CORE, version, AssetName("bootstrap-components.yaml"))
    assert found.label == "bootstrap-kubeadm"


async def test_a_change_on_disk_is_seen_at_the_next_look_and_only_a_change(root: Path) -> None:
    library = await looked_at(root)
    before = library.generation
    assert not await library.refresh()
    assert library.generation == before
    add_release(root, AWESOME, "v0.4.0")
    assert await library.refresh()
    assert library.generation == before + 1
    assert str(await library.latest(AWESOME)) == "v0.4.0"


async def test_what_was_found_out_is_kept_for_the_next_run(root: Path) -> None:
    library = await looked_at(root)
    await library.inspect_all()
    # A finding that was written down is believed while size and time stay the same.
    findings = root / ".capirepo" / "findings.json"
    findings.write_text(findings.read_text().replace("v1beta1", "v1beta9"))
    again = await looked_at(root)
    version = parse_version("v0.2.0")
    assert (await again.release(AWESOME, version)).contract == "v1beta9"
    (root / AWESOME / "v0.2.0" / "metadata.yaml").write_text(metadata("0.2=v1beta2"))
    await again.refresh()
    assert (await again.release(AWESOME, version)).contract == "v1beta2"


@pytest.mark.parametrize("content", ["", "{", '{"format": "0", "findings": {}}', "[]"])
async def test_damaged_findings_are_as_good_as_none(root: Path, content: str) -> None:
    (root / ".capirepo").mkdir()
    (root / ".capirepo" / "findings.json").write_text(content)
    library = await looked_at(root)
    assert str(await library.latest(AWESOME)) == "v0.2.0"


async def test_a_label_may_be_named_by_its_provider_where_only_one_has_it(root: Path) -> None:
    library = await looked_at(root)
    assert report.find_label(library, "awesome") == AWESOME
    add_release(root, "ipam-awesome", "v0.1.0")
    await library.refresh()
    with pytest.raises(Exception, match="infrastructure-awesome or ipam-awesome"):
        report.find_label(library, "awesome")
