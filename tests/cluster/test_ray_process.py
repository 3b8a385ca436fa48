"""Addresses, and what is said where a cluster cannot be had. No cluster is started here."""

import socket
from pathlib import Path

import pytest

from bakeoff.cluster import ray_process
from bakeoff.cluster.ray_process import RayProcess, check_address, refused
from bakeoff.errors import ClusterError, UsageError


@pytest.mark.parametrize("address", ["local", "auto", "head:6379", "10.0.0.1:1", "[::1]:6379"])
def test_addresses(address: str) -> None:
    check_address(address)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "is no address"),
        ("head", "is no address"),
        ("head:", "is no address"),
        (":6379", "is no address"),
        ("head:0", "is no address"),
        ("head:70000", "is no address"),
        ("head:6379x", "is no address"),
        ("ray://head:10001", "ray:// is not supported"),
        ("http://head:8265", "http:// is not supported"),
    ],
)
def test_what_is_no_address(address: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as found:
        check_address(address)
    assert found.value.hint


@pytest.mark.parametrize(
    ("kind", "message", "hint"),
    [
        ("nobody", "no cluster at head:6379: refused", "ray status"),
        ("apart", "this machine is not a node", "ray start --address=head:6379 --num-cpus=0"),
        ("version", "has other versions than this machine: refused", "the same Ray"),
        ("token", "wants a token", "RAY_AUTH_TOKEN"),
        ("stranger", "not the head of a Ray cluster", "6379"),
        ("full", "object store of the cluster at head:6379 is full: refused", "ray memory"),
        ("silent", "refused", "ray.log"),
        ("gone", "Ray's process on this machine ended", "every answer so far is kept"),
        ("other", "Ray at head:6379: refused", "ray.log"),
    ],
)
def test_refusals_name_the_address_and_the_fix(kind: str, message: str, hint: str) -> None:
    error = refused(kind, "refused", "head:6379", Path("ray.log"))
    assert message in error.message
    assert hint in (error.hint or "")


def test_without_ray_there_is_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_process, "find_spec", lambda _: None)
    with pytest.raises(UsageError, match="needs Ray") as found:
        RayProcess("local", tmp_path / "ray.log")
    assert 'pip install "bakeoff[ray]"' in (found.value.hint or "")


def test_nobody_at_the_address_is_told_at_once(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with (
            pytest.raises(ClusterError, match=f"no cluster at {address}: Connection refused"),
            RayProcess(address, tmp_path / "logs" / "ray.log"),
        ):
            pass


def test_auto_without_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        # Where there is another cluster on this machine, `auto` must not find it here.
        monkeypatch.setenv("RAY_TMPDIR", str(tmp_path))
        monkeypatch.delenv("RAY_ADDRESS", raising=False)
        if ray_is_here():
            pytest.skip("a Ray cluster runs on this machine")
        with (
            pytest.raises(ClusterError, match="not a node of a running cluster"),
            RayProcess("auto", tmp_path / "ray.log"),
        ):
            pass


def ray_is_here() -> bool:
    from ray._private.services import find_node_ids

    return bool(find_node_ids())  # type: ignore[no-untyped-call]


def test_a_cluster_of_our_own_has_a_token_and_tells_nobody() -> None:
    given = {"PATH": "p", "RAY_RUNTIME_ENV_HOOK": "uv"}
    local = ray_process._environment(given, local=True)
    assert local["RAY_AUTH_MODE"] == "token"
    assert len(local["RAY_AUTH_TOKEN"]) == 64
    assert "RAY_RUNTIME_ENV_HOOK" not in local
    elsewhere = ray_process._environment({"RAY_AUTH_TOKEN": "mine"}, local=False)
    assert elsewhere["RAY_AUTH_TOKEN"] == "mine"
    assert "RAY_AUTH_MODE" not in elsewhere
    assert local["RAY_USAGE_STATS_ENABLED"] == elsewhere["RAY_USAGE_STATS_ENABLED"] == "0"
