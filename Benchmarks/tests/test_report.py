"""What is said of the figures."""

import json
import os
import sys
import unittest
import xml.etree.ElementTree

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from harness import report  # noqa: E402
from harness.loads import Sample  # noqa: E402
from harness.measure import Spread  # noqa: E402
from harness.plan import Aim, Outcome, Row, number  # noqa: E402

MACHINE = dict.fromkeys(("processor", "cores", "system", "magpie", "commit", "nginx", "wrk", "openssl"), "?")
SETTINGS = {"rounds": 3, "seconds": 8, "warmup": 2, "sessions": 1_000}


def sample(per_cpu):
    return Sample(per_cpu / 2, per_cpu, 1, 2, 3, 20, 0, 0.5, 0.4, 1_000)


def outcome():
    row = Row("sign", "signatures", [
        Aim("ratio", "of nginx's", least=0.85, chart="<signature>"), Aim("growth", "RSS", " MiB", most=2),
        Aim("told", "just told")], None)
    found = Outcome(row)
    for nginx, magpie in ((100, 90), (200, 160), (100, 70)):
        found.sample("nginx", sample(nginx))
        found.sample("magpie", sample(magpie))
        found.sample("magpie, access log on", sample(50))
        found.figure("ratio", magpie / nginx)
    found.figure("growth", 2)
    found.figure("told", 5)
    return found


class Aims(unittest.TestCase):
    def test_a_bound_itself_is_within_it(self):
        least, most = Aim("a", "", least=1), Aim("a", "", most=0)
        self.assertEqual([least.is_met(value) for value in (0.99, 1, 1.01)], [False, True, True])
        self.assertEqual([most.is_met(value) for value in (-1, 0, 0.01)], [True, True, False])

    def test_the_median_decides(self):
        words = {aim.figure: word for aim, _, word in report.judged(outcome())}
        self.assertEqual(words, {"ratio": "short of it", "growth": "ok", "told": ""})

    def test_a_figure_that_was_not_measured_is_not_told(self):
        found = outcome()
        del found.figures["growth"]
        self.assertEqual([aim.figure for aim, _, _ in report.judged(found)], ["ratio", "told"])

    def test_a_load_is_compared_with_nginx_under_the_same_one_where_there_is_one(self):
        found = outcome()
        self.assertEqual(found.ratio("magpie"), Spread(0.8, 0.7, 0.9, 3))
        self.assertEqual(found.ratio("magpie, access log on"), Spread(0.5, 0.25, 0.5, 3))
        for per_cpu in (50, 100, 50):
            found.sample("nginx, access log on", sample(per_cpu))
        self.assertEqual(found.ratio("magpie, access log on"), Spread(1, 0.5, 1, 3))
        self.assertIsNone(found.ratio("nginx"))


class Texts(unittest.TestCase):
    def test_numbers_have_the_digits_that_mean_something(self):
        self.assertEqual([number(value) for value in (0, 3, 0.853, 12.34, 123.4, 98_765.4)],
                         ["0", "3", "0.85", "12.3", "123", "98,765"])

    def test_the_table_has_the_same_columns_in_every_line(self):
        text = report.markdown([outcome()], SETTINGS, MACHINE, "2026-01-01")
        for table in text.split("\n\n"):
            rows = [line for line in table.splitlines() if line.startswith("|")]
            self.assertLessEqual(len({line.count("|") for line in rows}), 1)
        self.assertIn("| sign | of nginx's | 0.80 (0.70–0.90) | ≥ 0.85 | short of it |", text)

    def test_json_holds_every_run(self):
        found = json.loads(report.as_json([outcome()], SETTINGS, MACHINE, "2026-01-01"))
        loads = {load["load"]: load for load in found["rows"][0]["loads"]}
        self.assertEqual([run["requests_per_cpu_second"] for run in loads["nginx"]["runs"]], [100, 200, 100])
        self.assertEqual(loads["magpie"]["ofNginx"]["median"], 0.8)

    def test_the_chart_is_well_formed_and_has_a_bar_for_each_ratio(self):
        tree = xml.etree.ElementTree.fromstring(report.chart([outcome()]))
        bars = [node for node in tree.iter() if node.get("class") == "bar"]
        self.assertEqual(len(bars), 1)
        self.assertIn("<signature>", "".join(tree.itertext()))


if __name__ == "__main__":
    unittest.main()
