"""Rows of the process itself: what a connection holds, how long a start takes, what the program needs."""

import os
import re
import shutil
import subprocess
import time

from . import loads, machine
from .plan import Aim, row
from .throughput import ORIGIN, SIGN, one, signing_nginx

LIBRARIES = {"libc", "libm", "libstdc++", "libgcc_s", "libssl", "libcrypto", "libsqlite3"}


@row("idle", "idle connections", [
    Aim("each", "RSS for each", " KiB", most=4),
    Aim("nginx", "nginx's RSS for each", " KiB"),
])
def idle(bench, out):
    for server in (bench.nginx({"/session": (401, "application/json", 300)}), bench.magpie()):
        with server:
            # What the first requests make stays: that is no connection's.
            hold(bench, server, 100)
            before = server.vitals()
            after = hold(bench, server, bench.idle)
            out.figure("nginx" if server.name == "nginx" else "each", (after.rss_kib - before.rss_kib) / bench.idle)


def hold(bench, server, count):
    """The server's vitals with so many connections open that have served a request each."""
    tool = loads.Tool(bench.stage, "hold", "--to", server.address, "--count", count)
    result = tool.line()
    # What is given back when work is done is.
    time.sleep(0.5)
    vitals = server.vitals()
    tool.finish()
    if result["failures"]:
        raise loads.LoadFailure(f"{result['failures']} connections failed: {result['failure']}")
    return vitals


@row("start", "start, with the tickets in a SQLite store", [
    Aim("time", "from exec to the first answer", " ms", most=25),
    Aim("nginx", "nginx's", " ms"),
    Aim("rss", "RSS a second later", " MiB", most=20),
])
def start(bench, out):
    store = {"kind": "sqlite", "path": bench.stage.fresh("start.sqlite")}
    # Fills the store.
    with bench.magpie(store=store) as server:
        loads.expect(server, one(SIGN), 200, {"Origin": one(ORIGIN).partition(": ")[2]})
    for _ in range(bench.starts):
        for server in (signing_nginx(bench), bench.magpie(store=store)):
            try:
                server.launch()
                taken = seconds_to_answer(server, one(SIGN))
                if server.name == "magpie":
                    time.sleep(1)
                    out.figure("rss", server.vitals().rss_kib / 1024)
            finally:
                server.stop()
            out.figure("time" if server.name == "magpie" else "nginx", taken * 1e3)


def seconds_to_answer(server, path, limit=20):
    """From now until the first answer with status 200 has come; the server's exec was a moment ago."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < limit:
        try:
            status, _, _ = loads.ask(server, path)
        except OSError:
            continue
        if status == 200:
            return time.perf_counter() - begun
    raise loads.LoadFailure(f"{server.name} does not answer")


def libraries(listing):
    """The names in the output of ldd, without versions, and without what the kernel and the loader are."""
    names = set(re.findall(r"^\s*(?:/\S*/)?(\S+?)\.so[.\d]*\s", listing, re.MULTILINE))
    return {name for name in names if not name.startswith(("linux-vdso", "ld-linux"))}


@row("binary", "the release build", [
    Aim("size", "size", " MB", most=20),
    Aim("foreign", "libraries beyond libc, libm, libstdc++, libgcc_s, libssl, libcrypto and libsqlite3", most=0),
], is_single=True)
def binary(bench, out):
    listing = subprocess.run(["ldd", machine.MAGPIE], capture_output=True, text=True, check=True).stdout
    foreign = libraries(listing) - LIBRARIES
    if foreign:
        out.note(f"binary: needs {', '.join(sorted(foreign))}")
    out.figure("size", os.path.getsize(machine.MAGPIE) / 1e6)
    out.figure("foreign", len(foreign))


@row("bare", "a bare Debian 12 with libssl3 and libsqlite3-0", [
    Aim("runs", "the release build starts and signs there", least=1),
], is_single=True, is_extra=True)
def bare(bench, out):
    if os.geteuid() != 0 or not shutil.which("debootstrap"):
        raise loads.LoadFailure("the row bare needs root and debootstrap (apt-get install debootstrap)")
    root = bench.stage.path("bare")
    done = subprocess.run(
        ["debootstrap", "--variant=minbase", "--include=libssl3,libsqlite3-0", "bookworm", root],
        capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise loads.LoadFailure(f"debootstrap failed:\n{(done.stdout + done.stderr)[-1000:]}")
    shutil.copy(machine.MAGPIE, f"{root}/usr/local/bin/magpie")
    shutil.copytree(os.path.join(machine.ROOT, "Public"), f"{root}/srv/Public")
    server = bench.magpie(further={"publicDirectory": "/srv/Public"})
    shutil.move(server.file, f"{root}/srv/magpie.json5")
    # In a name space of its own: what is mounted goes as the process does. Swift reads its arguments in /proc.
    server.command = lambda: [
        "unshare", "--mount", "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"', root,
        "/usr/local/bin/magpie", "serve", "--config", "/srv/magpie.json5"]
    with server:
        _, body = loads.expect(server, one(SIGN), 200)
    out.figure("runs", 1 if b'"signature":"' in body else 0)
