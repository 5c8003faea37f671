#!/usr/bin/python3
"""Alert mails from programs that nobody here wrote: swaks, Python's smtplib, and exim as a relay with a queue."""

import email.header
import email.message
import email.utils
import json
import os
import pathlib
import pwd
import smtplib
import socket
import ssl
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hearing  # noqa: E402
from town import KADEN, Town, free_port, wait_for  # noqa: E402

SENDER, RECIPIENT = "zabbix@monitor.example", "alerts@kaden.example"
RULES = r"""
        - id: zabbix
          when: {subject_regex: ['^Problem: (?<what>.+)'], body_regex: ['^Host: (?<host>\S+)', '^Severity: (?<severity>\w+)']}
          clear: {subject_regex: ['^Resolved in .*?: (?<what>.+)'], body_regex: ['^Host: (?<host>\S+)']}
          alarm: "{what} {host}"
          machine: "{host}"
          title: "{what}"
          severity_field: severity
          severities: {Disaster: critical, Average: warning}
        - id: kanshi
          when: {subject: [障害発生], body_regex: ['^ホスト[:：]\s*(?<host>\S+)', '^項目[:：]\s*(?<what>.+)$']}
          clear: {subject: [障害復旧], body_regex: ['^ホスト[:：]\s*(?<host>\S+)', '^項目[:：]\s*(?<what>.+)$']}
          alarm: "{what} {host}"
          machine: "{host}"
          title: "{what}"
"""


def mail_town(people=None, more="", port=None, **rest):
    town = Town(people or {"ito": "en"}, **rest)
    town.smtp_port = port or free_port()
    town.extra = (f"sources:\n  mail:\n    - id: alerts\n      port: {town.smtp_port}\n      hostname: kaden.example\n"
                  f"      recipients: [{RECIPIENT}]\n      senders: [\"*@monitor.example\"]\n{more}      rules:{RULES}")
    return town


def start(town):
    town.start_kaden()
    wait_for("the listener", lambda: listens(town.smtp_port))


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def zabbix(subject, body, message_id="<1@monitor.example>"):
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"], message["Message-ID"] = f"Zabbix <{SENDER}>", RECIPIENT, subject, message_id
    message["Date"] = email.utils.formatdate()
    message.set_content(body)
    return message


def send(town, message, **options):
    """By smtplib; gives the server's last word on the data."""
    with smtplib.SMTP("127.0.0.1", town.smtp_port, timeout=60) as client:
        client.ehlo("web-01.example")
        if options.get("tls"):
            client.starttls(context=options["tls"])
            client.ehlo("web-01.example")  # what was said before is forgotten
        client.mail(SENDER)
        client.rcpt(RECIPIENT)
        code, text = client.data(message if isinstance(message, bytes) else message.as_bytes())
        return code, text.decode()


def swaks(town, *options):
    """Exit code and the whole talk."""
    done = subprocess.run(["swaks", "--server", f"127.0.0.1:{town.smtp_port}", "--from", SENDER, "--to", RECIPIENT, *options],
                          capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def kaden(town, *arguments, code=0, **more):
    done = subprocess.run([str(KADEN), *arguments], capture_output=True, text=True, timeout=60, **more)
    assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
    return done.stdout


def mails(town, *arguments, code=0):
    return kaden(town, "mails", *arguments, "--url", town.url, "--token-file", str(town.folder / "token"), code=code)


def alarm_lines(town, number):
    return [e for e in town.incident(number)["timeline"] if e["what"] in ("alarm", "repeated", "cleared")]


class Senders(unittest.TestCase):
    def test_a_mail_of_swaks_rings_is_heard_and_its_recovery_clears(self):
        with mail_town() as town:
            town.start_phone("--plan", "ito=answer@200,1@9000")
            start(town)
            code, talk = swaks(town, "--header", "Subject: Problem: the disk is full", "--body", "Problem started\nHost: db-prod-3.example\nSeverity: Disaster")
            self.assertEqual(code, 0, talk)
            self.assertIn("250 2.0.0 mail 1: rule zabbix: ALARM the disk is full db-prod-3.example", talk)
            incident = town.wait_for_state(1, "acknowledged")
            self.assertEqual(incident["alarms"][0]["machine"], "db-prod-3.example")
            ended = wait_for("the recording", lambda: [e for e in town.phone_events() if e["event"] == "recorded"])
            recording = hearing.samples_of(ended[0]["wav"])
            said = town.spoken("en", "Kaden, critical alarm. {db-prod-3.example:name}, the disk is full.")
            self.assertGreater(hearing.find(said, recording)[0], 0.97)
            other = town.spoken("en", "Kaden, critical alarm. {web-07:name}, the disk is full.")
            self.assertLess(hearing.find(other, recording)[0], 0.9)
            code, talk = swaks(town, "--header", "Subject: Resolved in 5m 2s: the disk is full", "--body", "Host: db-prod-3.example")
            self.assertEqual(code, 0, talk)
            town.wait_for_state(1, "resolved")

    def test_japanese_of_smtplib_in_every_encoding_is_one_alarm(self):
        with mail_town({"sato": "ja"}) as town:
            town.start_phone("--plan", "sato=answer@200,1@9000")
            start(town)
            body = "ホスト：web-01\n項目：ディスク使用率\n"
            for number, charset in enumerate(("iso-2022-jp", "shift_jis", "utf-8", "euc-jp")):
                head = (f"From: {SENDER}\r\nTo: {RECIPIENT}\r\nMessage-ID: <{number}@monitor.example>\r\n"
                        f"Subject: {email.header.Header('【監視】障害発生', charset).encode()}\r\nMIME-Version: 1.0\r\n"
                        f"Content-Type: text/plain; charset={charset}\r\n\r\n")
                self.assertEqual(send(town, head.encode() + body.encode(charset))[0], 250, charset)
            incident = town.wait_for_state(1, "acknowledged")
            self.assertEqual([alarm["alarm"] for alarm in incident["alarms"]], ["ディスク使用率 web-01"])
            self.assertEqual(len(town.incidents()), 1)
            said = town.spoken("ja", "{web-01:name}、ディスク使用率。")
            ended = wait_for("the recording", lambda: [e for e in town.phone_events() if e["event"] == "recorded"])
            self.assertGreater(len(hearing.samples_of(ended[0]["wav"])), len(said) // 2)
            head = (f"From: {SENDER}\r\nSubject: {email.header.Header('【監視】障害復旧', 'iso-2022-jp').encode()}\r\n"
                    "Content-Type: text/plain; charset=iso-2022-jp\r\n\r\n")
            self.assertEqual(send(town, head.encode() + body.encode("iso-2022-jp"))[0], 250)
            town.wait_for_state(1, "resolved")

    def test_who_may_not_is_told_why(self):
        with mail_town(more="      most_mib: 1\n") as town:
            start(town)
            large = town.write("large.txt", ("x" * 70 + "\n") * 16_000)
            refusals = {
                ("--from", "x@elsewhere.example"): "550 5.7.1 <x@elsewhere.example> is not on the list of senders",
                ("--to", "somebody@elsewhere.example"): "550 5.7.1 <somebody@elsewhere.example> is not one of the recipients here, and nothing is relayed",
                ("--body", f"@{large}"): "552 5.3.4",
                ("--tls",): "Host did not advertise STARTTLS",
            }
            for options, says in refusals.items():
                code, talk = swaks(town, *options)
                self.assertNotEqual(code, 0)
                self.assertIn(says, talk)
            self.assertIn("No mail has come.", mails(town, "list"))
            self.assertEqual(town.incidents(), [])

    def test_starttls_is_needed_where_it_is_and_a_new_certificate_is_taken(self):
        with mail_town() as town:
            certificate(town, "one")
            town.extra = town.extra.replace("      hostname:", f"      certificate: {town.folder}/mail.pem\n      key: {town.folder}/mail.key\n      hostname:")
            start(town)
            code, talk = swaks(town, "--tls", "--header", "Subject: Problem: x", "--body", "Host: a\nSeverity: Average")
            self.assertEqual(code, 0, talk)
            self.assertIn("TLS started with cipher TLSv1.3", talk)
            kept = json.loads(mails(town, "show", "1", "--json"))
            self.assertIs(kept["envelope"]["tls"], True)

            def name():
                context = ssl.create_default_context(cafile=town.folder / "mail.pem")
                context.check_hostname = False
                with smtplib.SMTP("127.0.0.1", town.smtp_port, timeout=30) as client:
                    client.starttls(context=context)
                    return dict(part[0] for part in client.sock.getpeercert()["subject"])["commonName"]
            self.assertEqual(name(), "one")
            certificate(town, "two")
            wait_for("the new certificate", lambda: attempt(name) == "two")
            # What is sent ahead of the handshake must not be obeyed behind it.
            with socket.create_connection(("127.0.0.1", town.smtp_port), timeout=30) as s:
                s.sendall(b"EHLO a\r\nSTARTTLS\r\nMAIL FROM:<evil@monitor.example>\r\n")
                heard = b""
                while chunk := s.recv(4096):
                    heard += chunk
            self.assertIn(b"421 4.7.0", heard)
            self.assertNotIn(b"220 2.0.0", heard)


def attempt(function):
    try:
        return function()
    except (OSError, smtplib.SMTPException):
        return None


def certificate(town, name):
    for file in ("mail.key", "mail.pem"):
        (town.folder / (file + ".new")).touch(mode=0o600)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                    "-keyout", town.folder / "mail.key.new", "-out", town.folder / "mail.pem.new"], check=True, capture_output=True)
    for file in ("mail.key", "mail.pem"):
        os.replace(town.folder / (file + ".new"), town.folder / file)


class Durable(unittest.TestCase):
    def test_what_was_answered_250_survives_kill_9_and_a_repeat_is_no_news(self):
        with mail_town(policy="  - {id: default, levels: [{people: [ito], wait_s: 600}], ring_s: 30}\n") as town:
            town.start_phone("--plan", "ito=ring")
            start(town)
            message = zabbix("Problem: raid degraded", "Host: db-01\nSeverity: Disaster\n")
            self.assertEqual(send(town, message)[0], 250)
            town.kill_kaden()
            start(town)
            wait_for("the incident", town.incidents)
            self.assertEqual(len(alarm_lines(town, 1)), 1)
            self.assertEqual(send(town, message)[0], 250)
            self.assertEqual(len(town.incidents()), 1)
            self.assertEqual(len(alarm_lines(town, 1)), 1, "the same Message-ID with the same words")
            self.assertEqual(send(town, zabbix("Problem: raid degraded", "Host: db-01\nSeverity: Disaster\n", "<2@monitor.example>"))[0], 250)
            wait_for("the repeat", lambda: len(alarm_lines(town, 1)) == 2)
            # What nobody wrote a rule for is kept through it as well.
            self.assertEqual(send(town, zabbix("hello", "nothing"))[0], 250)
            town.kill_kaden()
            start(town)
            self.assertIn("no rule fits", mails(town, "list"))

    def test_a_device_without_dates_and_ids_is_heard_each_time(self):
        with mail_town() as town:
            town.start_phone("--plan", "ito=answer@100,1@500")
            start(town)
            problem, recovery = (f"From: {SENDER}\r\nSubject: {subject}: raid degraded\r\n\r\nHost: db-01\r\nSeverity: Disaster\r\n".encode()
                                 for subject in ("Problem", "Resolved in 5m"))
            for number in (1, 2):
                for _ in range(2):
                    self.assertEqual(send(town, problem)[0], 250)
                town.wait_for_state(number, "acknowledged")
                self.assertEqual(len(alarm_lines(town, number)), 1, "a repeat of the same state is none")
                if number == 1:
                    town.kill_kaden()
                    start(town)
                self.assertEqual(send(town, recovery)[0], 250)
                town.wait_for_state(number, "resolved")
            self.assertEqual(send(town, problem)[0], 250)
            town.wait_for_state(3, "acknowledged")
            self.assertEqual(town.request("POST", "/api/v1/incidents/3/resolve")[0], 200)
            self.assertEqual(send(town, problem)[0], 250)
            town.wait_for_state(4, "acknowledged")

    def test_a_port_that_is_taken_is_an_alarm_and_is_tried_until_it_is_free(self):
        port = free_port()
        with socket.socket() as other, mail_town(port=port, more="      unreadable_s: 1\n") as town:
            other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", port))
            other.listen()
            town.start_phone("--plan", "ito=answer@100,1@20000")
            town.start_kaden()
            wait_for("the alarm", town.incidents)
            self.assertEqual(town.incident(1)["alarms"][0]["alarm"], "alerts: no mail can be received")
            self.assertIn("Address already in use", town.get("/api/v1/sources")["sources"][0]["trouble"])
            other.close()
            wait_for("the listener", lambda: attempt(lambda: smtplib.SMTP("127.0.0.1", port, timeout=5).noop()))
            town.wait_for_state(1, "resolved")


class Relay:
    """Debian's exim, with a queue of its own, that hands everything to Kaden."""

    def __init__(self, town):
        self.town, self.port = town, free_port()
        self.folder = town.folder / "exim"
        (self.folder / "spool").mkdir(parents=True)
        (self.folder / "log").mkdir()
        self.config = self.folder / "exim.conf"
        self.config.write_text(f"""primary_hostname = relay.monitor.example
spool_directory = {self.folder}/spool
log_file_path = {self.folder}/log/%slog
pid_file_path = {self.folder}/spool/exim.pid
daemon_smtp_ports = {self.port}
local_interfaces = 127.0.0.1
tls_advertise_hosts =
keep_environment =
acl_smtp_rcpt = accept
deliver_queue_load_max = 1000
queue_run_max = 1
begin routers
kaden:
  driver = manualroute
  domains = kaden.example
  route_list = * 127.0.0.1::{town.smtp_port} byname
  self = send
  transport = kaden
begin transports
kaden:
  driver = smtp
  allow_localhost
  hosts_try_fastopen =
begin retry
* * F,1h,1s
""")
        self.config.chmod(0o644)
        if os.getuid() == 0:
            os.chmod(town.folder, 0o755)
            user = pwd.getpwnam("Debian-exim")
            for path in (self.folder, self.folder / "spool", self.folder / "log"):
                os.chown(path, user.pw_uid, user.pw_gid)
        log = open(town.folder / "exim.log", "ab")
        town.processes.append(subprocess.Popen(["/usr/sbin/exim4", "-C", self.config, "-bdf", "-q1s"], stdout=log, stderr=log))
        log.close()
        wait_for("exim", lambda: listens(self.port))

    def takes(self, message):
        with smtplib.SMTP("127.0.0.1", self.port, timeout=60) as client:
            client.send_message(message, SENDER, [RECIPIENT])

    def log(self):
        path = self.folder / "log" / "mainlog"
        return path.read_text() if path.exists() else ""


class ThroughARelay(unittest.TestCase):
    def test_a_relay_keeps_what_kaden_could_not_take_and_brings_it_again(self):
        with mail_town() as town:
            relay = Relay(town)
            relay.takes(zabbix("Problem: fan failed", "Host: esx-03.example\nSeverity: Disaster\n"))
            wait_for("exim to find nobody", lambda: "Connection refused" in relay.log())
            town.start_phone("--plan", "ito=answer@100,1@9000")
            start(town)
            town_incident = wait_for("the queued mail", town.incidents, 90)
            self.assertEqual(len(town_incident), 1)
            wait_for("exim's receipt", lambda: "C=\"250 2.0.0 mail 1: rule zabbix: ALARM fan failed esx-03.example" in relay.log())
            town.wait_for_state(1, "acknowledged")
            relay.takes(zabbix("Resolved in 3m: fan failed", "Host: esx-03.example\n", "<2@monitor.example>"))
            town.wait_for_state(1, "resolved", 90)
            relay.takes(zabbix("a newsletter", "nothing to see", "<3@monitor.example>"))
            wait_for("the mail without a rule", lambda: "no rule fits" in mails(town, "list"), 60)
            self.assertEqual(len(town.incidents()), 1)


class CommandLine(unittest.TestCase):
    def test_what_came_and_why_and_rules_tried(self):
        with mail_town(policy="  - {id: default, levels: [{people: [ito], wait_s: 600}], ring_s: 30}\n") as town:
            town.start_phone("--plan", "ito=ring")
            start(town)
            send(town, zabbix("Problem: x", "Host: web-01\n"))
            listed = mails(town, "list", "alerts")
            self.assertIn("Zabbix <zabbix@monitor.example>", listed)
            self.assertIn("no rule fits", listed)
            shown = mails(town, "show", "1")
            self.assertIn("rule zabbix: clear: the subject has nothing like", shown)
            self.assertIn("when: the body has nothing like ^Severity: (?<severity>\\w+)", shown)
            self.assertIn("Host: web-01", shown)
            rules = town.write("rules.yaml", "rules:\n  - {id: any, when: {subject_regex: ['^Problem: (?<what>.+)']}, alarm: \"{what}\"}\n")
            tried = mails(town, "replay", "1", "--rules", str(rules), "--dry-run")
            self.assertIn("rule any: ALARM x", tried)
            self.assertEqual(town.incidents(), [])
            mails(town, "replay", "1", "--rules", str(rules))
            wait_for("the incident of the replay", town.incidents)
            mails(town, "show", "7", code=1)
            # The mail as a file, and the file against the configuration, without a running Kaden.
            source = mails(town, "show", "1", "--source")
            file = town.write("alert.eml", source + "Severity: Average\n")
            out = kaden(town, "mails", "try", str(file), "--config", str(town.config))
            self.assertIn("rule zabbix: ALARM x web-01", out)
            self.assertIn('"severity":"warning"', out)
            kaden(town, "mails", "try", str(town.write("other.eml", "Subject: x\n\ny\n")), "--config", str(town.config), code=1)
            # A reload brings other rules for the mails to come.
            town.extra = town.extra.replace("'^Severity: (?<severity>\\w+)'", "'(?<severity>.?)'")
            town.write_configuration()
            town.serve.send_signal(1)
            message = zabbix("Problem: reloaded", "Host: web-02\n", "<9@monitor.example>")
            wait_for("the new rules", lambda: "ALARM reloaded web-02" in (attempt(lambda: send(town, message)[1]) or ""))
            metrics = town.request("GET", "/metrics")
            self.assertIn('kaden_mails_total{listener="alerts",outcome="raised"} 1', str(metrics))


if __name__ == "__main__":
    unittest.main(verbosity=2)
