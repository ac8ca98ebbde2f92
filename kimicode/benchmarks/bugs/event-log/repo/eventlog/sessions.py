from collections import Counter


def open_sessions(log):
    """Users who logged in and have not logged out since."""
    users = set()
    for event in log.events():
        user = event["payload"].get("user")
        if event["kind"] == "login":
            users.add(user)
        elif event["kind"] == "log_out":
            users.discard(user)
    return users


def failures_by_user(log):
    return Counter(event["payload"]["user"] for event in log.events("login_failed"))


def last_seen(log):
    seen = {}
    for event in log.events():
        user = event["payload"].get("user")
        if user is not None:
            seen[user] = event["at"]
    return seen
