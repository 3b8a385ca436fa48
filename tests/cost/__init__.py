"""Tests of `bakeoff.cost`."""
