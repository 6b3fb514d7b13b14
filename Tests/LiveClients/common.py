"""What the two clients share: requests to the server's API."""
import base64
import json
import sys
import urllib.request

port, password = sys.argv[1], sys.argv[2]
basic = "Basic " + base64.b64encode(f"admin:{password}".encode()).decode()


def api(method, path, body=None):
    """The JSON of an answer."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/{path}", data, method=method)
    request.add_header("Authorization", basic)
    if body is not None:
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=20) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def project(name):
    """Makes a project; its name is long enough to be compressed."""
    return api("POST", "projects", {"name": name, "type": "research", "description": "again and again " * 100})


def ticket():
    """A ticket for one stream."""
    return api("POST", "auth/tickets")["ticket"]
