"""baresip as the phone of a person: it answers by itself or rings, presses keys, and writes down what it hears."""

import json
import socket
import subprocess
import wave

from town import free_port, own_address, wait_for


class Baresip:
    def __init__(self, folder, answermode="auto", more="", person="sato"):
        self.folder = folder
        self.ip = own_address()
        self.port = free_port(socket.SOCK_DGRAM, self.ip)
        self.control = free_port()
        self.address = f"sip:{person}@{self.ip}:{self.port}"
        (folder / "config").write_text(
            f"sip_listen {self.ip}:{self.port}\nrtp_ports 30000-30100\naudio_source aufile,{folder}/silence.wav\n"
            f"snd_path {folder}\nmodule_path /usr/lib/baresip/modules\nmodule g711.so\nmodule aufile.so\n"
            "module sndfile.so\nmodule_app account.so\nmodule_app menu.so\nmodule ctrl_tcp.so\n"
            f"ctrl_tcp_listen 127.0.0.1:{self.control}\n")
        (folder / "accounts").write_text(
            f"<sip:{person}@{self.ip}>;regint=0;answermode={answermode};audio_codecs=PCMU,PCMA{more}\n")
        (folder / "contacts").write_text("")
        with wave.open(str(folder / "silence.wav"), "wb") as silence:
            silence.setparams((1, 2, 8000, 0, "NONE", ""))
            silence.writeframes(bytes(2 * 8000 * 120))
        with open(folder / "log", "wb") as log:
            self.process = subprocess.Popen(["baresip", "-f", str(folder)], stdout=log, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL)
        wait_for("baresip to listen", self.is_listening, 15)

    def is_listening(self):
        if self.process.poll() is not None:
            raise AssertionError(f"baresip ended: {self.log()}")
        try:
            socket.create_connection(("127.0.0.1", self.control), timeout=1).close()
        except OSError:
            return False
        return True

    def command(self, name, parameters=""):
        text = json.dumps({"command": name, "params": parameters, "token": "t"})
        with socket.create_connection(("127.0.0.1", self.control), timeout=5) as s:
            s.sendall(f"{len(text)}:{text},".encode())
            s.settimeout(2)
            try:
                return s.recv(65536).decode(errors="replace")
            except socket.timeout:
                return ""

    def recording(self):
        """The WAV file of what it heard; whole only after close()."""
        heard = sorted(self.folder.glob("*-dec.wav"))
        assert len(heard) == 1, (heard, self.log())
        return heard[0]

    def log(self):
        return (self.folder / "log").read_text(errors="replace")[-2000:]

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
