// Amazon's own client asks what Kaden asked: node bedrock_client.mjs URL MODEL < question.json
// Members that Amazon does not know are left out by the client, and what it cannot read of the answer is not printed.
import {BedrockRuntimeClient, ConverseCommand} from "@aws-sdk/client-bedrock-runtime";
import {NodeHttpHandler} from "@smithy/node-http-handler";
import {readFileSync} from "node:fs";

const [, , endpoint, modelId] = process.argv;
const question = JSON.parse(readFileSync(0, "utf8"));
const client = new BedrockRuntimeClient({
  endpoint,
  region: "ap-northeast-1",
  credentials: {
    accessKeyId: process.env.AWS_ACCESS_KEY_ID,
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY,
    sessionToken: process.env.AWS_SESSION_TOKEN,
  },
  requestHandler: new NodeHttpHandler(), // HTTP/1.1, as the stand-in speaks
  maxAttempts: 1,
});
const answer = await client.send(new ConverseCommand({modelId, ...question}));
console.log(JSON.stringify({
  stopReason: answer.stopReason,
  role: answer.output.message.role,
  content: answer.output.message.content,
  usage: answer.usage,
  latencyMs: answer.metrics.latencyMs,
}));
