"""What the stages around the test found, as keys of the document `bakeoff.report` (docs/reference/json.md)."""

from typing import Any

from bakeoff.report.probe_json import probe_json
from bakeoff.report.reasons_json import with_sentences
from bakeoff.report.stages import Stages
from bakeoff.values import to_json


def stages_json(found: Stages) -> dict[str, Any]:
    """Each part under its key, null where the project does not have it."""
    parts: dict[str, Any] = with_sentences(to_json(found)) | {"probes": [probe_json(one) for one in found.probes]}
    return {"cost" if key == "costs" else key: value for key, value in parts.items()}
