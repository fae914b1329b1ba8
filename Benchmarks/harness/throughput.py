"""Rows of requests: signatures, sessions, files, with and without TLS, beside nginx."""

import math
import time

from . import loads
from .machine import LOAD_PAIR, PAIR
from .plan import Aim, per_cpu, row
from .servers import HOST

# Page and origin, with a number in the place of "%d" where each request has its own.
SIGN = f"/get-signature?url=https%3A%2F%2F{HOST}%2Fpage%2F%d"
ORIGIN = f"Origin: https://s%d.{HOST}"
ONE = "00000001"
JSON = "application/json; charset=utf-8"


def one(text):
    return text.replace("%d", ONE)


def signed_size(bench):
    """How long the answer is: nginx's is as long."""

    def ask():
        with bench.magpie() as server:
            _, body = loads.expect(server, one(SIGN), 200, {"Origin": one(ORIGIN).partition(": ")[2]})
            return len(body)

    return bench.once("signed size", ask)


def signing_nginx(bench, **options):
    return bench.nginx({"/get-signature": (200, JSON, signed_size(bench))}, **options)


@row("sign", "GET /get-signature", [
    Aim("ratio", "requests per CPU-second, of nginx's", least=0.85, chart="signature"),
    Aim("distinct", "a URL and an Origin of its own for each request, compared with one for all", least=0.95),
    Aim("growth", "growth of RSS over distinct URLs", " MiB", most=2),
    Aim("log", "cost of the access log, of the requests per CPU-second", most=0.15),
])
def sign(bench, out):
    fixed, distinct = ("fixed", one(SIGN), one(ORIGIN)), ("distinct", SIGN, ORIGIN)
    with (
        signing_nginx(bench) as nginx, bench.magpie() as magpie, bench.magpie() as other,
        bench.magpie(access_log=True) as logging, signing_nginx(bench, access_log=True) as logging_nginx,
    ):
        samples = bench.in_turn(
            (nginx, fixed), (magpie, fixed), (other, distinct), (logging, fixed), (logging_nginx, fixed))
    names = ("nginx", "magpie", "magpie, distinct URLs", "magpie, access log on", "nginx, access log on")
    nginx, magpie, distinct, logged, _ = map(out.sample, names, samples)
    out.figure("ratio", per_cpu(magpie, nginx))
    out.figure("distinct", per_cpu(distinct, magpie))
    out.figure("growth", distinct.rss_growth_mib)
    out.figure("log", 1 - per_cpu(logged, magpie))


@row("urls", "GET /get-signature for as many distinct URLs as are wanted", [
    Aim("growth", "growth of RSS from a tenth of the URLs to all", " MiB", most=2),
    Aim("urls", "distinct URLs"),
], is_single=True)
def urls(bench, out):
    with bench.magpie() as server:
        asked, sizes = 0, []
        while asked < bench.urls:
            page = SIGN.replace("%d", f"{len(sizes)}%2F%d")
            result = loads.wrk(server, bench.seconds, ("distinct", page, ORIGIN))
            asked += result["requests"]
            sizes.append((asked, server.vitals().rss_kib / 1024))
        # Buffers and tables have their size by then.
        first = next(size for count, size in sizes if count >= bench.urls / 10)
        out.figure("growth", sizes[-1][1] - first)
        out.figure("urls", asked)


# How far ahead of the clock sessions are dated, so that for two minutes none is due for being written at its visit.
AHEAD = 55


def seeded(bench, count, visited_in=0):
    """A store with so many sessions, and the file of their cookies."""
    store, cookies = bench.stage.fresh("sessions.sqlite"), bench.stage.fresh("cookies")
    tool = loads.Tool(
        bench.stage, "seed", "--count", count, "--store", store, "--cookies", cookies, "--visited-in", visited_in)
    tool.line()
    tool.finish()
    return {"kind": "sqlite", "path": store}, cookies


@row("auth", "GET /auth with one of many sessions in SQLite", [
    Aim("ratio", "once warm: requests per CPU-second, of nginx's", least=0.7, chart="session, warm"),
    Aim("cold", "first visits, read from the store", "/s", least=20_000),
    Aim("due", "first visits after a minute, which are written, too", "/s"),
    Aim("rss", "RSS with all of them visited", " MiB", most=160),
])
def auth(bench, out):
    # Seeding takes a while, and the sessions' two minutes begin when it should be over.
    patience = 3 + 50e-6 * bench.sessions
    ready = time.monotonic() + patience
    store, cookies = seeded(bench, bench.sessions, visited_in=math.ceil(patience) + AHEAD)
    time.sleep(max(0, ready - time.monotonic()))
    with bench.magpie(store=store) as server, bench.nginx({"/auth": (200, "text/plain", 0)}) as beside:
        with open(cookies) as file:
            cookie = {"Cookie": f"magpie_session={file.readline().strip()}"}
        fields, _ = loads.expect(server, "/auth", 200, cookie)
        if not fields.get("x-wechat-openid", "").startswith("oBench"):
            raise loads.LoadFailure("a session that was made is not known")
        cold = out.sample("magpie, first visits", bench.measured(server, "each", cookies, "/auth", warmup=0))
        seen = cold.requests
        while seen < bench.sessions:
            rest = (bench.sessions - seen) / cold.requests_per_second
            seen += loads.wrk(server, min(rest + 1, 10), ("each", cookies, "/auth", str(seen)))["requests"]
        nginx, warm = bench.in_turn((beside, ("fixed", "/auth")), (server, ("random", cookies, "/auth")))
        nginx, warm = out.sample("nginx", nginx), out.sample("magpie, once warm", warm)
    if time.monotonic() > ready + AHEAD + 60:
        out.note("auth: the machine was too slow: sessions were due for being written before the end of the warm run.")
    old = max(1_000, bench.sessions // 5)
    store, cookies = seeded(bench, old, visited_in=-120)
    with bench.magpie(store=store) as server:
        due = out.sample(
            "magpie, first visits after a minute", bench.measured(server, "each", cookies, "/auth", warmup=0))
    if cold.requests > bench.sessions or due.requests > old:
        out.note("auth: there were fewer sessions than requests: not all of the first visits were first ones.")
    out.figure("ratio", per_cpu(warm, nginx))
    out.figure("cold", cold.requests_per_second)
    out.figure("due", due.requests_per_second)
    out.figure("rss", warm.rss_mib)


@row("cores", "two cores instead of one, GET /get-signature", [
    Aim("factor", "work of two loops in two cores' time, of one loop's in one", "x", least=1.8),
    Aim("nginx", "nginx's two workers, of one", "x"),
    Aim("rate", "requests per second of two loops under this load, of one", "x"),
])
def cores(bench, out):
    # The load is in the same place for one loop as for two: where it shares the server's cores it slows either alike,
    # and what is left is what the loops cost each other.
    fixed = ("fixed", one(SIGN), one(ORIGIN))
    with (
        signing_nginx(bench) as nginx, signing_nginx(bench, cores=PAIR) as nginx_double, bench.magpie() as single,
        bench.magpie(cores=PAIR) as double,
    ):
        servers = (nginx, nginx_double, single, double)
        samples = bench.in_turn(*((server, fixed) for server in servers), cores=LOAD_PAIR)
    names = ("nginx, one core", "nginx, two cores", "magpie, one core", "magpie, two cores")
    nginx, nginx_double, single, double = map(out.sample, names, samples)
    out.figure("factor", 2 * per_cpu(double, single))
    out.figure("nginx", 2 * per_cpu(nginx_double, nginx))
    out.figure("rate", double.requests_per_second / single.requests_per_second)


@row("tls", "GET /get-signature over TLS", [
    Aim("ratio", "with keep-alive: requests per CPU-second, of nginx's", least=0.7, chart="signature over TLS"),
    Aim("handshakes", "a handshake for each request: per CPU-second, of nginx's", chart="TLS handshake"),
    Aim("resumed", "sessions of TLS 1.3 and 1.2 are resumed", least=1),
])
def tls(bench, out):
    fixed = ("fixed", one(SIGN), one(ORIGIN))
    fresh = (*fixed, "Connection: close")
    with signing_nginx(bench, tls=True) as server:
        nginx = out.sample("nginx, TLS", bench.measured(server, *fixed))
        nginx_shakes = out.sample("nginx, TLS handshakes", bench.measured(server, *fresh))
    with bench.magpie(tls=True) as server:
        magpie = out.sample("magpie, TLS", bench.measured(server, *fixed))
        shakes = out.sample("magpie, TLS handshakes", bench.measured(server, *fresh))
        resumed = all(loads.resumes(server, version) for version in ("TLSv1_3", "TLSv1_2"))
    out.figure("ratio", per_cpu(magpie, nginx))
    out.figure("handshakes", per_cpu(shakes, nginx_shakes))
    out.figure("resumed", 1 if resumed else 0)


@row("static", "a static file, the client script", [
    Aim("ratio", "requests per CPU-second, of nginx's", least=0.7, chart="file"),
    Aim("unchanged", "the same with If-None-Match (304)", least=0.7, chart="file, unchanged"),
])
def static(bench, out):
    path = "/wechat-jssdk.js"
    for server in (bench.nginx(), bench.magpie()):
        with server:
            fields, _ = loads.expect(server, path, 200)
            condition = f"If-None-Match: {fields['etag']}"
            loads.expect(server, path, 304, {"If-None-Match": fields["etag"]})
            out.sample(server.name, bench.measured(server, "fixed", path))
            out.sample(f"{server.name}, unchanged", bench.measured(server, "fixed", path, condition))
    last = {variant: samples[-1] for variant, samples in out.samples.items()}
    out.figure("ratio", per_cpu(last["magpie"], last["nginx"]))
    out.figure("unchanged", per_cpu(last["magpie, unchanged"], last["nginx, unchanged"]))
