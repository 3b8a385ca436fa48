"""The quote for a cluster, worked by hand: two machines, three columns, known speeds."""

from dataclasses import replace
from decimal import Decimal

import pytest

from bakeoff.cluster.estimates import combined, greatest, spread, total
from bakeoff.cluster.limits import BEFORE, RATES, SPREAD, Volume, ledger_bytes, longest, shared_seconds, total_seconds
from bakeoff.cluster.machines import Group, as_found, grouped, parse_group
from bakeoff.cluster.quote import RAY_START, machines_needed, quote
from bakeoff.cluster.quoted import ClusterQuote, OnMachine, Subject
from bakeoff.cost.power import draw, pue, tariff
from bakeoff.cost.rental import hourly
from bakeoff.errors import UsageError
from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.pacing import FIRST, MOST
from bakeoff.hardware.machine import Machine
from bakeoff.hardware.names import parse_machine
from bakeoff.values import Estimate

H100, CARD = parse_machine("8x H100"), parse_machine("RTX 4090, 64 GB RAM")


def exactly(value: float) -> Estimate:
    return Estimate.exact(value, source="measured")


def between(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, "estimated")


def subject(name: str = "a", place: str = "replicas", calls: float = 36_000, **more: object) -> Subject:
    usual = Subject(
        name=name,
        place=place,  # type: ignore[arg-type]
        calls=exactly(calls),
        kept=exactly(0),
        prompt_tokens=exactly(400),
        output_tokens=exactly(20),
        request_bytes=2000.0,
    )
    return replace(usual, **more)  # type: ignore[arg-type]


def speeds(per_second: Estimate) -> object:
    def speed(asked: Subject, machine: Machine) -> OnMachine | None:
        part = "decode" if asked.place == "replicas" else "engine"
        return OnMachine(per_second, exactly(48.0), part, "known") if machine is not CARD else None  # type: ignore[arg-type]

    return speed


def quoted(*subjects: Subject, groups: tuple[Group, ...] = (Group(2, H100),), **more: object) -> ClusterQuote:
    usual: dict[str, object] = {
        "rows": 36_000,
        "looked_at": 36_000,
        "row_bytes": 1000.0,
        "repeats": 1,
        "workers": 2,
        "ledger": "postgresql",
        "tariff": tariff("0.10"),
    }
    rate = more.pop("rate", between(5.0, 4.0, 8.0))
    return quote(subjects, groups, speeds(rate), **(usual | more))  # type: ignore[arg-type]


def test_time_is_calls_over_the_rate_of_all_machines_and_the_start_before() -> None:
    found = quoted(subject())
    line = found.candidates[0]
    assert line.calls_per_second == Estimate(10.0, 8.0, 16.0, "estimated")
    assert line.minutes is not None
    assert (line.minutes.value, line.minutes.low, line.minutes.high) == (60.0, 37.5, 75.0)  # 36,000 / 10, 16, 8 s
    assert found.limit == "decode"
    start = (RAY_START.value + 48) / 60
    prepare = 36_000 / RATES["postgresql"].prepared_rows / 60
    assert found.minutes is not None
    assert found.minutes.value == pytest.approx(60 + start + prepare)
    assert found.minutes.low == pytest.approx(37.5 + (RAY_START.low + 48) / 60 + prepare / SPREAD)
    assert found.minutes.high == pytest.approx(75 + (RAY_START.high + 48) / 60 + prepare * SPREAD)


def test_models_on_the_machines_take_turns_and_servers_work_beside_them() -> None:
    servers = [
        subject(name, "server", 6000, latency_seconds=exactly(2.0), concurrency=10) for name in ("s", "t")
    ]  # 6,000 calls at 10 / 2 s = 20 minutes each, at the same time
    found = quoted(subject("a"), subject("b"), *servers)
    assert found.parts["decode"].value == 120.0
    assert found.parts["server"].value == 20.0
    assert found.minutes is not None
    assert found.minutes.value == pytest.approx(120.0 + found.parts["start"].value + found.parts["prepare"].value)
    assert found.parts["start"].value == pytest.approx((RAY_START.value + 2 * 48) / 60)


@pytest.mark.parametrize(
    ("more", "rate", "part"),
    [
        ({"requests_per_minute": 600.0}, (10.0, 10.0, 10.0), "provider"),
        ({"latency_seconds": exactly(2.0), "concurrency": 10}, (5.0, 5.0, 5.0), "server"),
        ({"latency_seconds": between(2.0, 1.0, 4.0), "concurrency": 10}, (5.0, 2.5, 10.0), "server"),
        ({"latency_seconds": exactly(2.0)}, (FIRST, FIRST, MOST), "server"),  # two workers, over two seconds
        ({"latency_seconds": exactly(2.0), "requests_per_minute": 600.0}, (8.0, 8.0, 10.0), "server"),
        ({"latency_seconds": exactly(2.0), "requests_per_minute": 60.0}, (1.0, 1.0, 1.0), "provider"),
    ],
)
def test_a_server_is_as_fast_as_its_window_and_its_limit(
    more: dict[str, object], rate: tuple[float, ...], part: str
) -> None:
    line = quoted(replace(subject(place="server"), **more)).candidates[0]  # type: ignore[arg-type]
    assert line.calls_per_second is not None
    assert (line.calls_per_second.value, line.calls_per_second.low, line.calls_per_second.high) == rate
    assert line.part == part


def test_nothing_known_is_said_and_not_guessed() -> None:
    found = quoted(subject(place="server"))
    assert (found.candidates[0].minutes, found.minutes, found.energy_kwh, found.limit) == (None, None, None, None)
    assert found.rented == ()
    assert [note.code for note in found.notes] == ["quote.no_price"]


def test_machines_that_a_model_does_not_run_on_are_named() -> None:
    found = quoted(subject(), groups=(Group(2, H100), Group(3, CARD)))
    assert found.candidates[0].calls_per_second == Estimate(10.0, 8.0, 16.0, "estimated")
    assert [(note.code, note.parameters["machine"]) for note in found.notes] == [
        ("cluster.does_not_run", "RTX 4090, 64 GB RAM")
    ]
    without = quoted(subject(), groups=(Group(4, parse_machine("16 cores, 64 GB RAM")),))
    assert [note.code for note in without.notes] == ["cluster.no_gpus"]
    assert without.minutes is None


def test_money_is_tokens_rent_and_electricity() -> None:
    price = PricePerToken(Decimal("1e-6"), Decimal("4e-6"), "a list", per_request=Decimal("0.0001"))
    hosted = subject("s", "server", 6000, latency_seconds=exactly(2.0), concurrency=10, price=price)
    found = quoted(subject(), hosted)
    assert found.cost_usd is not None
    assert found.cost_usd.value == pytest.approx(6000 * (400e-6 + 80e-6 + 1e-4))
    assert found.minutes is not None
    hours = found.minutes.value / 60
    watts = draw(H100).busy_watts.value * pue(H100).value
    assert found.energy_kwh is not None
    assert found.energy_kwh.value == pytest.approx(2 * watts * hours / 1000)
    assert found.energy_usd is not None
    assert found.energy_usd.value == pytest.approx(0.10 * found.energy_kwh.value)
    rent = hourly(H100)
    assert {one.kind for one in found.rented} == set(rent)
    for one in found.rented:
        assert one.usd_per_hour.value == pytest.approx(2 * rent[one.kind].value)
        assert one.usd.value == pytest.approx(2 * rent[one.kind].value * hours)
        assert one.usd.low == pytest.approx(2 * rent[one.kind].low * found.minutes.low / 60)


def test_cards_that_serve_nothing_are_idle() -> None:
    found = quoted(subject(place="engine"))
    assert found.minutes is not None
    assert found.energy_kwh is not None
    watts = draw(H100).idle_watts.value * pue(H100).value
    assert found.energy_kwh.value == pytest.approx(2 * watts * found.minutes.value / 60_000)


PARTS = {"start": exactly(2.0), "prepare": exactly(8.0), "decode": between(60.0, 40.0, 90.0), "ledger": exactly(30.0)}


@pytest.mark.parametrize(
    ("deadline", "needed", "slow"),
    [
        (70.0, (2, 2, 3), None),  # 60 minutes are left: 2 x 60 / 60, x 40, x 90
        (50.0, (3, 2, 5), None),  # 40: 2 x 60 / 40 = 3, 2 x 40 / 40 = 2, 2 x 90 / 40 = 4.5
        (1000.0, (1, 1, 1), None),
        (39.0, None, "ledger"),  # 10 before it and 30 of the ledger
        (10.0, None, "prepare"),
    ],
)
def test_machines_for_a_deadline(deadline: float, needed: tuple[int, ...] | None, slow: str | None) -> None:
    found, note = machines_needed(PARTS, 2, deadline)  # type: ignore[arg-type]
    assert (None if found is None else (found.value, found.low, found.high)) == needed
    assert (None if note is None else note.parameters["part"]) == slow


@pytest.mark.parametrize(("deadline", "met"), [(80.0, True), (61.0, None), (39.0, None), (30.0, False), (None, None)])
def test_a_deadline_is_met_missed_or_open(deadline: float | None, met: bool | None) -> None:
    assert quoted(subject(), deadline_minutes=deadline).in_time is met


def test_nothing_to_ask_takes_no_time() -> None:
    found = quoted(subject(calls=0), rows=0, looked_at=0)
    assert found.minutes is not None
    assert (found.minutes.value, found.limit, dict(found.parts)) == (0.0, None, {})


@pytest.mark.parametrize(
    ("workers", "concurrency", "said"), [(2, None, (300, 128, 3)), (5, None, None), (2, 400, None)]
)
def test_replicas_that_are_asked_too_little_at_once_are_named(
    workers: int, concurrency: int | None, said: tuple[int, ...] | None
) -> None:
    """Two machines with 150 places each, and 64 requests of each worker: 3 on a machine send 384."""

    def speed(asked: Subject, machine: Machine) -> OnMachine:
        return OnMachine(exactly(5.0), exactly(1.0), "decode", "known", places=150)

    found = quote(
        [subject(concurrency=concurrency)], (Group(2, H100),), speed, rows=1, looked_at=1, row_bytes=1.0, repeats=1,
        workers=workers, ledger="postgresql", tariff=tariff(None),
    )  # fmt: skip
    notes = [note.parameters for note in found.notes if note.code == "cluster.in_flight"]
    assert [(note["n"], note["sent"], note["workers"]) for note in notes] == ([] if said is None else [said])


def test_a_sample_is_said() -> None:
    assert [note.code for note in quoted(subject(), looked_at=2000).notes] == ["cluster.sampled"]


# parts of a run


def test_every_shared_part_is_an_amount_over_a_rate() -> None:
    rates = replace(
        RATES["postgresql"],
        worker_calls=500.0,
        ledger_calls=4000.0,
        prepared_rows=20_000.0,
        pulled_calls=5000.0,
        call_bytes=300.0,
        text_share=1.5,
    )
    volume = Volume(rows=100_000, calls=200_000, row_bytes=400, request_bytes=900, answer_bytes=100)
    found = shared_seconds(volume, rates, workers=4)
    # Rows go through the driver whole and packed: 100,000 x 400 x 1.25; calls with 300 + 900 + 100 bytes each.
    network = (100_000 * 500 + 200_000 * 1300) / 1.25e9
    assert found == pytest.approx({"workers": 100, "ledger": 50, "prepare": 5, "pull": 40, "network": network})
    assert ledger_bytes(volume, rates) == 100_000 * 100 + 200_000 * (300 + 1.5 * 1000)
    paged = replace(rates, page_bytes=4096)  # 900 bytes fit into a quarter of a page, 1,100 take a whole one
    assert ledger_bytes(volume, paged) == ledger_bytes(volume, rates)
    assert ledger_bytes(replace(volume, request_bytes=1100), paged) == 1e7 + 200_000 * (300 + 1.5 * 4196)
    own = shared_seconds(volume, replace(rates, pulled_calls=None), workers=4)
    assert set(own) == {"workers", "ledger", "prepare"}
    assert total_seconds(found | {"start": 7.0}) == 112.0
    assert longest(found) == "workers"
    assert {"start", "prepare"} == BEFORE


def test_ranges_take_both_ends() -> None:
    ratio = combined(lambda a, b: a / b, [between(10, 8, 12)], [between(2, 1, 4)])
    assert (ratio.value, ratio.low, ratio.high) == (5, 2, 12)
    assert total([between(1, 0.5, 2), exactly(3)]) == Estimate(4, 3.5, 5, "estimated")
    assert total([exactly(1), exactly(3)]).source == "measured"
    most = greatest([between(10, 2, 11), between(9, 8, 20)])
    assert (most.value, most.low, most.high) == (10, 8, 20)
    assert spread(6.0, 2.0, detail="ours") == Estimate(6.0, 3.0, 12.0, "estimated", "ours")


# machines by name


@pytest.mark.parametrize(
    ("text", "count", "cards"),
    [
        ("4x8xH100", 4, 8), ("4x 8x H100", 4, 8), ("4×8×H100", 4, 8), ("8x H100", 1, 8), ("H100x8", 1, 8),
        ("4 * RTX 4090, 64 GB RAM", 4, 1), ("3*H100", 3, 1), ("2 * 16 cores, 64 GB RAM", 2, 0),
    ],
)  # fmt: skip
def test_machines_are_counted(text: str, count: int, cards: int) -> None:
    group = parse_group(text)
    assert (group.count, len(group.machine.accelerators)) == (count, cards)


@pytest.mark.parametrize("text", ["0 * H100", "999999 * H100", "4 * ", "4 * something", ""])
def test_machines_that_cannot_be_are_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_group(text)


def test_a_machine_that_told_of_itself_is_called_by_what_it_has() -> None:
    told = replace(H100, here=True, name="this machine")
    assert as_found(told, here=True) is told
    there = as_found(told, here=False)
    assert (there.here, there.accelerators) == (False, H100.accelerators)
    assert there.name == f"8x {H100.accelerators[0].name}, {H100.processor.cores} cores, 640.0 GiB RAM"


def test_equal_machines_are_one_group() -> None:
    again = replace(parse_machine("8x H100"), name="other")
    assert [(group.count, group.machine.name) for group in grouped([H100, CARD, again])] == [
        (2, "8x H100"),
        (1, "RTX 4090, 64 GB RAM"),
    ]
