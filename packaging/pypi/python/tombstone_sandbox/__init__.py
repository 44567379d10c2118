"""A server for tests and a sandbox for each of them; needs nothing but the standard library.

    server = start("mock", "openapi.yaml")
    sandbox = server.sandbox("my test")
    code_under_test(sandbox.url)
    sandbox.verify({"deleted": {"resource": "pets"}, "count": 1})
    server.stop()

With pytest the fixture `tombstone` is a sandbox for each test: see `tombstone_sandbox.pytest_plugin`.
"""

import atexit
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import threading
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any, Dict, List, Mapping, Optional

__all__ = [
    "AdminError",
    "OwnServer",
    "Sandbox",
    "Server",
    "StartError",
    "VerificationError",
    "connect",
    "find_program",
    "start",
]

# How long an answer of the admin API may take, in seconds.
_PATIENCE = 60.0
# How many lines of what the program says is kept, for the error if it does not start.
_SAID_MAX = 100
# The server is on this machine or near: no proxy is asked.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class AdminError(Exception):
    """An answer of the admin API that is not a success."""

    def __init__(self, call: str, status: int, problem: Any) -> None:
        told = problem if isinstance(problem, dict) else {}
        more = f": {json.dumps(told['problems'])}" if told.get("problems") else ""
        super().__init__(f"{call}: {status} {told.get('detail') or told.get('title') or ''}{more}".strip())
        self.status = status
        self.problem = problem


class StartError(Exception):
    """The server did not start."""


class VerificationError(AssertionError):
    """Expectations that do not hold."""

    def __init__(self, failed: List[Dict[str, Any]]) -> None:
        def line(one: Dict[str, Any]) -> str:
            name = f"{one['description']}: " if one["description"] else ""
            nearest = f" ({one['nearest']})" if one["nearest"] else ""
            return f"\n  {name}expected {one['expected']}; found {one['found']}{nearest}"

        count = "an expectation does" if len(failed) == 1 else f"{len(failed)} expectations do"
        super().__init__(f"{count} not hold{''.join(map(line, failed))}")
        self.failed = failed


class Sandbox:
    """One world, with what can be done beside the calls."""

    def __init__(self, server: "Server", name: str) -> None:
        self.server = server
        self.name = name
        #: The base URL for the code under test.
        self.url = f"{server.url}/@{name}"
        #: Where the admin API has this sandbox.
        self.admin_url = f"{server.url}/__admin/sandboxes/{name}"
        #: For clients whose base URL cannot change: send these with each call.
        self.headers = {"Tombstone-Sandbox": name}

    def __repr__(self) -> str:
        return f"<Sandbox {self.url}>"

    def url_of(self, provider: str) -> str:
        """The base URL of one API, `http://…/@name/shop`."""
        return f"{self.url}/{provider}"

    def get(self, what: str, **query: Any) -> Any:
        """Reads from the admin API, below this sandbox's address: `get("jobs")`."""
        asked = f"?{urllib.parse.urlencode({name: _text(value) for name, value in query.items()})}" if query else ""
        return self.request("GET", f"/{what}{asked}")

    def post(self, what: str, **body: Any) -> Any:
        """Has the admin API do something, below this sandbox's address: `post("clock", freeze=True)`."""
        return self.request("POST", f"/{what}", body)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        return self.server.request(method, f"/sandboxes/{self.name}{path}", body)

    def begin(self, **spec: Any) -> Any:
        """Begins anew, in another way if something is given: `fixture_set`, `clock`, `seed`, `settings`, `faults`."""
        return self.request("PUT", "", spec)

    def reset(self) -> Any:
        """Back to how it began."""
        return self.post("reset")

    def undo(self, **how: int) -> Any:
        """Takes back the last step, or `steps`, or all since the request `to`."""
        return self.post("undo", **how)

    def redo(self, **how: int) -> Any:
        """Does again what was undone."""
        return self.post("redo", **how)

    def advance(self, duration: str) -> Any:
        """Moves the clock forward (`"24h"`, `"PT24H"`), and runs the jobs that come due."""
        return self.post("clock", advance=duration)

    def freeze(self, at: Optional[str] = None) -> Any:
        """Stops the clock, at a time if one is given."""
        frozen = self.post("clock", freeze=True)
        return frozen if at is None else self.post("clock", set=at)

    def fault(self, **fault: Any) -> Any:
        """Adds a fault: `fault(operation="deletePet", times=1, answer={"status": 503})`."""
        return self.post("faults", **fault)

    def plan(self, method: str, path: str, **more: Any) -> Any:
        """What a call would be answered and change (`headers`, `body`); nothing changes."""
        return self.post("plan", method=method, path=path, **more)

    def records(self, provider: str, resource: str, **where: Any) -> List[Dict[str, Any]]:
        """The records of a resource that have these values, a thousand at most."""
        return self.get(f"resources/{provider}/{resource}", **{"limit": 1000, **where})["records"]

    def journal(self, **query: Any) -> List[Dict[str, Any]]:
        """The newest entries of the journal first."""
        return self.get("requests", **query)["requests"]

    def residue(self, value: str, **query: Any) -> Any:
        """Every place where a value is left."""
        return self.get("residue", value=value, **query)

    def verify(self, *expectations: Mapping[str, Any]) -> None:
        """Raises unless every expectation holds: `verify({"deleted": {"resource": "pets"}, "count": 1})`."""
        verdict = self.post("verify", expectations=list(expectations))
        failed = [outcome for outcome in verdict["expectations"] if not outcome["passed"]]
        if failed:
            raise VerificationError(failed)

    def remove(self) -> None:
        """Removes it; it need not be there."""
        try:
            self.request("DELETE", "")
        except AdminError as error:
            if error.status != 404:
                raise


class Server:
    """A server that runs, whoever started it."""

    def __init__(self, url: str, token: Optional[str] = None) -> None:
        self.url = url.rstrip("/")
        self.token = token

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.url}>"

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Calls the admin API: `server.request("POST", "/reset")`."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        url = f"{self.url}/__admin{path}"
        asked = urllib.request.Request(url, data, headers, method=method)
        try:
            with _opener.open(asked, timeout=_PATIENCE) as answer:
                return _read(answer)
        except urllib.error.HTTPError as error:
            with error:
                raise AdminError(f"{method} {url}", error.code, _read(error)) from None

    def sandbox(self, name: Optional[str] = None, **spec: Any) -> Sandbox:
        """A sandbox that begins anew.

        A name is letters, digits, `.`, `_`, `~` and `-`; of any other text (that of a test, say) one is made, always the
        same; without a name it is one that nobody else has.
        """
        sandbox = Sandbox(self, _name_of(name or str(uuid.uuid4())))
        sandbox.begin(**spec)
        return sandbox

    def reset(self) -> Any:
        """Everything back to the start; sandboxes but `default` are gone."""
        return self.request("POST", "/reset")

    def coverage(self) -> Any:
        """Which operations, responses and rules were exercised."""
        return self.request("GET", "/coverage")


class OwnServer(Server):
    """A server of one's own, which ends with this process at the latest."""

    def __init__(self, process: Any, ready: Mapping[str, Any], token: Optional[str]) -> None:
        super().__init__(ready["url"], token)
        self.process = process
        self._at_exit = functools.partial(_stop, process)
        atexit.register(self._at_exit)
        self.port: int = ready["port"]
        #: What is served: names, URLs and hosts.
        self.providers: List[Dict[str, Any]] = ready["providers"]
        self.version: str = ready["version"]

    def __enter__(self) -> "OwnServer":
        return self

    def __exit__(self, *_: Any) -> None:
        self.stop()

    def stop(self) -> None:
        """Stops it, and waits until it has ended."""
        atexit.unregister(self._at_exit)
        _stop(self.process)


def find_program() -> str:
    """The path of the program: `TOMBSTONE` where that is set, else the one that was installed with this package."""
    given = os.environ.get("TOMBSTONE")
    if given:
        return given
    file = "tombstone.exe" if sys.platform == "win32" else "tombstone"
    user = f"{os.name}_user"
    schemes = [None, user] if user in sysconfig.get_scheme_names() else [None]
    for scheme in schemes:
        folder = sysconfig.get_path("scripts", scheme) if scheme else sysconfig.get_path("scripts")
        path = os.path.join(folder, file)
        if os.path.isfile(path):
            return path
    found = shutil.which("tombstone")
    if found is None:
        raise FileNotFoundError("no program `tombstone`: install `tombstone-sandbox` again, or set `TOMBSTONE` to its path")
    return found


def start(
    *args: str,
    port: int = 0,
    token: Optional[str] = None,
    timeout: float = 30.0,
    log: bool = False,
    cwd: Optional[str] = None,
    env: Optional[Mapping[str, str]] = None,
    program: Optional[str] = None,
) -> OwnServer:
    """Starts a server on a free port. `args` are those of the command line: `start("mock", "openapi.yaml")`; without any,
    the built-in APIs. What `tombstone.yaml` and the environment say counts as always. `log` shows its log on standard
    error."""
    # In the environment and not as flags, so that `args` can say otherwise.
    variables = {**os.environ, **(env or {}), "TOMBSTONE_PORT": str(port), "TOMBSTONE_PRINT_JSON": "true"}
    if not log:
        variables["TOMBSTONE_LOG_FORMAT"] = "none"
    if token:
        variables["TOMBSTONE_ADMIN_TOKEN"] = token
    line = [program or find_program(), *args]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    try:
        process: Any = subprocess.Popen(line, cwd=cwd, env=variables, encoding="utf-8", errors="replace", **pipes)
    except OSError as error:
        raise StartError(f"`{' '.join(line)}` cannot be run: {error}") from error
    said: List[str] = []
    listening = threading.Thread(target=_listen, args=(process.stderr, said, log), daemon=True)
    listening.start()
    # A server that hangs is ended, and then there is no line to read.
    late = threading.Timer(timeout, process.kill)
    late.start()
    ready = process.stdout.readline()
    late.cancel()
    threading.Thread(target=_listen, args=(process.stdout, [], False), daemon=True).start()
    if not ready:
        _stop(process)
        listening.join(1.0)
        raise StartError(f"`{' '.join(line)}` did not start in {timeout} s (it ended with {process.returncode}):\n{''.join(said)}")
    return OwnServer(process, json.loads(ready), token)


def connect(url: Optional[str] = None, token: Optional[str] = None) -> Server:
    """A server that runs: at a URL, else at `TOMBSTONE_URL`, else where one is by default."""
    url = url or os.environ.get("TOMBSTONE_URL", "http://127.0.0.1:4010")
    return Server(url, token or os.environ.get("TOMBSTONE_ADMIN_TOKEN"))


def _listen(stream: Any, said: List[str], log: bool) -> None:
    """Reads what the program says to its end, so that it never waits for a reader."""
    with stream:
        for line in stream:
            if len(said) < _SAID_MAX:
                said.append(line)
            if log:
                sys.stderr.write(line)


def _stop(process: Any) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _name_of(text: str) -> str:
    if re.fullmatch(r"(?!\.{1,2}$)[A-Za-z0-9._~-]{1,128}", text):
        return text
    words = re.sub(r"[^A-Za-z0-9]+", "-", text)[-60:].strip("-")
    return f"{words}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _read(answer: Any) -> Any:
    text = answer.read().decode()
    is_json = "json" in (answer.headers.get("Content-Type") or "")
    return json.loads(text) if text and is_json else text


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)
