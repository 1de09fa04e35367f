"""The scheduler: a pure function from what placement offers to a host, and a reason for every host.

It spreads: the host with the largest share of free memory and processors wins, fewer boots under
way break near-ties, the name breaks ties. Nothing is read or written here, so a decision can be
replayed from what was stored of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from unkai.compute.model import HostVerdict

RESOURCE_WORDS = {"VCPU": "VCPU", "MEMORY_MB": "MiB of memory", "DISK_GB": "GiB of disk"}
BUILDING_WEIGHT = 0.02
"""What one boot under way counts against a host, in shares of a free host."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A host as the scheduler sees it.

    refusal: why placement or its state rules it out, None if nothing does. capacity counts the
    allocation ratio in; members: how many servers of the asked group it has.
    """

    host: str
    provider_id: str
    zone: str
    refusal: str | None = None
    capacity: Mapping[str, float] = field(default_factory=dict[str, float])
    used: Mapping[str, float] = field(default_factory=dict[str, float])
    building: int = 0
    members: int = 0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a server needs. group_policy: affinity, anti-affinity or their soft forms."""

    resources: Mapping[str, int]
    zone: str | None = None
    host: str | None = None
    group_policy: str | None = None
    max_per_host: int = 1
    group_hosts: frozenset[str] = frozenset()
    same_hosts: frozenset[str] = frozenset()
    other_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice:
    """Candidates in their order, best first, and every host's verdict."""

    ranked: tuple[Offer, ...]
    verdicts: tuple[HostVerdict, ...]


def choose_host(wanted: Wanted, offers: Sequence[Offer]) -> Choice:
    """Rank the offers; the first of `ranked` is the choice."""
    fit: list[tuple[float, Offer]] = []
    refused: list[HostVerdict] = []
    for offer in offers:
        reason = offer.refusal or _refusal(wanted, offer)
        if reason is None:
            fit.append((_score(wanted, offer), offer))
        else:
            refused.append(HostVerdict(host=offer.host, taken=False, reason=reason))
    fit.sort(key=lambda pair: (-pair[0], pair[1].host))
    verdicts = [
        HostVerdict(
            host=offer.host,
            taken=place == 0,
            reason=_praise(offer) if place == 0 else f"Fits, but {fit[0][1].host} ranks higher.",
            score=round(score, 4),
        )
        for place, (score, offer) in enumerate(fit)
    ]
    return Choice(tuple(offer for _, offer in fit), (*verdicts, *refused))


def _refusal(wanted: Wanted, offer: Offer) -> str | None:
    if wanted.host is not None and offer.host != wanted.host:
        return f"The request names host {wanted.host}."
    if wanted.zone is not None and offer.zone != wanted.zone:
        return f"It is in availability zone {offer.zone}, not in {wanted.zone}."
    for name, amount in wanted.resources.items():
        free = offer.capacity.get(name, 0) - offer.used.get(name, 0)
        if free < amount:
            words = RESOURCE_WORDS.get(name, name)
            return f"It has {max(0, int(free))} {words} free; the server needs {amount}."
    return _group_refusal(wanted, offer)


def _group_refusal(wanted: Wanted, offer: Offer) -> str | None:
    if wanted.group_policy == "anti-affinity" and offer.members >= wanted.max_per_host:
        return (
            f"It already runs {offer.members} of the server group, whose policy is anti-affinity."
        )
    if wanted.group_policy == "affinity" and wanted.group_hosts - {offer.host}:
        where = ", ".join(sorted(wanted.group_hosts))
        return f"The server group, whose policy is affinity, is on {where}."
    if offer.host in wanted.other_hosts:
        return "The hint different_host rules it out."
    if wanted.same_hosts and offer.host not in wanted.same_hosts:
        return "The hint same_host rules it out."
    return None


def _score(wanted: Wanted, offer: Offer) -> float:
    shares = [
        (offer.capacity[name] - offer.used.get(name, 0) - wanted.resources[name])
        / offer.capacity[name]
        for name in wanted.resources
        if offer.capacity.get(name)
    ]
    score = sum(shares) / len(shares) if shares else 0.0
    if wanted.group_policy == "soft-affinity":
        score += offer.members
    elif wanted.group_policy == "soft-anti-affinity":
        score -= offer.members
    return score - BUILDING_WEIGHT * offer.building


def _praise(offer: Offer) -> str:
    free = [
        f"{int(offer.capacity[name] - offer.used.get(name, 0))} {RESOURCE_WORDS.get(name, name)}"
        for name in offer.capacity
    ]
    return f"Chosen: most room ({', '.join(free)} free before)." if free else "Chosen."
