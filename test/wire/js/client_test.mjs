// The AWS SDK for JavaScript, unmodified, against Kaden's endpoint: one scenario over all operations, in each protocol
// that the SDK has for CloudWatch (its default is JSON 1.0).
//
//   KADEN_URL=http://127.0.0.1:8480 KADEN_ACCESS_KEY_ID=... KADEN_SECRET_ACCESS_KEY=... node --test test/wire/js
//
// The server must take these keys; alarms whose names begin with "wire-js-" are the test's own.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import * as cw from "@aws-sdk/client-cloudwatch";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import { AwsJson1_0Protocol, AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from "@aws-sdk/core/protocols";

const endpoint = process.env.KADEN_URL ?? "http://127.0.0.1:8480";
const credentials = {
  accessKeyId: process.env.KADEN_ACCESS_KEY_ID ?? "AKIDKADEN",
  secretAccessKey: process.env.KADEN_SECRET_ACCESS_KEY ?? "secret",
};
const common = { endpoint, region: "ap-northeast-1", credentials, maxAttempts: 1 };

const protocols = {
  "JSON 1.0": AwsJson1_0Protocol,
  "RPC v2 CBOR": AwsSmithyRpcV2CborProtocol,
  Query: AwsQueryProtocol,
};

for (const [name, protocol] of Object.entries(protocols)) {
  const slug = name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  // With CBOR this SDK packs a body over 10 KiB and still announces its unpacked length: no server can read that.
  const disableRequestCompression = protocol === AwsSmithyRpcV2CborProtocol;
  const client = new cw.CloudWatchClient({ ...common, protocol, disableRequestCompression });
  const send = (command) => client.send(command);
  const alarm = `wire-js-${slug}`;
  const site = `wire-js-${slug}-site`;
  const metric = { Namespace: "WireJs", MetricName: "load", Dimensions: [{ Name: "host", Value: slug }] };

  describe(name, () => {
    after(async () => {
      for (const one of [site, alarm]) {
        await send(new cw.DeleteAlarmsCommand({ AlarmNames: [one] })).catch(() => undefined);
      }
      client.destroy();
    });

    test("alarms are put, described, set and told", async () => {
      const put = {
        ...metric,
        AlarmName: alarm,
        AlarmDescription: "負荷 <&>",
        Statistic: "Maximum",
        Period: 60,
        EvaluationPeriods: 3,
        DatapointsToAlarm: 2,
        Threshold: 80.25,
        ComparisonOperator: "GreaterThanThreshold",
        TreatMissingData: "notBreaching",
        AlarmActions: ["arn:aws:sns:ap-northeast-1:111122223333:alarm"],
        ActionsEnabled: false,
        Tags: [{ Key: "kaden:severity", Value: "info" }],
      };
      const answer = await send(new cw.PutMetricAlarmCommand(put));
      assert.match(answer.$metadata.requestId, /^[0-9a-f-]{36}$/);
      await send(new cw.PutCompositeAlarmCommand({ AlarmName: site, AlarmRule: `ALARM("${alarm}")`, ActionsEnabled: false }));
      const described = await send(new cw.DescribeAlarmsCommand({ AlarmNames: [alarm, site], AlarmTypes: ["MetricAlarm", "CompositeAlarm"] }));
      const [got] = described.MetricAlarms;
      for (const key of Object.keys(put).filter((one) => one !== "Tags")) assert.deepEqual(got[key], put[key], key);
      assert.ok(Math.abs(got.AlarmConfigurationUpdatedTimestamp.getTime() - Date.now()) < 60_000);
      assert.equal(described.CompositeAlarms[0].AlarmRule, `ALARM("${alarm}")`);
      const children = await send(new cw.DescribeAlarmsCommand({ ChildrenOfAlarmName: site }));
      assert.deepEqual(children.MetricAlarms.map((one) => one.AlarmName), [alarm]);
      const on = await send(new cw.DescribeAlarmsForMetricCommand(metric));
      assert.deepEqual(on.MetricAlarms.map((one) => one.AlarmName), [alarm]);

      await send(new cw.SetAlarmStateCommand({ AlarmName: alarm, StateValue: "ALARM", StateReason: "訓練" }));
      const [now] = (await send(new cw.DescribeAlarmsCommand({ AlarmNames: [alarm] }))).MetricAlarms;
      assert.deepEqual([now.StateValue, now.StateReason], ["ALARM", "訓練"]);
      const history = await send(new cw.DescribeAlarmHistoryCommand({ AlarmName: alarm, HistoryItemType: "StateUpdate" }));
      assert.ok(history.AlarmHistoryItems.length >= 1);
      assert.equal(typeof JSON.parse(history.AlarmHistoryItems[0].HistoryData), "object");
    });

    test("tags and actions change", async () => {
      const arn = (await send(new cw.DescribeAlarmsCommand({ AlarmNames: [alarm] }))).MetricAlarms[0].AlarmArn;
      await send(new cw.TagResourceCommand({ ResourceARN: arn, Tags: [{ Key: "team", Value: "web" }] }));
      await send(new cw.UntagResourceCommand({ ResourceARN: arn, TagKeys: ["kaden:severity"] }));
      const tags = await send(new cw.ListTagsForResourceCommand({ ResourceARN: arn }));
      assert.deepEqual(tags.Tags, [{ Key: "team", Value: "web" }]);
      await send(new cw.EnableAlarmActionsCommand({ AlarmNames: [alarm] }));
      await send(new cw.DisableAlarmActionsCommand({ AlarmNames: [alarm] }));
      const [got] = (await send(new cw.DescribeAlarmsCommand({ AlarmNames: [alarm] }))).MetricAlarms;
      assert.equal(got.ActionsEnabled, false);
    });

    test("data goes in and comes out", async () => {
      const start = new Date(Math.floor(Date.now() / 60_000) * 60_000 - 300_000);
      const at = (minute) => new Date(start.getTime() + minute * 60_000);
      const datum = { MetricName: "load", Dimensions: metric.Dimensions };
      const MetricData = [
        { ...datum, Timestamp: at(0), Value: 1.5, Unit: "Percent" },
        { ...datum, Timestamp: at(1), Values: [1, 3], Counts: [2, 2], Unit: "Percent" },
        { ...datum, Timestamp: at(2), StatisticValues: { SampleCount: 2, Sum: 20, Minimum: 8, Maximum: 12 }, Unit: "Percent" },
      ];
      await send(new cw.PutMetricDataCommand({ Namespace: "WireJs", MetricData }));
      // Over 10 KiB: the SDK packs the body by itself, see above.
      const many = Array.from({ length: 500 }, (_, i) => ({ ...datum, MetricName: `many-${i % 5}`, Value: i }));
      await send(new cw.PutMetricDataCommand({ Namespace: "WireJs", MetricData: many }));

      const query = {
        MetricDataQueries: [
          { Id: "m1", MetricStat: { Metric: metric, Period: 60, Stat: "Sum" } },
          { Id: "e1", Expression: "m1 / 2", Label: "half" },
        ],
        StartTime: start,
        EndTime: at(3),
        ScanBy: "TimestampAscending",
        MaxDatapoints: 2,
      };
      const values = { m1: [], e1: [] };
      const times = [];
      for await (const page of cw.paginateGetMetricData({ client }, query)) {
        for (const result of page.MetricDataResults) {
          values[result.Id].push(...result.Values);
          if (result.Id === "m1") times.push(...result.Timestamps);
        }
      }
      assert.deepEqual(values, { m1: [1.5, 8, 20], e1: [0.75, 4, 10] });
      assert.deepEqual(times, [at(0), at(1), at(2)]);
      const statistics = await send(new cw.GetMetricStatisticsCommand({
        ...metric, StartTime: start, EndTime: at(3), Period: 60, Statistics: ["Average", "SampleCount"],
      }));
      const points = statistics.Datapoints.sort((a, b) => a.Timestamp - b.Timestamp);
      assert.deepEqual(points.map((one) => [one.Average, one.SampleCount, one.Unit]),
        [[1.5, 1, "Percent"], [2, 4, "Percent"], [10, 2, "Percent"]]);
      const metrics = await send(new cw.ListMetricsCommand({ Namespace: "WireJs", MetricName: "load", Dimensions: metric.Dimensions }));
      assert.deepEqual(metrics.Metrics, [metric]);
    });

    test("errors are the SDK's own exceptions", async () => {
      await assert.rejects(send(new cw.DeleteAlarmsCommand({ AlarmNames: ["wire-js-none"] })),
        (error) => error instanceof cw.ResourceNotFound && error.$metadata.httpStatusCode === 404);
      await assert.rejects(send(new cw.PutMetricDataCommand({ Namespace: "AWS/EC2", MetricData: [{ MetricName: "x", Value: 1 }] })),
        (error) => error instanceof cw.InvalidParameterValueException && /Namespace/.test(error.message));
      await assert.rejects(send(new cw.PutMetricDataCommand({ Namespace: "WireJs", MetricData: [] })),
        (error) => error instanceof cw.MissingRequiredParameterException);
      await assert.rejects(send(new cw.DescribeAlarmsCommand({ NextToken: "x" })),
        (error) => error instanceof cw.InvalidNextToken);
      const stranger = new cw.CloudWatchClient({ ...common, protocol, credentials: { ...credentials, secretAccessKey: "wrong" } });
      await assert.rejects(stranger.send(new cw.DescribeAlarmsCommand({})),
        (error) => /SignatureDoesNotMatch|InvalidSignatureException/.test(error.name) && error.$metadata.httpStatusCode === 403);
      stranger.destroy();
    });
  });
}

describe("CloudWatch Logs, JSON 1.1", () => {
  const client = new logs.CloudWatchLogsClient(common);
  const send = (command) => client.send(command);
  const logGroupName = `/wire/js/${Date.now()}`;
  const logStreamName = "one";
  const timestamp = Date.now();

  after(async () => {
    await send(new logs.DeleteLogGroupCommand({ logGroupName })).catch(() => undefined);
    client.destroy();
  });

  test("groups and streams are made and described", async () => {
    await send(new logs.CreateLogGroupCommand({ logGroupName, tags: { team: "web" } }));
    await send(new logs.CreateLogStreamCommand({ logGroupName, logStreamName }));
    await send(new logs.PutRetentionPolicyCommand({ logGroupName, retentionInDays: 7 }));
    const { logGroups } = await send(new logs.DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }));
    assert.deepEqual(logGroups.map((one) => [one.logGroupName, one.retentionInDays]), [[logGroupName, 7]]);
    const { tags } = await send(new logs.ListTagsForResourceCommand({ resourceArn: logGroups[0].logGroupArn }));
    assert.deepEqual(tags, { team: "web" });
    const { logStreams } = await send(new logs.DescribeLogStreamsCommand({ logGroupName }));
    assert.deepEqual(logStreams.map((one) => one.logStreamName), [logStreamName]);
    await assert.rejects(send(new logs.CreateLogGroupCommand({ logGroupName })),
      (error) => error instanceof logs.ResourceAlreadyExistsException);
  });

  test("events go in and come out by pages", async () => {
    const logEvents = Array.from({ length: 500 }, (_, i) => ({ timestamp: timestamp + i, message: `架電 ${i % 5 ? "fine" : "ERROR"} <&> ${i}` }));
    const put = await send(new logs.PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
    assert.equal(put.rejectedLogEventsInfo, undefined);
    const found = [];
    const question = { logGroupName, filterPattern: "ERROR", startTime: timestamp, limit: 30 };
    for await (const page of logs.paginateFilterLogEvents({ client }, question)) found.push(...page.events);
    assert.deepEqual(found.map((one) => one.message), logEvents.map((one) => one.message).filter((one) => /ERROR/.test(one)));
    assert.equal(new Set(found.map((one) => one.eventId)).size, found.length);
    const got = [];
    const config = { client, stopOnSameToken: true };
    for await (const page of logs.paginateGetLogEvents(config, { logGroupName, logStreamName, startFromHead: true, limit: 200 })) got.push(...page.events);
    assert.deepEqual(got.map((one) => one.message), logEvents.map((one) => one.message));
    const early = await send(new logs.PutLogEventsCommand({
      logGroupName, logStreamName, logEvents: [{ timestamp: timestamp - 8 * 86_400_000, message: "old" }],
    }));
    assert.equal(early.rejectedLogEventsInfo.expiredLogEventEndIndex, 1);
  });

  test("metric filters are put, described and tried", async () => {
    const transformation = { metricName: "errors", metricNamespace: "WireJs", metricValue: "1", defaultValue: 0 };
    await send(new logs.PutMetricFilterCommand({
      logGroupName, filterName: "errors", filterPattern: "?ERROR ?FATAL", metricTransformations: [transformation],
    }));
    const { metricFilters } = await send(new logs.DescribeMetricFiltersCommand({ logGroupName }));
    assert.deepEqual(metricFilters[0].metricTransformations, [transformation]);
    const tried = await send(new logs.TestMetricFilterCommand({
      filterPattern: "{ $.level = ERROR }", logEventMessages: ['{"level":"INFO"}', '{"level":"ERROR"}'],
    }));
    assert.deepEqual(tried.matches.map((one) => [one.eventNumber, one.extractedValues]), [[2, { "$.level": "ERROR" }]]);
    await send(new logs.DeleteMetricFilterCommand({ logGroupName, filterName: "errors" }));
  });

  test("errors are the SDK's own exceptions", async () => {
    await assert.rejects(send(new logs.FilterLogEventsCommand({ logGroupName: "/wire/none" })),
      (error) => error instanceof logs.ResourceNotFoundException && error.$metadata.httpStatusCode === 400);
    await assert.rejects(send(new logs.TestMetricFilterCommand({ filterPattern: "{ $.a", logEventMessages: ["x"] })),
      (error) => error instanceof logs.InvalidParameterException);
  });
});
