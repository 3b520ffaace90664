// What tests/local/endpoint/test_clients.py runs: the JavaScript SDK against the endpoint, its findings as JSON.
import { Readable } from "node:stream";
import { CodePipelineClient, GetPipelineCommand, ListPipelinesCommand } from "@aws-sdk/client-codepipeline";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
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
console.log(JSON.stringify(found));
