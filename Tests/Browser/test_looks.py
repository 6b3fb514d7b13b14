"""Every page in both colour schemes and both sizes; live charts; the keyboard."""

import re

from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from page import Dashboard, DESKTOP, PATIENCE, PHONE

VIEWS = [
    ("overview", ".charts .chart-canvas canvas"),
    ("projects", ".projects-table"),
    ("tasks", ".tasks-table"),
    ("tasks?view=board", ".task-card"),
    ("agents", ".agent-card"),
    ("alerts", ".rule"),
    ("query?expr=process_resident_memory_bytes", ".query-chart .chart-canvas canvas"),
]

# [texts that are too faint, targets that are too small]
CONTRAST = """
    const context = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data];
    };
    const over = ([r, g, b, a], [R, G, B]) => [r, g, b].map((value, i) => (value * a + [R, G, B][i] * (255 - a)) / 255);
    const ground = (element) => {
      const layers = [];
      for (let at = element; at; at = at.parentElement) {
        layers.push(rgba(getComputedStyle(at).backgroundColor));
        if (layers.at(-1)[3] === 255) break;
      }
      return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255]);
    };
    const light = (colour) => {
      const [r, g, b] = colour.map((value) => value / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const faint = [];
    for (const element of document.body.querySelectorAll('*')) {
      const text = [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data.trim()).join('');
      if (!text || !element.checkVisibility({ checkOpacity: true })) continue;
      const style = getComputedStyle(element);
      const below = ground(element);
      const [a, b] = [light(over(rgba(style.color), below)), light(below)].sort((x, y) => y - x);
      const size = parseFloat(style.fontSize);
      const needed = size >= 24 || (size >= 18.6 && style.fontWeight >= 700) ? 3 : 4.5;
      if ((a + 0.05) / (b + 0.05) < needed) faint.push(`${((a + 0.05) / (b + 0.05)).toFixed(2)} ${text.slice(0, 40)}`);
    }
    const small = [...document.querySelectorAll('button, summary, select, input, textarea, .nav a')]
      .filter((e) => e.checkVisibility())
      .map((e) => [e.getBoundingClientRect(), e])
      .filter(([box]) => box.width > 0 && (box.width < 24 || box.height < 24))
      .map(([box, e]) => `${box.width} x ${box.height} ${e.outerHTML.slice(0, 80)}`);
    return [faint, small];"""


class Looks(Dashboard):
    @classmethod
    def setUpClass(cls):
        for index in range(3 if not cls.api.projects() else 0):
            cls.api.create(name=f"Something to look at {index + 1}", tags=["nlp"])
        if not cls.api.request("GET", "/api/v1/tasks")["items"]:
            project = cls.api.projects()[0]
            first = cls.api.task(project, "Something to do")
            cls.api.task(project, "Something to do afterwards", after=[first])
        if not cls.api.request("GET", "/api/v1/agents")["items"]:
            cls.api.agent("looked-at", capabilities=["gpu"])

    def test_01_the_charts_are_live(self):
        self.open("overview")
        self.drawn(".charts")
        memory = self.wait(
            lambda: next((t for t in (e.text for e in self.all(".chart-value")) if re.fullmatch(r"[\d.,]+ (MB|GB)", t)), None),
            "the resident memory", PATIENCE)
        self.assertGreater(float(memory.split()[0].replace(",", "")), 1)
        self.assertEqual(len(self.all(".charts .chart-canvas")), 4)
        # Without a hand on it the page asks again, and the lines move.
        image = "return document.querySelector('.charts .chart-canvas canvas').toDataURL()"
        before = self.script(image)
        self.wait(lambda: self.script(image) != before, "the next values in the chart", 30)
        frame = self.one(".chart-frame")
        webdriver.ActionChains(self.browser).move_to_element_with_offset(frame, 120, 10).perform()
        self.wait(lambda: re.fullmatch(r"\d\d:\d\d:\d\d", self.one(".chart-time").text), "the time under the pointer")
        self.screenshot("overview-hover-light")

    def test_02_every_view(self):
        for width, height, suffix in [(*DESKTOP, ""), (*PHONE, "-phone")]:
            for scheme in ["light", "dark"]:
                self.colours(scheme)
                for view, ready in VIEWS:
                    self.resize(width, height)
                    self.open(view)
                    self.one(ready)
                    if ".chart" in ready:
                        self.drawn()
                    self.fits()
                    name = view.split("?")[0] + ("-board" if "view=board" in view else "")
                    self.screenshot(f"{name}{suffix}-{scheme}", whole=name == "overview")

    def test_03_the_keyboard_reaches_everything(self):
        self.open("projects")
        self.one(".projects-table")
        # After loading, the focus starts at the top; after following a link, at the heading.
        self.browser.refresh()
        self.one(".projects-table")
        order = []
        for _ in range(20):
            self.press(Keys.TAB)
            order.append(self.script("const e = document.activeElement; return e.getAttribute('href') ?? (e.id || e.textContent.trim())"))
            ring = self.script("const s = getComputedStyle(document.activeElement); return [s.outlineStyle, parseFloat(s.outlineWidth)]")
            self.assertEqual(ring[0], "solid", order[-1])
            self.assertGreaterEqual(ring[1], 2, order[-1])
            if order[-1] == "project-search":
                self.screenshot("keyboard-focus-light")
        expected = ["#content", "#/overview", "#/projects", "#/tasks", "#/agents", "#/alerts", "#/query", "New project", "project-search"]
        places = [order.index(name) for name in expected]
        self.assertEqual(places, sorted(places), order)

    def test_04_shortcuts(self):
        self.open("projects")
        self.one(".projects-table")
        self.press("?")
        self.one("dialog[open] .keys")
        self.screenshot("shortcuts-light")
        self.one("dialog[open]").send_keys(Keys.ESCAPE)
        self.wait(lambda: not self.all("dialog[open]"), "the list to close")
        self.press("/")
        self.assertEqual(self.script("return document.activeElement.id"), "project-search")
        self.script("document.activeElement.blur()")
        self.press("ga")
        self.one(".nav a[href='#/alerts'][aria-current='page']")

    def test_05_everything_has_a_name(self):
        """What can be pressed or filled in is called something, and nothing has an identifier twice."""
        for view, ready in [*VIEWS, ("projects", ".projects-table")]:
            self.open(view)
            self.one(ready)
            nameless = self.script("""
                const named = (e) => e.getAttribute('aria-label')?.trim() || e.innerText?.trim() || e.labels?.[0]?.innerText.trim()
                  || document.getElementById(e.getAttribute('aria-labelledby'))?.innerText.trim();
                return [...document.querySelectorAll('a, button, input, select, textarea, summary, [role=img], [role=region]')]
                  .filter((e) => e.checkVisibility() && !named(e)).map((e) => e.outerHTML.slice(0, 120));""")
            self.assertEqual(nameless, [], view)
            twice = self.script("""
                const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
                return ids.filter((id, index) => ids.indexOf(id) !== index);""")
            self.assertEqual(twice, [], view)

    def test_06_texts_can_be_read_and_buttons_be_hit(self):
        """WCAG 2.2: contrast of 4.5 (3 for large text) in both colour schemes, targets of 24 pixels."""
        for scheme in ["light", "dark"]:
            self.colours(scheme)
            for size in [DESKTOP, PHONE]:
                self.resize(*size)
                for view, ready in VIEWS:
                    self.open(view)
                    self.one(ready)
                    faint, small = self.script(CONTRAST)
                    self.assertEqual(faint, [], f"{view}, {scheme}")
                    self.assertEqual(small, [], f"{view}, {size}")
