"""X-Ray's own SDKs and the stock AWS CLI, as real processes."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pointsman.clock import SystemClock
from pointsman.local.endpoint import Endpoint
from pointsman.local.xray import address
from support.backend import CheckedBackend
from support.clients import installed
from support.endpoint import KEY
from support.traces import document, segment, trace_id
from support.xray_port import listening, wait

pytestmark = pytest.mark.xdist_group("xray-port")
HERE = Path(__file__).parent
CLI = Path(sys.executable).with_name("aws")
REGION = "eu-west-1"
NODE_SDK = "aws-xray-sdk-core@3"


@pytest.fixture
def live() -> Iterator[CheckedBackend]:
    with CheckedBackend(clock=SystemClock()) as made:
        client = made.session(REGION).client("xray")
        rule = {
            "ResourceARN": "*",
            "ReservoirSize": 0,
            "ServiceName": "*",
            "ServiceType": "*",
            "Host": "*",
            "URLPath": "*",
            "Version": 1,
        }
        for name, method, rate in (("buy", "POST", 1.0), ("rest", "*", 0.0)):
            more = {"RuleName": name, "HTTPMethod": method, "FixedRate": rate, "Priority": 1 if name == "buy" else 2}
            client.create_sampling_rule(SamplingRule=rule | more)
        yield made


def run(command: list[str], variables: dict[str, str]) -> str:
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], "AWS_EC2_METADATA_DISABLED": "true"}
    done = subprocess.run(command, env=environment | variables, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def summaries(backend: CheckedBackend) -> list[dict[str, Any]]:
    start = datetime.now(UTC) - timedelta(minutes=30)
    client = backend.session(REGION).client("xray")
    answer = client.get_trace_summaries(StartTime=start, EndTime=start + timedelta(hours=1))
    found: list[dict[str, Any]] = answer["TraceSummaries"]
    return found


def test_the_sdk_for_python_samples_by_our_rules_and_its_traces_are_whole(live: CheckedBackend) -> None:
    if importlib.util.find_spec("aws_xray_sdk") is None:
        pytest.skip("X-Ray's SDK for Python is not installed")
    with listening(live, REGION) as daemon:
        told = run([sys.executable, str(HERE / "traced.py")], address.variables(live.world))
        assert "('buy', 1.0, 0)" in told
        wait(daemon, lambda told: told["kept"] >= 4)
        daemon.close()
        assert daemon.about()["xray"]["refused"] == 0
    found = summaries(live)
    assert sorted(one["Annotations"]["number"][0]["AnnotationValue"]["NumberValue"] for one in found) == [1.0, 2.0]
    assert all(one["HasFault"] and not one["IsPartial"] and one["Http"]["HttpStatus"] == 502 for one in found)
    assert found[0]["Users"][0]["UserName"] == "ann"
    causes = [part for one in found[0]["FaultRootCauses"] for each in one["Services"] for part in each["EntityPath"]]
    assert {"Name": "OSError", "Message": "card refused"} in [each for one in causes for each in one["Exceptions"]]
    client = live.session(REGION).client("xray")
    [trace] = client.batch_get_traces(TraceIds=[found[0]["Id"]])["Traces"]
    documents = [json.loads(one["Document"]) for one in trace["Segments"]]
    [shop] = [one for one in documents if not one.get("inferred")]
    assert len(shop["subsegments"]) == 61
    [statistics] = client.get_sampling_statistic_summaries()["SamplingStatisticSummaries"][:1]
    assert statistics["RuleName"] == "buy"
    assert statistics["RequestCount"] == statistics["SampledCount"] == 2


def node_sdk(config: pytest.Config) -> Path:
    """A folder with the SDK for Node."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("node and npm are not installed here")
    command = [npm, "install", "--no-audit", "--no-fund", "--silent", "--ignore-scripts", NODE_SDK]
    return installed(config, "xray-sdk-node-3", lambda _: command) / "node_modules"


def test_the_sdk_for_node_gets_rules_and_sends_segments(live: CheckedBackend, pytestconfig: pytest.Config) -> None:
    modules = node_sdk(pytestconfig)
    with listening(live, REGION) as daemon:
        variables = {"NODE_PATH": str(modules), "AWS_REGION": REGION, **address.variables(live.world)}
        told = json.loads(run(["node", str(HERE / "traced.cjs")], variables))
        assert {"buy", "rest"} <= set(told["names"])
        assert told["targets"]["buy"]["rate"] == 1.0
        wait(daemon, lambda told: told["kept"] >= 1)
    [found] = summaries(live)
    assert found["Annotations"]["language"][0]["AnnotationValue"] == {"StringValue": "node"}
    assert {one["Name"] for one in found["ServiceIds"]} == {"shop", "carts"}
    assert found["HasThrottle"]


@pytest.mark.skipif(not CLI.exists(), reason="the AWS CLI is not installed here")
def test_the_stock_commands(live: CheckedBackend, tmp_path: Path) -> None:
    now = datetime.now(UTC).timestamp()
    shop = segment(trace_id(7, now), 2, "shop", start=now, fault=True, annotations={"k": "v"})
    with Endpoint(live, keys=KEY) as endpoint:
        variables = {
            "HOME": str(tmp_path),
            "AWS_ACCESS_KEY_ID": KEY.access_key_id,
            "AWS_SECRET_ACCESS_KEY": KEY.secret_access_key,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_ENDPOINT_URL": endpoint.address,
            "AWS_PAGER": "",
        }

        def aws(*words: str) -> Any:
            return json.loads(run([str(CLI), "xray", *words], variables))

        times = ["--start-time", str(int(now) - 600), "--end-time", str(int(now) + 600)]
        assert aws("put-trace-segments", "--trace-segment-documents", document(shop)) == {
            "UnprocessedTraceSegments": []
        }
        expression = 'service("shop") { fault } AND annotation[k] = "v"'
        [found] = aws("get-trace-summaries", *times, "--filter-expression", expression)["TraceSummaries"]
        assert found["Id"] == shop["trace_id"]
        [trace] = aws("batch-get-traces", "--trace-ids", found["Id"])["Traces"]
        assert json.loads(trace["Segments"][0]["Document"])["name"] == "shop"
        assert [one["Name"] for one in aws("get-service-graph", *times)["Services"]] == ["shop", "shop"]
        rules = aws("get-sampling-rules")["SamplingRuleRecords"]
        assert [one["SamplingRule"]["RuleName"] for one in rules] == ["buy", "rest", "Default"]
        aws("create-group", "--group-name", "bad", "--filter-expression", "fault")
        assert aws("get-groups")["Groups"][0]["FilterExpression"] == "fault"
