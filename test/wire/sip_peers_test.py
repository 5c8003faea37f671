#!/usr/bin/python3
"""The SIP carrier (sip_dial) calls phones that no one here wrote: sipp's scenarios and baresip, on loopback.

usage: sip_peers_test.py PATH_TO_SIP_DIAL [unittest arguments]
"""
import array
import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import wave

DIAL = sys.argv[1] if len(sys.argv) > 1 else "sip_dial"

COMMON = """      [last_Via:]
      [last_From:]
      [last_To:]{tag}
      [last_Call-ID:]
      [last_CSeq:]
"""
SDP = """v=0
      o=far 1 1 IN IP4 [local_ip]
      s=-
      c=IN IP4 [media_ip]
      t=0 0
      m=audio [media_port] RTP/AVP 0 101
      a=rtpmap:0 PCMU/8000
      a=rtpmap:101 telephone-event/8000
"""


def answer(status, extra="", body="", tag=";tag=far[call_number]"):
    content = f"      Content-Type: application/sdp\n      Content-Length: [len]\n\n      {body}" if body else "      Content-Length: 0\n"
    return f"""  <send><![CDATA[
      SIP/2.0 {status}
{COMMON.format(tag=tag)}{extra}{content}
  ]]></send>
"""


def receive(method, optional=False, action=""):
    if action:
        return f'  <recv request="{method}" crlf="true"><action>{action}</action></recv>\n'
    return f'  <recv request="{method}"{" optional=" + chr(34) + "true" + chr(34) if optional else ""}/>\n'


CONTACT = "      Contact: <sip:far@[local_ip]:[local_port]>\n"
CHALLENGE = ('      WWW-Authenticate: Digest realm="trunk.example", nonce="4f1c0ffee", algorithm=MD5, qop="auth", opaque="o"\n')

SCENARIOS = {
    "busy": receive("INVITE") + answer("486 Busy Here") + receive("ACK"),
    "unavailable_service": receive("INVITE") + answer("503 Service Unavailable", "      Retry-After: 2\n") + receive("ACK"),
    "number_unknown": receive("INVITE") + answer("404 Not Found", '      Reason: Q.850;cause=1;text="unallocated"\n') + receive("ACK"),
    "gateway_busy": receive("INVITE") + answer("480 Temporarily Unavailable", "      Reason: Q.850;cause=17\n") + receive("ACK"),
    "redirect": receive("INVITE") + answer("302 Moved Temporarily", "      Contact: <sip:thief@127.0.0.1:9>\n") + receive("ACK"),
    "digest": receive("INVITE") + answer("401 Unauthorized", CHALLENGE) + receive("ACK") +
    receive("INVITE", action='<verifyauth assign_to="ok" username="kaden" password="secret"/>') +
    '  <nop next="1" test="ok"/>\n' + answer("403 Forbidden") + '  <nop next="2"/>\n  <label id="1"/>\n' +
    answer("486 Busy Here") + '  <label id="2"/>\n' + receive("ACK"),
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


def free_port(ip="127.0.0.1"):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind((ip, 0))
        return s.getsockname()[1]


def own_address():
    """The address baresip writes into its session description: of the interface with the default route."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))
            return s.getsockname()[0]
        except OSError:
            return "127.0.0.1"


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
        self.port = free_port()
        self.sipp = None

    def tearDown(self):
        if self.sipp and self.sipp.poll() is None:
            self.sipp.kill()
        if self.sipp:
            self.sipp.wait()
        shutil.rmtree(self.folder)

    def start(self, *arguments):
        with open(self.folder / "out", "wb") as out:
            self.sipp = subprocess.Popen(
                ["sipp", *arguments, "-i", "127.0.0.1", "-p", str(self.port), "-mi", "127.0.0.1", "-mp", str(free_port() & ~1), "-m", "1",
                 "-nostdin", "-timeout", "40s"], cwd=self.folder, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        deadline = time.time() + 10
        while time.time() < deadline:  # until its port is taken
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
                try:
                    s.bind(("127.0.0.1", self.port))
                except OSError:
                    return
            time.sleep(0.05)
        self.fail("sipp does not listen: " + (self.folder / "out").read_text(errors="replace")[-2000:])

    def play(self, name, **options):
        path = self.folder / "scenario.xml"
        path.write_text('<?xml version="1.0" encoding="us-ascii"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n'
                        f'<scenario name="{name}">\n{SCENARIOS[name]}</scenario>\n')
        self.start("-sf", str(path))
        return lines_of(dial(f"sip:far@127.0.0.1:{self.port}", **options))

    def assert_sipp_is_content(self):
        self.assertEqual(self.sipp.wait(timeout=30), 0, (self.folder / "out").read_text(errors="replace")[-3000:])

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
                self.port = free_port()
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
                self.port = free_port()
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


class Baresip(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kaden_baresip_"))
        self.ip = own_address()
        self.port = free_port(self.ip)
        self.control = free_port()

    def tearDown(self):
        self.process.terminate()
        try:
            self.process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder)

    def start(self, answermode, more=""):
        (self.folder / "config").write_text(
            f"sip_listen {self.ip}:{self.port}\nrtp_ports 42000-42100\naudio_source aufile,{self.folder}/tone.wav\n"
            f"snd_path {self.folder}\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aufile.so\n"
            "module sndfile.so\nmodule_app account.so\nmodule_app menu.so\nmodule ctrl_tcp.so\n"
            f"ctrl_tcp_listen 127.0.0.1:{self.control}\n")
        (self.folder / "accounts").write_text(
            f"<sip:sato@{self.ip}>;regint=0;answermode={answermode};audio_codecs=PCMU,PCMA{more}\n")
        (self.folder / "contacts").write_text("")
        with wave.open(str(self.folder / "tone.wav"), "wb") as tone:
            tone.setparams((1, 2, 8000, 0, "NONE", ""))
            tone.writeframes(bytes(8000 * 2 * 30))
        with open(self.folder / "log", "wb") as log:
            self.process = subprocess.Popen(["baresip", "-f", str(self.folder)], stdout=log, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL)
        deadline = time.time() + 15
        while time.time() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.control), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        self.fail("baresip does not listen: " + (self.folder / "log").read_text(errors="replace")[-2000:])

    def command(self, name, parameters=""):
        text = json.dumps({"command": name, "params": parameters, "token": "t"})
        with socket.create_connection(("127.0.0.1", self.control), timeout=5) as s:
            s.sendall(f"{len(text)}:{text},".encode())
            s.settimeout(2)
            try:
                return s.recv(65536).decode(errors="replace")
            except socket.timeout:
                return ""

    def read_until(self, process, event):
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == event:
                return events
        self.fail(f"no {event} in {events}; " + (self.folder / "log").read_text(errors="replace")[-2000:])

    def call(self, **options):
        return dial(f"sip:sato@{self.ip}:{self.port}", bind=self.ip, **options)

    def answer_and_press(self, more):
        self.start("auto", more)
        call = self.call()
        self.read_until(call, "answered")
        time.sleep(1)
        said = self.command("sndcode", "1")
        events = self.read_until(call, "ended")
        call.communicate(timeout=10)
        self.assertEqual([e.get("key") for e in events if e["event"] == "key"], ["1"], said)
        self.assertEqual(events[-1]["outcome"], "hung_up")

    def test_answers_presses_a_key_and_hears(self):
        self.answer_and_press("")
        heard = sorted(self.folder.glob("*dec*.wav"))
        self.assertTrue(heard, "it wrote down what it heard")
        with wave.open(str(heard[0])) as wav:
            samples = array.array("h", wav.readframes(wav.getnframes()))
        self.assertGreater(max(samples, default=0), 7000, "our tone")

    def test_presses_a_key_by_sip_info(self):
        self.answer_and_press(";dtmfmode=info")

    def test_hangs_up(self):
        self.start("auto")
        call = self.call()
        self.read_until(call, "answered")
        time.sleep(0.5)
        self.command("hangup")
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
