#!/usr/bin/python3
"""The CloudWatch-compatible endpoint against the clients that people have: Debian's aws CLI and boto3, unmodified.

  KADEN_URL=http://127.0.0.1:8480 KADEN_ACCESS_KEY_ID=... KADEN_SECRET_ACCESS_KEY=... test/wire/aws_cli_test.py

The server must take these keys; alarms whose names begin with "wire-" are the test's own.
"""

import datetime
import gzip
import json
import os
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import boto3
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions

URL = os.environ.get("KADEN_URL", "http://127.0.0.1:8480")
KEY = os.environ.get("KADEN_ACCESS_KEY_ID", "AKIDKADEN")
SECRET = os.environ.get("KADEN_SECRET_ACCESS_KEY", "secret")
AWS = os.environ.get("KADEN_AWS", "/usr/bin/aws")
REGION = "ap-northeast-1"
XMLNS = "{http://monitoring.amazonaws.com/doc/2010-08-01/}"


def client(key=KEY, secret=SECRET):
    config = botocore.config.Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=20)
    return boto3.client("cloudwatch", endpoint_url=URL, region_name=REGION, aws_access_key_id=key,
                        aws_secret_access_key=secret, config=config)


def alarm(name, **more):
    """PutMetricAlarm's parameters for a 10 s alarm over a metric of the alarm's own."""
    return dict({"AlarmName": name, "Namespace": "Wire", "MetricName": "load",
                 "Dimensions": [{"Name": "host", "Value": name}], "Statistic": "Average", "Period": 10,
                 "EvaluationPeriods": 1, "Threshold": 80.0, "ComparisonOperator": "GreaterThanThreshold"}, **more)


def datum(host, **more):
    return dict({"MetricName": "load", "Dimensions": [{"Name": "host", "Value": host}]}, **more)


class Boto3(unittest.TestCase):
    def setUp(self):
        self.cloudwatch = client()
        self.addCleanup(self.delete_own_alarms)

    def delete_own_alarms(self):
        names = [one["AlarmName"] for one in self.described(AlarmNamePrefix="wire-")]
        if names:
            self.cloudwatch.delete_alarms(AlarmNames=names)

    def described(self, **which):
        return self.cloudwatch.describe_alarms(**which)["MetricAlarms"]

    def error(self, call, **parameters):
        """(code, HTTP status) of a call that must fail."""
        with self.assertRaises(botocore.exceptions.ClientError) as caught:
            call(**parameters)
        answer = caught.exception.response
        return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]

    def test_an_alarm_is_described_as_it_was_put(self):
        put = alarm("wire-full", AlarmDescription="負荷 <&>", ActionsEnabled=True, DatapointsToAlarm=2,
                    OKActions=["arn:aws:sns:ap-northeast-1:111122223333:ok"],
                    AlarmActions=["arn:aws:sns:ap-northeast-1:111122223333:alarm"], InsufficientDataActions=[],
                    TreatMissingData="notBreaching", Unit="Percent", Tags=[{"Key": "kaden:severity", "Value": "error"}])
        put.update(EvaluationPeriods=3, Period=60)
        answer = self.cloudwatch.put_metric_alarm(**put)
        self.assertRegex(answer["ResponseMetadata"]["RequestId"], r"^[0-9a-f-]{36}$")
        (got,) = self.described(AlarmNames=["wire-full"])
        for name, value in put.items():
            if name != "Tags":
                self.assertEqual(got[name], value, name)
        self.assertEqual(got["StateValue"], "INSUFFICIENT_DATA")
        self.assertTrue(got["AlarmArn"].endswith(":alarm:wire-full"))
        age = datetime.datetime.now(datetime.timezone.utc) - got["AlarmConfigurationUpdatedTimestamp"]
        self.assertLess(abs(age.total_seconds()), 60)

    def test_a_put_keeps_the_state(self):
        self.cloudwatch.put_metric_alarm(**alarm("wire-state", Period=3600))
        self.cloudwatch.set_alarm_state(AlarmName="wire-state", StateValue="ALARM", StateReason="drill",
                                        StateReasonData=json.dumps({"a": 1}))
        self.cloudwatch.put_metric_alarm(**alarm("wire-state", Period=3600, Threshold=90.5))
        (got,) = self.described(AlarmNames=["wire-state"], StateValue="ALARM")
        self.assertEqual((got["Threshold"], got["StateValue"], got["StateReason"]), (90.5, "ALARM", "drill"))
        self.assertEqual(json.loads(got["StateReasonData"]), {"a": 1})
        self.assertEqual(self.described(AlarmNames=["wire-state"], StateValue="OK"), [])

    def test_pages_come_in_order(self):
        names = [f"wire-page-{number}" for number in range(5)]
        for name in reversed(names):
            self.cloudwatch.put_metric_alarm(**alarm(name))
        pages = self.cloudwatch.get_paginator("describe_alarms").paginate(
            AlarmNamePrefix="wire-page-", PaginationConfig={"PageSize": 2})
        self.assertEqual([[one["AlarmName"] for one in page["MetricAlarms"]] for page in pages],
                         [names[0:2], names[2:4], names[4:5]])
        self.assertEqual(self.described(AlarmNamePrefix="wire-page-", AlarmTypes=["CompositeAlarm"]), [])

    def test_a_breaching_datum_puts_the_alarm_into_alarm(self):
        self.cloudwatch.put_metric_alarm(**alarm("wire-live"))
        until = time.monotonic() + 60
        state = ""
        while state != "ALARM" and time.monotonic() < until:
            self.cloudwatch.put_metric_data(Namespace="Wire", MetricData=[
                datum("wire-live", Value=95.5, StorageResolution=1)])
            time.sleep(1)
            (got,) = self.described(AlarmNames=["wire-live"])
            state = got["StateValue"]
        self.assertEqual(state, "ALARM")
        self.assertRegex(got["StateReason"], r"^Threshold Crossed: 1 out of the last 1 datapoints \[95\.5 \(")
        self.assertEqual(json.loads(got["StateReasonData"])["threshold"], 80.0)

    def test_every_form_of_values_is_taken(self):
        statistics = {"SampleCount": 6, "Sum": 554.25, "Minimum": 91.5, "Maximum": 95}
        now = datetime.datetime.now(datetime.timezone.utc)
        self.cloudwatch.put_metric_data(Namespace="Wire", MetricData=[
            datum("wire-forms", Value=1.5, Unit="Percent", Timestamp=now),
            datum("wire-forms", Values=[91.5, 95.0], Counts=[4.0, 2.0]),
            datum("wire-forms", StatisticValues=statistics),
            datum("wire-forms", StatisticValues=statistics, Values=[91.5, 95.0], Counts=[4.0, 2.0])])
        self.cloudwatch.put_metric_data(Namespace="Wire", MetricData=[
            {"MetricName": f"many-{number}", "Value": number} for number in range(1000)])

    def test_bad_parameters_get_the_codes_of_aws(self):
        put_data, put_alarm = self.cloudwatch.put_metric_data, self.cloudwatch.put_metric_alarm
        old = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=15)
        cases = [
            (put_data, {"Namespace": "AWS/EC2", "MetricData": [datum("x", Value=1)]}, ("InvalidParameterValue", 400)),
            (put_data, {"Namespace": "Wire", "MetricData": []}, ("MissingParameter", 400)),
            (put_data, {"Namespace": "Wire", "MetricData": [datum("x")]}, ("InvalidParameterCombination", 400)),
            (put_data, {"Namespace": "Wire", "MetricData": [datum("x", Value=float("nan"))]},
             ("InvalidParameterValue", 400)),
            (put_data, {"Namespace": "Wire", "MetricData": [datum("x", Value=1, Timestamp=old)]},
             ("InvalidParameterValue", 400)),
            (put_data, {"Namespace": "Wire", "MetricData": [datum("x", Value=1)] * 1001}, ("InvalidParameterValue", 400)),
            (put_alarm, alarm("wire-bad", Period=45), ("ValidationError", 400)),
            (put_alarm, alarm("wire-bad", DatapointsToAlarm=2), ("ValidationError", 400)),
            (put_alarm, alarm("wire-bad", ComparisonOperator="GreaterThanUpperThreshold"), ("ValidationError", 400)),
            (self.cloudwatch.delete_alarms, {"AlarmNames": ["wire-none"]}, ("ResourceNotFound", 404)),
            (self.cloudwatch.set_alarm_state, {"AlarmName": "wire-none", "StateValue": "OK", "StateReason": "x"},
             ("ResourceNotFound", 404)),
            (self.cloudwatch.describe_alarms, {"NextToken": "x"}, ("InvalidNextToken", 400)),
            (self.cloudwatch.list_metrics, {}, ("InvalidAction", 400)),
        ]
        for call, parameters, expected in cases:
            with self.subTest(expected=expected, parameters=str(parameters)[:100]):
                self.assertEqual(self.error(call, **parameters), expected)

    def test_wrong_keys_are_refused(self):
        self.assertEqual(self.error(client(secret="wrong").describe_alarms), ("SignatureDoesNotMatch", 403))
        self.assertEqual(self.error(client(key="AKIDNOBODY").describe_alarms), ("InvalidClientTokenId", 403))


class Cli(unittest.TestCase):
    def aws(self, *arguments, secret=SECRET):
        environment = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "AWS_ACCESS_KEY_ID": KEY,
                       "AWS_SECRET_ACCESS_KEY": secret, "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true",
                       "AWS_MAX_ATTEMPTS": "1", "AWS_PAGER": "", "LC_ALL": "C.UTF-8"}
        return subprocess.run([AWS, "--endpoint-url", URL, "--output", "json", "cloudwatch", *arguments],
                              env=environment, capture_output=True, text=True, timeout=60, check=False)

    def done(self, *arguments):
        run = self.aws(*arguments)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout) if run.stdout.strip() else None

    def test_all_five_operations(self):
        self.done("put-metric-alarm", "--alarm-name", "wire-cli", "--namespace", "Wire", "--metric-name", "load",
                  "--dimensions", "Name=host,Value=wire-cli", "--statistic", "Maximum", "--period", "60",
                  "--evaluation-periods", "2", "--threshold", "0.5", "--comparison-operator", "LessThanThreshold",
                  "--treat-missing-data", "ignore")
        self.done("put-metric-data", "--namespace", "Wire", "--metric-name", "load", "--value", "12.5", "--unit",
                  "Percent", "--dimensions", "host=wire-cli", "--storage-resolution", "1")
        self.done("set-alarm-state", "--alarm-name", "wire-cli", "--state-value", "ALARM", "--state-reason", "訓練")
        (got,) = self.done("describe-alarms", "--alarm-names", "wire-cli")["MetricAlarms"]
        self.assertEqual((got["StateValue"], got["StateReason"], got["Statistic"], got["TreatMissingData"]),
                         ("ALARM", "訓練", "Maximum", "ignore"))
        self.done("delete-alarms", "--alarm-names", "wire-cli")
        self.assertEqual(self.done("describe-alarms", "--alarm-name-prefix", "wire-cli")["MetricAlarms"], [])

    def test_errors_reach_the_user(self):
        run = self.aws("describe-alarms", secret="wrong")
        self.assertNotEqual(run.returncode, 0)
        self.assertIn("(SignatureDoesNotMatch)", run.stderr)
        run = self.aws("delete-alarms", "--alarm-names", "wire-none")
        self.assertIn("(ResourceNotFound)", run.stderr)


class RawRequests(unittest.TestCase):
    """What no client of Debian 12 sends by itself: gzip bodies, other protocols, old dates, changed bytes."""

    def send(self, body, headers=None, sign=True, change=None, path="/"):
        headers = dict({"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}, **(headers or {}))
        request = botocore.awsrequest.AWSRequest("POST", URL + path, headers=headers, data=body)
        if sign:
            credentials = botocore.credentials.Credentials(KEY, SECRET)
            botocore.auth.SigV4Auth(credentials, "monitoring", REGION).add_auth(request)
        sent = urllib.request.Request(URL + path, data=change or body, headers=dict(request.headers.items()), method="POST")
        try:
            with urllib.request.urlopen(sent, timeout=20) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def code(self, answer):
        root = xml.etree.ElementTree.fromstring(answer[1])
        found = root.find(f"{XMLNS}Error/{XMLNS}Code")
        return answer[0], "" if found is None else found.text

    def put_data(self, count=1):
        fields = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": "Wire"}
        for number in range(1, count + 1):
            fields[f"MetricData.member.{number}.MetricName"] = f"raw-{number}"
            fields[f"MetricData.member.{number}.Value"] = str(number)
        return urllib.parse.urlencode(fields).encode()

    def test_gzip(self):
        packed = gzip.compress(self.put_data(500))
        self.assertEqual(self.code(self.send(packed, {"Content-Encoding": "gzip"})), (200, ""))
        self.assertEqual(self.code(self.send(packed[:-9], {"Content-Encoding": "gzip"})),
                         (400, "MalformedHttpRequestException"))
        bomb = gzip.compress(b"A" * 100_000_000)
        self.assertEqual(self.code(self.send(bomb, {"Content-Encoding": "gzip"})), (413, "RequestEntityTooLarge"))

    def test_changed_bytes_and_old_dates(self):
        body = self.put_data()
        self.assertEqual(self.code(self.send(body)), (200, ""))
        self.assertEqual(self.code(self.send(body, change=body + b"0")), (403, "SignatureDoesNotMatch"))
        self.assertEqual(self.code(self.send(body, {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}, sign=False)),
                         (400, "IncompleteSignature"))
        real = botocore.auth.datetime

        class Past(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return real.datetime.utcnow() - datetime.timedelta(minutes=6)

        botocore.auth.datetime = type("module", (), {"datetime": Past})
        try:
            self.assertEqual(self.code(self.send(body)), (400, "RequestExpired"))
        finally:
            botocore.auth.datetime = real

    def test_other_protocols_are_told_so(self):
        status, answer = self.send(b"{}", {"Content-Type": "application/x-amz-json-1.0",
                                           "X-Amz-Target": "GraniteServiceVersion20100801.DescribeAlarms"})
        self.assertEqual(status, 400)
        self.assertTrue(json.loads(answer)["__type"].endswith("#UnsupportedProtocol"))
        self.assertIn("Query", json.loads(answer)["message"])

    def test_malformed_bodies(self):
        for body in (b"", b"Action=%", b"Action=A&Action=B", b"\x00", b"Action=" + b"x" * 100_000):
            with self.subTest(body=body[:20]):
                self.assertEqual(self.send(body)[0], 400)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
