"""The machine: which cores are whose, which tools there are, and what a report says of it."""

import ctypes
import os
import platform
import re
import resource
import shutil
import signal
import subprocess

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
MAGPIE = os.environ.get("MAGPIE_BINARY", os.path.join(ROOT, ".build", "release", "magpie"))
TOOL = os.path.join(os.path.dirname(MAGPIE), "bench-tool")
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"

# Server and load have a core each. Where there are more, the platform has a third, and a server with two loops two.
CORES = sorted(os.sched_getaffinity(0))
SERVER = CORES[:1]
LOAD = CORES[1:2] or SERVER
PLATFORM = CORES[2:3] or LOAD
PAIR = CORES[:1] + CORES[3:4] if len(CORES) > 3 else CORES[:2]
# For a server with two loops the load has two cores as well: others than the server's, as far as there are any.
LOAD_PAIR = CORES[-2:] if len(CORES) == 3 else CORES[1:3] if len(CORES) > 3 else PAIR

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


def pinned(cores):
    """For a child before it becomes its program: its cores, its descriptors, and its end when ours comes unexpected."""

    def prepare():
        os.sched_setaffinity(0, set(cores))
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = 65_536
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, max(wanted, most)))
        except (ValueError, PermissionError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)

    return prepare


def descriptors():
    """How many a child gets."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(most, 65_536) if os.geteuid() == 0 else most


def missing():
    """What has to be there and is not, with the way to get it."""
    lacks = []
    for program, package in (("wrk", "wrk"), ("openssl", "openssl"), ("strace", "strace")):
        if not shutil.which(program):
            lacks.append(f"{program} (apt-get install {package})")
    if not os.access(NGINX, os.X_OK):
        lacks.append("nginx (apt-get install nginx-light)")
    if not os.access(MAGPIE, os.X_OK):
        lacks.append("the release build (make release)")
    if not os.access(TOOL, os.X_OK):
        lacks.append("bench-tool (make bench builds it)")
    if len(CORES) < 2:
        lacks.append("a second core: server and load would share one")
    return lacks


def _output(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, cwd=ROOT)
    except OSError:
        return ""
    return (done.stdout + done.stderr).strip()


def _found(pattern, text):
    match = re.search(pattern, text)
    return match.group(1) if match else "unknown"


def description():
    """What a reader must know to compare: processor, kernel, versions. No names and no paths."""
    with open("/proc/cpuinfo") as file:
        model = _found(r"model name\s*: (.*)", file.read())
    pretty = "unknown"
    if os.path.exists("/etc/os-release"):
        with open("/etc/os-release") as file:
            pretty = _found(r'PRETTY_NAME="(.*)"', file.read())
    return {
        "processor": model,
        "cores": len(CORES),
        "system": f"{pretty}, Linux {platform.release()}",
        "magpie": _output(MAGPIE, "version").splitlines()[0],
        "commit": _output("git", "rev-parse", "--short", "HEAD") or "unknown",
        "nginx": _found(r"nginx/([\w.]+)", _output(NGINX, "-v")),
        "wrk": _found(r"wrk (?:debian/)?([\w.+-]+)", _output("wrk", "-v")),
        "openssl": _found(r"OpenSSL ([\w.]+)", _output("openssl", "version")),
    }
