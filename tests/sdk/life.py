"""What the clients' tests say of a life."""


def check(what, found, expected):
    if found != expected:
        raise SystemExit(f"{what}: {found!r}, and not {expected!r}")


def absent(error, call):
    """Whether a call tells that the thing is not there, as the client has it."""
    try:
        found = call()
    except error:
        return
    raise SystemExit(f"absent: {found!r}")
