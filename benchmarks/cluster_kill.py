"""Kill a worker, a node and the driver of a run on a two-node cluster, and count what the model server saw.

    python -m benchmarks.cluster_kill [--rows 20000] [--kinds nothing worker node driver]

Ray and PostgreSQL are started for it, on this machine. Exits with 1 where a table differs from that of one machine,
or a call was made again whose answer was kept.
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import get_args

from tests.cluster.killing import Kind, command, finished, killed_run, make_project, table_of
from tests.cluster.ray_nodes import ray_nodes
from tests.postgres import PostgresServer, programs

from benchmarks.common import stub_process

KINDS = ("nothing", *get_args(Kind))


def main() -> int:
    """Measure, print a line for each kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--latency-ms", type=float, default=20.0)
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    given = parser.parse_args()
    found = programs()
    if found is None:
        sys.exit("PostgreSQL is not installed: apt-get install postgresql")
    folder, bad = Path(tempfile.mkdtemp(prefix="bakeoff-kill-")), 0
    postgres = PostgresServer(found)
    try:
        with stub_process(latency_ms=given.latency_ms) as server:
            code, _, said = finished(command(make_project(folder / "one", f"{server}/ok", given.rows)))
            assert code == 0, said
        expected = table_of(folder / "one")
        print("killed\tcalls\tkept then\tkept, asked again\ton their way, asked again\tseconds\tsame table")
        with ray_nodes() as nodes:
            for kind in given.kinds:
                if kind == "node":
                    nodes.add()
                log = folder / f"{kind}.log"
                with stub_process(latency_ms=given.latency_ms, log=log) as server:
                    project = make_project(folder / kind, f"{server}/ok", given.rows)
                    ledger = postgres.new_database()
                    kinds = [kind] if kind != "nothing" else []
                    one = killed_run(kinds, project, nodes=nodes, ledger=ledger, log=log, n_calls=given.rows)
                    same = table_of(project) == expected
                bad += one.kept_again > 0 or not same
                told = (kind, one.calls, one.kept, one.kept_again, one.lost_again, f"{one.seconds:.1f}", same)
                print("\t".join(map(str, told)), flush=True)
    finally:
        postgres.close()
        shutil.rmtree(folder, ignore_errors=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
