#!/usr/bin/env python3
"""Does what a container engine would do with packaging/docker, as there may be none: lays the last stage of the Dockerfile in
an empty root, and runs its entry point there as process 1, as its user, with a document mounted and all else read-only.

The program is the static one where it has been built (`packaging/static`), else the usual one with the libraries that it
is linked to. Needs root, Linux and ruamel.yaml. What it starts ends with it.
"""

import http.client
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import socket
import subprocess
import time

from ruamel.yaml import YAML

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKER = ROOT / "packaging" / "docker"
WORK = ROOT / "target" / "packages" / "container"
STATIC = ROOT / "target" / f"{os.uname().machine}-unknown-linux-musl" / "dist" / "tombstone"
USUAL = ROOT / "target" / "release" / "tombstone"
DOCUMENTS = ROOT / "tests" / "packages"
# So long is waited for anything, in seconds.
PATIENCE = 30

# In its own namespaces: the document is mounted, all else cannot be written, and the entry point becomes process 1.
ENGINE = """
mount --bind "$ROOT" "$ROOT"
mount --bind "$DOCUMENTS" "$ROOT/tmp"
mount -o remount,bind,ro "$ROOT"
touch "$ROOT/written" 2>/dev/null && exit 99
exec chroot --userspec="$USER_AND_GROUP" "$ROOT" "$@"
"""


def expect(found, wanted, what):
    if found != wanted:
        raise SystemExit(f"container: {what}: {found!r} where {wanted!r} belongs")


def libraries(program):
    """What the program is linked to; nothing where it is static."""
    told = subprocess.run(["ldd", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return [] if told.returncode else re.findall(r"(/\S+) \(0x", told.stdout)


class Image:
    """The last stage of the Dockerfile, laid in an empty root."""

    def __init__(self, program):
        text = (DOCKER / "Dockerfile").read_text().split("\nFROM ")[-1]
        self.root, self.env = WORK / "root", {}
        shutil.rmtree(WORK, ignore_errors=True)
        # An engine makes the folder of a mount.
        (self.root / "tmp").mkdir(parents=True)
        start, *lines = [line for line in text.splitlines() if line and not line.startswith("#")]
        expect(start, "scratch", "what the image begins with")
        for name, rest in (line.split(" ", 1) for line in lines):
            if name == "COPY":
                self.copy(*rest.replace("--from=build /tombstone", str(program)).split())
            elif name == "ENV":
                self.env.update([rest.split("=", 1)])
            elif name == "USER":
                self.user = rest
            elif name == "ENTRYPOINT":
                self.entry = json.loads(rest)
            elif name == "HEALTHCHECK":
                self.health = json.loads(rest.split("CMD ", 1)[1])
            else:
                expect(name, "EXPOSE", "an instruction")
        for library in libraries(program):
            self.copy(library, library)

    def copy(self, *names):
        *sources, to = names
        for source in sources:
            target = self.root / to.lstrip("/") / ("" if not to.endswith("/") else pathlib.Path(source).name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, target)


class Container:
    """The image while it runs, on a free port."""

    def __init__(self, image, *arguments, user=None, env=None):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            self.port = taken.getsockname()[1]
        self.image, self.user = image, user or image.user
        self.env = image.env | (env or {}) | {"TOMBSTONE_PORT": str(self.port)}
        host = {"ROOT": str(image.root), "DOCUMENTS": str(DOCUMENTS), "USER_AND_GROUP": self.user, "PATH": os.environ["PATH"]}
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-ec", ENGINE, "sh", *image.entry, *arguments]
        self.log = open(WORK / "log.txt", "w+")
        self.engine = subprocess.Popen(command, env=host | self.env, stdout=self.log, stderr=self.log, stdin=subprocess.DEVNULL)

    def __enter__(self):
        began = time.monotonic()
        while not self.is_healthy():
            if self.engine.poll() is not None or time.monotonic() - began > PATIENCE:
                self.engine.kill()
                self.log.seek(0)
                raise SystemExit(f"container: it does not start: {self.log.read()}")
            time.sleep(0.05)
        self.pid = int(subprocess.check_output(["pgrep", "-P", str(self.engine.pid)]))
        status = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        expect(re.search(r"NSpid:.*\t(\d+)\n", status)[1], "1", "its number")
        expect(re.search(r"Uid:\t(\d+)", status)[1], self.user.split(":")[0], "its user")
        return self

    def __exit__(self, failed, *_):
        os.kill(self.pid, signal.SIGTERM)
        try:
            code = self.engine.wait(PATIENCE)
        finally:
            self.engine.kill()
        if not failed:
            expect(code, 0, "the exit code after SIGTERM")
            with socket.socket() as probe:
                expect(probe.connect_ex(("127.0.0.1", self.port)) == 0, False, "whether it still listens")

    def is_healthy(self):
        """What the health check says, within the root."""
        check = [shutil.which("chroot"), f"--userspec={self.user}", str(self.image.root), *self.image.health]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.run(check, env=self.env, timeout=PATIENCE, **quiet).returncode == 0

    def get(self, path, address="127.0.0.1", host=None):
        connection = http.client.HTTPConnection(address, self.port, timeout=PATIENCE)
        connection.request("GET", path, headers={"Host": host or f"localhost:{self.port}"})
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, body


def prism(image):
    """The command line that users of Prism have."""
    with Container(image, "mock", "-h", "0.0.0.0", "/tmp/openapi.yaml") as one:
        # Another address than the usual one, so that it listens on all.
        status, body = one.get("/pets", address="127.0.0.2")
        expect((status, json.loads(body)[0]["name"]), (200, "Rex"), "an answer")
        expect(one.get("/__admin/sandboxes")[0], 403, "the admin API, which is closed")


def users(image):
    """Whoever it runs as, it reads the document and serves the built-in APIs."""
    for user in ("0:0", "1000:1000"):
        with Container(image, "mock", "/tmp/openapi.yaml", user=user) as one:
            expect(one.get("/pets")[0], 200, f"an answer as {user}")
    with Container(image) as one:
        expect(one.get("/partoo/org/42")[0], 401, "an answer of a built-in API")


def compose(image):
    """The service of the compose file, as this machine and as other services see it."""
    service = YAML(typ="safe").load(DOCKER / "compose.yaml")["services"]["api"]
    expect((service["read_only"], service["volumes"]), (True, ["./:/tmp:ro"]), "what is mounted")
    with Container(image, *shlex.split(service["command"]), env=service["environment"]) as one:
        expect(one.get("/pets")[0], 200, "an answer")
        for host in ("localhost:4010", "api:4010"):
            expect(one.get("/__admin/sandboxes", host=host)[0], 200, f"the admin API as {host}")
        expect(one.get("/__admin/sandboxes", host="elsewhere.example")[0], 421, "the admin API as another host")


def main():
    if os.geteuid() != 0 or subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"]).returncode:
        print("container: not tried: it needs root and namespaces of its own")
        return
    program = STATIC if STATIC.exists() else USUAL
    image = Image(program)
    for case in (prism, users, compose):
        case(image)
        print(f"container: {case.__name__} is well with {program.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
