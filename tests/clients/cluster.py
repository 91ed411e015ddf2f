"""A Kubernetes API for the tests: a real etcd and a real kube-apiserver, on the loopback address.

Neither kubelet nor controllers run: Deployments get no Pods, owned objects outlive their owners,
webhooks give no answer (so no Cluster can be created once Cluster API's are installed). Two things
of a whole cluster are made up for, since clusterctl trips over them:

- The namespace controller, by a thread: `clusterctl init` creates and deletes a namespace to try
  cert-manager, which would stay in deletion for ever, and the next `init` would take cert-manager
  for broken and install it; `clusterctl delete --include-namespace` leaves its record of what is
  installed to be deleted with the namespace. (It waits for no finalizers of objects inside.)
- cert-manager: see `install_cert_manager_crds`.
"""

import contextlib
import json
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any, Self, TypeVar

import yaml
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.clients import tools

T = TypeVar("T")
Object = dict[str, Any]

_TOKEN = "of-the-tests-only"
_JSON = "application/json"
_WATCH = "/api/v1/namespaces?watch=true&resourceVersion=0"
# No port, so none to lose to another process: a socket of that name in the working folder. (etcd
# takes no address without a host and a port.)
_ETCD = "unix://etcd:0"


class ApiError(Exception):
    """The API server refused a request."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status


class ApiServer:
    """An empty Kubernetes API while the `with` block lasts; raises `tools.ToolMissing` when made.

    `url` is its address; `kubeconfig` is a file that gives every right, there within the block.
    """

    def __init__(self) -> None:
        self._etcd, self._apiserver = tools.etcd(), tools.kube_apiserver()
        self._port = _free_port()
        self.url = f"https://127.0.0.1:{self._port}"
        self._running: list[subprocess.Popen[bytes]] = []
        self._stopping = threading.Event()
        self._namespaces = threading.Thread(target=self._end_namespaces, name="end-namespaces")

    def __enter__(self) -> Self:
        """Start; return when the server says that it is ready."""
        # Not pytest's folder: the path of a socket has to be short.
        self._folder = Path(tempfile.mkdtemp(prefix="capirepo-api-"))
        self.kubeconfig = self._folder / "kubeconfig"
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def get(self, path: str) -> Object:
        """Return what the server has under `path`, such as /api/v1/namespaces/default."""
        return self.request("GET", path)

    def request(self, method: str, path: str, body: Any = None, media: str = _JSON) -> Object:
        """Send a request and return the object of the answer; raises `ApiError`."""
        with self._open(method, path, body, media) as answer:
            found: Object = json.load(answer)
            return found

    def apply(self, source: Path | str) -> list[Object]:
        """Create or update the objects of a YAML file, of a folder of them, or of YAML text.

        Returns them as the server has them; of new kinds, objects can be created at once.
        """
        texts = [source] if isinstance(source, str) else []
        if isinstance(source, Path):
            files = sorted(source.glob("*.yaml")) if source.is_dir() else [source]
            texts = [file.read_text("utf-8") for file in files]
        wanted = [one for text in texts for one in yaml.load_all(text, yaml.CSafeLoader) if one]
        made = [self._apply(one) for one in wanted]
        for one in made:
            if one["kind"] == "CustomResourceDefinition":
                spec = one["spec"]
                for version in (each["name"] for each in spec["versions"] if each["served"]):
                    self._resource(f"{spec['group']}/{version}", spec["names"]["kind"])
        return made

    def refusals(self, objects: Iterable[Object]) -> list[str]:
        """Let the server check objects that are to be created, and create none.

        Returns what it says of those that it does not take.
        """
        said = []
        for one in objects:
            version, kind = one.get("apiVersion", ""), one.get("kind", "")
            there = self.get(_path(version))["resources"] if version in self._versions() else []
            resource = next((each for each in there if each["kind"] == kind), None)
            if resource is None:
                said.append(f"no kind {kind!r} in version {version!r}")
                continue
            path = _path(version, resource, one["metadata"].get("namespace", "default"))
            try:
                self.request("POST", f"{path}?dryRun=All", one)
            except ApiError as refused:
                # That there is one already is found out last: all else is right.
                if refused.status != HTTPStatus.CONFLICT:
                    said.append(str(refused))
        return said

    def stop(self) -> None:
        """End both processes and delete what they kept."""
        self._stopping.set()
        # Killed, not asked: the data is thrown away, and an open watch would delay a polite end.
        for process in reversed(self._running):
            process.kill()
            process.wait()
        if self._namespaces.ident is not None:
            self._namespaces.join()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self) -> None:
        self._run(
            self._etcd,
            "--data-dir=data",
            "--unsafe-no-fsync",
            f"--listen-client-urls={_ETCD}",
            f"--advertise-client-urls={_ETCD}",
            "--heartbeat-interval=10",
            "--election-timeout=50",  # no other member to wait for
            "--listen-peer-urls=http://127.0.0.1:0",
        )
        # The API server reads an EC key in this form only, not in PKCS#8.
        key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
        (self._folder / "accounts.key").write_bytes(key)
        (self._folder / "tokens.csv").write_text(f'{_TOKEN},admin,admin,"system:masters"\n')
        self._run(
            self._apiserver,
            f"--etcd-servers={_ETCD}",
            "--bind-address=127.0.0.1",
            f"--secure-port={self._port}",
            "--cert-dir=certs",  # where it puts a certificate that it makes for itself
            "--endpoint-reconciler-type=none",  # a loopback address is no endpoint of a service
            "--service-cluster-ip-range=10.0.0.0/24",
            f"--service-account-issuer={self.url}",
            "--service-account-signing-key-file=accounts.key",
            "--service-account-key-file=accounts.key",
            "--disable-admission-plugins=ServiceAccount",  # no controller makes default accounts
            "--authorization-mode=AlwaysAllow",
            "--allow-privileged",  # as kubeadm sets it: the Docker provider asks for it
            "--token-auth-file=tokens.csv",
        )
        certificate = self._folder / "certs" / "apiserver.crt"
        self.kubeconfig.write_text(json.dumps(_kubeconfig(self.url, certificate)))
        self._until(lambda: self._ready(certificate), 90.0, "the server to be ready")
        self._namespaces.start()

    def _run(self, program: Path, *arguments: str) -> None:
        with (self._folder / f"{program.name}.log").open("wb") as log:
            process = subprocess.Popen(
                [program, *arguments],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self._running.append(process)

    def _ready(self, certificate: Path) -> bool:
        try:
            self._tls = ssl.create_default_context(cafile=certificate)
            with self._open("GET", "/readyz"):
                return True
        except (OSError, ApiError):  # not yet: the file, the port, or a check of its own
            return False

    def _open(
        self,
        method: str,
        path: str,
        body: Any = None,
        media: str = _JSON,
        timeout: float | None = 30.0,
    ) -> HTTPResponse:
        # Not urllib: it would obey the proxies that a test's environment may name.
        link = HTTPSConnection("127.0.0.1", self._port, timeout=timeout, context=self._tls)
        headers = {"Authorization": f"Bearer {_TOKEN}", "Content-Type": media}
        headers["Connection"] = "close"  # so that closing the answer closes the connection
        link.request(method, path, None if body is None else json.dumps(body), headers)
        answer = link.getresponse()
        if answer.status >= 400:
            with answer:
                raise ApiError(answer.status, answer.read().decode(errors="replace"))
        return answer

    def _apply(self, wanted: Object) -> Object:
        version, metadata = wanted["apiVersion"], wanted["metadata"]
        resource = self._resource(version, wanted["kind"])
        path = _path(version, resource, metadata.get("namespace", "default"))
        path += f"/{metadata['name']}?fieldManager=capirepo-tests&force=true"
        # The body is JSON, which is YAML.
        return self.request("PATCH", path, wanted, "application/apply-patch+yaml")

    def _resource(self, version: str, kind: str) -> Object:
        """Wait until the server tells of a kind where clients look, and return what it tells."""

        def find() -> Object | None:
            if version not in self._versions():  # lags behind a new CustomResourceDefinition
                return None
            try:
                resources = self.get(_path(version))["resources"]
            except ApiError as error:
                if error.status != HTTPStatus.NOT_FOUND:  # which lags behind for itself
                    raise
                return None
            named = [one for one in resources if one["kind"] == kind and "/" not in one["name"]]
            return named[0] if named else None

        return self._until(find, 15.0, f"{kind} of {version} to be served")

    def _versions(self) -> list[str]:
        groups = self.get("/apis")["groups"]
        return ["v1", *(each["groupVersion"] for group in groups for each in group["versions"])]

    def _until(self, find: Callable[[], T | None], seconds: float, what: str) -> T:
        """Ask until there is an answer: the one place here that sleeps."""
        end = time.monotonic() + seconds
        while not (answer := find()):
            ended = any(process.poll() is not None for process in self._running)
            if ended or time.monotonic() > end:
                why = "a process ended" if ended else f"not within {seconds:.0f} s"
                raise RuntimeError(f"waited for {what}: {why}{self._log_tails()}")
            time.sleep(0.05)
        return answer

    def _log_tails(self) -> str:
        tails = ""
        for log in sorted(self._folder.glob("*.log")):
            lines = log.read_text(errors="replace").splitlines()[-30:]
            tails += "\n".join([f"\n--- the end of {log.name}", *lines])
        return tails

    def _end_namespaces(self) -> None:
        """Stand in for the namespace controller."""
        # Whatever fails (often a kind that is just being deleted), the next watch begins with every
        # namespace that the server has in memory: so version 0, without which it may wait for the
        # next change, as the server asks no etcd before 3.4.31 whether there was one.
        while not self._stopping.wait(0.1) and self._running[-1].poll() is None:
            with (
                contextlib.suppress(ApiError, OSError, HTTPException, ValueError),
                self._open("GET", _WATCH, timeout=None) as events,
            ):
                for event in map(json.loads, events):
                    metadata = event["object"]["metadata"]
                    if "deletionTimestamp" in metadata and event["type"] != "DELETED":
                        self._end_namespace(event["object"])

    def _end_namespace(self, namespace: Object) -> None:
        name = namespace["metadata"]["name"]
        # clusterctl empties the one of its trial itself, and its next command may need it at once.
        for version in [] if name == "cert-manager-test" else self._versions():
            for resource in self.get(_path(version))["resources"]:
                if resource["namespaced"] and "deletecollection" in resource["verbs"]:
                    self.request("DELETE", _path(version, resource, name))
        done = namespace | {"spec": {"finalizers": []}}
        self.request("PUT", f"/api/v1/namespaces/{name}/finalize", done)


def install_cert_manager_crds(server: ApiServer, folder: Path) -> None:
    """Let clusterctl find a cert-manager that somebody else installed and takes care of.

    What it looks at, v1.7 to v1.14 (cmd/clusterctl/client/cluster/cert_manager.go): `init` installs
    cert-manager unless it can create a Namespace, an Issuer and a Certificate: the CRDs without the
    webhooks will do. `upgrade` upgrades cert-manager only where objects carry the label
    clusterctl.cluster.x-k8s.io/core=cert-manager: none does. `init list-images` lists its images
    unless the namespace cert-manager exists.
    """
    server.apply(folder)
    server.apply("{apiVersion: v1, kind: Namespace, metadata: {name: cert-manager}}")


def _kubeconfig(url: str, certificate: Path) -> Object:
    cluster = {"server": url, "certificate-authority": str(certificate)}
    return {
        "clusters": [{"name": "tests", "cluster": cluster}],
        "users": [{"name": "admin", "user": {"token": _TOKEN}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "admin"}}],
        "current-context": "tests",
    }


def _path(version: str, resource: Object | None = None, namespace: str = "") -> str:
    """Return the path of an API version, or of a resource of it."""
    path = f"/apis/{version}" if "/" in version else f"/api/{version}"
    if resource is None:
        return path
    inside = f"/namespaces/{namespace}" if resource["namespaced"] else ""
    return f"{path}{inside}/{resource['name']}"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
