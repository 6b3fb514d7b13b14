#!/usr/bin/env python3
"""An agent in Python's standard library alone: does tasks of the kind "square" until there are none for a while.

    KASKMAN_URL=http://127.0.0.1:8080 KASKMAN_TOKEN=kma_... python3 agent.py
"""
import datetime, json, os, threading, urllib.error, urllib.request

URL = os.environ.get("KASKMAN_URL", "http://127.0.0.1:8080") + "/api/v1"
TOKEN = os.environ["KASKMAN_TOKEN"]


def call(path, body=None, text=None):
    """POSTs JSON or text (GETs without either) and returns the answer's JSON; None for a lost lease or an unknown route."""
    kind = "application/json" if text is None else "text/plain; version=0.0.4"
    data = text.encode() if text is not None else body if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, {"Authorization": "Bearer " + TOKEN, "Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code in (404, 409):
            return None
        raise


def keep(task, token, seconds, done):
    """Renews the lease until the work is done; the server says 409 when it is lost, and then nobody wants the result."""
    while not done.wait(seconds / 3):
        call(f"/tasks/{task}/renew", {"token": token})


def work(lease):
    task, token = lease["task"], lease["token"]
    place, done = f"/tasks/{task['id']}", threading.Event()
    seconds = task["timeouts"]["heartbeat_seconds"]
    threading.Thread(target=keep, args=(task["id"], token, seconds, done), daemon=True).start()
    try:
        number = float(task["input"]["number"])
        now = datetime.datetime.now(datetime.timezone.utc).isoformat()
        line = {"sequence": 1, "at": now, "stream": "stdout", "text": f"squaring {number}"}
        call(place + "/logs", {"token": token, "lines": [line]})
        call(place + f"/metrics?token={token}", text=f"square_input {number}\n")
        call(place + "/complete", {"token": token, "output": {"square": number * number}})
    except (KeyError, ValueError) as error:
        call(place + "/fail", {"token": token, "error": {"class": "invalid_input", "message": repr(error)}})
    finally:
        done.set()


me = call("/agents/me")["id"]
wait = float(os.environ.get("WAIT_SECONDS", "20"))
while leases := call(f"/agents/{me}/leases", {"count": 1, "wait_seconds": wait})["leases"]:
    for lease in leases:
        work(lease)
call(f"/agents/{me}/heartbeat", {"ending": True})
