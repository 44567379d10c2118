"""Fixtures for pytest.

`tombstone` is a sandbox of its own for each test, as it is at the start whatever happened before; `tombstone_server` is the
server, one for each process of pytest: with pytest-xdist each worker starts its own when its first test asks for it. Where
`TOMBSTONE_URL` is set, all use that one, and none is started.

    # pytest.ini: what is served; the built-in APIs, unless given
    tombstone_args = serve openapi.yaml --built-in off

    @pytest.mark.tombstone(fixture_set="closed", clock="2030-01-01T00:00:00Z")
    def test_a_pet_goes_once(tombstone):
        code_under_test(tombstone.url)
        tombstone.verify({"deleted": {"resource": "pets"}, "count": 1})

The report of a test that fails has the journal of its sandbox.
"""

import os
import subprocess
from typing import Any, Dict, Iterator

import pytest

from tombstone_sandbox import Sandbox, Server, connect, find_program, start

#: What a marker may say: how a sandbox begins.
_SPEC = ("fixture_set", "clock", "seed", "settings", "faults", "ttl")
_sandbox = pytest.StashKey[Sandbox]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addini("tombstone_args", "the arguments that `tombstone` is started with", type="args", default=[])


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"tombstone({', '.join(f'{name}=…' for name in _SPEC)}): how the sandbox of the test begins; `clock` is the time at "
        "which it stands, or what the admin API takes.",
    )


@pytest.fixture(scope="session")
def tombstone_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server: that of `TOMBSTONE_URL`, else one that is started and stopped."""
    if os.environ.get("TOMBSTONE_URL"):
        yield connect()
        return
    with start(*request.config.getini("tombstone_args"), cwd=str(request.config.rootpath)) as server:
        yield server


@pytest.fixture
def tombstone(request: pytest.FixtureRequest, tombstone_server: Server) -> Iterator[Sandbox]:
    """A sandbox of this test's own."""
    sandbox = tombstone_server.sandbox(request.node.nodeid, **_spec_of(request.node))
    request.node.stash[_sandbox] = sandbox
    yield sandbox
    sandbox.remove()


def _spec_of(node: pytest.Item) -> Dict[str, Any]:
    """What the markers say, the nearest last."""
    spec: Dict[str, Any] = {}
    for marker in reversed(list(node.iter_markers("tombstone"))):
        unknown = [name for name in marker.kwargs if name not in _SPEC]
        if unknown or marker.args:
            wrong = ", ".join(map(repr, [*marker.args, *unknown]))
            raise pytest.UsageError(f"the marker `tombstone` does not take {wrong}; it takes {', '.join(_SPEC)}")
        spec.update(marker.kwargs)
    if isinstance(spec.get("clock"), str):
        spec["clock"] = {"start": spec["clock"], "frozen": True}
    return spec


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    outcome = yield
    report = outcome.get_result()
    sandbox = item.stash.get(_sandbox, None)
    if report.failed and report.when == "call" and sandbox:
        report.sections.append((f"tombstone: sandbox {sandbox.name}", _journal_of(sandbox)))


def _journal_of(sandbox: Sandbox) -> str:
    """A line for each entry of the journal, as `tombstone log` has it, and what was wrong with requests."""
    told = []
    command = [find_program(), "log", "--url", sandbox.server.url, "--sandbox", sandbox.name]
    env = {**os.environ, "NO_COLOR": "1"}
    if sandbox.server.token:
        env["TOMBSTONE_ADMIN_TOKEN"] = sandbox.server.token
    log = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    told.append(log.stdout.decode(errors="replace").rstrip() or "no calls")
    try:
        for entry in reversed(sandbox.journal()):
            told += [f"  violation of {entry['id']}: {one['message']}" for one in entry.get("violations", [])]
    except Exception as error:  # A report that is cut short is better than none.
        told.append(str(error))
    return "\n".join(told)
