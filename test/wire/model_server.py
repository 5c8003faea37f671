"""A stand-in for the models that triage asks: Amazon Bedrock's Converse and OpenAI's chat completions on one port.

It checks what it is sent as the services do (signature by botocore, members and their types), and answers as their
references say. `judge(text)` gives (severity, reason_ja, reason_en); `behave` chooses what goes wrong.
"""

import calendar
import hashlib
import http.server
import json
import re
import socket
import struct
import threading
import time

import botocore.auth
import botocore.awsrequest
import botocore.credentials

TOOL = "record_severity"
KEY_ID, SECRET, TOKEN = "ASIAKADENTRIAGE00001", "triage-secret-0123456789", "triage-session-token-0123456789"
API_KEY = "triage-api-key-0123456789"


def signature_mistake(handler, body):
    """What is wrong with the signature, by botocore's own arithmetic; None: nothing."""
    found = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, "
                         r"SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", handler.headers.get("Authorization", ""))
    if not found:
        return "no signature"
    key_id, date, region, service, signed, signature = found.groups()
    if (key_id, region, service) != (KEY_ID, "ap-northeast-1", "bedrock"):
        return f"signed by {key_id} for {region} {service}"
    if handler.headers.get("X-Amz-Security-Token") != TOKEN:
        return "another session token"
    names = signed.split(";")
    if not {"host", "x-amz-date", "x-amz-security-token"} <= set(names):
        return f"signed headers are {signed}"
    request = botocore.awsrequest.AWSRequest(
        "POST", f"http://{handler.headers['Host']}{handler.path}", {name: handler.headers[name] for name in names}, body)
    request.context["timestamp"] = handler.headers["X-Amz-Date"]
    signed_at = calendar.timegm(time.strptime(request.context["timestamp"], "%Y%m%dT%H%M%SZ"))
    if abs(time.time() - signed_at) > 300:
        return "another time"
    auth = botocore.auth.SigV4Auth(botocore.credentials.Credentials(KEY_ID, SECRET, TOKEN), service, region)
    expected = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    return None if expected == signature else f"signature {signature} is not {expected}"


def need(holds, what):
    if not holds:
        raise ValueError(what)


def check_schema(schema):
    need(schema["type"] == "object" and schema["additionalProperties"] is False, "schema: not a closed object")
    need(sorted(schema["required"]) == sorted(schema["properties"]), "schema: strict mode wants every property")
    need(schema["properties"]["severity"]["enum"] == ["critical", "error", "warning", "info"], "schema: severity")
    for unknown in ("minLength", "maxLength", "minimum", "maximum", "pattern"):
        need(unknown not in json.dumps(schema), f"schema: {unknown} is not supported")


class Model:
    def __init__(self, port=0):
        self.questions = []  # the text between the markers, as it came
        self.bodies = []
        self.paths = []
        self.mistakes = []   # of requests that were refused for their form or signature
        self.judge = lambda text: ("warning", "様子を見てください", "keep an eye on it")
        self.behave = "well"
        self.latency = 0.0
        self.wants_signature = True
        self.release = threading.Event()  # ends "hang"
        model = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    model.answer(self, body)
                except (ValueError, KeyError, TypeError, IndexError) as mistake:
                    model.mistakes.append(f"{self.path}: {mistake!r}")
                    self.send(400, {"message": str(mistake)}, {"x-amzn-ErrorType": "ValidationException:http://internal/"})
                except ConnectionError:
                    pass  # who asked has gone

            def send(self, status, body, headers=None):
                text = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()

    # The two APIs -----------------------------------------------------------------------------------------------------

    def answer(self, handler, body):
        question = json.loads(body)
        is_converse = handler.path.endswith("/converse")
        if is_converse:
            need(re.fullmatch(r"/model/[A-Za-z0-9._~%-]+/converse", handler.path), f"path {handler.path}")
            mistake = signature_mistake(handler, body) if self.wants_signature else (
                None if handler.headers.get("Authorization") == f"Bearer {API_KEY}" else "no api key")
            if mistake:
                self.mistakes.append(mistake)
                why = "UnrecognizedClientException" if mistake.startswith("signed by") else "InvalidSignatureException"
                return handler.send(403, {"message": mistake}, {"x-amzn-ErrorType": f"{why}:http://internal/"})
            shown = self.converse_text(question)
        else:
            need(handler.path == "/v1/chat/completions", f"path {handler.path}")
            if handler.headers.get("Authorization") != f"Bearer {API_KEY}":
                self.mistakes.append("no api key")
                return handler.send(401, {"error": {"message": "Incorrect API key provided", "type": "invalid_request_error"}})
            shown = self.chat_text(question)
        text = self.unfenced(shown)
        if "triage start" not in text:
            self.questions.append(text)
            self.bodies.append(question)
            self.paths.append(handler.path)
        if self.misbehave(handler, "triage start" in text):
            return None
        time.sleep(self.latency)
        severity, ja, en = self.judge(text)
        verdict = {"severity": severity, "reason_ja": ja, "reason_en": en}
        handler.send(200, self.converse_answer(question, verdict) if is_converse else self.chat_answer(question, verdict))

    @staticmethod
    def unfenced(shown):
        lines = shown.split("\n")
        marker = lines[0]
        need(re.fullmatch(r"alarm-text-[0-9a-f]{24}", marker), f"marker {marker}")
        need(shown.count(marker) == 2, "the marker is in the text")
        text = shown[len(marker) + 1:shown.rindex(marker)]
        need(marker == "alarm-text-" + hashlib.sha256(text.encode()).hexdigest()[:24], "the marker is not the text's")
        return text

    @staticmethod
    def converse_text(question):
        need(set(question) <= {"messages", "system", "inferenceConfig", "toolConfig", "outputConfig"}, f"members {list(question)}")
        need([message["role"] for message in question["messages"]] == ["user"], "roles")
        need(isinstance(question["inferenceConfig"]["maxTokens"], int), "maxTokens")
        need("never an instruction" in question["system"][0]["text"], "system")
        if "toolConfig" in question:
            spec = question["toolConfig"]["tools"][0]["toolSpec"]
            need(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", spec["name"]), "tool name")
            need(question["toolConfig"]["toolChoice"] == {"tool": {"name": spec["name"]}}, "toolChoice")
            check_schema(spec["inputSchema"]["json"])
        if "outputConfig" in question:
            form = question["outputConfig"]["textFormat"]
            need(form["type"] == "json_schema", "textFormat")
            check_schema(json.loads(form["structure"]["jsonSchema"]["schema"]))
        return question["messages"][0]["content"][0]["text"]

    @staticmethod
    def chat_text(question):
        need([message["role"] for message in question["messages"]] == ["system", "user"], "roles")
        need(isinstance(question["model"], str), "model")
        need(("max_tokens" in question) != ("max_completion_tokens" in question), "tokens")
        form = question.get("response_format", {})
        if form.get("type") == "json_schema":
            need(form["json_schema"]["strict"] is True, "strict")
            check_schema(form["json_schema"]["schema"])
        if "tools" in question:
            check_schema(question["tools"][0]["function"]["parameters"])
            need(question["tool_choice"]["function"]["name"] == question["tools"][0]["function"]["name"], "tool_choice")
        return question["messages"][1]["content"]

    def converse_answer(self, question, verdict):
        if "toolConfig" in question and self.behave != "prose":
            content = [{"toolUse": {"toolUseId": "tooluse_kZJMlvQmRJ6eAyJE5GIl7Q", "name": TOOL, "input": verdict}}]
            stop = "tool_use"
        else:
            content, stop = [{"text": self.dressed(json.dumps(verdict, ensure_ascii=False))}], "end_turn"
        stop = "max_tokens" if self.behave == "truncated" else stop
        return {"metrics": {"latencyMs": 1275}, "output": {"message": {"role": "assistant", "content": content}}, "stopReason": stop,
                "usage": {"inputTokens": 409, "outputTokens": 96, "totalTokens": 505}}

    def chat_answer(self, question, verdict):
        message = {"role": "assistant", "content": None, "refusal": None}
        finish = "stop"
        text = json.dumps(verdict, ensure_ascii=False)
        if "tools" in question and self.behave != "prose":
            message["tool_calls"] = [{"id": "call_1", "type": "function", "function": {"name": TOOL, "arguments": text}}]
            finish = "tool_calls"
        else:
            message["content"] = self.dressed(text)
        finish = "length" if self.behave == "truncated" else finish
        return {"id": "chatcmpl-1", "object": "chat.completion", "created": int(time.time()), "model": question["model"],
                "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
                "usage": {"prompt_tokens": 402, "completion_tokens": 90, "total_tokens": 492}}

    def dressed(self, text):
        if self.behave == "prose":
            return f"Sure, here is my verdict: {text}"
        return text[:17] if self.behave == "truncated" else text

    # What goes wrong --------------------------------------------------------------------------------------------------

    def misbehave(self, handler, is_first):
        """True when it has answered, or will not."""
        if is_first or self.behave in ("well", "prose", "truncated"):
            return False
        if self.behave == "hang":
            self.release.wait(30)
        elif self.behave == "reset":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
            handler.close_connection = True
        elif self.behave == "garbage":
            handler.send(200, b"<html>it works</html>")
        elif self.behave == "huge":
            handler.send(200, b'{"choices":"' + b"x" * 4_000_000 + b'"}')
        elif self.behave.isdigit():
            name = {"429": "ThrottlingException", "403": "AccessDeniedException"}.get(self.behave, "InternalServerException")
            handler.send(int(self.behave), {"message": "not now"}, {"x-amzn-ErrorType": f"{name}:http://internal/"})
        return True
