"""Evaluations carried out of Bakeoff and into it: tables of answers, and the files of other evaluation tools.

Pure readers and writers. They know rows, candidates and answers, and nothing about project folders or ledgers.
"""
