"""Which few models to test: from needs to candidates, with reasons for and against, and why each other one is out."""

from bakeoff.rooms import answers_as
from bakeoff.shortlist.shortlist import FUNNEL, shortlist, stand
from bakeoff.shortlist.values import Entry, Offer, Pick, Relaxed, Shortlist

__all__ = ["FUNNEL", "Entry", "Offer", "Pick", "Relaxed", "Shortlist", "shortlist", "stand"]


answers_as(__name__, "bakeoff.shortlist.asking", "shortlist")
