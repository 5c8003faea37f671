// The scenario of ../scenario/cloudwatch.json (see scenario_test.py), told by the AWS SDK for JavaScript in each protocol
// that it has for CloudWatch. CloudWatch Logs speaks JSON 1.1 only.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import * as cw from "@aws-sdk/client-cloudwatch";
import * as logs from "@aws-sdk/client-cloudwatch-logs";
import { AwsJson1_0Protocol, AwsQueryProtocol, AwsSmithyRpcV2CborProtocol } from "@aws-sdk/core/protocols";

const { steps } = JSON.parse(readFileSync(new URL("../scenario/cloudwatch.json", import.meta.url), "utf8"));
const common = {
  endpoint: process.env.KADEN_URL ?? "http://127.0.0.1:8480",
  region: "ap-northeast-1",
  credentials: {
    accessKeyId: process.env.KADEN_ACCESS_KEY_ID ?? "AKIDKADEN",
    secretAccessKey: process.env.KADEN_SECRET_ACCESS_KEY ?? "secret",
  },
  maxAttempts: 1,
};
const protocols = { json: AwsJson1_0Protocol, cbor: AwsSmithyRpcV2CborProtocol, query: AwsQueryProtocol };
const orders = { Metrics: (one) => one.MetricName, Datapoints: (one) => one.Timestamp.toISOString() };
// The SDK's names of what AWS calls by these codes.
const exceptions = { InvalidParameterValue: "InvalidParameterValueException" };

class Story {
  constructor(me) {
    this.words = { me };
    this.base = Math.floor(Date.now() / 60_000) * 60_000 - 300_000;
  }
  text(text) {
    return Object.entries(this.words).reduce((so_far, [name, value]) => so_far.replaceAll(`{${name}}`, value), text);
  }
  filled(value) {
    if (typeof value === "string") return this.text(value);
    if (Array.isArray(value)) return value.map((one) => this.filled(one));
    if (value === null || typeof value !== "object") return value;
    if ("$at" in value) return new Date(this.base + value.$at * 1000);
    if ("$ms" in value) return this.base + value.$ms * 1000;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.filled(one)]));
  }
  check(told, got, path) {
    if (told !== null && typeof told === "object" && "$like" in told) {
      assert.match(got, new RegExp(this.text(told.$like)), path);
    } else if (told !== null && typeof told === "object" && "$some" in told) {
      const fits = got.some((one) => {
        try {
          this.check(told.$some, one, path);
          return true;
        } catch {
          return false;
        }
      });
      assert.ok(fits, `${path}: nothing like it in ${JSON.stringify(got)}`);
    } else if (Array.isArray(told)) {
      assert.equal(got?.length, told.length, `${path}: ${JSON.stringify(got)}`);
      told.forEach((one, i) => this.check(one, got[i], `${path}[${i}]`));
    } else if (told !== null && typeof told === "object" && !("$at" in told) && !("$ms" in told)) {
      for (const [name, one] of Object.entries(told)) this.check(one, got?.[name], `${path}.${name}`);
    } else {
      assert.deepEqual(got, this.filled(told), path);
    }
  }
}

async function tell(step, clients, story) {
  const { client, commands } = clients[step.service];
  const command = new commands[`${step.operation}Command`](story.filled(step.input));
  if (step.error) {
    const name = exceptions[step.error] ?? step.error;
    await assert.rejects(client.send(command), (error) => {
      assert.equal(error.name, name);
      assert.equal(error.$metadata.httpStatusCode, step.status);
      return true;
    });
    return;
  }
  const answer = await client.send(command);
  if (step.any_order) {
    const key = orders[step.any_order];
    answer[step.any_order].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  }
  for (const [name, path] of Object.entries(step.keep ?? {})) {
    story.words[name] = path.split(".").reduce((at, part) => at[part], answer);
  }
  story.check(step.answer ?? {}, answer, "");
}

for (const [name, protocol] of Object.entries(protocols)) {
  test(`the scenario, ${name}`, async () => {
    // With CBOR this SDK packs a body over 10 KiB and still announces its unpacked length: no server can read that.
    const disableRequestCompression = protocol === AwsSmithyRpcV2CborProtocol;
    const clients = {
      cloudwatch: { client: new cw.CloudWatchClient({ ...common, protocol, disableRequestCompression }), commands: cw },
      logs: { client: new logs.CloudWatchLogsClient(common), commands: logs },
    };
    const story = new Story(`js-${name}`);
    for (const [number, step] of steps.entries()) {
      const end = Date.now() + (step.until ?? 0) * 1000;
      for (;;) {
        try {
          await tell(step, clients, story);
          break;
        } catch (error) {
          if (Date.now() >= end) {
            error.message = `step ${number}, ${step.operation}, ${step.say ?? ""}: ${error.message}`;
            throw error;
          }
          await new Promise((resolve) => setTimeout(resolve, 300));
        }
      }
    }
    Object.values(clients).forEach(({ client }) => client.destroy());
  });
}
