"""What attempts send while they run: lines of a log, files, metrics. Says that it did not run where the server takes none of them."""

import base64
import hashlib
import unittest

from page import Dashboard, PATIENCE

TEXT = "epoch 1 <b>bold</b> & more"


class Reports(Dashboard):
    @classmethod
    def setUpClass(cls):
        paths = cls.api.request("GET", "/api/v1/openapi.json")["paths"]
        missing = [name for name in ["logs", "artefacts", "metrics"] if f"/api/v1/tasks/{{id}}/{name}" not in paths]
        if missing:
            raise unittest.SkipTest(f"the server has no {', '.join(missing)} of tasks")
        cls.project = cls.api.create(name="Reports")
        cls.agent = cls.api.agent("report-worker", capabilities=["report"], concurrency=10)

    @classmethod
    def tearDownClass(cls):
        cls.api.send("DELETE", f"/api/v1/agents/{cls.agent.id}")

    def begun(self, name):
        task = self.api.task(self.project, name, capabilities=["report"], priority=10)
        lease = self.agent.take(task)
        self.addCleanup(self.agent.send, "POST", f"/api/v1/tasks/{task['id']}/complete", {"token": lease["token"]})
        return task, lease

    def say(self, lease, first, last, stream="stdout", text=TEXT):
        lines = [{"sequence": n, "at": "2026-11-30T12:00:00Z", "stream": stream, "text": f"{text} {n}"} for n in range(first, last + 1)]
        self.agent.use("logs", lease, lines=lines)

    def lines(self):
        # In one question: thousands of elements are thousands of questions otherwise.
        return self.script("return [...document.querySelectorAll('.log-line .log-text')].map((e) => e.textContent)")

    def numbers(self):
        return self.script("return [...document.querySelectorAll('.log-line')].map((e) => Number(e.dataset.sequence))")

    def test_01_lines_come_as_they_are_written(self):
        task, lease = self.begun("Talkative")
        self.open(f"tasks/{task['id']}")
        self.wait_for_text("Nothing yet")
        self.say(lease, 1, 3)
        self.wait(lambda: self.lines() == [f"{TEXT} {n}" for n in (1, 2, 3)], "the first lines")
        self.say(lease, 4, 4, "stderr", "\u001b[31mred\u001b[0m")
        self.wait(lambda: self.lines()[-1:] == ["red 4"], "the next line, without its escapes")
        self.assertEqual(len(self.all(".log-line.is-stderr")), 1)
        self.assertFalse(self.all(".log b"))
        # Whoever scrolls up is left alone; following goes on at the end.
        self.say(lease, 5, 200)
        self.wait(lambda: len(self.numbers()) == 200, "all lines")
        log = "document.querySelector('.log')"
        at_end = f"return {log}.scrollHeight - {log}.scrollTop - {log}.clientHeight < 24"
        self.wait(lambda: self.script(at_end), "the newest line in sight")
        self.script(f"{log}.scrollTop = 0")
        self.one(".log-card .live[aria-pressed='false']")
        self.say(lease, 201, 210)
        self.wait(lambda: len(self.numbers()) == 210, "ten more")
        self.assertEqual(self.script(f"return {log}.scrollTop"), 0)
        self.click_on(".log-card .live")
        self.wait(lambda: self.script(at_end), "the newest line in sight again")
        self.screenshot("task-log-light")
        self.agent.complete(lease)
        self.wait_for_text("The attempt has ended.", 40)

    def test_02_a_long_log_shows_its_end_and_older_lines_on_demand(self):
        task, lease = self.begun("Very talkative")
        for first in range(1, 7001, 1000):
            self.say(lease, first, first + 999, text="line")
        self.agent.complete(lease)
        self.open(f"tasks/{task['id']}")
        self.wait(lambda: self.lines()[-1:] == ["line 7000"], "the end", 40)
        numbers = self.numbers()
        self.assertEqual(numbers, list(range(7001 - len(numbers), 7001)))
        self.assertLessEqual(len(numbers), 5000)
        self.script("document.querySelector('.log-older').click()")
        self.wait(lambda: self.numbers()[0] == numbers[0] - 1000, "older lines")
        self.assertLessEqual(len(self.numbers()), 5000)

    def test_03_files_are_listed_and_fetched(self):
        task, lease = self.begun("Leaves a file")
        content = b"weights" * 1000
        digest = hashlib.sha256(content).hexdigest()
        artefact = self.agent.use("artefacts", lease, name="model/best.bin", bytes=len(content), sha256=digest)
        if not artefact["complete"]:
            self.agent.connection.request("PATCH", f"/api/v1/tasks/{task['id']}/artefacts/{artefact['id']}?token={lease['token']}", content, {
                "Authorization": f"Bearer {self.agent.token}", "Content-Type": "application/octet-stream", "Upload-Offset": "0"})
            response = self.agent.connection.getresponse()
            self.assertEqual((response.status, response.read())[0], 200)
        self.open(f"tasks/{task['id']}")
        self.wait(lambda: [one.text for one in self.all(".artefact-name")] == ["model/best.bin"], "the file")
        self.assertIn(digest[:16], self.one(".artefacts").text)
        self.assertIn("7 kB", self.one(".artefacts").text)
        # What the browser is given to save is what was sent.
        self.script("URL.createObjectURL = ((make) => (blob) => { window.saved = blob; return make.call(URL, blob); })(URL.createObjectURL)")
        self.click_on("button[aria-label='Download model/best.bin']")
        self.wait(lambda: self.script("return window.saved?.size") == len(content), "the download")
        text = self.browser.execute_async_script("""
            const done = arguments[0];
            window.saved.arrayBuffer().then((buffer) => done(btoa(String.fromCharCode(...new Uint8Array(buffer)))));""")
        self.assertEqual(base64.b64decode(text), content)
        self.screenshot("task-artefacts-light")

    def test_04_metrics_are_charted(self):
        task, lease = self.begun("Measures")
        path = f"/api/v1/tasks/{task['id']}/metrics?token={lease['token']}"
        for loss in [0.9, 0.5, 0.3]:
            self.agent.request("POST", path, {"samples": [{"name": "loss", "value": loss}, {"name": "accuracy", "value": 1 - loss}]})
        self.open(f"tasks/{task['id']}")
        self.wait(lambda: sorted(one.text for one in self.all(".metrics-card .chip")) == ["accuracy", "loss"], "the metrics", PATIENCE)
        self.drawn(".metrics-card")
        self.click_on("[data-key='metric-loss']")
        self.wait(lambda: len(self.all(".task-chart")) == 1, "one chart")
        self.assertIn("metrics=accuracy", self.script("return location.hash"))
        self.screenshot("task-metrics-light")
