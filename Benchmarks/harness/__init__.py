"""The harness of `make bench`: servers are started (servers), loaded (loads), measured (measure) and reported (report).

What is measured stands in `throughput`, `logins` and `process`; `Benchmarks/run` is the command.
"""
