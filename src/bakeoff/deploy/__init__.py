"""How to run the chosen model for real: commands and files with the planned parameters, and what to begin with."""

from bakeoff.deploy.deployment import KINDS, Deployment, Recipe, deployment

__all__ = ["KINDS", "Deployment", "Recipe", "deployment"]
