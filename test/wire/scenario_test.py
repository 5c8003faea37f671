#!/usr/bin/python3
"""One scenario, scenario/cloudwatch.json, told to Kaden by each client: boto3, Debian's aws CLI, and the CloudWatch agent's
wire form. js/scenario_test.mjs tells the same file with the AWS SDK for JavaScript, in each of its protocols.

The agent is neither a Debian nor an npm package, so its bodies cannot be recorded here. They are made as its source (and that
of aws-sdk-go, which it uses) makes them: Query with sorted keys, EntityMetricData and StrictEntityValidation always there,
gzip whenever that is smaller; PutLogEvents as JSON 1.1 with gzip. What the agent never sends, boto3 sends for it.
"""

import datetime
import gzip
import json
import os
import pathlib
import re
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request
import xml.etree.ElementTree

import boto3
import botocore
import botocore.auth
import botocore.awsrequest
import botocore.config
import botocore.credentials
import botocore.exceptions

from town import Town

REGION = "ap-northeast-1"
STEPS = json.loads((pathlib.Path(__file__).resolve().parent / "scenario/cloudwatch.json").read_text())["steps"]
UTC = datetime.timezone.utc


class Refused(Exception):
    def __init__(self, code, status):
        super().__init__(f"{code}, HTTP {status}")
        self.code, self.status = code, status


class Story:
    """What differs from one telling to the next: the client's name, the time, and what was kept of answers."""

    def __init__(self, me):
        self.words = {"me": me}
        self.base = datetime.datetime.now(UTC).replace(second=0, microsecond=0) - datetime.timedelta(minutes=5)

    def text(self, text):
        for name, value in self.words.items():
            text = text.replace("{" + name + "}", value)
        return text

    def at(self, seconds):
        return self.base + datetime.timedelta(seconds=seconds)

    def filled(self, value):
        """Times as datetime, words put in."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        if not isinstance(value, dict):
            return value
        if "$at" in value:
            return self.at(value["$at"])
        if "$ms" in value:
            return int(self.at(value["$ms"]).timestamp() * 1000)
        return {name: self.filled(one) for name, one in value.items()}

    def difference(self, told, got, path=""):
        """Where an answer is not as told; empty: it fits."""
        if isinstance(told, dict) and "$like" in told:
            fits = isinstance(got, str) and re.search(self.text(told["$like"]), got)
            return "" if fits else f"{path}: {got!r} is not like {told['$like']!r}"
        if isinstance(told, dict) and "$some" in told:
            fits = any(self.difference(told["$some"], one) == "" for one in got)
            return "" if fits else f"{path}: nothing like {told['$some']!r} in {got!r}"
        is_time = isinstance(told, dict) and {"$at", "$ms"} & told.keys()
        if is_time or not isinstance(told, (dict, list)):
            told = self.filled(told)
        if isinstance(told, dict):
            for name, value in told.items():
                if name not in got:
                    return f"{path}.{name}: is missing in {got!r}"
                different = self.difference(value, got[name], f"{path}.{name}")
                if different:
                    return different
            return ""
        if isinstance(told, list):
            if len(told) != len(got):
                return f"{path}: {len(got)} instead of {len(told)}: {got!r}"
            return next(filter(None, (self.difference(a, b, f"{path}[{i}]") for i, (a, b) in enumerate(zip(told, got)))), "")
        if isinstance(told, datetime.datetime) and isinstance(got, str):
            got = datetime.datetime.fromisoformat(got.replace("Z", "+00:00"))
        return "" if told == got else f"{path}: {got!r} instead of {told!r}"


class Boto3Client:
    name = "boto3"

    def __init__(self, town):
        config = botocore.config.Config(retries={"max_attempts": 1}, connect_timeout=5, read_timeout=20)
        self.clients = {service: boto3.client(service, endpoint_url=town.url, region_name=REGION, config=config,
                                              aws_access_key_id=town.key_id, aws_secret_access_key=town.key_secret)
                        for service in ("cloudwatch", "logs")}

    def ask(self, service, operation, given, one_page):
        try:
            return getattr(self.clients[service], botocore.xform_name(operation))(**given)
        except botocore.exceptions.ClientError as error:
            raise Refused(error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]) from error


class AwsCli:
    name = "aws-cli"

    def __init__(self, town):
        self.url = town.url
        self.environment = dict(os.environ, AWS_ACCESS_KEY_ID=town.key_id, AWS_SECRET_ACCESS_KEY=town.key_secret,
                                AWS_DEFAULT_REGION=REGION, AWS_MAX_ATTEMPTS="1", AWS_PAGER="", AWS_CONFIG_FILE="/dev/null",
                                AWS_SHARED_CREDENTIALS_FILE="/dev/null", PYTHONIOENCODING="utf-8", LC_ALL="C.UTF-8")

    def ask(self, service, operation, given, one_page):
        text = json.dumps(given, default=lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"), ensure_ascii=False)
        pages = ["--no-paginate"] if one_page else []
        run = subprocess.run(["/usr/bin/aws", "--endpoint-url", self.url, "--output", "json", *pages, service,
                              botocore.xform_name(operation, "-"), "--cli-input-json", text],
                             env=self.environment, capture_output=True, text=True)
        if run.returncode != 0:
            code = re.search(r"An error occurred \((\w+)\)", run.stderr)
            assert code, run.stderr
            raise Refused(code.group(1), None)
        return json.loads(run.stdout) if run.stdout.strip() else {}


def query_fields(value, prefix):
    """aws-sdk-go's query form: lists by .member.N, times to the second, booleans in words."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from query_fields(one, f"{prefix}.{name}" if prefix else name)
    elif isinstance(value, list):
        for number, one in enumerate(value, 1):
            yield from query_fields(one, f"{prefix}.member.{number}")
    elif isinstance(value, bool):
        yield prefix, "true" if value else "false"
    elif isinstance(value, datetime.datetime):
        yield prefix, value.strftime("%Y-%m-%dT%H:%M:%SZ")
    else:
        yield prefix, str(value)


class CloudWatchAgent(Boto3Client):
    name = "agent"
    user_agent = "CWAgent/1.300071.0 (go1.25.1; linux; amd64) aws-sdk-go/1.55.8 (go1.25.1; linux; amd64)"

    def __init__(self, town):
        super().__init__(town)
        self.url = town.url
        self.credentials = botocore.credentials.Credentials(town.key_id, town.key_secret)

    def ask(self, service, operation, given, one_page):
        if operation == "PutMetricData":
            return self.put_metric_data(given)
        if operation == "PutLogEvents":
            entity = {"keyAttributes": {"Type": "Service", "Name": "erp", "Environment": "ec2:default"}, "attributes": {"PlatformType": "Generic"}}
            self.send("logs", json.dumps(dict(given, entity=entity), ensure_ascii=False).encode(),
                      {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Logs_20140328.PutLogEvents"})
            return {}
        return super().ask(service, operation, given, one_page)

    def put_metric_data(self, given):
        """Half of the data under an entity, as the agent does for what it can attribute."""
        data = given["MetricData"]
        cut = len(data) // 2
        fields = dict(query_fields({"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": given["Namespace"],
                                    "MetricData": data[cut:], "StrictEntityValidation": False}, ""))
        entity = "EntityMetricData.member.1."
        fields.update(query_fields(data[:cut], entity + "MetricData"))
        for number, (key, value) in enumerate([("Environment", "ec2:default"), ("Name", "erp"), ("Type", "Service")], 1):
            fields[f"{entity}Entity.KeyAttributes.entry.{number}.key"] = key
            fields[f"{entity}Entity.KeyAttributes.entry.{number}.value"] = value
        fields[f"{entity}Entity.Attributes.entry.1.key"] = "PlatformType"
        fields[f"{entity}Entity.Attributes.entry.1.value"] = "Generic"
        body = urllib.parse.urlencode(sorted(fields.items())).encode()
        self.send("monitoring", body, {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"})
        return {}

    def send(self, service, body, headers):
        packed = gzip.compress(body)
        if len(packed) < len(body):
            body, headers = packed, dict(headers, **{"Content-Encoding": "gzip"})
        headers["User-Agent"] = self.user_agent
        request = botocore.awsrequest.AWSRequest("POST", self.url + "/", headers=headers, data=body)
        botocore.auth.SigV4Auth(self.credentials, service, REGION).add_auth(request)
        sent = urllib.request.Request(self.url + "/", data=body, headers=dict(request.headers.items()), method="POST")
        try:
            with urllib.request.urlopen(sent, timeout=20) as answer:
                answer.read()
        except urllib.error.HTTPError as error:
            with error:
                code = xml.etree.ElementTree.fromstring(error.read()).find(".//{*}Code").text
            raise Refused(code, error.code) from error


class Scenario(unittest.TestCase):
    def tell(self, step, client, story):
        given = story.filled(step["input"])
        try:
            answer = client.ask(step["service"], step["operation"], given, step.get("one_page", False))
        except Refused as refused:
            if "error" not in step:
                return f"refused with {refused}"
            expected = step["error"], step["status"] if refused.status else None
            return "" if (refused.code, refused.status) == expected else f"refused with {refused}"
        if "error" in step:
            return f"not refused with {step['error']}"
        told = step.get("answer", {})
        if "any_order" in step:
            key = step["any_order"]
            sort = {"Metrics": lambda one: one["MetricName"], "Datapoints": lambda one: str(one["Timestamp"])}[key]
            answer = dict(answer, **{key: sorted(answer[key], key=sort)})
        for name, path in step.get("keep", {}).items():
            value = answer
            for part in path.split("."):
                value = value[int(part)] if part.isdigit() else value[part]
            story.words[name] = value
        return story.difference(told, answer)

    def run_story(self, client):
        story = Story(client.name)
        for number, step in enumerate(STEPS):
            end = time.monotonic() + step.get("until", 0)
            different = self.tell(step, client, story)
            while different and time.monotonic() < end:
                time.sleep(0.3)
                different = self.tell(step, client, story)
            self.assertEqual(different, "", f"step {number}, {step['operation']}, {step.get('say', '')}")

    def test_every_client_tells_the_same_story(self):
        with Town({"sato": "ja"}) as town:
            town.start_kaden()
            for kind in (Boto3Client, CloudWatchAgent, AwsCli):
                with self.subTest(client=kind.name):
                    self.run_story(kind(town))


if __name__ == "__main__":
    unittest.main(verbosity=2, warnings="ignore")
