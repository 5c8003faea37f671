"""A vCenter on loopback: govmomi's simulator with alarms, see vcsim/main.go. TLS with a certificate of its own."""

import fcntl
import json
import os
import signal
import socket
import ssl
import subprocess
import urllib.request

from town import ROOT, free_port, wait_for

USER, PASSWORD = "kaden@vsphere.local", "Correct-horse-9<&>"


def build():
    """The simulator's program; Go builds it again only when it changed."""
    folder = ROOT / "build" / "vcsim"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        environment = dict(os.environ, GO111MODULE="off", GOPATH="/usr/share/gocode", GOCACHE=str(folder / "cache"), GOFLAGS="")
        subprocess.run(["/usr/bin/go", "build", "-o", str(folder / "vcsim"), "."], cwd=ROOT / "test" / "wire" / "vcsim",
                       env=environment, check=True)
    return folder / "vcsim"


def sources(*rows):
    """The section of the configuration."""
    return "sources:\n  vcenters:\n" + "".join(f"    - {json.dumps(row)}\n" for row in rows)


class Vcsim:
    def __init__(self, town, name="vc1"):
        self.town, self.name = town, name
        self.port, self.control_port = free_port(), free_port()
        self.url = f"https://127.0.0.1:{self.port}/sdk"
        self.fingerprint = self.make_certificate()
        town.write(f"{name}-password", PASSWORD)
        self.process = None

    def path(self, what):
        return self.town.folder / f"{self.name}-{what}"

    def make_certificate(self):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=somewhere.example",
                        "-keyout", str(self.path("key.pem")), "-out", str(self.path("cert.pem"))], check=True, capture_output=True)
        shown = subprocess.run(["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(self.path("cert.pem"))],
                               check=True, capture_output=True, text=True).stdout
        return shown.strip().split("=", 1)[1]

    def row(self, **more):
        """Its entry under sources.vcenters."""
        return {"id": self.name, "url": self.url, "user": USER, "password_file": str(self.path("password")),
                "certificate_sha256": self.fingerprint, "poll_s": 300, "unreadable_s": 60, **more}

    def start(self, *args, patience=None):
        log = open(self.path("vcsim.log"), "ab")
        self.process = subprocess.Popen(
            [str(build()), "-listen", f"127.0.0.1:{self.port}", "-control", f"127.0.0.1:{self.control_port}", "-cert",
             str(self.path("cert.pem")), "-key", str(self.path("key.pem")), "-state", str(self.path("state.json")), "-user", USER,
             "-password", PASSWORD, *args], stdout=log, stderr=subprocess.STDOUT)
        log.close()
        self.town.processes.append(self.process)
        wait_for("the vCenter simulator to listen", self.is_up, patience)
        return self

    def is_up(self):
        assert self.process.poll() is None, self.path("vcsim.log").read_text()
        try:
            for port in (self.port, self.control_port):
                socket.create_connection(("127.0.0.1", port), 1).close()
            return True
        except OSError:
            return False

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def control(self, path, body=None):
        data = json.dumps(body or {}).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.control_port}{path}", data=data, timeout=30) as answer:
            return json.loads(answer.read())

    def alarm(self, vm="DC0_H0_VM0", status="red", quiet=False, **more):
        return self.control("/alarm?quiet=1" if quiet else "/alarm", {"vm": vm, "status": status, **more})["alarms"]

    def alarms(self):
        return {alarm["vm"]: alarm for alarm in self.control("/state")["alarms"]}

    def client(self):
        """pyvmomi, logged in."""
        from pyVim.connect import SmartConnect
        return SmartConnect(host="127.0.0.1", port=self.port, user=USER, pwd=PASSWORD, sslContext=ssl._create_unverified_context())
