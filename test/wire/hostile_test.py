#!/usr/bin/python3
"""One access key floods, lies and dawdles; another works as if it were alone. Clients: boto3 and bare sockets."""

import http.client
import json
import os
import pathlib
import resource
import secrets
import signal
import socket
import sys
import threading
import time
import unittest

import boto3
import botocore.config
import botocore.exceptions

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from town import Town, wait_for  # noqa: E402

os.environ.update(AWS_EC2_METADATA_DISABLED="true", AWS_DEFAULT_REGION="ap-northeast-1")


def client(town, key_id, secret):
    return boto3.client("cloudwatch", endpoint_url=town.url, aws_access_key_id=key_id, aws_secret_access_key=secret,
                        config=botocore.config.Config(retries={"total_max_attempts": 1}, read_timeout=30))


def code_of(call, **arguments):
    """The error's code, or "" when there was none."""
    try:
        call(**arguments)
        return ""
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]


class Good(threading.Thread):
    """Puts a datapoint again and again; what went wrong and the longest wait are kept."""

    def __init__(self, cloudwatch):
        super().__init__()
        self.cloudwatch, self.is_over = cloudwatch, threading.Event()
        self.puts, self.longest_s, self.failures = 0, 0.0, []

    def run(self):
        while not self.is_over.is_set():
            begun = time.monotonic()
            try:
                self.cloudwatch.put_metric_data(Namespace="Good", MetricData=[{"MetricName": "m", "Value": 1}])
            except botocore.exceptions.BotoCoreError as error:
                self.failures.append(error)
            except botocore.exceptions.ClientError as error:
                self.failures.append(error)
            self.longest_s = max(self.longest_s, time.monotonic() - begun)
            self.puts += 1
            time.sleep(0.01)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join()


class Hostile(unittest.TestCase):
    def setUp(self):
        self.town = Town({"sato": "en"})
        self.addCleanup(self.town.close)
        self.bad_secret = secrets.token_hex(20)
        self.town.write("bad-secret", self.bad_secret)
        keys = f"access_keys: [{{id: {self.town.key_id}, secret_file: {self.town.folder}/secret}}"
        text = self.town.config.read_text()
        self.assertIn(keys, text)
        self.town.config.write_text(text.replace(
            keys, f"{keys}, {{id: AKIANOISYKEY00000001, secret_file: {self.town.folder}/bad-secret, requests_per_second: 20, metrics: 50}}"))
        self.town.start_kaden()
        self.bad = client(self.town, "AKIANOISYKEY00000001", self.bad_secret)
        self.good = client(self.town, self.town.key_id, self.town.key_secret)
        self.addCleanup(self.bad.close)
        self.addCleanup(self.good.close)

    def beside(self, misbehave):
        with Good(self.good) as good:
            misbehave()
            enough = time.monotonic() + 30
            while good.puts < 50 and time.monotonic() < enough:
                time.sleep(0.05)
        self.assertEqual(good.failures, [])
        self.assertGreaterEqual(good.puts, 50)
        self.assertLess(good.longest_s, 5, "the good client was stalled")
        self.assertTrue(self.town.is_healthy())

    def test_a_series_explosion_stops_at_the_keys_own_limit(self):
        def explode():
            codes = [code_of(self.bad.put_metric_data, Namespace="Bad", MetricData=[
                {"MetricName": "m", "Value": 1, "Dimensions": [{"Name": "host", "Value": f"web-{batch}-{i}"}]} for i in range(20)])
                for batch in range(6)]
            self.assertEqual(codes, ["", "", "LimitExceeded", "LimitExceeded", "LimitExceeded", "LimitExceeded"])
        self.beside(explode)
        self.assertLessEqual(len(self.good.list_metrics(Namespace="Bad")["Metrics"]), 50)

    def test_a_key_writes_only_where_it_is_for(self):
        """As IAM narrows a policy by namespace and log group; what a reload narrows holds at once."""
        narrowed = "requests_per_second: 20, metrics: 50, namespaces: [\"Bad*\"], log_groups: [\"/bad/*\"]"
        self.town.config.write_text(self.town.config.read_text().replace("requests_per_second: 20, metrics: 50", narrowed))
        self.town.serve.send_signal(signal.SIGHUP)
        wait_for("the reload", lambda: "reloaded" in self.town.log("serve"))
        logs = {name: boto3.client("logs", endpoint_url=self.town.url, aws_access_key_id=key, aws_secret_access_key=secret, region_name="ap-northeast-1")
                for name, key, secret in (("bad", "AKIANOISYKEY00000001", self.bad_secret), ("good", self.town.key_id, self.town.key_secret))}
        for each in logs.values():
            self.addCleanup(each.close)
        logs["good"].create_log_group(logGroupName="/good/app")
        logs["good"].create_log_stream(logGroupName="/good/app", logStreamName="web-01")
        bad, denied = logs["bad"], "AccessDeniedException"
        event = [{"timestamp": int(time.time() * 1000), "message": "noise"}]
        for call, arguments in ((bad.put_log_events, {"logStreamName": "web-01", "logEvents": event}), (bad.create_log_stream, {"logStreamName": "x"}),
                                (bad.delete_log_group, {}), (bad.put_retention_policy, {"retentionInDays": 1}),
                                (bad.delete_log_stream, {"logStreamName": "web-01"})):
            self.assertEqual(code_of(call, logGroupName="/good/app", **arguments), denied, call)
        self.assertEqual(code_of(bad.tag_resource, resourceArn="arn:aws:logs:us-east-1:000000000000:log-group:/good/app", tags={"a": "b"}), denied)
        self.assertEqual(code_of(bad.tag_resource, resourceArn="arn:x:log-group:/good/app", tags={"a": "b"}), denied)
        self.assertEqual(code_of(bad.create_log_group, logGroupName="/good/other"), denied)
        for call, arguments in ((bad.create_log_group, {}), (bad.create_log_stream, {"logStreamName": "x"}),
                                (bad.put_log_events, {"logStreamName": "x", "logEvents": event})):
            self.assertEqual(code_of(call, logGroupName="/bad/app", **arguments), "", call)
        with self.assertRaisesRegex(botocore.exceptions.ClientError, "on namespace Good, since its access key is for Bad\\*"):
            bad.put_metric_filter(logGroupName="/bad/app", filterName="f", filterPattern="noise", metricTransformations=[
                {"metricName": "m", "metricNamespace": "Good", "metricValue": "1"}])
        self.assertEqual(code_of(self.bad.put_metric_data, Namespace="Good", MetricData=[{"MetricName": "m", "Value": 1}]), "AccessDenied")
        self.assertEqual(code_of(self.bad.put_metric_data, Namespace="Bad1", MetricData=[{"MetricName": "m", "Value": 1}]), "")
        self.assertEqual([each["logGroupName"] for each in bad.describe_log_groups()["logGroups"]], ["/bad/app", "/good/app"])

    def test_a_flood_of_requests_is_throttled_and_told_why(self):
        def flood():
            answers = []
            for _ in range(200):
                try:
                    self.bad.put_metric_data(Namespace="Bad", MetricData=[{"MetricName": "m", "Value": 1}])
                    answers.append("")
                except botocore.exceptions.ClientError as error:
                    answers.append(error.response["Error"]["Message"])
            self.assertIn("Rate exceeded: this access key may send 20 requests a second.", answers)
            self.assertEqual(answers[0], "")
        self.beside(flood)

    def test_bad_signatures_are_throttled_for_the_sender_that_makes_them(self):
        liar = client(self.town, "AKIANOISYKEY00000001", "not the secret")

        def lie():
            codes = {code_of(liar.put_metric_data, Namespace="Bad", MetricData=[{"MetricName": "m", "Value": 1}]) for _ in range(300)}
            liar.close()
            self.assertIn("SignatureDoesNotMatch", codes)
            self.assertLessEqual(codes, {"SignatureDoesNotMatch", "Throttling"})
            self.assertIn("Throttling", codes)
        self.beside(lie)

    def test_huge_and_slow_bodies_take_only_their_own_connection(self):
        def burden():
            slow = [socket.create_connection(("127.0.0.1", self.town.port), timeout=60) for _ in range(100)]
            for s in slow:
                s.sendall(b"POST / HTTP/1.1\r\nHost: kaden.example\r\nContent-Length: 1000000\r\n"
                          b"Content-Type: application/x-www-form-urlencoded\r\n\r\nAction=PutMetricData")
            with socket.create_connection(("127.0.0.1", self.town.port), timeout=60) as huge:
                huge.sendall(b"POST / HTTP/1.1\r\nHost: kaden.example\r\nContent-Length: 50000000\r\n\r\n")
                self.assertIn(b" 413 ", huge.recv(4096).split(b"\r\n")[0])
            for s in slow:  # a byte now and then is no way to hold a connection for ever
                s.sendall(b"x")
            for s in slow:
                try:
                    self.assertIn(b" 408 ", s.recv(4096).split(b"\r\n")[0])
                except ConnectionResetError:
                    pass  # closed before the answer was read
                s.close()
        self.beside(burden)


class Descriptors(unittest.TestCase):
    def test_idle_connections_never_keep_a_call_from_being_placed(self):
        """Debian gives a login 1,024 descriptors, of which the process may take more, or may not."""
        for hard in (8192, 1024):
            with self.subTest(hard), Town({"sato": "ja"}) as town:
                town.start_phone("--plan", "sato=answer@100,1@500")
                town.spawn_kaden(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard)))
                wait_for("Kaden to be healthy", town.is_healthy)
                sender = http.client.HTTPConnection("127.0.0.1", town.port, timeout=30)
                sender.request("GET", "/healthz")
                self.assertEqual(sender.getresponse().read()[:1], b"{")
                # From another address, which has half of all connections at most: the rest is refused at once, and told why.
                idle = [socket.create_connection(("127.0.0.1", town.port), timeout=30, source_address=("127.0.0.2", 0))
                        for _ in range(1500)]
                self.assertIn(b" 503 ", idle[-1].recv(4096).split(b"\r\n")[0])
                for s in idle[:200]:  # and such as dawdle
                    s.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n")
                self.assertTrue(town.is_healthy(), "others are served")
                body = json.dumps({"event_id": "1", "alarm": "disk full", "machine": f"web-{secrets.token_hex(3)}"})  # not in the cache
                sender.request("POST", "/api/v1/events", body, {"Authorization": f"Bearer {town.token}"})
                self.assertEqual(sender.getresponse().status, 200)
                town.wait_for_state(1, "acknowledged")
                self.assertEqual(town.happenings(1).count("dialling"), 1, "the first call went out")
                for s in idle:
                    s.close()
                sender.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
