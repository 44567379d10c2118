"""The code under test: it knows base URLs and credentials, and nothing of sandboxes."""

import requests

VELT = {"x-velt-api-key": "velt-sandbox-key", "x-velt-auth-token": "velt-sandbox-token"}


def delete_organization(base, organization, key="partoo-provider-write", force=False):
    """Deletes an organization at Partoo, and asks again once if the connection breaks."""
    for attempt in range(2):
        try:
            return requests.delete(
                f"{base}/partoo/org/{organization}", params={"force": force}, headers={"x-APIKey": key}, timeout=10
            )
        except requests.ConnectionError:
            if attempt:
                raise


def erase_user(base, user):
    """Has a user erased at Velt; the id of the job that does it."""
    answer = requests.post(f"{base}/velt/v2/users/data/delete", json={"data": {"userIds": [user]}}, headers=VELT, timeout=10)
    answer.raise_for_status()
    return answer.json()["data"]["jobId"]


def is_erased(base, job):
    answer = requests.post(
        f"{base}/velt/v2/users/data/delete/status", json={"data": {"jobId": job}}, headers=VELT, timeout=10
    )
    answer.raise_for_status()
    return answer.json()["result"]["data"]["isDeleteCompleted"]
