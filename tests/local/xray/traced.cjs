// A program with X-Ray's SDK for Node; run as a process by test_sdks.py.
const xray = require("aws-xray-sdk-core");
const connector = require("aws-xray-sdk-core/dist/lib/middleware/sampling/service_connector");

xray.enableManualMode();

function fetchRules() {
  return new Promise((resolve, reject) =>
    connector.fetchSamplingRules((error, rules) => (error ? reject(error) : resolve(rules))),
  );
}

function fetchTargets(rules) {
  return new Promise((resolve, reject) =>
    connector.fetchTargets(rules, (error, targets) => (error ? reject(error) : resolve(targets))),
  );
}

async function main() {
  const rules = await fetchRules();
  const rule = rules.find((one) => one.getName() === "buy");
  rule.incrementRequestCount();
  const targets = await fetchTargets([rule]);
  const segment = new xray.Segment("shop");
  segment.addAnnotation("language", "node");
  const call = segment.addNewSubsegment("DynamoDB");
  call.namespace = "aws";
  call.addAttribute("aws", { table_name: "carts", operation: "GetItem" });
  call.addError(new Error("slow down"));
  call.addThrottleFlag();
  call.close();
  segment.close();
  setTimeout(() => console.log(JSON.stringify({ names: rules.map((one) => one.getName()), targets })), 200);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
