"""From a model, a machine and a request to a plan.

asking.py      names to an answer or a table    wanted.py       what is asked
answering.py   one model: every build           table.py        the whole catalog, by task
making.py      one plan                         choose.py       which plan to take
candidates.py  builds and engines               changes.py      what would change the answer
pools.py       memory of devices                laid.py         a model on its devices
by_llama_cpp.py, layers.py, placement.py, offload.py            llama.cpp
by_servers.py, by_others.py                     vLLM and SGLang; MLX and Transformers
pace.py        speed and verdict                calibration.py  what was measured here
ability.py, bases.py                            the order of the table
commands.py, explain.py, as_json.py, exactly.py, from_file.py
"""
