"""Where model files and data sets come from: this disk, the Hugging Face Hub, S3, Python packages.

Knows nothing about running models or reading rows. The names are imported when they are first used.
"""

from typing import TYPE_CHECKING

from bakeoff.rooms import lazily

if TYPE_CHECKING:
    from bakeoff.weights.datasets import dataset, dataset_reference, is_dataset
    from bakeoff.weights.getting import cached, get
    from bakeoff.weights.objects import is_object, listing_path, object_files, object_reference
    from bakeoff.weights.types import DownloadProgress, ModelFile

__all__ = [
    "DownloadProgress", "ModelFile", "cached", "dataset", "dataset_reference", "get", "is_dataset", "is_object",
    "listing_path", "object_files", "object_reference",
]  # fmt: skip

_HOMES = {
    "DownloadProgress": "types",
    "ModelFile": "types",
    "cached": "getting",
    "dataset": "datasets",
    "dataset_reference": "datasets",
    "get": "getting",
    "is_dataset": "datasets",
    "is_object": "objects",
    "listing_path": "objects",
    "object_files": "objects",
    "object_reference": "objects",
}


__getattr__ = lazily(__name__, {name: f"{__name__}.{home}" for name, home in _HOMES.items()})
