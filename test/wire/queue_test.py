#!/usr/bin/python3
"""Alarms out of AWS by a queue: Kaden reads SQS, checked request by request with botocore, and deletes only what is durable."""

import json
import os
import pathlib
import sys
import time
import unittest
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.httpsession

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from aws_double import REGION, AwsDouble, Refusal  # noqa: E402
from town import Town, wait_for  # noqa: E402

SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "src/source/webhook/testdata"
NAME = "kaden-mem-vm-erp-01"


def alarm_event(state="ALARM", minute=1, name=NAME):
    """What EventBridge sends when a CloudWatch alarm changes."""
    event = json.loads((SAMPLES / "alarm-state-change-metric.json").read_text())
    event["resources"] = [f"arn:aws:cloudwatch:{REGION}:111122223333:alarm:{name}"]
    event["detail"]["alarmName"] = name
    event["detail"]["state"] |= {"value": state, "timestamp": f"2026-08-24T03:{minute:02}:05.126+0000"}
    return event


class QueueTown(Town):
    def __init__(self, unreadable_s=300, record_only=False, **more):
        routes = "  - {policy: none}\n" if record_only else ""
        super().__init__({"ito": "en"}, routes=routes, **more)
        self.double = AwsDouble(self.folder)
        self.double.keys["AKIDFIRST"] = ("first-secret-first-secret", "")
        self.queue = self.double.queues["alarms"]
        self.extra = (f"aws: {{endpoints: {{sqs: \"{self.double.url}\"}}, ca_file: ca.pem, instance_metadata: false}}\n"
                      f"webhooks:\n  - {{name: aws, format: sqs, queue: {{url: \"{self.double.queue_url('alarms')}\", unreadable_s: {unreadable_s}}}}}\n")
        self.credentials("AKIDFIRST", "first-secret-first-secret")

    def credentials(self, key, secret, token=""):
        self.write("credentials", f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
                   + (f"aws_session_token = {token}\n" if token else ""))

    def spawn_kaden(self, **more):
        env = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        super().spawn_kaden(env=env | {"AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "credentials"), "AWS_CONFIG_FILE": "/nonexistent"}, **more)

    def close(self):
        super().close()
        self.double.close()

    def source(self):
        return next(each for each in self.get("/api/v1/sources")["sources"] if each["source"] == "queue")

    def wait_for_empty(self):
        wait_for(f"the queue to be empty\n{self.log('serve')[-2000:]}", lambda: self.queue.size() == 0)

    def wait_for_incidents(self, count):
        return wait_for(f"{count} incidents\n{self.log('serve')[-2000:]}", lambda: len(self.incidents()) == count and self.incidents())


class Queue(unittest.TestCase):
    def test_an_alarm_calls_and_its_end_clears(self):
        with QueueTown() as town:
            town.start_phone("--plan", "ito=answer@100,1@1500").start_kaden()
            town.queue.put(alarm_event())
            number = town.wait_for_incidents(1)[0]["id"]
            taken = town.wait_for_state(number, "acknowledged")["alarms"][0]
            self.assertEqual(taken["machine"], "vm-erp-01")
            self.assertIn(NAME, taken["alarm"])
            town.wait_for_empty()
            # The same by the other way, through SNS: it is known.
            town.queue.put((SAMPLES / "notification.v2.json").read_text())
            town.queue.put(alarm_event("OK", 9))
            town.wait_for_state(number, "resolved")
            town.wait_for_empty()
            self.assertEqual(len(town.incidents()), 1)
            self.assertEqual(town.double.wrong, [])
            self.assertEqual({key for _, key in town.double.requests}, {"AKIDFIRST"})
            self.assertTrue(town.source()["readable"])
            # Nobody may post to it.
            status, _ = town.request("POST", "/hooks/aws", alarm_event("ALARM", 20))
            self.assertEqual(status, 404)
            wait_for("three deletions to be counted", lambda: 'kaden_source_count_total{source="queue",name="aws",what="deleted"} 3'
                     in town.request("GET", "/metrics")[1].decode())

    def test_what_is_older_changes_nothing_and_what_cannot_be_read_is_kept_on_both_sides(self):
        with QueueTown(record_only=True) as town:
            town.start_kaden()
            town.queue.put(alarm_event("ALARM", 5))
            town.wait_for_incidents(1)
            town.queue.put(alarm_event("OK", 3))  # overtaken on the way
            town.queue.put({"Records": [{"eventSource": "aws:s3"}]})
            wait_for("the odd one to be put aside", lambda: ("ChangeMessageVisibilityBatch", "AKIDFIRST") in town.double.requests)
            wait_for("the others to be deleted", lambda: len(town.queue.deleted) == 2)
            self.assertEqual(town.queue.size(), 1, "what cannot be read stays in the queue")
            self.assertNotEqual(town.incidents()[0]["state"], "resolved")
            kept = town.get("/api/v1/webhooks/deliveries?webhook=aws")["deliveries"]
            self.assertEqual(sorted(each["status"] for each in kept), [200, 200, 400])
            self.assertIn("neither SNS's", json.dumps(kept))

    def test_a_crash_before_the_deletion_costs_no_alarm_and_doubles_none(self):
        with QueueTown(record_only=True) as town:
            town.start_kaden()
            names = [f"alarm-{i}" for i in range(30)]
            for i, name in enumerate(names):
                town.queue.put(alarm_event(name=name))
                if i % 10 == 9:
                    wait_for("some to be received", lambda: any(operation == "ReceiveMessage" for operation, _ in town.double.requests))
                    town.kill_kaden()
                    # Out of sight for a minute: the next life must see them now.
                    for message in town.queue.messages.values():
                        message[1] = 0
                    town.start_kaden()
            wait_for(f"all to be told\n{town.log('serve')[-1500:]}", lambda: len(town.incidents()) == len(names))
            town.wait_for_empty()
            told = sorted(town.incident(each["id"])["alarms"][0]["alarm"] for each in town.incidents())
            self.assertEqual([one.rsplit(":", 1)[-1] for one in told], sorted(names), told)

    def test_trouble_of_every_kind_is_waited_out(self):
        with QueueTown(record_only=True) as town:
            town.double.ahead_s = 600  # the clock is corrected by its answers
            for fault in (Refusal(400, "ThrottlingException"), Refusal(503, "ServiceUnavailable"), Refusal(500, "InternalError"), 1.5):
                town.double.faults.append(fault)
            town.start_kaden()
            town.queue.put(alarm_event())
            town.wait_for_incidents(1)
            town.wait_for_empty()
            # New keys are found, after the old ones were refused.
            del town.double.keys["AKIDFIRST"]
            town.double.keys["ASIASECOND"] = ("second-secret-second", "session-token")
            town.credentials("ASIASECOND", "second-secret-second", "session-token")
            town.queue.put(alarm_event(name="second"))
            town.wait_for_incidents(2)
            town.wait_for_empty()
            self.assertEqual(town.double.wrong, [])

    def test_a_queue_that_cannot_be_read_calls(self):
        with QueueTown(unreadable_s=2) as town:
            town.double.keys.clear()
            town.start_phone("--plan", "ito=answer@100,1@1500").start_kaden()
            incident = town.wait_for_incidents(1)[0]
            town.wait_for_state(incident["id"], "acknowledged")
            self.assertIn("InvalidClientTokenId", town.source()["trouble"])
            self.assertNotIn("first-secret", town.log("serve") + json.dumps(town.get("/api/v1/sources")))
            town.double.keys["AKIDFIRST"] = ("first-secret-first-secret", "")
            town.wait_for_state(incident["id"], "resolved", 90)


class Double(unittest.TestCase):
    """What AWS's own signer made is taken, and nothing else."""

    def test_botocore_is_believed_and_a_changed_byte_is_not(self):
        with QueueTown() as town:
            def send(body, changed=None):
                request = botocore.awsrequest.AWSRequest("POST", town.double.url + "/", data=body, headers={
                    "Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "AmazonSQS.ReceiveMessage"})
                signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials("AKIDFIRST", "first-secret-first-secret"), "sqs", REGION)
                signer.add_auth(request)
                prepared = request.prepare()
                prepared.body = changed or prepared.body
                answer = session.send(prepared)
                return answer.status_code, answer.content
            session = botocore.httpsession.URLLib3Session(verify=str(town.double.ca))
            body = json.dumps({"QueueUrl": town.double.queue_url("alarms")}).encode()
            self.assertEqual(send(body), (200, b"{}"))
            self.assertIn(b"SignatureDoesNotMatch", send(body, body.replace(b"alarms", b"alarmz"))[1])
            self.assertIn(b"InvalidParameterValue", send(json.dumps({"QueueUrl": 1}).encode())[1])
            with self.assertRaises(Exception):
                urllib.request.urlopen(town.double.url, timeout=5)  # the system does not know its authority


if __name__ == "__main__":
    unittest.main(verbosity=2)
