"""When a growth of instructions is one."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from harness.loads import LoadFailure  # noqa: E402
from harness.micro import cookie, has_grown, instructions, table  # noqa: E402

VALGRIND = """{"event":"listening"}
==14767== Events    : Ir
==14767== Collected : 70973470
==14767==
==14767== I   refs:      70,973,470
"""


class Counting(unittest.TestCase):
    def test_the_count_is_found_among_what_the_server_says(self):
        self.assertEqual(instructions(VALGRIND), 70_973_470)

    def test_a_process_that_did_not_end_well_has_none(self):
        with self.assertRaises(LoadFailure):
            instructions(VALGRIND.replace("Collected", "Killed"))

    def test_a_cookie_goes_back_without_its_attributes(self):
        self.assertEqual(cookie("magpie_login=a-_9; Path=/; Max-Age=900; HttpOnly; SameSite=Lax"), "magpie_login=a-_9")


class Growth(unittest.TestCase):
    def test_a_tenth_more_is_allowed_and_no_more_than_that(self):
        self.assertFalse(has_grown({"auth": 1_100}, {"auth": 1_000}))
        self.assertTrue(has_grown({"auth": 1_101}, {"auth": 1_000}))
        self.assertFalse(has_grown({"auth": 100}, {"auth": 1_000}))

    def test_one_that_has_grown_is_not_hidden_by_others(self):
        self.assertTrue(has_grown({"auth": 500, "login": 1_200}, {"auth": 1_000, "login": 1_000}))

    def test_a_kind_that_nobody_has_accepted_fails(self):
        self.assertTrue(has_grown({"auth": 1_000, "new": 1}, {"auth": 1_000}))

    def test_the_table_tells_which_one_it_is(self):
        lines = table({"auth": 1_000, "login": 1_200, "new": 5}, {"auth": 1_000, "login": 1_000}).splitlines()
        self.assertEqual([line.split()[0] for line in lines if "grown" in line], ["login"])
        self.assertIn("+20.0%", lines[2])
        self.assertIn("new", lines[3])


if __name__ == "__main__":
    unittest.main()
