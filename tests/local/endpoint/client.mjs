// What tests/local/endpoint/test_clients.py runs: the JavaScript SDK against the endpoint, its findings as JSON.
import { Readable } from "node:stream";
import { CodePipelineClient, GetPipelineCommand, ListPipelinesCommand } from "@aws-sdk/client-codepipeline";
import { AwsSmithyRpcV2CborProtocol } from "@aws-sdk/core/protocols";
import { CloudWatchClient, GetMetricWidgetImageCommand } from "@aws-sdk/client-cloudwatch";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { CreateTopicCommand, SNSClient } from "@aws-sdk/client-sns";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const options = { endpoint: process.env.ENDPOINT, region: "eu-west-1", maxAttempts: 1 };
const codepipeline = new CodePipelineClient(options);
const s3 = new S3Client({ ...options, forcePathStyle: true });
const found = {};

found.pipelines = (await codepipeline.send(new ListPipelinesCommand({}))).pipelines;
try {
  await codepipeline.send(new GetPipelineCommand({ name: "release" }));
} catch (error) {
  found.missing = [error.name, error.$metadata.httpStatusCode];
}
found.arn = (await new STSClient(options).send(new GetCallerIdentityCommand({}))).Arn;
found.topic = (await new SNSClient(options).send(new CreateTopicCommand({ Name: "releases" }))).TopicArn;
const home = { LocationConstraint: "eu-west-1" };
await s3.send(new CreateBucketCommand({ Bucket: "bucket", CreateBucketConfiguration: home }));
await s3.send(new PutObjectCommand({ Bucket: "bucket", Key: "a b/ü", Body: "hello" }));
const pieces = [Buffer.alloc(100000, "a"), Buffer.alloc(50000, "b")];
const streamed = { Bucket: "bucket", Key: "stream", Body: Readable.from(pieces), ContentLength: 150000 };
await s3.send(new PutObjectCommand(streamed));
const read = async (Key) => (await s3.send(new GetObjectCommand({ Bucket: "bucket", Key }))).Body;
found.small = await (await read("a b/ü")).transformToString();
found.streamed = (await (await read("stream")).transformToByteArray()).length;
try {
  await read("nothing");
} catch (error) {
  found.nothing = error.name;
}
// Newer clients choose JSON for CloudWatch, others CBOR: both.
const cbor = new AwsSmithyRpcV2CborProtocol({ defaultNamespace: "com.amazonaws.cloudwatch" });
found.unbuilt = [];
for (const more of [{}, { protocol: cbor }]) {
  const cloudwatch = new CloudWatchClient({ ...options, ...more });
  const look = (next) => async (args) => {
    found.unbuilt.push(args.request.headers["smithy-protocol"] ?? args.request.headers["content-type"]);
    return next(args);
  };
  cloudwatch.middlewareStack.add(look, { step: "finalizeRequest", priority: "low" });
  try {
    await cloudwatch.send(new GetMetricWidgetImageCommand({ MetricWidget: "{}" }));
  } catch (error) {
    found.unbuilt.push(error.name, error.$metadata.httpStatusCode, error.message.slice(0, 36));
  }
}
console.log(JSON.stringify(found));
