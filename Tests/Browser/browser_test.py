"""The dashboard in a real browser, against a real server that the test starts, kills and starts again.

    python3 Tests/Browser/browser_test.py [test_alerts ...]

Needs Chromium, chromedriver and Python's selenium, and a built server: KASKMAN_SERVER, or else the debug build's. Screenshots go to
artifacts/browser, to be looked at. Without names all tests run, two halves side by side, each with a server and a browser of its own.
KASKMAN_TEST_DATABASE=postgresql has the servers keep their data in PostgreSQL and Redis.
"""

import shutil
import subprocess
import sys
import tempfile
import time
import unittest

from page import ARTIFACTS, Dashboard

# Much of each test's time is waiting. A thousand projects come late, and what they were made for after them.
HALVES = [
    ["test_net", "test_sign_in", "test_markdown", "test_projects", "test_thousand", "test_agents", "test_looks", "test_query",
     "test_failures"],
    ["test_tasks", "test_task_graph", "test_task_reports", "test_alerts", "test_live", "test_experiment"],
]


class TimedResult(unittest.TextTestResult):
    """Tells how long each test took."""

    def startTest(self, test):
        self.begin = time.monotonic()
        super().startTest(test)

    def stopTest(self, test):
        super().stopTest(test)
        self.stream.writeln(f"    {time.monotonic() - self.begin:.1f} s")


def run_all():
    """Both halves in processes of their own; what they print comes one after the other."""
    shutil.rmtree(ARTIFACTS, ignore_errors=True)
    halves = []
    for names in HALVES:
        output = tempfile.TemporaryFile("w+")
        halves.append((subprocess.Popen([sys.executable, __file__, *names], stdout=output, stderr=output), output))
    statuses = []
    for process, output in halves:
        statuses.append(process.wait())
        output.seek(0)
        print(output.read(), flush=True)
    return any(statuses)


def run(names):
    suite = unittest.defaultTestLoader.loadTestsFromNames(names)
    try:
        Dashboard.begin()
        result = unittest.TextTestRunner(verbosity=2, resultclass=TimedResult).run(suite)
        if not result.wasSuccessful():
            print("What the server warned of:", *Dashboard.server.warnings(), sep="\n  ", flush=True)
    finally:
        Dashboard.end()
    if result.testsRun == 0:
        sys.exit("no test ran")
    return not result.wasSuccessful()


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]) if sys.argv[1:] else run_all())
