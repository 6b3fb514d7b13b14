"""The page follows what happens, and says since when it does not."""

import re
import time

from api import API
from page import Dashboard
from server import PASSWORD
from test_failures import REFUSED


class Live(Dashboard):
    def test_01_what_others_do_is_shown_at_once(self):
        self.open("overview")
        self.one(".live-note[data-state='live']")
        # The first look is over; by the clock the next one is a minute away.
        self.one(".activity-item")
        time.sleep(1)
        begin = time.monotonic()
        project = self.api.create(name="Made while somebody looks")
        self.addCleanup(self.api.request, "DELETE", f"/api/v1/projects/{project['id']}")
        self.wait_for_text("Made while somebody looks", 5)
        print(f"  shown after {time.monotonic() - begin:.2f} s", flush=True)
        self.open("projects")
        self.link("Made while somebody looks")
        time.sleep(1)
        self.api.request("PATCH", f"/api/v1/projects/{project['id']}", {"name": "Renamed while somebody looks"})
        self.wait(lambda: any("Renamed" in row.text for row in self.all(".projects-table tr")), "the new name", 5)
        self.screenshot("live-projects-light")

    def test_02_stale_since(self):
        self.expected_errors = [*REFUSED, r"ERR_FAILED", r"503"]
        self.open("overview")
        self.one(".live-note[data-state='live']")
        self.server.kill()
        try:
            note = self.one(".live-note[data-state='stale']")
            self.assertRegex(note.text, re.compile(r"^Stale since \d"))
            self.screenshot("live-stale-light")
        finally:
            self.server.start()
            # The connection of the tests' own client went with the server.
            Dashboard.api = API(self.server, "admin", PASSWORD)
        self.one(".live-note[data-state='live']", 30)
