#!/usr/bin/python3
"""vCenter's alarms as calls, against govmomi's simulator; pyvmomi is a second client of the same one.

The simulator has no alarm methods: GetAlarm and AcknowledgeAlarm are ours (vcsim/main.go), so what they answer is tested
for its form by pyvmomi, which reads it as well. Sessions, the property collector, the event collector and faults are the
simulator's own.
"""

import json
import pathlib
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import hearing  # noqa: E402
from town import KADEN, Town, wait_for  # noqa: E402
from vcsim import PASSWORD, USER, Vcsim, sources  # noqa: E402

NAME = "Virtual machine CPU usage"


def invites(town):
    return [event for event in town.phone_events() if event["event"] == "invite"]


def standing(town):
    return town.get("/api/v1/sources")["sources"][0]


def wait_readable(town):
    return wait_for("the vCenter to be read\n" + town.log("serve")[-2000:], lambda: standing(town)["readable"])


class VcenterTown(Town):
    """One vCenter, its alarms by event unless a test says otherwise."""

    def __init__(self, people=None, **settings):
        super().__init__(people or {"ito": "en"})
        self.vcenter = Vcsim(self)
        self.extra = sources(self.vcenter.row(**settings))

    def begin(self, *plan):
        self.vcenter.start()
        self.start_phone(*plan)
        self.start_kaden()
        wait_readable(self)
        return self

    def wait_for_state(self, number, state, patience=None):
        """Nobody posted the alarm: the incident may be yet to come."""
        wait_for(f"incident {number}\n{self.log('serve')[-2000:]}", lambda: len(self.incidents()) >= number, patience)
        return super().wait_for_state(number, state, patience)


class Alarms(unittest.TestCase):
    def test_a_red_vm_is_called_by_its_name_and_the_key_acknowledges_it_in_vcenter(self):
        with VcenterTown() as town:
            town.begin("--plan", "ito=answer@200,1@14000")
            begun = time.monotonic()
            town.vcenter.alarm("DC0_H0_VM0")
            wait_for("the incident", town.incidents)
            self.assertLess(time.monotonic() - begun, 20, "an event woke it: the next reading is minutes away")
            incident = town.wait_for_state(1, "acknowledged")
            self.assertEqual(incident["acknowledged_by"], "ito")
            self.assertIn("DC0_H0_VM0", incident["title"])
            recorded = wait_for("the recording", lambda: [e for e in town.phone_events() if e["event"] == "recorded"])
            recording = hearing.samples_of(recorded[0]["wav"])
            said = "Kaden, critical alarm. {%s:name}, {" + NAME + ":name}."
            self.assertGreater(hearing.find(town.spoken("en", said % "DC0_H0_VM0"), recording)[0], 0.97)
            self.assertLess(hearing.find(town.spoken("en", said % "DC0_C0_RP0_VM1"), recording)[0], 0.9)
            wait_for("the acknowledgement in vCenter", lambda: town.vcenter.alarms()["DC0_H0_VM0"]["acknowledged_by"] == USER)
            states = town.vcenter.client().content.rootFolder.triggeredAlarmState
            self.assertEqual([(s.entity.name, s.alarm.info.name, s.overallStatus, s.acknowledged, s.acknowledgedByUser) for s in states],
                             [("DC0_H0_VM0", NAME, "red", True, USER)], "pyvmomi reads what Kaden reads")
            town.vcenter.alarm("DC0_H0_VM0", "green")
            town.wait_for_state(1, "resolved")
            self.assertEqual(len(invites(town)), 1)
            self.assertEqual(len(town.incidents()), 1, "its own acknowledgement is no news")

    def test_yellow_is_a_warning_and_red_calls_again(self):
        with VcenterTown() as town:
            town.begin("--plan", "ito=answer@100,1@500")
            town.vcenter.alarm(status="yellow")
            self.assertEqual(town.wait_for_state(1, "acknowledged")["severity"], "warning")
            wait_for("the call to end", lambda: "call_ended" in town.happenings(1))
            town.vcenter.alarm(status="red")
            wait_for("the second call", lambda: len(invites(town)) == 2)
            self.assertEqual(town.wait_for_state(1, "acknowledged")["severity"], "critical")
            self.assertIn("reopened", town.happenings(1))

    def test_acknowledged_in_vcenter_stops_the_ringing(self):
        with VcenterTown() as town:
            town.begin("--plan", "ito=ring")
            town.vcenter.alarm()
            wait_for("the phone to ring", lambda: town.incidents() and "ringing" in town.happenings(1))
            self.assertEqual(town.vcenter.alarms()["DC0_H0_VM0"]["acknowledged_by"], "", "nobody took it yet")
            client = town.vcenter.client().content
            state = client.rootFolder.triggeredAlarmState[0]
            client.alarmManager.AcknowledgeAlarm(state.alarm, state.entity)
            town.vcenter.alarm("DC0_H0_VM1", "yellow", alarm="alarm-7", acknowledged_by="VSPHERE.LOCAL\\ope1")  # and tells an event
            incident = town.wait_for_state(1, "acknowledged")
            self.assertEqual(incident["acknowledged_by"], f"vcenter: {USER}")
            self.assertIn(("acknowledged", "by_source"), [(e["what"], e.get("why")) for e in incident["timeline"]])
            wait_for("the ringing to stop", lambda: [e for e in town.phone_events() if e["event"] == "ended"], 10)
            other = town.wait_for_state(2, "acknowledged")
            self.assertEqual(other["acknowledged_by"], "vcenter: VSPHERE.LOCAL\\ope1")
            self.assertNotIn("dialling", town.happenings(2), "it came acknowledged: nobody is called")
            calls = len(invites(town))
            time.sleep(3)  # longer than every redial of the policy
            self.assertEqual(len(invites(town)), calls)

    def test_what_no_event_tells_is_read_with_the_next_poll(self):
        with VcenterTown(poll_s=10) as town:
            town.begin("--plan", "ito=answer@100,1@500")
            town.vcenter.alarm(quiet=True)
            town.wait_for_state(1, "acknowledged")
            town.vcenter.alarm(status="green", quiet=True)
            town.wait_for_state(1, "resolved")

    def test_rules_pass_over_what_nobody_wants_to_hear(self):
        rules = [{"alarm": "*memory*", "red": "none", "yellow": "none"}, {"entity": "/DC0/vm/DC0_H0_*", "red": "error"}]
        with VcenterTown(severities=rules) as town:
            town.begin("--plan", "ito=answer@100,1@500")
            town.vcenter.alarm("DC0_H0_VM1", alarm="alarm-7")
            town.vcenter.alarm("DC0_H0_VM0")
            self.assertEqual(town.wait_for_state(1, "acknowledged")["severity"], "error")
            self.assertIn("DC0_H0_VM0", town.incident(1)["title"])
            self.assertEqual(len(town.incidents()), 1)


    def test_two_vcenters_with_the_same_inventory_are_two(self):
        with VcenterTown({"ito": "en", "sato": "ja"}) as town:
            other = Vcsim(town, "vc2")
            town.extra = sources(town.vcenter.row(), other.row())
            other.start("-uuid", "00000000-0000-4000-8000-000000000002")
            town.begin("--plan", "ito=answer@100,1@500", "--plan", "sato=answer@100,1@500")
            wait_for("both to be read", lambda: all(s["readable"] for s in town.get("/api/v1/sources")["sources"]))
            town.vcenter.alarm()
            town.wait_for_state(1, "acknowledged")
            other.alarm()
            town.wait_for_state(2, "acknowledged")
            self.assertTrue(town.incident(1)["title"].startswith("vc1: "))
            self.assertTrue(town.incident(2)["title"].startswith("vc2: "))
            town.vcenter.alarm(status="green")
            town.wait_for_state(1, "resolved")
            self.assertEqual(town.incident(2)["state"], "acknowledged")
            wait_for("the acknowledgement in the right one", lambda: other.alarms()["DC0_H0_VM0"]["acknowledged_by"] == USER)


class Trouble(unittest.TestCase):
    def test_a_lost_session_is_no_silence(self):
        with VcenterTown(poll_s=10) as town:
            town.begin("--plan", "ito=answer@100,1@500")
            town.vcenter.alarm()
            town.wait_for_state(1, "acknowledged")
            before = town.vcenter.control("/kill")["killed"]
            self.assertGreater(before, 0)
            wait_for("a new session", lambda: town.vcenter.control("/state")["sessions"] > before)
            self.assertEqual(town.incident(1)["state"], "acknowledged", "an empty answer of no session is not: all is well")
            town.vcenter.alarm("DC0_H0_VM1")
            town.wait_for_state(2, "acknowledged")
            self.assertEqual(standing(town)["trouble"], "")

    def test_vcenter_restarts(self):
        with VcenterTown(poll_s=10, unreadable_s=3) as town:
            town.begin("--plan", "ito=answer@100,1@500")
            town.vcenter.alarm()
            town.wait_for_state(1, "acknowledged")
            wait_for("the acknowledgement in vCenter", lambda: town.vcenter.alarms()["DC0_H0_VM0"]["acknowledged_by"])
            town.vcenter.stop()
            unreadable = town.wait_for_state(2, "acknowledged", 60)
            self.assertIn("cannot be read", unreadable["title"])
            town.vcenter.start()
            town.wait_for_state(2, "resolved", 90)
            self.assertEqual(town.incident(1)["state"], "acknowledged")
            town.vcenter.alarm(status="green")
            town.wait_for_state(1, "resolved")
            self.assertEqual(len(invites(town)), 2)

    def test_a_proxy_without_a_vcenter_behind_it(self):
        with VcenterTown(poll_s=10) as town:
            town.begin("--plan", "ito=answer@100,1@500")
            town.vcenter.control("/status?code=503")
            wait_for("the trouble", lambda: "HTTP 503" in standing(town)["trouble"])
            town.vcenter.control("/status?code=0")
            wait_readable(town)

    def test_another_certificate_is_not_trusted(self):
        with VcenterTown(poll_s=10, unreadable_s=0) as town:
            town.begin("--plan", "ito=answer@100,1@500")
            town.vcenter.stop()
            town.vcenter.make_certificate()
            town.vcenter.start()
            wait_for("the alarm", lambda: [i for i in town.incidents() if "cannot be read" in i["title"]])
            wait_for("the reason\n" + str(standing(town)), lambda: "certificate" in standing(town)["trouble"], 90)
            self.assertEqual(town.vcenter.control("/state")["sessions"], 0, "no password went there")

    def test_a_wrong_password_is_tried_once_and_called_at_once(self):
        with VcenterTown() as town:
            town.vcenter.path("password").write_text("wrong")
            town.vcenter.start()
            town.start_phone("--plan", "ito=answer@100,1@500")
            town.start_kaden()
            incident = town.wait_for_state(1, "acknowledged")
            self.assertIn("cannot be read", incident["title"])
            self.assertIn("InvalidLogin", standing(town)["trouble"])
            self.assertEqual(standing(town)["looks"], 1)
            self.assertNotIn("wrong", town.log("serve"))
            town.vcenter.path("password").write_text(PASSWORD)
            town.serve.send_signal(1)
            town.wait_for_state(1, "resolved")

    def test_another_vcenter_behind_the_same_name(self):
        with VcenterTown(poll_s=10) as town:
            town.begin("--plan", "ito=answer@100,1@500")
            town.vcenter.alarm()
            town.wait_for_state(1, "acknowledged")
            town.vcenter.stop()
            town.vcenter.start("-uuid", "00000000-0000-4000-8000-000000000002")
            town.wait_for_state(1, "resolved", 90)
            town.wait_for_state(2, "acknowledged")
            self.assertIn("DC0_H0_VM0", town.incident(2)["title"])

    def test_kaden_is_killed_and_calls_nobody_twice(self):
        with VcenterTown(poll_s=10) as town:
            town.begin("--plan", "ito=answer@100,1@500")
            town.vcenter.alarm()
            town.vcenter.alarm("DC0_H0_VM1")
            town.wait_for_state(1, "acknowledged")
            town.wait_for_state(2, "acknowledged")
            wait_for("the calls to end", lambda: all("call_ended" in town.happenings(n) for n in (1, 2)))
            town.kill_kaden()
            town.vcenter.alarm("DC0_H0_VM1", "green")
            town.start_kaden()
            town.wait_for_state(2, "resolved")
            wait_readable(town)
            wait_for("three looks", lambda: standing(town)["looks"] >= 3)
            self.assertEqual(town.incident(1)["state"], "acknowledged")
            self.assertEqual(len(town.incidents()), 2)
            self.assertEqual(len(invites(town)), 2)


class CommandLine(unittest.TestCase):
    def run_alarms(self, town, *args):
        return subprocess.run([str(KADEN), "vcenter", "alarms", "--config", str(town.config), *args], capture_output=True, text=True,
                              timeout=60)

    def test_lists_definitions_and_what_is_triggered(self):
        with VcenterTown() as town:
            town.write_configuration()
            town.vcenter.start()
            town.vcenter.alarm("DC0_H0_VM0", acknowledged_by="VSPHERE.LOCAL\\ope1")
            town.vcenter.alarm("DC0_C0_RP0_VM0", "yellow", alarm="alarm-7")
            shown = self.run_alarms(town)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            for part in ("vc1: VMware vCenter Server", "red", "/DC0/vm/DC0_H0_VM0", "acknowledged by VSPHERE.LOCAL\\ope1",
                         NAME + " (alarm.VmUsage), on Datacenters: SendSNMP (yellow to red)"):
                self.assertIn(part, shown.stdout)
            found = json.loads(self.run_alarms(town, "--name", "vc1", "--json").stdout)["vc1"]
            self.assertEqual([(t["entity"], t["status"], t["acknowledged"]) for t in found["triggered"]],
                             [("DC0_H0_VM0", "red", True), ("DC0_C0_RP0_VM0", "yellow", False)])
            self.assertEqual(len(found["definitions"]), 2)
            self.assertEqual(found["definitions"][0]["actions"], [{"type": "SendSNMP", "when": ["yellow to red"]}])
            wrong = self.run_alarms(town, "--name", "vc9")
            self.assertNotEqual(wrong.returncode, 0)
            self.assertIn("vc1", wrong.stderr)
            town.vcenter.stop()
            down = self.run_alarms(town)
            self.assertNotEqual(down.returncode, 0)
            self.assertIn("vc1", down.stderr)


if __name__ == "__main__":
    unittest.main()
