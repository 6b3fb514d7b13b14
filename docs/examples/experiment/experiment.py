"""A grid search as a project of KaskManager: a task a point, workers train them, the best model is downloaded.

    KASKMAN_URL=http://127.0.0.1:8080 KASKMAN_USER=ada KASKMAN_PASSWORD=… python3 experiment.py

The user is a researcher. Needs nothing but Python here; the workers need scikit-learn.
"""

import argparse
import base64
import hashlib
import itertools
import json
import os
import pathlib
import sys
import urllib.error
import urllib.request

server = os.environ.get("KASKMAN_URL", "http://127.0.0.1:8080")
credentials = base64.b64encode(f"{os.environ['KASKMAN_USER']}:{os.environ['KASKMAN_PASSWORD']}".encode()).decode()
here = pathlib.Path(__file__).parent


def call(method, path, body=None):
    request = urllib.request.Request(
        server + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": "Basic " + credentials, "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        sys.exit(f"{method} {path}: {error.code} {error.read().decode()}")


def ask(method, path, body=None):
    return json.loads(call(method, path, body))


def grid_task(project, alpha, rate, options):
    return {
        "project_id": project,
        "name": f"alpha {alpha:g}, learning rate {rate:g}",
        "kind": "shell",
        "capabilities": ["shell"],
        "input": {
            "program": options.python,
            "arguments": ["train.py", "--alpha", str(alpha), "--learning-rate", str(rate), "--epochs", str(options.epochs)],
            "environment": {"OMP_NUM_THREADS": "1"},
            "files": {"train.py": (here / "train.py").read_text()},
            "artefacts": ["model.joblib"],
        },
        "timeouts": {"start_to_close_seconds": 600},
    }


def finished(task):
    """The task once it has ended; what it logs is shown as it comes."""
    after = 0
    while True:
        page = ask("GET", f"/api/v1/tasks/{task['id']}/logs?after={after}&wait_seconds=20")
        for line in page["items"]:
            print(f"  {task['name']}: {line['text']}")
        after = page["next_after"]
        now = ask("GET", f"/api/v1/tasks/{task['id']}")
        if now["status"] in ("succeeded", "dead", "cancelled", "skipped") and not page["items"]:
            return now


options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
options.add_argument("--python", default="python3", help="the worker's Python that has scikit-learn")
options.add_argument("--epochs", type=int, default=80)
options.add_argument("--model", default="model.joblib", help="where the best model goes")
options = options.parse_args()

project = ask("POST", "/api/v1/projects", {"name": "Digits", "type": "research", "description": "How well can they be read?"})
tasks = [
    ask("POST", "/api/v1/tasks", grid_task(project["id"], alpha, rate, options))
    for alpha, rate in itertools.product([0.0001, 0.01], [0.0003, 0.003, 3.0])
]
print(f"{len(tasks)} tasks: {server}/#/projects/{project['id']}")

ended = [finished(task) for task in tasks]
good = [task for task in ended if task["status"] == "succeeded"]
if not good:
    sys.exit("no task succeeded")
best = max(good, key=lambda task: task["output"]["accuracy"])
(artefact,) = ask("GET", f"/api/v1/tasks/{best['id']}/artefacts")["items"]
model = call("GET", f"/api/v1/tasks/{best['id']}/artefacts/{artefact['id']}/content")
assert hashlib.sha256(model).hexdigest() == artefact["sha256"], "the model is not the one that was uploaded"
pathlib.Path(options.model).write_bytes(model)
print(f"best: {best['name']}, accuracy {best['output']['accuracy']:.4f}; its model is {options.model}, {len(model)} bytes")
