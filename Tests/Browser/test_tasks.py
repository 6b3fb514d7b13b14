"""Tasks: made, listed, shown on a board; what happens to one is told while it happens."""

from selenium.webdriver.common.keys import Keys

from page import Dashboard, PHONE
from test_looks import CONTRAST

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"


class Tasks(Dashboard):
    @classmethod
    def setUpClass(cls):
        cls.project = cls.api.create(name="Grid of digits", status="active")
        cls.agent = cls.api.agent("task-worker", capabilities=["python"], concurrency=50)

    @classmethod
    def tearDownClass(cls):
        cls.api.send("DELETE", f"/api/v1/agents/{cls.agent.id}")

    def setUp(self):
        super().setUp()
        # A server that keeps no logs or artefacts says so.
        self.expected_errors = [r"/tasks/[^/]+/(logs|artefacts).*404"]

    def task(self, name, after=(), **fields):
        """A task for one test, which nobody else's lease meets."""
        task = self.api.task(self.project, name, after, **{"capabilities": ["python"], "priority": 10, **fields})
        self.addCleanup(self.api.send, "POST", f"/api/v1/tasks/{task['id']}/cancel")
        return task

    def status(self):
        return self.one(".task-state .task-badge").get_attribute("data-status")

    def wait_for_status(self, status):
        self.wait(lambda: self.status() == status, status)

    def test_01_made_with_the_form(self):
        self.expected_errors.append(r"/tasks .*4\d\d")
        self.task("Prepare the digits")
        self.open("tasks")
        self.click_on("[data-shortcut='new']")
        self.click_on("dialog[open] button[type='submit']")
        self.assertEqual(self.one("dialog[open] [name='project_id']").get_attribute("aria-invalid"), "true")
        self.choose(self.one("dialog[open] [name='project_id']"), "Grid of")
        self.one("dialog[open] [name='name']").send_keys("Train the digits")
        field = self.one("dialog[open] [name='input']")
        self.assertIn('"program"', field.get_property("value"))
        field.clear()
        field.send_keys('{"program": "python3",\n"arguments" []}')
        self.click_on("dialog[open] button[type='submit']")
        self.wait_for_text("This is no JSON")
        self.assertIn("line 2", self.text())
        field.clear()
        field.send_keys('{"program": "python3"}')
        # What the server refuses stands beside its field, though that is folded away.
        self.one("dialog[open] [name='capabilities']").send_keys("python, not one!")
        self.all("dialog[open] summary")[1].click()
        self.one("dialog[open] [name='retry/non_retryable']").send_keys("Out of memory")
        self.all("dialog[open] summary")[1].click()
        self.click_on("dialog[open] button[type='submit']")
        self.wait_for_text("Number 2: must")
        self.assertTrue(self.one("dialog[open] [name='retry/non_retryable']").is_displayed())
        self.assertEqual(self.one("dialog[open] [name='retry/non_retryable']").get_attribute("aria-invalid"), "true")
        self.screenshot("task-form-fault-light")
        for name in ["capabilities", "retry/non_retryable"]:
            self.one(f"dialog[open] [name='{name}']").clear()
        self.all("dialog[open] summary")[0].click()
        self.choose(self.one("dialog[open] [name='dependencies']"), "Prepare")
        self.screenshot("task-form-light")
        self.resize(*PHONE)
        self.fits()
        self.screenshot("task-form-phone-light")
        self.click_on("dialog[open] button[type='submit']")
        self.wait(lambda: not self.all("dialog[open]"), "the form to close")
        self.resize(1360, 860)
        self.follow("Train the digits")
        self.wait_for_status("waiting")
        self.wait_for_text("Task Prepare the digits is queued")
        self.assertEqual(self.one(".relations-name").text, "Prepare the digits")

    def test_02_filters_are_in_the_address_and_further_pages_come(self):
        for number in range(60):
            self.task(f"Page {number:02}", kind="paged", priority=1, capabilities=["nobody"])
        self.task("Other kind", kind="other", priority=1, capabilities=["nobody"])
        self.open("tasks?kind=paged")
        self.one(".tasks-table")
        self.wait_for_text("of 60 tasks")
        self.script("window.scrollTo(0, document.body.scrollHeight)")
        self.wait(lambda: len(self.all(".tasks-table tbody tr")) == 60, "the second page")
        names = [one.text for one in self.all(".task-cell a")]
        self.assertEqual(names, [f"Page {number:02}" for number in reversed(range(60))])
        self.one("#task-search").send_keys("07")
        self.wait(lambda: [one.text for one in self.all(".task-cell a")] == ["Page 07"], "what is searched for")
        self.assertEqual(self.script("return location.hash"), "#/tasks?kind=paged&q=07")
        self.wait(lambda: self.one("[data-key='Status-queued'] .amount").text == "1", "the count")
        self.click_on("[data-key='Status-running']")
        self.wait_for_text("No task matches")
        self.screenshot("tasks-no-match-light")
        self.click("Clear the filters")
        self.one(".tasks-table")
        self.choose(self.one("#task-project"), "Grid of")
        self.wait(lambda: f"project={self.project['id']}" in self.script("return location.hash"), "the project in the address")
        self.choose(self.one("#task-agent"), "task-worker")
        self.wait_for_text("No task matches")
        # A reader who comes by the address sees the same.
        self.browser.refresh()
        self.wait(lambda: self.one("#task-project").get_property("value") == "Grid of digits", "the project's name")
        self.assertEqual(self.one("#task-agent").get_property("value"), "task-worker")

    def test_03_the_list_follows(self):
        task = self.task("Followed")
        self.open("tasks?q=followed")
        row = self.one(f".tasks-table tr:has([data-key='task-{task['id']}'])")
        self.assertEqual(row.get_attribute("data-status"), "queued")
        self.one(f"[data-key='task-{task['id']}']").send_keys("")
        lease = self.agent.take(task)
        self.one(".tasks-table tr[data-status='running']")
        # The row is drawn anew, and keeps the focus.
        self.assertEqual(self.script("return document.activeElement.dataset.key"), f"task-{task['id']}")
        self.assertIn("task-worker", self.one(".tasks-table tbody").text)
        self.task("Followed by another", capabilities=["nobody"])
        self.wait(lambda: len(self.all(".tasks-table tbody tr")) == 2, "the new one")
        self.agent.complete(lease)
        self.one(".tasks-table tr[data-status='succeeded']")

    def test_04_the_board_has_a_column_a_state(self):
        first = self.task("Board first")
        self.task("Board second", after=[first])
        lease = self.agent.take(first)
        self.open("tasks?view=board&q=board")
        self.wait(lambda: len(self.all(".task-card")) == 2, "the cards")
        columns = {column.get_attribute("aria-label"): column for column in self.all(".board-column")}
        self.assertEqual(list(columns), ["Waiting", "Queued", "Running", "Succeeded", "Failed", "Cancelled, skipped"])
        self.assertIn("Board first", columns["Running"].text)
        self.assertIn("Board second", columns["Waiting"].text)
        self.wait(lambda: columns["Running"].find_element("css selector", ".amount").text == "1", "the count")
        self.agent.fail(lease, "not_there", "No such file.")
        self.wait(lambda: "Board first" in columns["Queued"].text, "the failed one in the queue again")
        self.assertIn("not_there", columns["Queued"].text)
        self.api.request("POST", f"/api/v1/tasks/{first['id']}/cancel")
        self.wait(lambda: "Board second" in columns["Cancelled, skipped"].text, "the skipped one")
        self.screenshot("tasks-board-light")
        self.click_on("[data-key='View-']")
        self.one(".tasks-table")
        self.assertEqual(self.script("return location.hash"), "#/tasks?q=board")

    def test_05_an_attempt_is_watched(self):
        task = self.task("Watched", input={"program": "train.py", "rate": 0.1}, retry={"attempts_max": 2, "first_delay_seconds": 0})
        self.open(f"tasks/{task['id']}")
        self.wait_for_status("queued")
        self.wait_for_text("with python")
        self.assertFalse(self.all(".attempts-card:not([hidden])"))
        lease = self.agent.take(task)
        self.wait_for_status("running")
        self.wait_for_text("does attempt 1")
        self.agent.renew(lease, 0.4, "epoch 4 of 10")
        self.one(".progress[aria-valuenow='40']")
        self.assertIn("epoch 4 of 10", self.one(".progress-card").text)
        self.screenshot("task-running-light", whole=True)
        self.agent.fail(lease, "out_of_memory", HOSTILE)
        self.wait_for_status("queued")
        self.assertEqual(self.one(".code.is-error").text, HOSTILE)
        self.agent.complete(self.agent.take(task), loss=0.25)
        self.wait_for_status("succeeded")
        rows = self.wait(lambda: len(self.all(".attempts-table tbody tr")) == 2 and self.all(".attempts-table tbody tr"), "two attempts")
        self.assertIn("Succeeded", rows[0].text)
        self.assertIn("out_of_memory", rows[1].text)
        self.assertIn('"loss": 0.25', self.one(".result-card .code").text)
        self.assertFalse(self.all("#content img, #content b"))
        for size, scheme in [((1360, 860), "dark"), (PHONE, "light"), (PHONE, "dark")]:
            self.resize(*size)
            self.colours(scheme)
            self.fits()
            # The picture waits until the colours have passed over into the others.
            self.screenshot(f"task-succeeded{'-phone' if size == PHONE else ''}-{scheme}", whole=True)
            faint, small = self.script(CONTRAST)
            self.assertEqual((faint, small), ([], []), f"{size} {scheme}")

    def test_06_steps_by_a_person(self):
        task = self.task("Stepped", capabilities=["nobody"])
        self.open(f"tasks/{task['id']}")
        self.click("Pause")
        self.wait_for_status("paused")
        self.click("Resume")
        self.wait_for_status("queued")
        self.click("Cancel task")
        self.click_on("dialog[open] [autofocus]")
        self.assertEqual(self.api.request("GET", f"/api/v1/tasks/{task['id']}")["status"], "queued")
        self.click("Cancel task")
        self.screenshot("task-cancel-light")
        self.click_on("dialog[open] .button.danger")
        self.wait_for_status("cancelled")
        self.click("Retry")
        self.click_on("dialog[open] .dialog-footer .primary")
        self.wait_for_status("queued")
        self.api.request("POST", f"/api/v1/tasks/{task['id']}/cancel")
        self.wait_for_status("cancelled")
        self.click("Delete")
        self.click_on("dialog[open] .button.danger")
        self.wait(lambda: self.script("return location.hash") == "#/tasks", "the list")
        self.assertEqual(self.api.send("GET", f"/api/v1/tasks/{task['id']}")[0], 404)

    def test_07_a_change_of_another_version_is_told_and_not_made(self):
        self.expected_errors.append("412")
        task = self.task("Changed meanwhile", capabilities=["nobody"])
        path = f"/api/v1/tasks/{task['id']}"
        self.open(f"tasks/{task['id']}")
        self.click("Cancel task")
        self.one("dialog[open] .button.danger")
        self.api.request("POST", f"{path}/pause")
        self.click_on("dialog[open] .button.danger")
        self.wait_for_text("Nothing was done: the task changed meanwhile and is paused now.")
        self.screenshot("task-conflict-light")
        self.assertEqual(self.api.request("GET", path)["status"], "paused")
        self.one("dialog[open]").send_keys(Keys.ESCAPE)
        self.wait_for_status("paused")

    def test_08_what_others_write_is_text(self):
        task = self.task(HOSTILE, capabilities=["nobody"], input={HOSTILE: HOSTILE})
        self.task(f"After {HOSTILE}", after=[task], capabilities=["nobody"])
        for path, ready in [("tasks?q=onerror", ".tasks-table"), ("tasks?view=board&q=onerror", ".task-card"), (f"tasks/{task['id']}", ".relations-list"),
                            (f"tasks/{task['id']}/graph", ".graph-node"), (f"projects/{self.project['id']}", ".tasks-table")]:
            self.open(path)
            self.one(ready)
            self.assertFalse(self.all("#content img, #content b"), path)
            self.assertNotEqual(self.browser.title, "owned")

    def test_09_a_project_shows_its_tasks_and_takes_new_ones(self):
        project = self.api.create(name="A project with tasks")
        self.open(f"projects/{project['id']}")
        self.wait_for_text("No tasks yet")
        self.click_on(".project-tasks [data-shortcut='new']")
        self.wait(lambda: self.one("dialog[open] [name='project_id']").get_property("value") == "A project with tasks", "the project's name")
        self.one("dialog[open] [name='name']").send_keys("From the project")
        self.one("dialog[open] [name='capabilities']").send_keys("nobody")
        self.click_on("dialog[open] button[type='submit']")
        self.one(".project-tasks .tasks-table")
        self.screenshot("project-tasks-light", whole=True)
        self.follow("1 task")
        self.one(".nav a[href='#/tasks'][aria-current='page']")
        self.wait(lambda: [one.text for one in self.all(".task-cell a")] == ["From the project"], "its tasks")

    def test_10_one_that_is_not_there(self):
        self.expected_errors.append("404")
        self.open("tasks/018bcfe5-6800-7000-8000-000000000000")
        self.wait_for_text("This task is not there")
        self.open("tasks/018bcfe5-6800-7000-8000-000000000000/graph")
        self.wait_for_text("This task is not there")

    def test_11_the_keyboard_chooses(self):
        self.open("overview")
        self.one(".shell")
        self.press("gt")
        self.one(".nav a[href='#/tasks'][aria-current='page']")
        self.press("/")
        self.assertEqual(self.script("return document.activeElement.id"), "task-search")
        self.press(Keys.TAB)
        self.assertEqual(self.script("return document.activeElement.id"), "task-project")
        self.press("Grid")
        self.wait(lambda: self.all(".offers:not([hidden]) [role='option'][data-id]"), "offers")
        self.press(Keys.ESCAPE)
        self.assertFalse(self.all(".offers:not([hidden])"))
        self.press(Keys.TAB)
        self.wait(lambda: self.one("#task-project").get_property("value") == "", "what was no choice to go")
        self.script("document.activeElement.blur()")
        self.press("gw")
        self.one(".nav a[href='#/agents'][aria-current='page']")

    def test_12_going_back_leads_to_the_same_place(self):
        for number in range(60):
            self.task(f"Place {number:02}", kind="placed", priority=1, capabilities=["nobody"])
        self.open("tasks?kind=placed")
        self.one(".tasks-table")
        self.script("window.scrollTo(0, document.body.scrollHeight)")
        self.wait(lambda: len(self.all(".tasks-table tbody tr")) == 60, "the second page")
        link = self.link("Place 03")
        self.script("arguments[0].scrollIntoView({ block: 'center' })", link)
        top = self.script("return window.scrollY")
        link.click()
        self.one(".why-card")
        self.click_on(".back")
        self.wait(lambda: self.script("return document.activeElement.textContent") == "Place 03", "the focus on the task")
        self.assertEqual(self.script("return location.hash"), "#/tasks?kind=placed")
        self.assertLess(abs(self.script("return window.scrollY") - top), 40)

    def test_13_a_dependency_is_added_and_a_cycle_refused(self):
        self.expected_errors.append("409")
        first = self.task("Adds first", capabilities=["nobody"])
        second = self.task("Adds second", capabilities=["nobody"])
        self.open(f"tasks/{second['id']}")
        self.wait_for_text("It depends on no other task.")
        self.click_on(".relations .card-header button")
        self.click_on("dialog[open] button[type='submit']")
        self.wait_for_text("Choose one of the tasks that are offered.")
        self.choose(self.one("dialog[open] [name='task_id']"), "Adds first")
        self.screenshot("task-dependency-light")
        self.click_on("dialog[open] button[type='submit']")
        self.wait_for_status("waiting")
        self.follow("Adds first")
        self.wait(lambda: self.one("h1").text == "Adds first", "the other task")
        self.assertEqual(self.one(".relations-name").text, "Adds second")
        self.click_on(".relations .card-header button")
        self.choose(self.one("dialog[open] [name='task_id']"), "Adds second")
        self.click_on("dialog[open] button[type='submit']")
        self.wait(lambda: "depends on" in self.one("dialog[open] .field-fault:not([hidden])").text, "the cycle")
        self.assertEqual(self.api.request("GET", f"/api/v1/tasks/{first['id']}")["dependencies"], [])
