"""What the tools print, and what is made of it."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from harness.loads import LoadFailure, check, parse_wrk, together  # noqa: E402
from harness.logins import parse_strace  # noqa: E402
from harness.process import libraries  # noqa: E402

WRK = """Running 8s test @ http://127.0.0.1:40001
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   629.81us  153.56us   3.30ms   92.90%
    Req/Sec   100.98k     1.85k  104.36k    75.00%
  808021 requests in 8.05s, 384.43MB read
Requests/sec: 100374.07
Transfer/sec:     47.75MB
RESULT {"requests":808021,"microseconds":8050098,"p50":610,"p99":1201,"p999":1900,"max":3300,"errors":{"connect":0,\
"read":0,"write":0,"status":0,"timeout":0}}
"""

STRACE = """% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 96.03    0.412345         823       501         2 fdatasync
  3.97    0.017000        1000        17           fsync
------ ----------- ----------- --------- --------- ----------------
100.00    0.429345         828       518         2 total
"""

LDD = """\tlinux-vdso.so.1 (0x00007fc6fbece000)
\tlibssl.so.3 => /lib/x86_64-linux-gnu/libssl.so.3 (0x00007fc6fbe14000)
\tlibstdc++.so.6 => /lib/x86_64-linux-gnu/libstdc++.so.6 (0x00007fc6fa200000)
\tlibgcc_s.so.1 => not found
\tlibswiftCore.so => /opt/libswiftCore.so (0x00007fc6fa01e000)
\t/lib64/ld-linux-x86-64.so.2 (0x00007fc6fbed0000)
"""


class Wrk(unittest.TestCase):
    def test_the_result_is_the_line_of_our_script(self):
        result = parse_wrk(WRK)
        self.assertEqual((result["requests"], result["p999"], result["errors"]["status"]), (808_021, 1_900, 0))
        check(result)

    def test_without_that_line_there_is_no_result(self):
        with self.assertRaises(LoadFailure):
            parse_wrk("unable to connect to 127.0.0.1:1")

    def test_of_several_at_once_the_counts_are_added_and_the_longest_times_are_told(self):
        one, other = parse_wrk(WRK), parse_wrk(WRK)
        other.update(requests=1_000, p50=700, p99=900, microseconds=8_100_000)
        other["errors"]["read"] = 2
        whole = together([one, other])
        self.assertEqual((whole["requests"], whole["p50"], whole["p99"], whole["p999"]), (809_021, 700, 1_201, 1_900))
        self.assertEqual((whole["microseconds"], whole["errors"]["read"]), (8_100_000, 2))
        self.assertEqual((one["requests"], one["errors"]["read"]), (808_021, 0))

    def test_a_run_with_errors_is_no_measurement(self):
        for kind in ("connect", "read", "write", "status", "timeout"):
            result = parse_wrk(WRK)
            result["errors"][kind] = 1
            with self.assertRaisesRegex(LoadFailure, kind):
                check(result)

    def test_a_run_without_requests_is_no_measurement(self):
        with self.assertRaises(LoadFailure):
            check(parse_wrk(WRK) | {"requests": 0})


class Others(unittest.TestCase):
    def test_both_kinds_of_fsync_count_and_nothing_else(self):
        self.assertEqual(parse_strace(STRACE), 518)
        self.assertEqual(parse_strace(""), 0)

    def test_libraries_are_named_without_versions_and_without_the_loader(self):
        self.assertEqual(libraries(LDD), {"libssl", "libstdc++", "libgcc_s", "libswiftCore"})


if __name__ == "__main__":
    unittest.main()
