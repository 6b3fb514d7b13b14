"""Agents: registered with a token that is shown once, watched at work, drained and removed."""

from selenium.webdriver.common.keys import Keys

from page import Dashboard, PHONE


class Agents(Dashboard):
    def setUp(self):
        super().setUp()
        # A server that keeps no logs or artefacts says so.
        self.expected_errors = [r"/tasks/[^/]+/(logs|artefacts).*404"]

    def made(self, name, **fields):
        agent = self.api.agent(name, **fields)
        self.addCleanup(self.api.send, "DELETE", f"/api/v1/agents/{agent.id}")
        return agent

    def card(self, name):
        return self.wait(lambda: next((c for c in self.all(".agent-card") if c.text.startswith(name)), None), f"the card of {name}")

    def test_01_nothing_yet(self):
        self.open("agents")
        self.wait_for_text("No agents yet")
        self.screenshot("agents-empty-light")

    def test_02_registered_with_a_token_that_is_shown_once(self):
        self.expected_errors.append(r"/agents .*4\d\d")
        self.open("agents")
        self.wait_for_text("No agents yet")
        self.click_on("[data-shortcut='new']")
        self.click_on("dialog[open] button[type='submit']")
        self.assertEqual(self.one("dialog[open] [name='name']").get_attribute("aria-invalid"), "true")
        self.one("dialog[open] [name='name']").send_keys("night-worker")
        self.one("dialog[open] [name='capabilities']").send_keys(", not one!")
        self.one("dialog[open] [name='labels']").send_keys("zone")
        self.click_on("dialog[open] button[type='submit']")
        self.wait_for_text("Each label is written name=value.")
        self.one("dialog[open] [name='labels']").send_keys("=eu")
        self.click_on("dialog[open] button[type='submit']")
        self.wait_for_text("Number 3:")
        self.screenshot("agent-form-fault-light")
        field = self.one("dialog[open] [name='capabilities']")
        field.clear()
        field.send_keys("shell, gpu")
        self.click_on("dialog[open] button[type='submit']")
        secrets = self.wait(lambda: [one.text for one in self.all("dialog[open] .secret code")], "the token")
        self.assertEqual(len(secrets), 2)
        token, command = secrets
        self.assertRegex(token, r"^[\w-]{20,}$")
        self.assertEqual(command, f"KASKMAN_URL={self.server.url} KASKMAN_TOKEN={token} kaskman-worker --executors shell")
        self.screenshot("agent-token-light")
        self.resize(*PHONE)
        self.colours("dark")
        self.fits()
        self.screenshot("agent-token-phone-dark")
        # The token is the agent's: it may ask for work with it.
        agent = self.api.request("GET", "/api/v1/agents?q=night")["items"][0]
        self.addCleanup(self.api.send, "DELETE", f"/api/v1/agents/{agent['id']}")
        self.assertEqual(agent["labels"], {"zone": "eu"})
        self.resize(1360, 860)
        self.click("I have kept it")
        self.assertIn("Never seen", self.card("night-worker").text)
        self.assertNotIn(token, self.script("return document.documentElement.outerHTML"))

    def test_03_a_card_tells_load_work_and_record(self):
        agent = self.made("card-worker", concurrency=2, capabilities=["card"])
        agent.heartbeat(load=0.5)
        project = self.api.create(name="Work for agents")
        for number in range(4):
            self.api.task(project, f"Work {number}", capabilities=["card"], retry={"attempts_max": 1})
        leases = agent.lease(2)
        agent.complete(leases[0])
        agent.fail(leases[1], "out_of_memory", "The kernel ended the process.")
        leases = agent.lease(2)
        agent.renew(leases[0], 0.25, "epoch 1 of 4")
        self.open("agents")
        card = self.card("card-worker")
        self.wait(lambda: "2 of 2 running" in self.card("card-worker").text, "the load")
        self.assertIn("50 % of 2 attempts succeeded", card.text)
        self.assertIn("25 %", card.text)
        # Without a hand on it, the card follows.
        agent.renew(leases[0], 0.75, "epoch 3 of 4")
        self.wait(lambda: "75 %" in self.card("card-worker").text, "the next report")
        agent.complete(leases[1])
        self.wait(lambda: "1 of 2 running" in self.card("card-worker").text, "the lower load")
        self.screenshot("agents-at-work-light")
        self.follow("card-worker")
        self.wait_for_text("of 3 attempts succeeded")
        self.assertEqual(sorted(one.text for one in self.all(".attempts-table .task-cell a")), [f"Work {number}" for number in range(4)])
        self.assertIn("out_of_memory", self.one(".attempts-table").text)
        self.screenshot("agent-light", whole=True)
        self.follow(leases[0]["task"]["name"])
        self.one(".progress-card .progress[aria-valuenow='75']")
        agent.complete(leases[0])

    def test_04_drained_and_taken_back(self):
        agent = self.made("drained-worker")
        agent.heartbeat()
        self.open("agents")
        self.card("drained-worker").find_element("css selector", "[data-key^='drain-']").click()
        self.wait_for_text("gets no new tasks")
        self.click_on("dialog[open] .dialog-footer .primary")
        self.wait(lambda: "Draining" in self.card("drained-worker").text, "the drain")
        self.assertTrue(self.api.request("GET", f"/api/v1/agents/{agent.id}")["draining"])
        self.card("drained-worker").find_element("css selector", "[data-key^='drain-']").click()
        self.wait(lambda: "Online" in self.card("drained-worker").text, "its return")
        self.assertFalse(self.api.request("GET", f"/api/v1/agents/{agent.id}")["draining"])

    def test_05_a_new_token_makes_the_old_one_useless(self):
        agent = self.made("token-worker")
        self.open(f"agents/{agent.id}")
        self.click("New token")
        self.click_on("dialog[open] .button.danger")
        token = self.wait(lambda: next((e.text for e in self.all("dialog[open] .secret code")), None), "the token")
        self.assertNotEqual(token, agent.token)
        path = f"/api/v1/agents/{agent.id}/leases"
        self.assertEqual(agent.send("POST", path, {})[0], 401)
        agent.token = token
        self.assertEqual(agent.send("POST", path, {})[0], 200)

    def test_06_removed_after_a_question(self):
        agent = self.made("removed-worker")
        self.open(f"agents/{agent.id}")
        self.click("Remove")
        self.one("dialog[open]").send_keys(Keys.ESCAPE)
        self.wait(lambda: not self.all("dialog[open]"), "the question to go")
        self.assertEqual(self.api.send("GET", f"/api/v1/agents/{agent.id}")[0], 200)
        self.click("Remove")
        self.screenshot("agent-remove-light")
        self.click_on("dialog[open] .button.danger")
        self.wait(lambda: self.script("return location.hash") == "#/agents", "the list")
        self.assertEqual(self.api.send("GET", f"/api/v1/agents/{agent.id}")[0], 404)

    def test_07_filters_are_in_the_address(self):
        self.made("alpha-one").heartbeat()
        self.made("beta-two")
        self.open("agents?status=online")
        self.card("alpha-one")
        self.assertNotIn("beta-two", self.text())
        self.click_on("[data-key='Status-']")
        self.card("beta-two")
        self.one("#agent-search").send_keys("beta")
        self.wait(lambda: self.script("return location.hash") == "#/agents?q=beta", "the address")
        self.wait(lambda: "alpha-one" not in self.text(), "the others to go")
        self.open("agents/018bcfe5-6800-7000-8000-000000000000")
        self.expected_errors.append("404")
        self.wait_for_text("This agent is not there")
