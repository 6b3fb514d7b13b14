"""Coming in, staying in, and going."""

from selenium.webdriver.common.keys import Keys

from page import Dashboard, PHONE


class SignIn(Dashboard):
    def test_01_a_wrong_password_is_refused(self):
        self.expected_errors = [r"/auth/login .*401"]
        self.browser.get(self.server.url + "/")
        self.one("#username").send_keys("admin")
        self.one("#password").send_keys("certainly not it" + Keys.ENTER)
        self.wait_for_text("The username or the password is wrong.")
        self.screenshot("sign-in-refused-light")
        self.colours("dark")
        self.screenshot("sign-in-refused-dark")
        self.resize(*PHONE)
        self.fits()
        self.screenshot("sign-in-refused-phone-dark")

    def test_02_the_theme_switch_lasts(self):
        self.open("overview")
        self.click_on(".user summary")
        self.click_on(".theme-switch [aria-label='Dark']")
        self.assertEqual(self.script("return document.documentElement.dataset.theme"), "dark")
        self.browser.refresh()
        self.one(".shell")
        self.assertEqual(self.script("return document.documentElement.dataset.theme"), "dark")
        self.click_on(".user summary")
        self.screenshot("user-menu-dark")
        self.click_on(".theme-switch [aria-label='As the system']")
        self.assertIsNone(self.script("return document.documentElement.dataset.theme ?? null"))

    def test_03_two_tabs_renew_at_once(self):
        self.open("overview")
        first = self.browser.current_window_handle
        self.browser.switch_to.new_window("tab")
        second = self.browser.current_window_handle
        self.browser.get(self.server.url + "/#/overview")
        self.one(".shell .tiles")
        for handle in (first, second):
            self.browser.switch_to.window(handle)
            self.script("window.isOld = true; setTimeout(() => location.reload(), 500)")
        for handle in (second, first):
            self.browser.switch_to.window(handle)
            self.wait(lambda: self.script("return !window.isOld"), "the page anew")
            self.one(".shell .tiles")
        self.browser.switch_to.window(second)
        self.browser.close()
        self.browser.switch_to.window(first)

    def test_04_ones_password_is_changed(self):
        self.expected_errors = [r"/users/me/password .*422"]
        self.api.user("newcomer", "New Comer")
        first = "correct horse battery"
        self.open("overview")
        self.sign_out()
        self.sign_in("newcomer", first)
        self.click_on(".user summary")
        self.click("Change password")

        def change(current, new, again):
            for name, text in [("current_password", current), ("new_password", new), ("repeated", again)]:
                field = self.one(f"dialog[open] [name='{name}']")
                field.clear()
                field.send_keys(text)
            self.click_on("dialog[open] button[type='submit']")

        def fault(name):
            self.wait(lambda: self.all(f"dialog[open] [name='{name}'][aria-invalid]"), f"a fault at {name}")
            self.assertEqual(self.script("return document.activeElement.name"), name)

        change(first, "too short", "too short")
        fault("new_password")
        change(first, "another long one", "another wrong one")
        fault("repeated")
        self.screenshot("password-form-light")
        change("not it at all", "another long one", "another long one")
        fault("current_password")
        self.resize(*PHONE)
        self.colours("dark")
        self.fits()
        self.screenshot("password-form-phone-dark")
        change(first, "another long one", "another long one")
        self.wait(lambda: not self.all("dialog[open]"), "the form to close")
        self.wait_for_text("Your other sessions have ended")
        self.browser.refresh()
        self.one(".shell")
        self.sign_out()
        self.sign_in("newcomer", "another long one")
        self.sign_out()

    def test_05_sign_out(self):
        self.open("overview")
        self.sign_out()
        self.browser.refresh()
        self.one("#username")
        self.assertFalse(self.all(".shell"))
