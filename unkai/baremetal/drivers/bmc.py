"""What can be wrong with a BMC, in one place: every driver of one says it with these words."""

from __future__ import annotations

from unkai.kit.errors import BadRequest, Failed, Unavailable


def unreachable(where: str, why: str) -> Unavailable:
    return Unavailable(
        f"The BMC at {where} does not answer: {why}.",
        code="bmc-unreachable",
        remedy="Check its address, its network and its power.",
    )


def busy(where: str, why: str) -> Unavailable:
    return Unavailable(
        f"The BMC at {where} has no room for this request now: {why}.",
        code="bmc-busy",
        remedy="It is tried again; sessions of other programs may be in the way.",
    )


def login_refused(where: str, why: str) -> Failed:
    return Failed(
        f"The BMC at {where} refuses the login: {why}.",
        code="bmc-login",
        remedy="Correct the user name, the password and the privilege in driver_info.",
    )


def refused(where: str, what: str, why: str) -> Failed:
    return Failed(f"The BMC at {where} refuses to {what}: {why}.", code="bmc-refused")


def odd(where: str, why: str) -> Failed:
    return Failed(f"The BMC at {where} answers what cannot be: {why}.", code="bmc-answer")


def wrong_info(sentence: str) -> BadRequest:
    return BadRequest(sentence, code="driver-info")


def missing_info(driver: str, names: list[str]) -> BadRequest:
    return wrong_info(
        f"The following {driver} keys are missing from the node's driver_info: {', '.join(names)}."
    )
