"""Syslog lines a second over TCP through 100 filter patterns: Kaden beside Debian's rsyslog, the same lines, one after the other."""

import pathlib
import socket
import subprocess
import tempfile
import time

from town import Town, free_port, wait_for

PATTERNS = 100
END = "the end of it all"


def lines(count):
    """RFC 3164; one in a thousand has what a pattern looks for."""
    out = []
    for number in range(count):
        found = f"pattern {number // 1_000 % PATTERNS} is here" if number % 1_000 == 0 else "Failed password for invalid user"
        out.append(f"<38>Aug 24 12:00:00 web-{number % 100:02} sshd[{number % 30_000}]: {found} admin from 192.0.2.{number % 250} port 50123 ssh2\n")
    out.append(f"<38>Aug 24 12:00:00 web-00 sshd[1]: {END}\n")
    return "".join(out).encode()


def send(port, data):
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.sendall(data)


def measured(pid, port, data, count, is_over, cpu_seconds):
    used, begun = cpu_seconds(pid), time.monotonic()
    send(port, data)
    wait_for("the last line", is_over, 600)
    took = time.monotonic() - begun
    return {"per_s": count / took, "per_cpu_s": count / (cpu_seconds(pid) - used)}


def kaden(data, count, pin, cpu_seconds):
    port = free_port()
    alarms = "".join(f"        - {{id: p{n}, raise: '\"pattern {n} is here\"', repeat_s: 0}}\n" for n in range(PATTERNS - 1))
    with Town({"sato": "en"}, routes="  - {source: [log], policy: none}\n  - {policy: default}\n") as town:
        town.extra = (f"sources:\n  logs:\n    - id: bench\n      syslog: {{tcp: \"127.0.0.1:{port}\"}}\n      alarms:\n{alarms}"
                      f"        - {{id: end, raise: '\"{END}\"'}}\n")
        town.start_kaden()
        pin(town.serve.pid, "0")
        wait_for("the first look", lambda: town.get("/api/v1/sources")["sources"][0]["looks"])
        return measured(town.serve.pid, port, data, count, lambda: [i for i in town.incidents() if "bench: end" in i["title"]], cpu_seconds)


def rsyslog(data, count, pin, cpu_seconds):
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="bench-rsyslog-") as name:
        folder = pathlib.Path(name)
        patterns = [f"pattern {n} is here" for n in range(PATTERNS - 1)] + [END]
        tests = "".join(f'  if $msg contains "{one}" then {{ action(type="omfile" file="{folder}/found") }}\n' for one in patterns)
        (folder / "conf").write_text(f'global(workDirectory="{folder}")\nmodule(load="imtcp")\nruleset(name="all") {{\n{tests}}}\n'
                                     f'input(type="imtcp" address="127.0.0.1" port="{port}" ruleset="all")\n')
        process = subprocess.Popen(["/usr/sbin/rsyslogd", "-n", "-f", str(folder / "conf"), "-i", str(folder / "pid")])
        try:
            def is_up():
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    return True
                except OSError:
                    return False
            wait_for("rsyslog", is_up)
            pin(process.pid, "0")
            found = folder / "found"
            return measured(process.pid, port, data, count, lambda: found.exists() and END.encode() in found.read_bytes()[-4_096:], cpu_seconds)
        finally:
            process.kill()
            process.wait()


def measure(quick, row, pin, cpu_seconds):
    count = 100_000 if quick else 1_000_000
    data = lines(count)
    print(f"{count:,} syslog lines over TCP through {PATTERNS} patterns (server on one core)")
    rounds = [(kaden(data, count, pin, cpu_seconds), rsyslog(data, count, pin, cpu_seconds)) for _ in range(1 if quick else 3)]
    mine, other = (sorted((pair[i] for pair in rounds), key=lambda run: run["per_s"])[len(rounds) // 2] for i in (0, 1))
    row("lines", mine["per_s"], "/s", "rsyslog", other["per_s"])
    row("lines per second of the server's CPU", mine["per_cpu_s"], "/s", "rsyslog", other["per_cpu_s"])
