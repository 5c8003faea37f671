#!/usr/bin/python3
"""Watched logs with programs not written here: logrotate, logger, rsyslog, openssl, systemd-journal-remote, journalctl."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from town import KADEN, Town, free_port, wait_for  # noqa: E402

JOURNAL_REMOTE = "/lib/systemd/systemd-journal-remote"
OUTPUT_OF_POWERCLI = ("\r\nActionType           Trigger\r\n----------           -------\r\n"
                      "SendEmail            {Yellow -> Red (Once)}\r\nSendSNMP             {}\r\n")


def run(*command, **more):
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == 0, (command, done.stdout, done.stderr)
    return done.stdout


class Log(unittest.TestCase):
    """One Kaden that watches one log, and sato with the robot phone, who takes each call."""

    def town(self, log, more=""):
        town = Town({"sato": "en"})
        self.addCleanup(town.close)
        town.extra = f"sources:\n  logs:\n    - {log(town)}\n{more}"
        town.start_phone("--plan", "sato=answer@100,1@500")
        return town

    def start(self, town):
        town.start_kaden()
        wait_for("the first looks", lambda: all(one["looks"] >= 1 for one in town.get("/api/v1/sources")["sources"]))
        return town

    def source(self, town, name=None):
        """That of this name, or the first one."""
        return next(one for one in town.get("/api/v1/sources")["sources"] if name in (None, one["name"]))

    def calls(self, town):
        return len([e for e in town.phone_events() if e["event"] == "invite"])

    def wait_for_alarm(self, town, title, state="acknowledged", count=1):
        """The newest of so many incidents of this title."""
        def found():
            these = [one for one in town.incidents() if title in one["title"]]
            return len(these) >= count and max(these, key=lambda one: one["id"])
        number = wait_for(f"an incident {title}\n{town.log('serve')[-2000:]}", found, 60)["id"]
        return town.wait_for_state(number, state, 60)

    def counted(self, town, what, metric="kaden_source_count_total"):
        for line in town.request("GET", "/metrics")[1].decode().splitlines():
            if line.startswith(metric + "{") and f'what="{what}"' in line:
                return float(line.rsplit(" ", 1)[1])
        return None

    def sources_command(self, town, language):
        return run(KADEN, "sources", "--lang", language, "--url", town.url, "--token-file", town.folder / "token")


class Files(Log):
    def rotate(self, town, *settings):
        conf = town.folder / "logrotate.conf"
        conf.write_text(f"{town.folder}/logs/app.log {{\n  rotate 5\n  " + "\n  ".join(settings) + "\n}\n")
        conf.chmod(0o644)
        run("/usr/sbin/logrotate", "-f", "-s", town.folder / "logrotate.state", conf)

    def test_through_logrotate_and_kill_9_without_old_news(self):
        town = self.town(lambda town: f"""id: erp
      name: the ERP
      files: {{paths: ["{town.folder}/logs/*.log"]}}
      machine: erp-01
      unreadable_s: 3600
      alarms:
        - {{id: database, name: database, raise: '"database is down"', clear: '"database is up"'}}
        - {{id: disk, raise: '"disk full"', quiet_s: 8, severity: critical}}""")
        folder = town.folder / "logs"
        folder.mkdir(mode=0o755)
        log = folder / "app.log"

        def write(line):
            with open(log, "a") as out:
                out.write(time.strftime("%Y-%m-%d %H:%M:%S ") + line + "\n")

        write("database is down, and this is history")
        self.start(town)
        self.assertTrue(self.source(town)["readable"], self.source(town))
        for _ in range(20):
            write("nothing of interest")

        write("ERROR database is down")
        incident = self.wait_for_alarm(town, "erp: database")
        self.assertEqual(incident["acknowledged_by"], "sato")
        said = [e["detail"] for e in incident["timeline"] if e["what"] == "answered"][0]
        self.assertIn("database on erp-01, from the log of the ERP", said)
        self.assertEqual(self.calls(town), 1, "history calls nobody")

        # Renamed and created anew: the last line of the old file and the first of the new one count.
        write("the last line of the old file: nothing")
        self.rotate(town, "create 0644")
        self.assertTrue((folder / "app.log.1").exists())
        write("database is up")
        self.wait_for_alarm(town, "erp: database", "resolved")
        self.assertEqual(self.calls(town), 1)

        # Dead, and meanwhile: trouble that was over, a rotation by copying, and trouble that lasts.
        wait_for("the position to be stored", lambda: self.counted(town, "records") == 23)
        town.kill_kaden()
        write("database is down")
        write("database is up")
        self.rotate(town, "copytruncate")
        self.assertEqual(log.read_text(), "")
        write("disk full")
        self.start(town)
        self.wait_for_alarm(town, "erp: disk")
        self.assertEqual(len([one for one in town.incidents() if "database" in one["title"]]), 1,
                         "what began and ended while nobody looked is old news")
        self.assertEqual(self.calls(town), 2)
        self.wait_for_alarm(town, "erp: disk", "resolved")  # by quiet

        # Killed at odd moments while lines come: each trouble is told, none twice.
        for number in range(4):
            write("database is down")
            time.sleep(0.1 * number)
            town.kill_kaden()
            write("nothing")
            self.start(town)
            self.wait_for_alarm(town, "erp: database", count=number + 2)
            write("database is up")
            self.wait_for_alarm(town, "erp: database", "resolved", count=number + 2)
        self.assertEqual(len([one for one in town.incidents() if "database" in one["title"]]), 5)

    def test_a_log_that_cannot_be_read_is_an_alarm_until_it_can(self):
        town = self.town(lambda town: f"""id: app
      files: {{paths: ["{town.folder}/app.log"]}}
      unreadable_s: 3
      alarms: [{{id: x, raise: error}}]""")
        self.start(town)
        self.assertIn("app.log: No such file or directory", self.source(town)["trouble"])
        self.wait_for_alarm(town, "app:unreadable")
        self.assertRegex(self.sources_command(town, "en"), r"log +app +trouble .*No such file")
        (town.folder / "app.log").write_text("well\n")
        self.wait_for_alarm(town, "app:unreadable", "resolved")

    def test_logs_in_shift_jis_euc_jp_and_utf_16(self):
        encodings = {"sjis": "cp932", "euc": "euc-jp", "wide": "utf-16-le"}
        town = self.town(lambda town: "\n    - ".join(f"""id: {name}
      files: {{paths: ["{town.folder}/{name}.log"], encoding: {"utf-16le" if name == "wide" else encoding}}}
      alarms: [{{id: dead, raise: '"致命的なエラー"', clear: '"復旧"'}}]""" for name, encoding in encodings.items()) + f"""
    - id: wrong
      files: {{paths: ["{town.folder}/sjis.log"]}}
      alarms: [{{id: dead, raise: '"致命的なエラー"'}}]""")

        def write(name, *lines):
            with open(town.folder / f"{name}.log", "ab") as out:
                out.write("".join(line + "\r\n" for line in lines).encode(encodings[name]))

        for name in encodings:
            write(name, "致命的なエラー（昔の話）")
        self.start(town)
        for name in encodings:
            write(name, "10:00 データベース表領域: 致命的なエラー", "次の行")
            incident = self.wait_for_alarm(town, f"{name}: dead")
            self.assertIn("データベース表領域: 致命的なエラー", json.dumps(town.incident(incident["id"]), ensure_ascii=False))
        town.kill_kaden()
        for name in encodings:
            write(name, "復旧")
        self.start(town)
        for name in encodings:
            self.wait_for_alarm(town, f"{name}: dead", "resolved")

        write("sjis", *["処理中"] * 10)
        wait_for("the hint", lambda: self.source(town, "wrong").get("hint"))
        self.assertIn("hint: many lines of this log are no text in the encoding", self.sources_command(town, "en"))
        self.assertIn("files.encoding に実際の文字コード", self.sources_command(town, "ja"))
        self.assertIsNone(self.source(town, "sjis").get("hint"))
        self.assertEqual(len(town.incidents()), 3)

    def test_the_old_log_of_vcenters_alarms_is_answered_with_a_hint(self):
        town = self.town(lambda town: f"""id: vcenter-log
      files: {{paths: ["{town.folder}/logfile.log"], from_beginning: true}}
      alarms: [{{id: red, raise: "Red"}}]""")
        (town.folder / "logfile.log").write_bytes(b"\xff\xfe" + OUTPUT_OF_POWERCLI.encode("utf-16-le"))
        self.start(town)
        wait_for("the hint", lambda: self.source(town).get("hint"))
        self.assertIn("hint: this log is the output of Get-AlarmDefinition | Get-AlarmAction", self.sources_command(town, "en"))
        self.assertIn("ヒント: このログは Get-AlarmDefinition | Get-AlarmAction の出力です", self.sources_command(town, "ja"))
        self.assertIn("sources.vcenters", town.log("serve"))

        # The same through an agent of CloudWatch Logs: hint for the log group.
        import boto3
        logs = boto3.client("logs", endpoint_url=town.url, region_name="us-east-1", aws_access_key_id=town.key_id,
                            aws_secret_access_key=town.key_secret)
        logs.create_log_group(logGroupName="/vcenter/alarms")
        logs.create_log_stream(logGroupName="/vcenter/alarms", logStreamName="vc")
        now = int(time.time() * 1000)
        logs.put_log_events(logGroupName="/vcenter/alarms", logStreamName="vc", logEvents=[
            {"timestamp": now, "message": line} for line in OUTPUT_OF_POWERCLI.split("\r\n") if line])
        wait_for("the hint", lambda: "/vcenter/alarms" in self.sources_command(town, "en"))
        self.assertEqual(town.incidents(), [], "definitions are no alarms, whatever colours they name")


class Network(Log):
    def certificates(self, folder):
        """An authority, Kaden's certificate and a sender's."""
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "ca.key", "-out", folder / "ca.pem",
            "-days", "2", "-subj", "/CN=Test authority")
        for name, subject in (("kaden", "kaden.example"), ("sender", "web-01.example")):
            run("openssl", "req", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / f"{name}.key", "-out",
                folder / f"{name}.csr", "-subj", f"/CN={subject}")
            (folder / "ext").write_text(f"subjectAltName=DNS:{subject}\n")
            run("openssl", "x509", "-req", "-in", folder / f"{name}.csr", "-CA", folder / "ca.pem", "-CAkey",
                folder / "ca.key", "-CAcreateserial", "-days", "2", "-extfile", folder / "ext", "-out", folder / f"{name}.pem")
            (folder / f"{name}.key").chmod(0o600)

    def setUp(self):
        self.ports = {"udp": free_port(socket.SOCK_DGRAM), "tcp": free_port(), "tls": free_port()}

        def log(town):
            self.certificates(town.folder)
            return f"""id: net
      name: the network
      syslog:
        udp: "127.0.0.1:{self.ports['udp']}"
        tcp: "127.0.0.1:{self.ports['tcp']}"
        tls: "127.0.0.1:{self.ports['tls']}"
        certificate: {town.folder}/kaden.pem
        key: {town.folder}/kaden.key
        client_ca: {town.folder}/ca.pem
        local: {town.folder}/log
      group: /net
      alarms:
        - {{id: grave, raise: '{{ $.severity <= 2 }}', keys: [app], severity: critical}}
        - {{id: link, raise: '"link down"', clear: '"link up"', keys: [host]}}"""
        self.kaden = self.start(self.town(log, """metric_filters:
  - {name: denied, group: /net, pattern: '{ $.message = "*denied*" }', namespace: Net, metric: Denied, dimensions: {app: $.app}}
"""))

    def logger(self, *args):
        run("logger", *args)

    def remote(self, kind, *args):
        self.logger("--server", "127.0.0.1", "--port", self.ports[kind], "--" + kind, *args)

    def test_logger_over_every_way_in_both_protocols(self):
        town = self.kaden
        ways = {
            "udp-new": ("udp", "--rfc5424"),
            "udp-old": ("udp", "--rfc3164"),
            "tcp-new": ("tcp", "--rfc5424", "--octet-count"),
            "tcp-old": ("tcp", "--rfc3164"),
        }
        for tag, (kind, *args) in ways.items():
            self.remote(kind, *args, "--priority", "daemon.crit", "--tag", tag, "Out of memory")
        self.logger("--socket", town.folder / "log", "--socket-errors=on", "--priority", "daemon.crit", "--tag", "local-one", "Oops")
        self.logger("--socket", town.folder / "log", "--socket-errors=on", "--priority", "daemon.err", "--tag", "not-grave", "Oops")
        for tag in [*ways, "local-one"]:
            self.wait_for_alarm(town, f"net: grave ({tag})", "acknowledged")
        self.assertEqual(len(town.incidents()), 5, "err is not grave")
        host = socket.gethostname()
        for incident in town.incidents():
            alarm = town.get(f"/api/v1/incidents/{incident['id']}")["alarms"][0]
            if "local-one" not in incident["title"]:
                self.assertEqual(alarm["machine"], host, "the header's own host")

        # A pair of lines, and the same in the log group, where a metric filter counts.
        self.remote("udp", "--tag", "ifd", "eth0: link down")
        self.wait_for_alarm(town, f"net: link ({host})")
        self.remote("tcp", "--tag", "ifd", "eth0: link up")
        self.wait_for_alarm(town, f"net: link ({host})", "resolved")
        self.remote("udp", "--tag", "sshd", "access denied")
        import boto3
        keys = {"endpoint_url": town.url, "region_name": "us-east-1", "aws_access_key_id": town.key_id,
                "aws_secret_access_key": town.key_secret}
        cloudwatch, logs = boto3.client("cloudwatch", **keys), boto3.client("logs", **keys)
        wait_for("the metric", lambda: cloudwatch.list_metrics(Namespace="Net", Dimensions=[{"Name": "app", "Value": "sshd"}])["Metrics"])
        kept = logs.filter_log_events(logGroupName="/net", filterPattern='{ $.app = "ifd" }')["events"]
        self.assertEqual([json.loads(one["message"])["message"] for one in kept], ["eth0: link down", "eth0: link up"])
        self.assertEqual(kept[0]["logStreamName"], host)

    def test_rsyslog_and_openssl_over_tls_with_certificates(self):
        town = self.kaden
        folder = town.folder
        (folder / "spool").mkdir()
        (folder / "rsyslog.conf").write_text(f"""
global(workDirectory="{folder}/spool" DefaultNetstreamDriver="ossl" DefaultNetstreamDriverCAFile="{folder}/ca.pem"
       DefaultNetstreamDriverCertFile="{folder}/sender.pem" DefaultNetstreamDriverKeyFile="{folder}/sender.key")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="{folder}/rsyslog.sock")
action(type="omfwd" target="127.0.0.1" port="{self.ports['tls']}" protocol="tcp" StreamDriver="ossl" StreamDriverMode="1"
       StreamDriverAuthMode="x509/name" StreamDriverPermittedPeers="kaden.example" TCP_Framing="octet-counted"
       template="RSYSLOG_SyslogProtocol23Format")
""")
        rsyslog = subprocess.Popen(["/usr/sbin/rsyslogd", "-n", "-f", str(folder / "rsyslog.conf"), "-i", str(folder / "rsyslog.pid")],
                                   stdout=open(folder / "rsyslog.log", "wb"), stderr=subprocess.STDOUT)
        town.processes.append(rsyslog)
        wait_for("rsyslog's socket", (folder / "rsyslog.sock").exists)
        self.logger("--socket", folder / "rsyslog.sock", "--socket-errors=on", "--priority", "kern.alert", "--tag", "via-rsyslog", "Fire")
        self.wait_for_alarm(town, "net: grave (via-rsyslog)")

        message = "<2>1 2026-08-24T03:00:00Z web-01 via-openssl - - - Water"
        client = ["openssl", "s_client", "-connect", f"127.0.0.1:{self.ports['tls']}", "-quiet", "-no_ign_eof", "-CAfile", folder / "ca.pem"]
        certificate = ["-cert", folder / "sender.pem", "-key", folder / "sender.key"]
        run(*client, *certificate, input=f"{len(message)} {message}")
        self.wait_for_alarm(town, "net: grave (via-openssl)")

        # A stranger without a certificate is not heard.
        message = message.replace("via-openssl", "stranger")
        subprocess.run([str(one) for one in client], input=f"{len(message)} {message}".encode(), capture_output=True, timeout=60)
        wait_for("the refusal", lambda: (self.counted(town, "broken") or 0) >= 1)
        self.assertIn("TLS handshake", town.log("serve"))
        self.assertEqual([one for one in town.incidents() if "stranger" in one["title"]], [])

        # kill -9 and a new start: the socket is taken over, rsyslog comes back by itself.
        town.kill_kaden()
        self.start(town)
        wait_for("rsyslog to send again", lambda: self.logger(
            "--socket", folder / "rsyslog.sock", "--socket-errors=on", "--priority", "kern.alert", "--tag", "again", "Fire") or
            [one for one in town.incidents() if "again" in one["title"]])
        self.logger("--socket", folder / "log", "--socket-errors=on", "--priority", "kern.alert", "--tag", "local-again", "x")
        self.wait_for_alarm(town, "net: grave (local-again)")

    def test_a_port_that_is_taken_is_told_and_tried_again(self):
        town = self.kaden
        other = Town({"sato": "en"})
        self.addCleanup(other.close)
        other.extra = (f"sources:\n  logs:\n    - {{id: late, unreadable_s: 0, syslog: {{udp: \"127.0.0.1:{self.ports['udp']}\"}},"
                       " alarms: [{id: grave, raise: '{ $.severity <= 2 }'}]}\n")
        other.start_phone("--plan", "sato=answer@100,1@500")
        self.start(other)
        self.assertIn("Address already in use", self.source(other)["trouble"])
        self.wait_for_alarm(other, "late:unreadable")
        town.stop_kaden()
        self.wait_for_alarm(other, "late:unreadable", "resolved")
        self.remote("udp", "--priority", "kern.alert", "x")
        self.wait_for_alarm(other, "late: grave")


class Groups(Log):
    def test_what_agents_send_to_log_groups(self):
        town = self.town(lambda town: """id: guests
      log_groups: ["/app/*"]
      alarms:
        - {id: oom, raise: '"Out of memory"', keys: [host], quiet_s: 4}
        - {id: status, raise: '{ $.status >= 500 }', clear: '{ $.status < 500 }', keys: [$.service]}""")
        self.start(town)
        import boto3
        logs = boto3.client("logs", endpoint_url=town.url, region_name="us-east-1", aws_access_key_id=town.key_id,
                            aws_secret_access_key=town.key_secret)

        def send(group, stream, message):
            logs.put_log_events(logGroupName=group, logStreamName=stream,
                                logEvents=[{"timestamp": int(time.time() * 1000), "message": message}])
        for group in ("/app/web", "/other"):
            logs.create_log_group(logGroupName=group)
            logs.create_log_stream(logGroupName=group, logStreamName="web-01")
        send("/other", "web-01", "Out of memory, but nobody asked for this group")
        send("/app/web", "web-01", "Out of memory: killed process 7")
        incident = self.wait_for_alarm(town, "guests: oom (web-01)")
        self.assertEqual(incident["alarms"][0]["machine"], "web-01")
        self.wait_for_alarm(town, "guests: oom (web-01)", "resolved")  # by quiet
        send("/app/web", "web-01", json.dumps({"service": "login", "status": 503}))
        self.wait_for_alarm(town, "guests: status (login)")
        send("/app/web", "web-01", json.dumps({"service": "login", "status": 200}))
        self.wait_for_alarm(town, "guests: status (login)", "resolved")
        self.assertEqual(len(town.incidents()), 2)


class Journal(Log):
    def write(self, folder, *entries, name="remote-test.journal"):
        """Journal files made by systemd's own program."""
        text = ""
        for fields in entries:
            self.at += 1_000
            text += f"__REALTIME_TIMESTAMP={self.at}\n__MONOTONIC_TIMESTAMP={self.at % 10**12}\n_BOOT_ID={'ab' * 16}\n"
            text += "".join(f"{name}={value}\n" for name, value in fields.items()) + "\n"
        run(JOURNAL_REMOTE, "-o", folder / name, "-", input=text)

    def test_entries_of_a_journal_by_unit_and_over_a_restart(self):
        self.at = int(time.time() * 1_000_000) - 60_000_000

        def from_now_on():
            self.at = int(time.time() * 1_000_000)

        def entry(message, unit="db.service", priority=3, host="db-01", **more):
            return {"MESSAGE": message, "PRIORITY": priority, "_HOSTNAME": host, "SYSLOG_IDENTIFIER": "db", "_PID": 7,
                    "_SYSTEMD_UNIT": unit, **more}

        def log(town):
            folder = town.folder / "journal"
            folder.mkdir()
            return f"""id: machines
      journal: {{folder: "{folder}", units: [db.service]}}
      unreadable_s: 2
      alarms:
        - {{id: corrupt, raise: '{{ $.severity <= 3 && $.data.CODE = 7 }}', clear: '{{ $.message = "repaired" }}', keys: [host]}}"""
        town = self.town(log)
        folder = town.folder / "journal"
        self.start(town)
        self.assertIn("there are no journal files", self.source(town)["trouble"])
        self.wait_for_alarm(town, "machines:unreadable")
        self.write(folder, entry("history", CODE=7, host="db-00"))
        self.wait_for_alarm(town, "machines:unreadable", "resolved")
        before = self.counted(town, "records")
        from_now_on()
        self.write(folder, entry("page 3 is corrupt", CODE=7), entry("other", unit="other.service", CODE=7, host="db-09"),
                   entry("milder", priority=4, CODE=7, host="db-02"))
        incident = self.wait_for_alarm(town, "machines: corrupt (db-01)")
        witness = [json.loads(line) for line in run("journalctl", "--file", folder / "remote-test.journal", "-o", "json").splitlines()]
        self.assertEqual([one["MESSAGE"] for one in witness], ["history", "page 3 is corrupt", "other", "milder"])
        self.assertEqual(self.counted(town, "records") - before, 2, "the unit's own")
        self.assertEqual(incident["alarms"][0]["machine"], "db-01")
        wait_for("the cursor to be stored", lambda: self.source(town)["looks"] > 10)

        town.kill_kaden()
        from_now_on()
        self.write(folder, entry("repaired"), entry("page 4 is corrupt", CODE=7, host="db-03"))
        self.start(town)
        self.wait_for_alarm(town, "machines: corrupt (db-01)", "resolved")
        self.wait_for_alarm(town, "machines: corrupt (db-03)")
        self.assertEqual(len([one for one in town.incidents() if "corrupt" in one["title"]]), 2)

        # The file with the entry that was read last is cleaned away while Kaden is down: the first entry after it counts.
        wait_for("the cursor to be stored", lambda: self.source(town)["looks"] > 10)
        town.kill_kaden()
        (folder / "remote-test.journal").unlink()
        from_now_on()
        self.write(folder, entry("repaired", host="db-03"), entry("page 5 is corrupt", CODE=7, host="db-05"), name="remote-next.journal")
        self.start(town)
        self.wait_for_alarm(town, "machines: corrupt (db-05)")
        self.wait_for_alarm(town, "machines: corrupt (db-03)", "resolved")

        # Another folder in its place, while Kaden runs; and one that was away for a while.
        folder.rename(town.folder / "old-journal")
        folder.mkdir()
        from_now_on()
        self.write(folder, entry("repaired", host="db-05"), name="remote-new.journal")
        self.wait_for_alarm(town, "machines: corrupt (db-05)", "resolved")
        shutil.rmtree(folder)
        self.wait_for_alarm(town, "machines:unreadable", count=2)
        folder.mkdir()
        from_now_on()
        self.write(folder, entry("page 6 is corrupt", CODE=7, host="db-06"))
        self.wait_for_alarm(town, "machines: corrupt (db-06)")
        self.wait_for_alarm(town, "machines:unreadable", "resolved", count=2)

        # Removed and made again between two looks: ext4 gives it the same inode.
        shutil.rmtree(folder)
        folder.mkdir()
        from_now_on()
        self.write(folder, entry("repaired", host="db-06"), name="remote-again.journal")
        self.wait_for_alarm(town, "machines: corrupt (db-06)", "resolved")


if __name__ == "__main__":
    unittest.main(verbosity=2)
