#!/usr/bin/python3
"""SNMP: traps and informs from net-snmp's own tools (v2c, v3), a real snmpd that is polled, and who is called for what."""

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from town import KADEN, Town, free_port, wait_for  # noqa: E402

SNMPD = shutil.which("snmpd", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
LINK_DOWN, LINK_UP = "1.3.6.1.6.3.1.1.5.3", "1.3.6.1.6.3.1.1.5.4"
IF_INDEX, IF_ADMIN, IF_OPER, IF_DESCR = (f"1.3.6.1.2.1.2.2.1.{column}" for column in (1, 7, 8, 2))
IF_NAME, IF_ALIAS = "1.3.6.1.2.1.31.1.1.1.1", "1.3.6.1.2.1.31.1.1.1.18"
BGP_STATE, BGP_ADMIN = "1.3.6.1.2.1.15.3.1.2", "1.3.6.1.2.1.15.3.1.3"
BGP_BACKWARD, BGP_ESTABLISHED = "1.3.6.1.2.1.15.0.2", "1.3.6.1.2.1.15.0.1"
VCENTER = "1.3.6.1.4.1.6876.4.3"
PEER = "169.254.10.1"


class SnmpTown(Town):
    """One Kaden that hears traps on loopback, and ito with the robot phone, who takes each call."""

    def __init__(self, devices="", more="", routes=""):
        super().__init__({"ito": "en"}, routes=routes)
        self.trap_port = free_port(socket.SOCK_DGRAM)
        self.agent_port = free_port(socket.SOCK_DGRAM)
        self.environment = dict(os.environ, SNMP_PERSISTENT_DIR=str(self.folder / "persistent"), MIBS="", SNMPCONFPATH=str(self.folder))
        for name, secret in (("community", "s3cret-community"), ("auth", "auth-password-1"), ("priv", "priv-password-1"),
                             ("polled", "public")):
            self.write(name, secret)
        self.extra = f"""sources:
  snmp:
    listen: 127.0.0.1
    port: {self.trap_port}
    from: [127.0.0.0/8]
    communities: [{{community_file: {self.folder}/community}}]
    users:
      - {{name: kaden, authentication: sha256, authentication_password_file: {self.folder}/auth, privacy: aes, privacy_password_file: {self.folder}/priv}}
      - {{name: weaker, authentication: sha, authentication_password_file: {self.folder}/auth}}
{devices.format(folder=self.folder, agent_port=self.agent_port)}{more}
"""

    def begin(self):
        self.start_phone("--plan", "ito=answer@100,1@500")
        self.start_kaden()
        wait_for("traps to be heard", lambda: self.source("traps")["readable"])
        return self

    def source(self, name):
        """Kaden is healthy a moment before its sources are there."""
        there = [one for one in self.get("/api/v1/sources")["sources"] if (one["source"], one["name"]) == ("snmp", name)]
        return there[0] if there else {"readable": None, "trouble": "", "looks": 0, "events": 0}

    def run(self, tool, *args):
        return subprocess.run([tool, *args], env=self.environment, capture_output=True, text=True, timeout=60)

    def trap(self, trap, *bindings, tool="snmptrap", access=("-v", "2c", "-c", "s3cret-community"), more=()):
        return self.run(tool, *access, *more, f"127.0.0.1:{self.trap_port}", "", trap, *bindings)

    def v3(self, user="kaden", level="authPriv", authentication="SHA-256", auth="auth-password-1", priv="priv-password-1", engine="8000000001020304"):
        access = ["-v", "3", "-u", user, "-l", level]
        if engine:
            access += ["-e", f"0x{engine}"]
        if level != "noAuthNoPriv":
            access += ["-a", authentication, "-A", auth]
        if level == "authPriv":
            access += ["-x", "AES", "-X", priv]
        return access

    def link(self, index, is_up=False):
        return (LINK_UP if is_up else LINK_DOWN, f"{IF_INDEX}.{index}", "i", str(index), f"{IF_ADMIN}.{index}", "i", "1",
                f"{IF_OPER}.{index}", "i", "1" if is_up else "2")

    def refused(self):
        return self.source("traps")["trouble"]

    def said(self, number):
        return [e["detail"] for e in self.incident(number)["timeline"] if e["what"] == "answered"]

    def wait_for_state(self, number, state, patience=None):
        wait_for(f"incident {number}\n{self.log('serve')[-2000:]}", lambda: len(self.incidents()) >= number, patience)
        return super().wait_for_state(number, state, patience)


class Traps(unittest.TestCase):
    def test_v2c_link_down_calls_and_link_up_clears(self):
        with SnmpTown() as town:
            town.begin()
            wrong = town.trap(*town.link(3), access=("-v", "2c", "-c", "public"))
            self.assertEqual(wrong.returncode, 0, wrong.stderr)
            wait_for("the refusal to be told", lambda: "1 by community, user or password" in town.refused())
            old = town.run("snmptrap", "-v", "1", "-c", "s3cret-community", f"127.0.0.1:{town.trap_port}", "", "127.0.0.1", "2", "0", "",
                           f"{IF_INDEX}.3", "i", "3")
            self.assertEqual(old.returncode, 0, old.stderr)
            wait_for("version 1 to be told", lambda: "1 that are no SNMP v2c or v3" in town.refused())
            self.assertEqual(town.incidents(), [])
            self.assertEqual(town.trap(*town.link(3)).returncode, 0)
            town.wait_for_state(1, "acknowledged")
            self.assertIn("127.0.0.1: the link 3 is down.", town.said(1)[0])
            town.trap(*town.link(3))  # again: no news
            town.trap(*town.link(3, is_up=True))
            town.wait_for_state(1, "resolved")
            self.assertEqual(len(town.incidents()), 1)

    def test_v3_with_a_right_and_a_wrong_password_and_too_low_a_level(self):
        with SnmpTown() as town:
            town.begin()
            for number, access in enumerate((town.v3(priv="priv-password-2"), town.v3(auth="auth-password-2"), town.v3(user="nobody"),
                                             town.v3(level="authNoPriv"), town.v3(level="noAuthNoPriv"),
                                             town.v3(user="weaker", level="noAuthNoPriv")), 1):
                self.assertEqual(town.trap(*town.link(3), access=access).returncode, 0)
                wait_for(f"refusal {number}", lambda n=number: f"{n} by community, user or password" in town.refused())
            self.assertEqual(town.incidents(), [])
            self.assertEqual(town.trap(*town.link(3), access=town.v3()).returncode, 0)
            town.wait_for_state(1, "acknowledged")
            self.assertEqual(town.trap(*town.link(4), access=town.v3(user="weaker", level="authNoPriv", authentication="SHA")).returncode, 0)
            town.wait_for_state(2, "acknowledged")
            other_engine = town.v3(engine="80000000aabbccdd")
            self.assertEqual(town.trap(*town.link(3, is_up=True), access=other_engine).returncode, 0)
            town.wait_for_state(1, "resolved")

    def test_informs_are_answered_when_they_are_durable_and_only_then(self):
        with SnmpTown() as town:
            town.begin()
            quick = ("-r", "1", "-t", "1")
            for access in (("-v", "2c", "-c", "public"), town.v3(auth="auth-password-2", engine=""), town.v3(level="noAuthNoPriv", engine="")):
                answer = town.trap(*town.link(3), tool="snmpinform", access=access, more=quick)
                self.assertNotEqual(answer.returncode, 0, (access, answer.stdout))
            self.assertEqual(town.incidents(), [])
            for number, access in enumerate((("-v", "2c", "-c", "s3cret-community"), town.v3(engine="")), 1):
                answer = town.trap(*town.link(number), tool="snmpinform", access=access, more=("-t", "10"))
                self.assertEqual(answer.returncode, 0, answer.stderr)
                self.assertIn(f"interface {number}", town.run(
                    str(KADEN), "journal", "print", "--store", str(town.folder / "store")).stdout, "it was in the journal before its answer")
            # Another life of the engine: boots has grown, and the sender finds its time again.
            town.wait_for_state(2, "acknowledged")
            town.kill_kaden()
            town.start_kaden()
            wait_for("traps to be heard", lambda: town.source("traps")["readable"])
            answer = town.trap(*town.link(2, is_up=True), tool="snmpinform", access=town.v3(engine=""), more=("-t", "10"))
            self.assertEqual(answer.returncode, 0, answer.stderr)
            town.wait_for_state(2, "resolved")

    def test_vcenters_alarms_by_trap(self):
        with SnmpTown() as town:
            town.begin()

            def alarm(old, new, text="alarm.VmCPUUsageAlarm - Metric CPU Usage = 95%", vm="erp-db01"):
                return town.trap(f"{VCENTER}.0.203", f"{VCENTER}.308.0", "i", "2", f"{VCENTER}.304.0", "s", old, f"{VCENTER}.305.0", "s", new,
                                 f"{VCENTER}.306.0", "s", text, f"{VCENTER}.307.0", "s", vm, access=town.v3())
            self.assertEqual(alarm("Green", "Yellow").returncode, 0)
            self.assertEqual(town.wait_for_state(1, "acknowledged")["severity"], "warning")
            wait_for("the call to end", lambda: "call_ended" in town.happenings(1))
            alarm("Yellow", "Red")
            wait_for("the second call", lambda: len([e for e in town.phone_events() if e["event"] == "invite"]) == 2)
            self.assertEqual(town.wait_for_state(1, "acknowledged")["severity"], "critical")
            self.assertIn("erp-db01, alarm.VmCPUUsageAlarm.", town.said(1)[-1])
            alarm("赤", "緑", "alarm.VmCPUUsageAlarm - Metric CPU Usage = 5%")
            town.wait_for_state(1, "resolved")

    def test_bgp_and_traps_of_other_kinds(self):
        more = """    devices:
      - {id: core-1, name: Core router 1, address: 127.0.0.1, names: {169.254.10.1: Tokyo Direct Connect}}
    rules:
      - {trap: 1.3.6.1.4.1.9.9.13.3.0.4, name: fan failed, by: 1.3.6.1.4.1.9.9.13.1.4.1.2, clear_s: 2}
"""
        with SnmpTown(more=more) as town:
            town.begin()
            bgp = (f"1.3.6.1.2.1.15.3.1.14.{PEER}", "x", "0400", f"{BGP_STATE}.{PEER}", "i", "1")
            town.trap(BGP_BACKWARD, *bgp)
            town.wait_for_state(1, "acknowledged")
            self.assertIn("Core router 1: the BGP session with Tokyo Direct Connect is down.", town.said(1)[0])
            town.trap(BGP_ESTABLISHED, *bgp)
            town.wait_for_state(1, "resolved")
            town.trap("1.3.6.1.4.1.9.9.13.3.0.4", "1.3.6.1.4.1.9.9.13.1.4.1.2.7", "s", "fan 7")
            incident = wait_for("the rule's incident", lambda: [i for i in town.incidents() if "fan failed fan 7" in i["title"]])[0]
            town.wait_for_state(incident["id"], "resolved")

    def test_noise_neither_stalls_nor_ends_it(self):
        with SnmpTown() as town:
            town.begin()
            noise = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            to = ("127.0.0.1", town.trap_port)
            for size in (0, 1, 2, 10, 100, 1400, 60_000):
                for _ in range(50):
                    noise.sendto(os.urandom(size), to)
                    noise.sendto(b"\x30\x82" + os.urandom(size), to)
                    noise.sendto(b"\x30\x82\x05\x00\x02\x01\x01\x04\x10s3cret-community" + os.urandom(size), to)
                    noise.sendto(bytes.fromhex("303e020103") + os.urandom(size), to)
            noise.close()
            begun = time.monotonic()
            answer = town.trap(*town.link(3), tool="snmpinform", access=town.v3(engine=""), more=("-t", "2", "-r", "8"))
            self.assertEqual(answer.returncode, 0, answer.stderr)
            self.assertLess(time.monotonic() - begun, 15)
            town.wait_for_state(1, "acknowledged")
            self.assertIsNone(town.serve.poll())


class Polls(unittest.TestCase):
    DEVICES = """    devices:
      - id: core-1
        name: Core router 1
        address: 127.0.0.1
        port: {agent_port}
        ACCESS
        interfaces: ["wan*"]
        names: {{wan0: Tokyo Direct Connect, 169.254.10.1: Tokyo Direct Connect}}
        poll_s: 5
        unreadable_s: 3
"""

    def snmpd(self, town):
        """Its interface 1 and a BGP peer, as snmpset(1) says."""
        overrides = [(f"{IF_DESCR}.1", "octet_str", '"wan0"'), (f"{IF_ADMIN}.1", "integer", "1"), (f"{IF_OPER}.1", "integer", "1"),
                     (f"{IF_NAME}.1", "octet_str", '"wan0"'), (f"{IF_ALIAS}.1", "octet_str", '"uplink"'),
                     (f"{BGP_STATE}.{PEER}", "integer", "6"), (f"{BGP_ADMIN}.{PEER}", "integer", "2")]
        text = "rwcommunity public 127.0.0.1\n" + "createUser kaden SHA-256 auth-password-1 AES priv-password-1\nrouser kaden priv\n"
        text += "".join(f"override -rw .{oid} {kind} {value}\n" for oid, kind, value in overrides)
        config = town.write("snmpd.conf", text)
        log = open(town.folder / "snmpd.log", "ab")
        process = subprocess.Popen([SNMPD, "-f", "-Lo", "-C", "-c", str(config), f"udp:127.0.0.1:{town.agent_port}"],
                                   env=town.environment, stdout=log, stderr=subprocess.STDOUT)
        log.close()
        town.processes.append(process)
        wait_for("snmpd\n" + town.log("snmpd"), lambda: self.get(town, f"{IF_OPER}.1") == "1")
        return process

    def get(self, town, oid):
        return town.run("snmpget", "-v", "2c", "-c", "public", "-Oqv", "-r", "0", "-t", "1", f"127.0.0.1:{town.agent_port}", oid).stdout.strip()

    def set(self, town, oid, value):
        done = town.run("snmpset", "-v", "2c", "-c", "public", f"127.0.0.1:{town.agent_port}", oid, "i", str(value))
        self.assertEqual(done.returncode, 0, done.stderr)

    def story(self, access):
        with SnmpTown(devices=self.DEVICES.replace("ACCESS", access)) as town:
            snmpd = self.snmpd(town)
            town.begin()
            wait_for(f"the device to be read\n{town.source('core-1')}", lambda: town.source("core-1")["readable"])
            self.assertEqual(town.incidents(), [])
            self.set(town, f"{IF_OPER}.1", 2)
            town.wait_for_state(1, "acknowledged")
            self.assertIn("Core router 1: the link Tokyo Direct Connect is down.", town.said(1)[0])
            town.trap(*town.link(1))  # the same thing, told again: no news
            self.set(town, f"{IF_OPER}.1", 1)
            town.wait_for_state(1, "resolved")
            # A trap raises it at once, and the poll sees that it is over.
            self.set(town, f"{IF_OPER}.1", 2)
            town.trap(*town.link(1))
            town.wait_for_state(2, "acknowledged")
            self.set(town, f"{IF_OPER}.1", 1)
            town.wait_for_state(2, "resolved")
            self.set(town, f"{BGP_STATE}.{PEER}", 3)
            town.wait_for_state(3, "acknowledged")
            self.assertIn("the BGP session with Tokyo Direct Connect is down.", town.said(3)[0])
            self.set(town, f"{BGP_STATE}.{PEER}", 6)
            town.wait_for_state(3, "resolved")
            snmpd.terminate()
            snmpd.wait()
            unreadable = town.wait_for_state(4, "acknowledged", 90)
            self.assertIn("SNMP cannot be read", unreadable["title"])
            self.assertFalse(town.source("core-1")["readable"])
            self.snmpd(town)
            town.wait_for_state(4, "resolved", 90)
            self.assertEqual(len(town.incidents()), 4)

    def test_v2c(self):
        self.story("community_file: {folder}/polled")

    def test_v3(self):
        self.story("user: kaden")

    def test_a_wrong_password_is_told(self):
        with SnmpTown(devices=self.DEVICES.replace("ACCESS", "user: weaker")) as town:
            self.snmpd(town)
            town.begin()
            wait_for("the trouble", lambda: town.source("core-1")["trouble"])
            town.wait_for_state(1, "acknowledged", 60)


if __name__ == "__main__":
    unittest.main(verbosity=2)
