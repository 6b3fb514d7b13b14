"""Rules, and a real alert: somebody guesses passwords, the platform notices, and says so until it is over."""

import re

from api import PasswordGuesser
from page import Dashboard, DESKTOP, PATIENCE, PHONE

ALERT = "PasswordGuessing"


class Alerts(Dashboard):
    def test_01_the_rules_are_listed(self):
        self.open("alerts")
        self.one(".rule")
        groups = self.api.request("GET", "/prometheus/api/v1/rules")["data"]["groups"]
        self.assertEqual(len(self.all(".rule")), sum(len(group["rules"]) for group in groups))
        self.assertGreater(len(self.all(".rule")), 0)
        self.all(".rule summary")[0].click()
        self.one(".rule[open] .code")
        self.screenshot("alerts-light", whole=True)

    def test_02_searched_and_filtered(self):
        self.open("alerts")
        self.one(".rule")
        self.one("#rule-search").send_keys("passwordguess")
        self.wait(lambda: len(self.all(".rule")) == 1, "the one rule")
        self.click_on("[data-key='State-firing']")
        self.wait_for_text("No rule matches")
        self.assertIn("state=firing", self.browser.current_url)
        self.screenshot("alerts-no-match-light")

    def test_02b_a_rule_leads_to_its_runbook(self):
        self.open(f"alerts?q={ALERT}")
        self.click_on(".rule summary")
        self.click_on(".rule[open] a[href='#/runbooks/identity/passwordguessing']")
        self.wait_for_text("Names and networks are locked by themselves")
        self.assertEqual(self.one(".sought").text, ALERT)
        self.screenshot("runbook-light")
        self.one(".prose a[href$='#/runbooks/database']")

    def test_03_a_real_alert_fires_and_resolves(self):
        self.open("overview")
        self.wait_for_alerts()
        self.assertNotIn(ALERT, self.alerts_shown())
        with PasswordGuesser(self.server) as guesser:
            # Pending first: the rule waits for its `for`.
            self.wait(lambda: self.state_shown() == "Pending", "the alert pending on the overview", PATIENCE)
            self.wait(lambda: self.state_shown() == "Firing", "the alert firing on the overview", PATIENCE)
            self.assertRegex(self.one(".tile[data-tone='bad'] a[href='#/alerts?state=firing']").text, r"^[1-9]\d* firing$")
            self.assertIn("Somebody guesses passwords", self.alerts_shown())
            self.assertRegex(self.alerts_shown(), r"since (just now|\d+ seconds ago|\d+ minutes? ago)")
            self.assertGreater(float(self.one(".alert-item .alert-value").text), 0.2)
            self.wait_for_text("Sign-in failed")
            self.drawn(".charts")
            self.screenshot("overview-firing-light", whole=True)
            self.colours("dark")
            self.screenshot("overview-firing-dark", whole=True)
            self.resize(*PHONE)
            self.fits()
            self.screenshot("overview-firing-phone-dark", whole=True)
            self.see_the_rule()
            self.assertEqual(guesser.statuses, {401})
        self.resize(*DESKTOP)
        self.colours("light")
        self.open(f"alerts?q={ALERT}")
        self.wait(lambda: self.rule_shown()["state"] == "Inactive", "the rule inactive again", 60)
        self.assertEqual(self.rule_shown()["since"], "")
        self.screenshot("alerts-resolved-light")
        self.open("overview")
        self.wait_for_alerts()
        self.assertNotIn(ALERT, self.alerts_shown())
        self.screenshot("overview-resolved-light")

    def see_the_rule(self):
        """The alert on the page of the rules: state, since when, value; as the server has it."""
        for size, scheme in [(DESKTOP, "light"), (DESKTOP, "dark"), (PHONE, "light"), (PHONE, "dark")]:
            self.resize(*size)
            self.colours(scheme)
            self.open(f"alerts?state=firing&q={ALERT}")
            shown = self.wait(lambda: (rule := self.rule_shown())["state"] == "Firing" and rule, "the rule firing")
            self.assertRegex(shown["since"], r"^since (\d+ seconds ago|just now|\d+ minutes? ago)$")
            self.assertGreater(float(shown["value"]), 0.2)
            self.assertLess(abs(float(shown["value"]) - float(self.api.rule(ALERT)["alerts"][0]["value"])), 1.5)
            if not self.all(".rule[open]"):
                self.click_on(".rule summary")
            instance = self.one(".rule[open] .instances tbody tr").text
            self.assertIn("Firing", instance)
            self.assertRegex(instance, r"[\d.]+ logins a second fail")
            self.assertRegex(instance, r"severity\s*warning")
            self.assertTrue(re.search(r"ago|just now", instance), instance)
            self.fits()
            self.screenshot(f"alerts-firing-{'phone-' if size == PHONE else ''}{scheme}")

    def wait_for_alerts(self):
        # On a machine with too much to do, rules about that may fire as well.
        self.wait(lambda: re.search(r"(None|\d+) firing", self.text()), "the state of the alerts")

    def alerts_shown(self):
        return self.script("return document.querySelector('.alerts-card')?.innerText ?? ''")

    def state_shown(self):
        return self.script("""
            const item = [...document.querySelectorAll('.alert-item')].find((e) => e.querySelector('a').textContent === arguments[0]);
            return item?.querySelector('.badge').innerText ?? null;""", ALERT)

    def rule_shown(self):
        return self.script("""
            const text = (part) => document.querySelector(`.rule ${part}`)?.innerText ?? '';
            return { state: text('.rule-state'), since: text('.rule-since'), value: text('.rule-value') };""")
