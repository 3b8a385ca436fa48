"""How good each model probably is at a task, before anybody asked it anything: an ability with its uncertainty."""

from bakeoff.shortlist.quality.standing import Standing, standings

__all__ = ["Standing", "standings"]
