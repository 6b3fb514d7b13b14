"""The example of the README, as its users run it: two workers train a grid of models, and the page, PromQL and an alert follow them."""

import os
import re
import subprocess
from urllib.parse import urlencode

from page import Dashboard
from server import BINARY, PASSWORD, ROOT

WORKER = BINARY.with_name("kaskman-worker")
EXPERIMENT = ROOT / "docs" / "examples" / "experiment"
ALERT = "TrainingNoBetterThanGuessing"
# Two processes train on a machine that may have two cores and other work.
PATIENCE = 300


class Experiment(Dashboard):
    @classmethod
    def setUpClass(cls):
        made = subprocess.run([ROOT / "scripts" / "experiment-environment"], stdout=subprocess.PIPE, text=True, check=True)
        cls.python = made.stdout.strip()

    def setUp(self):
        super().setUp()
        # On a machine whose cores all train, the server may say of itself that it is late.
        self.expected_errors = [r"/api/v1/health "]
        self.folder = self.server.folder / "experiment"
        self.folder.mkdir(exist_ok=True)
        self.processes = []

    def tearDown(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            process.wait(60)
        super().tearDown()

    def start(self, name, arguments, **environment):
        log = open(self.folder / f"{name}.log", "w")
        self.addCleanup(log.close)
        variables = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "KASKMAN_URL": self.server.url, **environment}
        process = subprocess.Popen(arguments, cwd=self.folder, env=variables, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def said(self, name):
        return (self.folder / f"{name}.log").read_text()

    def query(self, expression):
        return self.api.request("GET", "/prometheus/api/v1/query?" + urlencode({"query": expression}))["data"]["result"]

    def alerts(self):
        alerts = self.api.request("GET", "/prometheus/api/v1/alerts")["data"]["alerts"]
        return [one for one in alerts if one["labels"]["alertname"] == ALERT and one["state"] == "firing"]

    def test_a_grid_is_searched(self):
        for name in ["trainer-1", "trainer-2"]:
            agent = self.api.agent(name, capabilities=["shell"])
            self.start(name, [WORKER, "--executors", "shell", "--work-dir", self.folder / name], KASKMAN_TOKEN=agent.token)
        search = self.start(
            "search", ["/usr/bin/python3", EXPERIMENT / "experiment.py", "--python", self.python],
            KASKMAN_USER="admin", KASKMAN_PASSWORD=PASSWORD)

        # While it runs: every point that is trained has its series, under the server's own labels.
        def two_at_once():
            if search.poll() is not None:
                self.fail(f"the search ended early:\n{self.said('search')}\n{self.said('trainer-1')}")
            return len(self.query("experiment_loss")) == 2
        self.wait(two_at_once, "the losses of two trainings at once", PATIENCE)
        losses = self.query("experiment_loss")
        self.assertEqual(len({one["metric"]["agent"] for one in losses}), 2, "each by a worker of its own")
        task = losses[0]["metric"]["task"]
        self.open(f"tasks/{task}")
        self.wait(lambda: self.all(".log-line"), "the log of a training", 60)
        self.drawn(".metrics-card")
        self.screenshot("experiment-task-light", whole=True)
        fired = self.wait(self.alerts, "the alert on a training that learns nothing", PATIENCE)
        self.assertEqual(fired[0]["labels"]["learning_rate"], "3")
        self.open("overview")
        self.wait_for_text(ALERT, 60)
        self.screenshot("experiment-alert-light", whole=True)

        self.assertEqual(search.wait(PATIENCE), 0, self.said("search"))
        best = re.search(r"best: alpha .*, accuracy (0\.\d+); its model is model.joblib, (\d+) bytes", self.said("search"))
        self.assertGreater(float(best[1]), 0.95)
        self.assertEqual((self.folder / "model.joblib").stat().st_size, int(best[2]))
        # What a program can do with it: it is the model, and it reads digits.
        check = "import joblib, sklearn.datasets as d; x = d.load_digits(); print(joblib.load('model.joblib').score(x.data / 16, x.target))"
        score = subprocess.run([self.python, "-c", check], cwd=self.folder, stdout=subprocess.PIPE, text=True, check=True)
        self.assertGreater(float(score.stdout), 0.95)

        # The series of what has ended end, and the alert with them; their history stays.
        self.wait(lambda: not self.query("experiment_loss"), "the end of the series", 60)
        self.wait(lambda: not self.alerts(), "the end of the alert", 60)
        self.assertEqual(len(self.query("count by (task) (last_over_time(experiment_accuracy[1h]))")), 6)
        project = re.search(r"#/projects/(\S+)", self.said("search"))[1]
        self.open(f"projects/{project}")
        self.wait_for_text("Digits")
        self.screenshot("experiment-project-light", whole=True)
        done = self.api.request("GET", f"/api/v1/tasks?project={project}&status=succeeded")["items"]
        self.assertEqual(len(done), 6)
