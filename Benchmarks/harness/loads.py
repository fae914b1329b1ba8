"""Whatever makes requests: wrk, `bench-tool`, and single requests of our own."""

import http.client
import json
import os
import resource
import socket
import ssl
import statistics
import subprocess
import time
from dataclasses import dataclass

from . import machine
from .measure import Vitals, percentile

WRK_SCRIPT = os.path.join(os.path.dirname(__file__), "..", "wrk", "load.lua")


class LoadFailure(Exception):
    """Answers that should not be: a figure made of them would mean nothing."""


@dataclass
class Sample:
    """One measured run of one server under one load."""

    requests_per_second: float
    requests_per_cpu_second: float
    p50_ms: float
    p99_ms: float
    p999_ms: float
    rss_mib: float
    # Between the warm-up and the end.
    rss_growth_mib: float
    # How busy the server's core was, and the load's: where the load's is full the requests per second say little.
    server_busy: float
    load_busy: float
    requests: int

    @staticmethod
    def joined(samples):
        """One of several that took equally long."""

        def of(name, average=statistics.mean):
            return average([getattr(sample, name) for sample in samples])

        last = samples[-1]
        return Sample(
            of("requests_per_second"), of("requests_per_cpu_second"), of("p50_ms", statistics.median),
            of("p99_ms", statistics.median), of("p999_ms", statistics.median), last.rss_mib,
            of("rss_growth_mib", sum), of("server_busy"), of("load_busy"), of("requests", sum))


def parse_wrk(output):
    """The line of JSON that load.lua writes among wrk's own."""
    for line in output.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line[len("RESULT "):])
    raise LoadFailure(f"wrk has no result:\n{output}")


def check(result, tolerated=0):
    """Throws where requests failed. A connection the server closes in turn (after so many requests) is no failure."""
    failed = {kind: count for kind, count in result["errors"].items() if count > tolerated}
    if failed:
        raise LoadFailure(f"requests failed: {failed} of {result['requests']}")
    if not result["requests"]:
        raise LoadFailure("no request was answered")


def wrk(server, seconds, arguments, headers=(), connections=64, tolerated=0, cores=machine.LOAD):
    """wrk against a server for so long, one on each of the cores with its share of the connections; the result of all,
    and how busy they were."""
    command = [
        "wrk", "-t1", f"-c{connections // len(cores)}", f"-d{max(1, round(seconds))}s", "-s", WRK_SCRIPT, server.url,
        "--", *arguments, *headers]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    processes = []
    try:
        for core in cores:
            processes.append(subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                preexec_fn=machine.pinned([core])))
        outputs = [process.communicate(timeout=seconds + 60) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    for process, (output, error) in zip(processes, outputs):
        if process.returncode != 0:
            raise LoadFailure(f"wrk ended with {process.returncode}: {error or output}")
    result = together([parse_wrk(output) for output, _ in outputs])
    check(result, tolerated)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    result["busy"] = used / (result["microseconds"] / 1e6)
    return result


def together(results):
    """The results of several at the same time: counts are added, and of times the longest is told."""
    whole = dict(results[0])
    for result in results[1:]:
        whole["requests"] += result["requests"]
        whole["errors"] = {kind: count + result["errors"][kind] for kind, count in whole["errors"].items()}
        for time in ("microseconds", "p50", "p99", "p999"):
            whole[time] = max(whole[time], result[time])
    return whole


class Tally:
    """What the slices of one sample add up to."""

    def __init__(self, server):
        self.server = server
        self.results = []
        self.cpu_seconds = 0.0
        self.first = self.last = None

    def slice(self, load):
        """One more slice: `load` is called, and gives a result of `wrk`."""
        before = self.server.vitals()
        result = load()
        self.last = self.server.vitals()
        self.first = self.first or before
        self.cpu_seconds += self.last.cpu_seconds - before.cpu_seconds
        self.results.append(result)

    def sample(self):
        def median(name):
            return statistics.median(result[name] for result in self.results)

        requests = sum(result["requests"] for result in self.results)
        wall = sum(result["microseconds"] for result in self.results) / 1e6
        cpu = max(self.cpu_seconds, 0.01)
        return Sample(
            requests_per_second=requests / wall, requests_per_cpu_second=requests / cpu, p50_ms=median("p50") / 1e3,
            p99_ms=median("p99") / 1e3, p999_ms=median("p999") / 1e3, rss_mib=self.last.rss_kib / 1024,
            rss_growth_mib=(self.last.rss_kib - self.first.rss_kib) / 1024, server_busy=cpu / wall,
            load_busy=median("busy"), requests=requests)


def measured(server, seconds, arguments, headers=(), warmup=2, connections=64, tolerated=0, cores=machine.LOAD):
    """One sample, after a warm-up with the same requests."""
    if warmup:
        wrk(server, warmup, arguments, headers, connections, tolerated, cores)
    tally = Tally(server)
    tally.slice(lambda: wrk(server, seconds, arguments, headers, connections, tolerated, cores))
    return tally.sample()


def in_turn(runs, seconds, warmup=2, slice_seconds=2, cores=machine.LOAD):
    """A sample for each of several servers that run at the same time, with the arguments of its load. They are loaded
    one at a time, in slices that take turns: what a neighbour does to the machine meets all of them alike."""
    tallies = [Tally(server) for server, _ in runs]
    if warmup:
        for server, arguments in runs:
            wrk(server, warmup, arguments, cores=cores)
    pairs = list(zip(tallies, runs))
    for number in range(max(1, round(seconds / slice_seconds))):
        for tally, (server, arguments) in pairs if number % 2 == 0 else reversed(pairs):
            tally.slice(lambda: wrk(server, min(seconds, slice_seconds), arguments, cores=cores))
    return [tally.sample() for tally in tallies]


class Tool:
    """`bench-tool` as a process that says a line of JSON now and then."""

    def __init__(self, stage, *words):
        self.process = stage.spawn(
            [machine.TOOL, *[str(word) for word in words]], machine.LOAD, stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.stage = stage
        self.name = words[0]

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            raise LoadFailure(f"bench-tool {self.name} ended with {self.process.wait()}")
        return json.loads(text)

    def finish(self):
        self.process.stdin.close()
        code = self.process.wait(timeout=60)
        self.stage.end(self.process)
        if code != 0:
            raise LoadFailure(f"bench-tool {self.name} ended with {code}")


def logins(stage, server, seconds, visitors=64, warmup=1):
    """Whole logins, one after the other by so many visitors: a sample of logins, not of requests."""
    tool = Tool(
        stage, "logins", "--to", server.address, "--visitors", visitors, "--warmup", round(warmup * 1000),
        "--time", round(seconds * 1000))
    while not tool.line()["warm"]:
        pass
    before = server.vitals()
    busy = Vitals.of(tool.process.pid).cpu_seconds
    result = tool.line()
    after = server.vitals()
    busy = Vitals.of(tool.process.pid).cpu_seconds - busy
    tool.finish()
    if result["failures"]:
        raise LoadFailure(f"{result['failures']} logins failed: {result['failure']}")
    times = result["microseconds"]
    cpu = max(after.cpu_seconds - before.cpu_seconds, 0.01)
    return Sample(
        requests_per_second=len(times) / result["seconds"], requests_per_cpu_second=len(times) / cpu,
        p50_ms=percentile(times, 0.5) / 1e3, p99_ms=percentile(times, 0.99) / 1e3,
        p999_ms=percentile(times, 0.999) / 1e3, rss_mib=after.rss_kib / 1024,
        rss_growth_mib=(after.rss_kib - before.rss_kib) / 1024, server_busy=cpu / result["seconds"],
        load_busy=busy / result["seconds"], requests=len(times))


def ask(server, path, headers=None, method="GET"):
    """One request on a connection of its own: status, fields, body."""
    if server.is_secure:
        context = ssl.create_default_context(cafile=server.certificate)
        connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=10, context=context)
    else:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    try:
        connection.request(method, path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def expect(server, path, status, headers=None):
    """The same, and it must have this status."""
    found, fields, body = ask(server, path, headers)
    if found != status:
        raise LoadFailure(f"{server.name} answers {found} to {path.partition('?')[0]}, not {status}")
    return fields, body


def resumes(server, version):
    """Whether a second connection over this version of TLS takes up the session of the first."""
    context = ssl.create_default_context(cafile=server.certificate)
    context.minimum_version = context.maximum_version = ssl.TLSVersion[version]
    session = None
    for _ in range(2):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as raw:
            with context.wrap_socket(raw, server_hostname="127.0.0.1", session=session) as connection:
                connection.sendall(b"GET /wechat-jssdk.js HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
                # With 1.3 the session comes with the first bytes.
                while connection.recv(65_536):
                    pass
                if session is not None:
                    return connection.session_reused
                session = connection.session
    return False
