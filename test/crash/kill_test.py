#!/usr/bin/python3
"""kill -9 of the real binary at random instants under load, then an audit of the journal against the phones.

While events arrive, singly and in batches over several connections, and calls go on, `kaden serve` is killed KILLS
times, in one case of three before it is even ready, and started again. Afterwards:
  1. every event that was answered with 2xx is in the journal, once, and the hash chain holds;
  2. every event has its one incident, and each ends acknowledged, resolved, or exhausted on record;
  3. every incident taken by key has the key in the journal, in a call of that incident, and in that phone's own log;
  4. no person ever had two live calls at once, as the phones saw it, and no call is left open at the end;
  5. a call that the journal counts as heard left a recording in which the machine's name is said, and "acknowledged" is
     said only where the journal has the acknowledgement.
The seed is printed; KADEN_CRASH_SEED repeats the instants.
"""

import collections
import json
import os
import pathlib
import random
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
import hearing  # noqa: E402
from town import KADEN, Town, wait_for  # noqa: E402

KILLS = int(os.environ.get("KADEN_CRASH_KILLS", "50"))
PEOPLE = {"sato": "ja", "ito": "en", "suzuki": "ja", "tanaka": "en", "kato": "ja", "abe": "en"}
PLANS = [
    "sato=answer@150,1@9000",  # hears the message to its end
    "ito=answer@50,1@700",
    "suzuki=busy",
    "tanaka=answer@300,2@900",
    "kato=answer@100,3@400,1@1500",
    "abe=answer@20,1@300",
]


class Load(threading.Thread):
    """Reports a new alarm every second or two, and repeats what was not answered, as a good sender does."""

    def __init__(self, town, rng):
        super().__init__(daemon=True)
        self.town, self.rng = town, rng
        self.answered, self.sent = set(), 0
        self.stopping = threading.Event()

    def run(self):
        waiting = collections.deque()
        while not self.stopping.is_set() or waiting:
            if not self.stopping.is_set():
                self.sent += 1
                waiting.append(self.sent)
            for _ in range(len(waiting)):
                number = waiting.popleft()
                if not self.report(number):
                    waiting.append(number)
                    break
            self.stopping.wait(self.rng.uniform(0.8, 2.0))
            if self.stopping.is_set():
                time.sleep(0.1)

    def report(self, number):
        body = {"source": "load", "event_id": f"event-{number}", "alarm": f"disk full {number % 3}-{number}",
                "machine": f"web-{number % 4:02d}", "labels": {"team": "ab"[number % 2]}}
        try:
            status, _ = self.town.request("POST", "/api/v1/events", body, timeout=5)
        except OSError:
            return False
        if status == 200:
            self.answered.add(body["event_id"])
        return status == 200


class Bulk(threading.Thread):
    """One of several senders whose batches share commits. Their route records without a call."""

    def __init__(self, town, name, rng):
        super().__init__(daemon=True)
        self.town, self.name_of_sender, self.rng = town, name, rng
        self.answered, self.sent = set(), 0
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            ids = [f"bulk-{self.name_of_sender}-{self.sent + i}" for i in range(self.rng.randrange(1, 20))]
            self.sent += len(ids)
            events = [{"source": "bulk", "event_id": one, "alarm": f"bulk {self.name_of_sender} {i}", "machine": self.name_of_sender} for i, one in enumerate(ids)]
            while not self.stopping.is_set():  # as a good sender: again and again until it is answered
                try:
                    if self.town.request("POST", "/api/v1/events", {"events": events}, timeout=5)[0] == 200:
                        self.answered.update(ids)
                        break
                except OSError:
                    pass
                self.stopping.wait(0.05)
            self.stopping.wait(self.rng.uniform(0.02, 0.2))


class KillTest(unittest.TestCase):
    def test_nothing_is_lost_and_nothing_is_doubled(self):
        seed = int(os.environ.get("KADEN_CRASH_SEED", random.randrange(1 << 32)))
        rng = random.Random(seed)
        print(f"seed {seed} (KADEN_CRASH_SEED={seed} repeats the instants), {KILLS} kills", flush=True)
        redial = "redial: {busy: {wait_s: 2, most: 1}, no_key: {wait_s: 1, most: 2}, no_answer: {wait_s: 1, most: 2}}"
        policy = "".join(
            f"  - id: {name}\n    levels: [{{people: [{first}], wait_s: 1}}, {{people: [{second}], wait_s: 1}}]\n"
            f"    rounds: 4\n    {redial}\n    ring_s: 5\n    last_resort: [abe]\n"
            for name, first, second in (("a", "sato, suzuki", "tanaka, ito"), ("b", "tanaka, kato", "ito"))
        )
        routes = "  - {source: [bulk], policy: none}\n" \
            "  - {labels: {team: a}, policy: a}\n  - {labels: {team: b}, policy: b}\n"
        plans = [argument for plan in PLANS for argument in ("--plan", plan)]
        with Town(PEOPLE, policy, routes) as town:
            town.start_phone(*plans)
            town.start_kaden()
            load = Load(town, rng)
            load.start()
            senders = [Bulk(town, name, random.Random(rng.random())) for name in ("web-10", "web-11", "web-12")]
            for sender in senders:
                sender.start()
            is_starting = False
            for kill in range(1, KILLS + 1):
                time.sleep(rng.uniform(0.0, 0.6) if is_starting else rng.uniform(0.05, 1.6))
                town.kill_kaden()
                is_starting = kill % 3 == 0 and kill < KILLS  # then recovery is cut short, too
                if is_starting:
                    town.spawn_kaden()
                else:
                    town.start_kaden()
                if kill % 10 == 0:
                    print(f"  {kill} kills, {load.sent} events sent, {len(load.answered)} answered", flush=True)
            for sender in (*senders, load):
                sender.stopping.set()
                sender.join(timeout=60)
            self.assertFalse(load.is_alive(), "the load could not be delivered")
            wait_for("every incident to end\n" + town.log("serve")[-3000:], lambda: self.all_ended(town), 420)
            wait_for("the last call to end", lambda: not town.get("/api/v1/calls")["calls"], 60)
            incidents = [town.incident(i["id"]) for i in town.incidents()]
            self.assertEqual(town.stop_kaden(), 0, town.log("serve")[-2000:])
            for sender in senders:
                load.answered |= sender.answered
            self.audit(town, load, incidents, rng)

    @staticmethod
    def all_ended(town):
        return all(i["state"] != "triggered" or i.get("exhausted") or i["title"].startswith("bulk ") for i in town.incidents())

    # The audit --------------------------------------------------------------------------------------------------------

    def audit(self, town, load, incidents, rng):
        store = town.folder / "store"
        verified = subprocess.run([str(KADEN), "journal", "verify", "--store", str(store)], capture_output=True, text=True)
        self.assertEqual(verified.returncode, 0, verified.stdout + verified.stderr)
        with sqlite3.connect(store / "journal.db") as db:
            entries = [json.loads(row[0]) for row in db.execute("select payload from entries order by position")]
        reported = collections.Counter(e["event"]["event_id"] for e in entries if e["type"] == "AlarmReported")
        self.assertEqual(load.answered - set(reported), set(), "answered with 2xx, but not in the journal")
        self.assertEqual([event for event, times in reported.items() if times > 1], [], "in the journal more than once")
        self.assertGreater(len(reported), 1000)
        self.assertGreaterEqual(len(load.answered), KILLS // 2)
        opened = collections.Counter((a["alarm"], a["machine"]) for i in incidents for a in i["alarms"])
        events = {(e["event"]["alarm"], e["event"]["machine"]) for e in entries if e["type"] == "AlarmReported"}
        self.assertEqual(set(opened), events, "events without an incident, or incidents without an event")
        self.assertEqual([alarm for alarm, times in opened.items() if times > 1], [], "an alarm in two incidents")

        phone = town.phone_events()
        keys = collections.defaultdict(list)
        for event in phone:
            if event["event"] == "key":
                keys[event["call_id"]].append(event["key"])
        # What was acknowledged in the journal was pressed on a phone.
        pressed = [e for e in entries if e["type"] == "KeyPressed" and e["key"] == "1"]
        self.assertTrue(pressed)
        for entry in pressed:
            self.assertIn("1", keys[self.sip_call_id(entry["call"], keys)], f"no phone pressed 1 in {entry['call']}")
        self.check_takers(incidents, {entry["call"] for entry in pressed})
        self.incidents = incidents
        self.check_one_ear(phone)
        self.check_recordings(town, entries, phone, rng)
        answered = sum(1 for e in phone if e["event"] == "answered")
        starts = sum(1 for e in entries if e["type"] == "Started")
        self.assertIn(starts, range(KILLS * 6 // 10, KILLS + 2))  # a kill may come before its own start was committed
        print(f"  {len(reported)} events, {len(entries)} journal entries, {answered} answered calls, {len(pressed)} taken by key",
              flush=True)

    def check_takers(self, incidents, pressed):
        """Who took an incident by key did so in a call of that incident, and the journal has the key."""
        taken = 0
        for incident in incidents:
            by_key = [t for t in incident["timeline"] if t["what"] == "acknowledged" and t.get("why") == "by_key"]
            own_calls = {t["call"] for t in incident["timeline"] if t["what"] == "dialling"}
            for entry in by_key:
                self.assertIn(entry["call"], own_calls, f"incident {incident['id']}: taken in a call of another one")
                self.assertIn(entry["call"], pressed, f"incident {incident['id']}: taken without a key in the journal")
            self.assertTrue(by_key or incident["state"] != "acknowledged", f"incident {incident['id']}: taken by nobody")
            taken += len(by_key)
        self.assertGreater(taken, 0)

    @staticmethod
    def sip_call_id(token, known):
        """The Call-ID is the dial token, perhaps with a host part."""
        for call_id in known:
            if call_id.split("@")[0] == token:
                return call_id
        return token

    def check_one_ear(self, phone):
        """One live call per person, as the phones saw it: never a second one, not for a moment."""
        live, overlaps = collections.defaultdict(set), []
        for event in phone:
            who, call, at = event.get("to"), event.get("call_id"), event["at_ms"]
            if event["event"] == "invite":
                overlaps += [f"{who} at {at}: {call} beside {older}" for older in live[who]]
                live[who].add(call)
            elif event["event"] == "ended":
                live[who].discard(call)
        self.assertEqual(overlaps, [], "two live calls to one person")
        self.assertEqual({who: calls for who, calls in live.items() if calls}, {}, "calls left open at the phones")

    def check_recordings(self, town, entries, phone, rng):
        heard = {e["call"] for e in entries if e["type"] == "CallProgressed" and e["progress"] == "heard"}
        taken = {e["call"] for e in entries if e["type"] == "KeyPressed" and e["key"] == "1"}
        recordings = {e["call_id"].split("@")[0]: e["wav"] for e in phone if e["event"] == "ended" and e.get("wav")}
        people = {e["call_id"].split("@")[0]: e["to"] for e in phone if e["event"] == "invite"}
        alarms = {t["call"]: i["alarms"][0] for i in self.incidents for t in i["timeline"] if t["what"] == "dialling"}
        self.assertEqual(heard - set(recordings), set())
        self.assertTrue(heard, "nobody heard a message to its end")
        for call in rng.sample(sorted(heard), min(len(heard), 10)):  # each takes a second or two
            language, alarm = PEOPLE[people[call]], alarms[call]
            name = f"{{{alarm['machine']}:name}}", f"{{{alarm['alarm']}:name}}"
            text = "重大アラームです。%s、%s。" % name if language == "ja" else "Kaden, critical alarm. %s, %s." % name
            found, _ = hearing.find(self.spoken(town, language, text), hearing.samples_of(recordings[call]))
            self.assertGreater(found, 0.95, f"{text} in {recordings[call]}")
        acknowledged = {"ja": "対応を受け付けました。ご対応をお願いします。", "en": "Acknowledged. This alarm is now yours. Thank you."}
        lines = {language: self.spoken(town, language, text) for language, text in acknowledged.items()}
        for call in rng.sample(sorted(recordings), min(len(recordings), 25)):
            samples = hearing.samples_of(recordings[call])
            if len(samples) > 8000 and hearing.find(lines[PEOPLE[people[call]]], samples)[0] > 0.9:
                self.assertIn(call, taken, "told that it is acknowledged, without a key in the journal")

    @staticmethod
    def spoken(town, language, text):
        """As a call speaks it; Kaden itself has stopped by now."""
        wav = town.folder / "spoken.wav"
        subprocess.run([str(KADEN), "say", "--lang", language, "-o", str(wav), text], check=True, capture_output=True)
        return hearing.samples_of(wav)


if __name__ == "__main__":
    unittest.main(verbosity=2)
