"""Test results in all six formats, and files that are none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pointsman.semantics.reports import STATUSES, TEST_FORMATS, ReportProblem, TestResult, read_tests

JUNIT = b"""<?xml version="1.0"?>
<testsuites><testsuite name="cart">
  <testcase classname="shop.Cart" name="adds" time="0.25"/>
  <testcase classname="shop.Cart" name="removes" time="1,000.5">
    <failure message="expected 1" type="AssertionError">expected 1
at line 3</failure></testcase>
  <testcase name="empties"><error message="boom"/></testcase>
  <testcase classname="shop.Cart" name="pays"><skipped message="later"/></testcase>
  <testsuite name="inner"><testcase name="deep" status="notrun"/></testsuite>
</testsuite></testsuites>"""

NUNIT_2 = b"""<test-results name="x"><test-suite name="MockTestFixture"><results>
  <test-case name="N.A.MockTestFixture.Works" executed="True" result="Success" time="0.016"/>
  <test-case name="N.A.MockTestFixture.Bad" executed="True" result="Error" time="0.1">
    <failure><message><![CDATA[System.ApplicationException : Intentional]]></message>
    <stack-trace>at N.A</stack-trace></failure></test-case>
  <test-case name="N.A.MockTestFixture.NotRunnable" executed="False" result="NotRunnable">
    <reason><message>No arguments were provided</message></reason></test-case>
  <test-case name="N.A.MockTestFixture.Ignored(1.5)" executed="False" result="Ignored"/>
  <test-case name="N.A.MockTestFixture.Maybe" executed="True" result="Inconclusive"/>
  <test-case name="N.A.Old.Fails" executed="True" success="False"/>
</results></test-suite></test-results>"""

NUNIT_3 = b"""<test-run><test-suite type="TestFixture" name="Cart">
  <test-case name="Adds" fullname="Shop.Cart.Adds" classname="Shop.Cart" result="Passed" duration="0.5"/>
  <test-case name="Fails" fullname="Shop.Cart.Fails" classname="Shop.Cart" result="Failed">
    <failure><message>no</message></failure></test-case>
  <test-case name="Breaks" fullname="Shop.Cart.Breaks" classname="Shop.Cart" result="Failed" label="Error"/>
  <test-case name="Waits" fullname="Shop.Cart.Waits" result="Skipped" label="Ignored"/>
  <test-case name="Warns" fullname="Shop.Cart.Warns" result="Warning"/>
</test-suite></test-run>"""

TESTNG = b"""<testng-results><suite name="All"><test name="Unit"><class name="shop.Cart">
  <test-method is-config="true" name="setUp" status="PASS" duration-ms="9"/>
  <test-method name="adds" status="PASS" duration-ms="12"/>
  <test-method name="fails" status="FAIL" duration-ms="3"><exception class="java.lang.AssertionError">
    <message>expected</message><full-stacktrace>at Cart</full-stacktrace></exception></test-method>
  <test-method name="waits" status="SKIP"/>
</class></test></suite></testng-results>"""

CUCUMBER = b"""[{"name": "Cart", "uri": "features/cart.feature", "elements": [
  {"type": "background", "steps": [{"result": {"status": "passed", "duration": 5}}]},
  {"type": "scenario", "name": "adds", "steps": [{"result": {"status": "passed", "duration": 7}}]},
  {"type": "scenario", "name": "fails", "steps": [
    {"result": {"status": "failed", "error_message": "no"}}, {"result": {"status": "skipped"}}]},
  {"type": "scenario", "name": "waits", "steps": [{"result": {"status": "pending"}}]},
  {"type": "scenario", "name": "new", "steps": [{"result": {"status": "undefined"}}]}
]}]"""

TRX = b"""<TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010"><Results>
  <UnitTestResult testId="1" testName="Adds" outcome="Passed" duration="00:00:01.5000000"/>
  <UnitTestResult testId="1" testName="Fails" outcome="Failed"><Output><ErrorInfo>
    <Message>no</Message><StackTrace>at Cart</StackTrace></ErrorInfo></Output></UnitTestResult>
  <UnitTestResult testId="2" testName="Rows" outcome="Failed" resultType="DataDrivenTest"><InnerResults>
    <UnitTestResult testId="2" testName="Rows (1)" outcome="Timeout"/>
    <UnitTestResult testId="2" testName="Rows (2)" outcome="NotExecuted"/></InnerResults></UnitTestResult>
  </Results><TestDefinitions><UnitTest id="1" storage="c:\\build\\shop.dll"><TestMethod className="Shop.Cart, shop"/>
  </UnitTest></TestDefinitions></TestRun>"""


def told(form: str, body: bytes) -> list[tuple[str, str]]:
    return [(one.name, one.status) for one in read_tests(form, body)]


def test_junit() -> None:
    found = read_tests("JUNITXML", JUNIT)
    assert [(one.name, one.status) for one in found] == [
        ("adds", "SUCCEEDED"),
        ("removes", "FAILED"),
        ("empties", "ERROR"),
        ("pays", "SKIPPED"),
        ("deep", "SKIPPED"),
    ]
    assert found[0] == TestResult("adds", "SUCCEEDED", "shop.Cart", "cart", 250_000_000)
    assert found[1].nanoseconds == 1_000_500_000_000
    assert found[1].message == "expected 1\nat line 3"
    assert (found[2].prefix, found[2].message) == ("cart", "boom")
    assert (found[4].prefix, found[4].suite) == ("inner", "inner")


def test_nunit_2() -> None:
    found = read_tests("NUNITXML", NUNIT_2)
    assert [one.status for one in found] == ["SUCCEEDED", "ERROR", "ERROR", "SKIPPED", "UNKNOWN", "FAILED"]
    assert found[1] == TestResult(
        "N.A.MockTestFixture.Bad",
        "ERROR",
        "N.A.MockTestFixture",
        "MockTestFixture",
        100_000_000,
        "System.ApplicationException : Intentional\nat N.A",
    )
    assert found[2].message == "No arguments were provided"
    assert found[3].prefix == "N.A.MockTestFixture"


def test_nunit_3() -> None:
    found = read_tests("NUNIT3XML", NUNIT_3)
    assert [one.status for one in found] == ["SUCCEEDED", "FAILED", "ERROR", "SKIPPED", "UNKNOWN"]
    assert found[0] == TestResult("Shop.Cart.Adds", "SUCCEEDED", "Shop.Cart", "Cart", 500_000_000)
    assert found[1].message == "no"
    assert found[3].prefix == "Shop.Cart"


def test_testng() -> None:
    found = read_tests("TESTNGXML", TESTNG)
    assert [one.status for one in found] == ["SUCCEEDED", "FAILED", "SKIPPED"]
    assert found[0] == TestResult("adds", "SUCCEEDED", "shop.Cart", "Unit", 12_000_000)
    assert found[1].message == "expected\nat Cart"


def test_cucumber() -> None:
    found = read_tests("CUCUMBERJSON", CUCUMBER)
    assert told("CUCUMBERJSON", CUCUMBER) == [
        ("adds", "SUCCEEDED"),
        ("fails", "FAILED"),
        ("waits", "SKIPPED"),
        ("new", "UNKNOWN"),
    ]
    assert found[0] == TestResult("adds", "SUCCEEDED", "Cart", "features/cart.feature", 12)
    assert found[1].message == "no"


def test_trx() -> None:
    found = read_tests("VISUALSTUDIOTRX", TRX)
    assert [one.status for one in found] == ["SUCCEEDED", "FAILED", "ERROR", "SKIPPED"]
    assert found[0] == TestResult("Adds", "SUCCEEDED", "Shop.Cart", "shop.dll", 1_500_000_000)
    assert found[1].message == "no\nat Cart"


BOMB = b"""<?xml version="1.0"?><!DOCTYPE t [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<testsuites><testsuite><testcase name="&b;"/></testsuite></testsuites>"""


@pytest.mark.parametrize(
    ("form", "body", "words"),
    [
        ("JUNITXML", BOMB, "declares the entity a"),
        (
            "JUNITXML",
            b'<!DOCTYPE t [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><testsuites/>',
            "declares the entity x",
        ),
        ("JUNITXML", b"<testsuites>", "line 1: it is not well-formed XML"),
        ("JUNITXML", b"", "not well-formed"),
        ("JUNITXML", b"<html/>", "outermost element is <html>; expected <testsuites> or <testsuite>"),
        ("JUNITXML", b"<testsuites>" + b"<testsuite>" * 5000, "nested deeper than 200"),
        ("JUNITXML", b"<?xml version='1.0' encoding='klingon'?><testsuites/>", "encoding"),
        ("CUCUMBERJSON", b"{}", "not a list of features"),
        ("CUCUMBERJSON", b"[1", "it is not JSON"),
        ("CUCUMBERJSON", b"[" * 100_000, "nested too deeply"),
        ("CUCUMBERJSON", b"\xff\xfe", "not UTF-8"),
    ],
)
def test_what_is_no_report_is_refused_with_a_sentence(form: str, body: bytes, words: str) -> None:
    with pytest.raises(ReportProblem, match=words):
        read_tests(form, body)


def test_an_entity_of_another_document_is_not_fetched() -> None:
    inner = b'<testsuites><testsuite><testcase name="a"/>&x;</testsuite></testsuites>'
    body = b'<!DOCTYPE t SYSTEM "file:///etc/hostname">' + inner
    assert told("JUNITXML", body) == [("a", "SUCCEEDED")]


def read(form: str, body: bytes) -> list[TestResult]:
    """The results, none when the file is refused; nothing else may happen."""
    try:
        return read_tests(form, body)
    except ReportProblem:
        return []


@given(
    st.sampled_from(TEST_FORMATS),
    st.recursive(
        st.sampled_from([b"", b"text", b"<message>m</message>", b'<failure message="m"/>']),
        lambda inner: st.builds(
            lambda tag, attribute, value, parts: (
                f"<{tag} {attribute}='{value}'>".encode() + b"".join(parts) + f"</{tag}>".encode()
            ),
            st.sampled_from(
                ["testsuite", "testcase", "test-case", "test-suite", "results", "Results", "suite", "class"]
            ),
            st.sampled_from(["name", "time", "result", "status", "duration", "outcome"]),
            st.sampled_from(["1", "-1", "1e400", "nan", "x", "Passed", "FAIL"]),
            st.lists(inner, max_size=3),
        ),
        max_leaves=8,
    ),
    st.sampled_from(["testsuites", "test-results", "test-run", "testng-results", "TestRun"]),
)
def test_any_file_is_read_or_refused(form: str, inner: bytes, root: str) -> None:
    found = read(form, f"<{root}>".encode() + inner + f"</{root}>".encode())
    assert all(one.status in STATUSES and 0 <= one.nanoseconds < 2**63 for one in found)


@given(st.sampled_from(TEST_FORMATS), st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(form: str, body: bytes) -> None:
    read(form, body)
