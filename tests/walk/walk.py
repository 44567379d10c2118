#!/usr/bin/env python3
"""Walks each resource of an OpenAPI document on a running sandbox: create, read, list, update, delete, and gone.

    walk.py --program target/debug/tombstone NAME=DOCUMENT...

For each document a sandbox is started that has nothing else. One line for each says how many pairs of a collection and
an item there are, how many of them walk whole, and so on; `-v` tells each step that does not hold. With `--least FILE`,
a document that holds less than the file says makes it fail.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import urllib.parse

import requests

from answers import Checker, Client
from document import Document
from values import Values
from walker import Walker


class Server:
    """A sandbox for one document."""

    def __init__(self, program, command, name, document, folder, options=()):
        self.ready = folder / "ready.json"
        self.output = folder / "output.txt"
        environment = os.environ | {"TOMBSTONE_READY_FILE": str(self.ready)}
        with open(self.output, "w") as output:
            self.process = subprocess.Popen(
                [program, command, f"{name}={document}", "--port", "0", *options],
                env=environment,
                stdout=output,
                stderr=output,
            )
        self.examples = [program, "examples", f"{name}={document}"]
        wait = [program, "wait", "--ready-file", str(self.ready), "--timeout", "60s"]
        if subprocess.run(wait, stdout=subprocess.DEVNULL).returncode != 0:
            self.stop()
            raise SystemExit(f"walk: the sandbox does not start: {self.output.read_text()[-2000:]}")
        # There may be others, that the program always has.
        providers = json.loads(self.ready.read_text())["providers"]
        self.base = next(provider["url"] for provider in providers if provider["name"] == name)

    def printed(self):
        """The paths of the calls that its files give and that are printed for it, from the document's server on."""
        port = str(urllib.parse.urlsplit(self.base).port)
        examples = subprocess.run([*self.examples, "--port", port], capture_output=True, text=True, check=False)
        calls = re.findall(r"# \d{3} .*\n *curl -i (?:-X [A-Z]+ )?'?(http[^\s'?]+)", examples.stdout)
        return [call[len(self.base) :] for call in calls if call.startswith(self.base + "/")]

    def stop(self):
        self.process.terminate()
        self.process.wait()


def walk(arguments, name, path):
    began = time.monotonic()
    document = Document(pathlib.Path(arguments.contract) if arguments.contract else path)
    checker = Checker(document)
    values = Values(document, checker)
    with tempfile.TemporaryDirectory() as folder:
        server = (
            None if arguments.url else Server(arguments.program, arguments.command, name, path, pathlib.Path(folder))
        )
        try:
            client = Client(arguments.url or server.base, document, checker, values, dict(arguments.header))
            walker = Walker(document, client, values, server.printed() if server else [])
            report = walker.walk()
        except requests.RequestException as failure:
            print(f"{name}: no answer: {failure}", file=sys.stderr)
            raise SystemExit(1) from None
        finally:
            if server:
                server.stop()
    numbers = {
        "whole": report.whole,
        "pairs": report.pairs,
        "whole with id": report.whole_with_id,
        "with id": report.with_id,
        "held": report.held,
        "steps": len(report.steps),
        "gone": report.gone,
        "deletes": len(report.deletions),
        "outside": len(client.outside),
        "5xx": len(client.failed),
        "disagree": len(client.disagree),
        "refused": len(client.refused),
        "not made": len(set(report.not_made)),
        "calls": client.calls,
    }
    print(
        f"{name:14} whole {report.whole}/{report.pairs} (with id {report.whole_with_id}/{report.with_id}),"
        f" steps {report.held}/{len(report.steps)}, gone {report.gone}/{len(report.deletions)},"
        f" outside {len(client.outside)}, 5xx {len(client.failed)}, other judgement {len(client.disagree)},"
        f" request refused {len(client.refused)}, no body {len(set(report.not_made))};"
        f" {client.calls} calls, {time.monotonic() - began:.1f} s",
        flush=True,
    )
    if arguments.verbose:
        tell(report, client)
    return numbers


def tell(report, client):
    for step in report.steps:
        if step.failure is not None:
            print(f"  {step.pair}: {step.name}: expected {step.failure}")
            told(step.answer)
    for path, (outcome, answer) in report.deletions.items():
        if outcome != "gone":
            print(f"  DELETE {path}: {outcome}")
            told(answer)
    for kind, answers in (("outside", client.outside), ("5xx", client.failed), ("refused", client.refused)):
        for answer in answers:
            print(f"  {kind}: {answer.operation}")
            told(answer)
            if kind == "refused":
                print(f"      {answer.headers.get('tombstone-violations')}")
    for answer, header in client.disagree:
        print(f"  other judgement: {answer.operation}: here {answer.problems}, there {header}")
        told(answer)
    for operation in sorted(set(report.not_made)):
        print(f"  no body: {operation}")


def told(answer):
    for line in answer.told() if answer is not None else []:
        print(f"      {line}")


def header(written):
    name, _, value = written.partition(":")
    return name.strip().lower(), value.strip()


def least(path):
    """What each document has to hold, by name: the words of its line that are `what=number`."""
    found = {}
    for line in path.read_text().splitlines():
        name, *parts = line.split() or ["#"]
        if not name.startswith("#"):
            found[name] = {what: int(number) for what, _, number in (part.partition("=") for part in parts)}
    return found


def worse(name, numbers, floor):
    """In what a document holds less than it has to."""
    for what in ("whole", "gone"):
        if numbers[what] < floor.get(what, 0):
            yield f"{name}: {what} {numbers[what]}, and has to be {floor[what]}"
    for what in ("outside", "5xx", "refused"):
        if numbers[what] > floor.get(what, 0):
            yield f"{name}: {what} {numbers[what]}, and may be {floor.get(what, 0)}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("documents", nargs="+", metavar="NAME=DOCUMENT")
    parser.add_argument("--program", default="target/debug/tombstone", help="the program to start")
    parser.add_argument("--url", help="a sandbox that is there already, without the path of the document's server")
    parser.add_argument("--command", default="serve", help="its command that takes a document")
    parser.add_argument(
        "--header", action="append", default=[], type=header, metavar="NAME: VALUE", help="sent with all"
    )
    parser.add_argument("--contract", help="the document to read here, where the sandbox's is of a kind that is not")
    parser.add_argument("--least", type=pathlib.Path, help="what each document has to hold")
    parser.add_argument("-v", "--verbose", action="store_true", help="tell each step that does not hold")
    arguments = parser.parse_args()
    floors = least(arguments.least) if arguments.least else {}
    failed = []
    for named in arguments.documents:
        name, _, path = named.rpartition("=")
        path = pathlib.Path(path)
        name = name or path.stem
        numbers = walk(arguments, name, path)
        if arguments.least:
            failed += worse(name, numbers, floors.get(name, {}))
    if failed:
        raise SystemExit("walk: " + "\nwalk: ".join(failed))


if __name__ == "__main__":
    main()
