#!/usr/bin/python3
"""The SIP carrier (sip_dial) calls phones that no one here wrote: sipp's scenarios and baresip, on loopback.

usage: sip_peers_test.py PATH_TO_SIP_DIAL [unittest arguments]
"""
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hearing  # noqa: E402
import sipp  # noqa: E402
from baresip import Baresip  # noqa: E402
from sipp import CONTACT, SDP, answer, receive  # noqa: E402
from town import free_port  # noqa: E402

DIAL = sys.argv[1] if len(sys.argv) > 1 else "sip_dial"

SCENARIOS = {
    "busy": receive("INVITE") + answer("486 Busy Here") + receive("ACK"),
    "unavailable_service": receive("INVITE") + answer("503 Service Unavailable", "      Retry-After: 2\n") + receive("ACK"),
    "number_unknown": receive("INVITE") + answer("404 Not Found", '      Reason: Q.850;cause=1;text="unallocated"\n') + receive("ACK"),
    "gateway_busy": receive("INVITE") + answer("480 Temporarily Unavailable", "      Reason: Q.850;cause=17\n") + receive("ACK"),
    "redirect": receive("INVITE") + answer("302 Moved Temporarily", "      Contact: <sip:thief@127.0.0.1:9>\n") + receive("ACK"),
    "digest": sipp.digest_then("secret", answer("486 Busy Here")) + receive("ACK"),
    "early_media_then_487": receive("INVITE") + answer("183 Session Progress", CONTACT, SDP) +
    '  <recv request="CANCEL"/>\n' + answer("200 OK") + """  <send><![CDATA[
      SIP/2.0 487 Request Terminated
      [last_Via:]
      [last_From:]
      [last_To:];tag=far[call_number]
      [last_Call-ID:]
      CSeq: 1 INVITE
      Content-Length: 0

  ]]></send>
""" + receive("ACK"),
    "garbage_body": receive("INVITE") + answer("200 OK", CONTACT, "this is not a session description") + receive("ACK") +
    receive("BYE") + answer("200 OK", tag=""),
    "no_contact": receive("INVITE") + answer("200 OK", "", SDP) + receive("ACK") + receive("BYE") + answer("200 OK", tag=""),
}


def lines_of(process, timeout=60):
    out, err = process.communicate(timeout=timeout)
    assert process.returncode == 0, f"sip_dial ended with {process.returncode}: {out}{err}"
    return [json.loads(line) for line in out.splitlines()]


def dial(address, **options):
    command = [DIAL, address] + [f"{k}={v}" for k, v in options.items()]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


class Sipp(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kaden_sipp_"))
        self.port = free_port(socket.SOCK_DGRAM)
        self.sipp = None

    def tearDown(self):
        if self.sipp and self.sipp.poll() is None:
            self.sipp.kill()
        if self.sipp:
            self.sipp.wait()
        shutil.rmtree(self.folder)

    def start(self, *arguments):
        self.sipp = sipp.start(self.folder, self.port, *arguments)

    def play(self, name, **options):
        self.start("-sf", str(sipp.write_scenario(self.folder, name, SCENARIOS[name])))
        return lines_of(dial(f"sip:far@127.0.0.1:{self.port}", **options))

    def assert_sipp_is_content(self):
        self.assertEqual(self.sipp.wait(timeout=30), 0, sipp.said(self.folder, self.port))

    def test_standard_callee(self):
        self.start("-sn", "uas")
        events = lines_of(dial(f"sip:service@127.0.0.1:{self.port}", require_media=0, end_ms=800))
        self.assertEqual([e["event"] for e in events if e["event"] != "heard"], ["ringing", "answered", "ended"])
        self.assertEqual(events[-1]["outcome"], "hung_up")
        self.assert_sipp_is_content()

    def test_callee_that_never_sends_audio(self):
        self.start("-sn", "uas")
        events = lines_of(dial(f"sip:service@127.0.0.1:{self.port}"))
        self.assertEqual(events[-1]["outcome"], "no_media")
        self.assert_sipp_is_content()

    def test_refusals(self):
        for name, outcome in (("busy", "busy"), ("unavailable_service", "carrier_failed"), ("number_unknown", "bad_number"),
                              ("gateway_busy", "busy"), ("redirect", "carrier_failed")):
            with self.subTest(name):
                self.port = free_port(socket.SOCK_DGRAM)
                events = self.play(name)
                self.assertEqual(events[-1]["outcome"], outcome, events)
                self.assert_sipp_is_content()

    def test_digest_is_verified_by_sipp(self):
        events = self.play("digest", user="kaden", password="secret")
        self.assertEqual(events[-1]["outcome"], "busy", "403 would mean that sipp found the response wrong")
        self.assert_sipp_is_content()

    def test_early_media_then_ring_limit(self):
        events = self.play("early_media_then_487", ring_ms=1500)
        self.assertEqual(events[0]["event"], "ringing")
        self.assertEqual(events[-1]["outcome"], "no_answer", events)
        self.assert_sipp_is_content()

    def test_answers_that_are_not_calls(self):
        for name, outcome in (("garbage_body", "no_media"), ("no_contact", "carrier_failed")):
            with self.subTest(name):
                self.port = free_port(socket.SOCK_DGRAM)
                events = self.play(name)
                self.assertEqual(events[-1]["outcome"], outcome, events)
                self.assertNotIn("answered", [e["event"] for e in events])
                self.assert_sipp_is_content()

    def test_silence(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", self.port))
            begun = time.time()
            events = lines_of(dial(f"sip:far@127.0.0.1:{self.port}"))
            self.assertLess(time.time() - begun, 8)
        self.assertEqual(events[-1]["outcome"], "carrier_failed")


class Baresips(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kaden_baresip_"))

    def tearDown(self):
        self.phone.close()
        shutil.rmtree(self.folder)

    def start(self, answermode, more=""):
        self.phone = Baresip(self.folder, answermode, more)

    def read_until(self, process, event):
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == event:
                return events
        self.fail(f"no {event} in {events}; " + self.phone.log())

    def call(self, **options):
        return dial(self.phone.address, bind=self.phone.ip, **options)

    def answer_and_press(self, more):
        self.start("auto", more)
        call = self.call()
        self.read_until(call, "answered")
        time.sleep(1)
        said = self.phone.command("sndcode", "1")
        events = self.read_until(call, "ended")
        call.communicate(timeout=10)
        self.assertEqual([e.get("key") for e in events if e["event"] == "key"], ["1"], said)
        self.assertEqual(events[-1]["outcome"], "hung_up")

    def test_answers_presses_a_key_and_hears(self):
        self.answer_and_press("")
        self.assertGreater(max(hearing.samples_of(self.phone.recording()), default=0), 7000, "our tone")

    def test_presses_a_key_by_sip_info(self):
        self.answer_and_press(";dtmfmode=info")

    def test_hangs_up(self):
        self.start("auto")
        call = self.call()
        self.read_until(call, "answered")
        time.sleep(0.5)
        self.phone.command("hangup")
        events = self.read_until(call, "ended")
        call.communicate(timeout=10)
        self.assertEqual((events[-1]["outcome"], events[-1]["detail"]), ("hung_up", "the far end hung up"))

    def test_rings_until_the_limit(self):
        self.start("manual")
        events = lines_of(self.call(ring_ms=1500))
        self.assertEqual([e["event"] for e in events], ["ringing", "ended"])
        self.assertEqual(events[-1]["outcome"], "no_answer")


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0]] + sys.argv[2:], verbosity=2)
