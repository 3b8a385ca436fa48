"""The ledger, in SQLite or PostgreSQL. Only this room knows SQL."""

from bakeoff.evaluate.store.database import ConnectionLost, Database
from bakeoff.evaluate.store.following import CallSeen, Noted
from bakeoff.evaluate.store.ledger import Ledger, open_ledger
from bakeoff.evaluate.store.opening import is_address
from bakeoff.evaluate.store.sharing import Copied, Pulled
from bakeoff.evaluate.stored import Call, Drop, Failure, Finding, StoredAnswer, StoredGrade, Usage, now

__all__ = [
    "Call",
    "CallSeen",
    "ConnectionLost",
    "Copied",
    "Database",
    "Drop",
    "Failure",
    "Finding",
    "Ledger",
    "Noted",
    "Pulled",
    "StoredAnswer",
    "StoredGrade",
    "Usage",
    "is_address",
    "now",
    "open_ledger",
]
