"""sipp as the far end of a call: its scenarios from a few words, and its start."""

import socket
import subprocess

from town import free_port, wait_for

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


def digest_then(password, steps, user="kaden"):
    """Challenges the first INVITE; goes on with `steps` only when sipp finds the second one's response right."""
    return (receive("INVITE") + answer("401 Unauthorized", CHALLENGE) + receive("ACK") +
            receive("INVITE", action=f'<verifyauth assign_to="ok" username="{user}" password="{password}"/>') +
            '  <nop next="1" test="ok"/>\n' + answer("403 Forbidden") + '  <nop next="2"/>\n  <label id="1"/>\n' +
            steps + '  <label id="2"/>\n')


def answers_and_waits():
    """Answers, and waits for the far end to hang up."""
    return receive("INVITE") + answer("200 OK", CONTACT, SDP) + receive("ACK") + receive("BYE") + answer("200 OK", tag="")


def answers_and_presses(key, after_ms=1500):
    """Answers, waits, presses a key by SIP INFO, and waits for the far end to hang up."""
    learn = ('<ereg regexp=".*" search_in="hdr" header="From:" assign_to="kaden"/>'
             '<ereg regexp=".*" search_in="hdr" header="To:" assign_to="me"/>'
             '<ereg regexp="&lt;(.*)&gt;" search_in="hdr" header="Contact:" assign_to="whole,target"/>'
             '<log message="[$whole]"/>')
    return (receive("INVITE", action=learn) + answer("180 Ringing", CONTACT) + answer("200 OK", CONTACT, SDP) + receive("ACK") +
            f'  <pause milliseconds="{after_ms}"/>\n' + f"""  <send retrans="500"><![CDATA[
      INFO [$target] SIP/2.0
      Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
      From:[$me];tag=far[call_number]
      To:[$kaden]
      Call-ID: [call_id]
      CSeq: 1 INFO
      Max-Forwards: 70
      Content-Type: application/dtmf-relay
      Content-Length: [len]

      Signal={key}
      Duration=160

  ]]></send>
  <recv response="200"/>
""" + receive("BYE") + answer("200 OK", tag=""))


def write_scenario(folder, name, steps):
    path = folder / f"{name}.xml"
    path.write_text('<?xml version="1.0" encoding="us-ascii"?>\n<!DOCTYPE scenario SYSTEM "sipp.dtd">\n'
                    f'<scenario name="{name}">\n{steps}</scenario>\n')
    return path


def start(folder, port, *arguments):
    """Returns when it listens. It ends after one call, or after 40 s. Its output is in folder/sipp-PORT."""
    media = free_port(socket.SOCK_DGRAM) & ~1
    with open(folder / f"sipp-{port}", "wb") as out:
        process = subprocess.Popen(
            ["sipp", *arguments, "-i", "127.0.0.1", "-p", str(port), "-mi", "127.0.0.1", "-mp", str(media), "-m", "1",
             "-nostdin", "-timeout", "40s"], cwd=folder, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)

    def is_taken():
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                return True
        return False
    wait_for(f"sipp to listen: {said(folder, port)}", is_taken, 10)
    return process


def said(folder, port):
    return (folder / f"sipp-{port}").read_text(errors="replace")[-3000:]
