"""The dashboard in a real browser, against a running server.

    KASKMAN_URL=http://127.0.0.1:8080 KASKMAN_ADMIN_PASSWORD=… python3 Tests/Browser/browser_test.py

Needs Chromium, chromedriver and Python's selenium. Prints the path of each screenshot, which are kept under artifacts/browser.
The server should be one made for the test: projects are created on it, and stay.
"""

import json
import os
import pathlib
import re
import shutil
import time
import unittest
import urllib.parse
import urllib.request

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

URL = os.environ.get("KASKMAN_URL", "").rstrip("/")
PASSWORD = os.environ.get("KASKMAN_ADMIN_PASSWORD", "")
ARTIFACTS = pathlib.Path(__file__).resolve().parents[2] / "artifacts" / "browser"
# Charts need some samples first, which a server that has just started does not have.
PATIENCE = 60
MANY = 60
DESKTOP = (1360, 860)
PHONE = (360, 740)
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"


class API:
    """The server without a browser, to prepare what the page is to show."""

    def __init__(self):
        answer = self.request("POST", "/api/v1/auth/login", {"username": "admin", "password": PASSWORD})
        self.token = answer["access_token"]

    def request(self, method, path, body=None):
        headers = {"Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if hasattr(self, "token"):
            headers["Authorization"] = "Bearer " + self.token
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(URL + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as response:
            text = response.read()
        return json.loads(text) if text else None


class Dashboard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not URL or not PASSWORD:
            raise RuntimeError("KASKMAN_URL and KASKMAN_ADMIN_PASSWORD must be set")
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        cls.api = API()
        cls.mark = format(int(time.time()), "x")
        options = webdriver.ChromeOptions()
        options.binary_location = os.environ.get("KASKMAN_CHROMIUM") or shutil.which("chromium") or ""
        for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = Service(os.environ.get("KASKMAN_CHROMEDRIVER") or shutil.which("chromedriver"))
        cls.browser = webdriver.Chrome(options=options, service=service)
        cls.browser.execute_cdp_cmd("Network.enable", {})

    @classmethod
    def tearDownClass(cls):
        cls.browser.quit()

    def setUp(self):
        self.expected_errors = []
        self.resize(*DESKTOP)
        self.colours("light")
        self.browser.get("about:blank")  # so that each test loads the page anew
        self.console()
        self.requests()

    def tearDown(self):
        errors = [
            entry["message"]
            for entry in self.console()
            if entry["level"] == "SEVERE" and not any(re.search(known, entry["message"]) for known in self.expected_errors)
        ]
        self.assertEqual(errors, [], "the console shows errors")
        own = urllib.parse.urlsplit(URL).netloc
        foreign = [url for url in self.requests() if urllib.parse.urlsplit(url).netloc != own]
        self.assertEqual(foreign, [], "the page asked another host")

    # Tools

    def console(self):
        return self.browser.get_log("browser")

    def requests(self):
        urls = []
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if url.startswith(("http:", "https:", "ws:", "wss:")):
                    urls.append(url)
        return urls

    def resize(self, width, height):
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )

    def colours(self, scheme):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def offline(self, is_offline):
        self.browser.execute_cdp_cmd(
            "Network.emulateNetworkConditions",
            {"offline": is_offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1},
        )

    def wait(self, condition, what, seconds=15):
        return WebDriverWait(self.browser, seconds, 0.1).until(lambda _: condition(), f"waited in vain for {what}")

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.wait(lambda: next(iter(self.all(selector)), None), selector)

    def text(self):
        return self.browser.execute_script("return document.body.innerText")

    def wait_for_text(self, text, seconds=15):
        self.wait(lambda: text in self.text(), f"the text {text!r}", seconds)

    def screenshot(self, name, whole=False):
        if whole:
            width, height = self.browser.execute_script("return [innerWidth, document.documentElement.scrollHeight]")
            self.resize(width, min(height, 6000))
        time.sleep(0.4)  # the last transition ends
        path = ARTIFACTS / f"{name}.png"
        self.browser.save_screenshot(str(path))
        print(path, flush=True)

    def fits(self):
        width, inner = self.browser.execute_script("return [document.documentElement.scrollWidth, innerWidth]")
        self.assertLessEqual(width, inner, "the page scrolls sideways")

    def sign_in(self):
        self.one("#username").send_keys("admin")
        self.one("#password").send_keys(PASSWORD + Keys.ENTER)
        self.one(".shell")

    def open(self, path):
        """Opens a view, signing in first when that is needed."""
        self.browser.get(f"{URL}/#/{path}")
        self.wait(lambda: self.all(".shell, #username"), "the page")
        if self.all("#username"):
            self.sign_in()
            self.browser.get(f"{URL}/#/{path}")
        view = path.split("?")[0].split("/")[0]
        self.one(f".nav a[href='#/{view}'][aria-current='page']")

    def drawn(self, scope="body"):
        """Waits until a chart has lines on its canvas."""
        script = """
            return [...document.querySelectorAll(arguments[0] + ' .chart-canvas canvas')].some((canvas) => {
              const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
              const colours = new Set();
              for (let i = 0; i < data.length; i += 4) if (data[i + 3] > 200) colours.add(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
              return colours.size > 2;
            });"""
        self.wait(lambda: self.browser.execute_script(script, scope), "a drawn chart", PATIENCE)

    def hover(self):
        """The pointer on a chart shows the values at one time."""
        frame = self.one(".chart-frame")
        webdriver.ActionChains(self.browser).move_to_element_with_offset(frame, 120, 10).perform()
        self.wait(lambda: re.fullmatch(r"\d\d:\d\d:\d\d", self.one(".chart-time").text), "the time under the pointer")

    # What a person does

    def test_01_wrong_password_is_refused(self):
        self.expected_errors = [r"/auth/login .*401"]
        self.browser.get(URL + "/")
        self.one("#username").send_keys("admin")
        self.one("#password").send_keys("certainly not it" + Keys.ENTER)
        self.wait_for_text("The username or the password is wrong.")
        self.screenshot("sign-in-refused")

    def test_02_sign_in_shows_live_charts(self):
        self.browser.get(URL + "/")
        self.sign_in()
        self.wait_for_text("Components")
        self.drawn(".charts")
        memory = self.wait(
            lambda: next((t for t in (e.text for e in self.all(".chart-value")) if re.fullmatch(r"[\d.,]+ (MB|GB)", t)), None),
            "the resident memory",
            PATIENCE,
        )
        self.assertGreater(float(memory.split()[0].replace(",", "")), 1)
        self.hover()
        self.screenshot("overview-light", whole=True)

    def test_03_a_project_is_created_changed_and_deleted(self):
        self.open("projects")
        name = f"Sparse attention {self.mark}"
        self.one("[data-shortcut='new']").click()
        self.one("dialog[open] [name='name']").send_keys(name)
        self.one("dialog[open] [name='description']").send_keys("We compare block-sparse and routed attention.")
        self.one("dialog[open] [name='tags']").send_keys("attention, nlp")
        self.screenshot("project-form")
        self.one("dialog[open] button[type='submit']").click()
        self.wait(lambda: not self.all("dialog[open]"), "the form to close")
        link = self.wait(lambda: next(iter(self.browser.find_elements(By.LINK_TEXT, name)), None), "the project in the list")
        link.click()
        self.wait_for_text("We compare block-sparse and routed attention.")
        self.browser.find_element(By.XPATH, "//button[text()='Start']").click()
        self.wait_for_text("Pause")
        self.screenshot("project")
        self.browser.find_element(By.XPATH, "//button[contains(., 'Edit')]").click()
        field = self.one("dialog[open] [name='priority']")
        field.clear()
        field.send_keys("9")
        self.one("dialog[open] button[type='submit']").click()
        self.wait_for_text("9 of 10")
        self.browser.find_element(By.XPATH, "//button[contains(., 'Delete')]").click()
        self.one("dialog[open] .button.danger")
        self.screenshot("project-delete")
        self.one("dialog[open] .button.danger").click()
        self.wait(lambda: self.browser.execute_script("return location.hash").startswith("#/projects"), "the list")
        self.one(".projects-table, .empty")
        self.assertFalse(self.browser.find_elements(By.LINK_TEXT, name))

    def test_04_a_refused_field_says_why(self):
        self.expected_errors = [r"/projects .*4\d\d"]
        self.open("projects")
        self.one("[data-shortcut='new']").click()
        self.one("dialog[open] button[type='submit']").click()
        self.assertEqual(self.one("dialog[open] [name='name']").get_attribute("aria-invalid"), "true")
        self.one("dialog[open] [name='name']").send_keys("A project that will not be")
        self.one("dialog[open] [name='tags']").send_keys("not a tag!")
        self.one("dialog[open] button[type='submit']").click()
        self.wait(lambda: self.one("dialog[open] [name='tags']").get_attribute("aria-invalid") == "true", "the fault at the field")
        self.screenshot("project-form-fault")

    def test_05_what_others_write_is_text(self):
        self.api.request("POST", "/api/v1/projects", {"name": HOSTILE, "type": "research", "description": HOSTILE})
        self.open("projects")
        self.one(".project-cell a")
        self.wait_for_text(HOSTILE)
        self.browser.find_element(By.LINK_TEXT, HOSTILE).click()
        self.one(".prose")
        self.assertEqual(self.one(".prose").text, HOSTILE)
        self.assertFalse(self.all("#content img, #content b"))

    def test_06_many_projects(self):
        types = ["research", "development", "analysis", "maintenance"]
        for index in range(MANY):
            self.api.request("POST", "/api/v1/projects", {
                "name": f"Experiment {index + 1}: ablation of component {chr(65 + index % 26)} {self.mark}",
                "type": types[index % 4],
                "status": "active" if index % 3 else "pending",
                "priority": index % 10 + 1,
                "tags": ["nlp", "gpu", "baseline", "paper"][: index % 5],
                "owner": ["ada", "grace", "linus"][index % 3],
                "due_at": f"2030-0{index % 9 + 1}-15T12:00:00Z" if index % 2 else None,
            })
        self.open(f"projects?q={self.mark}")
        self.wait(lambda: len(self.all(".projects-table tbody tr")) == 50, "the first page")
        self.screenshot("projects-light")
        more = self.browser.find_element(By.XPATH, "//button[text()='Show more']")
        self.browser.execute_script("arguments[0].click()", more)
        self.wait(lambda: len(self.all(".projects-table tbody tr")) >= MANY, "the second page")
        self.browser.find_element(By.XPATH, "//div[@aria-label='Status']/button[text()='Active']").click()
        self.wait(lambda: len(self.all(".projects-table tbody tr")) == MANY - MANY // 3, "the active projects")
        self.assertIn("status=active", self.browser.current_url)
        self.browser.refresh()
        self.wait(lambda: len(self.all(".projects-table tbody tr")) == MANY - MANY // 3, "the same after loading anew")

    def test_07_alerts_list_the_rules(self):
        self.open("alerts")
        self.one(".rule")
        shown = len(self.all(".rule"))
        groups = self.api.request("GET", "/prometheus/api/v1/rules")["data"]["groups"]
        self.assertEqual(shown, sum(len(group["rules"]) for group in groups))
        self.assertGreater(shown, 0)
        self.all(".rule summary")[0].click()
        self.one(".rule[open] .code")
        self.screenshot("alerts-light", whole=True)

    def test_08_query_in_chart_and_table(self):
        self.open("query")
        self.one("#expression").send_keys("sum by (route) (rate(kaskman_http_requests_total[1m]))")
        self.one("#expression").send_keys(Keys.CONTROL + Keys.ENTER)
        self.drawn(".query-chart")
        self.screenshot("query-chart-light")
        self.one("#tab-table").click()
        self.one(".result-table tbody tr")
        self.assertIn("tab=table", self.browser.current_url)
        self.screenshot("query-table-light")

    def test_09_a_wrong_expression_is_explained(self):
        self.expected_errors = [r"/query_range .*400"]
        self.open("query?expr=sum(")
        self.wait_for_text("The query failed.")
        self.assertIn("parse error", self.text())

    def test_10_dark(self):
        self.colours("dark")
        for view, ready in self.views():
            self.resize(*DESKTOP)
            self.open(view)
            self.one(ready)
            if ".chart" in ready:
                self.drawn()
            self.screenshot(f"{view.split('?')[0]}-dark", whole=not view.startswith(("projects", "query")))

    def test_11_phone(self):
        for scheme in ["light", "dark"]:
            self.colours(scheme)
            for view, ready in self.views():
                self.resize(*PHONE)
                self.open(view)
                self.one(ready)
                if ".chart" in ready:
                    self.drawn()
                self.fits()
                self.screenshot(f"{view.split('?')[0]}-phone-{scheme}", whole=view == "overview")
        self.resize(*PHONE)
        self.open("projects")
        self.one("[data-shortcut='new']").click()
        self.one("dialog[open]")
        self.fits()
        self.screenshot("project-form-phone")

    def views(self):
        return [
            ("overview", ".charts .chart-canvas canvas"),
            ("projects", ".projects-table"),
            ("alerts", ".rule"),
            ("query?expr=process_resident_memory_bytes", ".query-chart .chart-canvas canvas"),
        ]

    def test_12_the_theme_switch_lasts(self):
        self.open("overview")
        self.one(".user summary").click()
        self.one(".theme-switch [aria-label='Dark']").click()
        self.assertEqual(self.browser.execute_script("return document.documentElement.dataset.theme"), "dark")
        self.browser.refresh()
        self.one(".shell")
        self.assertEqual(self.browser.execute_script("return document.documentElement.dataset.theme"), "dark")
        self.one(".user summary").click()
        self.screenshot("user-menu-dark")
        self.one(".theme-switch [aria-label='As the system']").click()
        self.assertIsNone(self.browser.execute_script("return document.documentElement.dataset.theme ?? null"))

    def test_13_the_keyboard_reaches_everything(self):
        self.open("projects")
        self.one(".projects-table")
        # After loading, the focus starts at the top; after following a link, at the heading.
        self.browser.refresh()
        self.one(".projects-table")
        seen = set()
        for _ in range(20):
            self.browser.switch_to.active_element.send_keys(Keys.TAB)
            seen.add(self.browser.execute_script(
                "const e = document.activeElement; return e.getAttribute('href') ?? e.id ?? e.textContent"))
        self.assertLessEqual({"#/overview", "#/projects", "#/alerts", "#/query", "project-search"}, seen)
        self.browser.execute_script("document.activeElement.blur()")
        self.browser.switch_to.active_element.send_keys("ga")
        self.one(".nav a[href='#/alerts'][aria-current='page']")

    def test_14_a_lost_server_is_admitted(self):
        self.expected_errors = [r"ERR_INTERNET_DISCONNECTED"]
        self.open("overview")
        self.drawn(".charts")
        self.offline(True)
        try:
            self.wait_for_text("The server does not answer.")
            self.wait_for_text("stale since")
            self.screenshot("server-unreachable")
        finally:
            self.offline(False)
        self.wait_for_text("The server is back.")
        self.assertNotIn("stale since", self.text())

    def test_15_an_ended_session_leads_back(self):
        self.expected_errors = [r"401"]
        self.open("projects?status=active")
        self.one(".projects-table")
        self.browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.browser.refresh()
        self.wait_for_text("Your session has ended.")
        self.screenshot("session-ended")
        self.sign_in()
        self.one(".projects-table")
        self.assertIn("#/projects?status=active", self.browser.current_url)

    def test_16_two_tabs_renew_at_once(self):
        self.open("overview")
        first = self.browser.current_window_handle
        self.browser.switch_to.new_window("tab")
        second = self.browser.current_window_handle
        self.browser.get(URL + "/#/overview")
        self.one(".shell .tiles")
        for handle in (first, second):
            self.browser.switch_to.window(handle)
            self.browser.execute_script("setTimeout(() => location.reload(), 500)")
        time.sleep(1)
        for handle in (second, first):
            self.browser.switch_to.window(handle)
            self.one(".shell .tiles")
        self.browser.switch_to.window(second)
        self.browser.close()
        self.browser.switch_to.window(first)

    def test_17_sign_out(self):
        self.open("overview")
        self.one(".user summary").click()
        self.browser.find_element(By.XPATH, "//button[contains(., 'Sign out')]").click()
        self.one("#username")
        self.browser.refresh()
        self.one("#username")
        self.assertFalse(self.all(".shell"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
