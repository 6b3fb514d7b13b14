"""The dashboard in a real browser, against a real server that the test starts, kills and starts again.

    python3 Tests/Browser/browser_test.py [test_alerts ...]

Needs Chromium, chromedriver and Python's selenium, and a built server: KASKMAN_SERVER, or else the debug build's. Screenshots go to
artifacts/browser, to be looked at.
"""

import shutil
import sys
import unittest

from page import ARTIFACTS, Dashboard

# A thousand projects come late, and what they were made for after them.
ALL = [
    "test_net", "test_sign_in", "test_markdown", "test_projects", "test_thousand", "test_agents", "test_tasks", "test_task_graph",
    "test_task_reports", "test_looks", "test_query", "test_alerts", "test_live", "test_experiment", "test_failures",
]


def main():
    if not sys.argv[1:]:
        shutil.rmtree(ARTIFACTS, ignore_errors=True)
    suite = unittest.defaultTestLoader.loadTestsFromNames(sys.argv[1:] or ALL)
    try:
        Dashboard.begin()
        result = unittest.TextTestRunner(verbosity=2).run(suite)
    finally:
        Dashboard.end()
    if result.testsRun == 0:
        sys.exit("no test ran")
    sys.exit(not result.wasSuccessful())


main()
