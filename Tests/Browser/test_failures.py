"""What the page does when the server is killed under it, and when the session is over."""

from api import API
from page import Dashboard, DESKTOP, PHONE
from server import PASSWORD

REFUSED = [r"ERR_CONNECTION_REFUSED", r"ERR_CONNECTION_RESET", r"ERR_EMPTY_RESPONSE", r"ERR_SOCKET_NOT_CONNECTED"]


class Failures(Dashboard):
    def test_01_killed_mid_view(self):
        self.expected_errors = REFUSED
        self.open("overview")
        self.drawn(".charts")
        self.one(".component")
        self.server.kill()
        try:
            self.wait_for_text("The server does not answer.", 30)
            self.wait_for_text("stale since")
            self.assertTrue(self.all(".component"), "what was seen stays")
            self.screenshot("server-killed-overview-light")
            self.colours("dark")
            self.screenshot("server-killed-overview-dark")
            self.resize(*PHONE)
            self.fits()
            self.screenshot("server-killed-overview-phone-dark")
            self.resize(*DESKTOP)
            for view in ["alerts", "tasks", "agents", "projects"]:
                self.click_on(f".nav a[href='#/{view}']")
                self.wait_for_text("This could not be loaded.")
                self.screenshot(f"server-killed-{view}-dark")
        finally:
            self.server.start()
        self.wait_for_text("The server is back.", 30)
        self.assertFalse(self.one(".banner", 1).is_displayed())
        # What could not be loaded comes by itself.
        self.one(".projects-table", 30)

    def test_02_killed_while_a_form_is_filled_in(self):
        self.expected_errors = REFUSED
        name = "Written while the server died"
        self.open("projects")
        self.click_on("[data-shortcut='new']")
        self.one("dialog[open] [name='name']").send_keys(name)
        self.server.kill()
        try:
            self.click_on("dialog[open] button[type='submit']")
            self.wait(lambda: "The server does not answer." in self.one("dialog[open] .form-fault").text, "the fault in the form", 30)
            self.assertEqual(self.one("dialog[open] [name='name']").get_attribute("value"), name)
            self.screenshot("server-killed-form-light")
        finally:
            self.server.start()
        self.wait(lambda: not self.one(".banner").is_displayed(), "the banner to go", 30)
        self.click_on("dialog[open] button[type='submit']")
        self.wait(lambda: not self.all("dialog[open]"), "the form to close")
        self.link(name)
        self.assertEqual(len(self.api_again().projects(q=name)), 1)

    def test_03_loaded_without_a_server_comes_back_by_itself(self):
        self.expected_errors = [*REFUSED, r"ERR_FAILED", r"503"]
        self.open("overview")
        # The page is there, and its first question meets nobody.
        self.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": ["*/api/v1/auth/refresh"]})
        self.expected_errors.append("ERR_BLOCKED_BY_CLIENT")
        self.browser.refresh()
        self.wait_for_text("This page tries again every few seconds.")
        self.screenshot("server-unreachable-at-start-light")
        self.browser.execute_cdp_cmd("Network.setBlockedURLs", {"urls": []})
        self.one(".shell", 30)

    def test_04_the_session_is_ended_by_the_server(self):
        self.expected_errors = [r"401"]
        self.open("overview")
        self.one(".component")
        self.end_session()
        # Nobody touches the page: its next question is refused.
        self.wait_for_text("Your session has ended.", 40)
        self.assertFalse(self.all(".shell"))
        self.screenshot("session-expired-light")
        self.colours("dark")
        self.screenshot("session-expired-dark")
        self.resize(*PHONE)
        self.fits()
        self.screenshot("session-expired-phone-dark")
        self.resize(*DESKTOP)
        self.sign_in()
        self.one(".component")
        self.assertIn("#/overview", self.browser.current_url)

    def test_05_expired_while_away_leads_back(self):
        self.expected_errors = [r"401"]
        self.open("projects?status=active")
        self.one(".projects-table")
        self.end_session()
        self.browser.refresh()
        self.wait_for_text("Your session has ended.")
        self.sign_in()
        self.one(".projects-table")
        self.assertIn("#/projects?status=active", self.browser.current_url)

    def end_session(self):
        """The server forgets the session: its token is used to sign out elsewhere."""
        cookies = self.browser.execute_cdp_cmd("Network.getCookies", {"urls": [self.server.url + "/api/v1/auth/refresh"]})["cookies"]
        self.assertEqual(len(cookies), 1, cookies)
        self.assertTrue(cookies[0]["httpOnly"])
        status, _ = self.api_again().send("POST", "/api/v1/auth/logout", {"refresh_token": cookies[0]["value"]})
        self.assertEqual(status, 204)

    def api_again(self):
        Dashboard.api = API(self.server, "admin", PASSWORD)
        return self.api
