"""`unkai up --fake`, the way people start it to test their own code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.clouds import RunningCloud, free_port, running_cloud, unkai

pytestmark = [pytest.mark.xdist_group("fake cloud")]


def test_up_again_changes_nothing(fake_cloud: RunningCloud) -> None:
    again = json.loads(unkai("up", "--json", "--state-dir", str(fake_cloud.state_dir)).stdout)

    assert again["started"] is False
    assert again["pid"] == fake_cloud.pid


def test_up_with_another_port_says_what_runs(fake_cloud: RunningCloud) -> None:
    words = ("--state-dir", str(fake_cloud.state_dir), "--port", str(free_port()))

    done = unkai("up", *words, check=False)

    assert done.returncode == 1
    assert "is a fake one on port" in done.stderr


def test_a_first_server_is_played(fake_cloud: RunningCloud) -> None:
    first = fake_cloud.unkai_json("first-server")
    second = fake_cloud.unkai_json("first-server")

    assert (first["created"], second["created"]) == (True, False)
    assert first["server"] == second["server"]
    assert {"NovaAPI", "NovaScheduler", "Hypervisor"} <= set(first["participants"])


def test_verbs_tell_of_the_first_server(fake_cloud: RunningCloud) -> None:
    server = fake_cloud.unkai_json("first-server")["server"]

    assert fake_cloud.unkai_json("status")["running"] is True
    assert fake_cloud.unkai("timeline", "--format", "mermaid", "first").stdout.startswith(
        "sequenceDiagram"
    )
    assert "NovaScheduler" in fake_cloud.unkai("timeline", server).stdout
    assert fake_cloud.unkai("explain", "first").stdout.strip()
    assert fake_cloud.unkai("audit").returncode == 0


def test_a_console_is_printed(fake_cloud: RunningCloud) -> None:
    server = fake_cloud.unkai_json("first-server")["server"]

    said = fake_cloud.unkai("console", "first").stdout
    nobody = fake_cloud.unkai("console", "nobody", check=False)

    assert "Booting." in said
    assert fake_cloud.unkai_json("console", server)["console"].strip() == said.strip()
    assert nobody.returncode == 1
    assert "Nor is there a node 'nobody'" in nobody.stderr


def test_ssh_to_a_played_server_says_why_not(fake_cloud: RunningCloud) -> None:
    fake_cloud.unkai("first-server")

    done = fake_cloud.unkai("ssh", "first", check=False)

    assert done.returncode == 1
    assert "played by a fake host" in done.stderr


def test_exec_finds_the_clouds_credentials(fake_cloud: RunningCloud) -> None:
    done = fake_cloud.unkai("exec", "--", "sh", "-c", "echo $OS_CLOUD $OS_CLIENT_CONFIG_FILE")

    assert done.stdout.split() == ["unkai", str(fake_cloud.state_dir / "clouds.yaml")]


@pytest.mark.parametrize("time", ["first", "second"])
def test_two_clouds_stand_side_by_side_and_nothing_stays(tmp_path: Path, time: str) -> None:
    with (
        running_cloud(tmp_path / "one", fake=True) as one,
        running_cloud(tmp_path / "two", fake=True) as two,
    ):
        assert one.url != two.url
        assert one.unkai_json("status")["url"] == one.url
        assert two.unkai_json("status")["url"] == two.url

    assert list(tmp_path.iterdir()) == []


def test_a_first_machine_needs_a_real_network(fake_cloud: RunningCloud) -> None:
    done = fake_cloud.unkai("first-machine", check=False)

    assert done.returncode == 1
    assert "no network that a machine could be plugged into" in done.stderr
