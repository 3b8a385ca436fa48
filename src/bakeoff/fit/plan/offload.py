"""The best placement of a model under llama.cpp on a machine: all on one GPU, on several, experts or layers with the
processor, the processor alone. Fewer and faster devices first.

Single layers and experts are moved by bisection, since a device's load rises with every one of them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, islice, product

from bakeoff.fit.memory import Memory
from bakeoff.fit.plan.layers import Layers
from bakeoff.fit.plan.placement import Placement, overhead, uses
from bakeoff.fit.plan.pools import Shortage, by_speed, capacity, shortage, usable
from bakeoff.fit.speed import SYSTEM
from bakeoff.hardware.machine import Machine

MOST_SUBSETS = 512
"""Sets of GPUs that are looked at, so that a machine of a dozen kinds ends too."""

SHARE_STEP = 1 / 128
"""How closely alike devices are filled to the same share."""

ALIKE = 0.1
"""Memory speeds that differ by less are alike, and layers are spread evenly."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A placement with its bytes by device."""

    placement: Placement
    uses: dict[int, Memory]
    lacking: Shortage | None
    """None: everything has room."""


def best_placement(model: Layers, machine: Machine) -> Placed:
    """The placement that runs fastest as far as can be told from where the bytes lie.

    Where nothing has room, the placement that lacks least, with what it lacks.
    """
    missing = _least_bytes(model) + model.host_bytes - capacity(machine)
    if missing > 0:
        alone = check(model, machine, Placement(n_layers=model.count))
        use = alone.uses[SYSTEM]
        whole = use.total_bytes + model.weights.above * use.weights_bytes
        return Placed(alone.placement, alone.uses, Shortage(SYSTEM, max(missing, whole - capacity(machine))))
    nearest: Placed | None = None
    for found in _attempts(model, machine):
        if found.lacking is None:
            return found
        if nearest is None or found.lacking.bytes < _lacks(nearest):
            nearest = found
    assert nearest is not None  # the processor alone is always tried
    return nearest


def _lacks(found: Placed) -> float:
    return found.lacking.bytes if found.lacking is not None else 0.0


def _attempts(model: Layers, machine: Machine) -> Iterator[Placed]:
    gpus = by_speed(machine)
    sizes = [_layer_bytes(model, number, 0) for number in range(model.count)]
    for some in _subsets(machine, gpus, _least_bytes(model)):
        if _filled(sizes, model.output_bytes, _rooms(machine, dict.fromkeys(some, 0)), 1.0)[1]:
            yield _whole(model, machine, some)
    if gpus:
        if model.has_experts:
            yield from _experts_on_cpu(model, machine, gpus)
        yield from _layers_on_cpu(model, machine, gpus)
    yield check(model, machine, Placement(n_layers=model.count))


def on_gpus_only(model: Layers, machine: Machine) -> bool:
    """Some set of GPUs has room for all layers."""
    sets = _subsets(machine, by_speed(machine), _least_bytes(model))
    return any(_whole(model, machine, some).lacking is None for some in sets)


def check(model: Layers, machine: Machine, placement: Placement) -> Placed:
    """What a placement takes, and whether there is room even if the weights are as large as they may be."""
    found = uses(model, machine, placement)
    above = model.weights.above
    most = {place: use.total_bytes + above * use.weights_bytes for place, use in found.items()}
    return Placed(placement, found, shortage(machine, most))


def _least_bytes(model: Layers) -> int:
    """What all layers and the head take at least."""
    n = model.count
    weights = model.dense_between(0, n) + model.experts_between(0, n) + model.output_bytes
    return weights + model.kv_between(0, n) + model.state_between(0, n)


def _subsets(machine: Machine, gpus: tuple[int, ...], least: int) -> Iterator[tuple[int, ...]]:
    """Sets of GPUs with enough memory for `least` bytes, small and fast ones first; equal GPUs are taken in order."""
    groups: dict[tuple[str, float], list[int]] = {}
    for gpu in gpus:
        groups.setdefault((machine.accelerators[gpu].name, usable(machine, gpu)), []).append(gpu)
    counts = islice(product(*(range(len(group), -1, -1) for group in groups.values())), MOST_SUBSETS)
    for taken in sorted(counts, key=sum):
        some = [gpu for count, group in zip(taken, groups.values(), strict=True) for gpu in group[:count]]
        if some and sum(usable(machine, gpu) for gpu in some) >= least:
            yield tuple(sorted(some, key=gpus.index))


def _whole(model: Layers, machine: Machine, gpus: tuple[int, ...]) -> Placed:
    """Everything on these GPUs."""
    return _spread(model, machine, gpus, first=0, experts_on_cpu=0)


def _spread(
    model: Layers,
    machine: Machine,
    gpus: tuple[int, ...],
    *,
    first: int,
    experts_on_cpu: int,
    compute: Mapping[int, int] | None = None,
) -> Placed:
    """Layers from `first` on over these GPUs, so that each has room, if that can be.

    Args:
        model: the model.
        machine: the machine.
        gpus: those that are used.
        first: number of the first layer that is on one.
        experts_on_cpu: layers whose experts are with the processor.
        compute: what buffers may take, to begin with.
    """
    n = model.count
    if len(gpus) == 1:
        return check(model, machine, Placement(gpus, (n - first,), experts_on_cpu, n))
    alike = _alike(machine, gpus)
    sizes = [_layer_bytes(model, number, experts_on_cpu) for number in range(first, n)]
    compute = compute or dict.fromkeys(gpus, 0)
    while True:
        rooms = _rooms(machine, compute)
        counts, has_room = _distributed(sizes, model.output_bytes, rooms, alike)
        found = check(model, machine, Placement(gpus, counts, experts_on_cpu, n))
        if found.lacking is None or not has_room:
            return found
        larger = {gpu: max(size, found.uses[gpu].compute_bytes) for gpu, size in compute.items()}
        if larger == compute:
            return found
        compute = larger


def _rooms(machine: Machine, compute: Mapping[int, int]) -> list[float]:
    """What is left for layers on each GPU beside buffers of these sizes."""
    return [usable(machine, gpu) - overhead(machine, gpu) - size for gpu, size in compute.items()]


def _layer_bytes(model: Layers, number: int, experts_on_cpu: int) -> int:
    cache = model.caches[number]
    own = model.dense[number] + cache.kv_bytes + cache.state_bytes
    return own + (model.experts[number] if number >= experts_on_cpu else 0)


def _alike(machine: Machine, gpus: tuple[int, ...]) -> bool:
    speeds = [one.value for gpu in gpus if (one := machine.accelerators[gpu].bandwidth_bytes_per_second) is not None]
    return len(speeds) < len(gpus) or max(speeds) <= (1 + ALIKE) * min(speeds)


def _distributed(sizes: list[int], head: int, rooms: list[float], alike: bool) -> tuple[tuple[int, ...], bool]:
    """Layers per device. Alike devices are filled to the same share; else the faster ones, which come first, wholly.

    The head goes on the last one, and where not all has room what is left over, too. Also: whether all has room.
    """
    best = _filled(sizes, head, rooms, 1.0)
    if not alike or not best[1]:
        return best
    low, high = min(1.0, (sum(sizes) + head) / max(sum(rooms), 1.0)), 1.0
    while high - low > SHARE_STEP:
        middle = (low + high) / 2
        found = _filled(sizes, head, rooms, middle)
        if found[1]:
            high, best = middle, found
        else:
            low = middle
    return best


def _filled(sizes: list[int], head: int, rooms: list[float], share: float) -> tuple[tuple[int, ...], bool]:
    """Fill each device up to a share of its room, in order. Also: whether the last one has room for the rest."""
    counts, number, sums = [], 0, list(accumulate(sizes, initial=0))
    for room in rooms[:-1]:
        start, number = number, bisect_right(sums, sums[number] + share * max(room, 0.0)) - 1
        counts.append(number - start)
    counts.append(len(sizes) - number)
    return tuple(counts), sums[-1] - sums[number] + head <= share * rooms[-1]


def _experts_on_cpu(model: Layers, machine: Machine, gpus: tuple[int, ...]) -> Iterator[Placed]:
    """All layers on GPUs, the experts of as few as can be with the processor: all GPUs, then the largest."""
    for some in _all_and_largest(machine, gpus):
        yield _fewest(model, machine, some, lambda count: (0, count), model.count)


def _layers_on_cpu(model: Layers, machine: Machine, gpus: tuple[int, ...]) -> Iterator[Placed]:
    """As many of the last layers on GPUs as can be; experts all with the processor where there are some."""
    experts = model.count if model.has_experts else 0
    for some in _all_and_largest(machine, gpus):
        yield _fewest(model, machine, some, lambda count: (count, experts), model.count - 1)


def _all_and_largest(machine: Machine, gpus: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    if len(gpus) > 1:
        yield gpus
    yield (max(gpus, key=lambda gpu: usable(machine, gpu)),)


def _fewest(
    model: Layers, machine: Machine, gpus: tuple[int, ...], start: Callable[[int], tuple[int, int]], most: int
) -> Placed:
    """The smallest number from 1 to `most` at which the GPUs have room.

    What the GPUs hold falls with the number. It is found with the buffers that the largest number needs, which change
    little, and then looked at closely with its neighbours.

    Args:
        model: the model.
        machine: the machine.
        gpus: those that are used.
        start: from the number to the first layer on a GPU, and the layers whose experts are with the processor.
        most: the largest number.
    """

    def attempt(count: int, compute: Mapping[int, int] | None = None) -> Placed:
        first, experts = start(count)
        return _spread(model, machine, gpus, first=first, experts_on_cpu=experts, compute=compute)

    def has_room(count: int, rooms: list[float]) -> bool:
        first, experts = start(count)
        sizes = [_layer_bytes(model, number, experts) for number in range(first, model.count)]
        return _filled(sizes, model.output_bytes, rooms, 1.0)[1]

    best = attempt(most)
    if _gpu_lacks(best):
        return best
    compute = {gpu: best.uses[gpu].compute_bytes for gpu in gpus}
    rooms, without_buffers = _rooms(machine, compute), _rooms(machine, dict.fromkeys(gpus, 0))
    count = bisect_left(range(1, most), True, key=lambda count: has_room(count, rooms)) + 1
    if count == most:
        return best
    found = attempt(count, compute)
    while _gpu_lacks(found):
        count += 1
        found = attempt(count, compute)
    while count > 1 and has_room(count - 1, without_buffers) and not _gpu_lacks(fewer := attempt(count - 1, compute)):
        count, found = count - 1, fewer
    return found


def _gpu_lacks(found: Placed) -> bool:
    return found.lacking is not None and found.lacking.place != SYSTEM
