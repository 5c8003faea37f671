#!/usr/bin/python3
"""Network paths: Kaden's own probes and an agent's against real servers (nginx, dnsmasq, openssl), and who is called when."""

import contextlib
import datetime
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import threading
import unittest

import boto3

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from nginx import Nginx  # noqa: E402
from town import KADEN, Town, free_port, wait_for  # noqa: E402

DNSMASQ = shutil.which("dnsmasq", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


class NetworkTown(Town):
    """One Kaden that watches paths, and ito with the robot phone, who takes each call."""

    def __init__(self, network, people=None, routes=""):
        super().__init__(people or {"ito": "en"}, routes=routes)
        self.network = network
        self.cloudwatch = boto3.client("cloudwatch", endpoint_url=self.url, region_name="ap-northeast-1", aws_access_key_id=self.key_id,
                                       aws_secret_access_key=self.key_secret)

    def close(self):
        self.cloudwatch.close()
        super().close()

    def begin(self):
        self.extra = "sources:\n  network:\n" + self.network(self)
        self.start_phone(*(argument for who in self.people for argument in ("--plan", f"{who}=answer@100,1@500")))
        self.start_kaden()
        return self

    def background(self, *args, **more):
        """A program that nobody here wrote."""
        log = open(self.folder / f"{pathlib.Path(args[0]).name}.log", "ab")
        process = subprocess.Popen([str(a) for a in args], stdout=log, stderr=subprocess.STDOUT, **more)
        log.close()
        self.processes.append(process)
        return process

    def agent(self, vantage, checks, interval_s=1):
        config = self.write(f"agent-{vantage}.yaml", f"""url: {self.url}
region: ap-northeast-1
host: pc-{vantage}
vantage: {vantage}
interval_s: {interval_s}
keys: {{access_key_id: {self.key_id}, secret_file: {self.folder}/secret}}
metrics: {{cpu: false, load: false, memory: false, swap: false, disk: false, netstat: false, processes: false, uptime: false}}
checks:
{checks}
""")
        return self.background(KADEN.with_name("kaden-agent"), "--config", config)

    def newest(self, name, probe, vantage="sddc", path=None):
        now = datetime.datetime.now(datetime.timezone.utc)
        dimensions = [{"Name": "Path", "Value": path or probe}, {"Name": "Probe", "Value": probe}, {"Name": "Vantage", "Value": vantage}]
        found = self.cloudwatch.get_metric_statistics(
            Namespace="Kaden/Probe", MetricName=name, Dimensions=dimensions, StartTime=now - datetime.timedelta(minutes=10),
            EndTime=now + datetime.timedelta(minutes=1), Period=60, Statistics=["Maximum"])["Datapoints"]
        return found[-1]["Maximum"] if found else None

    def source(self):
        """Kaden is healthy a moment before its sources are there."""
        there = [one for one in self.get("/api/v1/sources")["sources"] if one["source"] == "network"]
        return there[0] if there else {"readable": None, "trouble": "", "looks": 0, "events": 0}

    def alarm(self, name):
        """The incident of that alarm, or nothing."""
        for one in self.incidents():
            incident = self.incident(one["id"])
            if any(name in entry.get("detail", "") for entry in incident["timeline"] if entry["what"] == "alarm"):
                return incident

    def wait_for_alarm(self, name, state, patience=None):
        def there():
            incident = self.alarm(name)
            return incident if incident and incident["state"] == state else None
        return wait_for(f"{name} to be {state}\n{self.log('serve')[-3000:]}", there, patience)

    def said(self, incident):
        return [e["detail"] for e in self.incident(incident["id"])["timeline"] if e["what"] == "answered"]

    def dnsmasq(self, port):
        return self.background(DNSMASQ, "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", f"--port={port}",
                               "--listen-address=127.0.0.1", "--bind-interfaces", "--address=/www.example/10.9.8.7", "--user=" +
                               ("root" if os.geteuid() == 0 else ""), "--pid-file=", *[
                                   f"--txt-record=long.example,{'x' * 250}{i}" for i in range(8)])

    def s_server(self, port, days):
        """With a certificate that trusts itself and ends in so many days."""
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", str(days), "-subj", "/CN=ldap",
                        "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", self.folder / f"{days}.key", "-out", self.folder / f"{days}.pem"],
                       check=True, capture_output=True)
        self.background("openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", self.folder / f"{days}.pem", "-key",
                        self.folder / f"{days}.key", "-quiet")
        return self.folder / f"{days}.pem"


class Probes(unittest.TestCase):
    def test_each_kind_against_a_server_that_nobody_here_wrote(self):
        dns, tls = free_port(socket.SOCK_DGRAM), free_port()

        def network(town):
            town.dnsmasq(dns)
            certificate = town.s_server(tls, 5)
            return f"""    vantage: sddc
    probes:
      - {{id: loop, url: "icmp://127.0.0.1", interval_s: 1, packets: 2}}
      - {{id: port, url: "tcp://127.0.0.1:{nginx.port}", interval_s: 1}}
      - {{id: page, url: "{nginx.url}/", interval_s: 1}}
      - {{id: name, url: "dns://127.0.0.1:{dns}/www.example", expect: 10.9.8.7, interval_s: 1}}
      - {{id: long, url: "dns://127.0.0.1:{dns}/long.example?type=TXT", interval_s: 1}}
      - {{id: ldap, url: "tls://127.0.0.1:{tls}", ca_file: {certificate}, interval_s: 1}}
      - {{id: wrong, url: "dns://127.0.0.1:{dns}/www.example", expect: 10.9.8.6, interval_s: 1}}
      - {{id: stranger, url: "tls://127.0.0.1:{tls}", interval_s: 1}}
"""
        with NetworkTown(network, routes="  - {policy: none}\n") as town:
            nginx = Nginx(town.folder / "nginx")
            nginx.put("index.html", "well")
            with nginx:
                town.begin()
                for probe in ("loop", "port", "page", "name", "long", "ldap"):
                    wait_for(f"{probe} to be up\n{town.source()}", lambda p=probe: town.newest("Up", p) == 1)
                self.assertEqual(town.newest("Loss", "loop"), 0)
                self.assertEqual(town.newest("Status", "page"), 200)
                self.assertIsNotNone(town.newest("RoundTripTime", "name"))
                self.assertAlmostEqual(town.newest("DaysToExpiry", "ldap"), 5, delta=0.1)
                self.assertAlmostEqual(town.newest("DaysToExpiry", "stranger"), 5, delta=0.1)
                certificate = wait_for("the certificate's alarm", lambda: town.alarm("certificate ldap/ldap/sddc"))
                self.assertEqual(certificate["severity"], "warning")
                for probe, why in (("wrong", "the answer is not 10.9.8.6"), ("stranger", "the certificate is not trusted")):
                    incident = wait_for(probe, lambda p=probe: town.alarm(f"path {p}"))
                    self.assertIn(why, next(e["detail"] for e in incident["timeline"] if e["what"] == "alarm"))
                self.assertEqual(town.source()["trouble"], "")

    def test_a_path_that_breaks_is_called_for_by_its_name_and_cleared(self):
        def network(town):
            return f"""    vantage: sddc
    probes: [{{id: web, url: "{nginx.url}/", interval_s: 1, path: tokyo-dx}}]
    paths: [{{id: tokyo-dx, name: Tokyo Direct Connect, fail_after: 2, clear_after: 2}}]
"""
        with NetworkTown(network) as town:
            nginx = Nginx(town.folder / "nginx")
            nginx.put("index.html", "well")
            with nginx:
                town.begin()
                wait_for("the path to be good", lambda: town.newest("Up", "web", path="tokyo-dx") == 1)
                nginx.stop()
                incident = town.wait_for_alarm("path tokyo-dx", "acknowledged")
                self.assertIn("Kaden, critical alarm. Path Tokyo Direct Connect: no answer. Seen from sddc.", town.said(incident)[0])
                # A restart in the middle of it is no news.
                town.kill_kaden()
                town.start_kaden()
                wait_for("some rounds", lambda: town.source()["looks"] > 3)
                self.assertEqual(town.source()["events"], 0)
                nginx.start()
                town.wait_for_alarm("path tokyo-dx", "resolved")
                self.assertEqual(len([e for e in town.phone_events() if e["event"] == "invite"]), 1)

    @unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "only root can give a right away")
    def test_without_the_right_to_ping_that_is_what_is_told(self):
        def network(_):
            return "    unreadable_s: 0\n    probes: [{id: loop, url: \"icmp://127.0.0.1\", interval_s: 1}]\n"
        with NetworkTown(network) as town:
            town.extra = "sources:\n  network:\n" + network(town)
            town.start_phone("--plan", "ito=answer@100,1@500")
            town.write_configuration()
            town.serve = town.background("setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw", KADEN, "serve", "--config", town.config)
            wait_for("Kaden", town.is_healthy)
            town.wait_for_alarm("probes cannot be tried", "acknowledged")
            self.assertIn("CAP_NET_RAW is missing", town.source()["trouble"])
            self.assertIsNone(town.alarm("path loop"), "it says nothing of the path")


class BothEnds(unittest.TestCase):
    def network(self, town):
        return f"""    vantage: sddc
    silent_s: 10
    probes: [{{id: web, url: "{self.nginx.url}/", interval_s: 1, path: tokyo-dx}}]
    paths: [{{id: tokyo-dx, name: Tokyo Direct Connect, ends: [office, sddc], fail_after: 2, clear_after: 2}}]
"""

    def test_a_path_watched_from_both_ends(self):
        with NetworkTown(self.network) as town:
            self.nginx = Nginx(town.folder / "nginx")
            self.nginx.put("index.html", "well")
            with self.nginx:
                town.begin()
                port = free_port()
                check = f"  - {{name: router, url: \"tcp://127.0.0.1:{port}\", path: tokyo-dx, timeout_s: 1}}"
                with contextlib.closing(socket.create_server(("127.0.0.1", port))):
                    agent = town.agent("office", check)
                    wait_for("office to tell\n" + town.log("kaden-agent"),
                             lambda: town.newest("Up", "router", "office", "tokyo-dx") == 1)
                # Only office sees it now: its router is gone, the web server is not.
                incident = town.wait_for_alarm("path tokyo-dx", "acknowledged")
                self.assertIn("Path Tokyo Direct Connect, between office, sddc: no answer. Seen only from office; sddc sees no trouble.",
                              town.said(incident)[0])
                self.nginx.stop()
                wait_for("both ends to see it", lambda: len(
                    [e for e in town.incident(incident["id"])["timeline"] if e["what"] in ("alarm", "repeated")]) >= 2)
                agent.terminate()
                agent.wait()
                silent = town.wait_for_alarm("vantage office", "acknowledged")
                self.assertIn("Nothing is heard from office about tokyo-dx.", town.said(silent)[0])
                self.nginx.start()
                with contextlib.closing(socket.create_server(("127.0.0.1", port))):
                    town.agent("office", check)
                    town.wait_for_alarm("vantage office", "resolved")
                    town.wait_for_alarm("path tokyo-dx", "resolved")

    def test_what_no_path_names_is_told_and_calls_nobody(self):
        with NetworkTown(self.network) as town:
            self.nginx = Nginx(town.folder / "nginx")
            self.nginx.put("index.html", "well")
            with self.nginx:
                town.begin()
                town.agent("osaka", "  - {name: router, url: \"tcp://127.0.0.1:1\", path: tokyo-dx, timeout_s: 1}")
                wait_for("the trouble", lambda: "osaka is no end of the path tokyo-dx" in town.source()["trouble"])


class Hostile(unittest.TestCase):
    def test_servers_that_never_end_and_name_servers_that_lie(self):
        """One answers HTTP with a head without end, one sends interim answers for ever, one DNS answer is forged a thousand times."""
        def endless(make):
            server = socket.create_server(("127.0.0.1", 0))

            def run():
                with contextlib.suppress(OSError):
                    while True:
                        peer, _ = server.accept()
                        with contextlib.suppress(OSError), peer:
                            peer.recv(1000)
                            while True:
                                peer.sendall(make)
            threading.Thread(target=run, daemon=True).start()
            return server

        name_server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        name_server.bind(("127.0.0.1", 0))

        def lie():
            with contextlib.suppress(OSError):
                while True:
                    asked, peer = name_server.recvfrom(1000)
                    for i in range(1000):
                        forged = bytearray(asked + os.urandom(40))
                        forged[0] ^= 1 + i % 255
                        forged[2] |= 0x80
                        name_server.sendto(bytes(forged), peer)
        threading.Thread(target=lie, daemon=True).start()
        servers = [endless(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000), endless(b"HTTP/1.1 102 Processing\r\n\r\n" * 500),
                   endless(os.urandom(4096))]
        ports = [s.getsockname()[1] for s in servers]
        good = socket.create_server(("127.0.0.1", 0))

        def network(_):
            return "    vantage: sddc\n    probes:\n" + "".join(
                f"      - {{id: bad{i}, url: \"{scheme}://127.0.0.1:{port}/\", interval_s: 1, timeout_s: 2}}\n"
                for i, (scheme, port) in enumerate([("http", ports[0]), ("http", ports[1]), ("https", ports[2])])) + (
                f"      - {{id: liar, url: \"dns://127.0.0.1:{name_server.getsockname()[1]}/www.example\", interval_s: 1, timeout_s: 2}}\n"
                f"      - {{id: good, url: \"tcp://127.0.0.1:{good.getsockname()[1]}\", interval_s: 1}}\n")
        with NetworkTown(network, routes="  - {policy: none}\n") as town:
            town.begin()
            for path in ("bad0", "bad1", "bad2", "liar"):
                wait_for(f"path {path}\n{town.log('serve')[-2000:]}", lambda p=path: town.alarm(f"path {p}"), 90)
            self.assertEqual(town.newest("Up", "good"), 1)
            self.assertEqual(town.newest("Loss", "good"), 0, "nobody held up the others")
            self.assertIsNone(town.serve.poll())
        for server in [*servers, name_server, good]:
            server.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
