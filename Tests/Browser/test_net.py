"""The net itself: a test that cannot fail proves nothing."""

from page import Dashboard


class Net(Dashboard):
    def test_errors_and_foreign_requests_are_seen(self):
        self.browser.get("about:blank")
        self.script("console.error('a mistake'); setTimeout(() => { throw new Error('an uncaught one'); });")
        foreign = self.server.url.replace("127.0.0.1", "localhost") + "/favicon.svg"
        self.browser.execute_async_script("fetch(arguments[0], { mode: 'no-cors' }).finally(arguments[1])", foreign)
        errors, requests = self.faults()
        self.assertTrue(any("a mistake" in error for error in errors), errors)
        self.assertTrue(any("an uncaught one" in error for error in errors), errors)
        self.assertEqual(requests, [foreign])

    def test_no_inline_script_runs(self):
        self.expected_errors = [r"Content Security Policy"]
        self.browser.get(self.server.url + "/")
        self.one("#username")
        self.script("""
            const script = document.createElement('script');
            script.textContent = 'window.isOwned = true';
            document.body.append(script);""")
        self.assertIsNone(self.script("return window.isOwned ?? null"))
        errors, _ = self.faults()
        self.assertEqual(errors, [])
