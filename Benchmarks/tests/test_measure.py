"""The arithmetic of figures, and what is read of /proc."""

import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from harness.loads import Tally  # noqa: E402
from harness.measure import Spread, Vitals, cpu_ticks, percentile, ratios, status_field  # noqa: E402

# A name with a space and a bracket; utime 731 and stime 269 are the 14th and the 15th field.
STAT = ("4242 (odd ) name) S 1 4242 4242 0 -1 4194304 2000 0 1 0 731 269 5 6 20 0 3 0 123456 100000000 5000 "
        "18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 0")

STATUS = """Name:\tmagpie
VmHWM:\t   30000 kB
VmRSS:\t   20564 kB
Threads:\t5
"""


class Proc(unittest.TestCase):
    def test_processor_time_is_user_and_system_of_the_process_alone(self):
        self.assertEqual(cpu_ticks(STAT), 1_000)

    def test_a_number_of_the_status_is_found_by_its_whole_name(self):
        self.assertEqual(status_field(STATUS, "VmRSS"), 20_564)
        self.assertEqual(status_field(STATUS, "Threads"), 5)
        with self.assertRaises(KeyError):
            status_field(STATUS, "VmR")

    def test_a_process_that_works_uses_time_and_memory(self):
        before = Vitals.of(os.getpid())
        end = time.process_time() + 0.1
        while time.process_time() < end:
            pass
        after = Vitals.of(os.getpid())
        self.assertGreaterEqual(after.cpu_seconds - before.cpu_seconds, 0.05)
        self.assertGreater(after.rss_kib, 1_000)
        self.assertGreaterEqual(after.threads, 1)


class Percentiles(unittest.TestCase):
    def test_the_nearest_rank_is_a_value_that_was_measured(self):
        values = list(range(100, 0, -1))
        self.assertEqual(percentile(values, 0.5), 50)
        self.assertEqual(percentile(values, 0.99), 99)
        self.assertEqual(percentile(values, 0.999), 100)
        self.assertEqual(percentile(values, 1), 100)
        self.assertEqual(percentile(values, 0), 1)

    def test_one_value_is_every_percentile(self):
        self.assertEqual([percentile([7], share) for share in (0, 0.5, 0.999)], [7, 7, 7])

    def test_nothing_has_no_percentile(self):
        with self.assertRaises(ValueError):
            percentile([], 0.5)


class Runs(unittest.TestCase):
    def test_one_run_that_was_disturbed_moves_the_spread_and_not_the_median(self):
        self.assertEqual(Spread.of([10, 3, 11]), Spread(10, 3, 11, 3))
        self.assertEqual(Spread.of([4, 8]), Spread(6, 4, 8, 2))

    def test_ratios_pair_runs_of_one_round(self):
        self.assertEqual(ratios([1, 9], [2, 10]), [0.5, 0.9])
        with self.assertRaises(ValueError):
            ratios([1], [1, 2])


class Server:
    """One that has used so much before each look, and after it."""

    def __init__(self, *vitals):
        self.rest = list(vitals)

    def vitals(self):
        return self.rest.pop(0)


class Slices(unittest.TestCase):
    def test_a_sample_adds_up_its_own_slices_and_leaves_out_what_is_between_them(self):
        # 1 s of the processor in each slice, and 5 s between them.
        tally = Tally(Server(Vitals(0, 1024, 1), Vitals(1, 2048, 1), Vitals(6, 2048, 1), Vitals(7, 3072, 1)))
        for requests, latency in ((100, 1_000), (300, 3_000)):
            tally.slice(lambda: {
                "requests": requests, "microseconds": 2_000_000, "p50": latency, "p99": latency, "p999": latency,
                "busy": 0.5})
        sample = tally.sample()
        self.assertEqual((sample.requests, sample.requests_per_second, sample.requests_per_cpu_second), (400, 100, 200))
        self.assertEqual((sample.p50_ms, sample.server_busy, sample.load_busy), (2, 0.5, 0.5))
        self.assertEqual((sample.rss_mib, sample.rss_growth_mib), (3, 2))


if __name__ == "__main__":
    unittest.main()
