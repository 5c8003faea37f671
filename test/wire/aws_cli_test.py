#!/usr/bin/python3
"""The CloudWatch-compatible endpoint against the clients that people have: Debian's aws CLI and boto3, unmodified.

  KADEN_URL=http://127.0.0.1:8480 KADEN_ACCESS_KEY_ID=... KADEN_SECRET_ACCESS_KEY=... test/wire/aws_cli_test.py

The server must take these keys; alarms whose names begin with "wire-" are the test's own.
"""

import datetime
import gzip
import json
import os
import pathlib
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
FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"
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
        both = self.cloudwatch.describe_alarms(AlarmNamePrefix="wire-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        names = [one["AlarmName"] for one in both["MetricAlarms"] + both["CompositeAlarms"]]
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
            (self.cloudwatch.list_dashboards, {}, ("InvalidAction", 400)),
            (self.cloudwatch.put_composite_alarm, {"AlarmName": "wire-bad", "AlarmRule": "ALARM("}, ("ValidationError", 400)),
            (self.cloudwatch.get_metric_statistics, {
                "Namespace": "Wire", "MetricName": "load", "StartTime": old, "EndTime": old + datetime.timedelta(days=14),
                "Period": 60, "Statistics": ["Sum"]}, ("InvalidParameterCombination", 400)),
            (self.cloudwatch.list_tags_for_resource, {
                "ResourceARN": "arn:aws:cloudwatch:us-east-1:000000000000:alarm:wire-none"},
             ("ResourceNotFoundException", 404)),
        ]
        for call, parameters, expected in cases:
            with self.subTest(expected=expected, parameters=str(parameters)[:100]):
                self.assertEqual(self.error(call, **parameters), expected)

    def test_percentiles_and_metric_math_are_described_as_they_were_put(self):
        put = alarm("wire-p99", EvaluateLowSampleCountPercentile="ignore", ExtendedStatistic="p99.9")
        del put["Statistic"]
        self.cloudwatch.put_metric_alarm(**put)
        stat = {"Metric": {"Namespace": "Wire", "MetricName": "load", "Dimensions": [{"Name": "host", "Value": "a"}]},
                "Period": 60, "Stat": "tm90", "Unit": "Percent"}
        queries = [{"Id": "e1", "Expression": "m1 * 2", "Label": "twice", "ReturnData": True},
                   {"Id": "m1", "MetricStat": stat, "ReturnData": False}]
        self.cloudwatch.put_metric_alarm(AlarmName="wire-math", Metrics=queries, EvaluationPeriods=2, Threshold=1.5,
                                         ComparisonOperator="LessThanThreshold")
        math, p99 = self.described(AlarmNames=["wire-math", "wire-p99"])
        self.assertEqual((p99["ExtendedStatistic"], p99["EvaluateLowSampleCountPercentile"]), ("p99.9", "ignore"))
        self.assertNotIn("Statistic", p99)
        self.assertEqual(math["Metrics"], queries)
        self.assertNotIn("MetricName", math)

    def test_composite_alarms_follow_their_children(self):
        self.cloudwatch.put_metric_alarm(**alarm("wire-child", Period=3600))
        self.cloudwatch.put_composite_alarm(AlarmName="wire-parent", AlarmRule='ALARM("wire-child") AND NOT OK(wire-child)',
                                            AlarmDescription="both", ActionsEnabled=False)
        self.assertEqual(self.described(AlarmNames=["wire-parent"]), [])
        children = self.cloudwatch.describe_alarms(ChildrenOfAlarmName="wire-parent")
        self.assertEqual([one["AlarmName"] for one in children["MetricAlarms"]], ["wire-child"])
        parents = self.cloudwatch.describe_alarms(ParentsOfAlarmName="wire-child")
        self.assertEqual([one["AlarmName"] for one in parents["CompositeAlarms"]], ["wire-parent"])
        self.cloudwatch.set_alarm_state(AlarmName="wire-child", StateValue="ALARM", StateReason="drill")
        until = time.monotonic() + 30
        state = ""
        while state != "ALARM" and time.monotonic() < until:
            time.sleep(0.2)
            (got,) = self.cloudwatch.describe_alarms(AlarmNames=["wire-parent"], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
            state = got["StateValue"]
        self.assertEqual((state, got["AlarmDescription"]), ("ALARM", "both"))
        with self.assertRaises(botocore.exceptions.ClientError):
            self.cloudwatch.put_metric_alarm(**alarm("wire-parent"))

    def test_history_actions_and_tags(self):
        self.cloudwatch.put_metric_alarm(**alarm("wire-history", Period=3600))
        for state in ("ALARM", "OK", "ALARM"):
            self.cloudwatch.set_alarm_state(AlarmName="wire-history", StateValue=state, StateReason="drill")
        pages = self.cloudwatch.get_paginator("describe_alarm_history").paginate(
            AlarmName="wire-history", HistoryItemType="StateUpdate", PaginationConfig={"PageSize": 2})
        pages = [page["AlarmHistoryItems"] for page in pages]
        self.assertEqual([len(page) for page in pages], [2, 1])
        self.assertGreaterEqual(pages[0][0]["Timestamp"], pages[1][0]["Timestamp"])
        self.assertIn("OK to ALARM", pages[0][0]["HistorySummary"])
        self.assertIsInstance(json.loads(pages[0][0]["HistoryData"]), dict)
        self.cloudwatch.disable_alarm_actions(AlarmNames=["wire-history"])
        (got,) = self.described(AlarmNames=["wire-history"])
        self.assertFalse(got["ActionsEnabled"])
        self.cloudwatch.enable_alarm_actions(AlarmNames=["wire-history"])
        self.assertTrue(self.described(AlarmNames=["wire-history"])[0]["ActionsEnabled"])
        arn = got["AlarmArn"]
        self.cloudwatch.tag_resource(ResourceARN=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        self.cloudwatch.untag_resource(ResourceARN=arn, TagKeys=["a"])
        self.assertEqual(self.cloudwatch.list_tags_for_resource(ResourceARN=arn)["Tags"], [{"Key": "b", "Value": "2"}])

    def test_data_comes_out_as_it_went_in(self):
        start = datetime.datetime.now(datetime.timezone.utc).replace(second=0, microsecond=0) - datetime.timedelta(minutes=10)
        at = [start + datetime.timedelta(minutes=minute) for minute in range(4)]
        self.cloudwatch.put_metric_data(Namespace="WireReads", MetricData=[
            datum("reads", Timestamp=at[0], Value=2.5),
            datum("reads", Timestamp=at[1], Values=[1.0, 3.0], Counts=[1.0, 3.0]),
            datum("reads", Timestamp=at[2], StatisticValues={"SampleCount": 4, "Sum": 20, "Minimum": 2, "Maximum": 8})])
        metric = {"Namespace": "WireReads", "MetricName": "load", "Dimensions": [{"Name": "host", "Value": "reads"}]}
        self.assertEqual(self.cloudwatch.list_metrics(Namespace="WireReads")["Metrics"], [metric])
        self.assertEqual(self.cloudwatch.list_metrics(Namespace="WireReads", Dimensions=[{"Name": "host", "Value": "x"}])["Metrics"], [])
        pages = self.cloudwatch.get_paginator("get_metric_data").paginate(
            MetricDataQueries=[{"Id": "m1", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}},
                               {"Id": "e1", "Expression": "FILL(m1, 0) + 1", "Label": "more"}],
            StartTime=start, EndTime=at[3], PaginationConfig={"PageSize": 2})
        got = {"m1": [], "e1": []}
        for page in pages:
            for result in page["MetricDataResults"]:
                got[result["Id"]] += zip(result["Timestamps"], result["Values"])
        self.assertEqual(got["m1"], [(at[2], 5.0), (at[1], 2.5), (at[0], 2.5)])  # newest first
        self.assertEqual([value for _, value in got["e1"]], [6.0, 3.5, 3.5])
        points = self.cloudwatch.get_metric_statistics(
            **metric, StartTime=start, EndTime=at[3], Period=60, Statistics=["Sum", "Minimum"], ExtendedStatistics=["p50"])
        points = sorted(points["Datapoints"], key=lambda one: one["Timestamp"])
        self.assertEqual([(one["Sum"], one["Minimum"]) for one in points], [(2.5, 2.5), (10.0, 1.0), (20.0, 2.0)])
        self.assertEqual([one.get("ExtendedStatistics") for one in points], [{"p50": 2.5}, {"p50": 3.0}, None])

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

    def test_alarms_and_data(self):
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
        self.done("put-composite-alarm", "--alarm-name", "wire-cli-site", "--alarm-rule", 'ALARM("wire-cli")')
        history = self.done("describe-alarm-history", "--alarm-name", "wire-cli", "--history-item-type", "StateUpdate")
        self.assertGreaterEqual(len(history["AlarmHistoryItems"]), 1)
        self.done("disable-alarm-actions", "--alarm-names", "wire-cli")
        self.done("enable-alarm-actions", "--alarm-names", "wire-cli")
        metric = self.done("list-metrics", "--namespace", "Wire", "--dimensions", "Name=host,Value=wire-cli")["Metrics"]
        self.assertEqual([one["MetricName"] for one in metric], ["load"])
        on = self.done("describe-alarms-for-metric", "--namespace", "Wire", "--metric-name", "load", "--dimensions",
                       "Name=host,Value=wire-cli")["MetricAlarms"]
        self.assertEqual([one["AlarmName"] for one in on], ["wire-cli"])
        query = [{"Id": "m1", "MetricStat": {"Metric": metric[0], "Period": 60, "Stat": "Maximum"}}]
        now = datetime.datetime.now(datetime.timezone.utc)
        span = ("--start-time", (now - datetime.timedelta(minutes=5)).isoformat(),
                "--end-time", (now + datetime.timedelta(minutes=1)).isoformat())
        data = self.done("get-metric-data", "--metric-data-queries", json.dumps(query), *span)
        self.assertEqual(data["MetricDataResults"][0]["Values"], [12.5])
        statistics = self.done("get-metric-statistics", "--namespace", "Wire", "--metric-name", "load", "--dimensions",
                               "Name=host,Value=wire-cli", "--period", "60", "--statistics", "SampleCount", *span)
        self.assertEqual([one["SampleCount"] for one in statistics["Datapoints"]], [1.0])
        arn = got["AlarmArn"]
        self.done("tag-resource", "--resource-arn", arn, "--tags", "Key=team,Value=web")
        self.assertEqual(self.done("list-tags-for-resource", "--resource-arn", arn)["Tags"], [{"Key": "team", "Value": "web"}])
        self.done("untag-resource", "--resource-arn", arn, "--tag-keys", "team")
        self.done("delete-alarms", "--alarm-names", "wire-cli-site", "wire-cli")
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

    def agent_body(self, protocol):
        """One PutMetricData of the agent, with the present time in it."""
        body = (FIXTURES / f"putmetricdata.{protocol}").read_bytes()
        now = int(time.time())
        stamp = datetime.datetime.fromtimestamp(now, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        for old, new in ((b"2026-08-24T03%3A04%3A05Z", urllib.parse.quote(stamp).encode()),
                         (b"1787540645", str(now).encode()),
                         (b"\xc1\x1a\x6a\x8b\xb4\xa5", b"\xc1\x1a" + now.to_bytes(4, "big"))):
            body = body.replace(old, new)
        return body

    def test_bodies_of_the_agent_in_every_protocol(self):
        target = "GraniteServiceVersion20100801"
        forms = {
            "query": ({}, "/"),
            "json": ({"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": target + ".PutMetricData",
                      "x-amzn-query-mode": "true"}, "/"),
            "cbor": ({"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor", "x-amzn-query-mode": "true"},
                     f"/service/{target}/operation/PutMetricData"),
        }
        for protocol, (headers, path) in forms.items():
            for packed in (False, True):
                with self.subTest(protocol=protocol, packed=packed):
                    body = self.agent_body(protocol)
                    more = dict(headers, **({"Content-Encoding": "gzip"} if packed else {}))
                    status, answer = self.send(gzip.compress(body) if packed else body, more, path=path)
                    self.assertEqual(status, 200, answer)
        metrics = client().list_metrics(Namespace="CWAgent", Dimensions=[{"Name": "host", "Value": "vm-erp-01"}])["Metrics"]
        self.assertEqual({one["MetricName"] for one in metrics}, {"mem_used_percent", "disk_used_percent"})

    def test_errors_in_json(self):
        status, answer = self.send(b'{"NextToken":"x"}', {"Content-Type": "application/x-amz-json-1.0",
                                                          "X-Amz-Target": "GraniteServiceVersion20100801.DescribeAlarms"})
        self.assertEqual(status, 400)
        self.assertEqual(json.loads(answer)["__type"], "com.amazonaws.cloudwatch#InvalidNextToken")

    def test_a_presigned_url_is_opened_by_anybody_who_has_it(self):
        def opened(change=lambda url: url):
            request = botocore.awsrequest.AWSRequest(
                "GET", URL + "/", params={"Action": "DescribeAlarms", "Version": "2010-08-01"})
            botocore.auth.SigV4QueryAuth(botocore.credentials.Credentials(KEY, SECRET), "monitoring", REGION,
                                         expires=120).add_auth(request)
            try:
                with urllib.request.urlopen(change(request.prepare().url), timeout=20) as answer:
                    return self.code((answer.status, answer.read()))
            except urllib.error.HTTPError as error:
                with error:
                    return self.code((error.code, error.read()))
        self.assertEqual(opened(), (200, ""))
        self.assertEqual(opened(lambda url: url.replace("DescribeAlarms", "ListMetrics")), (403, "SignatureDoesNotMatch"))

    def test_only_metric_data_is_taken_packed(self):
        packed = gzip.compress(b"Action=DescribeAlarms&Version=2010-08-01")
        self.assertEqual(self.code(self.send(packed, {"Content-Encoding": "gzip"})), (400, "MalformedHttpRequestException"))

    def test_malformed_bodies(self):
        for body in (b"", b"Action=%", b"Action=A&Action=B", b"\x00", b"Action=" + b"x" * 100_000):
            with self.subTest(body=body[:20]):
                self.assertEqual(self.send(body)[0], 400)


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
