"""A double of Amazon Web Services on loopback, over HTTPS with a certificate authority of its own.

Each request is checked by botocore: its signature by botocore's own signer, its body by botocore's model of the service. What it
answers is scripted: queues with visibility times, a clock that is wrong, keys that have expired, throttling, trouble. The same
checks hold for boto3, so that the double is known to take what AWS's own client sends.
"""

import collections
import datetime
import email.utils
import http.server
import json
import re
import ssl
import subprocess
import threading
import time
import urllib.parse
import uuid

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.session
import botocore.validate

REGION = "ap-northeast-1"
ACCOUNT = "111122223333"


class Refusal(Exception):
    def __init__(self, status, code, message="", headers=()):
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message or code, dict(headers)


def make_authority(folder):
    """ca.pem, and a certificate for localhost that it signed."""
    def run(*words):
        subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True)
    run("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=double", "-keyout", folder / "ca.key", "-out", folder / "ca.pem")
    run("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-keyout", folder / "aws.key", "-out", folder / "aws.csr")
    (folder / "san").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    run("x509", "-req", "-days", "30", "-in", folder / "aws.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial",
        "-extfile", folder / "san", "-out", folder / "aws.pem")


class Queue:
    """As SQS has it: what was received is out of sight for a while, then it comes again."""

    def __init__(self):
        self.messages = collections.OrderedDict()  # id: [body, visible at, receipt, times received]
        self.deleted = []
        self.changed = threading.Condition()

    def put(self, body):
        with self.changed:
            name = str(uuid.uuid4())
            self.messages[name] = [body if isinstance(body, str) else json.dumps(body), 0, "", 0]
            self.changed.notify_all()
            return name

    def receive(self, most, wait_s, visibility_s):
        end = time.monotonic() + wait_s
        with self.changed:
            while True:
                now = time.monotonic()
                found = [name for name, message in self.messages.items() if message[1] <= now][:most]
                if found or now >= end:
                    break
                soonest = min([message[1] for message in self.messages.values()] + [end])
                self.changed.wait(max(0.01, min(soonest, end) - now))
            out = []
            for name in found:
                message = self.messages[name]
                message[1], message[2], message[3] = now + visibility_s, str(uuid.uuid4()), message[3] + 1
                out.append({"MessageId": name, "ReceiptHandle": message[2], "Body": message[0], "MD5OfBody": "0" * 32,
                            "Attributes": {"ApproximateReceiveCount": str(message[3])}})
            return out

    def find(self, receipt):
        return next((name for name, message in self.messages.items() if message[2] == receipt), None)

    def delete(self, receipt):
        with self.changed:
            name = self.find(receipt)  # an old receipt succeeds without deleting
            if name:
                self.deleted.append(self.messages.pop(name)[0])

    def hide(self, receipt, visibility_s):
        with self.changed:
            name = self.find(receipt)
            if name:
                self.messages[name][1] = time.monotonic() + visibility_s
                self.changed.notify_all()

    def size(self):
        with self.changed:
            return len(self.messages)


class AwsDouble:
    def __init__(self, folder):
        make_authority(folder)
        self.ca = folder / "ca.pem"
        self.keys = {}            # id: (secret, token or "")
        self.ahead_s = 0          # of its clock
        self.faults = collections.deque()  # Refusals, or seconds to wait, before anything else is looked at
        self.queues = collections.defaultdict(Queue)
        self.requests = []        # (operation, access key id)
        self.wrong = []           # what a right client would never send
        self.models = {name: botocore.session.get_session().get_service_model(name) for name in ("sqs", "sts")}
        double = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                try:
                    status, answer, more = 200, double.answer(self, body), {}
                except Refusal as refusal:
                    status, more = refusal.status, refusal.headers
                    answer = {"__type": f"com.amazonaws#{refusal.code}", "message": refusal.message}
                data = json.dumps(answer).encode()
                self.send_response_only(status)
                now = double.now()
                self.send_header("Date", email.utils.format_datetime(now, usegmt=True))
                for name, value in {"Content-Type": "application/x-amz-json-1.0", "x-amzn-RequestId": str(uuid.uuid4()), **more}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "aws.pem", folder / "aws.key")
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        self.url = f"https://localhost:{self.port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=self.ahead_s)

    @staticmethod
    def queue_url(name):
        return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"

    # Checking ---------------------------------------------------------------------------------------------------------

    def check_signature(self, handler, body, service):
        header = handler.headers.get("Authorization", "")
        parts = re.fullmatch(r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})", header)
        if not parts:
            raise Refusal(403, "MissingAuthenticationToken")
        key, day, region, signed_for, names, signature = parts.groups()
        if key not in self.keys:
            raise Refusal(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
        secret, token = self.keys[key]
        if handler.headers.get("X-Amz-Security-Token", "") != token:
            raise Refusal(403, "ExpiredToken", "The security token included in the request is expired")
        if (region, signed_for) != (REGION, service):
            raise Refusal(403, "SignatureDoesNotMatch", f"signed for {signed_for} in {region}")
        at = datetime.datetime.strptime(handler.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.timezone.utc)
        if abs((at - self.now()).total_seconds()) > 300:
            raise Refusal(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
        names = names.split(";")
        if not {"host", "x-amz-date"} <= set(names) or (token and "x-amz-security-token" not in names):
            raise Refusal(403, "SignatureDoesNotMatch", "a header that must be signed is not")
        request = botocore.awsrequest.AWSRequest(handler.command, self.url + handler.path, data=body,
                                                 headers={name: handler.headers[name] for name in names})
        request.context["timestamp"] = handler.headers["X-Amz-Date"]
        signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(key, secret, token or None), service, REGION)
        wanted = signer.signature(signer.string_to_sign(request, signer.canonical_request(request)), request)
        if wanted != signature or day != handler.headers["X-Amz-Date"][:8]:
            raise Refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
        return key

    def check_shape(self, service, operation, parameters):
        shape = self.models[service].operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(parameters, shape)
        known = set(shape.members)
        if report.has_errors() or set(parameters) - known:
            self.wrong.append(f"{operation}: {report.generate_report()} {set(parameters) - known}")
            raise Refusal(400, "InvalidParameterValue", report.generate_report())

    # Answering --------------------------------------------------------------------------------------------------------

    def answer(self, handler, body):
        while self.faults:
            fault = self.faults.popleft()
            if isinstance(fault, Refusal):
                raise fault
            time.sleep(fault)
        target = handler.headers.get("X-Amz-Target", "")
        if not target.startswith("AmazonSQS."):
            raise Refusal(400, "UnknownOperationException", target)
        operation = target.split(".")[1]
        key = self.check_signature(handler, body, "sqs")
        parameters = json.loads(body)
        self.check_shape("sqs", operation, parameters)
        self.requests.append((operation, key))
        name = urllib.parse.urlsplit(parameters["QueueUrl"]).path.rsplit("/", 1)[1]
        if parameters["QueueUrl"] != self.queue_url(name):
            raise Refusal(400, "QueueDoesNotExist", "The specified queue does not exist.")
        return getattr(self, operation)(self.queues[name], parameters)

    @staticmethod
    def ReceiveMessage(queue, parameters):
        found = queue.receive(parameters.get("MaxNumberOfMessages", 1), parameters.get("WaitTimeSeconds", 0), parameters.get("VisibilityTimeout", 30))
        return {"Messages": found} if found else {}

    @staticmethod
    def DeleteMessageBatch(queue, parameters):
        for entry in parameters["Entries"]:
            queue.delete(entry["ReceiptHandle"])
        return {"Successful": [{"Id": entry["Id"]} for entry in parameters["Entries"]], "Failed": []}

    @staticmethod
    def ChangeMessageVisibilityBatch(queue, parameters):
        for entry in parameters["Entries"]:
            queue.hide(entry["ReceiptHandle"], entry["VisibilityTimeout"])
        return {"Successful": [{"Id": entry["Id"]} for entry in parameters["Entries"]], "Failed": []}

    @staticmethod
    def SendMessage(queue, parameters):
        return {"MessageId": queue.put(parameters["MessageBody"]), "MD5OfMessageBody": "0" * 32}
