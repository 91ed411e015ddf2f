"""Finds or builds the external programs of the tests, kept outside the tree.

Kept in $CAPIREPO_TOOLS, else ${XDG_CACHE_HOME:-~/.cache}/capirepo-tools:
    clusterctl/{version}/clusterctl
    kube-apiserver/{version}/kube-apiserver
    kustomize/{version}/kustomize
    cert-manager-crds/{version}/*.yaml
What is there is used as it stands; what is made appears whole or not at all. Prebuild with
`python -m tests.clients.tools all`.
"""

import argparse
import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar

import pytest

P = ParamSpec("P")
T = TypeVar("T")

NEWEST = "v1.14.2"
CLUSTERCTL_VERSIONS = ("v1.7.9", "v1.10.10", "v1.12.10", "v1.13.6", NEWEST)
CERT_MANAGER = "v1.21.2"
KUSTOMIZE = "v5.8.1"

_CLUSTER_API = "sigs.k8s.io/cluster-api"
_KUSTOMIZE = "sigs.k8s.io/kustomize/kustomize/v5"
_APISERVER_MOD = Path(__file__).parent / "apiserver" / "go.mod"


class ToolMissing(Exception):  # noqa: N818 - a reason to skip more than an error
    """A tool is neither here nor can be built; the text says what is missing and how to get it."""


def require(fn: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call `fn`; where a tool is missing skip the test, but fail it where CI is set."""
    try:
        return fn(*args, **kwargs)
    except ToolMissing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing), pytrace=False)
        pytest.skip(str(missing))


def cache() -> Path:
    """Return the folder where built tools are kept; it need not exist yet."""
    if chosen := os.environ.get("CAPIREPO_TOOLS"):
        return Path(chosen).absolute()
    # The XDG specification: an empty or relative value counts as unset.
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "capirepo-tools"


def clusterctl(version: str) -> Path:
    """Return clusterctl of that version.

    For NEWEST, CAPIREPO_CLUSTERCTL names another one, and without Go one on PATH is taken.
    """
    if version == NEWEST and (chosen := os.environ.get("CAPIREPO_CLUSTERCTL")):
        if found := shutil.which(Path(chosen).absolute()):
            return Path(found)
        raise ToolMissing(
            f"CAPIREPO_CLUSTERCTL={chosen} is no executable file: correct or unset it"
        )
    target = cache() / "clusterctl" / version / "clusterctl"
    if version == NEWEST and not target.exists() and not shutil.which("go"):
        found = shutil.which("clusterctl")
        if found:
            return Path(found)

    def build(work: Path) -> Path:
        # Not `go install ...@version`: it refuses v1.14 and up, whose go.mod replaces a module by a
        # folder. So the release's own go.mod (its Go defaults with it) becomes that of a module
        # that requires the release, with the module that was published of that folder.
        text = Path(download(_CLUSTER_API, version, work)["GoMod"]).read_text("utf-8")
        text = text.replace(f"module {_CLUSTER_API}\n", "module capirepo.test/clusterctl\n")
        text = re.sub(r"=> \./api$", f"=> {_CLUSTER_API}/api {version}", text, flags=re.MULTILINE)
        (work / "go.mod").write_text(f"{text}\nrequire {_CLUSTER_API} {version}\n")
        return _compile(f"{_CLUSTER_API}/cmd/clusterctl", work, "-s -w")

    return _kept(target, build)


def kubernetes() -> str:
    """Return the Kubernetes version that the tests run against, as go.mod pins it."""
    text = _APISERVER_MOD.read_text("utf-8")
    pinned = re.search(r"^require k8s\.io/kubernetes (v\S+)$", text, re.MULTILINE)
    if not pinned:
        raise ValueError(f"{_APISERVER_MOD}: expected a line `require k8s.io/kubernetes vX.Y.Z`")
    return pinned[1]


def kube_apiserver() -> Path:
    """Return the kube-apiserver of `kubernetes()`."""
    version = kubernetes()

    def build(work: Path) -> Path:
        # A copy: the build completes it, and writes the go.sum that the tree does without.
        shutil.copyfile(_APISERVER_MOD, work / "go.mod")
        major, minor, _ = version.removeprefix("v").split(".", 2)
        # Unstamped it calls itself v0.0.0-master; clusterctl refuses a Kubernetes older than it
        # supports.
        stamps = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
        flags = "-s -w"
        for name, value in stamps.items():
            flags += f" -X k8s.io/component-base/version.{name}={value}"
        return _compile("k8s.io/kubernetes/cmd/kube-apiserver", work, flags)

    return _kept(cache() / "kube-apiserver" / version / "kube-apiserver", build)


def kustomize() -> Path:
    """Return kustomize, built; one on PATH may be of any age and is not taken."""

    def build(work: Path) -> Path:
        # The release's own go.mod pins what it was published with, as for clusterctl.
        text = Path(download(_KUSTOMIZE, KUSTOMIZE, work)["GoMod"]).read_text("utf-8")
        text = text.replace(f"module {_KUSTOMIZE}\n", "module capirepo.test/kustomize\n")
        (work / "go.mod").write_text(f"{text}\nrequire {_KUSTOMIZE} {KUSTOMIZE}\n")
        return _compile(_KUSTOMIZE, work, "-s -w")

    return _kept(cache() / "kustomize" / KUSTOMIZE / "kustomize", build)


def etcd() -> Path:
    """Return etcd, from PATH."""
    if found := shutil.which("etcd"):
        return Path(found)
    raise ToolMissing("etcd is not on PATH: install it (Debian: apt-get install etcd-server)")


def cert_manager_crds() -> Path:
    """Return a folder with cert-manager's CustomResourceDefinitions, a YAML file each."""

    def build(work: Path) -> Path:
        source = Path(download("github.com/cert-manager/cert-manager", CERT_MANAGER, work)["Dir"])
        made = work / "crds"
        made.mkdir()
        # Not copytree: it would keep the modes of the module cache, which is read-only.
        for crd in (source / "deploy" / "crds").glob("*.yaml"):
            shutil.copyfile(crd, made / crd.name)
        return made

    return _kept(cache() / "cert-manager-crds" / CERT_MANAGER, build)


def _kept(target: Path, build: Callable[[Path], Path]) -> Path:
    """Return `target`; where it is missing, move what `build` makes in a work folder there."""
    if target.exists():
        return target
    if not shutil.which("go"):
        raise ToolMissing(
            f"{target} is missing, and there is no Go to make it: install Go or put it there"
        )
    with _lock():
        if not target.exists():
            name, version = target.relative_to(cache()).parts[:2]
            _say(f"Building {name} {version}, kept in {target}; this takes minutes")
            # In the cache, not in /tmp, so that the rename stays on one file system.
            with tempfile.TemporaryDirectory(dir=cache(), prefix=".building-") as work:
                made = build(Path(work))
                target.parent.mkdir(parents=True, exist_ok=True)
                made.rename(target)
    return target


@contextlib.contextmanager
def _lock() -> Iterator[None]:
    """Let one process build at a time: a Go build takes every core by itself."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # ends with the file, or with the process
        yield


def _compile(package: str, work: Path, flags: str) -> Path:
    """Build a program from the go.mod in `work`."""
    made = work / package.rpartition("/")[2]
    go("build", "-ldflags", flags, "-o", str(made), package, cwd=work)
    return made


def download(module: str, version: str, work: Path) -> dict[str, str]:
    """Download a module and return what Go says of it, such as its folder, `Dir`."""
    said: dict[str, str] = json.loads(
        go("mod", "download", "-json", f"{module}@{version}", cwd=work)
    )
    return said


def go(*arguments: str, cwd: Path) -> str:
    """Run go with this machine's own settings (GOPROXY and others); return what it prints."""
    done = subprocess.run(
        ["go", *arguments],
        cwd=cwd,
        env=os.environ | {"GOFLAGS": "-mod=mod"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        # `go mod download -json` tells its errors on standard output.
        told = "\n".join((done.stderr.strip() or done.stdout.strip()).splitlines()[-8:])
        raise ToolMissing(
            f"`go {' '.join(arguments)}` failed; does it reach a Go module proxy?\n{told}"
        )
    return done.stdout


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main(arguments: list[str] | None = None) -> int:
    """Prebuild tools, for the Makefile and CI."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.clients.tools",
        description="Prebuild the programs that the tests run.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("clusterctl", help="clusterctl of the given versions")
    one.add_argument("versions", nargs="+", metavar="VERSION", help=f"such as {NEWEST}")
    commands.add_parser("kustomize", help="kustomize")
    commands.add_parser("apiserver", help="kube-apiserver, etcd and cert-manager's resources")
    commands.add_parser("all", help="everything that the tests can use")
    given = parser.parse_args(arguments)

    steps: list[Callable[[], Path]] = []
    if given.command in {"apiserver", "all"}:
        steps += [etcd, cert_manager_crds, kube_apiserver]
    if given.command in {"kustomize", "all"}:
        steps.append(kustomize)
    versions = CLUSTERCTL_VERSIONS if given.command == "all" else getattr(given, "versions", ())
    steps += [partial(clusterctl, version) for version in versions]

    missing = 0
    for step in steps:
        began = time.monotonic()
        try:
            _say(f"{step()} ({time.monotonic() - began:.0f} s)")
        except ToolMissing as reason:
            _say(str(reason))
            missing += 1
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
