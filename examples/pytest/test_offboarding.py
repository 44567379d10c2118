import pytest
import requests
from offboarding import delete_organization, erase_user, is_erased


def test_an_organization_can_be_deleted_once(tombstone):
    assert delete_organization(tombstone.url, 43).status_code == 200
    assert delete_organization(tombstone.url, 43).status_code == 404
    tombstone.verify(
        {"calls": {"operation": "deleteOrganization"}, "count": 2},
        {"deleted": {"provider": "partoo", "resource": "organizations", "key": 43}},
    )


def test_who_may_only_read_deletes_nothing(tombstone):
    answer = delete_organization(tombstone.url, 42, key="partoo-provider-read", force=True)
    assert answer.status_code == 403
    tombstone.verify({"untouched": {"provider": "partoo", "resource": "organizations"}})


def test_an_organization_with_businesses_goes_only_by_force(tombstone):
    assert delete_organization(tombstone.url, 42).status_code == 400
    assert delete_organization(tombstone.url, 42, force=True).status_code == 200
    tombstone.verify({"deleted": {"provider": "partoo", "resource": "businesses", "where": {"org_id": 42}}, "count": 3})


def test_a_deletion_can_be_taken_back(tombstone):
    assert delete_organization(tombstone.url, 42, force=True).status_code == 200
    undone = tombstone.undo()
    assert undone["records"]["partoo/businesses"] == 3
    tombstone.verify({"exists": {"provider": "partoo", "resource": "businesses", "where": {"org_id": 42}}, "count": 3})


@pytest.mark.tombstone(clock="2030-01-01T00:00:00Z")
def test_a_user_is_erased_within_a_day(tombstone):
    job = erase_user(tombstone.url, "yourUserId1")
    assert not is_erased(tombstone.url, job)
    tombstone.advance("PT24H")
    assert is_erased(tombstone.url, job)
    tombstone.verify(
        {"absent": {"provider": "velt", "resource": "members", "where": {"user_id": "yourUserId1"}}},
        {"exists": {"provider": "velt", "resource": "members", "where": {"user_id": "yourUserId2"}}},
    )


def test_nothing_of_an_erased_user_is_left(tombstone):
    [member, *_] = tombstone.get("resources/velt/members", user_id="yourUserId1")["records"]
    assert not tombstone.get("residue", value=member["email"])["clean"]
    erase_user(tombstone.url, "yourUserId1")
    tombstone.advance("PT24H")
    residue = tombstone.get("residue", value=member["email"])
    assert residue["clean"], residue["hits"]


def test_a_refusal_can_be_asked_for(tombstone):
    answer = requests.delete(
        f"{tombstone.url}/partoo/org/43",
        headers={"x-APIKey": "partoo-provider-write", "Prefer": "code=403"},
        timeout=10,
    )
    assert answer.status_code == 403
    assert answer.headers["Preference-Applied"] == "code=403"
    tombstone.verify({"exists": {"provider": "partoo", "resource": "organizations", "key": 43}})


def test_a_broken_connection_is_tried_again(tombstone):
    tombstone.fault(operation="deleteOrganization", provider="partoo", connection="reset", times=1)
    assert delete_organization(tombstone.url, 43).status_code == 200
    tombstone.verify({"deleted": {"provider": "partoo", "resource": "organizations"}, "count": 1})


def test_a_deletion_can_be_rehearsed(tombstone):
    answer = requests.delete(
        f"{tombstone.url}/partoo/org/42",
        params={"force": "true"},
        headers={"x-APIKey": "partoo-provider-write", "Prefer": "dry-run"},
        timeout=10,
    )
    assert answer.status_code == 200
    tombstone.verify({"untouched": {"provider": "partoo", "resource": "organizations"}})


def test_what_would_happen_can_be_asked_before(tombstone):
    headers = {"x-APIKey": "partoo-provider-write"}
    plan = tombstone.plan("DELETE", "/partoo/org/42?force=true", headers=headers)
    assert plan["counts"]["deleted"]["partoo/businesses"] == 3
    tombstone.verify({"untouched": {"provider": "partoo", "resource": "organizations"}})
