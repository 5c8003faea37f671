#!/usr/bin/python3
"""Providers' status pages, served by nginx: who is called for which news, and what is asked of the page for it."""

import json
import pathlib
import re
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hearing  # noqa: E402
from nginx import Nginx  # noqa: E402
from town import KADEN, ROOT, Town, wait_for  # noqa: E402

SAMPLES = ROOT / "src" / "statusfeed" / "testdata"
POLL_S = 10  # the shortest that Kaden takes


def sample(name):
    return (SAMPLES / name).read_text()


class Page(unittest.TestCase):
    """One Kaden that watches one page of one nginx, and sato with the robot phone, who takes each call."""

    def town(self, url_path, settings="", routes=""):
        town = Town({"sato": "en"}, routes=routes)
        nginx = Nginx(town.folder / "nginx")
        town.extra = (f"sources:\n  status_pages:\n    - {{id: vmware, name: VMware Cloud, url: \"{nginx.url}{url_path}\","
                      f" poll_s: {POLL_S}, first_look_s: 31536000{settings}}}\n")
        self.addCleanup(town.close)
        self.addCleanup(nginx.stop)
        nginx.start()
        return town, nginx

    def source(self, town):
        return town.get("/api/v1/sources")["sources"][0]

    def wait_for_looks(self, town, more):
        """So many more looks have ended."""
        wanted = self.source(town)["looks"] + more
        wait_for("a look", lambda: self.source(town)["looks"] >= wanted, 3 * POLL_S * more)
        return self.source(town)

    def calls(self, town):
        return [e["to"] for e in town.phone_events() if e["event"] == "invite"]

    def wait_until_quiet(self, town):
        wait_for("the calls to end", lambda: not town.get("/api/v1/calls")["calls"])

    def wait_for_state(self, town, state):
        """Of the only incident, once it is there."""
        wait_for("an incident", town.incidents, 60)
        return town.wait_for_state(1, state, 60)

    def said(self, town):
        """The words of each call about incident 1."""
        return [e["detail"] for e in town.incident(1)["timeline"] if e["what"] == "answered"]

    def alarm_lines(self, town, number):
        return [e for e in town.incident(number)["timeline"] if e["what"] in ("alarm", "repeated", "cleared")]


class Feed(Page):
    def test_one_incident_edited_in_place_from_its_begin_to_its_end(self):
        town, nginx = self.town("/moved.rss")
        nginx.put("history.rss", sample("poll-1-investigating.rss"))
        town.start_phone("--plan", "sato=answer@100,1@20000")
        town.start_kaden()

        # The first look calls for what is open, and for nothing that is history.
        self.assertEqual(self.wait_for_state(town, "acknowledged")["acknowledged_by"], "sato")
        said = self.said(town)[0]
        self.assertIn("VMware Cloud reports an incident: VMware Cloud on AWS - ap-northeast-1 - Connectivity.", said)
        self.assertIn("We are investigating loss of connectivity to SDDCs in ap-northeast-1.", said)
        recorded = wait_for("the recording", lambda: [e for e in town.phone_events() if e["event"] == "recorded"])
        heard = hearing.samples_of(recorded[0]["wav"])
        self.assertGreater(hearing.find(town.spoken("en", said.replace("VMware Cloud", "{VMware Cloud:name}", 1)), heard)[0], 0.9)
        self.assertLess(hearing.find(town.spoken("en", said.replace("VMware Cloud", "{Amazon EC2:name}", 1)), heard)[0], 0.9)

        # Nothing new: the page is asked with its validators, and answers 304.
        wait_for("a 304", lambda: [one for one in nginx.asked() if one["status"] == 304])
        asked = [one for one in nginx.asked() if one["url"] == "/history.rss"]
        self.assertEqual(asked[0]["status"], 200)
        self.assertEqual(asked[0]["encoding"], "gzip")
        self.assertEqual(asked[0]["if_none_match"], "")
        self.assertTrue(asked[0]["etag"].startswith('W/"'), asked[0])  # nginx weakens what it compresses
        not_modified = [one for one in asked if one["status"] == 304]
        self.assertEqual(not_modified[0]["if_none_match"], asked[0]["etag"])
        self.assertNotEqual(not_modified[0]["if_modified_since"], "")
        self.assertRegex(asked[0]["agent"], r"^kaden/\d")
        self.assertEqual(len(self.calls(town)), 1)

        # An update, and a fix under observation: told, and nobody is called.
        nginx.put("history.rss", sample("poll-2-identified.rss"))
        wait_for("the update", lambda: len(self.alarm_lines(town, 1)) == 2)
        nginx.put("history.rss", sample("poll-3-monitoring.rss"))
        wait_for("the next update", lambda: len(self.alarm_lines(town, 1)) == 3)
        self.assertEqual(len(self.calls(town)), 1)

        # The fix failed: the one who has it is called again.
        worse = sample("poll-3-monitoring.rss").replace("&lt;strong&gt;Monitoring&lt;/strong&gt; - A fix has been implemented",
                                                        "&lt;strong&gt;Investigating&lt;/strong&gt; - The fix did not hold")
        worse = worse.replace("02:50:05 +0000", "02:58:00 +0000").replace("&gt;02:50&lt;", "&gt;02:58&lt;")
        nginx.put("history.rss", worse)
        wait_for("the second call", lambda: len(self.calls(town)) == 2)
        self.assertIn("reopened", town.happenings(1))
        self.wait_for_state(town, "acknowledged")
        self.wait_until_quiet(town)
        self.assertIn("The incident at VMware Cloud has become worse", self.said(town)[-1])

        # A restart in the middle of it is no news.
        town.kill_kaden()
        town.start_kaden()
        wait_for("the look of the new process", lambda: self.source(town)["looks"] >= 1)
        self.assertEqual(self.source(town)["events"], 0)

        nginx.put("history.rss", sample("poll-4-resolved.rss"))
        self.wait_for_state(town, "resolved")
        self.assertEqual(len(self.calls(town)), 2)
        self.assertEqual([one["id"] for one in town.incidents()], [1], "history and the planned maintenance are no news")


class Json(Page):
    def test_impact_that_rises_calls_and_the_providers_last_words_are_asked_for(self):
        town, nginx = self.town("/api/v2/summary.json", routes="  - {severity: [critical, error], policy: default}\n"
                                                               "  - {policy: none}\n")
        (nginx.pages / "api" / "v2").mkdir(parents=True)

        def page(status, impact, minute, **more):
            summary = json.loads(sample("summary.json"))
            incident = summary["incidents"][0]
            at = f"2026-08-24T03:{minute:02}:00.000Z"
            incident.update(status=status, impact=impact, updated_at=at, **more)
            incident["incident_updates"].insert(0, {**incident["incident_updates"][0], "id": f"m{minute}", "status": status,
                                                    "created_at": at, "updated_at": at, "display_at": at})
            summary["page"]["updated_at"] = at
            return summary

        nginx.put("api/v2/summary.json", json.dumps(page("investigating", "minor", 0)))
        town.start_phone("--plan", "sato=answer@100,1@500")
        town.start_kaden()
        wait_for("the incident", town.incidents)
        self.assertIn("not_called", town.happenings(1))

        nginx.put("api/v2/summary.json", json.dumps(page("identified", "critical", 10)))
        self.wait_for_state(town, "acknowledged")
        self.assertEqual(len(self.calls(town)), 1)
        self.wait_until_quiet(town)

        town.kill_kaden()
        town.start_kaden()
        wait_for("the look of the new process", lambda: self.source(town)["looks"] >= 1)
        self.assertEqual((self.source(town)["events"], len(self.calls(town))), (0, 1))

        over = page("resolved", "critical", 20, resolved_at="2026-08-24T03:20:00.000Z")
        nginx.put("api/v2/incidents.json", json.dumps({"page": over["page"], "incidents": over["incidents"]}))
        nginx.put("api/v2/summary.json", json.dumps({**over, "incidents": []}))
        self.wait_for_state(town, "resolved")
        self.assertIn("(resolved)", self.alarm_lines(town, 1)[-1]["detail"])
        self.assertIn("/api/v2/incidents.json", [one["url"] for one in nginx.asked()])
        self.assertEqual(len(self.calls(town)), 1)


class Amazon(Page):
    def test_one_item_an_update_is_one_incident(self):
        town, nginx = self.town("/ec2-ap-northeast-1.rss")
        whole = sample("aws-ec2-ap-northeast-1.rss")
        head, *items = re.split(r"(?=    <item>)", whole)
        tail = "  </channel>\n</rss>\n"
        items[-1] = items[-1].replace(tail, "")

        def feed(count):
            """The oldest `count` items: new ones are put on top."""
            return head + "".join(items[len(items) - count:]) + tail

        nginx.put("ec2-ap-northeast-1.rss", sample("aws-empty.rss"))
        town.start_phone("--plan", "sato=answer@100,1@500")
        town.start_kaden()
        wait_for("the first look", lambda: self.source(town)["readable"])
        nginx.put("ec2-ap-northeast-1.rss", feed(1))
        self.wait_for_state(town, "acknowledged")
        nginx.put("ec2-ap-northeast-1.rss", feed(2))
        # "Informational message" has become "Service impact": worse, so whoever took it is called again.
        wait_for("the second call", lambda: len(self.calls(town)) == 2)
        self.assertIn("reopened", town.happenings(1))
        self.wait_for_state(town, "acknowledged")
        nginx.put("ec2-ap-northeast-1.rss", feed(3))
        self.wait_for_state(town, "resolved")
        self.assertEqual(len(town.incidents()), 1)
        self.assertEqual(len(self.calls(town)), 2)


class Trouble(Page):
    def test_a_page_that_cannot_be_read_is_an_alarm_until_it_can(self):
        town, nginx = self.town("/history.rss", ", unreadable_s: 15, timeout_s: 3")
        nginx.put("history.rss", sample("empty.rss"))
        town.start_phone("--plan", "sato=answer@100,1@500")
        town.start_kaden()
        wait_for("the first look", lambda: self.source(town)["readable"])

        nginx.order("fail-500")
        self.assertEqual(self.wait_for_looks(town, 1)["trouble"], "the page answered HTTP status 500")
        nginx.withdraw("fail-500")
        nginx.order("slow")
        self.assertIn("imed out", self.wait_for_looks(town, 1)["trouble"])
        nginx.withdraw("slow")
        nginx.put("history.rss", sample("html-error-page.html"))
        self.assertIn("HTML", self.wait_for_looks(town, 1)["trouble"])
        self.assertIn("vmware:unreadable", self.wait_for_state(town, "acknowledged")["title"])
        self.assertIn("The status page of VMware Cloud cannot be read", self.said(town)[0])
        self.assertEqual([one["if_none_match"] for one in nginx.asked()][-1], "", "what could not be read has no validator")

        listed = subprocess.run([str(KADEN), "sources", "--lang", "en", "--url", town.url, "--token-file", str(town.folder / "token")],
                                capture_output=True, text=True, timeout=60)
        self.assertEqual(listed.returncode, 0, listed.stderr)
        self.assertRegex(listed.stdout, r"status +vmware +trouble .*HTML")
        status, metrics = town.request("GET", "/metrics")
        self.assertIn('kaden_source_readable{source="status",name="vmware"} 0', metrics.decode())

        nginx.order("fail-503")
        asked = len(nginx.asked())
        self.assertEqual(self.wait_for_looks(town, 1)["trouble"], "the page answered HTTP status 503")
        self.assertLessEqual(len(nginx.asked()) - asked, 2)
        nginx.withdraw("fail-503")
        nginx.put("history.rss", sample("empty.rss"))
        self.wait_for_state(town, "resolved")
        self.assertTrue(self.source(town)["readable"])
        self.assertEqual(len(self.calls(town)), 1)

    def test_a_redirect_never_leads_inside_and_a_reload_mends_it(self):
        town, nginx = self.town("/inside.rss")
        nginx.put("history.rss", sample("poll-1-investigating.rss"))
        town.start_phone("--plan", "sato=answer@100,1@500")
        town.start_kaden()
        wait_for("the first look", lambda: self.source(town)["looks"] == 1)
        self.assertIn("it leads to 169.254.169.254, an address inside", self.source(town)["trouble"])
        for path, trouble in (("/circle.rss", "redirects more than 5 times"), ("/moved.rss", "")):
            text = town.config.read_text()
            town.config.write_text(re.sub(re.escape(nginx.url) + r"/[a-z]+\.rss", nginx.url + path, text))
            town.serve.send_signal(1)
            wait_for("the reload", lambda: trouble in self.source(town)["trouble"] and (trouble or self.source(town)["readable"]))
        self.assertIn("configuration: reloaded: sources", town.log("serve"))
        self.wait_for_state(town, "acknowledged")


if __name__ == "__main__":
    unittest.main(verbosity=2)
