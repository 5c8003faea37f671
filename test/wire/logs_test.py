#!/usr/bin/python3
"""CloudWatch Logs on Kaden's endpoint: Debian's aws CLI and boto3, kaden-agent, and a line in a log that makes a phone ring."""

import gzip
import json
import os
import pathlib
import socket
import subprocess
import sys
import time
import unittest

import boto3
import botocore.config
import botocore.exceptions

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from town import KADEN, ROOT, Town, wait_for  # noqa: E402

REGION = "ap-northeast-1"
AGENT = KADEN.parent / "kaden-agent"


def client(town, service="logs", key=None, secret=None, **more):
    config = botocore.config.Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=60, **more)
    return boto3.client(service, endpoint_url=town.url, region_name=REGION, aws_access_key_id=key or town.key_id,
                        aws_secret_access_key=secret or town.key_secret, config=config)


def aws(town, *words):
    """The CLI's answer."""
    environment = dict(os.environ, AWS_ACCESS_KEY_ID=town.key_id, AWS_SECRET_ACCESS_KEY=town.key_secret,
                       AWS_DEFAULT_REGION=REGION, AWS_EC2_METADATA_DISABLED="true")
    run = subprocess.run(["/usr/bin/aws", "--endpoint-url", town.url, "logs", *words], env=environment, capture_output=True,
                         text=True)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout) if run.stdout.strip() else None


def now_ms():
    return int(time.time() * 1000)


def messages(logs, group, **more):
    """Of every page."""
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, **more)
    return [event["message"] for page in pages for event in page["events"]]


class Clients(unittest.TestCase):
    def test_the_aws_cli_unmodified(self):
        with Town({"sato": "en"}) as town:
            town.start_kaden()
            group = ["--log-group-name", "/app/web"]
            aws(town, "create-log-group", *group)
            aws(town, "put-retention-policy", *group, "--retention-in-days", "14")
            aws(town, "create-log-stream", *group, "--log-stream-name", "web-01")
            at = now_ms()
            events = [{"timestamp": at, "message": "架電 ERROR <&>"}, {"timestamp": at + 1, "message": "fine"}]
            aws(town, "put-log-events", *group, "--log-stream-name", "web-01", "--log-events", json.dumps(events))
            found = aws(town, "filter-log-events", *group, "--filter-pattern", "ERROR", "--start-time", str(at))
            self.assertEqual([one["message"] for one in found["events"]], ["架電 ERROR <&>"])
            got = aws(town, "get-log-events", *group, "--log-stream-name", "web-01", "--start-from-head")
            self.assertEqual([one["message"] for one in got["events"]], [one["message"] for one in events])
            aws(town, "put-metric-filter", *group, "--filter-name", "errors", "--filter-pattern", "?ERROR ?FATAL",
                "--metric-transformations", "metricName=errors,metricNamespace=App,metricValue=1,defaultValue=0")
            filters = aws(town, "describe-metric-filters", *group)["metricFilters"]
            self.assertEqual([one["filterPattern"] for one in filters], ["?ERROR ?FATAL"])
            tested = aws(town, "test-metric-filter", "--filter-pattern", "[ip, user, status = 4*]", "--log-event-messages",
                         "10.0.0.1 sato 404", "10.0.0.1 sato 200")
            self.assertEqual(tested["matches"], [{"eventNumber": 1, "eventMessage": "10.0.0.1 sato 404",
                                                  "extractedValues": {"$ip": "10.0.0.1", "$user": "sato", "$status": "404"}}])
            groups = aws(town, "describe-log-groups")["logGroups"]
            self.assertEqual([(one["logGroupName"], one["retentionInDays"], one["metricFilterCount"]) for one in groups],
                             [("/app/web", 14, 1)])
            streams = aws(town, "describe-log-streams", *group)["logStreams"]
            self.assertEqual([one["lastEventTimestamp"] for one in streams], [at + 1])
            # `aws logs tail` asks page after page, and waits.
            tail = subprocess.run(
                ["/usr/bin/aws", "--endpoint-url", town.url, "logs", "tail", "/app/web", "--format", "short"],
                env=dict(os.environ, AWS_ACCESS_KEY_ID=town.key_id, AWS_SECRET_ACCESS_KEY=town.key_secret,
                         AWS_DEFAULT_REGION=REGION, PYTHONIOENCODING="utf-8"), capture_output=True, text=True)
            self.assertIn("fine", tail.stdout, tail.stderr)
            aws(town, "delete-metric-filter", *group, "--filter-name", "errors")
            aws(town, "delete-log-group", *group)
            self.assertEqual(aws(town, "describe-log-groups")["logGroups"], [])

    def test_boto3_unmodified_by_pages_and_with_its_errors(self):
        with Town({"sato": "en"}) as town:
            town.start_kaden()
            logs = client(town)
            for number in range(60):
                logs.create_log_group(logGroupName=f"/many/{number:02}")
            names = [one["logGroupName"] for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/many")
                     for one in page["logGroups"]]
            self.assertEqual(names, [f"/many/{number:02}" for number in range(60)])
            logs.create_log_stream(logGroupName="/many/00", logStreamName="s")
            at = now_ms()
            put = {"logGroupName": "/many/00", "logStreamName": "s"}
            for batch in range(3):
                events = [{"timestamp": at + batch, "message": f"{batch} {number} " + "x" * 50} for number in range(8_000)]
                answer = logs.put_log_events(logEvents=events, **put)
                self.assertNotIn("rejectedLogEventsInfo", answer)
            self.assertEqual(len(messages(logs, "/many/00")), 24_000)
            self.assertEqual(len(messages(logs, "/many/00", filterPattern='"7999 "')), 3)
            self.assertEqual(messages(logs, "/many/00", filterPattern=r"%^1\s12[34]\s%"), ["1 123 " + "x" * 50, "1 124 " + "x" * 50])

            answer = logs.put_log_events(logEvents=[{"timestamp": at - 15 * 86_400_000, "message": "old"}], **put)
            self.assertEqual(answer["rejectedLogEventsInfo"], {"tooOldLogEventEndIndex": 1})
            answer = logs.put_log_events(logEvents=[{"timestamp": at, "message": "now"},
                                                    {"timestamp": at + 3 * 3_600_000, "message": "new"}], **put)
            self.assertEqual(answer["rejectedLogEventsInfo"], {"tooNewLogEventStartIndex": 1})
            with self.assertRaises(logs.exceptions.ResourceNotFoundException):
                logs.put_log_events(logGroupName="/none", logStreamName="s", logEvents=[{"timestamp": at, "message": "x"}])
            with self.assertRaises(logs.exceptions.ResourceAlreadyExistsException):
                logs.create_log_stream(**put)
            with self.assertRaises(logs.exceptions.InvalidParameterException):
                logs.put_log_events(logEvents=[{"timestamp": at, "message": "x"}, {"timestamp": at - 1, "message": "y"}], **put)
            with self.assertRaises(botocore.exceptions.ClientError) as wrong:
                client(town, secret="wrong-wrong-wrong-wrong").describe_log_groups()
            self.assertEqual(wrong.exception.response["Error"]["Code"], "InvalidSignatureException")

    def test_the_documented_patterns_over_the_wire(self):
        cases = json.loads((ROOT / "src" / "logfilter" / "testdata" / "filter-pattern-cases.json").read_text())
        with Town({"sato": "en"}) as town:
            town.start_kaden()
            logs = client(town)
            for case in cases:
                with self.subTest(case["pattern"]):
                    expected = case["expected_match"]
                    if expected == "InvalidParameterException":
                        with self.assertRaises(logs.exceptions.InvalidParameterException):
                            logs.test_metric_filter(filterPattern=case["pattern"], logEventMessages=["x"])
                        continue
                    answer = logs.test_metric_filter(filterPattern=case["pattern"], logEventMessages=case["messages"])
                    matched = {one["eventNumber"] for one in answer["matches"]}
                    self.assertEqual([number + 1 in matched for number in range(len(expected))], expected)

    def test_a_gzipped_body_and_the_rights_of_a_key(self):
        with Town({"sato": "en"}) as town:
            town.write("agent-secret", "ingest-only-secret-0001")
            text = town.config.read_text()
            town.config.write_text(text.replace("access_keys: [", "access_keys: [{id: AKIAINGESTONLY000001, secret_file: "
                                                f"{town.folder}/agent-secret, may: [ingest]}}, "))
            town.start_kaden()
            agent = client(town, key="AKIAINGESTONLY000001", secret="ingest-only-secret-0001")
            agent.create_log_group(logGroupName="g")
            agent.create_log_stream(logGroupName="g", logStreamName="s")

            def pack(request, **_):  # as the CloudWatch agent does; before the signature
                request.headers["Content-Encoding"] = "gzip"
                request.data = gzip.compress(request.data if isinstance(request.data, bytes) else request.data.encode())

            agent.meta.events.register_first("before-sign.logs.PutLogEvents", pack)
            agent.put_log_events(logGroupName="g", logStreamName="s", logEvents=[{"timestamp": now_ms(), "message": "packed"}])
            for call in (lambda: agent.filter_log_events(logGroupName="g"), lambda: agent.delete_log_group(logGroupName="g"),
                         lambda: agent.put_retention_policy(logGroupName="g", retentionInDays=1)):
                with self.assertRaises(botocore.exceptions.ClientError) as denied:
                    call()
                self.assertEqual(denied.exception.response["Error"]["Code"], "AccessDeniedException")
            self.assertEqual(messages(client(town), "g"), ["packed"])


    def test_a_body_too_long_is_refused_in_amazons_words(self):
        with Town({"sato": "en"}) as town:
            town.start_kaden()
            with socket.create_connection(("127.0.0.1", town.port), timeout=20) as sender:
                sender.sendall(b"POST / HTTP/1.1\r\nHost: kaden\r\nContent-Type: application/x-amz-json-1.1\r\n"
                               b"X-Amz-Target: Logs_20140328.PutLogEvents\r\nContent-Length: 5000000\r\n\r\n{")
                answer = sender.makefile("rb").read().decode()
            self.assertTrue(answer.startswith("HTTP/1.1 413 "), answer)
            self.assertIn('{"__type":"RequestEntityTooLarge"', answer)
            self.assertIn("x-amzn-RequestId", answer)


class Agent(unittest.TestCase):
    def test_kaden_agent_follows_a_file_through_rotation(self):
        with Town({"sato": "en"}) as town:
            town.start_kaden()
            log = town.folder / "web.log"
            log.write_text("before one\n")
            config = town.write("agent.yaml", f"""url: {town.url}
keys: {{access_key_id: {town.key_id}, secret_file: {town.folder}/secret}}
host: web-01
state_folder: {town.folder}/agent
logs:
  url: {town.url}
  files:
    - {{path: {log}*, group: /guest/web, stream: "{{host}}", from: start}}
""")
            output = open(town.folder / "agent.log", "ab")
            agent = subprocess.Popen([str(AGENT), "--config", str(config)], stdout=output, stderr=subprocess.STDOUT)
            output.close()
            town.processes.append(agent)
            logs = client(town)

            def lines():
                try:
                    return messages(logs, "/guest/web")
                except logs.exceptions.ResourceNotFoundException:
                    return []

            wait_for("the first line", lambda: agent.poll() is not None or lines() == ["before one"])
            self.assertIsNone(agent.poll(), town.log("agent"))
            with open(log, "a") as out:
                out.write("before two\n")
            log.rename(town.folder / "web.log.1")
            log.write_text("after 架電\n")
            wait_for(f"the lines after the rotation {lines()}",
                     lambda: sorted(lines()) == ["after 架電", "before one", "before two"])
            # While Kaden is away the agent keeps the lines.
            town.kill_kaden()
            with open(log, "a") as out:
                out.write("while away\n")
            time.sleep(2.5)
            town.start_kaden()
            wait_for("what was written meanwhile", lambda: "while away" in lines())
            self.assertEqual(len(lines()), 4, lines())


class Story(unittest.TestCase):
    ALARM = ("  - {name: erp errors, namespace: Erp, metric: errors, for_each: [host], statistic: Sum, period_s: 10, datapoints: 1,"
             " of: 1, when: \">= 2\", severity: critical, say: {en: \"{machine} has errors in its ERP log\","
             " ja: \"{machine} のERPログにエラーがあります\"}}\n")

    def put_until_it_calls(self, town, stream="web-01"):
        logs = client(town)
        line = json.dumps({"level": "ERROR", "host": "web-01", "text": "order was not booked"})
        logs.put_log_events(logGroupName="/erp", logStreamName=stream,
                            logEvents=[{"timestamp": now_ms(), "message": line}, {"timestamp": now_ms() + 1, "message": line},
                                       {"timestamp": now_ms() + 2, "message": json.dumps({"level": "INFO", "host": "db-01"})}])
        wait_for("the incident\n" + town.log("serve")[-2000:], lambda: town.incidents(), 40)
        town.wait_for_state(1, "acknowledged")
        words = [e["detail"] for e in town.incident(1)["timeline"] if e["what"] == "answered"]
        self.assertIn("web-01 has errors in its ERP log", words[0])
        self.assertEqual(len(town.incidents()), 1, "db-01 had no error")

    def test_lines_in_a_log_make_a_phone_ring(self):
        with Town({"sato": "en"}, alarms=self.ALARM) as town:
            town.start_phone("--plan", "sato=answer@100,1@500")
            town.start_kaden()
            logs = client(town)
            logs.create_log_group(logGroupName="/erp")
            logs.create_log_stream(logGroupName="/erp", logStreamName="web-01")
            logs.put_metric_filter(logGroupName="/erp", filterName="errors", filterPattern='{ $.level = "ERROR" }',
                                   metricTransformations=[{"metricName": "errors", "metricNamespace": "Erp", "metricValue": "1",
                                                           "dimensions": {"host": "$.host"}}])
            self.put_until_it_calls(town)

    def test_a_filter_of_the_configuration_does_the_same_and_changes_at_a_reload(self):
        filters = ("metric_filters:\n  - {name: errors, group: /erp, pattern: '{ $.level = \"ERROR\" }', namespace: Erp,"
                   " metric: errors, dimensions: {host: $.host}}\n")
        with Town({"sato": "en"}, alarms=self.ALARM, extra=filters) as town:
            town.start_phone("--plan", "sato=answer@100,1@500")
            town.start_kaden()
            logs = client(town)
            logs.create_log_group(logGroupName="/erp")
            logs.create_log_stream(logGroupName="/erp", logStreamName="web-01")
            with self.assertRaises(logs.exceptions.InvalidParameterException) as refused:
                logs.delete_metric_filter(logGroupName="/erp", filterName="errors")
            self.assertIn("configuration", str(refused.exception))
            self.put_until_it_calls(town)
            town.config.write_text(town.config.read_text().replace('"ERROR" }', '"FATAL" }'))
            town.serve.send_signal(1)
            wait_for("the new pattern", lambda: "FATAL" in logs.describe_metric_filters()["metricFilters"][0]["filterPattern"])

    def test_a_filter_that_is_none_is_told_with_its_place(self):
        with Town({"sato": "en"}) as town:
            good = town.config.read_text()
            for line, part in (("{name: f, group: g, pattern: '{ $.a', namespace: N, metric: m}", "pattern: at character"),
                               ("{name: f, group: g h, pattern: x, namespace: N, metric: m}", "group"),
                               ("{name: f, group: g, pattern: x, namespace: N, metric: m, unit: Miles}", "unit"),
                               ("{name: f, group: g, pattern: x, namespace: N, metric: m, value: $.a}", "metricValue"),
                               ("{name: f, group: g, patern: x, namespace: N, metric: m}", 'did you mean "pattern"')):
                town.config.write_text(good + f"\nmetric_filters:\n  - {line}\n")
                run = subprocess.run([str(KADEN), "check", "--config", str(town.config)], capture_output=True, text=True)
                self.assertEqual(run.returncode, 1, run.stdout + run.stderr)
                self.assertRegex(run.stderr + run.stdout, r"kaden\.yaml:\d+:\d+: ")
                self.assertIn(part, run.stderr + run.stdout)


class Durable(unittest.TestCase):
    def test_what_was_answered_is_there_after_kill_9(self):
        with Town({"sato": "en"}) as town:
            town.start_kaden()
            logs = client(town)
            logs.create_log_group(logGroupName="g")
            logs.create_log_stream(logGroupName="g", logStreamName="s")
            told = []
            for number in range(40):
                logs.put_log_events(logGroupName="g", logStreamName="s",
                                    logEvents=[{"timestamp": now_ms(), "message": f"event {number}"}])
                told.append(f"event {number}")
                if number % 10 == 9:
                    town.kill_kaden()
                    town.start_kaden()
                    self.assertEqual(messages(logs, "g"), told)

    def test_a_log_file_that_cannot_be_opened_does_not_keep_anybody_from_calling(self):
        with Town({"sato": "en"}) as town:
            store = town.folder / "store"
            store.mkdir(mode=0o700)
            (store / "logs.db").write_bytes(b"this is no database, and long enough to be looked at" * 100)
            town.start_phone("--plan", "sato=answer@100,1@500")
            town.start_kaden()
            with self.assertRaises(botocore.exceptions.ClientError) as refused:
                client(town).create_log_group(logGroupName="g")
            self.assertEqual(refused.exception.response["Error"]["Code"], "ServiceUnavailableException")
            self.assertEqual(refused.exception.response["ResponseMetadata"]["HTTPStatusCode"], 500)
            health = json.loads(town.request("GET", "/healthz")[1])
            self.assertIn("logs", json.dumps(health))
            town.event("1")
            town.wait_for_state(1, "acknowledged")

    def test_the_log_store_can_be_left_out(self):
        with Town({"sato": "en"}) as town:
            text = town.config.read_text()
            town.config.write_text(text.replace("/store}", "/store, logs: {keep_days: 0}}"))
            town.start_kaden()
            with self.assertRaises(botocore.exceptions.ClientError) as refused:
                client(town).create_log_group(logGroupName="g")
            self.assertIn("no service", str(refused.exception))
            self.assertFalse((town.folder / "store" / "logs.db").exists())


if __name__ == "__main__":
    unittest.main(verbosity=2)
