"""What is measured: Magpie and nginx as processes with a folder, ports and a core of their own."""

import itertools
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from . import loads, machine
from .measure import Vitals

# Made up, as is everything here that looks like a secret.
ACCOUNT = {"name": "main", "appId": "wx0123456789abcdef", "appSecret": "0123456789abcdef0123456789abcdef"}
HOST = "h5.example.com"


taken = set()


def free_port():
    """Below those that the kernel gives to outgoing connections, and never the same twice."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in taken:
            taken.add(port)
            return port


class Stage:
    """A folder and the processes that were started; both are gone when it closes, however that comes."""

    def __init__(self):
        place = os.path.join(machine.ROOT, ".build", "bench")
        os.makedirs(place, exist_ok=True)
        # On the disk of the repository: a store in memory would have no fsync to wait for.
        self.sweep(place)
        self.folder = tempfile.mkdtemp(prefix=f"stage-{os.getpid()}-", dir=place)
        self.processes = []
        self.numbers = itertools.count(1)

    @staticmethod
    def sweep(place):
        """Removes what a run left that was killed: a store of a million sessions is a gigabyte."""
        for name in os.listdir(place):
            owner = re.fullmatch(r"stage-(\d+)-.*", name)
            if owner and not os.path.exists(f"/proc/{owner[1]}"):
                shutil.rmtree(os.path.join(place, name), ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            self.end(process, signal.SIGTERM)
        shutil.rmtree(self.folder, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def fresh(self, name):
        """A name that was not used before."""
        return self.path(f"{name}-{next(self.numbers)}")

    def spawn(self, command, cores, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen(command, preexec_fn=machine.pinned(cores), cwd=self.folder, **options)
        self.processes.append(process)
        return process

    def end(self, process, by=signal.SIGTERM):
        if process.poll() is None:
            process.send_signal(by)
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                pipe.close()
        if process in self.processes:
            self.processes.remove(process)

    def certificate(self):
        """A certificate and a key for 127.0.0.1, the same for both servers."""
        files = self.path("certificate.pem"), self.path("key.pem")
        if not os.path.exists(files[0]):
            subprocess.run(
                ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days",
                 "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", files[0], "-keyout",
                 files[1]], check=True, capture_output=True)
            os.chmod(files[1], 0o600)
        return files


class Server:
    """A process that listens on loopback, from `with` to its end."""

    name = "server"
    is_secure = False
    certificate = None

    def __init__(self, stage, cores=None):
        self.stage = stage
        self.cores = cores or machine.SERVER
        self.port = free_port()
        self.process = None

    def command(self):
        raise NotImplementedError

    def prefix(self):
        """What the command runs under, if anything."""
        return []

    def environment(self):
        return None

    def launch(self):
        self.output = self.stage.fresh(f"{self.name}.log")
        with open(self.output, "wb") as output:
            self.process = self.stage.spawn(
                self.prefix() + self.command(), self.cores, stdout=output, stderr=subprocess.STDOUT,
                env=self.environment())

    def __enter__(self):
        self.launch()
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                if loads.ask(self, "/wechat-jssdk.js")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.005)
        said = self.said()
        self.stop()
        raise loads.LoadFailure(f"{self.name} did not start:\n{said}")

    def said(self):
        """The end of its output."""
        with open(self.output, errors="replace") as output:
            return output.read()[-2000:]

    def __exit__(self, *_):
        self.stop()

    def stop(self, by=signal.SIGTERM):
        self.stage.end(self.process, by)
        # With an access log it is large.
        if os.path.exists(self.output):
            os.unlink(self.output)

    def vitals(self):
        return Vitals.of(self.process.pid)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def url(self):
        return f"http{'s' if self.is_secure else ''}://{self.address}"


class Magpie(Server):
    """`magpie serve` with the defaults, but for what a benchmark needs: see `configuration`."""

    name = "magpie"

    def __init__(self, stage, platform, store=None, access_log=False, tls=False, cores=None, further=None, under=()):
        super().__init__(stage, cores)
        self.admin_port = free_port()
        self.is_secure = tls
        self.under = list(under)
        self.file = stage.fresh("magpie.json5")
        if tls:
            self.certificate, key = stage.certificate()
        settings = self.configuration(platform, store or {"kind": "memory"}, access_log)
        if tls:
            settings["tls"] = {"certificate": self.certificate, "key": key}
        settings.update(further or {})
        with open(self.file, "w") as file:
            # JSON is JSON5.
            json.dump(settings, file)
        os.chmod(self.file, 0o600)

    def configuration(self, platform, store, access_log):
        return {
            "listen": self.address,
            "adminListen": f"127.0.0.1:{self.admin_port}",
            "publicURL": self.url,
            "publicDirectory": os.path.join(machine.ROOT, "Public"),
            "store": store,
            "accounts": [ACCOUNT | {"jsDomains": [HOST], "returnDomains": [HOST]}],
            "upstream": {"api": platform.url, "open": platform.url},
            "log": {"access": access_log},
            # Limits per address do not count loopback. The whole of the logins of ten minutes are over in seconds here,
            # and one row holds more connections than the default allows.
            "limits": {"logins": 10_000_000, "connections": 12_000, "drain": "0s"},
        }

    def prefix(self):
        return self.under

    def command(self):
        return [machine.MAGPIE, "serve", "--config", self.file]


class Nginx(Server):
    """nginx with a worker for each core that answers from memory what Magpie answers, byte for byte as long."""

    name = "nginx"

    def __init__(self, stage, locations=None, access_log=False, tls=False, cores=None):
        """`locations`: for each path a status, a Content-Type and the length of a body. Others are files of Public."""
        super().__init__(stage, cores)
        self.is_secure = tls
        self.folder = stage.fresh("nginx")
        os.mkdir(self.folder)
        # A worker for each core, with a listening socket of its own, as Magpie's loops have.
        listen = f"listen {self.address}" + (" reuseport" if len(self.cores) > 1 else "")
        if tls:
            self.certificate, key = stage.certificate()
            # The versions that Magpie speaks: this nginx has TLS 1.3 off by default, whose handshake costs more.
            listen += (
                f" ssl; ssl_certificate {self.certificate}; ssl_certificate_key {key}; ssl_session_tickets on;"
                " ssl_protocols TLSv1.2 TLSv1.3")
        answers = "\n".join(
            f"location = {path} {{ default_type \"{kind}\"; return {status} '{'x' * size}'; }}"
            for path, (status, kind, size) in (locations or {}).items())
        log = f"access_log {self.folder}/access.log" if access_log else "access_log off"
        user = "user root;" if os.geteuid() == 0 else ""
        text = f"""
            daemon off; worker_processes {len(self.cores)}; {user} pid {self.folder}/pid; error_log stderr;
            events {{ worker_connections 16384; }}
            http {{
                include /etc/nginx/mime.types; sendfile on; tcp_nopush on; {log};
                client_body_temp_path {self.folder}/body; proxy_temp_path {self.folder}/proxy;
                fastcgi_temp_path {self.folder}/fastcgi; uwsgi_temp_path {self.folder}/uwsgi;
                scgi_temp_path {self.folder}/scgi;
                keepalive_requests 1000000;
                server {{ {listen}; root {os.path.join(machine.ROOT, 'Public')}; {answers} }}
            }}
            """
        with open(f"{self.folder}/nginx.conf", "w") as file:
            file.write(text)

    def command(self):
        return [machine.NGINX, "-e", "stderr", "-p", self.folder, "-c", f"{self.folder}/nginx.conf"]

    def stop(self, by=signal.SIGTERM):
        super().stop(by)
        shutil.rmtree(self.folder, ignore_errors=True)


class Platform:
    """The WeChat at the other end: `bench-tool platform`."""

    def __init__(self, stage, delay_ms=0):
        self.stage = stage
        self.port = free_port()
        self.delay_ms = delay_ms

    def __enter__(self):
        self.process = self.stage.spawn(
            [machine.TOOL, "platform", "--listen", f"127.0.0.1:{self.port}", "--delay", str(self.delay_ms)],
            machine.PLATFORM, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not self.process.stdout.readline():
            raise loads.LoadFailure("the platform did not start")
        return self

    def __exit__(self, *_):
        self.stage.end(self.process)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"
