"""The services of the benchmark: twenty-four that are well, twenty-six that leak, and a harmless twin of each leak.

Names in brackets are those of the study that the set is taken from. A twin shares everything with its leak, chance
included, until its growth stops by itself somewhere between a third and nine tenths of the room to the limit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import blake2b

import numpy as np
from simulator import MINUTES, Plan, Series, generator, run, smooth_noise

HOURS = 96
Rng = np.random.Generator


def minutes(hours: float = HOURS) -> np.ndarray:
    """Virtual time in hours, one value a minute."""
    return np.arange(int(hours * MINUTES)) / MINUTES


def load_of(rng: Rng, t: np.ndarray, swing: float | None = None) -> np.ndarray:
    """Relative traffic: a day cycle and slow noise, always positive."""
    depth = rng.uniform(0.25, 0.7) if swing is None else swing
    day = 1 + depth * np.sin(2 * np.pi * (t / 24 + rng.uniform()))
    return np.maximum(day * np.exp(smooth_noise(rng, len(t), 30, 0.08)), 0.02)


def calm(rng: Rng, hours: float = HOURS, swing: float | None = None, flight_share: float | None = None) -> Plan:
    """A service that is well: a base level, a day cycle, some memory in flight that follows the load."""
    t = minutes(hours)
    base = float(np.exp(rng.uniform(np.log(40), np.log(200))))
    load = load_of(rng, t, swing)
    interval_s = float(np.exp(rng.uniform(np.log(20), np.log(240))))
    share = rng.uniform(0.02, 0.12) if flight_share is None else flight_share
    live = base * (1 + smooth_noise(rng, len(t), 240, 0.006))
    warm = 1 - rng.uniform(0.1, 0.6) * np.exp(-t * 60 / rng.uniform(0.5, 6))
    return Plan(live=live * warm, rate=base / interval_s * load, flight=share * base * load, base=base)


def fill(t: np.ndarray, start_h: float, hours: float) -> np.ndarray:
    """Linear from 0 at `start_h` to 1, and on."""
    return np.maximum(t - start_h, 0) / hours


# --- services that are well -----------------------------------------------------------------------------------------


def steady(rng: Rng) -> Plan:
    """[B1] Noise only."""
    return calm(rng, swing=0.0)


def day_cycle(rng: Rng) -> Plan:
    """[B2] A deep day cycle with 5 to 12 s of allocation in flight."""
    return calm(rng, swing=0.7, flight_share=rng.uniform(0.25, 0.7))


def traffic_growth(rng: Rng) -> Plan:
    """[B3] Traffic that grows by 10 to 35 % a day."""
    plan = calm(rng, flight_share=rng.uniform(0.15, 0.4))
    more = (1 + rng.uniform(0.1, 0.35)) ** (minutes() / 24)
    plan.rate, plan.flight = plan.rate * more, plan.flight * more
    return plan


def lru_linear(rng: Rng) -> Plan:
    """[B4] An LRU cache fills linearly and is full after 4 to 14 h."""
    plan = calm(rng)
    plan.live = plan.live + rng.uniform(0.5, 1.5) * plan.base * np.minimum(fill(minutes(), 0.1, rng.uniform(4, 14)), 1)
    return plan


def cache_exponential(rng: Rng) -> Plan:
    """[B5] A cache that saturates with a time constant of 5 to 16 h."""
    plan = calm(rng)
    plan.live = plan.live + rng.uniform(0.5, 1.5) * plan.base * (1 - np.exp(-minutes() / rng.uniform(5, 16)))
    return plan


def config_steps(rng: Rng) -> Plan:
    """[B6] Configuration reloads move the level by 8 to 18 %, up and down."""
    plan = calm(rng)
    for at in rng.uniform(2, HOURS, rng.integers(3, 8)):
        sign = 1 if rng.uniform() < 0.55 else -1
        plan.live = plan.live + sign * rng.uniform(0.08, 0.18) * plan.base * (minutes() > at)
    return plan


def map_size(entries: np.ndarray, bytes_per_slot: float, *, classic: bool) -> np.ndarray:
    """MiB of a map with that many entries: swiss tables double over a tenth of them, buckets at once."""
    n = np.maximum(entries, 1.0)
    if not classic:
        k = np.floor(np.log2(n / 896))
        done = np.clip((n / (896 * 2**k) - 0.92) / 0.16, 0, 1) if len(n) else n
        k_next = np.log2(n / 896)
        tables = np.where(k_next % 1 > 0.9, 2 ** np.ceil(k_next) * (1 + 0), 2.0 ** np.floor(k_next + 1e-9) * (1 + done))
        return np.maximum(tables, 1) * 1024 * bytes_per_slot / 2**20
    grown = np.ceil(np.log2(n / 6.5))
    array = 2.0**grown * 8 * bytes_per_slot * 17 / 16 / 2**20
    fresh = n < 1.1 * 6.5 * 2.0 ** (grown - 1)
    return array * np.where(fresh, 1.5, 1.0)


def bounded_map(rng: Rng, *, classic: bool = False) -> Plan:
    """[B7, B8] A map of a bounded key set, met by chance, so that it fills ever more slowly."""
    plan = calm(rng)
    keys = 10 ** rng.uniform(5.3, 6.5) * (1 - np.exp(-minutes() / rng.uniform(3, 8)))
    size = map_size(keys, 16, classic=classic)
    plan.live = plan.live + size * (rng.uniform(0.5, 1.4) * plan.base / size[-1])
    return plan


def memtable(rng: Rng, low: float = 1, high: float = 5, share: tuple[float, float] = (0.2, 0.8)) -> Plan:
    """[B9, B10, B11] A buffer that fills and is flushed every 1 to 5 h, every day or every week."""
    plan = calm(rng)
    period = rng.uniform(low, high)
    saw = ((minutes() + rng.uniform(0, period)) % period) / period
    plan.live = plan.live + rng.uniform(*share) * plan.base * saw
    return plan


def deploys(rng: Rng) -> Plan:
    """[B12] One or two restarts a day, each with a warm-up."""
    plan = calm(rng)
    plan.restarts = sorted(int(at * MINUTES) for at in rng.uniform(3, HOURS - 2, rng.integers(4, 9)))
    age = minutes() * MINUTES
    for at in plan.restarts:
        age = np.where(minutes() * MINUTES >= at, minutes() * MINUTES - at, age)
    plan.live = plan.live * (1 - 0.5 * np.exp(-age / rng.uniform(10, 60)))
    return plan


def ttl_cache(rng: Rng) -> Plan:
    """[B13] A cache with a time to live: it follows the load 2 to 8 h late."""
    plan = calm(rng)
    ttl = int(rng.uniform(2, 8) * MINUTES)
    load = plan.rate / plan.rate.mean()
    padded = np.concatenate([np.zeros(ttl), load])
    held = np.convolve(padded, np.ones(ttl) / ttl, mode="full")[ttl : ttl + len(load)]
    plan.live = plan.live + rng.uniform(0.4, 1.0) * plan.base * held
    return plan


def burst_pool(rng: Rng) -> Plan:
    """[B14] Bursts fill a pool three times a day; it drains over half an hour to two hours."""
    plan = calm(rng)
    t, pool = minutes(), np.zeros(HOURS * MINUTES)
    for at in rng.uniform(0.5, HOURS, 12):
        pool += np.where(t > at, np.exp(-np.maximum(t - at, 0) / rng.uniform(0.5, 2)) * rng.uniform(0.2, 1), 0)
    plan.live = plan.live + 0.7 * plan.base * np.minimum(pool, 1.4)
    return plan


def gogc_changes(rng: Rng) -> Plan:
    """[B15] GOGC is set anew while it runs."""
    plan = calm(rng)
    plan.gogc = np.full(len(plan.live), 100.0)
    for at in sorted(rng.uniform(3, HOURS, 3)):
        plan.gogc[int(at * MINUTES) :] = rng.choice([50, 200, 400])
    return plan


def soft_limit(rng: Rng) -> Plan:
    """[B16] GOMEMLIMIT lies close above what is live."""
    plan = calm(rng)
    plan.memory_limit = float(np.max(plan.live + 1.5 * plan.flight)) * rng.uniform(1.25, 1.6) + 8
    return plan


def drift(rng: Rng) -> Plan:
    """[B17] The level wanders by a quarter with a memory of 5 to 15 h."""
    plan = calm(rng)
    plan.live = plan.live * np.exp(smooth_noise(rng, len(plan.live), rng.uniform(5, 15) * MINUTES, 0.22))
    return plan


def night_batch(rng: Rng) -> Plan:
    """[B18] A batch of eight hours every night."""
    plan = calm(rng)
    phase = (minutes() + rng.uniform(0, 24)) % 24
    shape = np.clip(np.minimum(phase, 8 - phase) / rng.uniform(0.5, 4), 0, 1) * (phase < 8)
    plan.live = plan.live + rng.uniform(0.4, 1.0) * plan.base * shape
    return plan


def idle(rng: Rng) -> Plan:
    """[B19] Three or four MiB, and hardly anything to collect."""
    plan = calm(rng)
    size = rng.uniform(3, 4.8)
    count = len(plan.live)
    plan.live = size + smooth_noise(rng, count, 60, 0.25)
    plan.rate, plan.flight = np.full(count, 0.002), np.full(count, 0.1)
    plan.hard_limit = rng.uniform(24, 64)
    return plan


def sessions(rng: Rng) -> Plan:
    """[B20] Connections come and go with the tide; each holds memory for three hours."""
    plan = calm(rng, swing=0.6)
    load = plan.rate / plan.rate.mean()
    held, kept = 0.0, np.empty(len(load))
    for index, arriving in enumerate(load):
        held += (arriving - held) / 180
        kept[index] = held
    plan.live = plan.live + rng.uniform(0.5, 1.2) * plan.base * kept
    plan.stacks = 0.1 * plan.base * kept
    return plan


def finite_users(rng: Rng) -> Plan:
    """[B21] An unbounded map of a finite number of users."""
    plan = calm(rng)
    seen = 1 - np.exp(-np.cumsum(plan.rate / plan.rate.mean()) / MINUTES / rng.uniform(8, 24))
    plan.live = plan.live + rng.uniform(0.5, 1.5) * plan.base * seen
    return plan


def bigger_deploy(rng: Rng) -> Plan:
    """[B22] A deploy to a baseline that is 15 to 60 % larger."""
    plan = calm(rng)
    at = int(rng.uniform(24, 72) * MINUTES)
    plan.restarts = [at]
    plan.live[at:] *= 1 + rng.uniform(0.15, 0.6)
    return plan


def feature_flag(rng: Rng) -> Plan:
    """[B23] Twice the allocation from one moment on, the same live heap."""
    plan = calm(rng)
    plan.rate[int(rng.uniform(12, 80) * MINUTES) :] *= 2
    return plan


def log_storm(rng: Rng) -> Plan:
    """[B24] A storm of log lines allocates more for an hour; nothing is kept."""
    plan = calm(rng)
    at = int(rng.uniform(12, 80) * MINUTES)
    plan.rate[at : at + 60] *= 1.6
    return plan


# --- leaks ----------------------------------------------------------------------------------------------------------


def leaking(  # noqa: PLR0913 - what a leak is made of
    rng: Rng,
    tto: tuple[float, float],
    shape: Callable[[np.ndarray], np.ndarray] = lambda x: x,
    *,
    onset: tuple[float, float] = (6, 30),
    hours: float = HOURS,
    swing: float | None = None,
) -> Plan:
    """A service that leaks from some hour on: `shape` maps the share of the time to that of the room."""
    plan = calm(rng, hours=hours, swing=swing)
    plan.tto_min = rng.uniform(*tto) * MINUTES
    plan.onset_min = int(rng.uniform(*onset) * MINUTES)
    x = np.maximum(np.arange(len(plan.live)) - plan.onset_min, 0) / plan.tto_min
    plan.growth = shape(x)
    return plan


def by_requests(rng: Rng, plan: Plan, weight: np.ndarray | None = None) -> Plan:
    """Let the leak follow the requests instead of the clock."""
    del rng
    load = plan.rate / plan.rate.mean() if weight is None else weight
    begin, tto = plan.onset_min or 0, plan.tto_min or 1.0
    work = np.cumsum(np.where(np.arange(len(load)) >= begin, load, 0.0))
    plan.growth = work / max(work[min(len(work) - 1, int(begin + tto))], 1e-9)
    return plan


def leak_fast(rng: Rng) -> Plan:
    """[L1] Linear, gone in 1.5 to 6 h."""
    return leaking(rng, (1.5, 6))


def leak_slow_day(rng: Rng) -> Plan:
    """[L2] Slow under a deep day cycle."""
    plan = leaking(rng, (40, 64), swing=0.7)
    plan.flight *= 2.5
    return plan


def leak_per_request(rng: Rng) -> Plan:
    """[L3] So many bytes a request."""
    return by_requests(rng, leaking(rng, (3, 50)))


def leak_rare_error(rng: Rng) -> Plan:
    """[L4] A rare error path keeps a buffer."""
    plan = leaking(rng, (8, 50))
    events = rng.poisson(rng.uniform(0.2, 1.0), len(plan.live)).astype(float)
    return by_requests(rng, plan, events)


def leak_steps(rng: Rng) -> Plan:
    """[L5] A batch leaks at every run: 6 to 16 steps."""
    steps = int(rng.integers(6, 17))
    return leaking(rng, (10, 60), lambda x: np.floor(x * steps) / steps)


def leak_accelerating(rng: Rng) -> Plan:
    """[L6] Faster and faster."""
    return leaking(rng, (8, 50), lambda x: np.expm1(2.5 * np.minimum(x, 2)) / np.expm1(2.5))


def leak_late(rng: Rng) -> Plan:
    """[L7] After two and more calm days."""
    return leaking(rng, (6, 20), onset=(48, 72))


def leak_under_warmup(rng: Rng) -> Plan:
    """[L8] From process start, masked by a cache that fills."""
    plan = leaking(rng, (20, 70), onset=(0.01, 0.05))
    plan.live = plan.live + rng.uniform(0.4, 1.0) * plan.base * (1 - np.exp(-minutes() / rng.uniform(1, 5)))
    return plan


def leak_map(rng: Rng, *, classic: bool = False) -> Plan:
    """[L9, L10] A map of session ids without end."""
    plan = leaking(rng, (10, 60))
    pointers = rng.uniform(0, 0.6)
    top = 10 ** rng.uniform(6, 7)
    entries = np.asarray(plan.growth) * top + 2e4
    size = map_size(entries, 16, classic=classic)
    size = (size - size[0]) / map_size(np.array([top]), 16, classic=classic)[0]
    plan.growth = pointers * np.asarray(plan.growth) + (1 - pointers) * size
    return plan


def leak_goroutines(rng: Rng) -> Plan:
    """[L11] Goroutines that block for ever: stacks grow with the heap."""
    plan = by_requests(rng, leaking(rng, (6, 50)))
    plan.stacks = np.full(len(plan.live), 2.0)
    plan.stack_growth = True
    return plan


def leak_timers(rng: Rng) -> Plan:
    """[L12] Timers and contexts that are not cancelled: behind the requests by 15 to 45 min."""
    plan = by_requests(rng, leaking(rng, (6, 40)))
    lag = int(rng.uniform(15, 45))
    plan.growth = np.concatenate([np.zeros(lag), np.asarray(plan.growth)[:-lag]])
    return plan


def leak_saw(rng: Rng) -> Plan:
    """[L13] A saw that rises: only part of it comes back."""
    plan = leaking(rng, (10, 60))
    period = rng.uniform(0.5, 3)
    plan.live = plan.live + rng.uniform(0.2, 0.5) * plan.base * ((minutes() % period) / period)
    return plan


def leak_restarted(rng: Rng) -> Plan:
    """[L14] Restarts once a day hide the leak, which begins anew each time."""
    plan = leaking(rng, (30, 40), onset=(0.01, 0.02))
    plan.restarts = [24 * MINUTES, 48 * MINUTES, 72 * MINUTES]
    age = (np.arange(len(plan.live)) % (24 * MINUTES)) / (plan.tto_min or 1)
    plan.growth = age
    return plan


def leak_very_slow(rng: Rng) -> Plan:
    """[L15] Gone after 6 to 13 days."""
    return leaking(rng, (144, 300), hours=336)


def leak_soft_limit(rng: Rng) -> Plan:
    """[L16] Under GOMEMLIMIT: the collector spends ever more to keep the heap below it."""
    plan = leaking(rng, (6, 40))
    plan.memory_limit = float(np.max(plan.live + 1.35 * plan.flight)) * rng.uniform(2.0, 4.0) + 8
    plan.hard_limit = plan.memory_limit * 1.15
    return plan


def leak_office_hours(rng: Rng) -> Plan:
    """[L17] Only in office hours."""
    plan = leaking(rng, (20, 66))
    return by_requests(rng, plan, ((minutes() + rng.uniform(0, 24)) % 24 < 9).astype(float) + 1e-6)


def leak_load_falls(rng: Rng) -> Plan:
    """[L18] While the load falls by 65 %: the total stays flat for a while."""
    plan = leaking(rng, (20, 60), swing=0.1)
    fading = 1 - 0.65 * np.clip((np.arange(len(plan.live)) - (plan.onset_min or 0)) / (plan.tto_min or 1), 0, 1)
    plan.rate, plan.flight = plan.rate * fading, 3 * plan.flight * fading
    return plan


def leak_root(rng: Rng) -> Plan:
    """[L19] Like a square root: slower and slower, without end."""
    return leaking(rng, (10, 60), np.sqrt)


def leak_twin_templates(rng: Rng) -> Plan:
    """[L20] By keys of one of two requests that always come together."""
    return by_requests(rng, leaking(rng, (8, 40)))


def leak_tiny(rng: Rng) -> Plan:
    """[L21] A heap of 4 MiB in a container of 32."""
    plan = leaking(rng, (15, 50))
    count = len(plan.live)
    plan.live, plan.base = 3.5 + smooth_noise(rng, count, 60, 0.15), 4.0
    plan.rate, plan.flight = plan.rate / plan.rate.mean() * 0.05, np.full(count, 0.4)
    plan.hard_limit = 32.0
    return plan


def leak_two(rng: Rng) -> Plan:
    """[L24] Two leaks at once, the second from half-way."""
    return leaking(rng, (10, 50), lambda x: 0.7 * x + 0.6 * np.maximum(x - 0.5, 0))


def leak_repaired(rng: Rng) -> Plan:
    """[L25] Repaired by a rollback after 60 % of the time."""
    plan = leaking(rng, (12, 50), onset=(4, 20))
    at = int((plan.onset_min or 0) + 0.6 * (plan.tto_min or 0))
    plan.fixed_min = at
    growth = np.asarray(plan.growth)
    plan.growth = np.where(np.arange(len(growth)) < at, growth, 0.0)
    plan.restarts = [at] if at < len(growth) - MINUTES else []
    return plan


BENIGN: dict[str, Callable[[Rng], Plan]] = {
    "steady": steady,
    "day-cycle": day_cycle,
    "traffic-growth": traffic_growth,
    "lru-linear": lru_linear,
    "cache-exponential": cache_exponential,
    "config-steps": config_steps,
    "map-bounded-swiss": bounded_map,
    "map-bounded-classic": partial(bounded_map, classic=True),
    "memtable": memtable,
    "daily-flush": partial(memtable, low=24, high=24.01, share=(0.4, 1.2)),
    "weekly-flush": partial(memtable, low=168, high=168.01, share=(0.4, 1.2)),
    "deploys": deploys,
    "ttl-cache": ttl_cache,
    "burst-pool": burst_pool,
    "gogc-changes": gogc_changes,
    "soft-limit": soft_limit,
    "drift": drift,
    "night-batch": night_batch,
    "idle": idle,
    "sessions": sessions,
    "finite-users": finite_users,
    "bigger-deploy": bigger_deploy,
    "feature-flag": feature_flag,
    "log-storm": log_storm,
}
LEAKS: dict[str, Callable[[Rng], Plan]] = {
    "leak-fast": leak_fast,
    "leak-slow-day": leak_slow_day,
    "leak-per-request": leak_per_request,
    "leak-rare-error": leak_rare_error,
    "leak-steps": leak_steps,
    "leak-accelerating": leak_accelerating,
    "leak-late": leak_late,
    "leak-under-warmup": leak_under_warmup,
    "leak-map-swiss": leak_map,
    "leak-map-classic": partial(leak_map, classic=True),
    "leak-goroutines": leak_goroutines,
    "leak-timers": leak_timers,
    "leak-saw": leak_saw,
    "leak-restarted": leak_restarted,
    "leak-very-slow": leak_very_slow,
    "leak-soft-limit": leak_soft_limit,
    "leak-office-hours": leak_office_hours,
    "leak-load-falls": leak_load_falls,
    "leak-root": leak_root,
    "leak-twin-templates": leak_twin_templates,
    "leak-tiny": leak_tiny,
    "leak-two": leak_two,
    "leak-repaired": leak_repaired,
}
UNTWINNED = {"leak-restarted", "leak-repaired", "leak-steps", "leak-soft-limit"}
"""No twins of these: their growth ends by itself anyway, or stops at a limit of its own."""
SCALES_S = (3600.0, 3600.0, 60.0, 3600.0, 6.0)
"""Real seconds of a virtual hour, by seed: four days, four days, an hour and a half, four days, ten minutes."""

RATE_POWER = 0.36


def part_of(name: str) -> str:
    """Tuning or test, half of the benign and half of the leaks each, by a hash of the name; twins go along."""
    group = sorted(BENIGN if name in BENIGN else LEAKS, key=lambda other: blake2b(other.encode()).digest())
    return "test" if group.index(name) % 2 else "dev"


def names() -> list[str]:
    """Every scenario: benign, leaks, twins."""
    return [*BENIGN, *LEAKS, *(f"{name}/twin" for name in LEAKS if name not in UNTWINNED)]


def series(name: str, seed: int) -> Series:
    """One run of a scenario."""
    leak = name.removesuffix("/twin")
    twin = leak if leak != name else None
    rng = generator(leak, seed)
    plan = (BENIGN.get(leak) or LEAKS[leak])(rng)
    if twin:
        plan.stop_share = float(generator(name, seed).uniform(0.35, 0.9))
    hour_s = SCALES_S[seed % len(SCALES_S)]
    plan.rate = (
        plan.rate * (hour_s / 3600.0) ** RATE_POWER
    )  # a service does not allocate 600 times as fast in a short run
    return run(name, plan, rng, seed, hour_s, part_of(leak), twin)
