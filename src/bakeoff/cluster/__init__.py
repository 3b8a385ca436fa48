"""One run on many processes and machines: rows are leased out, every answer goes to one ledger.

A driver cuts the rows of a run into leases (`leases.prepare`); workers (`worker.Worker`) take them, make the calls as
on one machine, and write every answer to the shared ledger before it counts. Whoever starts the workers, and where,
is not known to them.
"""
