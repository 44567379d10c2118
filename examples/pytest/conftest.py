"""One Tombstone for all tests, and for each test a sandbox of its own.

Copy this file: it needs `requests`, and `tombstone` on the PATH (or its path in TOMBSTONE, or the URL of one that runs
in TOMBSTONE_URL).
"""

import hashlib
import os
import subprocess

import pytest
import requests


class Sandbox:
    """What a test knows of its sandbox: where it is, and what can be done beside the calls."""

    def __init__(self, base, name):
        self.url = f"{base}/@{name}"
        self.admin = f"{base}/__admin/sandboxes/{name}"

    def post(self, action, **body):
        answer = requests.post(f"{self.admin}/{action}", json=body, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def get(self, what, **query):
        answer = requests.get(f"{self.admin}/{what}", params=query, timeout=10)
        assert answer.ok, answer.text
        return answer.json()

    def undo(self, **how):
        return self.post("undo", **how)

    def advance(self, duration):
        return self.post("clock", advance=duration)

    def verify(self, *expectations):
        verdict = self.post("verify", expectations=list(expectations))
        failed = [outcome for outcome in verdict["expectations"] if not outcome["passed"]]
        assert verdict["passed"], failed


def pytest_configure(config):
    """Starts one before the workers of pytest-xdist, which then all have its URL."""
    if "TOMBSTONE_URL" in os.environ or hasattr(config, "workerinput"):
        return
    ready = config.rootpath / f".tombstone-{os.getpid()}.json"
    program = os.environ.get("TOMBSTONE", "tombstone")
    config.tombstone = subprocess.Popen([program, "--port", "0", "--ready-file", ready, "--log-format", "none"], stdout=subprocess.DEVNULL)
    wait = [program, "wait", "--ready-file", ready, "--timeout", "30s"]
    os.environ["TOMBSTONE_URL"] = subprocess.check_output(wait, text=True).strip()


def pytest_unconfigure(config):
    server = getattr(config, "tombstone", None)
    if server:
        server.terminate()
        server.wait(timeout=10)
        del os.environ["TOMBSTONE_URL"]


@pytest.fixture
def sandbox(request):
    """As it is at the start, whatever ran in it before."""
    name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:16]
    base = os.environ["TOMBSTONE_URL"]
    requests.put(f"{base}/__admin/sandboxes/{name}", json={}, timeout=10).raise_for_status()
    yield Sandbox(base, name)
    requests.delete(f"{base}/__admin/sandboxes/{name}", timeout=10)
