"""The same questions with inspect_ai; run by the Python that has it, outside this package.

PYTHON inspect_task.py DATA.csv CONCURRENCY FOLDER    (STUB_BASE_URL and STUB_API_KEY are set)
"""

import sys

from inspect_ai import Task, eval
from inspect_ai.dataset import csv_dataset
from inspect_ai.dataset._dataset import FieldSpec
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import includes
from inspect_ai.solver import generate

data, concurrency, folder = sys.argv[1], int(sys.argv[2]), sys.argv[3]
task = Task(
    dataset=csv_dataset(data, FieldSpec(input="text", target="label", id="id")),
    solver=generate(),
    scorer=includes(),
    config=GenerateConfig(temperature=0, max_tokens=16),
)
(log,) = eval(
    task,
    model="openai-api/stub/stub",
    max_connections=concurrency,
    max_samples=concurrency,
    log_dir=folder,
    display="none",
)
assert log.status == "success", log.error
