import requests
from offboarding import delete_organization, erase_user, is_erased


def test_an_organization_can_be_deleted_once(sandbox):
    assert delete_organization(sandbox.url, 43).status_code == 200
    assert delete_organization(sandbox.url, 43).status_code == 404
    sandbox.verify(
        {"calls": {"operation": "deleteOrganization"}, "count": 2},
        {"deleted": {"provider": "partoo", "resource": "organizations", "key": 43}},
    )


def test_who_may_only_read_deletes_nothing(sandbox):
    answer = delete_organization(sandbox.url, 42, key="partoo-provider-read", force=True)
    assert answer.status_code == 403
    sandbox.verify({"untouched": {"provider": "partoo", "resource": "organizations"}})


def test_an_organization_with_businesses_goes_only_by_force(sandbox):
    assert delete_organization(sandbox.url, 42).status_code == 400
    assert delete_organization(sandbox.url, 42, force=True).status_code == 200
    sandbox.verify({"deleted": {"provider": "partoo", "resource": "businesses", "where": {"org_id": 42}}, "count": 3})


def test_a_deletion_can_be_taken_back(sandbox):
    assert delete_organization(sandbox.url, 42, force=True).status_code == 200
    undone = sandbox.undo()
    assert undone["records"]["partoo/businesses"] == 3
    sandbox.verify({"exists": {"provider": "partoo", "resource": "businesses", "where": {"org_id": 42}}, "count": 3})


def test_a_user_is_erased_within_a_day(sandbox):
    sandbox.post("clock", freeze=True)
    job = erase_user(sandbox.url, "yourUserId1")
    assert not is_erased(sandbox.url, job)
    sandbox.advance("PT24H")
    assert is_erased(sandbox.url, job)
    sandbox.verify(
        {"absent": {"provider": "velt", "resource": "members", "where": {"user_id": "yourUserId1"}}},
        {"exists": {"provider": "velt", "resource": "members", "where": {"user_id": "yourUserId2"}}},
    )


def test_nothing_of_an_erased_user_is_left(sandbox):
    [member, *_] = sandbox.get("resources/velt/members", user_id="yourUserId1")["records"]
    assert not sandbox.get("residue", value=member["email"])["clean"]
    erase_user(sandbox.url, "yourUserId1")
    sandbox.advance("PT24H")
    residue = sandbox.get("residue", value=member["email"])
    assert residue["clean"], residue["hits"]


def test_a_refusal_can_be_asked_for(sandbox):
    answer = requests.delete(
        f"{sandbox.url}/partoo/org/43",
        headers={"x-APIKey": "partoo-provider-write", "Prefer": "code=403"},
        timeout=10,
    )
    assert answer.status_code == 403
    assert answer.headers["Preference-Applied"] == "code=403"
    sandbox.verify({"exists": {"provider": "partoo", "resource": "organizations", "key": 43}})


def test_a_broken_connection_is_tried_again(sandbox):
    sandbox.post("faults", operation="deleteOrganization", provider="partoo", connection="reset", times=1)
    assert delete_organization(sandbox.url, 43).status_code == 200
    sandbox.verify({"deleted": {"provider": "partoo", "resource": "organizations"}, "count": 1})


def test_a_deletion_can_be_rehearsed(sandbox):
    answer = requests.delete(
        f"{sandbox.url}/partoo/org/42",
        params={"force": "true"},
        headers={"x-APIKey": "partoo-provider-write", "Prefer": "dry-run"},
        timeout=10,
    )
    assert answer.status_code == 200
    sandbox.verify({"untouched": {"provider": "partoo", "resource": "organizations"}})


def test_what_would_happen_can_be_asked_before(sandbox):
    plan = sandbox.post(
        "plan", method="DELETE", path="/partoo/org/42?force=true", headers={"x-APIKey": "partoo-provider-write"}
    )
    assert plan["counts"]["deleted"]["partoo/businesses"] == 3
    sandbox.verify({"untouched": {"provider": "partoo", "resource": "organizations"}})
