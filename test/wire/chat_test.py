#!/usr/bin/python3
"""The same news in chat: Slack's two ways in, spoken to by the whole program; a stand-in answers as Slack's pages say."""

import http.server
import json
import pathlib
import re
import sys
import threading
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from town import Town, wait_for  # noqa: E402


class Slack:
    """Keeps what it is sent. `answers` are the next answers, (status, headers, body); then it takes everything."""

    def __init__(self):
        self.messages = []  # (path, authorization, body)
        self.answers = []
        self.hangs = threading.Event()
        slack = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if slack.hangs.is_set():
                    time.sleep(8)
                slack.messages.append((self.path, self.headers.get("Authorization", ""), body))
                status, headers, text = slack.answers.pop(0) if slack.answers else (200, {}, slack.answer_to(self.path, body))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.handle_error = lambda *_: None  # a Kaden that was killed reads no answers
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def answer_to(path, body):
        if path.startswith("/services/"):
            return "ok"
        return json.dumps({"ok": True, "channel": body["channel"], "ts": body.get("ts", "1787536800.000100")})

    def texts(self):
        return [body["text"] for _, _, body in list(self.messages)]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Chat(unittest.TestCase):
    def setUp(self):
        self.slack = Slack()
        self.addCleanup(self.slack.close)

    def town(self, slack, people=None):
        town = Town(people or {"sato": "en"})
        self.addCleanup(town.close)
        town.write("webhook", f"{self.slack.url}/services/T0/B0/very-secret-path")
        town.write("slack-token", "xoxb-very-secret-token")
        town.extra = f"chat: {{slack: {{{slack.format(folder=town.folder, url=self.slack.url)}}}}}\n"
        plain = town.configuration
        town.configuration = lambda: plain().replace(f"port: {town.port}}}", f"port: {town.port}, public_url: \"{town.url}\"}}", 1)
        return town

    def open(self, url, data=None):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, data=data), timeout=20) as response:
                return response.status, response.read().decode(), response.headers
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode(), error.headers

    def test_a_webhook_hears_of_an_incident_from_its_begin_to_its_end(self):
        town = self.town("webhook_file: {folder}/webhook")
        town.start_phone("--plan", "sato=answer@100,1@1500")
        town.start_kaden()
        town.event("1", "disk <full> & more", "web-01")
        town.wait_for_state(1, "acknowledged")
        town.event("2", "disk <full> & more", "web-01", state="OK")
        wait_for("the end in chat", lambda: "resolved" in "".join(self.slack.texts()))
        said = "\n".join(self.slack.texts())
        for part in ("*Incident 1*", "disk &lt;full&gt; &amp; more", "calling sato", "acknowledged by sato", "resolved"):
            self.assertIn(part, said)
        self.assertEqual(said.count("calling sato"), 1)
        self.assertEqual({path for path, _, _ in self.slack.messages}, {"/services/T0/B0/very-secret-path"})
        self.assertNotIn("very-secret", town.log("serve"))
        _, metrics = town.request("GET", "/metrics")
        self.assertRegex(metrics.decode(), r"kaden_chat_messages_sent_total [1-9]")

    def test_the_web_api_keeps_one_message_and_its_link_acknowledges_once(self):
        town = self.town("token_file: {folder}/slack-token, channel: C012, api_url: \"{url}/api\"")
        town.start_phone("--plan", "sato=ring")  # rings, and nobody answers
        town.start_kaden()
        town.event("1")
        first = wait_for("the first message", lambda: [m for m in self.slack.messages if "calling sato" in m[2]["text"]])[0]
        self.assertEqual((first[0], first[1]), ("/api/chat.postMessage", "Bearer xoxb-very-secret-token"))
        link = re.search(r"<(http[^|>]+)\|Acknowledge>", first[2]["text"])[1]
        self.assertTrue(link.startswith(town.url + "/chat/ack?incident=1&"))

        # What a chat program does to show what is behind the link: nothing happens.
        status, page, headers = self.open(link)
        self.assertEqual(status, 200)
        self.assertIn("<button>", page)
        self.assertIn("default-src 'none'", headers["Content-Security-Policy"])
        self.assertEqual(town.incident(1)["state"], "triggered")
        for bad in (link.replace("incident=1", "incident=2"), link[:-1], re.sub("until=1", "until=2", link)):
            self.assertEqual(self.open(bad, b"")[0], 403, bad)

        status, page, _ = self.open(link, b"")
        self.assertEqual(status, 200, page)
        self.assertEqual(town.wait_for_state(1, "acknowledged")["acknowledged_by"], "chat")
        self.assertEqual(self.open(link, b"")[0], 410)
        wait_for("the message to change", lambda: "acknowledged by chat" in self.slack.texts()[-1])
        path, _, body = self.slack.messages[-1]
        self.assertEqual((path, body["ts"], body["channel"]), ("/api/chat.update", "1787536800.000100", "C012"))
        self.assertNotIn("chat/ack", body["text"])
        town.kill_kaden()
        town.start_kaden()
        self.assertEqual(self.open(link, b"")[0], 410, "it stays used")

    def test_a_restart_goes_on_where_the_last_process_ended(self):
        for slack in ("webhook_file: {folder}/webhook", "token_file: {folder}/slack-token, channel: C012, api_url: \"{url}/api\""):
            with self.subTest(slack):
                self.slack.messages.clear()
                town = self.town(slack)
                town.start_phone("--plan", "sato=ring")
                town.start_kaden()
                town.event("1")
                wait_for("the first message", lambda: "calling sato" in "".join(self.slack.texts()))
                time.sleep(1.2)  # the message is on record, and nothing waits
                before = len(self.slack.messages)
                # Taken and over while Slack is away; this process does not live to tell it.
                self.slack.hangs.set()
                link = re.search(r"<(http[^|>]+)\|Acknowledge>", self.slack.texts()[-1])[1]
                self.assertEqual(self.open(link, b"")[0], 200)
                town.wait_for_state(1, "acknowledged")
                town.kill_kaden()
                self.slack.hangs.clear()
                time.sleep(9)  # what hung is answered: nobody reads it
                between = len(self.slack.messages)
                town.start_kaden()
                town.event("2", state="OK")
                wait_for("the end in chat", lambda: "resolved" in "".join(self.slack.texts()[between:]))
                after = "\n".join(self.slack.texts()[between:])
                self.assertIn("acknowledged by", after)
                self.assertNotIn("*Incident 1* \n", after, "the title is known")
                if "webhook" in slack:
                    self.assertNotIn("calling sato", after, "told already")
                else:
                    self.assertEqual({(path, body["ts"]) for path, _, body in self.slack.messages[before:]}, {("/api/chat.update", "1787536800.000100")})
                town.close()

    def test_slack_in_trouble_delays_no_call(self):
        self.slack.hangs.set()
        town = self.town("webhook_file: {folder}/webhook")
        town.start_phone("--plan", "sato=answer@100,1@500")
        town.start_kaden()
        begun = time.monotonic()
        town.event("1")
        town.wait_for_state(1, "acknowledged")
        self.assertLess(time.monotonic() - begun, 25)
        self.slack.hangs.clear()
        self.slack.answers += [(429, {"Retry-After": "2"}, ""), (500, {}, "no"), (404, {}, "no_service")]
        town.event("2", "another", "web-02")
        town.wait_for_state(2, "acknowledged")
        health = wait_for("the trouble", lambda: [one for one in json.loads(town.request("GET", "/healthz")[1]).get("troubles", [])
                                                  if "no_service" in one["reason"]])
        self.assertEqual((health[0]["part"], health[0]["calls_suffer"]), ("chat", False))
        town.event("3", "a third", "web-03")
        wait_for("chat to work again", lambda: json.loads(town.request("GET", "/healthz")[1])["status"] == "ok")


if __name__ == "__main__":
    unittest.main(verbosity=2)
