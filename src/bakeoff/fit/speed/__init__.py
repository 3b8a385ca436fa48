"""How fast: tokens per second of one answer and of many, time to the first word, seconds for the user's own request.

    work.py       what is read and multiplied for a token, by memory pool
    decode.py     writing: one answer          prefill.py   reading the prompt
    serving.py    many answers at once         request.py   the user's request, loading
    verdict.py    a plain word                 constants.py fitted numbers, by families.py
    scale.py      what a measurement on this machine changes (made by `fit.measure`)

Docs: docs/concepts/speed.md; errors on machines that nothing was fitted on: docs/measured/speed.md.
"""

from bakeoff.fit.speed.decode import decode_seconds, decode_speed, token_terms
from bakeoff.fit.speed.prefill import prefill_seconds, prefill_speed
from bakeoff.fit.speed.request import RequestTime, load_time, request_time
from bakeoff.fit.speed.scale import Scale
from bakeoff.fit.speed.serving import Load, Serving, serving, users_served
from bakeoff.fit.speed.verdict import Judged, Verdict, judge
from bakeoff.fit.speed.work import SYSTEM, Part, Work, by_depth, of_file, placed, whole

__all__ = [
    "SYSTEM",
    "Judged",
    "Load",
    "Part",
    "RequestTime",
    "Scale",
    "Serving",
    "Verdict",
    "Work",
    "by_depth",
    "decode_seconds",
    "decode_speed",
    "judge",
    "load_time",
    "of_file",
    "placed",
    "prefill_seconds",
    "prefill_speed",
    "request_time",
    "serving",
    "token_terms",
    "users_served",
    "whole",
]
