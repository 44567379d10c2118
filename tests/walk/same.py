#!/usr/bin/env python3
"""Holds what `tombstone init` writes for a document against the document alone: both have to answer the same.

    same.py --program target/debug/tombstone NAME=DOCUMENT...

Two sandboxes are started, one that has the document and one that has the files beside it as well. Both are sent the
same calls, in the same order: those that are printed for the document, those of a walk (walk.py), and of each operation
some of things that are not there, with each query parameter, and with a body that has nothing. An answer that differs
in its status, its headers or its body is told and makes it fail.
"""

import argparse
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.parse
from dataclasses import dataclass, field

import requests

from answers import Checker, Client, flat
from document import Document
from values import Values
from walk import Server
from walker import Walker

# Of headers, those that differ by design: when it was, and which rule of a file answered.
OWN = ("date", "tombstone-rule")
# All that differs in a document is counted, and so much of it told.
TOLD_MAX = 20
TEXT_MAX = 400
# A call that takes longer, in seconds, has hung.
PATIENCE = 20
CLOCK = ("--clock-start", "2030-01-31T08:00:00Z", "--clock-frozen", "--log-format", "none")


@dataclass
class Both:
    """Sends each request to two servers, and answers as the first does. It stands in for a session of `requests`."""

    first: str
    second: str
    calls: int = 0
    good: set = field(default_factory=set)
    differences: list = field(default_factory=list)

    def __post_init__(self):
        self.sessions = requests.Session(), requests.Session()
        self.sandbox = "walk"

    def request(self, method, url, headers=None, **options):
        # An answer may name the host that was asked for.
        headers = dict(headers or {}) | {
            "host": urllib.parse.urlsplit(self.first).netloc,
            "tombstone-sandbox": self.sandbox,
        }
        options = {"timeout": PATIENCE, "allow_redirects": False} | options
        urls = url, self.second + url.removeprefix(self.first)
        one, other = (
            session.request(method, url, headers=headers, **options)
            for session, url in zip(self.sessions, urls, strict=True)
        )
        self.calls += 1
        if told(one) != told(other):
            self.differences.append((f"{method} {urls[0]} {options.get('data') or ''}", one, other))
        return one


def told(answer):
    headers = sorted((name.lower(), value) for name, value in answer.raw.headers.items())
    return answer.status_code, [one for one in headers if one[0] not in OWN], answer.content


def printed(server, base):
    """The method, URL, headers and body of each call that is printed for a document."""
    port = str(urllib.parse.urlsplit(base).port)
    output = subprocess.run([*server.examples, "--port", port], capture_output=True, text=True, check=True).stdout
    for line in re.findall(r"^ *((?:printf %b .* \| )?curl -.*)$", output.replace("\\\n", " "), re.MULTILINE):
        words = shlex.split(line)
        data = None
        if words[0] == "printf":
            data = subprocess.run(["printf", *words[1:3]], capture_output=True, check=True).stdout
            words = words[4:]
        method, url, headers, words = "GET", None, {}, iter(words[1:])
        for word in words:
            if word == "-X":
                method = next(words)
            elif word == "-I":
                method = "HEAD"
            elif word == "-H":
                name, _, value = next(words).rstrip(";").partition(":")
                headers[name] = value.strip()
            elif word in ("-d", "--data-raw"):
                data = next(words).encode()
            elif word == "--data-binary":
                next(words)
            elif not word.startswith("-"):
                url = word
        if data is not None and method == "GET" and "-X" not in line:
            method = "POST"
        if url and url.startswith(base + "/"):
            yield method, url, headers, data


def astray(document, client, values):
    """Calls of each operation: of things that are not there, with each of its query parameters, with an empty body."""
    for operation in document.operations:
        path = []
        for name in operation.names:
            given = [one for one in operation.parameters if one.value.get("name") == name]
            path.append(values.parameter(given[0]) if given else values.fresh(name))
        media, body = values.body(operation)
        client.call(operation, path, body=body, media=media)
        for parameter in operation.parameters:
            if parameter.value.get("in") == "query":
                pairs = flat(parameter.value["name"], values.parameter(parameter), parameter.value)
                client.call(operation, path, query=dict(pairs), body=body, media=media)
        if body:
            client.call(operation, path, body={}, media=media)


def initialized(program, path, folder):
    """A copy of a document with the files that `init` writes beside it."""
    copy = folder / path.name
    shutil.copy(path, copy)
    for command in ([program, "init", str(copy)], [program, "check", str(copy)]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SystemExit(f"same: `{' '.join(command[:2])}` of {path.name}: {done.stdout}{done.stderr}")
    return copy


def same(arguments, name, path):
    """How many calls are answered differently."""
    began = time.monotonic()
    document = Document(path)
    checker = Checker(document)
    values = Values(document, checker)
    with tempfile.TemporaryDirectory() as folder:
        folders = [pathlib.Path(folder) / which for which in ("alone", "init")]
        for one in folders:
            one.mkdir()
        files = shutil.copy(path, folders[0] / path.name), initialized(arguments.program, path, folders[1])
        servers = []
        try:
            for file, one in zip(files, folders, strict=True):
                servers.append(Server(arguments.program, "serve", name, file, one, CLOCK))
            both = Both(*(server.base for server in servers))
            client = Client(both.first, document, checker, values)
            client.session = both
            walker = Walker(document, client, values, servers[0].printed())
            both.sandbox = "printed"
            for method, url, headers, data in printed(servers[0], both.first):
                both.request(method, url, headers=headers, data=data)
            both.sandbox = "walk"
            walker.walk()
            astray(document, client, values)
        except requests.RequestException as failure:
            print(f"{name}: no answer: {failure}", file=sys.stderr)
            raise SystemExit(1) from None
        finally:
            for server in servers:
                server.stop()
    print(f"{name:14} {both.calls} calls, {len(both.differences)} differ; {time.monotonic() - began:.1f} s", flush=True)
    for call, *answers in both.differences[:TOLD_MAX]:
        print(f"  {call[:TEXT_MAX]}")
        for which, answer in zip(("alone", "init"), answers, strict=True):
            tell(which, told(answer), [told(other) for other in answers if other is not answer][0])
    return len(both.differences)


def tell(which, answer, other):
    status, headers, content = answer
    own = ", ".join(f"{name}: {value}" for name, value in headers if (name, value) not in other[1])
    body = content[:TEXT_MAX].decode(errors="replace") if content != other[2] else "(the same body)"
    print(f"    {which:5} {status} {own[:TEXT_MAX]} {body}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", nargs="+", metavar="NAME=DOCUMENT")
    parser.add_argument("--program", default="target/debug/tombstone", help="the program to start")
    arguments = parser.parse_args()
    differ = []
    for named in arguments.documents:
        name, _, path = named.rpartition("=")
        path = pathlib.Path(path)
        count = same(arguments, name or path.stem, path)
        if count:
            differ.append(f"{name}: {count} calls are answered differently with the files that `init` writes")
    if differ:
        raise SystemExit("same: " + "\nsame: ".join(differ))


if __name__ == "__main__":
    main()
