"""A small town for tests of the whole program: one Kaden, its phones, its senders, all on loopback.

Every process is started from the build folder named by KADEN_BIN (the folder that holds `kaden`), gets a folder of
its own, and is ended when the town closes. Waiting is by condition, with a deadline, never by a fixed sleep.
"""

import io
import json
import os
import pathlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import hearing

ROOT = pathlib.Path(__file__).resolve().parents[2]
KADEN = pathlib.Path(os.environ.get("KADEN_BIN", ROOT / "build" / "dev" / "apps")) / "kaden"
PATIENCE = float(os.environ.get("KADEN_TEST_PATIENCE", "40"))


def free_port(kind=socket.SOCK_STREAM, ip="127.0.0.1"):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind((ip, 0))
        return s.getsockname()[1]


def own_address():
    """This machine's first address: baresip names it in its session descriptions, whatever it listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        try:
            s.connect(("192.0.2.1", 9))  # nothing is sent
            return s.getsockname()[0]
        except OSError:
            return "127.0.0.1"


def wait_for(what, condition, patience=None):
    """The first true value of condition(); fails naming `what` when the deadline passes."""
    end = time.monotonic() + (patience or PATIENCE)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience or PATIENCE:.0f} s in vain for {what}")
        time.sleep(0.05)


class Town:
    def __init__(self, people=None, policy="", routes="", alarms="", extra="", unsigned=False, sip_ip="127.0.0.1"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kaden-town-"))
        self.port = free_port()
        self.sip_port = free_port(socket.SOCK_DGRAM)
        self.phone_port = free_port(socket.SOCK_DGRAM)
        self.url = f"http://127.0.0.1:{self.port}"
        self.token = secrets.token_hex(16)
        self.key_id, self.key_secret = "AKIAKADENTEST0000001", secrets.token_hex(20)
        self.people = people or {"sato": "ja", "ito": "en"}
        self.policy = policy
        self.routes = routes
        self.alarms = alarms
        self.extra = extra
        self.unsigned = unsigned
        self.sip_ip = sip_ip
        self.addresses = {}  # of people whose phone is not the robot
        self.trunk = ""      # further settings of the SIP carrier
        self.serve = None
        self.phone = None
        self.processes = []
        self.write("token", self.token)
        self.write("secret", self.key_secret)
        self.config = self.folder / "kaden.yaml"
        self.write_configuration()

    # Set-up ---------------------------------------------------------------------------------------------------------

    def write(self, name, text):
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text)
        return path

    def write_configuration(self):
        self.written = self.configuration()
        self.config.write_text(self.written)

    def address(self, person):
        return self.addresses.get(person, f"sip:{person}@{self.sip_ip}:{self.phone_port}")

    def configuration(self):
        people = "\n".join(
            f'  - {{id: {who}, name: {who}, language: {language}, call: ["{self.address(who)}"]}}'
            for who, language in self.people.items()
        )
        policy = self.policy or (
            "  - id: default\n"
            f"    levels: [{{people: [{', '.join(self.people)}], wait_s: 1}}]\n"
            "    rounds: 2\n"
            "    redial: {busy: {wait_s: 1, most: 1}, no_answer: {wait_s: 1, most: 1}, no_key: {wait_s: 1, most: 1},"
            " carrier_failed: {wait_s: 1, most: 3}}\n"
            "    ring_s: 5\n"
        )
        routes = self.routes or "  - {policy: default}\n"
        alarms = f"alarms:\n{self.alarms}" if self.alarms else ""
        unsigned = "allow_unsigned_on_loopback: true" if self.unsigned else ""
        return f"""listen: {{address: 127.0.0.1, port: {self.port}}}
store: {{folder: {self.folder}/store}}
access_keys: [{{id: {self.key_id}, secret_file: {self.folder}/secret}}]
{unsigned}
tokens: [{{name: ops, token_file: {self.folder}/token, may: [events, read, act]}}]
carriers:
  sip: {{bind: {self.sip_ip}, port: {self.sip_port}, rtp_ports: "20000-29999"{self.trunk}}}
speech: {{cache_folder: {self.cache_folder()}}}
people:
{people}
policies:
{policy}
routes:
{routes}
{alarms}
{self.extra}
"""

    @staticmethod
    def cache_folder():
        folder = ROOT / "build" / "test-speech-cache"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def start_process(self, name, *args, **more):
        log = open(self.folder / f"{name}.log", "ab")
        process = subprocess.Popen([str(KADEN), *map(str, args)], stdout=log, stderr=subprocess.STDOUT, **more)
        log.close()
        self.processes.append(process)
        return process

    def start_kaden(self):
        """With the settings as they are now, unless the test wrote a configuration of its own."""
        if self.config.read_text() == self.written:
            self.write_configuration()
        self.spawn_kaden()
        wait_for("Kaden to be healthy", self.is_healthy)
        return self

    def spawn_kaden(self, **more):
        self.serve = self.start_process("serve", "serve", "--config", self.config, **more)

    def is_healthy(self):
        if self.serve.poll() is not None:
            raise AssertionError(f"kaden serve ended with {self.serve.returncode}:\n{self.log('serve')}")
        try:
            return self.request("GET", "/healthz")[0] == 200
        except OSError:
            return False

    def start_phone(self, *args):
        self.phone = self.start_process(
            "phone", "phone", "--bind", "127.0.0.1", "--port", self.phone_port, "--record", self.folder / "calls",
            "--events", self.folder / "phone.jsonl", *args)
        wait_for("the phone to listen", lambda: "listening" in self.log("phone"))
        return self

    def kill_kaden(self):
        self.serve.send_signal(signal.SIGKILL)
        self.serve.wait()

    def stop_kaden(self):
        self.serve.send_signal(signal.SIGTERM)
        return self.serve.wait(timeout=30)

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if not os.environ.get("KADEN_TEST_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Talking to Kaden -------------------------------------------------------------------------------------------------

    def request(self, method, path, body=None, token=None, timeout=60):
        data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Authorization", f"Bearer {token or self.token}")
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                return response.status, response.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def get(self, path):
        status, body = self.request("GET", path)
        assert status == 200, (status, body)
        return json.loads(body)

    def event(self, event_id, alarm="disk full", machine="web-01", **more):
        status, body = self.request("POST", "/api/v1/events",
                                    {"event_id": event_id, "alarm": alarm, "machine": machine, **more})
        assert status == 200, (status, body)
        return json.loads(body)

    def incidents(self):
        return self.get("/api/v1/incidents?limit=1000")["incidents"]

    def incident(self, number):
        return self.get(f"/api/v1/incidents/{number}")

    def happenings(self, number):
        return [entry["what"] for entry in self.incident(number)["timeline"]]

    def wait_for_state(self, number, state, patience=None):
        wait_for(f"incident {number} to be {state}\n{self.log('serve')[-3000:]}",
                 lambda: self.request("GET", f"/api/v1/incidents/{number}")[0] != 404 and self.incident(number)["state"] == state,
                 patience)
        return self.incident(number)

    def spoken(self, language, text):
        """The samples of a text as a call speaks it."""
        status, wav = self.request("POST", "/api/v1/say", {"language": language, "text": text})
        assert status == 200, (status, wav)
        return hearing.samples_of(io.BytesIO(wav))

    # What was heard -------------------------------------------------------------------------------------------------

    def log(self, name):
        path = self.folder / f"{name}.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def phone_events(self):
        path = self.folder / "phone.jsonl"
        if not path.exists():
            return []
        events = []
        for line in path.read_text(errors="replace").splitlines():
            try:
                events.append(json.loads(line))
            except ValueError:
                pass  # the last line of a phone that was killed
        return events
