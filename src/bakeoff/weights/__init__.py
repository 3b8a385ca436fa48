"""Where model files come from: this disk, the Hugging Face Hub, Python packages. Knows nothing about running them."""

from bakeoff.weights.getting import cached, get
from bakeoff.weights.types import DownloadProgress, ModelFile

__all__ = ["DownloadProgress", "ModelFile", "cached", "get"]
