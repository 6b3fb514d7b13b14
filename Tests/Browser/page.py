"""What every browser test needs: one browser, one server, and a net under both for errors and foreign requests."""

import json
import os
import pathlib
import re
import shutil
import time
import unittest
import urllib.parse

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from api import API
from server import PASSWORD, ROOT, Server

ARTIFACTS = ROOT / "artifacts" / "browser"
# Charts need some samples first, which a server that has just started does not have.
PATIENCE = 60
DESKTOP = (1360, 860)
PHONE = (360, 740)


def open_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = os.environ.get("KASKMAN_CHROMIUM") or shutil.which("chromium") or ""
    for argument in ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    browser = webdriver.Chrome(options=options, service=Service(os.environ.get("KASKMAN_CHROMEDRIVER") or shutil.which("chromedriver")))
    browser.execute_cdp_cmd("Network.enable", {})
    return browser


class Dashboard(unittest.TestCase):
    server = None
    browser = None

    @classmethod
    def begin(cls):
        """One server and one browser for all tests."""
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        Dashboard.server = Server()
        Dashboard.api = API(Dashboard.server, "admin", PASSWORD)
        Dashboard.browser = open_browser()

    @classmethod
    def end(cls):
        if Dashboard.browser:
            Dashboard.browser.quit()
        if Dashboard.server:
            Dashboard.server.close()

    def setUp(self):
        self.expected_errors = []
        self.resize(*DESKTOP)
        self.colours("light")

    def tearDown(self):
        # Leaving the page ends its requests, so that nothing it does goes unseen; and each test loads it anew.
        self.browser.get("about:blank")
        errors, foreign = self.faults()
        self.assertEqual(errors, [], "the console shows errors")
        self.assertEqual(foreign, [], "the page asked another host")

    # What the net catches

    def faults(self):
        """(errors on the console, requests to other hosts) since it was last asked."""
        errors = [
            entry["message"]
            for entry in self.browser.get_log("browser")
            if entry["level"] in ("SEVERE", "WARNING")
            and not any(re.search(known, entry["message"]) for known in self.expected_errors)
        ]
        own = urllib.parse.urlsplit(self.server.url).netloc
        return errors, [url for url in self.requests() if urllib.parse.urlsplit(url).netloc != own]

    def requests(self):
        urls = []
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if url.startswith(("http:", "https:", "ws:", "wss:")):
                    urls.append(url)
            elif message["method"] == "Network.webSocketCreated":
                urls.append(message["params"]["url"])
        return urls

    # The browser

    def resize(self, width, height):
        self.browser.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500},
        )

    def colours(self, scheme):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})

    def script(self, text, *arguments):
        return self.browser.execute_script(text, *arguments)

    def wait(self, condition, what, seconds=15):
        # The page may draw an element anew between its being found and its being asked.
        patient = WebDriverWait(self.browser, seconds, 0.1, [StaleElementReferenceException])
        return patient.until(lambda _: condition(), f"waited in vain for {what}")

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector, seconds=15):
        return self.wait(lambda: next(iter(self.all(selector)), None), selector, seconds)

    def button(self, text):
        return self.wait(lambda: next(iter(self.browser.find_elements(
            By.XPATH, f"//*[self::button or self::a][normalize-space()='{text}']")), None), f"the button {text}")

    def link(self, text):
        return self.wait(lambda: next(iter(self.browser.find_elements(By.LINK_TEXT, text)), None), f"the link {text}")

    # Clicks on what is found again should the page draw it anew in that moment.

    def click(self, text):
        self.wait(lambda: self.button(text).click() or True, f"a click on {text}")

    def click_on(self, selector):
        self.wait(lambda: self.one(selector).click() or True, f"a click on {selector}")

    def follow(self, text):
        self.wait(lambda: self.link(text).click() or True, f"a click on the link {text}")

    def press(self, *keys):
        """Presses keys wherever the focus is."""
        webdriver.ActionChains(self.browser).send_keys(*keys).perform()

    def choose(self, field, text):
        """Types into a field that offers things, and takes the first offer."""
        field.send_keys(text)
        self.wait(lambda: any(text in offer.text for offer in self.all(".offers:not([hidden]) [role='option'][data-id]")), f"offers for {text}")
        field.send_keys(Keys.ARROW_DOWN, Keys.ENTER)

    def text(self):
        return self.script("return document.body.innerText")

    def wait_for_text(self, text, seconds=15):
        self.wait(lambda: text in self.text(), f"the text {text!r}", seconds)

    def screenshot(self, name, whole=False):
        size = self.script("return [innerWidth, innerHeight]")
        if whole:
            self.resize(size[0], min(max(size[1], self.script("return document.documentElement.scrollHeight")), 6000))
        # Two frames after the last transition ended.
        self.browser.execute_async_script(
            """const done = arguments[0];
            const ended = Promise.allSettled(document.getAnimations()
              .filter((a) => a.effect.getComputedTiming().iterations !== Infinity).map((a) => a.finished));
            ended.then(() => requestAnimationFrame(() => requestAnimationFrame(done)));""")
        path = ARTIFACTS / f"{name}.png"
        self.browser.save_screenshot(str(path))
        print(f"  {path.relative_to(ROOT)}", flush=True)
        if whole:
            self.resize(*size)

    def fits(self):
        width, inner = self.script("return [document.documentElement.scrollWidth, innerWidth]")
        self.assertLessEqual(width, inner, "the page scrolls sideways")

    # The page

    def sign_in(self, username="admin", password=PASSWORD):
        self.one("#username").send_keys(username)
        self.one("#password").send_keys(password + Keys.ENTER)
        self.one(".shell")

    def sign_out(self):
        # What the page had asked for in that moment is refused, and the console says so.
        self.expected_errors.append(r"status of 401 \(Unauthorized\)")
        self.click_on(".user summary")
        self.click("Sign out")
        self.one("#username")

    def open(self, path):
        """Opens a view, signing in first when that is needed."""
        self.browser.get(f"{self.server.url}/#/{path}")
        self.wait(lambda: self.all(".shell, #username"), "the page")
        if self.all("#username"):
            self.sign_in()
            self.browser.get(f"{self.server.url}/#/{path}")
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
        self.wait(lambda: self.script(script, scope), "a drawn chart", PATIENCE)
