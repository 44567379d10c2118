"""The plugin, from the wheel."""

import json
import subprocess
import urllib.request

import pytest

from tombstone_sandbox import AdminError, StartError, VerificationError, connect, find_program, start

SHOPS = {"provider": "shop", "resource": "shops"}


def call(method, url):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method=method, headers={"X-Shop-Key": "owner"})) as answer:
            return answer.status, json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, None


@pytest.mark.parametrize("again", ["a", "b/ü?"])
def test_each_test_begins_anew(tombstone, again):
    [shop, *_] = tombstone.records("shop", "shops")
    assert not tombstone.journal()
    tombstone.request("DELETE", f"/resources/shop/shops/{shop['id']}")
    tombstone.verify({"deleted": {**SHOPS, "key": shop["id"]}})
    assert tombstone.undo()["records"]["shop/shops"] == 1
    tombstone.verify({"untouched": SHOPS})


@pytest.mark.tombstone(fixture_set="closed", seed=7, clock="2030-01-01T00:00:00Z")
class TestMarkers:
    def test_they_say_how_a_sandbox_begins(self, tombstone):
        assert tombstone.get("clock")["now"].startswith("2030-01-01T00:00:00")
        assert tombstone.advance("24h")["now"].startswith("2030-01-02T00:00:00")
        assert tombstone.request("GET", "")["fixture_set"] == "closed"

    @pytest.mark.tombstone(clock={"start": "2031-01-01T00:00:00Z"})
    def test_the_nearest_goes_before(self, tombstone):
        clock = tombstone.get("clock")
        assert clock["now"].startswith("2031") and not clock["frozen"]
        assert tombstone.request("GET", "")["fixture_set"] == "closed"


def test_what_does_not_hold_is_said(tombstone):
    with pytest.raises(VerificationError, match=r"an expectation does not hold\n  the shop: expected .+; found .+"):
        tombstone.verify({"deleted": SHOPS, "description": "the shop"})
    with pytest.raises(AdminError, match=r"POST .+/clock: 422 "):
        tombstone.advance("soon")


def test_there_is_one_server(tombstone, tombstone_server):
    assert tombstone.server is tombstone_server
    assert [one["name"] for one in tombstone_server.providers] == ["shop"]
    assert tombstone_server.coverage()


def test_others_can_be_started():
    with start(token="secret") as one, start() as another:
        assert one.sandbox("mine").url == f"{one.url}/@mine"
        with pytest.raises(AdminError, match="401"):
            connect(one.url, token="wrong").sandbox()
        another.sandbox()
    assert one.process.returncode == another.process.returncode == 0


def test_one_that_does_not_start_says_why():
    with pytest.raises(StartError, match=r"(?s)ended with 2.*nothing\.yaml"):
        start("mock", "nothing.yaml")
    with pytest.raises(StartError, match="cannot be run"):
        start(program="no-such-program")


def test_the_program_is_the_package_s():
    said = subprocess.check_output([find_program(), "--version"], text=True)
    assert said.startswith("tombstone ")
