"""Applications, groups, configurations, revisions and instances: as AWS answers, and as it refuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::123456789012:role/deploy"
A = {"Key": "a"}
TOO_MUCH = {"type": "TimeBasedCanary", "timeBasedCanary": {"canaryPercentage": 100, "canaryInterval": 1}}
TOO_LONG = {"type": "TimeBasedLinear", "timeBasedLinear": {"linearPercentage": 1, "linearInterval": 60}}
ONE = {"type": "HOST_COUNT", "value": 1}
USER = "arn:aws:iam::123456789012:user/one"


def code(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    found: str = caught.value.response["Error"]["Code"]
    assert caught.value.response["Error"]["Message"]
    return found


@pytest.fixture
def nouns(codedeploy: Any) -> Any:
    codedeploy.create_application(applicationName="shop")
    codedeploy.create_deployment_group(applicationName="shop", deploymentGroupName="web", serviceRoleArn=ROLE)
    return codedeploy


def test_an_application_comes_is_renamed_and_goes(nouns: Any) -> None:
    s3 = {"revisionType": "S3", "s3Location": {"bucket": "b", "key": "k.zip", "bundleType": "zip"}}
    nouns.register_application_revision(applicationName="shop", revision=s3)
    before = nouns.get_application(applicationName="shop")["application"]
    assert before["computePlatform"] == "Server"
    nouns.update_application(applicationName="shop", newApplicationName="store")
    assert nouns.list_applications()["applications"] == ["store"]
    assert nouns.get_application(applicationName="store")["application"]["applicationId"] == before["applicationId"]
    assert nouns.list_deployment_groups(applicationName="store")["deploymentGroups"] == ["web"]
    assert nouns.list_application_revisions(applicationName="store")["revisions"] == [s3]
    nouns.delete_application(applicationName="store")
    assert code(nouns.get_application, applicationName="store") == "ApplicationDoesNotExistException"
    assert code(nouns.list_deployment_groups, applicationName="store") == "ApplicationDoesNotExistException"


def test_applications_are_refused_in_awss_codes(nouns: Any) -> None:
    make = nouns.create_application
    assert code(make, applicationName="shop") == "ApplicationAlreadyExistsException"
    assert code(make, applicationName="a b") == "InvalidApplicationNameException"
    assert code(make, applicationName="x", computePlatform="Moon") == "InvalidComputePlatformException"
    assert code(make, applicationName="x", tags=[{"Key": "", "Value": ""}]) == "InvalidTagsToAddException"
    assert code(nouns.batch_get_applications, applicationNames=["none"]) == "ApplicationDoesNotExistException"
    names = [f"a{number}" for number in range(101)]
    assert code(nouns.batch_get_applications, applicationNames=names) == "BatchLimitExceededException"
    assert code(nouns.list_applications, nextToken="x") == "InvalidNextTokenException"


def test_lists_come_in_pages(codedeploy: Any) -> None:
    names = [f"app-{number:03}" for number in range(230)]
    for name in names:
        codedeploy.create_application(applicationName=name)
    pages = list(codedeploy.get_paginator("list_applications").paginate())
    assert [len(page["applications"]) for page in pages] == [100, 100, 30]
    assert [name for page in pages for name in page["applications"]] == names


def test_a_group_has_awss_defaults(nouns: Any) -> None:
    info = nouns.get_deployment_group(applicationName="shop", deploymentGroupName="web")["deploymentGroupInfo"]
    assert info["deploymentConfigName"] == "CodeDeployDefault.OneAtATime"
    style = {"deploymentType": "IN_PLACE", "deploymentOption": "WITHOUT_TRAFFIC_CONTROL"}
    assert info["deploymentStyle"] == style
    assert info["outdatedInstancesStrategy"] == "UPDATE"


def test_a_group_is_changed_and_what_is_not_given_stays(nouns: Any) -> None:
    change = nouns.update_deployment_group
    tag = {"Key": "role", "Value": "web", "Type": "KEY_AND_VALUE"}
    change(applicationName="shop", currentDeploymentGroupName="web", ec2TagFilters=[tag])
    change(applicationName="shop", currentDeploymentGroupName="web", newDeploymentGroupName="www")
    get = nouns.get_deployment_group
    assert get(applicationName="shop", deploymentGroupName="www")["deploymentGroupInfo"]["ec2TagFilters"] == [tag]
    change(applicationName="shop", currentDeploymentGroupName="www", ec2TagSet={"ec2TagSetList": [[tag]]})
    info = get(applicationName="shop", deploymentGroupName="www")["deploymentGroupInfo"]
    assert info["ec2TagFilters"] == []
    assert info["ec2TagSet"] == {"ec2TagSetList": [[tag]]}
    change(applicationName="shop", currentDeploymentGroupName="www", ec2TagSet={"ec2TagSetList": []})
    assert code(get, applicationName="shop", deploymentGroupName="web") == "DeploymentGroupDoesNotExistException"


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"deploymentConfigName": "none"}, "DeploymentConfigDoesNotExist"),
        ({"deploymentConfigName": "CodeDeployDefault.ECSAllAtOnce"}, "InvalidDeploymentConfigName"),
        ({"ec2TagFilters": [{"Key": "a", "Type": "MAYBE"}]}, "InvalidEC2Tag"),
        (
            {"ec2TagFilters": [{"Key": "a"}], "ec2TagSet": {"ec2TagSetList": [[{"Key": "a"}]]}},
            "InvalidEC2TagCombination",
        ),
        ({"ec2TagSet": {"ec2TagSetList": [[A]] * 4}}, "TagSetListLimitExceeded"),
        ({"autoRollbackConfiguration": {"enabled": True}}, "InvalidAutoRollbackConfig"),
        ({"autoRollbackConfiguration": {"enabled": True, "events": ["MOOD"]}}, "InvalidAutoRollbackConfig"),
        ({"alarmConfiguration": {"enabled": True}}, "InvalidAlarmConfig"),
        ({"alarmConfiguration": {"alarms": [{"name": f"a{n}"} for n in range(51)]}}, "AlarmsLimitExceeded"),
        ({"triggerConfigurations": [{"triggerName": "t"}]}, "InvalidTriggerConfig"),
        ({"deploymentStyle": {"deploymentType": "SIDEWAYS"}}, "InvalidDeploymentStyle"),
        ({"loadBalancerInfo": {"targetGroupInfoList": [{}]}}, "InvalidLoadBalancerInfo"),
        ({"ecsServices": [{"serviceName": "s"}]}, "InvalidECSService"),
    ],
)
def test_groups_are_refused_in_awss_codes(nouns: Any, settings: dict[str, Any], error: str) -> None:
    make = nouns.create_deployment_group
    given = {"applicationName": "shop", "deploymentGroupName": "other", "serviceRoleArn": ROLE, **settings}
    assert code(make, **given) == f"{error}Exception"
    assert nouns.list_deployment_groups(applicationName="shop")["deploymentGroups"] == ["web"]


def test_groups_that_are_not_there_are_named(nouns: Any) -> None:
    answer = nouns.batch_get_deployment_groups(applicationName="shop", deploymentGroupNames=["web", "none"])
    assert [one["deploymentGroupName"] for one in answer["deploymentGroupsInfo"]] == ["web"]
    assert "none" in answer["errorMessage"]
    nouns.delete_deployment_group(applicationName="shop", deploymentGroupName="web")
    nouns.delete_deployment_group(applicationName="shop", deploymentGroupName="web")


def test_one_at_a_time_is_told_as_most_concurrency(codedeploy: Any) -> None:
    get = codedeploy.get_deployment_config
    info = get(deploymentConfigName="CodeDeployDefault.OneAtATime")["deploymentConfigInfo"]
    assert info["minimumHealthyHosts"] == {"type": "MOST_CONCURRENCY", "value": 1}
    canary = get(deploymentConfigName="CodeDeployDefault.LambdaCanary10Percent5Minutes")["deploymentConfigInfo"]
    assert canary["trafficRoutingConfig"]["timeBasedCanary"] == {"canaryPercentage": 10, "canaryInterval": 5}


def test_a_configuration_of_the_users_comes_and_goes(nouns: Any) -> None:
    make, drop = nouns.create_deployment_config, nouns.delete_deployment_config
    minimum = {"type": "FLEET_PERCENT", "value": 80}
    make(deploymentConfigName="most", minimumHealthyHosts=minimum)
    assert nouns.list_deployment_configs()["deploymentConfigsList"][-1] == "most"
    assert (
        code(make, deploymentConfigName="most", minimumHealthyHosts=minimum) == "DeploymentConfigAlreadyExistsException"
    )
    nouns.update_deployment_group(applicationName="shop", currentDeploymentGroupName="web", deploymentConfigName="most")
    assert code(drop, deploymentConfigName="most") == "DeploymentConfigInUseException"
    nouns.delete_deployment_group(applicationName="shop", deploymentGroupName="web")
    drop(deploymentConfigName="most")
    assert code(drop, deploymentConfigName="CodeDeployDefault.AllAtOnce") == "InvalidOperationException"


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({}, "InvalidMinimumHealthyHostValue"),
        ({"minimumHealthyHosts": {"type": "FLEET_PERCENT", "value": 100}}, "InvalidMinimumHealthyHostValue"),
        ({"minimumHealthyHosts": {"type": "MOST_CONCURRENCY", "value": 1}}, "InvalidMinimumHealthyHostValue"),
        ({"computePlatform": "Lambda", "trafficRoutingConfig": TOO_MUCH}, "InvalidTrafficRoutingConfiguration"),
        ({"computePlatform": "ECS", "trafficRoutingConfig": TOO_LONG}, "InvalidTrafficRoutingConfiguration"),
        ({"computePlatform": "ECS", "minimumHealthyHosts": ONE}, "InvalidComputePlatform"),
    ],
)
def test_configurations_are_refused(codedeploy: Any, settings: dict[str, Any], error: str) -> None:
    assert code(codedeploy.create_deployment_config, deploymentConfigName="x", **settings) == f"{error}Exception"


def test_revisions_are_registered_once_and_listed_by_what_is_asked(nouns: Any) -> None:
    def s3(key: str) -> dict[str, Any]:
        return {"revisionType": "S3", "s3Location": {"bucket": "b", "key": key, "bundleType": "zip"}}

    for key in ("one.zip", "two.zip", "one.zip"):
        nouns.register_application_revision(applicationName="shop", revision=s3(key), description=f"of {key}")
    git = {"revisionType": "GitHub", "gitHubLocation": {"repository": "a/b", "commitId": "0" * 40}}
    nouns.register_application_revision(applicationName="shop", revision=git)
    revisions = nouns.list_application_revisions
    assert len(revisions(applicationName="shop")["revisions"]) == 3
    assert revisions(applicationName="shop", s3Bucket="b", s3KeyPrefix="two")["revisions"] == [s3("two.zip")]
    assert revisions(applicationName="shop", deployed="include")["revisions"] == []
    info = nouns.get_application_revision(applicationName="shop", revision=s3("one.zip"))["revisionInfo"]
    assert info["description"] == "of one.zip"
    missing = nouns.batch_get_application_revisions(applicationName="shop", revisions=[s3("two.zip"), s3("no.zip")])
    assert len(missing["revisions"]) == 1
    assert "no.zip" in missing["errorMessage"]
    get = nouns.get_application_revision
    assert code(get, applicationName="shop", revision=s3("no.zip")) == "RevisionDoesNotExistException"
    assert code(get, applicationName="shop", revision={"revisionType": "S3"}) == "InvalidRevisionException"
    assert code(revisions, applicationName="shop", s3KeyPrefix="x") == "BucketNameFilterRequiredException"
    assert code(revisions, applicationName="shop", sortBy="size") == "InvalidSortByException"
    text = {"revisionType": "AppSpecContent", "appSpecContent": {"content": "version: 0.0"}}
    assert code(get, applicationName="shop", revision=text) == "InvalidRevisionException"


def test_instances_are_registered_tagged_and_taken_out(codedeploy: Any) -> None:
    register, add = codedeploy.register_on_premises_instance, codedeploy.add_tags_to_on_premises_instances
    register(instanceName="web-1", iamUserArn=USER)
    tag = {"Key": "role", "Value": "web"}
    add(instanceNames=["web-1"], tags=[tag])
    info = codedeploy.get_on_premises_instance(instanceName="web-1")["instanceInfo"]
    assert info["tags"] == [tag]
    assert info["instanceArn"].startswith("arn:aws:codedeploy:us-east-1:123456789012:instance/web-1_")
    names = codedeploy.list_on_premises_instances
    assert names(tagFilters=[{**tag, "Type": "KEY_AND_VALUE"}])["instanceNames"] == ["web-1"]
    assert names(tagFilters=[{"Key": "none", "Type": "KEY_ONLY"}])["instanceNames"] == []
    codedeploy.remove_tags_from_on_premises_instances(instanceNames=["web-1"], tags=[{"Key": "role"}])
    codedeploy.deregister_on_premises_instance(instanceName="web-1")
    assert names(registrationStatus="Registered")["instanceNames"] == []
    assert code(add, instanceNames=["web-1"], tags=[tag]) == "InstanceNotRegisteredException"
    register(instanceName="web-1", iamUserArn=USER)


def test_instances_are_refused_in_awss_codes(codedeploy: Any) -> None:
    register = codedeploy.register_on_premises_instance
    register(instanceName="web-1", iamUserArn=USER)
    assert code(register, instanceName="web-1", iamUserArn=USER) == "InstanceNameAlreadyRegisteredException"
    assert code(register, instanceName="web-2", iamUserArn=USER) == "IamUserArnAlreadyRegisteredException"
    assert code(register, instanceName="web-2") == "IamArnRequiredException"
    assert code(register, instanceName="web-2", iamUserArn="me") == "InvalidIamUserArnException"
    assert code(register, instanceName="i-123", iamUserArn=USER) == "InvalidInstanceNameException"
    assert code(register, instanceName="../x", iamUserArn=USER) == "InvalidInstanceNameException"
    session = "arn:aws:sts::123456789012:assumed-role/a/b"
    both = {"iamUserArn": USER, "iamSessionArn": session}
    assert code(register, instanceName="web-2", **both) == "MultipleIamArnsProvidedException"
    assert code(codedeploy.get_on_premises_instance, instanceName="none") == "InstanceNotRegisteredException"
    tags = [{"Key": f"k{number}", "Value": ""} for number in range(11)]
    add = codedeploy.add_tags_to_on_premises_instances
    assert code(add, instanceNames=["web-1"], tags=tags) == "TagLimitExceededException"


def test_applications_and_groups_have_tags(nouns: Any) -> None:
    for arn in ("application:shop", "deploymentgroup:shop/web"):
        arn = f"arn:aws:codedeploy:us-east-1:123456789012:{arn}"
        nouns.tag_resource(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        nouns.untag_resource(ResourceArn=arn, TagKeys=["a"])
        assert nouns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert code(nouns.list_tags_for_resource, ResourceArn="arn:aws:s3:::b") == "InvalidArnException"
    other = "arn:aws:codedeploy:us-east-1:123456789012:deploymentconfig:x"
    assert code(nouns.list_tags_for_resource, ResourceArn=other) == "ArnNotSupportedException"
