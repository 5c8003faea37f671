#!/usr/bin/python3
"""Measures Kaden beside named peers and limits, in one run, and prints ratios. Loopback only; ends by itself.

Usage: bench/run.py [--quick] [PART ...]    parts: intake memory invite media alarms datapoints whole stored speech simulator agent vcenter syslog
"""

import json
import os
import pathlib
import random
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "release"
os.environ["KADEN_BIN"] = str(BUILD / "apps")
sys.path.insert(0, str(ROOT / "test" / "wire"))
sys.path.insert(0, str(ROOT / "bench"))
import syslog_rates  # noqa: E402
from town import Town, free_port, wait_for  # noqa: E402

QUICK = "--quick" in sys.argv
TICKS = os.sysconf("SC_CLK_TCK")
RECORD_ONLY = "  - {source: [bench], policy: none}\n  - {policy: default}\n"


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def rss_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def pin(pid, cpus):
    subprocess.run(["taskset", "-apc", cpus, str(pid)], stdout=subprocess.DEVNULL, check=True)


def load(kind, port, connections, batch, events, token="", skip=0, rate=0, cpu="1"):
    run = subprocess.run(["taskset", "-c", cpu, str(BUILD / "bench" / "http_load"), kind, str(port), str(connections), str(batch),
                          str(events), token, str(skip), str(rate)], capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"http_load {kind}: {run.stdout} {run.stderr}")
    return json.loads(run.stdout)


class Alertmanager:
    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="bench-am-")
        self.port = free_port()
        config = pathlib.Path(self.folder, "am.yml")
        config.write_text("route: {receiver: none, group_by: ['...'], group_wait: 1h}\nreceivers: [{name: none}]\n")
        self.process = subprocess.Popen(
            ["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={self.folder}/data", "--cluster.listen-address=",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

        def up():
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return True
            except OSError:
                return False
        wait_for("Alertmanager", up)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def row(name, value, unit, peer="", peer_value=None, better="more"):
    text = f"  {name:<58} {value:>10,.4g} {unit}"
    if peer_value:
        ratio = value / peer_value if better == "more" else peer_value / value
        text += f"   {peer} {peer_value:,.4g}   ratio {ratio:.2f}"
    print(text, flush=True)


def measured_load(server_pid, *args, **more):
    """The load's figures, and events per second of the server's own CPU time."""
    before = cpu_seconds(server_pid)
    figures = load(*args, **more)
    used = cpu_seconds(server_pid) - before
    figures["per_cpu_s"] = figures["events"] / used if used else float("nan")
    return figures


def intake():
    print("alarm events accepted durably over 8 keep-alive connections (server on one core, load on the other)")
    rounds = 1 if QUICK else 3
    results = {}
    for batch, events in ((1, 20_000 if not QUICK else 5_000), (64, 100_000 if not QUICK else 20_000)):
        for kind in ("kaden", "alertmanager"):
            runs = []
            for _ in range(rounds):
                if kind == "kaden":
                    with Town({"sato": "en"}, routes=RECORD_ONLY) as town:
                        town.start_kaden()
                        pin(town.serve.pid, "0")
                        runs.append(measured_load(town.serve.pid, kind, town.port, 8, batch, events, town.token))
                else:
                    with Alertmanager() as am:
                        pin(am.process.pid, "0")
                        runs.append(measured_load(am.process.pid, kind, am.port, 8, batch, events))
            runs.sort(key=lambda r: r["events_per_s"])
            results[kind] = runs[len(runs) // 2]
        k, a = results["kaden"], results["alertmanager"]
        name = "one by one" if batch == 1 else f"in batches of {batch}"
        row(f"{name}: events/s", k["events_per_s"], "/s", "Alertmanager (memory only)", a["events_per_s"])
        row(f"{name}: events per second of the server's CPU", k["per_cpu_s"], "/s", "Alertmanager", a["per_cpu_s"])
        row(f"{name}: POST p50", k["p50_ms"], "ms", "Alertmanager", a["p50_ms"], "less")
        row(f"{name}: POST p99", k["p99_ms"], "ms", "Alertmanager", a["p99_ms"], "less")


def memory():
    count = 100_000 if not QUICK else 20_000
    print(f"memory at {count:,} active alarms, an incident (Kaden) or a group (Alertmanager) each")
    with Town({"sato": "en"}, routes=RECORD_ONLY) as town:
        town.start_kaden()
        empty = rss_mb(town.serve.pid)
        load("kaden", town.port, 4, 64, count, town.token, cpu="0,1")
        kaden = rss_mb(town.serve.pid)
        assert town.get("/api/v1/incidents?limit=1")["incidents"]
    with Alertmanager() as am:
        empty_am = rss_mb(am.process.pid)
        load("alertmanager", am.port, 4, 64, count, cpu="0,1")
        time.sleep(3)
        other = rss_mb(am.process.pid)
    row("resident memory", kaden, "MB", "Alertmanager", other, "less")
    row("of that for the alarms", kaden - empty, "MB", "Alertmanager", other - empty_am, "less")


class InviteCatcher(threading.Thread):
    """Answers each INVITE with 486 and notes when it came; any SIP response is enough to end the call."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.seen = {}
        self.arrived = threading.Condition()

    def run(self):
        while True:
            data, peer = self.socket.recvfrom(65536)
            now = time.perf_counter()
            head = data.decode(errors="replace")
            if not head.startswith("INVITE "):
                continue
            headers = dict(line.split(": ", 1) for line in head.split("\r\n\r\n")[0].split("\r\n")[1:] if ": " in line)
            answer = "SIP/2.0 486 Busy Here\r\n" + "".join(
                f"{name}: {headers[name]}{';tag=bench' if name == 'To' else ''}\r\n" for name in ("Via", "From", "To", "Call-ID", "CSeq"))
            self.socket.sendto((answer + "Content-Length: 0\r\n\r\n").encode(), peer)
            with self.arrived:
                self.seen.setdefault(headers["Call-ID"], now)
                self.arrived.notify_all()


def invite():
    import http.client
    print("event in by HTTP (durable first) to its INVITE on the wire, warm speech cache")
    catcher = InviteCatcher()
    catcher.start()
    policy = ("  - id: default\n    levels: [{people: [sato], wait_s: 0}]\n    rounds: 1\n    redial: {busy: {wait_s: 0, most: 0}}\n"
              "    ring_s: 20\n")
    count = 300 if not QUICK else 60
    for background in (0, 5_000):
        with Town({"sato": "en"}, policy, RECORD_ONLY) as town:
            town.phone_port = catcher.port
            town.config.write_text(town.configuration())
            town.start_kaden()
            connection = http.client.HTTPConnection("127.0.0.1", town.port)
            connection.connect()
            connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            noise = None
            if background:
                noise = subprocess.Popen([str(BUILD / "bench" / "http_load"), "kaden", str(town.port), "8", "10",
                                          str(background * (count // 20 + 10)), town.token, "0", str(background)], stdout=subprocess.DEVNULL)
            times = []
            for i in range(count + 20):
                before_calls = len(catcher.seen)
                body = json.dumps({"event_id": f"{background}-{i}", "alarm": f"disk {background} {i}", "machine": "web-01",
                                   "say": {"en": "The disk of {machine} is full."}})
                start = time.perf_counter()
                connection.request("POST", "/api/v1/events", body, {"Authorization": f"Bearer {town.token}"})
                connection.getresponse().read()
                with catcher.arrived:
                    if not catcher.arrived.wait_for(lambda: len(catcher.seen) > before_calls, timeout=10):
                        raise SystemExit("no INVITE came: " + town.log("serve")[-2000:])
                    arrived = list(catcher.seen.values())[-1]
                if i >= 20:  # the first ones warm the speech cache
                    times.append((arrived - start) * 1000)
                time.sleep(0.02)
            if noise:
                noise.kill()
                noise.wait()
            times.sort()
            name = f"beside {background} events/s" if background else "idle"
            row(f"{name}: p50", statistics.median(times), "ms", "to reach", 1.0, "less")
            row(f"{name}: p99", times[int(len(times) * 0.99) - 1], "ms", "to reach", 20.0 if background else 5.0, "less")


class Sink(threading.Thread):
    """Takes every POST like CloudWatch, and counts."""

    def __init__(self):
        import http.server
        super().__init__(daemon=True)
        sink = self
        self.requests = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                sink.requests += 1
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def run(self):
        self.server.serve_forever()


def task_seconds(pid):
    """CPU time of all its threads, to the nanosecond: /proc/PID/stat counts in ticks of 10 ms."""
    return sum(int(path.read_text().split()[0]) for path in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat")) / 1e9


def agent():
    import urllib.request
    interval, length = (10, 120) if not QUICK else (10, 40)
    print(f"the guest agent at an interval of {interval} s over {length} s: all default groups, per core, diskio and net, a TCP check, a log file")
    sink = Sink()
    sink.start()
    folder = tempfile.mkdtemp(prefix="bench-agent-")
    log = pathlib.Path(folder, "app.log")
    log.write_text("one\n")
    config = pathlib.Path(folder, "agent.yaml")
    config.write_text(f"""
url: http://127.0.0.1:{sink.port}
interval_s: {interval}
keys: {{access_key_id: BENCH}}
state_folder: {folder}/state
metrics: {{cpu: {{per_core: true}}, diskio: true, net: true}}
procstat: [{{exe: kaden}}]
checks: [{{name: sink, url: "tcp://127.0.0.1:{sink.port}"}}]
logs: {{url: "http://127.0.0.1:{sink.port}", files: [{{path: {folder}/*.log, group: g}}]}}
""")
    agent_process = subprocess.Popen([str(BUILD / "apps" / "kaden-agent"), "--config", str(config)], stdout=subprocess.DEVNULL,
                                     env={"AWS_SECRET_ACCESS_KEY": "not-so-secret-0123"})
    peer = shutil.which("prometheus-node-exporter")
    peer_port = free_port()
    peer_process = peer and subprocess.Popen([peer, f"--web.listen-address=127.0.0.1:{peer_port}"], stderr=subprocess.DEVNULL)
    try:
        wait_for("the first request", lambda: sink.requests > 0)
        time.sleep(2)
        start, peer_start, begin = task_seconds(agent_process.pid), peer_process and task_seconds(peer_process.pid), time.monotonic()
        while time.monotonic() - begin < length:
            time.sleep(interval)
            with log.open("a") as out:
                out.write("another line of the log\n" * 10)
            if peer_process:
                urllib.request.urlopen(f"http://127.0.0.1:{peer_port}/metrics").read()
        passed = time.monotonic() - begin
        used = 100 * (task_seconds(agent_process.pid) - start) / passed
        size = rss_mb(agent_process.pid)
        row("CPU", used, "% of a core", "to stay under", 0.5, "less")
        row("resident memory", size, "MB", "to stay under", 10, "less")
        if peer_process:
            row("CPU", used, "% of a core", "prometheus-node-exporter", 100 * (task_seconds(peer_process.pid) - peer_start) / passed, "less")
            row("resident memory", size, "MB", "prometheus-node-exporter", rss_mb(peer_process.pid), "less")
        else:
            print("  prometheus-node-exporter, the peer, is not installed")
        row("requests taken", sink.requests, "")
    finally:
        for process in filter(None, (agent_process, peer_process)):
            process.terminate()
            process.wait()
        shutil.rmtree(folder, ignore_errors=True)


class Prometheus:
    """One alerting rule over `series` series, or a rule for each of them; every series firing or none. Without a receiver."""

    def __init__(self, series, a_rule_each, firing):
        self.series, self.a_rule_each, self.firing = series, a_rule_each, firing

    def __enter__(self):
        import http.server
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-prometheus-"))
        value = 95 if self.firing else 5
        page = "".join(f'cpu_usage_active{{cpu="cpu-total",host="web-{i}"}} {value}\n' for i in range(self.series)).encode()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.end_headers()
                self.wfile.write(page)

            def log_message(self, *_):
                pass

        self.exporter = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.exporter.serve_forever, daemon=True).start()
        self.port = free_port()
        rules = [f"  - {{alert: cpu_{i}, expr: 'cpu_usage_active{{host=\"web-{i}\"}} > 80'}}\n" for i in range(self.series)] \
            if self.a_rule_each else ["  - {alert: cpu_high, expr: 'cpu_usage_active > 80'}\n"]
        (self.folder / "rules.yml").write_text("groups:\n- name: cpu\n  rules:\n" + "".join(rules))
        (self.folder / "prometheus.yml").write_text(
            "global: {scrape_interval: 10s, evaluation_interval: 10s}\n"
            f"rule_files: ['{self.folder}/rules.yml']\n"
            f"scrape_configs: [{{job_name: vms, static_configs: [{{targets: ['127.0.0.1:{self.exporter.server_address[1]}']}}]}}]\n")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={self.folder}/prometheus.yml", f"--storage.tsdb.path={self.folder}/data",
             f"--web.listen-address=127.0.0.1:{self.port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return self

    def evaluation_s(self, wanted):
        """The median of the first `wanted` evaluations that saw every series."""
        import urllib.request
        took, last = [], ""

        def group():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/rules", timeout=60) as answer:
                    groups = json.load(answer)["data"]["groups"]
            except OSError:
                return None
            return groups[0] if groups else None

        end = time.monotonic() + 60 + 45 * wanted
        while len(took) < wanted:
            if time.monotonic() > end:
                raise SystemExit("Prometheus did not evaluate its rules in time")
            time.sleep(2)
            now = group()
            if now is None or now["lastEvaluation"] == last:
                continue
            last = now["lastEvaluation"]
            active = sum(len(rule["alerts"]) for rule in now["rules"])
            if active == (self.series if self.firing else 0) and now["evaluationTime"] > 0 and self.has_scraped():
                took.append(now["evaluationTime"])
        return statistics.median(took)

    def has_scraped(self):
        import urllib.request
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api/v1/query?query=scrape_samples_scraped", timeout=60) as answer:
                found = json.load(answer)["data"]["result"]
        except OSError:
            return False  # it is starting
        return bool(found) and float(found[0]["value"][1]) == self.series

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self.exporter.shutdown()
        shutil.rmtree(self.folder, ignore_errors=True)


def alarms():
    """Kaden evaluates in its own benchmark; Prometheus as a whole, which tells how long an evaluation took."""
    ran = measured("alarm_bench")
    if not shutil.which("prometheus"):
        print("  prometheus, the peer, is not installed")
        return
    series = 10_000 if QUICK else 100_000
    print(f"one evaluation of an alarm, beside Prometheus (Debian's) with {series:,} series")
    for shape, a_rule_each in (("one rule", False), ("a rule each", True)):
        for firing in (False, True):
            kaden = ran[f"evaluate/alarms:100000/firing:{int(firing)}/shape:{int(a_rule_each)}"]["us/alarm"]
            with Prometheus(series, a_rule_each, firing) as peer:
                took = peer.evaluation_s(1 if QUICK else 3)
                size = rss_mb(peer.process.pid)
            row(f"{shape}, {'all firing' if firing else 'quiet'}", kaden, "us", "Prometheus", took / series * 1e6, "less")
            row(f"  resident memory of Prometheus with {series:,} series", size, "MB")


def measured(name):
    """A Google Benchmark program, shown as it runs; its results by name."""
    out = pathlib.Path(tempfile.mkdtemp(prefix="bench-out-"), "out.json")
    program(name, "--benchmark_counters_tabular=true", f"--benchmark_out={out}", "--benchmark_out_format=json")()
    ran = {b["name"].split("/iterations")[0]: b for b in json.loads(out.read_text())["benchmarks"]}
    shutil.rmtree(out.parent)
    return ran


def datapoints():
    ran = measured("cloudwatch_bench")
    limit = ran["only_parse_json"]["items_per_second"]
    peer_rate = None
    if shutil.which("prometheus"):
        with Prometheus(100_000, False, False) as peer:
            wait_for("a scrape", peer.has_scraped)
            before, begun = cpu_seconds(peer.process.pid), time.monotonic()
            time.sleep(20 if QUICK else 60)
            scrapes = round((time.monotonic() - begun) / 10)
            peer_rate = 100_000 * scrapes / (cpu_seconds(peer.process.pid) - before)
    else:
        print("  prometheus, the peer, is not installed")
    print("datapoints a second of one core, from the signed request to the book")
    for name, one in ran.items():
        if not name.startswith("put_metric_data/"):
            continue
        form = name.split("/")[1]
        row(form, one["items_per_second"], "/s", "the JSON body parsed only", limit)
        if peer_rate:
            row("", one["items_per_second"], "/s", "Prometheus scraping and storing", peer_rate)


class Machines:
    """Senders of one metric each, a thousand in a request, over one connection to Kaden; unsigned, as on loopback."""

    def __init__(self, town, count):
        import http.client
        self.connection = http.client.HTTPConnection("127.0.0.1", town.port, timeout=60)
        self.count = count

    def report(self, value):
        headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData"}
        for first in range(0, self.count, 1_000):
            data = [{"MetricName": "cpu_usage_active", "Value": value, "Unit": "Percent", "StorageResolution": 1,
                     "Dimensions": [{"Name": "host", "Value": f"web-{i}"}]} for i in range(first, first + 1_000)]
            self.connection.request("POST", "/", json.dumps({"Namespace": "CWAgent", "MetricData": data}), headers)
            answer = self.connection.getresponse()
            body = answer.read()
            if answer.status != 200:
                raise SystemExit(f"PutMetricData: {answer.status} {body}")


def prometheus_share(series, firing):
    """Percent of a core and MB of Prometheus, that scrapes as many series every 10 s, stores them, and has one rule over all."""
    with Prometheus(series, False, firing) as peer:
        peer.evaluation_s(1)  # from here on it has what it needs
        before, begun = cpu_seconds(peer.process.pid), time.monotonic()
        time.sleep(20 if QUICK else 60)
        return 100 * (cpu_seconds(peer.process.pid) - before) / (time.monotonic() - begun), rss_mb(peer.process.pid)


def whole():
    """kaden serve with everything it does: HTTP, the book, stored datapoints, the journal; and Prometheus with as many series."""
    count, rounds = (20_000, 2) if QUICK else (100_000, 6)
    rule = '  - {name: cpu-high, metric: cpu_usage_active, for_each: [host], statistic: Average, period_s: 10, datapoints: 1, when: "> 80"}\n'
    routes = "  - {source: [guest], policy: none}\n" + RECORD_ONLY
    print(f"the whole process: {count:,} machines report one metric every 10 s")
    peers = {}
    if shutil.which("prometheus"):
        peers = {"an alarm each, quiet": prometheus_share(count, False), "an alarm each, all firing": prometheus_share(count, True)}
    else:
        print("  prometheus, the peer, is not installed")
    for shape, alarms_of, values in (("without an alarm", "", (5, 6)), ("an alarm each, quiet", rule, (5, 6)), ("an alarm each, all firing", rule, (95, 96)),
                                     ("an alarm each, all changing their state each time", rule, (5, 95))):
        with Town({"sato": "en"}, routes=routes, alarms=alarms_of, unsigned=True) as town:
            town.start_kaden()
            machines = Machines(town, count)
            took, due = [], time.monotonic()
            for turn in range(rounds + 3):
                before = cpu_seconds(town.serve.pid)
                machines.report(values[turn % 2])
                due += 10
                time.sleep(max(0, due - time.monotonic()))
                took.append(cpu_seconds(town.serve.pid) - before)
            peer, peer_share, peer_size = ("Prometheus, one rule", *peers[shape]) if shape in peers else ("", None, None)
            row(shape, statistics.mean(took[3:]) * 10, "% of a core", peer, peer_share, "less")
            row("  resident", rss_mb(town.serve.pid), "MB", peer, peer_size, "less")
    with Town({"sato": "en"}, unsigned=True) as town:
        town.start_kaden()
        machines = Machines(town, 50_000 if QUICK else 1_000_000)
        begun = time.monotonic()
        for turn in range(3):
            machines.report(5 + turn)
        row(f"{machines.count:,} live metrics, 3 datapoints each: resident", rss_mb(town.serve.pid), "MB", "the limit of 1 GiB", 1_024, "less")
        row("  sent in", time.monotonic() - begun, "s")


def read_as_a_script_does(client):
    """What a scheduled script reads: every machine with its name and its triggered alarms."""
    from pyVmomi import vim, vmodl
    content = client.content
    view = content.viewManager.CreateContainerView(content.rootFolder, [vim.VirtualMachine], True)
    wanted = vmodl.query.PropertyCollector.PropertySpec(type=vim.VirtualMachine, pathSet=["name", "triggeredAlarmState"])
    walk = vmodl.query.PropertyCollector.TraversalSpec(name="view", path="view", skip=False, type=vim.view.ContainerView)
    start = vmodl.query.PropertyCollector.ObjectSpec(obj=view, skip=True, selectSet=[walk])
    question = vmodl.query.PropertyCollector.FilterSpec(objectSet=[start], propSet=[wanted])
    found = content.propertyCollector.RetrieveContents([question])
    view.DestroyView()
    return len(found)


def vcenter():
    import vcsim
    machines, count = (1_000, 10) if QUICK else (10_000, 60)
    print(f"govmomi's vCenter simulator with {machines:,} virtual machines; from an alarm set there to its INVITE on the wire")
    catcher = InviteCatcher()
    catcher.start()
    policy = ("  - id: default\n    levels: [{people: [sato], wait_s: 0}]\n    rounds: 1\n    redial: {busy: {wait_s: 0, most: 0}}\n"
              "    ring_s: 20\n")
    with Town({"sato": "en"}, policy) as town:
        town.phone_port = catcher.port
        server = vcsim.Vcsim(town)
        row_of_it = server.row()
        del row_of_it["poll_s"], row_of_it["unreadable_s"]  # as without a word about them
        town.extra = vcsim.sources(row_of_it)
        town.config.write_text(town.configuration())
        server.start("-machines", str(machines), patience=300)
        begun = time.monotonic()
        town.start_kaden()
        wait_for("the vCenter to be read", lambda: town.get("/api/v1/sources")["sources"][0]["readable"], 60)
        row("from the start of Kaden until the vCenter is read", time.monotonic() - begun, "s")
        times = []
        for i in range(count):
            seen = len(catcher.seen)
            start = time.perf_counter()
            server.alarm(f"DC0_H0_VM{i * (machines // 2 - 1) // count}")
            with catcher.arrived:
                if not catcher.arrived.wait_for(lambda: len(catcher.seen) > seen, timeout=60):
                    raise SystemExit("no INVITE came: " + town.log("serve")[-2000:])
                times.append(list(catcher.seen.values())[-1] - start)
            time.sleep(random.uniform(0.1, 1.5))
        times.sort()
        row("an alarm to its INVITE: p50", statistics.median(times), "s", "a script every 300 s, on average", 150, "less")
        row("an alarm to its INVITE: the slowest", times[-1], "s", "a script every 300 s, at worst", 300, "less")
        used, kaden, begun = task_seconds(server.process.pid), task_seconds(town.serve.pid), time.monotonic()
        time.sleep(40 if QUICK else 120)
        passed = time.monotonic() - begun
        load, own = (task_seconds(server.process.pid) - used) / passed, (task_seconds(town.serve.pid) - kaden) / passed
        client = server.client()
        used, begun = task_seconds(server.process.pid), time.monotonic()
        found = read_as_a_script_does(client)
        script, took = task_seconds(server.process.pid) - used, time.monotonic() - begun
        row(f"{len(times)} alarms stand: CPU of the server for Kaden's reading", 100 * load, "% of a core",
            "one pyvmomi reading of all machines every 20 s", 100 * script / 20, "less")
        row("  CPU of Kaden", 100 * own, "% of a core")
        row(f"  one such reading of {found:,} machines", took, "s")


def program(name, *args):
    def run():
        path = next((p for p in BUILD.rglob(name) if p.is_file() and os.access(p, os.X_OK)), None)
        if path is None:
            raise SystemExit(f"{name} is not built")
        subprocess.run([str(path), *args], check=True)
    return run


PARTS = {
    "intake": intake,
    "memory": memory,
    "invite": invite,
    "media": program("media_bench", "--benchmark_counters_tabular=true"),
    "alarms": alarms,
    "datapoints": datapoints,
    "whole": whole,
    "stored": program("datapoints_bench", "--benchmark_counters_tabular=true", "--benchmark_filter=-months/365"),
    "speech": program("speech_bench", "--benchmark_counters_tabular=true"),
    "simulator": program("kaden_sim", "--seeds", "1..200" if not QUICK else "1..40", "--hours", "24"),
    "agent": agent,
    "vcenter": vcenter,
    "syslog": lambda: syslog_rates.measure(QUICK, row, pin, cpu_seconds),
}


def main():
    wanted = [a for a in sys.argv[1:] if not a.startswith("-")] or list(PARTS)
    model = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    print(f"{os.cpu_count()} cores, {model[1] if model else 'unknown'}; ratios above 1 favour Kaden")
    for part in wanted:
        print()
        PARTS[part]()


if __name__ == "__main__":
    main()
