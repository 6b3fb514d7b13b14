"""Expressions: as a chart, as a table, wrong, empty."""

from selenium.webdriver.common.keys import Keys

from page import Dashboard, PHONE


class Query(Dashboard):
    def test_01_nothing_asked_yet(self):
        self.open("query")
        self.wait_for_text("Ask the platform about itself")
        self.screenshot("query-empty-light")
        self.resize(*PHONE)
        self.colours("dark")
        self.fits()
        self.screenshot("query-empty-phone-dark")

    def test_02_in_chart_and_table(self):
        self.open("query")
        self.one("#expression").send_keys("sum by (route) (rate(kaskman_http_requests_total[1m]))")
        self.one("#expression").send_keys(Keys.CONTROL + Keys.ENTER)
        self.drawn(".query-chart")
        self.screenshot("query-chart-light")
        self.click("1 h")
        self.wait(lambda: "range=3600" in self.browser.current_url, "the range in the address")
        self.drawn(".query-chart")
        self.click_on("#tab-table")
        self.one(".result-table tbody tr")
        self.assertIn("tab=table", self.browser.current_url)
        self.screenshot("query-table-light")
        self.colours("dark")
        self.screenshot("query-table-dark")
        self.resize(*PHONE)
        self.fits()
        self.screenshot("query-table-phone-dark")

    def test_03_a_wrong_expression_is_explained(self):
        self.expected_errors = [r"/query_range .*400"]
        self.open("query?expr=sum(")
        self.wait_for_text("The query failed.")
        self.assertIn("parse error", self.text())
        self.screenshot("query-fault-light")

    def test_04_no_data(self):
        self.open("query?expr=nothing_of_that_name")
        self.wait_for_text("No data")
        self.screenshot("query-no-data-light")

    def test_05_the_metrics_can_be_looked_up(self):
        self.open("query")
        self.click("Metrics")
        self.one("dialog[open] .metric")
        self.one("dialog[open] input[type='search']").send_keys("resident")
        self.wait(lambda: len(self.all("dialog[open] .metric")) == 1, "the one metric")
        self.screenshot("query-metrics-light")
        self.click_on("dialog[open] .metric")
        self.assertEqual(self.one("#expression").get_attribute("value"), "process_resident_memory_bytes")
