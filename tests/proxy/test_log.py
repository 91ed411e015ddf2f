"""No token ever stands in a log, whatever was sent and however it was answered."""

from __future__ import annotations

import json
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.support import CAPIREPO, make_private, run_capirepo

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cret-that-nobody-may-see"
OURS = "capirepo_" + "a5" * 32
ASSET = "/infrastructure-awesome/v0.1.0/metadata.yaml"
REQUESTS = [
    # What it is refused as, or answered with.
    f"GET {ASSET}?private_token={SECRET} HTTP/1.1\r\nHost: h\r\n",
    f"GET {ASSET}?job_token={SECRET}&page=1 HTTP/1.1\r\nHost: h\r\n",
    f"GET {ASSET}?x=1&deploy_token={SECRET} HTTP/1.1\r\nHost: h\r\n",
    f"HEAD /healthz?access_token={SECRET} HTTP/1.1\r\nHost: h\r\n",
    f"GET /nothing/here/at/all?private%5ftoken={SECRET} HTTP/1.1\r\nHost: h\r\n",
    f"POST /index.json?private_token={SECRET} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n",
    f"GET {ASSET}?token={OURS} HTTP/1.1\r\nHost: h\r\n",
    f"GET /{OURS}/v0.1.0/metadata.yaml HTTP/1.1\r\nHost: h\r\n",
    f"GET {ASSET} HTTP/1.1\r\nHost: {OURS}\r\n",
    f"GET {ASSET} HTTP/1.1\r\nHost: h\r\nPRIVATE-TOKEN: {OURS}\r\n",
    f"GET {ASSET} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {SECRET}\r\n",
    # What the door refuses by itself.
    f"GET {ASSET}?private_token={SECRET}#x HTTP/1.1\r\nHost: h\r\n",
    f"GET {ASSET}?private_token={SECRET} HTTP/3.0\r\nHost: h\r\n",
    f"GET {ASSET}?private_token={SECRET}\r\nHost: h\r\n",
    f"GET http://{SECRET}@github.com{ASSET} HTTP/1.1\r\nHost: github.com\r\n",
    f"GET http://elsewhere.example.com/?private_token={SECRET} HTTP/1.1\r\nHost: h\r\n",
    f"GET {ASSET} HTTP/1.1\r\nHost: h\r\nPRIVATE-TOKEN: {SECRET}\xff\r\n",
    f"GET {ASSET} HTTP/1.1\r\nHost: h\r\nPRIVATE-TOKEN : {SECRET}\r\n",
    f"GET {ASSET} HTTP/1.1\r\nHost: h\r\nHost: {SECRET}\r\n",
    f"CONNECT github.com:443?private_token={SECRET} HTTP/1.1\r\nHost: h\r\n",
    f"GET {ASSET}?private_token={SECRET}" + "x" * 20_000 + " HTTP/1.1\r\nHost: h\r\n",
]


def exchanged(port: int, request: str) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        connection.sendall(f"{request}Connection: close\r\n\r\n".encode("latin-1"))
        return connection.recv(65536)


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize("private", [False, True])
def test_no_token_is_logged(root: Path, tmp_path: Path, style: str, *, private: bool) -> None:
    if private:
        make_private(root)
    state = tmp_path / "state"
    token = run_capirepo("token", "create", "ci", root, "--state", state).stdout.strip()
    valid = f"GET {ASSET} HTTP/1.1\r\nHost: h\r\nPRIVATE-TOKEN: {token}\r\n"
    arguments = ["serve", root, "--listen", "127.0.0.1:0", "--tls-listen", "", "--state", state,
                 "--access-log", style, "-o", "json"]  # fmt: skip
    with subprocess.Popen(
        [str(CAPIREPO), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        try:
            port = int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
            answers = [exchanged(port, request) for request in (*REQUESTS, valid, valid)]
        finally:
            process.terminate()
            _, logged = process.communicate(timeout=30)
    assert all(answer.startswith(b"HTTP/1.") for answer in answers)
    assert answers[-1].startswith(b"HTTP/1.1 200")
    for secret in (SECRET, OURS, token):
        assert secret not in logged
    assert logged.count("[hidden]") >= 6
    if style == "json":
        lines = [json.loads(line) for line in logged.splitlines() if line.startswith("{")]
        assert len(lines) == len(REQUESTS) + 2
