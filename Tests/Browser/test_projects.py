"""Projects: made, changed, deleted; what others wrote in them is text."""


from selenium.webdriver.common.keys import Keys

from page import Dashboard, PHONE

HOSTILE = "<img src=x onerror=\"document.title='owned'\"><b>bold</b>"
DESCRIPTION = """# Question

Does *block-sparse* attention keep the quality of **dense** attention at 32k tokens?

- measure `perplexity`
- compare with [the paper](https://example.org/paper)

> Start small: one layer, one head.

```
python train.py --sparse
```
"""


class Projects(Dashboard):
    def made(self, **fields):
        """A project for one test."""
        project = self.api.create(**fields)
        self.addCleanup(self.api.request, "DELETE", f"/api/v1/projects/{project['id']}")
        return project

    def test_01_nothing_yet(self):
        self.open("projects")
        self.wait_for_text("No projects yet")
        self.screenshot("projects-empty-light")
        self.resize(*PHONE)
        self.colours("dark")
        self.screenshot("projects-empty-phone-dark")

    def test_02_a_project_is_created_changed_and_deleted(self):
        self.open("projects")
        self.wait_for_text("No projects yet")
        name = "Sparse attention"
        self.click_on("[data-shortcut='new']")
        self.one("dialog[open] [name='name']").send_keys(name)
        self.one("dialog[open] [name='description']").send_keys(DESCRIPTION)
        self.one("dialog[open] [name='tags']").send_keys("attention, nlp")
        self.screenshot("project-form-light")
        self.click("Preview")
        self.assertEqual(self.one("dialog[open] .preview h3").text, "Question")
        self.screenshot("project-form-preview-light")
        self.colours("dark")
        self.screenshot("project-form-preview-dark")
        self.colours("light")
        self.click("Write")
        self.click_on("dialog[open] button[type='submit']")
        self.wait(lambda: not self.all("dialog[open]"), "the form to close")
        self.follow(name)
        self.one(".prose h3")
        self.assertEqual(self.one(".prose pre").text, "python train.py --sparse")
        self.assertEqual(self.one(".prose a").get_attribute("href"), "https://example.org/paper")
        self.click("Start")
        self.button("Pause")
        self.screenshot("project-light", whole=True)
        self.click("Edit")
        field = self.one("dialog[open] [name='priority']")
        field.clear()
        field.send_keys("9")
        self.click_on("dialog[open] button[type='submit']")
        self.wait_for_text("9 of 10")
        self.click("Delete")
        self.one("dialog[open] .button.danger")
        self.screenshot("project-delete-light")
        self.click_on("dialog[open] .button.danger")
        self.wait(lambda: self.script("return location.hash").startswith("#/projects"), "the list")
        self.wait_for_text("No projects yet")

    def test_03_a_refused_field_says_why(self):
        self.expected_errors = [r"/projects .*4\d\d"]
        self.open("projects")
        self.click_on("[data-shortcut='new']")
        self.click_on("dialog[open] button[type='submit']")
        self.assertEqual(self.one("dialog[open] [name='name']").get_attribute("aria-invalid"), "true")
        self.one("dialog[open] [name='name']").send_keys("A project that will not be")
        self.one("dialog[open] [name='tags']").send_keys("not a tag!")
        self.click_on("dialog[open] button[type='submit']")
        self.wait(lambda: self.one("dialog[open] [name='tags']").get_attribute("aria-invalid") == "true", "the fault at the field")
        self.screenshot("project-form-fault-light")

    def test_04_what_others_write_is_text(self):
        self.made(name=HOSTILE, description=HOSTILE, objectives=[HOSTILE], tags=["a"], owner=self.api.user("hostile", HOSTILE[:100]))
        self.open("projects")
        self.follow(HOSTILE)
        self.assertEqual(self.one(".prose").text, HOSTILE)
        self.assertFalse(self.all("#content img, #content b"))
        self.assertEqual(self.browser.title, f"{HOSTILE} · KaskManager")

    def test_05_long_names_stay_in_their_place(self):
        long = [
            "Reproduce the scaling laws of mixture-of-experts models under a fixed budget of tokens, memory and money, and say where they break",
            "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft" * 2,
        ]
        for name in long:
            self.made(name=name, description=f"{name}\n\n" + "x" * 400, owner=self.api.user("o" * 64, "o" * 100),
                      tags=["t" * 50, "another-tag-that-is-long", "c", "d", "e", "f"], objectives=["y" * 300])
        for size, suffix in [(None, ""), (PHONE, "-phone")]:
            if size:
                self.resize(*size)
            self.open("projects")
            self.link(long[1])
            self.assertEqual(self.one("[data-key='Status-'] .amount").text, "2")
            self.fits()
            self.screenshot(f"projects-long-names{suffix}-light")
            self.follow(long[1])
            self.one(".prose")
            self.fits()
            self.screenshot(f"project-long-name{suffix}-light", whole=True)
    
    def test_06_what_is_not_there_is_said(self):
        self.expected_errors = [r"/projects/.*404"]
        self.open("projects/0190f5d0-0000-7000-8000-000000000000")
        self.wait_for_text("This project is not there")
        self.screenshot("project-missing-light")
        self.browser.get(f"{self.server.url}/#/nowhere/at/all")
        self.wait_for_text("There is no such page")
        self.screenshot("no-such-page-light")

    def test_07_someone_else_was_faster(self):
        self.expected_errors = [r"/projects/.*412"]
        project = self.made(name="Shared work")
        self.open(f"projects/{project['id']}")
        self.click("Edit")
        self.one("dialog[open] [name='name']").send_keys(" of two")
        status, _ = self.api.send("PATCH", f"/api/v1/projects/{project['id']}", {"priority": 8},
                                  {"Content-Type": "application/merge-patch+json", "If-Match": f"\"{project['version']}\""})
        self.assertEqual(status, 200)
        self.click_on("dialog[open] button[type='submit']")
        self.wait_for_text("Someone else changed this project")
        self.screenshot("project-form-conflict-light")
        self.click("Load their version")
        self.wait(lambda: self.one("dialog[open] [name='priority']").get_attribute("value") == "8", "their version")
        self.one("dialog[open]").send_keys(Keys.ESCAPE)

    def test_08_people_are_offered_by_name(self):
        self.api.user("grace", "Grace Hopper")
        self.open("projects")
        self.click_on("[data-shortcut='new']")
        self.one("dialog[open] [name='name']").send_keys("A project with people")

        def take(field, text, *keys):
            field.send_keys(text)
            self.wait(lambda: self.all("dialog[open] .offers:not([hidden]) [role='option']"), f"offers for {text}")
            field.send_keys(*keys)

        owner = self.one("dialog[open] [name='owner']")
        take(owner, "Grace H", Keys.ARROW_DOWN, Keys.ENTER)
        self.assertEqual(owner.get_property("value"), "grace")
        assignees = self.one("dialog[open] [name='assignees']")
        take(assignees, "adm", Keys.ARROW_DOWN, Keys.ENTER)
        take(assignees, "gra", Keys.ARROW_UP)
        self.screenshot("project-form-people-light")
        take(assignees, "c", Keys.ESCAPE)
        self.assertFalse(self.all("dialog[open] .offers:not([hidden])"))
        take(assignees, Keys.BACKSPACE)
        self.click_on("dialog[open] .offers:not([hidden]) [role='option']")
        self.assertEqual(assignees.get_property("value"), "admin, grace, ")
        self.click_on("dialog[open] button[type='submit']")
        self.wait(lambda: not self.all("dialog[open]"), "the form to close")
        self.follow("A project with people")
        self.wait_for_text("Grace Hopper")
        project = next(one for one in self.api.projects() if one["name"] == "A project with people")
        self.assertEqual(len(project["assignees"]), 2)
        self.api.request("DELETE", f"/api/v1/projects/{project['id']}")
