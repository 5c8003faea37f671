#!/usr/bin/python3
"""Webhooks from programs that nobody here wrote: Debian's Alertmanager in three of its dialects, curl, openssl's signatures, and a
stand-in for Amazon SNS behind a TLS proxy."""

import base64
import datetime
import http.server
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hearing  # noqa: E402
from town import KADEN, Town, free_port, wait_for  # noqa: E402

TOKEN = "0123456789abcdef0123456789abcdef"
ROUTING_KEY = "fedcba9876543210fedcba9876543210"
GENIE_KEY = "11112222-3333-4444-5555-666677778888"
TOPIC = "arn:aws:sns:ap-northeast-1:111122223333:kaden-alarms"
SNS_HOST = "sns.ap-northeast-1.amazonaws.com"

HOOKS = """webhooks:
  - {name: am, format: alertmanager, token_file: hook-token}
  - {name: pd, format: pagerduty, token_file: routing-key}
  - {name: og, format: opsgenie, token_file: genie-key}
  - {name: zabbix, format: zabbix, token_file: zabbix-token}
  - name: backup
    format: generic
    token_file: backup-token
    map: {alarm: "backup {/wrong}", machine: "{/host}", state: "{/result}", states: {failed: ALARM, success: OK}}
"""


def hook_town(people=None, more="", **rest):
    town = Town(people or {"ito": "en"}, extra=HOOKS + more, **rest)
    for name, text in (("hook-token", TOKEN), ("routing-key", ROUTING_KEY), ("genie-key", GENIE_KEY),
                       ("zabbix-token", "zabbix-" + TOKEN), ("backup-token", "backup-" + TOKEN)):
        town.write(name, text)
    return town


def curl(town, path, body, *options):
    """Status and body of what curl was answered."""
    done = subprocess.run(["curl", "-sS", "-w", "\n%{http_code}", "--data-binary", "@-", *options, town.url + path],
                          input=body if isinstance(body, str) else json.dumps(body), capture_output=True, text=True, timeout=60, check=True)
    answer, status = done.stdout.rsplit("\n", 1)
    return int(status), answer


class Alertmanager:
    """Debian's, with one receiver that posts to Kaden."""

    def __init__(self, town, receiver):
        self.port = free_port()
        config = town.write("alertmanager.yml", "route: {receiver: kaden, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\n"
                            "receivers:\n  - name: kaden\n" + receiver)
        log = open(town.folder / "alertmanager.log", "ab")
        process = subprocess.Popen(["prometheus-alertmanager", f"--config.file={config}", f"--storage.path={town.folder}/alertmanager",
                                    f"--web.listen-address=127.0.0.1:{self.port}", "--cluster.listen-address="], stdout=log, stderr=log)
        log.close()
        town.processes.append(process)
        wait_for("Alertmanager", self.is_ready)

    def is_ready(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def alert(self, name, *labels, ends=None, **annotations):
        """By amtool, as an operator would."""
        command = ["amtool", f"--alertmanager.url=http://127.0.0.1:{self.port}", "alert", "add", f"alertname={name}", *labels]
        command += [f"--annotation={key}={value}" for key, value in annotations.items()]
        if ends:
            command.append(f"--end={ends}")
        subprocess.run(command, check=True, timeout=30)

    def clear(self, name, *labels):
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        self.alert(name, *labels, ends=now)


def webhook_receiver(town):
    return f"""    webhook_configs:
      - url: {town.url}/hooks/am
        http_config: {{authorization: {{credentials: {TOKEN}}}}}
"""


class FromAlertmanager(unittest.TestCase):
    def test_an_alert_rings_is_heard_and_clears(self):
        with hook_town() as town:
            town.start_phone("--plan", "ito=answer@200,1@9000")
            town.start_kaden()
            alertmanager = Alertmanager(town, webhook_receiver(town))
            labels = ("instance=db-prod-3.example:9100", "severity=critical")
            alertmanager.alert("DiskFull", *labels, summary="the disk is full")
            wait_for("the incident", town.incidents)
            incident = town.wait_for_state(1, "acknowledged")
            self.assertEqual(incident["alarms"][0]["machine"], "db-prod-3.example")
            ended = wait_for("the recording", lambda: [e for e in town.phone_events() if e["event"] == "recorded"])
            recording = hearing.samples_of(ended[0]["wav"])
            said = town.spoken("en", "Kaden, critical alarm. {db-prod-3.example:name}, the disk is full.")
            self.assertGreater(hearing.find(said, recording)[0], 0.97)
            other = town.spoken("en", "Kaden, critical alarm. {web-07:name}, the disk is full.")
            self.assertLess(hearing.find(other, recording)[0], 0.9)
            alertmanager.clear("DiskFull", *labels)
            town.wait_for_state(1, "resolved")

    def test_its_pagerduty_and_its_opsgenie_need_only_another_url(self):
        with hook_town() as town:
            town.start_phone("--plan", "ito=answer@100,1@500")
            town.start_kaden()
            alertmanager = Alertmanager(town, f"""    pagerduty_configs:
      - {{url: "{town.url}/v2/enqueue", routing_key: "{ROUTING_KEY}", source: '{{{{ .CommonLabels.instance }}}}',
         severity: '{{{{ .CommonLabels.severity }}}}'}}
    opsgenie_configs:
      - {{api_url: "{town.url}/", api_key: "{GENIE_KEY}", priority: P2, entity: '{{{{ .CommonLabels.instance }}}}'}}
""")
            alertmanager.alert("LinkDown", "instance=edge-1:9100", "severity=critical")
            wait_for("an incident for each", lambda: len(town.incidents()) == 2)
            views = {i["alarms"][0]["source"]: i["alarms"][0] for i in town.incidents()}
            self.assertEqual(set(views), {"pd", "og"})
            self.assertEqual(views["pd"]["alarm"], views["og"]["alarm"])  # both name the same group
            self.assertEqual(views["og"]["severity"], "error")  # P2
            self.assertEqual(views["pd"]["severity"], "critical")
            self.assertEqual([views[name]["machine"] for name in ("pd", "og")], ["edge-1", "edge-1"])
            alertmanager.clear("LinkDown", "instance=edge-1:9100", "severity=critical")
            for number in (1, 2):
                town.wait_for_state(number, "resolved")

    def test_what_was_sent_while_kaden_was_dead_comes_when_it_lives(self):
        with hook_town() as town:
            town.start_phone("--plan", "ito=answer@100,1@500")
            town.start_kaden()
            alertmanager = Alertmanager(town, webhook_receiver(town))
            town.kill_kaden()
            alertmanager.alert("DiskFull", "instance=web-01")
            wait_for("Alertmanager to fail", lambda: "Notify attempt failed" in town.log("alertmanager"))
            town.start_kaden()
            wait_for("the incident", town.incidents)
            town.wait_for_state(1, "acknowledged")


class FromCurl(unittest.TestCase):
    TRIGGER = {"routing_key": ROUTING_KEY, "event_action": "trigger", "dedup_key": "disk/web-01",
               "payload": {"summary": "disk full", "source": "web-01", "severity": "critical"}}

    def test_the_same_body_again_after_a_kill_makes_no_second_call(self):
        with hook_town() as town:
            town.start_phone("--plan", "ito=answer@100,1@500")
            town.start_kaden()
            status, answer = curl(town, "/v2/enqueue", self.TRIGGER)
            self.assertEqual((status, json.loads(answer)), (202, {"status": "success", "message": "Event processed", "dedup_key": "disk/web-01"}))
            town.wait_for_state(1, "acknowledged")
            town.kill_kaden()
            town.start_kaden()
            before = len([e for e in town.phone_events() if e["event"] == "invite"])
            self.assertEqual(curl(town, "/v2/enqueue", self.TRIGGER)[0], 202)
            time.sleep(3)  # longer than every redial of the policy
            self.assertEqual(len([e for e in town.phone_events() if e["event"] == "invite"]), before)
            self.assertEqual(len(town.incidents()), 1)
            resolve = {"routing_key": ROUTING_KEY, "event_action": "resolve", "dedup_key": "disk/web-01"}
            self.assertEqual(curl(town, "/v2/enqueue", resolve)[0], 202)
            town.wait_for_state(1, "resolved")
            # Word for word the same, and a new problem.
            self.assertEqual(curl(town, "/v2/enqueue", self.TRIGGER)[0], 202)
            town.wait_for_state(2, "acknowledged")
            # So it is after a person resolved the incident.
            self.assertEqual(town.request("POST", "/api/v1/incidents/2/resolve")[0], 200)
            self.assertEqual(curl(town, "/v2/enqueue", self.TRIGGER)[0], 202)
            town.wait_for_state(3, "acknowledged")
            self.assertEqual(curl(town, "/v2/enqueue", self.TRIGGER)[0], 202)
            self.assertEqual(len(town.incidents()), 3)

    def test_each_api_refuses_in_its_own_form(self):
        with hook_town() as town:
            town.start_phone("--plan", "ito=ring")
            town.start_kaden()
            status, answer = curl(town, "/v2/enqueue", {"routing_key": ROUTING_KEY, "event_action": "trigger"})
            self.assertEqual((status, json.loads(answer)), (400, {"status": "invalid event", "message": "Event object is invalid",
                                                                  "errors": ["payload: is missing"]}))
            self.assertEqual(curl(town, "/v2/enqueue", {"routing_key": TOKEN, "event_action": "trigger"})[0], 401)
            status, answer = curl(town, "/v2/alerts", {"alias": "x"}, "-H", f"Authorization: GenieKey {GENIE_KEY}")
            self.assertEqual((status, json.loads(answer)["message"]), (400, "message: is missing or blank"))
            self.assertEqual(curl(town, "/hooks/am", "{}", "-u", f"anybody:{TOKEN}")[0], 400)
            self.assertEqual(curl(town, f"/hooks/am?token={TOKEN}", "{}")[0], 400)
            self.assertEqual(curl(town, "/hooks/am", "{}", "-H", "X-Kaden-Token: wrong")[0], 401)
            self.assertEqual(curl(town, "/hooks/am", " " * 2_000_000, "-H", f"X-Kaden-Token: {TOKEN}")[0], 413)
            self.assertEqual(curl(town, "/v2/enqueue", " " * 5_000_000)[0], 413)
            self.assertNotIn(TOKEN, town.log("serve"))
            for database in town.folder.glob("store/webhooks.db*"):
                for secret in (TOKEN, ROUTING_KEY, GENIE_KEY):
                    self.assertNotIn(secret.encode(), database.read_bytes())

    def test_opsgenie_and_zabbix(self):
        with hook_town() as town:
            town.start_phone("--plan", "ito=answer@100,1@500")
            town.start_kaden()
            genie = ("-H", f"Authorization: GenieKey {GENIE_KEY}", "-H", "Content-Type: application/json")
            status, answer = curl(town, "/v2/alerts", {"message": "disk full", "alias": "disk full", "entity": "web-01", "priority": "P1"}, *genie)
            self.assertEqual(status, 202)
            self.assertEqual(json.loads(answer)["result"], "Request will be processed")
            town.wait_for_state(1, "acknowledged")
            self.assertEqual(curl(town, "/v2/alerts/disk%20full/close?identifierType=alias", "{}", *genie)[0], 202)
            town.wait_for_state(1, "resolved")
            zabbix = {"event_id": "4711", "event_value": "1", "event_source": "0", "event_update_status": "0", "event_name": "disk full",
                      "event_severity": "Disaster", "host": "web-02", "event_tags": "[{\"tag\":\"service\",\"value\":\"erp\"}]"}
            header = ("-H", f"Authorization: Bearer zabbix-{TOKEN}")
            self.assertEqual(curl(town, "/hooks/zabbix", zabbix, *header)[0], 200)
            town.wait_for_state(2, "acknowledged")
            self.assertEqual(curl(town, "/hooks/zabbix", dict(zabbix, event_value="0"), *header)[0], 200)
            town.wait_for_state(2, "resolved")

    def test_a_wrong_mapping_is_mended_and_what_came_is_replayed(self):
        with hook_town() as town:
            town.start_phone("--plan", "ito=answer@100,1@500")
            town.start_kaden()

            def webhooks(*args):
                return subprocess.run([str(KADEN), "webhooks", *args, "--url", town.url, "--token-file", str(town.folder / "token"), "--lang", "en"],
                                      capture_output=True, text=True, timeout=60)
            body = {"name": "erp", "host": "db-prod-3", "result": "failed"}
            status, answer = curl(town, "/hooks/backup", body, "-H", f"X-Kaden-Token: backup-{TOKEN}")
            self.assertEqual(status, 400)
            self.assertIn("alarm: there is no /wrong", answer)
            listed = webhooks("list", "backup")
            self.assertIn("alarm: there is no /wrong", listed.stdout, listed.stderr)
            self.assertIn('"host": "db-prod-3"', webhooks("show", "1").stdout)
            mapping = town.write("new.yaml", 'format: generic\nmap: {alarm: "backup {/name}", machine: "{/host}", state: "{/result}", states: {failed: ALARM}}\n')
            dry = webhooks("replay", "1", "--mapping", str(mapping), "--dry-run")
            self.assertEqual(dry.returncode, 0, dry.stderr)
            self.assertEqual(json.loads(dry.stdout.splitlines()[0])["alarm"], "backup erp")
            self.assertEqual(town.incidents(), [])
            self.assertEqual(webhooks("replay", "1").returncode, 1)  # as configured it is still wrong
            self.assertEqual(webhooks("replay", "1", "--mapping", str(mapping)).returncode, 0)
            self.assertEqual(town.wait_for_state(1, "acknowledged")["alarms"][0]["alarm"], "backup erp")


# The objects that Zabbix gives a media type's script, with curl behind them.
ZABBIX = """
const { execFileSync } = require('child_process');
const [script, url, token, fields] = process.argv.slice(1);
class HttpRequest {
  constructor() { this.headers = []; }
  addHeader(line) { this.headers.push('-H', line); }
  getStatus() { return this.status; }
  post(target, body) {
    const out = execFileSync('curl', ['-sS', '-w', '\\n%{http_code}', ...this.headers, '--data-binary', '@-', target], { input: body }).toString();
    this.status = Number(out.slice(out.lastIndexOf('\\n') + 1));
    return out.slice(0, out.lastIndexOf('\\n'));
  }
}
const Zabbix = { log: () => {} };
const value = JSON.stringify(Object.assign(JSON.parse(fields), { kaden_url: url, kaden_token: token }));
try {
  console.log(new Function('value', 'HttpRequest', 'Zabbix', require('fs').readFileSync(script, 'utf8'))(value, HttpRequest, Zabbix));
} catch (error) {
  console.log(String(error));
  process.exit(1);
}
"""


class FromZabbix(unittest.TestCase):
    def test_the_media_types_script_posts_problems_and_recoveries(self):
        with hook_town() as town:
            town.start_phone("--plan", "ito=answer@100,1@500")
            town.start_kaden()
            script = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "zabbix-media-type.js"

            def run(token, **fields):
                return subprocess.run(["node", "-e", ZABBIX, str(script), town.url + "/hooks/zabbix", token, json.dumps(fields)],
                                      capture_output=True, text=True, timeout=60)
            problem = {"event_id": "4711", "event_value": "1", "event_source": "0", "event_name": "disk full", "event_severity": "Disaster",
                       "host": "web-02", "event_update_message": "{EVENT.UPDATE.MESSAGE}"}
            refused = run("wrong-" + TOKEN, **problem)
            self.assertEqual(refused.returncode, 1)
            self.assertIn("Kaden answered 401", refused.stdout)
            sent = run("zabbix-" + TOKEN, **problem)
            self.assertEqual((sent.returncode, sent.stdout), (0, "OK\n"), sent.stderr)
            self.assertEqual(town.wait_for_state(1, "acknowledged")["alarms"][0]["machine"], "web-02")
            self.assertEqual(run("zabbix-" + TOKEN, event_id="4711", event_value="0").returncode, 0)
            town.wait_for_state(1, "resolved")
            kept = b"".join(database.read_bytes() for database in town.folder.glob("store/webhooks.db*"))
            self.assertNotIn(TOKEN.encode(), kept)


class Sns:
    """Amazon SNS as far as a subscriber sees it: its certificate behind TLS, and messages signed by openssl. Reached as Kaden reaches it in a closed
    network: through an HTTP proxy."""

    def __init__(self, folder):
        self.folder = folder
        self.asked = []
        self.make_certificates()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "host.pem", folder / "host.key")
        sns = self

        class Proxy(http.server.BaseHTTPRequestHandler):
            def do_CONNECT(self):
                sns.asked.append("CONNECT " + self.path)
                self.send_response(200)
                self.end_headers()
                try:
                    with context.wrap_socket(self.connection, server_side=True) as tls:
                        head = b""
                        while b"\r\n\r\n" not in head:
                            head += tls.recv(4096)
                        target = head.split(b" ")[1].decode()
                        sns.asked.append("GET " + target)
                        body = (folder / "signing.pem").read_bytes() if target.endswith(".pem") else b"<ConfirmSubscriptionResponse/>"
                        tls.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                except OSError:
                    pass
                self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def openssl(self, *args, **more):
        return subprocess.run(["openssl", *args], check=True, capture_output=True, cwd=self.folder, timeout=60, **more).stdout

    def make_certificates(self):
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test CA")
        for name, host in (("host", SNS_HOST), ("signing", "sns.amazonaws.com")):
            self.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr", "-subj", f"/CN={host}")
            (self.folder / f"{name}.ext").write_text(f"subjectAltName=DNS:{host}\n")
            self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-out", f"{name}.pem",
                         "-extfile", f"{name}.ext")

    def message(self, kind, text, version="2", key="signing.key", **more):
        body = {"Type": kind, "MessageId": os.urandom(8).hex(), "TopicArn": TOPIC, "Message": text,
                "Timestamp": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.000Z"), "SignatureVersion": version,
                "SigningCertURL": f"https://{SNS_HOST}/SimpleNotificationService-1.pem", **more}
        order = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        text = "".join(f"{name}\n{body[name]}\n" for name in order if name in body)
        signature = self.openssl("dgst", "-sha256" if version == "2" else "-sha1", "-sign", key, input=text.encode())
        body["Signature"] = base64.b64encode(signature).decode()
        return body

    def alarm(self, state, at):
        return json.dumps({"AlarmName": "mem-vm-erp-01", "NewStateValue": state, "NewStateReason": "Threshold Crossed", "StateChangeTime": at,
                           "AWSAccountId": "111122223333", "Region": "Asia Pacific (Tokyo)",
                           "AlarmArn": "arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:mem-vm-erp-01",
                           "Trigger": {"MetricName": "mem_used_percent", "Namespace": "CWAgent", "Dimensions": [{"value": "vm-erp-01", "name": "host"}]}})


class FromSns(unittest.TestCase):
    def test_subscribed_believed_and_heard(self):
        more = f"  - {{name: aws, format: sns, sns: {{topics: [\"{TOPIC}\"], ca: ca.pem}}}}\n"
        with hook_town(more=more) as town:
            sns = Sns(town.folder)
            town.start_phone("--plan", "ito=answer@100,1@500")
            town.spawn_kaden(env=dict(os.environ, https_proxy=f"http://127.0.0.1:{sns.port}", no_proxy="127.0.0.1"))
            wait_for("Kaden to be healthy", town.is_healthy)

            def post(message):
                return curl(town, "/hooks/aws", message, "-H", "Content-Type: text/plain; charset=UTF-8")
            url = f"https://{SNS_HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=t"
            self.assertEqual(post(sns.message("SubscriptionConfirmation", "You have chosen", SubscribeURL=url, Token="t"))[0], 200)
            self.assertEqual(len([asked for asked in sns.asked if "Action=ConfirmSubscription" in asked]), 1)
            self.assertEqual({asked for asked in sns.asked if asked.startswith("CONNECT")}, {f"CONNECT {SNS_HOST}:443"})

            # Nobody else's addresses, keys, topics; nothing old, nothing changed.
            asked = len(sns.asked)
            evil = sns.message("SubscriptionConfirmation", "You have chosen", SubscribeURL="https://169.254.169.254/?Action=ConfirmSubscription", Token="t")
            self.assertEqual(post(evil)[0], 403)
            alarm = sns.message("Notification", sns.alarm("ALARM", "2026-11-27T03:01:05.126+0000"), Subject="ALARM")
            self.assertEqual(post(dict(alarm, Message=alarm["Message"].replace("vm-erp-01", "vm-erp-02")))[0], 403)
            self.assertEqual(post(dict(alarm, SigningCertURL="https://evil.example/a.pem"))[0], 403)
            self.assertEqual(post(sns.message("Notification", "x", key="ca.key"))[0], 403)
            self.assertEqual(post(sns.message("Notification", "x", TopicArn=TOPIC + "2"))[0], 403)
            self.assertEqual(post(sns.message("Notification", "x", Timestamp="2026-01-01T00:00:00.000Z"))[0], 403)
            self.assertEqual(len(sns.asked), asked)
            self.assertEqual(town.incidents(), [])

            self.assertEqual(post(alarm)[0], 200)
            self.assertEqual(town.wait_for_state(1, "acknowledged")["alarms"][0]["machine"], "vm-erp-01")
            ok = sns.message("Notification", sns.alarm("OK", "2026-11-27T03:02:05.126+0000"), version="1")
            self.assertEqual(post(ok)[0], 200)
            town.wait_for_state(1, "resolved")
            # Late: it happened before what is known already.
            late = sns.message("Notification", sns.alarm("ALARM", "2026-11-27T03:02:04.000+0000"))
            self.assertEqual(post(late)[0], 200)
            time.sleep(1)
            self.assertEqual(len(town.incidents()), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
