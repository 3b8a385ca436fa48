"""Readers of data files, one per format, and the making of a table from what they read.

A reader knows its format and nothing about columns or ids; `build` knows these and nothing about formats.
"""
