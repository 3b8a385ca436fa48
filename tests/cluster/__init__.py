"""Tests of `bakeoff.cluster`."""
