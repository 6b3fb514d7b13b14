"""The server without a browser, to prepare what the page is to show."""

import http.client
import json
import threading
import time
import urllib.parse


class API:
    def __init__(self, server, username, password):
        self.connect(server)
        self.token = None
        self.token = self.login(username, password)[1]["access_token"]

    def connect(self, server):
        self.server = server
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        self.last = time.monotonic()

    def login(self, username, password, headers=None):
        return self.send("POST", "/api/v1/auth/login", {"username": username, "password": password}, headers)

    def send(self, method, path, body=None, headers=None):
        """(status, body)"""
        headers = {"Accept": "application/json", "Content-Type": "application/json", **(headers or {})}
        if self.token:
            headers["Authorization"] = "Bearer " + self.token
        # The server ends a connection on which nothing came for a while; the next request makes a new one.
        if time.monotonic() - self.last > 20:
            self.connection.close()
        self.last = time.monotonic()
        self.connection.request(method, path, None if body is None else json.dumps(body), headers)
        response = self.connection.getresponse()
        text = response.read()
        return response.status, json.loads(text) if text else None

    def request(self, method, path, body=None):
        status, answer = self.send(method, path, body)
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer

    def create(self, **project):
        return self.request("POST", "/api/v1/projects", {"type": "research", **project})

    def task(self, project, name, after=(), **fields):
        """A task; `after` holds tasks that are to succeed first, or pairs of a task and a condition."""
        pairs = [one if isinstance(one, tuple) else (one, "success") for one in after]
        dependencies = [{"task_id": task["id"], "condition": condition} for task, condition in pairs]
        body = {"project_id": project["id"], "kind": "shell", "name": name, "dependencies": dependencies, **fields}
        return self.request("POST", "/api/v1/tasks", body)

    def agent(self, name, **fields):
        """A new agent that can be told to work."""
        return Agent(self, self.request("POST", "/api/v1/agents", {"name": name, "type": "coder", **fields}))

    def user(self, username, display_name):
        """A user by name; made when there is none."""
        body = {"username": username, "display_name": display_name, "roles": ["researcher"], "password": "correct horse battery"}
        status, answer = self.send("POST", "/api/v1/users", body)
        if status not in (201, 409):
            raise RuntimeError(f"user {username}: {status} {answer}")
        return username

    def projects(self, **filters):
        """All projects of a list, page by page."""
        items, cursor = [], None
        while True:
            query = urllib.parse.urlencode({**filters, "limit": 200, **({"cursor": cursor} if cursor else {})})
            page = self.request("GET", f"/api/v1/projects?{query}")
            items += page["items"]
            cursor = page["next_cursor"]
            if not cursor:
                return items

    def rule(self, name):
        groups = self.request("GET", "/prometheus/api/v1/rules")["data"]["groups"]
        return next(rule for group in groups for rule in group["rules"] if rule["name"] == name)


class Agent(API):
    """An agent with its own token: leases tasks, renews, completes and fails them."""

    def __init__(self, api, registration):
        self.connect(api.server)
        self.token = registration["token"]
        self.id = registration["id"]
        self.name = registration["name"]

    def heartbeat(self, **report):
        self.request("POST", f"/api/v1/agents/{self.id}/heartbeat", report)

    def lease(self, count=1):
        return self.request("POST", f"/api/v1/agents/{self.id}/leases", {"count": count})["leases"]

    def take(self, task):
        """The lease of one task, which must be the next that this agent gets."""
        [lease] = self.lease()
        if lease["task"]["id"] != task["id"]:
            raise RuntimeError(f"{self.name} got {lease['task']['name']} instead of {task['name']}")
        return lease

    def use(self, word, lease, **body):
        return self.request("POST", f"/api/v1/tasks/{lease['task']['id']}/{word}", {"token": lease["token"], **body})

    def renew(self, lease, fraction, message):
        return self.use("renew", lease, fraction=fraction, message=message)

    def complete(self, lease, **output):
        return self.use("complete", lease, output=output)

    def fail(self, lease, name, message=""):
        return self.use("fail", lease, error={"class": name, "message": message})


class PasswordGuesser:
    """Somebody who tries passwords until told to stop, each time for another name and from another network."""

    def __init__(self, server):
        self.server = server
        self.stopped = threading.Event()
        self.statuses = set()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.stopped.set()
        self.thread.join()

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        number = 0
        while not self.stopped.wait(0.25):
            number += 1
            body = json.dumps({"username": f"guess{number}", "password": "password1234"})
            headers = {"Content-Type": "application/json", "X-Forwarded-For": f"198.18.{number % 250}.{number // 250 + 1}"}
            connection.request("POST", "/api/v1/auth/login", body, headers)
            response = connection.getresponse()
            response.read()
            self.statuses.add(response.status)
