"""What verbs print, as pure functions."""

import pytest

from unkai.cli.console import news
from unkai.cli.explain import as_text as explanation
from unkai.cli.first_machine import as_text as beside
from unkai.cli.first_steps import participants
from unkai.cli.readable import as_lines
from unkai.cli.ssh import address_of
from unkai.cli.status import as_text as status_text
from unkai.kit.errors import Conflict


def test_a_document_reads_as_lines() -> None:
    document = {
        "running": True,
        "host_name": "one",
        "servers": [],
        "reasons": [{"host": "a", "fits": False}, {"host": "b", "fits": True}],
    }

    assert as_lines(document).splitlines() == [
        "running: yes",
        "host name: one",
        "servers: none",
        "reasons:",
        "  - host: a",
        "    fits: no",
        "  - host: b",
        "    fits: yes",
    ]


@pytest.mark.parametrize(
    ("before", "now", "new"),
    [
        ("", "a\n", "a\n"),
        ("a\n", "a\n", ""),
        ("a\nb", "a\nbc\n", "c\n"),
        ("x" * 900 + "end", "x" * 500 + "end" + "more", "more"),
        ("before the power went off", "SeaBIOS\n", "SeaBIOS\n"),
    ],
)
def test_a_console_goes_on_where_it_was(before: str, now: str, new: str) -> None:
    assert news(before, now) == new


def test_status_names_a_reconciler_only_where_it_fails() -> None:
    fine = {"name": "a", "runs": 3, "failures": 0, "last_error": None}
    broken = {"name": "b", "runs": 3, "failures": 1, "last_error": "no such host"}

    assert status_text({"reconcilers": [fine, fine]}) == "reconcilers: 2 run, none failing"
    assert "- name: b" in status_text({"reconcilers": [fine, broken]})


def test_an_explanation_names_every_host() -> None:
    hosts = [
        {"host": "one", "taken": True, "reason": "most free memory"},
        {"host": "another", "taken": False, "reason": "too little memory"},
    ]
    decision = {
        "chosen": "one",
        "made_at": "1970-01-01T00:00:00Z",
        "request": {"vcpus": 1},
        "hosts": hosts,
    }

    assert explanation("web", [decision]).splitlines() == [
        "web went to one, decided at 1970-01-01T00:00:00Z",
        "asked for:",
        "  vcpus: 1",
        "hosts:",
        "  taken  one      most free memory",
        "  -      another  too little memory",
    ]
    assert explanation("web", [decision | {"chosen": None}]).startswith("web fits nowhere")
    assert explanation("web", []) == "web was never placed."


def test_ssh_prefers_the_floating_ip() -> None:
    fixed = {"addr": "192.0.2.9", "version": 4, "OS-EXT-IPS:type": "fixed"}
    floating = {"addr": "203.0.113.9", "version": 4, "OS-EXT-IPS:type": "floating"}
    server = {"name": "web", "status": "ACTIVE", "id": "1", "addresses": {"net": [fixed, floating]}}

    assert address_of(server) == "203.0.113.9"
    assert address_of(server | {"addresses": {"net": [fixed]}}) == "192.0.2.9"
    with pytest.raises(Conflict, match="has no address"):
        address_of(server | {"addresses": {}})


def test_a_participants_times_are_added_up() -> None:
    events = [
        {"participant": "NovaAPI", "duration_ms": 500.0},
        {"participant": "Hypervisor", "duration_ms": None},
        {"participant": "NovaAPI", "duration_ms": 250.0},
    ]

    assert participants(events) == {"NovaAPI": 0.75, "Hypervisor": 0.0}


def test_a_machines_sequence_stands_beside_a_servers() -> None:
    document = {
        "address": "203.0.113.9",
        "participants": {"NovaAPI": 0.01, "BareMetalNode": 31.5},
        "nodes": [{"name": "node1", "provision_state": "active"}],
        "dashboard": "http://127.0.0.1:8780/dashboard/",
        "password_file": "/var/lib/unkai/demo-password",
    }

    lines = beside(document, {"NovaAPI": 0.02, "ComputeNode": 1.25}, "what happened").splitlines()

    assert "what happened" in lines
    assert "  NovaAPI                     0.010 s      0.020 s" in lines
    assert "  BareMetalNode              31.500 s" in lines
    assert "  ComputeNode                              1.250 s" in lines
    assert "  node1         active" in lines
    assert "  dashboard     http://127.0.0.1:8780/dashboard/" in lines
    assert "  sign in       as demo, with the password in /var/lib/unkai/demo-password" in lines
