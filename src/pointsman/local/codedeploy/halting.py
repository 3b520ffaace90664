"""Ending a deployment before its time, whatever its platform: by a person, an alarm, or its time-out."""

from __future__ import annotations

from pointsman.local.cloudwatch.alarms import ALARM
from pointsman.local.codedeploy import driver, shifting_driver, watch
from pointsman.local.codedeploy.machine import FAILED, STOPPED, TERMINATION_WAIT, Continued, Halt, Halted
from pointsman.local.codedeploy.records import Busy, Deployment
from pointsman.local.world import Payload, Scope


def halt(scope: Scope, one: Deployment, why: Halt) -> None:
    """Stop or fail a deployment, wherever it stands."""
    if one.over:
        return
    if one.run is not None:
        driver.advance(scope, one.id, Halted(why))
    elif one.shift is not None:
        shifting_driver.advance(scope, one.id, Halted(why))
    else:
        driver.refuse(scope, one, why)


def go_on(scope: Scope, one: Deployment, wait: str) -> None:
    """End a wait of a deployment."""
    if one.run is not None:
        driver.advance(scope, one.id, Continued(wait))
    else:
        shifting_driver.advance(scope, one.id, Continued(wait))


def waited(scope: Scope, payload: Payload) -> None:
    """The time of a wait has passed."""
    one = scope.get(Deployment, payload["deployment"])
    if one is None:
        return
    if payload["wait"] == TERMINATION_WAIT:
        go_on(scope, one, TERMINATION_WAIT)
        return
    sentence = "The wait for traffic to be rerouted is over, and nobody continued the deployment."
    halt(scope, one, Halt(STOPPED, "TIMEOUT", sentence, "DEPLOYMENT_FAILURE"))


def timed_out(scope: Scope, payload: Payload) -> None:
    """A deployment has taken longer than any may."""
    one = scope.get(Deployment, payload["deployment"])
    if one is not None:
        sentence = "The deployment has taken longer than a deployment may."
        halt(scope, one, Halt(FAILED, "TIMEOUT", sentence, "DEPLOYMENT_FAILURE"))


def alarm_changed(scope: Scope, payload: Payload) -> None:
    """An alarm has gone to another state: the deployments that it watches are stopped when it is ALARM."""
    if payload["new"] != ALARM:
        return
    for key, _ in list(scope.scan(Busy)):
        one = scope.get(Deployment, key)
        if one is not None and not one.over and payload["name"] in watch.names(one):
            halt(scope, one, watch.activated([payload["name"]]))
