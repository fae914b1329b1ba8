"""Instructions per request: Magpie under callgrind, asked the same thing a few times and many times."""

import http.client
import os
import re
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from http.cookies import SimpleCookie

from . import loads
from .machine import CORES
from .servers import Magpie
from .throughput import ORIGIN, SIGN, one

# The difference is what is counted: the start is in both.
FEW, MANY = 200, 1_200
PAUSE = 0.002
# Beyond this a figure has grown; OpenSSL's and the compiler's versions move it by less.
TOLERANCE = 0.10


class Callgrind(Magpie):
    """The same process under valgrind, which runs one thread at a time and counts what it executes."""

    def prefix(self):
        return ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]

    def environment(self):
        # Tables keyed by a random seed would have other collisions each time.
        return os.environ | {"SWIFT_DETERMINISTIC_HASHING": "1"}


class Visitor:
    """A browser with one connection: the next one when the server has had enough of it."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.session = {}
        self.fields = {}

    def ask(self, path, status, headers=None):
        self.connection.request("GET", path, headers=headers or {})
        answer = self.connection.getresponse()
        answer.read()
        # A loop that finds the next request at once saves a turn; each shall have a turn of its own.
        time.sleep(PAUSE)
        if answer.status != status:
            raise loads.LoadFailure(f"{answer.status} to {path.partition('?')[0]}, not {status}")
        return answer

    def log_in(self):
        start = self.ask("/redirect?to=/orders", 302)
        state = re.search(r"[?&]state=([0-9a-f]{64})", start.headers["Location"]).group(1)
        back = self.ask(
            f"/redirect?code={state[:32]}&state={state}", 302, {"Cookie": cookie(start.headers["Set-Cookie"])})
        return {"Cookie": cookie(back.headers["Set-Cookie"])}


def cookie(line):
    """What a browser sends back of a Set-Cookie line."""
    name, morsel = next(iter(SimpleCookie(line).items()))
    return f"{name}={morsel.value}"


@dataclass
class Kind:
    """One kind of request: what has to be there first, and the request itself."""

    name: str
    play: object
    prepare: object = lambda visitor: None
    has_database: bool = False
    has_access_log: bool = False


def have_session(visitor):
    visitor.session = visitor.log_in()


def have_file(visitor):
    visitor.fields = {"If-None-Match": visitor.ask(FILE, 200).headers["ETag"]}


FILE = "/wechat-jssdk.js"
ORIGIN_FIELD = {"Origin": one(ORIGIN).partition(": ")[2]}
PROXY_FIELDS = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
KINDS = [
    Kind("get-signature", lambda visitor: visitor.ask(one(SIGN), 200, ORIGIN_FIELD)),
    # As most visitors come: over a proxy, which says whose request it is, and that address has a limit.
    Kind("signature-proxied", lambda visitor: visitor.ask(one(SIGN), 200, ORIGIN_FIELD | PROXY_FIELDS)),
    Kind("signature-logged", lambda visitor: visitor.ask(one(SIGN), 200, ORIGIN_FIELD), has_access_log=True),
    Kind("auth", lambda visitor: visitor.ask("/auth", 200, visitor.session), have_session, has_database=True),
    Kind("session", lambda visitor: visitor.ask("/session", 200, visitor.session), have_session, has_database=True),
    Kind("file-304", lambda visitor: visitor.ask(FILE, 304, visitor.fields), have_file),
    Kind("login", lambda visitor: visitor.log_in()),
]


def instructions(output):
    """What valgrind says it has collected."""
    found = re.findall(r"^==\d+== Collected : (\d+)$", output, re.MULTILINE)
    if len(found) != 1:
        raise loads.LoadFailure(f"callgrind has no result:\n{output[-2000:]}")
    return int(found[0])


def count(server, kind, requests):
    """All instructions of a process that served so many requests of a kind, one after the other."""
    visitor = Visitor(server)
    try:
        kind.prepare(visitor)
        for _ in range(requests):
            kind.play(visitor)
    except (OSError, http.client.HTTPException) as failure:
        raise loads.LoadFailure(f"{kind.name}: {failure!r}; magpie said:\n{server.said()}") from failure
    visitor.connection.close()
    server.process.send_signal(signal.SIGTERM)
    server.process.wait(timeout=120)
    with open(server.output, errors="replace") as output:
        return instructions(output.read())


def per_request(stage, platform, kind):
    # Both at the same time, each with one core and so one loop: what is counted is not time.
    with ExitStack() as stack, ThreadPoolExecutor() as pool:
        runs = []
        for requests, core in ((MANY, CORES[0]), (FEW, CORES[-1])):
            store = {"kind": "sqlite", "path": stage.fresh("micro.sqlite")} if kind.has_database else None
            server = stack.enter_context(
                Callgrind(stage, platform, store=store, access_log=kind.has_access_log, cores=[core]))
            runs.append((server, requests))
        many, few = pool.map(lambda run: count(run[0], kind, run[1]), runs)
    return round((many - few) / (MANY - FEW))


def growth(figures, accepted):
    """By name: how much more (or, below 0, less) than what was accepted; None for what is new."""
    return {
        name: (figure - accepted[name]) / accepted[name] if accepted.get(name) else None
        for name, figure in figures.items()}


def table(figures, accepted):
    lines = [f"{'instructions per request':<26}{'now':>12}{'accepted':>12}{'change':>10}"]
    for name, change in growth(figures, accepted).items():
        known = f"{accepted[name]:,}" if change is not None else "none"
        told = f"{change:+.1%}" if change is not None else "new"
        mark = ""
        if change is not None and change > TOLERANCE:
            mark = "  grown by more than allowed"
        if change is not None and change < -TOLERANCE:
            mark = "  fallen: Benchmarks/micro --accept, or it may grow again unseen"
        lines.append(f"{name:<26}{figures[name]:>12,}{known:>12}{told:>10}{mark}")
    return "\n".join(lines)


def has_grown(figures, accepted):
    """Whether one has grown too much, or is compared with nothing: a check that cannot fail is none."""
    return any(change is None or change > TOLERANCE for change in growth(figures, accepted).values())
