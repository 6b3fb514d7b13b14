"""A thousand projects: counted, paged while scrolling, searched and filtered fast."""

import time

from selenium.webdriver.common.by import By

from page import Dashboard, PHONE

MANY = 1000
SUBJECTS = ["attention", "routing", "tokenizers", "data mixtures", "optimizers", "distillation", "retrieval", "long context", "safety", "kernels"]
VERBS = ["Ablate", "Compare", "Reproduce", "Scale", "Profile", "Simplify", "Stress-test"]
TYPES = ["research", "development", "analysis", "maintenance"]
OWNERS = {"ada": "Ada Lovelace", "grace": "Grace Hopper", "linus": "Linus Pauling", "barbara": "Barbara McClintock", "edsger": "Edsger Dijkstra"}


def project(index):
    return {
        "name": f"{VERBS[index % 7]} {SUBJECTS[index % 10]} #{index + 1}",
        "type": TYPES[index % 4],
        "status": "active" if index % 3 else "pending",
        "priority": index % 10 + 1,
        "tags": ["nlp", "gpu", "baseline", "paper"][: index % 5],
        "owner": list(OWNERS)[index % 5],
        "description": f"Run {index + 1} of the plan.",
        **({"due_at": f"2030-0{index % 9 + 1}-15T12:00:00Z"} if index % 2 else {}),
    }


class Thousand(Dashboard):
    def test_01_a_thousand_projects_are_there(self):
        for username, name in OWNERS.items():
            self.api.user(username, name)
        for index in range(MANY):
            self.api.create(**project(index))
        self.assertEqual(len(self.api.projects()), MANY)

    def rows(self):
        return self.script("return document.querySelectorAll('.projects-table tbody tr').length")

    def owners_shown(self):
        return set(self.script("return [...document.querySelectorAll('.owner-cell')].map((cell) => cell.textContent)"))

    def wait_for_rows(self, count):
        self.wait(lambda: self.rows() == count, f"{count} rows (there are {self.rows()})")

    def test_02_the_first_page_and_the_counts(self):
        for scheme in ["light", "dark"]:
            self.colours(scheme)
            self.open("projects")
            self.wait_for_text(f"50 of {MANY:,} projects")
            active = MANY - (MANY + 2) // 3
            self.assertEqual(self.one("[data-key='Status-active'] .amount").text, str(active))
            self.wait(lambda: len(self.owners_shown() & set(OWNERS.values())) == 5, "the owners by name")
            self.screenshot(f"projects-thousand-{scheme}")

    def test_03_scrolling_reaches_the_last(self):
        self.open("projects?sort=name")
        self.wait_for_text(f"50 of {MANY:,} projects")
        def further():
            self.script("window.scrollTo(0, document.documentElement.scrollHeight)")
            return self.rows() == MANY
        begin = time.monotonic()
        self.wait(further, "all rows", 60)
        print(f"  scrolled through {MANY} projects in {time.monotonic() - begin:.1f} s")
        names = self.script("return [...document.querySelectorAll('.project-cell a')].map((a) => a.textContent)")
        self.assertEqual(sorted(set(names)), sorted(project(index)["name"] for index in range(MANY)))
        self.wait_for_text(f"{MANY:,} projects")
        self.assertFalse(self.all(".show-more"))
        self.screenshot("projects-thousand-end-light")

    def test_04_an_edit_far_down_stays_there(self):
        self.open("projects?sort=name")
        self.one(".show-more")
        self.script("window.scrollTo(0, document.documentElement.scrollHeight)")
        self.wait(lambda: self.rows() >= 100, "the second page")
        row = self.all(".projects-table tbody tr")[80]
        name = row.find_element(By.CSS_SELECTOR, "a").text
        before = self.rows()
        row.find_element(By.CSS_SELECTOR, "[data-action='edit']").click()
        field = self.one("dialog[open] [name='priority']")
        field.clear()
        field.send_keys("10")
        self.click_on("dialog[open] button[type='submit']")
        self.wait(lambda: not self.all("dialog[open]"), "the form to close")
        row = self.all(".projects-table tbody tr")[80]
        self.assertEqual(row.find_element(By.CSS_SELECTOR, "a").text, name)
        self.assertEqual(row.find_element(By.CSS_SELECTOR, ".priority").text, "10")
        self.assertGreaterEqual(self.rows(), before)
        self.assertEqual(self.script("return document.activeElement.getAttribute('aria-label')"), f"Edit {name}")

    def test_05_coming_back_leads_to_the_same_place(self):
        self.open("projects?sort=name&status=active")
        self.one(".show-more")
        self.script("window.scrollTo(0, document.documentElement.scrollHeight)")
        self.wait(lambda: self.rows() >= 100, "the second page")
        for way in [self.browser.back, lambda: self.click_on(".back")]:
            link = self.all(".project-cell a")[90]
            name = link.text
            self.script("arguments[0].scrollIntoView({ block: 'center' })", link)
            top = self.script("return window.scrollY")
            link.click()
            self.one(".back")
            self.wait_for_text("Description")
            way()
            self.wait(lambda: self.script("return document.activeElement.textContent") == name, "the focus on the same project")
            self.assertEqual(self.script("return window.scrollY"), top)
            self.assertIn("status=active", self.browser.current_url)
        # Coming from elsewhere begins at the top.
        self.click_on(".nav a[href='#/alerts']")
        self.one(".rule")
        self.click_on(".nav a[href='#/projects']")
        self.wait_for_rows(50)
        self.assertEqual(self.script("return window.scrollY"), 0)

    def test_06_search_is_fast_and_lasts(self):
        self.open("projects")
        self.one(".projects-table")
        expected = len(self.api.projects(q="ablate rout"))
        self.assertGreater(expected, 5)
        begin = time.monotonic()
        self.one("#project-search").send_keys("ablate rout")
        self.wait_for_rows(expected)
        took = time.monotonic() - begin
        print(f"  searched {MANY} projects in {took:.2f} s, typing included")
        self.assertLess(took, 3)
        self.wait_for_text(f"{expected} projects")
        self.assertFalse(self.all(".segments .amount"), "counts of all projects beside those found")
        self.screenshot("projects-search-light")
        self.browser.refresh()
        self.wait_for_rows(expected)
        self.assertEqual(self.one("#project-search").get_attribute("value"), "ablate rout")

    def test_07_filters_are_in_the_address(self):
        self.open("projects?q=kernels")
        self.click_on("[data-key='Status-pending']")
        expected = len(self.api.projects(q="kernels", status="pending"))
        self.wait_for_rows(expected)
        self.assertIn("status=pending", self.browser.current_url)
        self.browser.refresh()
        self.wait_for_rows(expected)
        self.one("#project-search").send_keys(" zzz")
        self.wait_for_text("No project matches")
        self.screenshot("projects-no-match-light")
        self.click("Clear the filters")
        self.wait_for_rows(50)

    def test_08_on_a_phone(self):
        self.resize(*PHONE)
        for scheme in ["light", "dark"]:
            self.colours(scheme)
            self.open("projects")
            self.wait_for_text(f"50 of {MANY:,} projects")
            self.fits()
            self.screenshot(f"projects-thousand-phone-{scheme}")
        self.script("window.scrollTo(0, document.documentElement.scrollHeight)")
        self.wait(lambda: self.rows() >= 100, "the second page")
        self.fits()
        # What gets the focus comes out from under the bars.
        button = self.one("[data-shortcut='new']")
        top, bar = self.script("arguments[0].focus(); return [arguments[0].getBoundingClientRect().top, document.querySelector('.side').offsetHeight]", button)
        self.assertGreaterEqual(top, bar)
        button.click()
        self.one("dialog[open]")
        self.fits()
        self.screenshot("project-form-phone-dark")
