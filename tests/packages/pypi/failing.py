"""Tests that fail: what is told of them."""

import urllib.error
import urllib.request

import pytest


def test_the_journal_is_in_the_report(tombstone):
    urllib.request.urlopen(f"{tombstone.url}/shop/nothing-of-the-kind")


@pytest.mark.tombstone(fixtures="closed")
def test_the_marker_is_wrong(tombstone):
    pass
