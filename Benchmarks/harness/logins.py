"""Rows of whole logins: start, WeChat's answer, callback."""

import json
import os
import select
import signal
import urllib.request

from . import loads
from .measure import percentile, process_tree
from .plan import Aim, row
from .servers import Platform
from .throughput import seeded


@row("login", "whole logins, the platform answering at once", [
    Aim("memory", "memory store, per CPU-second", "/s", least=8_000),
    Aim("sqlite", "SQLite, 1,000 sessions in it", "/s", least=3_000),
    Aim("many", "SQLite with all the sessions, of with 1,000", least=0.9),
    Aim("fsync", "logins for each fsync"),
])
def login(bench, out):
    small = bench.once("small store", lambda: seeded(bench, 1_000)[0])
    large = bench.once("large store", lambda: seeded(bench, bench.sessions)[0])
    with bench.magpie() as server:
        memory = out.sample("logins, memory", loads.logins(bench.stage, server, bench.seconds))
    # In turn, as `loads.in_turn`: the disk has neighbours, too.
    slices = max(1, round(bench.seconds / 2))
    samples = {}
    with bench.magpie(store=small) as few, bench.magpie(store=large) as many:
        for number in range(slices):
            for server in (few, many) if number % 2 == 0 else (many, few):
                samples.setdefault(server, []).append(
                    loads.logins(bench.stage, server, bench.seconds / slices, warmup=0 if number else 1))
        few = out.sample("logins, SQLite", loads.Sample.joined(samples[few]))
        many = out.sample(f"logins, SQLite, {bench.sessions:,} sessions", loads.Sample.joined(samples[many]))
    out.figure("memory", memory.requests_per_cpu_second)
    out.figure("sqlite", few.requests_per_second)
    out.figure("many", many.requests_per_second / few.requests_per_second)
    out.figure("fsync", logins_per_fsync(bench, small))


def logins_per_fsync(bench, store):
    """A short run under strace, which counts and slows nothing else."""
    counts = bench.stage.fresh("fsyncs")
    # Follows forks and threads; with a filter in the kernel all other calls are at full speed.
    tracer = ["strace", "-f", "--seccomp-bpf", "-c", "-e", "trace=fsync,fdatasync", "-o", counts]
    with bench.magpie(store=store, under=tracer) as server:
        program = process_tree(server.process.pid)[1]
        sample = loads.logins(bench.stage, server, min(2, bench.seconds), warmup=0)
        # The tracer ends, and writes its table, as the program does.
        os.kill(program, signal.SIGTERM)
        server.process.wait(timeout=30)
    with open(counts) as file:
        return sample.requests / max(1, parse_strace(file.read()))


def parse_strace(table):
    """The calls in the table of `strace -c`: % time, seconds, usecs/call, calls, perhaps errors, name."""
    total = 0
    for line in table.splitlines():
        words = line.split()
        if words and words[-1] in ("fsync", "fdatasync"):
            total += int(words[3])
    return total


@row("flight", "logins in flight, the platform taking 500 ms", [
    Aim("failures", "logins that fail", most=0),
    Aim("most", "logins in flight at once"),
    Aim("p99", "99 % take at most", " ms", most=700),
    Aim("growth", "growth of RSS", " MiB", most=40),
    Aim("threads", "further threads", most=0),
])
def flight(bench, out):
    with Platform(bench.stage, delay_ms=500) as platform:
        bench_platform, bench.platform = bench.platform, platform
        try:
            server = bench.magpie()
        finally:
            bench.platform = bench_platform
        with server:
            # One login, so that what is made once is there.
            loads.logins(bench.stage, server, 1, visitors=1, warmup=0)
            before = server.vitals()
            tool = loads.Tool(
                bench.stage, "wave", "--to", server.address, "--count", bench.flights, "--within", 450)
            tool.line()
            peak, threads = before.rss_kib, before.threads
            while not select.select([tool.process.stdout], [], [], 0.02)[0]:
                vitals = server.vitals()
                peak, threads = max(peak, vitals.rss_kib), max(threads, vitals.threads)
            result, lateness = tool.line(), tool.line()
            tool.finish()
            with urllib.request.urlopen(f"{platform.url}/_most", timeout=10) as answer:
                most = json.load(answer)["most"]
    if percentile(lateness["microseconds"], 0.99) > 100_000:
        out.note("flight: the load came late, its core was too busy: fewer were in flight than were meant to be.")
    if result["failures"]:
        out.note(f"flight: {result['failure']}")
    out.figure("failures", result["failures"])
    out.figure("most", most)
    out.figure("p99", percentile(result["microseconds"], 0.99) / 1e3)
    out.figure("growth", (peak - before.rss_kib) / 1024)
    out.figure("threads", threads - before.threads)
