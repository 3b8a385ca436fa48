"""Where model files and data sets come from: this disk, the Hugging Face Hub, Python packages.

Knows nothing about running models or reading rows.
"""

from bakeoff.weights.datasets import dataset, dataset_reference, is_dataset
from bakeoff.weights.getting import cached, get
from bakeoff.weights.types import DownloadProgress, ModelFile

__all__ = ["DownloadProgress", "ModelFile", "cached", "dataset", "dataset_reference", "get", "is_dataset"]
