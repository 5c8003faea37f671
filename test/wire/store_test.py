#!/usr/bin/python3
"""Stored datapoints, in the real program and seen through boto3: kill -9, restarts, and disks that refuse."""

import datetime
import json
import pathlib
import re
import sqlite3
import subprocess
import sys
import time
import unittest

import boto3
from botocore.config import Config

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from town import KADEN, Town, wait_for  # noqa: E402

LOSS_MAX_S = 10  # limits::datapoint_loss_max
NAMESPACE = "CWAgent"
HOST = [{"Name": "host", "Value": "web-01"}]


def client_of(town):
    return boto3.client("cloudwatch", endpoint_url=town.url, region_name="ap-northeast-1",
                        aws_access_key_id=town.key_id, aws_secret_access_key=town.key_secret,
                        config=Config(retries={"max_attempts": 1}))


def utc(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def put(client, name, data, resolution=60):
    """`data`: (unix time, value) each."""
    for start in range(0, len(data), 500):
        client.put_metric_data(Namespace=NAMESPACE, MetricData=[
            {"MetricName": name, "Dimensions": HOST, "Timestamp": utc(at), "Value": value, "Unit": "Percent",
             "StorageResolution": resolution}
            for at, value in data[start:start + 500]])


def statistics(client, name, begin, end, period=60):
    points = client.get_metric_statistics(
        Namespace=NAMESPACE, MetricName=name, Dimensions=HOST, StartTime=utc(begin), EndTime=utc(end), Period=period,
        Statistics=["SampleCount", "Average", "Sum", "Minimum", "Maximum"])["Datapoints"]
    return {point["Timestamp"].timestamp(): (point["SampleCount"], point["Sum"], point["Minimum"], point["Maximum"])
            for point in points}


def metric_data(client, name, begin, end, stat="Average", period=60):
    answer = client.get_metric_data(
        StartTime=utc(begin), EndTime=utc(end), ScanBy="TimestampAscending",
        MetricDataQueries=[{"Id": "m", "MetricStat": {
            "Metric": {"Namespace": NAMESPACE, "MetricName": name, "Dimensions": HOST}, "Period": period, "Stat": stat}}])
    result = answer["MetricDataResults"][0]
    return dict(zip((at.timestamp() for at in result["Timestamps"]), result["Values"]))


def sample(town, name):
    found = re.search(rf"^{name} (\S+)$", town.request("GET", "/metrics")[1].decode(), re.M)
    return float(found.group(1)) if found else None


def wait_until_stored(town, count):
    wait_for(f"{count} datapoints on disk", lambda: sample(town, "kaden_datapoints_stored_total") >= count)


def hot_alarm(client, name="hot", **changes):
    client.put_metric_alarm(**{
        "AlarmName": name, "Namespace": NAMESPACE, "MetricName": "cpu", "Dimensions": HOST, "Statistic": "Maximum",
        "Period": 10, "EvaluationPeriods": 1, "Threshold": 90, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore", **changes})


def wait_until_taken(town):
    wait_for("the incident", town.incidents)
    return town.wait_for_state(1, "acknowledged")


def troubles(town):
    status, body = town.request("GET", "/healthz")
    return status, {one["part"]: one for one in json.loads(body).get("troubles", [])}


class StoredDatapoints(unittest.TestCase):
    def test_outlive_kill_9_and_are_read_beyond_what_memory_holds(self):
        with Town() as town:
            town.start_kaden()
            client = client_of(town)
            now = int(time.time()) // 60 * 60
            begin, end = now - 6 * 3600, now + 60
            data = [(begin + 60 * minute, float(minute % 97)) for minute in range(6 * 60)]
            put(client, "cpu", data)
            wait_until_stored(town, len(data))
            wanted = {at: (1.0, value, value, value) for at, value in data}
            self.assertEqual(statistics(client, "cpu", begin, end), wanted, "memory and store together, before")
            town.kill_kaden()
            town.start_kaden()
            client = client_of(town)
            self.assertEqual(statistics(client, "cpu", begin, end), wanted, "after")
            self.assertEqual(metric_data(client, "cpu", begin, end), dict(data))
            hours = statistics(client, "cpu", begin // 3600 * 3600, end, 3600)
            self.assertEqual(sum(one[0] for one in hours.values()), len(data))
            self.assertEqual(sum(one[1] for one in hours.values()), sum(value for _, value in data))
            # What comes now is joined to it, and nothing was stored twice by the restart.
            put(client, "cpu", [(now, 50.0)])
            wanted[now] = (1.0, 50.0, 50.0, 50.0)
            self.assertEqual(statistics(client, "cpu", begin, end), wanted)
            wait_until_stored(town, 1)
            self.assertEqual(sample(town, "kaden_datapoints_stored_total"), 1)

    def test_a_kill_costs_ten_seconds_of_datapoints_at_most(self):
        with Town() as town:
            town.start_kaden()
            client = client_of(town)
            minute = int(time.time()) // 60 * 60 - 60
            answered = []
            until = time.monotonic() + 25
            while time.monotonic() < until:
                name = f"metric-{len(answered)}"
                put(client, name, [(minute, 1.0)])
                answered.append((name, time.monotonic()))
                time.sleep(0.25)
            town.kill_kaden()
            killed = time.monotonic()
            town.start_kaden()
            client = client_of(town)
            lost = [at for name, at in answered if not statistics(client, name, minute, minute + 60)]
            self.assertLess(len(lost), len(answered) / 2, "what was stored is there")
            for at in lost:
                self.assertLessEqual(killed - at, LOSS_MAX_S)
            print(f"    of {len(answered)} datapoints in 25 s {len(lost)} were lost, "
                  f"the oldest {max([killed - at for at in lost], default=0):.1f} s before the kill")

    def test_alarms_go_on_with_what_came_before_the_kill(self):
        with Town() as town:
            town.start_kaden()
            client = client_of(town)
            hot_alarm(client, Period=60, EvaluationPeriods=3, DatapointsToAlarm=3, Statistic="Average")
            minute = int(time.time()) // 60 * 60
            put(client, "cpu", [(minute - 120, 95.0), (minute - 60, 96.0)])
            wait_until_stored(town, 2)
            town.kill_kaden()
            town.start_kaden()
            self.assertRegex(town.log("serve"), r"[12] datapoints given to alarms")
            client = client_of(town)
            put(client, "cpu", [(int(time.time()) // 60 * 60, 97.0)])
            # Two of the three breaching datapoints are of the life before.
            wait_for("the alarm", lambda: client.describe_alarms(AlarmNames=["hot"])["MetricAlarms"][0]["StateValue"]
                     == "ALARM", 130)

    def test_an_alarm_is_not_told_again_after_a_kill(self):
        with Town() as town:
            town.start_phone("--plan", "sato=answer@100,1@500")
            town.start_kaden()
            client = client_of(town)
            hot_alarm(client)
            now = time.time()
            put(client, "cpu", [(now - 10, 95.0), (now, 95.0)], resolution=1)
            wait_until_taken(town)
            def transitions():
                return [item["Timestamp"] for item in client.describe_alarm_history(
                    AlarmName="hot", HistoryItemType="StateUpdate")["AlarmHistoryItems"]]
            before = transitions()
            self.assertEqual(len(before), 1)
            # One alarm event; the state is saved after it.
            events = town.happenings(1).count("alarm")
            put(client, "cpu", [(time.time(), 95.0)], resolution=1)
            wait_until_stored(town, 3)
            town.kill_kaden()
            town.start_kaden()
            self.assertRegex(town.log("serve"), r"[123] datapoints given to alarms")
            client = client_of(town)
            evaluated = time.monotonic() + 25  # two periods of ten seconds, and a bit
            while time.monotonic() < evaluated:
                after = client.describe_alarms(AlarmNames=["hot"])["MetricAlarms"][0]
                self.assertEqual((after["StateValue"], transitions()), ("ALARM", before))
                time.sleep(1)
            self.assertEqual(town.happenings(1).count("alarm"), events)
            self.assertEqual(len(town.incidents()), 1)

    def test_no_days_store_nothing(self):
        with Town() as town:
            town.config.write_text(town.configuration().replace("/store}", "/store, metrics: {keep_days: 0}}"))
            town.start_kaden()
            put(client_of(town), "cpu", [(time.time(), 5.0)])
            self.assertIsNone(sample(town, "kaden_datapoints_stored_total"))
            town.stop_kaden()
            self.assertFalse((town.folder / "store" / "metrics.db").exists())


class Refusing(unittest.TestCase):
    """Whatever becomes of the datapoints' file: the alarm rings, and /healthz says what is wrong."""

    def rings(self, town):
        client = client_of(town)
        hot_alarm(client)
        now = time.time()
        put(client, "cpu", [(now - 10, 95.0), (now, 95.0)], resolution=1)
        self.assertEqual(wait_until_taken(town)["acknowledged_by"], "sato")
        return client

    def start_in(self, town, before):
        """Kaden in a mount namespace of its own, after the shell commands `before`."""
        if subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True).returncode:
            self.skipTest("this machine lets nobody make a mount namespace")
        (town.folder / "store").mkdir(mode=0o700, exist_ok=True)
        log = open(town.folder / "serve.log", "ab")
        town.serve = subprocess.Popen(
            ["unshare", "-rm", "sh", "-ec", before + '\nexec "$1" serve --config "$2"', "sh", str(KADEN),
             str(town.config)], cwd=town.folder / "store", stdout=log, stderr=subprocess.STDOUT)
        log.close()
        town.processes.append(town.serve)
        wait_for("Kaden to be healthy", town.is_healthy)

    def test_another_program_holds_the_file(self):
        with Town() as town:
            town.start_phone("--plan", "sato=answer@100,1@500")
            town.start_kaden()
            with sqlite3.connect(town.folder / "store" / "metrics.db", isolation_level=None) as other:
                other.execute("BEGIN IMMEDIATE")
                client = self.rings(town)
                status, wrong = wait_for("the trouble", lambda: (lambda t: t if "metrics" in t[1] else None)(troubles(town)))
                self.assertEqual(status, 200, "people are called all the same")
                self.assertIn("datapoints cannot be stored", wrong["metrics"]["reason"])
                self.assertFalse(wrong["metrics"]["calls_suffer"])
                self.assertEqual(sample(town, 'kaden_trouble{part="metrics"}'.replace("{", r"\{").replace("}", r"\}")), 1)
                other.execute("ROLLBACK")
            other.close()
            wait_until_stored(town, 2)
            wait_for("the trouble to end", lambda: "metrics" not in troubles(town)[1])
            self.assertEqual(sample(town, "kaden_datapoints_waiting"), 0)
            now = int(time.time())
            self.assertEqual(sum(metric_data(client, "cpu", now - 300, now + 60, "SampleCount").values()), 2)

    def test_a_disk_that_is_nearly_full(self):
        with Town() as town:
            town.start_phone("--plan", "sato=answer@100,1@500")
            self.start_in(town, "mount -t tmpfs -o size=64m none ../store && cd ../store")
            self.rings(town)
            status, wrong = wait_for("the trouble", lambda: (lambda t: t if "metrics" in t[1] else None)(troubles(town)))
            self.assertEqual(status, 200)
            self.assertIn("nearly full", wrong["metrics"]["reason"])
            self.assertEqual(sample(town, "kaden_datapoints_stored_total"), 0)

    def test_a_file_that_can_only_be_read(self):
        with Town() as town:
            town.start_phone("--plan", "sato=answer@100,1@500")
            town.start_kaden()
            town.stop_kaden()
            self.start_in(town, "for f in metrics.db metrics.db.lock; do mount --bind $f $f; mount -o remount,bind,ro $f; done")
            self.rings(town)
            status, wrong = troubles(town)
            self.assertEqual(status, 200)
            self.assertIn("no datapoints are stored", wrong["metrics"]["reason"])

    def test_a_file_of_another_program_is_left_alone(self):
        with Town() as town:
            town.start_phone("--plan", "sato=answer@100,1@500")
            (town.folder / "store").mkdir(mode=0o700)
            path = town.folder / "store" / "metrics.db"
            with sqlite3.connect(path) as other:
                other.execute("CREATE TABLE accounts(a)")
            other.close()
            kept = path.read_bytes()
            town.start_kaden()
            self.rings(town)
            self.assertIn("another program", troubles(town)[1]["metrics"]["reason"])
            self.assertEqual(path.read_bytes(), kept)

    def test_a_corrupt_file_is_set_aside(self):
        with Town() as town:
            town.start_phone("--plan", "sato=answer@100,1@500")
            (town.folder / "store").mkdir(mode=0o700)
            (town.folder / "store" / "metrics.db").write_bytes(b"x" * 8192)
            town.start_kaden()
            self.rings(town)
            wait_until_stored(town, 2)
            self.assertTrue((town.folder / "store" / "metrics.db.damaged").exists())
            self.assertIn("set aside", town.log("serve"))


def run(*args, text=None):
    return subprocess.run([str(KADEN), *map(str, args)], input=text, capture_output=True, text=True, timeout=60)


RULES = """  - {name: cpu-high, metric: cpu, statistic: Maximum, when: ">= 90",
     say: {en: "The CPU of {machine} is busy."}}
"""


class Rehearsal(unittest.TestCase):
    """kaden alarms test, beside a running Kaden."""

    def test_a_rule_is_drawn_over_what_was_stored(self):
        with Town(alarms=RULES) as town:
            town.start_kaden()
            now = int(time.time()) // 60 * 60
            # Two hours and a half ago to half an hour ago: a peak of ten minutes in it, and the rule in force has
            # nothing to tell of it: a late datum is none of its evaluation range.
            data = [(now - 150 * 60 + 60 * minute, 95.0 if 60 <= minute < 70 else 5.0 + minute % 7)
                    for minute in range(120)]
            put(client_of(town), "cpu", data)
            wait_until_stored(town, len(data))
            span = [utc(at).strftime("%Y-%m-%dT%H:%M:%SZ") for at in (now - 180 * 60, now)]
            test = ("alarms", "test", "cpu-high", "--config", town.config, "--from", span[0], "--to", span[1],
                    "--columns", "60")
            drawn = run(*test, "--lang", "en")
            self.assertEqual((drawn.returncode, drawn.stderr), (0, ""), drawn.stdout)
            print("\n" + drawn.stdout)
            self.assertIn("cpu-high web-01", drawn.stdout)
            self.assertIn("threshold 90", drawn.stdout)
            self.assertIn("1 changes to ALARM, 1 incidents, 1 calls", drawn.stdout)
            rang = utc(now - 150 * 60 + 61 * 60 + 1).strftime("%Y-%m-%dT%H:%M:%SZ")
            self.assertRegex(drawn.stdout, rf"{rang}  ALARM +cpu-high web-01  Threshold Crossed")
            self.assertIn("ALARM 10 min", drawn.stdout)
            self.assertNotIn("\x1b", drawn.stdout, "no colours in a pipe")
            self.assertIn("\x1b[31m", run(*test, "--color", "always").stdout)
            self.assertIn("しきい値 90", run(*test, "--lang", "ja").stdout)
            self.assertEqual(run(*test, "--lang", "en").stdout, drawn.stdout, "the same again")
            # A rule that is not in the configuration yet.
            rule = town.write("new.yaml", "name: cpu-low\nmetric: cpu\nwhen: '< 90'\nseverity: warning\n")
            tried = run("alarms", "test", rule, "--config", town.config, "--from", "-3h", "--lang", "en")
            self.assertEqual(tried.returncode, 0, tried.stderr)
            self.assertIn("cpu-low web-01", tried.stdout)
            self.assertIn("2 changes to ALARM", tried.stdout)
            # Nothing was told to anybody.
            self.assertEqual(town.incidents(), [])

    def test_what_it_cannot_draw_is_said(self):
        with Town(alarms=RULES) as town:
            config = ("--config", town.config)
            no_file = run("alarms", "test", "cpu-high", *config)
            self.assertEqual(no_file.returncode, 2)
            self.assertIn("metrics.db", no_file.stderr)
            town.start_kaden()
            nothing = run("alarms", "test", "cpu-high", *config, "--lang", "en")
            self.assertEqual(nothing.returncode, 1)
            self.assertIn("No stored datapoint", nothing.stdout)
            for args, words in (
                    (["cpu-hihg"], "Rules: cpu-high"),
                    (["cpu-high", "--from", "yesterday"], "--from: \"yesterday\" is not a time"),
                    (["cpu-high", "--from", "-1h", "--to", "-2h"], "--from must be before --to"),
                    (["cpu-high", "--from", "2100-01-01", "--to", "2100-01-02"], "--from must lie in the past")):
                wrong = run("alarms", "test", *args, *config)
                self.assertEqual(wrong.returncode, 1, args)
                self.assertIn(words, wrong.stderr)


class Imports(unittest.TestCase):
    def test_alarms_of_cloudwatch_become_rules_that_pass_the_check(self):
        with Town() as town:
            town.start_kaden()
            client = client_of(town)
            for host in ("web-01", "web-02", "web-03"):
                hot_alarm(client, f"memory {host}", MetricName="mem_used_percent", Period=60, EvaluationPeriods=5,
                          DatapointsToAlarm=3, Dimensions=[{"Name": "host", "Value": host}])
            hot_alarm(client, "slow", MetricName="latency", Statistic="Average",
                      Dimensions=[{"Name": "host", "Value": "web-01"}, {"Name": "path", "Value": "/a*b: \"c\""}])
            client.put_metric_alarm(
                AlarmName="p99 of disk", Namespace="App", MetricName="disk", Dimensions=HOST, ExtendedStatistic="p99",
                Period=300, EvaluationPeriods=2, Threshold=1.5, ComparisonOperator="LessThanThreshold",
                TreatMissingData="breaching", Unit="Seconds")
            client.put_metric_alarm(
                AlarmName="math", EvaluationPeriods=1, Threshold=1, ComparisonOperator="GreaterThanThreshold",
                Metrics=[{"Id": "a", "ReturnData": False, "MetricStat": {"Stat": "Sum", "Period": 60, "Metric": {
                    "Namespace": "App", "MetricName": "x", "Dimensions": HOST}}}, {"Id": "b", "Expression": "a*2"}])
            client.put_composite_alarm(AlarmName="both", AlarmRule='ALARM("slow") AND ALARM("math")')
            described = client.describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
            described.pop("ResponseMetadata")
            text = json.dumps(described, default=lambda at: at.isoformat())
            imported = run("import", "cloudwatch-alarms", "-", "--lang", "en", text=text)
            self.assertEqual(imported.returncode, 0, imported.stderr)
            self.assertEqual(imported.stderr, "5 alarms became 3 rules; 2 did not, see the comments at the end.\n")
            self.assertIn("# - math: it is about metric math", imported.stdout)
            self.assertIn("# - both: it is composite", imported.stdout)
            # In a configuration they are good, and they are what the alarms were.
            config = town.write("imported.yaml", town.config.read_text() + imported.stdout)
            checked = run("check", config)
            self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr + imported.stdout)
            self.assertIn("3 alarm rules", checked.stdout)
            town.stop_kaden()
            town.config.write_text(config.read_text())
            town.start_kaden()
            client = client_of(town)
            client.delete_alarms(AlarmNames=["slow", "memory web-02"])
            now = time.time()
            client.put_metric_data(Namespace=NAMESPACE, MetricData=[
                {"MetricName": "latency", "Timestamp": now, "Value": 95,
                 "Dimensions": [{"Name": "host", "Value": "web-01"}, {"Name": "path", "Value": path}]}
                for path in ("/a*b: \"c\"", "/axb: \"c\"")])
            made = [alarm for alarm in client.describe_alarms()["MetricAlarms"]
                    if alarm.get("AlarmDescription", "").startswith("Made by Kaden's rule") and alarm["MetricName"] == "latency"]
            self.assertEqual(len(made), 1, "the star of a value is no glob")
            self.assertEqual((made[0]["Threshold"], made[0]["Period"]), (90, 10))

    def test_an_agents_configuration_is_checked(self):
        samples = pathlib.Path(__file__).resolve().parents[2] / "src" / "imports" / "imports_corpus"
        advice = run("import", "cloudwatch-agent", samples / "agent_linux.json", "--url", "https://10.0.0.2:8480",
                     "--lang", "en")
        self.assertEqual(advice.returncode, 0, advice.stderr)
        self.assertIn('"metrics": {"endpoint_override": "https://10.0.0.2:8480"}', advice.stdout)
        self.assertIn('"logs": {"endpoint_override": "https://10.0.0.2:8480"}', advice.stdout)
        odd = json.loads((samples / "agent_linux.json").read_text())
        odd["metrics"]["metrics_collected"]["memm"] = {}
        told = run("import", "cloudwatch-agent", "-", "--lang", "ja", text=json.dumps(odd, indent=1))
        self.assertRegex(told.stdout, r"metrics\.metrics_collected\.memm \(\d+ 行目\) はエージェントにない項目")
        for wrong in ("", "[]", "{", '{"a": 1}'):
            refused = run("import", "cloudwatch-agent", "-", text=wrong)
            self.assertEqual((refused.returncode, refused.stdout), (1, ""), wrong)
            self.assertRegex(refused.stderr, r"^kaden: .+\n$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
