#!/usr/bin/python3
"""Stored datapoints, in the real program and seen through boto3: kill -9, restarts, and disks that refuse."""

import datetime
import json
import pathlib
import random
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
    """`changes`: None leaves a parameter out."""
    given = {
        "AlarmName": name, "Namespace": NAMESPACE, "MetricName": "cpu", "Dimensions": HOST, "Statistic": "Maximum",
        "Period": 10, "EvaluationPeriods": 1, "Threshold": 90, "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "ignore", **changes}
    client.put_metric_alarm(**{name: value for name, value in given.items() if value is not None})


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

    def test_an_alarm_made_now_looks_at_what_is_stored_and_a_restart_changes_nothing(self):
        with Town() as town:
            town.start_kaden()
            client = client_of(town)
            now = int(time.time()) // 60 * 60
            data = [(now - 60 * minute, 50.0) for minute in range(8 * 60)]
            put(client, "cpu", data)
            wait_until_stored(town, len(data))
            town.kill_kaden()  # memory has nothing of it then: no alarm looked at it
            town.start_kaden()
            client = client_of(town)
            alarms = {"six-hours": (3600, 6, 10.0, "ALARM"), "quiet": (3600, 6, 90.0, "OK"), "minutes": (60, 5, 10.0, "ALARM")}
            for name, (period, count, threshold, _) in alarms.items():
                client.put_metric_alarm(AlarmName=name, Namespace=NAMESPACE, MetricName="cpu", Dimensions=HOST, Statistic="Average", Period=period,
                                        EvaluationPeriods=count, Threshold=threshold, ComparisonOperator="GreaterThanThreshold",
                                        TreatMissingData="ignore")

            def states():
                return {one["AlarmName"]: one["StateValue"] for one in client_of(town).describe_alarms()["MetricAlarms"]}
            wanted = {name: state for name, (_, _, _, state) in alarms.items()}
            wait_for("the alarms to look at the past", lambda: states() == wanted, 90)
            incidents = len(town.incidents())
            town.kill_kaden()
            town.start_kaden()
            time.sleep(3)  # several evaluations
            self.assertEqual(states(), wanted)
            self.assertEqual(len(town.incidents()), incidents)

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


def put_values(client, name, minutes, resolution=60):
    """`minutes`: unix time -> [(value, count)]; at most 150 values go into one datum."""
    data = []
    for at, values in minutes.items():
        for start in range(0, len(values), 150):
            part = values[start:start + 150]
            data.append({"MetricName": name, "Dimensions": HOST, "Timestamp": utc(at), "Unit": "Milliseconds",
                         "Values": [value for value, _ in part], "Counts": [count for _, count in part],
                         "StorageResolution": resolution})
    for start in range(0, len(data), 100):
        client.put_metric_data(Namespace=NAMESPACE, MetricData=data[start:start + 100])


def result_of(client, name, begin, end, stat, period=60):
    answer = client.get_metric_data(
        StartTime=utc(begin), EndTime=utc(end), ScanBy="TimestampAscending",
        MetricDataQueries=[{"Id": "m", "MetricStat": {
            "Metric": {"Namespace": NAMESPACE, "MetricName": name, "Dimensions": HOST}, "Period": period, "Stat": stat}}])
    return answer["MetricDataResults"][0]


EXTENDED = ("p0", "p50", "p95", "p99.9", "p100", "tm90", "tm99", "wm90", "tc90", "ts90", "IQM", "PR(40:300)", "TM(2%:98%)")


def all_extended(client, name, begin, end):
    """Everything that needs the values one by one, over short and long periods."""
    found = {(stat, period): metric_data(client, name, begin, end, stat, period)
             for stat in EXTENDED for period in (60, 300)}
    points = client.get_metric_statistics(
        Namespace=NAMESPACE, MetricName=name, Dimensions=HOST, StartTime=utc(begin), EndTime=utc(end), Period=300,
        ExtendedStatistics=list(EXTENDED[:10]))["Datapoints"]
    found["statistics"] = {point["Timestamp"]: point["ExtendedStatistics"] for point in points}
    return found


def listed(client, **more):
    pages = list(client.get_paginator("list_metrics").paginate(**more))
    names = [metric["MetricName"] for page in pages for metric in page["Metrics"]]
    return names, len(pages)


class StoredValues(unittest.TestCase):
    """Percentiles need each value: they are there after kill -9 as they were before."""

    def test_percentiles_and_the_list_of_metrics_are_the_same_after_a_kill(self):
        with Town() as town:
            town.start_kaden()
            client = client_of(town)
            now = int(time.time()) // 60 * 60
            begin, end = now - 40 * 60, now + 60
            chance = random.Random(20261127)
            minutes = {begin + 60 * i: [(round(chance.expovariate(1 / 80), 2), chance.randint(1, 5))
                                        for _ in range(chance.choice((1, 4, 60, 150)))] for i in range(40)}
            # More than a step keeps: it is made coarser, in memory and on disk in the same way.
            minutes[begin + 600] = [(round(chance.expovariate(1 / 80), 5), 1) for _ in range(3000)]
            put_values(client, "latency", minutes)
            client.put_metric_data(Namespace=NAMESPACE, MetricData=[
                {"MetricName": "sets", "Dimensions": HOST, "Timestamp": utc(begin),
                 "StatisticValues": {"SampleCount": 4, "Sum": 10, "Minimum": 1, "Maximum": 4}}])
            put(client, "silent", [(now - 5 * 3600, 1.0)])
            client.put_metric_data(Namespace=NAMESPACE, MetricData=[
                {"MetricName": f"metric-{number:04}", "Timestamp": utc(now), "Value": 1.0} for number in range(900)])
            wait_until_stored(town, sum((len(one) + 149) // 150 for one in minutes.values()) + 902)
            before = all_extended(client, "latency", begin, end)
            self.assertEqual(len(before["p95", 60]), 40)
            # Over the coarse minute: near to what the values say.
            values = sorted(value for value, _ in minutes[begin + 600])
            self.assertAlmostEqual(before["p95", 60][begin + 600] / values[2849], 1, delta=0.01)
            self.assertEqual(before["p100", 60][begin + 600], values[-1])
            names, pages = listed(client)
            self.assertEqual((len(names), len(set(names)), pages), (903, 903, 2))
            town.kill_kaden()
            town.start_kaden()
            client = client_of(town)
            after = all_extended(client, "latency", begin, end)
            for key, one in before.items():
                self.assertEqual(after[key], one, key)
            # The list is complete before anything came again, and in the same order.
            self.assertEqual(listed(client), (names, 2))
            recent, _ = listed(client, RecentlyActive="PT3H")
            self.assertEqual(recent, [name for name in names if name != "silent"])
            self.assertEqual(listed(client, MetricName="latency", Dimensions=HOST)[0], ["latency"])
            # What came as statistic sets has no percentile, and that is said.
            for stat, status in (("p95", "PartialData"), ("Average", "Complete")):
                result = result_of(client, "sets", begin, end, stat)
                self.assertEqual(result["StatusCode"], status)
                self.assertEqual([one["Code"] for one in result.get("Messages", [])],
                                 ["StatisticNotAvailable"] if status == "PartialData" else [])
            # What comes now is put to it.
            put_values(client, "latency", {now - 60: [(1e6, 1000)]})
            self.assertEqual(metric_data(client, "latency", begin, end, "p99.9")[now - 60], 1e6)

    def test_an_alarm_on_a_percentile_goes_on_and_calls_nobody_again(self):
        with Town() as town:
            town.start_phone("--plan", "sato=answer@100,1@500")
            town.start_kaden()
            client = client_of(town)
            hot_alarm(client, "slow", MetricName="latency", ExtendedStatistic="p95", Period=60, EvaluationPeriods=6,
                      DatapointsToAlarm=2, TreatMissingData="notBreaching", Statistic=None)
            now = int(time.time()) // 60 * 60
            # The average is far below the threshold, and one value in ten above it.
            put_values(client, "latency", {now - 60 * i: [(5, 90), (95, 10)] for i in (1, 2)})
            wait_until_stored(town, 2)
            wait_for("the alarm", lambda: client.describe_alarms(AlarmNames=["slow"])["MetricAlarms"][0]["StateValue"]
                     == "ALARM", 70)
            wait_until_taken(town)
            def rung():
                return [one for one in town.happenings(1) if one in ("alarm", "dialling")]
            before = rung()
            town.kill_kaden()
            town.start_kaden()
            self.assertRegex(town.log("serve"), r"2 datapoints given to alarms")
            client = client_of(town)
            # Without the values both minutes would be missing, so not breaching, at the next evaluation.
            evaluated = time.time() // 60 * 60 + 63
            while time.time() < evaluated:
                self.assertEqual(client.describe_alarms(AlarmNames=["slow"])["MetricAlarms"][0]["StateValue"], "ALARM")
                time.sleep(0.5)
            self.assertEqual((rung(), before), (before, ["alarm", "dialling"]))
            self.assertEqual(len(town.incidents()), 1)


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
  - {name: slow, metric: latency, statistic: p95, when: ">= 90", say: {en: "{machine} is slow."}}
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
            # One on a percentile: of each minute one value in ten is slow, and the average is far below the threshold.
            put_values(client_of(town), "latency", {
                now - 150 * 60 + 60 * minute: [(5, 90), (95 if 60 <= minute < 70 else 20, 10)] for minute in range(120)})
            wait_until_stored(town, 2 * len(data))
            slow = run("alarms", "test", "slow", *test[3:], "--lang", "en")
            self.assertEqual((slow.returncode, slow.stderr), (0, ""), slow.stdout)
            self.assertIn("1 changes to ALARM, 1 incidents, 1 calls", slow.stdout)
            self.assertIn("ALARM 10 min", slow.stdout)
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


ARN = "arn:aws:cloudwatch:ap-northeast-1:111122223333:alarm:"
HOSTILE = "it's \"odd\"'; touch hacked; $(touch hacked) `touch hacked` # \\ ü"


def alarm_of_aws(name, **changes):
    """As the aws CLI prints it; a change to None takes a member away."""
    alarm = {
        "AlarmName": name, "AlarmArn": ARN + name, "AlarmDescription": "重要 'quoted'\nsecond line",
        "AlarmConfigurationUpdatedTimestamp": "2026-11-20T01:02:03.456000+00:00", "ActionsEnabled": True,
        "OKActions": [], "AlarmActions": ["arn:aws:sns:ap-northeast-1:111122223333:kaden-alarms"],
        "InsufficientDataActions": [], "StateValue": "OK", "StateReason": "Threshold Crossed", "StateReasonData": "{}",
        "StateUpdatedTimestamp": "2026-11-20T01:02:03.456000+00:00", "MetricName": "queue", "Namespace": "App",
        "Statistic": "Sum", "Dimensions": [], "Period": 300, "Unit": "Count", "EvaluationPeriods": 5,
        "DatapointsToAlarm": 3, "Threshold": 90.5, "ComparisonOperator": "LessThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching", **changes}
    return {member: value for member, value in alarm.items() if value is not None}


def math_of_aws(name, queries):
    return alarm_of_aws(name, MetricName=None, Namespace=None, Statistic=None, Dimensions=None, Period=None, Unit=None,
                        Metrics=queries)


def stat_of_aws(metric_id, **changes):
    return {"Id": metric_id, "MetricStat": {"Metric": {"Namespace": "App", "MetricName": "x", "Dimensions": HOST},
                                            "Period": 60, "Stat": "p99", "Unit": "Seconds"},
            "Label": f"series {metric_id}", "ReturnData": False, **changes}


ALARMS_OF_AWS = [
    alarm_of_aws("memory web-01", Namespace="CWAgent", MetricName="mem_used_percent", Dimensions=HOST, Unit=None,
                 Statistic="Average", Period=60),
    alarm_of_aws("slow", Dimensions=HOST, Statistic=None, ExtendedStatistic="tm95", EvaluateLowSampleCountPercentile="ignore"),
    alarm_of_aws("queue", Tags=[{"Key": "kaden:severity", "Value": "error"}], Threshold=3.0),
    alarm_of_aws(HOSTILE, ActionsEnabled=False, OKActions=["arn:aws:sns:ap-northeast-1:111122223333:it's ok"]),
    math_of_aws("math", [stat_of_aws("a", AccountId="111122223333"), stat_of_aws("b"),
                         {"Id": "c", "Expression": "IF(a > 2, a / b, 0)", "Label": "ratio", "ReturnData": True}]),
    alarm_of_aws("EC2", Namespace="AWS/EC2", MetricName="CPUUtilization", Unit=None,
                 Dimensions=[{"Name": "InstanceId", "Value": "i-0123456789abcdef0"}]),
    math_of_aws("band", [stat_of_aws("m", ReturnData=True), {"Id": "ad", "Expression": "ANOMALY_DETECTION_BAND(m, 2)"}]),
    math_of_aws("insights", [{"Id": "q", "Expression": "SELECT MAX(x) FROM App", "Period": 60, "ReturnData": True}]),
    math_of_aws("elsewhere", [stat_of_aws("m", AccountId="999988887777", ReturnData=True)]),
]


def composite_of_aws(name, rule, **changes):
    alarm = alarm_of_aws(name, AlarmRule=rule, **changes)
    return {member: alarm[member] for member in alarm if member in (
        "AlarmName", "AlarmArn", "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions",
        "InsufficientDataActions", "StateValue", "StateReason", "AlarmRule", "ActionsSuppressor",
        "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")}


COMPOSITES_OF_AWS = [
    composite_of_aws("top", 'ALARM("middle") OR (ALARM(slow) AND NOT OK("math"))', ActionsSuppressor=ARN + "hush",
                     ActionsSuppressorWaitPeriod=0, ActionsSuppressorExtensionPeriod=120),
    composite_of_aws("middle", f"AT_LEAST(1, ALARM, ({ARN}queue, slow))"),
    composite_of_aws("hush", 'ALARM("queue")'),
]

DEFINITION = (
    "AlarmDescription", "ActionsEnabled", "OKActions", "AlarmActions", "InsufficientDataActions", "MetricName", "Namespace",
    "Statistic", "ExtendedStatistic", "Dimensions", "Period", "Unit", "EvaluationPeriods", "DatapointsToAlarm", "Threshold",
    "ComparisonOperator", "TreatMissingData", "EvaluateLowSampleCountPercentile", "Metrics", "AlarmRule",
    "ActionsSuppressor", "ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")


def definition_of(alarm):
    """What a put defines, without the account that a query may name although it is the alarm's own."""
    definition = {member: alarm[member] for member in DEFINITION if member in alarm}
    if "Metrics" in definition:
        definition["Metrics"] = [{member: value for member, value in query.items() if member != "AccountId"}
                                 for query in definition["Metrics"]]
    return definition


def run_script(script, town, secret=None):
    """With Debian's aws CLI, away from anybody's configuration."""
    return subprocess.run(
        [str(script)], capture_output=True, text=True, timeout=300, check=False, cwd=town.folder,
        env={"PATH": "/usr/bin:/bin", "HOME": str(town.folder), "LANG": "C.UTF-8", "KADEN_URL": town.url,
             "AWS_DEFAULT_REGION": "ap-northeast-1", "AWS_ACCESS_KEY_ID": town.key_id,
             "AWS_SECRET_ACCESS_KEY": secret or town.key_secret, "AWS_MAX_ATTEMPTS": "1",
             "AWS_EC2_METADATA_DISABLED": "true"})


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
            client.delete_alarms(AlarmNames=["both"])  # nothing is deleted under a composite alarm
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

    def test_what_is_no_rule_is_defined_as_it_is_by_the_aws_cli(self):
        described = {"MetricAlarms": ALARMS_OF_AWS, "CompositeAlarms": COMPOSITES_OF_AWS}
        with Town() as town:
            town.start_kaden()
            source = town.write("described.json", json.dumps(described))
            script = source.parent / "it's a script.sh"
            script.write_text("old")
            script.chmod(0o644)
            imported = run("import", "cloudwatch-alarms", source, "--requests", script, "--lang", "en")
            self.assertEqual(imported.returncode, 0, imported.stderr)
            self.assertEqual(imported.stderr,
                             f"1 alarms became 1 rules; 8 are in {script}; 3 are neither, see the comments.\n")
            self.assertEqual(script.stat().st_mode & 0o777, 0o700)
            self.assertIn("# stands for memory web-01\n  # names stay as they are\n", imported.stdout)
            self.assertIn("# - slow: a composite alarm looks at it by its name\n", imported.stdout)
            self.assertRegex(imported.stdout, "# - band: .*; no request either: it is about anomaly detection\n")
            self.assertRegex(imported.stdout, "# - insights: .*; no request either: it is a Metrics Insights query\n")
            self.assertRegex(imported.stdout, "# - elsewhere: .*: it looks at metrics of another account: 999988887777\n")

            refused = run_script(script, town, secret="a-secret-that-nobody-has")
            self.assertEqual(refused.returncode, 1, refused.stderr)
            self.assertIn("8 of 8 alarms were refused\n", refused.stderr)
            self.assertEqual(self.definitions(town), {})
            for _ in range(2):  # again changes nothing
                done = run_script(script, town)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual((done.stdout, done.stderr), ("", ""))
                wanted = {alarm["AlarmName"]: definition_of(alarm)
                          for alarm in ALARMS_OF_AWS + COMPOSITES_OF_AWS if alarm["AlarmName"] not in (
                              "memory web-01", "band", "insights", "elsewhere")}
                found = self.definitions(town)
                self.assertEqual(sorted(found), sorted(wanted))
                for name, definition in wanted.items():
                    self.assertEqual(found[name], definition)
            self.assertFalse(pathlib.Path(town.folder, "hacked").exists())
            client = client_of(town)
            tags = client.list_tags_for_resource(ResourceARN=ARN + "queue")["Tags"]
            self.assertEqual(tags, [{"Key": "kaden:severity", "Value": "error"}])
            self.assertEqual([one["AlarmName"] for one in client.describe_alarms(
                ChildrenOfAlarmName="top")["CompositeAlarms"]], ["hush", "middle"])

            # Everything, names included, and no rules.
            everything = run("import", "cloudwatch-alarms", source, "--requests", script, "--requests-only", "--lang", "ja")
            self.assertEqual((everything.returncode, everything.stdout), (0, ""), everything.stderr)
            self.assertEqual(run_script(script, town).returncode, 0)
            self.assertEqual(self.definitions(town)["memory web-01"],
                             definition_of(next(a for a in ALARMS_OF_AWS if a["AlarmName"] == "memory web-01")))
            nowhere = run("import", "cloudwatch-alarms", source, "--requests", "/nonexistent/script")
            self.assertEqual((nowhere.returncode, nowhere.stdout), (1, ""))
            self.assertEqual(nowhere.stderr, "kaden: /nonexistent/script cannot be written\n")

    def definitions(self, town):
        described = client_of(town).describe_alarms(AlarmTypes=["MetricAlarm", "CompositeAlarm"])
        return {alarm["AlarmName"]: definition_of(alarm)
                for alarm in described["MetricAlarms"] + described["CompositeAlarms"]}

    def test_an_agents_configuration_is_checked(self):
        samples = pathlib.Path(__file__).resolve().parents[2] / "src" / "imports" / "imports_corpus"
        advice = run("import", "cloudwatch-agent", samples / "agent_linux.json", "--url", "https://10.0.0.2:8480",
                     "--lang", "en")
        self.assertEqual(advice.returncode, 0, advice.stderr)
        self.assertRegex(advice.stderr, r"^0 mistakes, with which the agent does not start; \d+ warnings\.\n$")
        self.assertIn('"metrics": {"endpoint_override": "https://10.0.0.2:8480"}', advice.stdout)
        self.assertIn('"logs": {"endpoint_override": "https://10.0.0.2:8480"}', advice.stdout)
        odd = json.loads((samples / "agent_linux.json").read_text())
        odd["metrics"]["metrics_collected"]["memm"] = {}
        told = run("import", "cloudwatch-agent", "-", "--lang", "ja", text=json.dumps(odd, indent=1))
        self.assertRegex(told.stdout, r"  ! metrics\.metrics_collected\.memm \(\d+ 行目\) はエージェントにない項目")
        self.assertRegex(told.stdout, r"  x metrics\.metrics_collected\.memm \(\d+ 行目\) に measurement がありません")
        self.assertEqual(told.returncode, 1)
        self.assertRegex(told.stderr, r"^誤り 1 件 \(エージェントが起動しません\)、注意 \d+ 件。\n$")
        for wrong in ("", "[]", "{", '{"a": 1}'):
            refused = run("import", "cloudwatch-agent", "-", text=wrong)
            self.assertEqual((refused.returncode, refused.stdout), (1, ""), wrong)
            self.assertRegex(refused.stderr, r"^kaden: .+\n$")


if __name__ == "__main__":
    unittest.main(verbosity=2)
