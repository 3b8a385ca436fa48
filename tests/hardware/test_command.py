"""`bakeoff hardware`: a table for people, one JSON shape for programs, and errors with their fix."""

import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from bakeoff.cli.hardware import hardware_command
from bakeoff.errors import UsageError
from bakeoff.hardware import Machine
from bakeoff.values import from_json


def run(*arguments: str) -> tuple[str, str]:
    """(standard output, standard error)."""
    done = CliRunner().invoke(hardware_command, list(arguments), catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout, done.stderr


def test_the_json_is_one_versioned_shape_that_reads_back() -> None:
    out, err = run("--on", "RTX 4090, 64 GB RAM", "--json")
    assert err == ""
    data = json.loads(out)
    assert (data["schema"], data["version"]) == ("bakeoff.hardware", 1)
    machine = data["machine"]
    assert list(machine) == [
        "name", "processor", "accelerators", "here", "system", "disk_bytes_per_second", "notes",
    ]  # fmt: skip
    assert machine["accelerators"][0]["memory_total_bytes"]["value"] == 24 * 2**30
    assert {"value", "low", "high", "source", "detail"} <= set(machine["accelerators"][0]["memory_usable_bytes"])
    assert machine["notes"][0]["code"].startswith("hardware.")
    assert from_json(Machine, machine).accelerators[0].name == "GeForce RTX 4090"


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_table_has_a_line_for_each_device_and_notes_go_beside_it(lang: str) -> None:
    out, err = run("--on", "RTX 3090 + RTX 3060 12GB, 64 GB RAM", "--lang", lang)
    lines = [line.split("\t") for line in out.splitlines()]
    assert {len(line) for line in lines} == {6}
    assert [line[0].partition(",")[0] for line in lines[1:4]] == [
        "0: GeForce RTX 3090",
        "1: GeForce RTX 3060 12 GB",
        "CPU",
    ]
    assert "936" in lines[1][3]
    assert err.count("! ") == 2


def test_this_machine_is_shown_when_none_is_named() -> None:
    out, err = run()
    assert len(out.splitlines()) >= 3
    assert err.startswith("this machine (")


def test_every_note_has_words_in_both_languages() -> None:
    for text in (
        "M3 Max 100 GB",
        "2x EPYC 9654, RTX 3080 20GB VRAM",
        "Ryzen AI 9 HX 370, RTX 4070 Laptop",
        "24 GB VRAM",
    ):
        for lang in ("en", "vi"):
            assert "{" not in run("--on", text, "--lang", lang)[1]


def test_a_name_that_is_not_known_is_wrong_use() -> None:
    with pytest.raises(UsageError, match="not a device") as refused:
        CliRunner().invoke(hardware_command, ["--on", "RTX 9090"], catch_exceptions=False)
    assert refused.value.exit_code == 2
    assert "GeForce RTX 4090" in (refused.value.hint or "")


def test_help_imports_no_hardware() -> None:
    code = (
        "import sys\nfrom bakeoff.cli.hardware import hardware_command\n"
        "hardware_command(['--help'], standalone_mode=False)\n"
        "assert not [name for name in sys.modules if name.startswith(('bakeoff.hardware', 'numpy'))]"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, check=False).returncode == 0
