#!/usr/bin/python3
"""The whole program against programs that nobody here wrote, and stories told like a phone call."""

import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest
import wave

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hearing  # noqa: E402
import sipp  # noqa: E402
from baresip import Baresip  # noqa: E402
from town import KADEN, Town, free_port, own_address, wait_for  # noqa: E402


class Listening(unittest.TestCase):
    def assert_heard(self, town, wav, language, message, acknowledged, not_said, least=0.97):
        """The message with the machine's name, then the truth about the key: in this order, in the recording's samples."""
        recording = hearing.samples_of(wav)
        named, named_at = hearing.find(town.spoken(language, message), recording)
        told, told_at = hearing.find(town.spoken(language, acknowledged), recording)
        self.assertGreater(named, least, message)
        self.assertGreater(told, least, acknowledged)
        self.assertLess(named_at, told_at)
        # And the comparison can tell one machine from another.
        self.assertLess(hearing.find(town.spoken(language, not_said), recording)[0], 0.9, not_said)


class Stories(Listening):
    def test_one_alarm_one_answered_call(self):
        with Town({"sato": "ja"}) as town:
            town.start_phone("--plan", "sato=answer@200,1@10000")
            town.start_kaden()
            town.event("1", "disk full", "db-prod-3.example")
            incident = town.wait_for_state(1, "acknowledged")
            self.assertEqual(incident["acknowledged_by"], "sato")
            wait_for("the call to end", lambda: "call_ended" in town.happenings(1))
            happened = town.happenings(1)
            for earlier, later in zip(
                ["alarm", "opened", "dialling", "ringing", "answered", "key", "acknowledged"],
                ["opened", "dialling", "ringing", "answered", "key", "acknowledged", "call_ended"],
            ):
                self.assertLess(happened.index(earlier), happened.index(later), happened)
            town.event("2", "disk full", "db-prod-3.example", state="OK")
            town.wait_for_state(1, "resolved")
            ended = wait_for("the recording", lambda: [e for e in town.phone_events() if e["event"] == "recorded"])
            self.assert_heard(town, ended[0]["wav"], "ja", "重大アラームです。{db-prod-3.example:name}、{disk full:name}。",
                              "対応を受け付けました。ご対応をお願いします。", not_said="重大アラームです。{db-prod-4.example:name}、{disk full:name}。")

    def test_a_call_in_english_is_heard(self):
        with Town({"ito": "en"}) as town:
            town.start_phone("--plan", "ito=answer@200,1@7000")
            town.start_kaden()
            town.event("1", "disk full", "web-01")
            town.wait_for_state(1, "acknowledged")
            ended = wait_for("the recording", lambda: [e for e in town.phone_events() if e["event"] == "recorded"])
            self.assert_heard(town, ended[0]["wav"], "en", "Kaden, critical alarm. {web-01:name}, {disk full:name}.",
                              "Acknowledged. This alarm is now yours. Thank you.",
                              not_said="Kaden, critical alarm. {web-07:name}, {disk full:name}.")

    def test_a_test_call_says_its_text_with_the_name_in_it(self):
        with Town({"ito": "en"}) as town:
            town.start_phone("--plan", "ito=answer@100,1@500")
            town.start_kaden()
            called = subprocess.run([str(KADEN), "call", "ito", "--text", "{web-01:name} is {fine}", "--url", town.url, "--token-file",
                                     str(town.folder / "token")], capture_output=True, text=True, timeout=60)
            self.assertEqual(called.returncode, 0, called.stderr)
            town.wait_for_state(1, "resolved")  # nothing is left to repair after a test
            said = [e["detail"] for e in town.incident(1)["timeline"] if e["what"] == "answered"]
            self.assertEqual(said, ["This is a test call from Kaden. web-01 is fine"])

    def test_busy_then_the_next_person_at_once(self):
        with Town({"sato": "ja", "ito": "en"}) as town:
            town.start_phone("--plan", "sato=busy", "--plan", "ito=answer@100,1@500")
            town.start_kaden()
            town.event("1")
            self.assertEqual(town.wait_for_state(1, "acknowledged")["acknowledged_by"], "ito")
            self.assertEqual([e["to"] for e in town.phone_events() if e["event"] == "invite"][:2], ["sato", "ito"])

    def test_3_says_it_again(self):
        with Town({"ito": "en"}) as town:
            town.start_phone("--plan", "ito=answer@100,3@4500,1@9500")
            town.start_kaden()
            town.event("1")
            town.wait_for_state(1, "acknowledged")
            recorded = wait_for("the recording", lambda: [e for e in town.phone_events() if e["event"] == "recorded"])
            recording = hearing.samples_of(recorded[0]["wav"])
            message = town.spoken("en", "Kaden, critical alarm. {web-01:name}, {disk full:name}.")
            first, first_at = hearing.find(message, recording[:int(4.3 * hearing.RATE)])
            again, again_at = hearing.find(message, recording[int(4.3 * hearing.RATE):])
            self.assertGreater(min(first, again), 0.97)
            self.assertLess(again_at, 0.6, "it begins at once")
            self.assertLess(first_at, 0.3)

    def test_cannot_take_it_goes_on_to_the_next(self):
        with Town({"sato": "ja", "ito": "en"}) as town:
            town.start_phone("--plan", "sato=answer@100,2@500", "--plan", "ito=answer@100,1@500")
            town.start_kaden()
            town.event("1")
            self.assertEqual(town.wait_for_state(1, "acknowledged")["acknowledged_by"], "ito")

    def test_a_voicemail_is_not_an_acknowledgement_and_the_last_resort_is_called(self):
        policy = ("  - id: default\n    levels: [{people: [sato], wait_s: 0}]\n    rounds: 1\n    ring_s: 5\n"
                  "    redial: {no_key: {wait_s: 0, most: 0}, no_answer: {wait_s: 0, most: 0}}\n    last_resort: [ito]\n")
        with Town({"sato": "en", "ito": "en"}, policy) as town:
            town.start_phone("--plan", "sato=voicemail,hangup@2500", "--plan", "ito=ring")
            town.start_kaden()
            town.event("1")
            wait_for("the record that nobody took it", lambda: "exhausted" in town.happenings(1))
            incident = town.incident(1)
            self.assertEqual(incident["state"], "triggered")
            self.assertTrue(incident["exhausted"])
            self.assertIn("last_resort", town.happenings(1))
            details = " ".join(e.get("detail", "") for e in incident["timeline"] if e["what"] == "call_ended")
            self.assertIn("no_answer", details)

    def test_when_the_alarm_clears_the_ringing_stops(self):
        with Town({"sato": "ja"}) as town:
            town.start_phone("--plan", "sato=ring")
            town.start_kaden()
            town.event("1")
            wait_for("the phone to ring", lambda: "ringing" in town.happenings(1))
            town.event("2", state="OK")
            town.wait_for_state(1, "resolved")
            wait_for("the ringing to stop", lambda: [e for e in town.phone_events() if e["event"] == "ended"], 5)

    def test_acknowledged_by_api_while_it_rings(self):
        with Town({"sato": "ja"}) as town:
            town.start_phone("--plan", "sato=ring")
            town.start_kaden()
            town.event("1")
            wait_for("the phone to ring", lambda: "ringing" in town.happenings(1))
            self.assertEqual(town.request("POST", "/api/v1/incidents/1/ack")[0], 200)
            wait_for("the ringing to stop", lambda: [e for e in town.phone_events() if e["event"] == "ended"], 5)
            time.sleep(3)  # longer than every redial of the policy: no further call may come
            self.assertEqual(len([e for e in town.phone_events() if e["event"] == "invite"]), 1)

    def test_killed_while_it_rings_and_while_it_speaks(self):
        for moment, plan in (("ringing", "sato=answer@1500,1@900"), ("answered", "sato=answer@100,1@4000")):
            with self.subTest(moment), Town({"sato": "ja"}) as town:
                town.start_phone("--plan", plan)
                town.start_kaden()
                town.event("1")
                wait_for(moment, lambda: moment in town.happenings(1))
                town.kill_kaden()
                town.start_kaden()
                town.wait_for_state(1, "acknowledged")
                ended = [e for e in town.phone_events() if e["event"] == "ended"]
                self.assertGreaterEqual(len(ended), 1, "the orphan was ended at the far end")
                self.assertIn("recovered", town.happenings(1))

    def test_a_guest_alarm_calls_and_clears(self):
        alarms = ("  - {name: temperature, namespace: CWAgent, metric: temp, for_each: [host], statistic: Maximum, period_s: 10,"
                  " datapoints: 1, of: 1, when: \"> 60\", severity: critical, say: {en: \"{machine} is too hot\","
                  " ja: \"{machine} が熱すぎます\"}}\n")
        with Town({"sato": "en"}, alarms=alarms) as town:
            town.start_phone("--plan", "sato=answer@100,1@500")
            town.start_kaden()
            environment = dict(os.environ, AWS_ACCESS_KEY_ID=town.key_id, AWS_SECRET_ACCESS_KEY=town.key_secret,
                               AWS_DEFAULT_REGION="ap-northeast-1", AWS_EC2_METADATA_DISABLED="true")

            def put(value):
                subprocess.run(["/usr/bin/aws", "--endpoint-url", town.url, "cloudwatch", "put-metric-data", "--namespace",
                                "CWAgent", "--metric-data", json.dumps([{"MetricName": "temp", "Value": value, "StorageResolution": 1,
                                "Dimensions": [{"Name": "host", "Value": "web-01"}]}])], env=environment, check=True)
            put(95)
            wait_for("the incident", lambda: town.incidents(), 40)
            town.wait_for_state(1, "acknowledged")
            words = [e["detail"] for e in town.incident(1)["timeline"] if e["what"] == "answered"]
            self.assertIn("web-01 is too hot", words[0])
            put(20)
            town.wait_for_state(1, "resolved", 60)


class Beside:
    """A good client in a thread of its own: it asks again and again while others misbehave, and remembers its longest wait."""

    def __init__(self, town):
        self.town, self.longest_s, self.asked, self.failures = town, 0.0, 0, []
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.ask)

    def ask(self):
        while not self.is_over.is_set():
            begun = time.monotonic()
            try:
                status, answer = self.town.request("GET", "/api/v1/incidents?limit=1")
                if status != 200:
                    self.failures.append((status, answer))
            except OSError as error:
                self.failures.append(error)
            self.longest_s = max(self.longest_s, time.monotonic() - begun)
            self.asked += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()


class BadInput(unittest.TestCase):
    HTTP = (  # what is sent, the status that must come; None: closed without a word
        (b"", None),
        (b"GET", None),
        (b"\r\n\r\n", 400),
        (b"GET / HTTP/9.9\r\n\r\n", 400),
        (b"G\x00T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 4000 + b"\r\n", 431),
        (b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", 431),
        (b"\x16\x03\x01\x02\x00" + bytes(200), 400),
        (b"GET /api/v1/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400),
        (b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", 413),
        (b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", 400),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
    )
    SIP = (  # None: no word, for there is nobody to send one to
        (b"INVITE", None),
        (b"INVITE sip:x SIP/2.0\r\n\r\n", None),
        (b"SIP/2.0 200 OK\r\n\r\n", None),
        (b"\r\n\r\n", None),
        (b"X" * 60000, None),
        (b"OPTIONS sip:a@b SIP/2.0\r\n{via}From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 INVITE\r\n\r\n", 400),
        (b"OPTIONS sip:a@b SIP/2.0\r\n{via}From: \"<sip:a@b;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n", 400),
        (b"OPTIONS sip:a@b SIP/3.0\r\n{via}From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\n\r\n", 505),
        (b"BYE sip:a@b SIP/2.0\r\n{via}From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: x\r\nCSeq: 1 BYE\r\n\r\n", 481),
        (b"FOO sip:a@b SIP/2.0\r\n{via}From: <sip:a@b>;tag=1\r\nTo: <sip:a@b>\r\nCall-ID: x\r\nCSeq: 1 FOO\r\n\r\n", 405),
    )

    def answer_of(self, town, sent):
        """What came back until the server closed the connection; a server that keeps it open for ever fails here."""
        with socket.create_connection(("127.0.0.1", town.port), timeout=10) as s:
            s.sendall(sent)
            s.shutdown(socket.SHUT_WR)
            answer = b""
            try:
                while part := s.recv(65536):
                    answer += part
            except ConnectionResetError:
                pass  # it did not want the rest
            return answer

    def test_malformed_http_and_sip_are_refused_beside_a_good_call(self):
        rng = random.Random(7)
        with Town({"sato": "ja"}) as town:
            town.start_phone("--plan", "sato=answer@100,1@8000")
            town.start_kaden()
            town.event("1")
            wait_for("the call", lambda: "answered" in town.happenings(1))
            with Beside(town) as good:
                for sent, status in self.HTTP:
                    with self.subTest(sent[:60]):
                        answer = self.answer_of(town, sent)
                        self.assertEqual(answer[:13], b"" if status is None else b"HTTP/1.1 %d " % status)
                for _ in range(60):
                    answer = self.answer_of(town, rng.randbytes(rng.randrange(1, 3000)))
                    self.assertRegex(answer, rb"\A(HTTP/1\.1 4|\Z)")
                for port in (town.sip_port, town.phone_port):
                    for sent, status in self.SIP:
                        with self.subTest(sent[:60], port=port), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                            s.bind(("127.0.0.1", 0))
                            s.settimeout(5 if status else 0.05)
                            branch = b"Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%d\r\n" % (s.getsockname()[1], rng.getrandbits(60))
                            s.sendto(sent.replace(b"{via}", branch), ("127.0.0.1", port))
                            try:
                                answer = s.recv(65536)
                            except socket.timeout:
                                answer = b""
                            self.assertEqual(answer[:12], b"" if status is None else b"SIP/2.0 %d " % status)
                    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                        for _ in range(200):
                            s.sendto(rng.randbytes(rng.randrange(1, 1400)), ("127.0.0.1", port))
                self.assertNotIn("key", town.happenings(1), "all of it was sent while the call was up")
                # And the call goes on to its key, a new alarm to its own.
                town.wait_for_state(1, "acknowledged")
                town.event("2", alarm="another", machine="web-02")
                town.wait_for_state(2, "acknowledged")
            self.assertEqual(good.failures, [])
            self.assertGreater(good.asked, 50)
            self.assertLess(good.longest_s, 5, "the good client was stalled")
            self.assertEqual(town.phone_events()[0]["event"], "invite")
            self.assertEqual(len([e for e in town.phone_events() if e["event"] == "invite"]), 2, "one call for each alarm")
            self.assertTrue(town.is_healthy())

    def test_bad_json_is_refused_with_the_field(self):
        with Town({"sato": "ja"}) as town:
            town.start_kaden()
            for body, part in ((b"{", b"JSON"), (b"[]", b"object"), (b'{"event_id":"1"}', b"alarm"),
                               (b"[" * 5000, b"JSON"), (b'{"event_id":"1","alarm":"a","say":{"fr":"x"}}', b"say"),
                               (b'{"event_id":"1","alarm":"a","say":{"en":"{machine} { failed"}}', b"say.en"),
                               (b'{"events":[{"event_id":"1","alarm":"a","say":{"ja":"}"}}]}', b"events[0].say.ja")):
                status, answer = town.request("POST", "/api/v1/events", body)
                self.assertEqual(status, 400, answer)
                self.assertIn(part, answer)
            self.assertEqual(town.incidents(), [])

    def test_bad_configuration_is_refused_with_file_line_and_column(self):
        with Town({"sato": "ja"}) as town:
            good = town.config.read_text()
            for change, part in ((("people: [sato]", "people: [satoh]"), 'did you mean "sato"'),
                                 (("port: ", "prt: "), "prt"), (("language: ja", "language: fr"), "language"),
                                 (("sip:sato@", "http:sato@"), "sip")):
                town.config.write_text(good.replace(*change, 1))
                run = subprocess.run([str(KADEN), "check", "--config", str(town.config)], capture_output=True, text=True)
                self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
                self.assertRegex(run.stderr + run.stdout, r"kaden\.yaml:\d+:\d+: ")
                self.assertIn(part, run.stderr + run.stdout)
                started = subprocess.run([str(KADEN), "serve", "--config", str(town.config)], capture_output=True, text=True, timeout=30)
                self.assertEqual(started.returncode, 1)
            town.config.write_text(good)
            self.assertEqual(subprocess.run([str(KADEN), "check", "--config", str(town.config)]).returncode, 0)


class RealPhones(Listening):
    def test_baresip_answers_and_presses_1(self):
        if not shutil.which("baresip"):
            self.fail("baresip is not installed; run tools/setup test")
        with Town({"sato": "en"}, sip_ip=own_address()) as town:
            (town.folder / "baresip").mkdir()
            baresip = Baresip(town.folder / "baresip")
            town.processes.append(baresip.process)
            town.addresses["sato"] = baresip.address
            town.start_kaden()
            town.event("1")
            wait_for("the message to be heard", lambda: "heard" in town.happenings(1), 20)
            baresip.command("sndcode", "1")
            self.assertEqual(town.wait_for_state(1, "acknowledged")["acknowledged_by"], "sato")
            wait_for("the call to end", lambda: "call_ended" in town.happenings(1))
            baresip.close()
            self.assert_heard(town, baresip.recording(), "en", "Kaden, critical alarm. {web-01:name}, {disk full:name}.",
                              "Acknowledged. This alarm is now yours. Thank you.",
                              not_said="Kaden, critical alarm. {web-07:name}, {disk full:name}.", least=0.9)

    def test_baresip_hears_japanese(self):
        with Town({"sato": "ja"}, sip_ip=own_address()) as town:
            (town.folder / "baresip").mkdir()
            baresip = Baresip(town.folder / "baresip")
            town.processes.append(baresip.process)
            town.addresses["sato"] = baresip.address
            town.start_kaden()
            town.event("1", "disk full", "db-prod-3.example")
            wait_for("the message to be heard", lambda: "heard" in town.happenings(1), 30)
            baresip.command("sndcode", "1")
            town.wait_for_state(1, "acknowledged")
            wait_for("the call to end", lambda: "call_ended" in town.happenings(1))
            baresip.close()
            self.assert_heard(town, baresip.recording(), "ja", "重大アラームです。{db-prod-3.example:name}、{disk full:name}。",
                              "対応を受け付けました。ご対応をお願いします。",
                              not_said="重大アラームです。{db-prod-4.example:name}、{disk full:name}。", least=0.9)

    def test_killed_in_a_call_with_sipp_whose_phone_is_let_go_and_called_again(self):
        port = free_port(socket.SOCK_DGRAM)
        with Town({"sato": "en"}) as town:
            town.addresses["sato"] = f"sip:sato@127.0.0.1:{port}"
            waits = sipp.start(town.folder, port, "-sf", sipp.write_scenario(town.folder, "waits", sipp.answers_and_waits()))
            town.processes.append(waits)
            town.start_kaden()
            town.event("1")
            wait_for("the answer", lambda: "answered" in town.happenings(1))
            town.kill_kaden()
            town.start_kaden()
            self.assertEqual(waits.wait(timeout=30), 0, sipp.said(town.folder, port))  # its BYE came
            takes = sipp.start(town.folder, port, "-sf", sipp.write_scenario(town.folder, "takes", sipp.answers_and_presses("1")))
            town.processes.append(takes)
            self.assertEqual(town.wait_for_state(1, "acknowledged")["acknowledged_by"], "sato")
            self.assertIn("recovered", town.happenings(1))
            self.assertEqual(takes.wait(timeout=30), 0, sipp.said(town.folder, port))

    def test_sipp_wants_digest_and_is_busy_then_another_sipp_presses_1(self):
        sato, ito = free_port(socket.SOCK_DGRAM), free_port(socket.SOCK_DGRAM)
        with Town({"sato": "en", "ito": "en"}) as town:
            trunk = town.write("trunk-password", "trunk-secret")
            town.trunk = f", user: kaden, password_file: {trunk}"
            town.addresses = {"sato": f"sip:sato@127.0.0.1:{sato}", "ito": f"sip:ito@127.0.0.1:{ito}"}
            busy = sipp.start(town.folder, sato, "-sf", sipp.write_scenario(town.folder, "busy", sipp.digest_then(
                "trunk-secret", sipp.answer("486 Busy Here")) + sipp.receive("ACK")))
            takes = sipp.start(town.folder, ito, "-sf", sipp.write_scenario(town.folder, "takes", sipp.answers_and_presses("1")))
            town.processes += [busy, takes]
            town.start_kaden()
            town.event("1")
            self.assertEqual(town.wait_for_state(1, "acknowledged")["acknowledged_by"], "ito")
            wait_for("both calls to end", lambda: town.happenings(1).count("call_ended") == 2)
            ends = [(e["person"], e["detail"].split(":")[0]) for e in town.incident(1)["timeline"] if e["what"] == "call_ended"]
            self.assertEqual(ends, [("sato", "busy"), ("ito", "acknowledged")])
            for process, port in ((busy, sato), (takes, ito)):
                self.assertEqual(process.wait(timeout=30), 0, sipp.said(town.folder, port))


class AwsClients(unittest.TestCase):
    def test_the_aws_cli_and_boto3_unmodified(self):
        with Town({"sato": "ja"}) as town:
            town.start_kaden()
            environment = dict(os.environ, KADEN_URL=town.url, KADEN_ACCESS_KEY_ID=town.key_id,
                               KADEN_SECRET_ACCESS_KEY=town.key_secret)
            environment.pop("AWS_CA_BUNDLE", None)
            test = pathlib.Path(__file__).resolve().parent / "aws_cli_test.py"
            run = subprocess.run(["/usr/bin/python3", str(test)], env=environment, capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)

    def test_the_javascript_sdk_unmodified_in_every_protocol(self):
        folder = pathlib.Path(__file__).resolve().parent / "js"
        self.assertTrue((folder / "node_modules").is_dir(), "tools/setup test installs the SDK")
        with Town({"sato": "ja"}) as town:
            town.start_kaden()
            environment = dict(os.environ, KADEN_URL=town.url, KADEN_ACCESS_KEY_ID=town.key_id,
                               KADEN_SECRET_ACCESS_KEY=town.key_secret)
            run = subprocess.run(["node", "--test", str(folder)], env=environment, capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
