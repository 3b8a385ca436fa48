"""A real and very small model as judge: it must be found out."""

from pathlib import Path

import pytest

from bakeoff.project import Project
from tests.judge.bench import Server, honest, label_truthfully, make_project, serving

RATES = {"alpha-7": 0.8, "beta-7": 0.4}


@pytest.mark.slow
def test_smollm2_135m_is_not_trusted_as_a_judge(tmp_path: Path, real_cache: Path) -> None:
    with serving(Server(RATES, {"themis-70": honest()})) as address:
        folder = make_project(tmp_path / "p", address, rows=10)
        file = folder / "bakeoff.toml"
        remote = f'model = "themis-70"\nvia = "{address}"\nconcurrency = 8\n'
        embedded = 'model = "HuggingFaceTB/SmolLM2-135M-Instruct"\nbuild = "gguf:Q4_1"\nmax_tokens = 120\n'
        file.write_text(file.read_text().replace(remote, embedded))
        project = Project(folder)
        project.run()
        (outcome,) = project.judge()
        assert (outcome.failed, outcome.error) == (0, None)
        label_truthfully(project, RATES, 10)
        found = project.judged()
        assert found.habits.missing == 0
        assert found.state == "not trusted"
        assert "judge.flips" in {reason.code for reason in found.calibration.reasons}
        assert project.decide().choice is None
        assert project.judge() == []
