"""The graph of tasks: its layout, its looks, and the way through it with the keyboard."""

from selenium.webdriver.common.keys import Keys

from page import Dashboard, PHONE

# { layers: [[ids in order]], crossings } of a layout, as text to compare.
LAYOUT = """
    const [ids, edges] = arguments;
    const done = arguments[2];
    import('/js/graph-layout.js').then(({ layout }) => {
      const { places, layers, rows, routes } = layout(ids, edges);
      const text = Array.from({ length: layers }, (_, layer) => [...places].filter(([, place]) => place.layer === layer)
        .sort(([, a], [, b]) => a.row - b.row).map(([id]) => id).join(''));
      done([text.join(' '), rows, routes.map(({ points }) => points.length).join('')]);
    }, (error) => done(String(error)));"""

WINDOW = """
    const done = arguments[0];
    import('/js/views/task/log-window.js').then(async ({ LogWindow, linesMax, tailStart }) => {
      const line = (sequence) => ({ sequence });
      const lines = (first, last) => Array.from({ length: last - first + 1 }, (_, index) => line(first + index));
      const found = [];
      const window = new LogWindow();
      window.append(lines(1, 10));
      const { added } = window.append(lines(5, 12));
      found.push(added.length, window.last, window.hasOlder);
      window.append(lines(13, linesMax + 100));
      found.push(window.lines.length, window.first, window.hasOlder, window.hasNewer);
      window.prepend(lines(1, 100));
      found.push(window.lines.length, window.first, window.last, window.hasOlder, window.hasNewer);
      for (const last of [1001, 4321, 12345, 100000]) {
        let asked = 0;
        const start = await tailStart(async (sequence) => { asked += 1; return sequence < last; }, 1000);
        // The end is in reach of the window, and not behind its beginning.
        found.push(start < last && last - start <= linesMax && (start === 0 || last - start > linesMax - 1000) && asked < 20);
      }
      done(found);
    }, (error) => done(String(error)));"""


class TaskGraph(Dashboard):
    def setUp(self):
        super().setUp()
        self.expected_errors = [r"/tasks/[^/]+/(logs|artefacts).*404"]
        self.project = self.api.create(name="Graphs")

    def task(self, name, after=()):
        return self.api.task(self.project, name, after, capabilities=["nobody"])

    def test_01_layers_by_the_longest_way(self):
        self.open("overview")
        self.browser.set_script_timeout(20)

        def f(ids, edges, expected):
            found = self.browser.execute_async_script(LAYOUT, list(ids), [list(edge) for edge in edges.split()])
            self.assertEqual(found, expected, f"{ids} {edges}")

        f("a", "", ["a", 1, ""])
        f("abc", "ab bc", ["a b c", 1, "22"])
        # The long edge goes by a place of its own in the layer between.
        f("abc", "ab bc ac", ["a b c", 2, "223"])
        # Sorted so that the lines do not cross.
        f("abcd", "ad bc", ["ab dc", 2, "22"])
        f("abcdef", "af be cd", ["abc fed", 3, "222"])
        # What makes no sense is left out: unknown ends, and a task that depends on itself.
        f("ab", "ab aa az", ["a b", 1, "2"])

    def test_02_lines_of_a_log_are_bounded(self):
        self.open("overview")
        self.assertEqual(self.browser.execute_async_script(WINDOW), [
            2, 12, False, 5000, 101, True, False, 5000, 1, 5000, False, True, True, True, True, True,
        ])

    def test_03_a_graph_is_drawn_and_walked(self):
        first = self.task("Prepare")
        left, right = self.task("Train left", [first]), self.task("Train right", [first])
        last = self.task("Compare", [left, (right, "always")])
        self.open(f"tasks/{left['id']}")
        self.one(".relations-list")
        self.assertEqual([one.text for one in self.all(".relations-name")], ["Prepare", "Compare"])
        self.click_on(".page-tools a[href$='/graph']")
        self.wait(lambda: len(self.all(".graph-node")) == 4, "the nodes")
        self.wait_for_text("4 tasks connected")
        node = self.one(f"[data-node='{left['id']}']")
        self.assertEqual(node.get_attribute("aria-current"), "true")
        self.assertEqual(self.one(f"[data-node='{last['id']}']").get_attribute("aria-label"),
                         "Compare, waiting, depends on Train left, Train right (when it ends)")
        self.assertEqual(len(self.all(".graph-edge.is-conditional")), 1)
        for scheme in ["light", "dark"]:
            self.colours(scheme)
            self.screenshot(f"task-graph-{scheme}")
        self.script("arguments[0].focus()", node)
        focused = "return document.activeElement.dataset.node"
        for key, task in [(Keys.ARROW_RIGHT, last), (Keys.ARROW_LEFT, left), (Keys.ARROW_DOWN, right), (Keys.ARROW_LEFT, first), (Keys.ARROW_LEFT, first)]:
            self.press(key)
            self.assertEqual(self.script(focused), task["id"], task["name"])
        # What changes is drawn in its place, and the focus stays.
        self.api.request("POST", f"/api/v1/tasks/{first['id']}/cancel")
        self.wait(lambda: "skipped" in self.one(f"[data-node='{last['id']}']").get_attribute("aria-label"), "the new states")
        self.assertEqual(self.script(focused), first["id"])
        self.resize(*PHONE)
        self.fits()
        self.screenshot("task-graph-phone-dark")
        self.press(Keys.ENTER)
        self.wait(lambda: self.script("return location.hash") == f"#/tasks/{first['id']}", "the task's page")

    def test_04_more_tasks_than_can_be_drawn(self):
        hub = self.task("Hub")
        for number in range(205):
            self.task(f"Spoke {number}", [hub])
        self.open(f"tasks/{hub['id']}/graph")
        self.wait_for_text("The nearest 200 tasks are drawn: more are connected.", 30)
        self.assertEqual(len(self.all(".graph-node")), 200)
        self.screenshot("task-graph-large-light")
        self.open(f"tasks/{hub['id']}")
        self.wait_for_text("more in the graph")
        self.assertEqual(len(self.all(".relations-list li")), 12)
