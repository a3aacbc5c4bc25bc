"""The judge of one process epoch: sees its collections one by one, and says what it makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from gctail.detectors.climb import Climb
from gctail.detectors.gathering import Gathering
from gctail.detectors.goal import NextGoal
from gctail.detectors.gogc import GogcChanged
from gctail.detectors.goroutines import GoroutineGrowth
from gctail.detectors.growth import LEAST_SUSPICION, Growth, Outlook, by_regression, by_waves, weighed
from gctail.detectors.leak import DEFAULT_BUDGET, SOON_S, LeakAlarm, Telling, calibrated, false_alarms_per_day
from gctail.detectors.maps import MapGrowth
from gctail.detectors.others import NOBODY, Others, Replicas, nobody, others
from gctail.detectors.passage import OVERHEAD_SHARE, assumed_level, beyond, fatal_level, interval, survival
from gctail.detectors.pauses import PauseSpike
from gctail.detectors.precedent import Precedent
from gctail.detectors.reasons import climbing_sentence, growing_sentence, growth_sentence, limit_sentence, reasons_of
from gctail.detectors.shape import LEAK, Course, kind_of
from gctail.detectors.spikes import Spikes
from gctail.detectors.spiral import DeathSpiral
from gctail.detectors.timer import ForcedOnTimer
from gctail.detectors.values import (
    GROWS,
    LIVES,
    STACK_WEIGHT,
    Block,
    Carryover,
    Inquiry,
    Life,
    Moment,
    Signal,
    Surroundings,
    Testimony,
)
from gctail.records import Forecast, Verdict

VERSION = 1
BASE_SHARE = 0.15
SPREAD_QUANTILE = 0.95
IDLE_BLOCK_S = 300.0
WORTH_A_FORECAST = 0.25
YOUNG_S, YOUNG_URGENT_S = 10.0, 7.0
"""An alarm waits for growth to last: belief counts half when it is this old. Many things grow so long, few longer."""
PATIENCE = 0.3
"""Where a known limit is near, an alarm waits for no more than this share of the time left, but `YOUNG_URGENT_S`."""
YOUNG_COLLECTIONS = 8
"""The same of collections, half as many where a limit is known: a first rise of a few of them is no certainty."""
UNKNOWN_ODDS = 2.5
"""An assumed limit lies further off than most real ones: leaks of the development half came out lower by so much."""
STILL_BELIEVED = 0.45
"""A leak that was told is still one in the verdict, as long as no more than this speaks against it."""
FEWEST_COLLECTIONS, FEWEST_S = 12, 10.0
"""Before that there is no alarm by growth."""
SHORTEST_SHARE = 0.2
"""The lower end of a forecast is hardly ever a smaller share of it."""
GROWING = 0.25
"""What is believed to leak so much when it ends had not levelled off."""
MOST_TOLD = 80
SAME_LIMIT = 0.25
"""What died within this share of the fatal level died of the limit that there is now."""
URGENT = 0.6
"""A leak so likely, and so likely to meet the limit soon, is critical."""


class Bearing(Struct):
    """Where a judge stands: the age of the process (s), the envelope of its levels (MiB), its limits.

    `spread` is how far the highest level of a block usually lies above its low one, `base` the level after the first
    seventh of the time, `top` the highest low level; `belief` is in a leak, `alone` what it was before others
    were heard, and `settled` what of it an alarm heeds; `ended` is what killed the process, where memory did;
    `log_belief` is what the log said of the growth when it was last asked, and counts `log_weight`.
    """

    now_s: float = 0.0
    spread: float = 0.0
    base: float = 0.0
    top: float = 0.0
    belief: float = 0.0
    settled: float = 0.0
    alone: float = 0.0
    stacks_least: int | None = None
    stacks: int = 0
    gogc: float | None = None
    bound: bool = False
    soft_mib: float | None = None
    ended: str | None = None
    log_weight: float = 0.0
    log_belief: float = 0.0


class Judgement(NamedTuple):
    """Everything behind a verdict; onset and rate (MiB/s) are of the growth that was found, leak or not."""

    probability: float
    kind: str
    onset_s: float
    rate_mib_per_s: float
    forecast: Forecast | None
    why: tuple[str, ...]
    evidence: dict[str, Any] = {}  # noqa: RUF012  (never changed)


NO_JUDGEMENT = Judgement(0.0, "too-few-points", 0.0, 0.0, None, ("no collection was seen",))
LATELY = 0.25
"""The share of a process's age over which its pace of allocation is taken."""
DETECTORS = (NextGoal, DeathSpiral, GoroutineGrowth, MapGrowth, GogcChanged, ForcedOnTimer, Spikes, PauseSpike)
"""Every way of judging a block by itself, in the order in which they speak."""


class Judge:
    """What we make of one process epoch; its growth, its alarms, and all detectors.

    `observe` costs a microsecond or two: collections are gathered into blocks, and only a complete block is judged.
    `limit_mib` is the container's limit, `memory` what earlier epochs of the same service left behind, and
    `budget_per_day` how many false alarms about leaks a service may raise a day.
    """

    def __init__(
        self,
        limit_mib: float | None,
        memory: Carryover | None = None,
        budget_per_day: float = DEFAULT_BUDGET,
    ) -> None:
        self._limit_mib = limit_mib
        self._memory = memory or Carryover()
        self._budget = budget_per_day
        self.gathering = Gathering(limit_mib)
        self._growth = Growth(self._memory)
        self._climb = Climb()
        self.replicas: Replicas = nobody
        self._alarm = LeakAlarm(budget_per_day)
        self._detectors = [make(self._memory) for make in DETECTORS]
        self._bearing = Bearing()

    def observe(self, moment: Moment) -> list[Signal]:
        """Take one collection in; what the block that it completes gives rise to."""
        block = self.gathering.add(moment)
        return [] if block is None else self.weigh(block)

    @property
    def belief(self) -> float:
        """How likely a leak was after the last complete block."""
        return calibrated(self._bearing.belief)

    @property
    def settled(self) -> float:
        """The same, less where the growth is young: what the alarm goes by."""
        return self._bearing.settled

    def inquiry(self) -> Inquiry | None:
        """What the log should be asked; None where nothing has grown, or nobody could tell yet."""
        growth, bearing = self._growth, self._bearing
        has_grown = bearing.top >= bearing.base + 6 * growth.zigzag.noise and growth.zigzag.level > bearing.base
        if self.gathering.collections < FEWEST_COLLECTIONS or not has_grown:
            return None
        near = self._near(self._head())
        _, *ways = growth.probability(bearing.now_s, near)
        likely = max(ways, key=lambda way: way.probability)
        episode = growth.zigzag.episode
        onset_s = likely.onset_s if likely.probability > 0.0 or episode is None else episode.trough_s
        return Inquiry(onset_s + self.gathering.origin_s, near, max(0.01 * bearing.base, 0.35))

    def heed(self, testimony: Testimony | None) -> None:
        """Take in what the log answered; None where it said nothing."""
        said = testimony or Testimony(0.0, 0.0)
        self._bearing.log_weight, self._bearing.log_belief = round(said.weight, 6), round(said.belief, 6)

    def _heeding(self, probability: float) -> float:
        """The belief, with what the log has said."""
        weight = self._bearing.log_weight
        return (1.0 - weight) * probability + weight * self._bearing.log_belief

    def _others(self) -> Others:
        """What earlier runs and replicas say of the growth under way."""
        zigzag = self._growth.zigzag
        past = self._memory.runs, self.replicas()
        return others(*past, self._climb, zigzag.level, self._bearing.now_s, zigzag.noise)

    def inherit(self, lives: Sequence[Life]) -> None:
        """Others' lives count as earlier runs from now on."""
        self._memory = self._memory.taught(lives)

    def bear(self, budget_per_day: float) -> None:
        """From now on speak for at most so many false alarms a service-day."""
        self._budget = budget_per_day
        self._alarm.bear(budget_per_day)

    def limit(self, limit_mib: float | None) -> None:
        """From now on the container has this limit; None where nobody knows."""
        self._limit_mib = limit_mib
        self.gathering.limit(limit_mib)

    def advance(self, clock_s: float) -> list[Signal]:
        """Time has passed without a collection: a block that waits for long is judged as it is."""
        waiting_s = self.gathering.idle_since_s
        if waiting_s is None or clock_s - self.gathering.origin_s - waiting_s < IDLE_BLOCK_S:
            return []
        block = self.gathering.close()
        return [] if block is None else self.weigh(block)

    def weigh(self, block: Block) -> list[Signal]:
        """Let every detector see the block, then judge the growth."""
        growth = self._growth
        surroundings = Surroundings(
            self._limit_mib, self._bearing.base, growth.zigzag.noise, self.gathering.collections
        )
        signals: list[Signal] = []
        for detector in self._detectors:
            signals += detector.observe(block, surroundings)
        self._learn(block)
        return signals + self._judge_growth(len(block.rows))

    def _learn(self, block: Block) -> None:
        """Take the block into the history, the envelope and what is known about the limit."""
        growth, bearing = self._growth, self._bearing
        now_s = bearing.now_s = max(bearing.now_s, block.end_s)
        growth.history.add(now_s, min(block.time_s, now_s), block.low, block.high, block.allocated)
        growth.follow(now_s, block.low)
        self._climb.follow(now_s, growth.zigzag.level)
        bearing.base = growth.history.level(BASE_SHARE * now_s)
        bearing.top = max(bearing.top, block.low)
        above = block.high - block.low - bearing.spread
        step = 0.05 * max(bearing.spread, growth.zigzag.noise)
        bearing.spread = max(0.0, bearing.spread + step * (SPREAD_QUANTILE - (above <= 0)))
        bearing.stacks = block.stacks_mib
        least = bearing.stacks_least
        bearing.stacks_least = block.stacks_mib if least is None else min(least, block.stacks_mib)
        bearing.bound = block.limit_bound
        if block.gogc is not None:
            bearing.gogc = block.gogc
        if block.memory_limit_mib is not None:
            bearing.soft_mib = block.memory_limit_mib

    def _fatal(self, level: float) -> float:
        """The level (MiB) at which the process dies: by the limit, by what killed it before, or assumed."""
        if self._bearing.ended is not None:
            return level
        if self._limit_mib is not None:
            return fatal_level(
                self._limit_mib, self._bearing.gogc, self._bearing.soft_mib, limit_bound=self._bearing.bound
            )
        if self._memory.fatal_mib:
            return max(self._memory.fatal_mib[-1], 1.02 * level)
        if self._bearing.soft_mib is not None:
            return fatal_level(
                self._bearing.soft_mib, self._bearing.gogc, self._bearing.soft_mib, limit_bound=self._bearing.bound
            )
        return assumed_level(self._bearing.base, level)

    def _head(self) -> float:
        """How far the upper envelope of the level is from death, MiB; 0 where it is beyond."""
        level = self._growth.zigzag.level
        return max(self._fatal(level) - level - self._bearing.spread, 0.0)

    def _near(self, head_mib: float) -> float:
        """How far this growth has to go on to be called a leak, MiB: to its end, or to twice the settled level.

        A container with much room does not make growth harmless: it would only be told later.
        """
        level = self._growth.zigzag.level
        assumed = assumed_level(self._bearing.base, level) - level - self._bearing.spread
        return head_mib if self._bearing.ended is not None else min(head_mib, max(assumed, 0.0))

    def _judge_growth(self, collections: int) -> list[Signal]:
        """The belief in a leak after a block of so many collections, and the alarm about it."""
        growth, head, count = self._growth, self._head(), self.gathering.collections
        near = self._near(head)
        probability, episode, judged = growth.probability(self._bearing.now_s, near)
        probability = max(probability, self._map_belief(head))
        if growth.due(self._bearing.now_s, probability, episode.onset_s):
            growth.refit(self._bearing.now_s, near, max(0.01 * self._bearing.base, 0.35))
            probability, episode, judged = growth.probability(self._bearing.now_s, near)
            probability = max(probability, self._map_belief(head))
        said = self._others() if probability > LEAST_SUSPICION or self._memory.runs else NOBODY
        self._bearing.alone = round(self._heeding(probability), 6)
        probability = said.heeded(self._bearing.alone)
        now_s, self._bearing.belief = self._bearing.now_s, probability
        onset_s = max(episode, judged, key=lambda way: way.probability).onset_s
        age_s = now_s - onset_s
        left_s = judged.left_s if judged.left_s is not None else episode.left_s
        end_s = left_s * head / near if left_s is not None and near > 0.0 and self._knows_limit else inf
        settled = self._bearing.settled = said.settled(_settled(probability, age_s, end_s, count))
        if count < FEWEST_COLLECTIONS or now_s < FEWEST_S or not self._alarm.listens(settled):
            return []
        perhaps_urgent = end_s < SOON_S / SHORTEST_SHARE and probability >= URGENT
        return self._alarm.judge(
            settled,
            collections,
            lambda: self._telling(probability, episode, judged, head, said),
            perhaps_urgent=perhaps_urgent,
        )

    def _telling(self, probability: float, episode: Outlook, judged: Outlook, head_mib: float, said: Others) -> Telling:
        """What is to be said of this growth. `head_mib` is the way to the limit itself, however far."""
        growth, now_s = self._growth, self._bearing.now_s
        if self._near(head_mib) < head_mib:
            episode, judged = growth.towards(now_s, head_mib, max(0.01 * self._bearing.base, 0.35))
        forecast, onset_s, rate = self._forecast(episode, judged, head_mib, said.end)
        likely = calibrated(probability)
        evidence = {
            "probability": round(likely, 4),
            "onset_uptime_s": round(onset_s + self.gathering.origin_s, 3),
            "rate_mib_per_s": round(rate, 6),
            "heap_live_mib": round(growth.zigzag.level, 1),
            "limit_mib": self._limit_mib,
            "seconds": forecast.seconds if forecast is not None else None,
            "low": forecast.low if forecast is not None else None,
            "high": forecast.high if forecast is not None else None,
            "doubles_in_s": round(growth.zigzag.level / rate, 3) if rate > 0.0 else None,
            "false_alarms_per_day": float(f"{false_alarms_per_day(probability):.2g}"),
            **said.evidence(),
        }
        about_limit = limit_sentence(forecast, self._limit_mib, growth.zigzag.level, rate)
        further = [*said.sentences(growth.zigzag.level), *filter(None, (about_limit,))]
        told, growing = (
            "; ".join((say(growth.zigzag.level, now_s - onset_s, rate, likely), *further))
            for say in (growth_sentence, growing_sentence)
        )
        urgent = (
            forecast is not None
            and (said.end is None or said.end.is_death)
            and probability >= URGENT
            and forecast.low is not None
            and forecast.low < SOON_S
            and survival(now_s - onset_s, forecast.seconds) >= URGENT
        )
        return Telling(told, growing, evidence, urgent)

    def _map_belief(self, head_mib: float) -> float:
        """The belief that one map goes on doubling until the memory is gone."""
        level = self._growth.zigzag.level
        maps = next(detector for detector in self._detectors if isinstance(detector, MapGrowth))
        return maps.belief(level, level + head_mib, self._bearing.now_s)

    def _forecast(
        self, episode: Outlook, judged: Outlook, head_mib: float, earlier: Precedent | None
    ) -> tuple[Forecast | None, float, float]:
        """When the memory is gone, since when it grows, how fast (MiB/s): by the regression where it sees an end.

        Where others died on this very climb, by what they had left from here.

        There is no forecast of an end where no limit is known.
        """
        ways = [way for way in (judged, episode) if way.rise_mib > 0.0]
        onset_s, rate = (ways[0].onset_s, ways[0].rate_mib_per_s) if ways else (0.0, 0.0)
        if earlier is not None and self._dies_as_before(earlier):
            limit = self._limit_mib if self._limit_mib is not None else earlier.mib
            known = Forecast(round(limit, 3), earlier.seconds, earlier.low, earlier.high)
            return replace(known, limit_from=earlier.limit_from if self._limit_mib is None else "given"), onset_s, rate
        if not self._knows_limit:
            return None, onset_s, rate
        seconds = next((way.left_s for way in ways if way.left_s is not None and way.probability > 0.0), None)
        limit = self._limit_mib if self._limit_mib is not None else self._growth.zigzag.level + head_mib
        fatal = self._fatal(self._growth.zigzag.level)
        if seconds is not None and rate > 0.0:
            seconds = self._with_stacks_once(seconds, fatal, head_mib, ways[0])
        later_s = beyond(fatal, rate, self._last_cycle_s(fatal))
        forecast = interval(limit, seconds, max(self._bearing.now_s - onset_s, 1e-3), later_s)
        return replace(forecast, limit_from=self._limit_from), onset_s, rate

    def _dies_as_before(self, earlier: Precedent) -> bool:
        """The limit is still where earlier runs died, as far as it is known."""
        if self._limit_mib is None:
            return True
        fatal = self._fatal(self._growth.zigzag.level)
        return abs(fatal - earlier.mib) <= SAME_LIMIT * fatal

    def _with_stacks_once(self, seconds: float, fatal: float, head_mib: float, way: Outlook) -> float:
        """The same way where stacks count once, as in the process's memory, and not with the weight of their scent."""
        bearing = self._bearing
        grown = STACK_WEIGHT * (bearing.stacks - (bearing.stacks_least or 0))
        double = (STACK_WEIGHT - 1.0) / STACK_WEIGHT * min(grown / way.rise_mib, 1.0)
        further = (STACK_WEIGHT - 1.0) * bearing.stacks
        if head_mib > 0.0:
            return seconds * (head_mib + further) / head_mib / (1.0 - double)
        left_mib = fatal - self._growth.zigzag.level - bearing.spread + further
        return max(left_mib, 0.0) / (way.rate_mib_per_s * (1.0 - double))

    def _last_cycle_s(self, fatal: float) -> float:
        """How long it takes to allocate from the fatal level to the limit, at the pace of late; 0 where unknown."""
        history, now_s = self._growth.history, self._bearing.now_s
        if self._limit_mib is None or not len(history):
            return 0.0
        then = history.at(now_s * (1.0 - LATELY))
        took_s, allocated = history.end_s[-1] - history.end_s[then], history.allocated[-1] - history.allocated[then]
        room = self._limit_mib * (1.0 - OVERHEAD_SHARE) - fatal
        return max(room, 0.0) * took_s / allocated if allocated > 0.0 else 0.0

    def judgement(self, testimony: Testimony | None = None) -> Judgement:
        """Everything behind the verdict, the open block included; asking changes nothing.

        `testimony` is what the log says now, instead of what was heeded last.
        """
        if self.gathering.peek() is None and testimony is None:
            return self._conclude("")
        judge = Judge.restore(self.state())
        judge.replicas = self.replicas
        judge._settle()  # noqa: SLF001 - same class
        if testimony is not None:
            judge.heed(testimony)
        return judge._conclude(testimony.message if testimony is not None else "")  # noqa: SLF001 - same class

    def verdict(self, testimony: Testimony | None = None) -> Verdict:
        """What we make of the epoch so far."""
        found = self.judgement(testimony)
        leak = found.probability >= LEAK
        return Verdict(
            leak=leak,
            probability=round(found.probability, 4),
            kind=found.kind,
            onset_uptime_s=round(found.onset_s, 3) if leak else None,
            rate_mib_per_s=round(found.rate_mib_per_s, 6) if leak else None,
            forecast=found.forecast if leak else None,
            why=found.why,
            evidence=found.evidence,
        )

    def _settle(self) -> None:
        """Take the open block in as if it were complete."""
        block = self.gathering.close()
        if block is not None:
            self._learn(block)

    def _conclude(self, message: str) -> Judgement:
        """The judgement over complete blocks, with a fresh regression; `message` is the line that the heap follows."""
        growth, count, now_s = self._growth, self.gathering.collections, self._bearing.now_s
        if not len(growth.history):
            return NO_JUDGEMENT
        head = self._head()
        near = self._near(head)
        found = growth.regress(now_s, max(0.01 * self._bearing.base, 0.35))
        ways = by_regression(found, now_s, near), by_waves(found.beneath, now_s, near)
        probability, episode, judged = growth.probability_with(*ways, now_s, near)
        alone = max(probability, self._map_belief(head))
        odds = UNKNOWN_ODDS if near < head or not self._knows_limit else 1.0
        probability, alone = (weighed(self._few(each, count), odds) for each in (self._heeding(alone), alone))
        said = self._others()
        probability = said.heeded(probability)
        if self._alarm.stands and probability >= STILL_BELIEVED:
            probability = max(probability, LEAK)
        if near < head:
            judged, episode = by_regression(found, now_s, head), growth.episode(now_s, head)
        forecast, onset_s, rate = self._forecast(episode, judged, head, said.end)
        course = Course(
            probability=probability,
            collections=count,
            now_s=now_s,
            level=growth.zigzag.level,
            top=self._bearing.top,
            rise=(rise := max(judged.rise_mib, episode.rise_mib)),
            onset_s=onset_s,
            allocation_rate=self.gathering.allocated / now_s if now_s > 0 else 0.0,
            stacks_share=STACK_WEIGHT * (self._bearing.stacks - (self._bearing.stacks_least or 0)) / rise
            if rise > 0
            else 0.0,
        )
        kind = "death-spiral" if self._spirals() else kind_of(course, growth, found, growth.history.since(0.0))
        why = reasons_of(course, kind, rate, growth.zigzag, found.load_share)
        evidence = said.evidence()
        if self._climb.goes_on(now_s) and (told := said.sentences(course.level)):
            if probability < WORTH_A_FORECAST and said.calls_warm_up(course.level):
                kind, why = "warm-up", (climbing_sentence(course.level, now_s - onset_s, rate),)
            why, evidence = (*why, *told), {**evidence, "others_say": told}
        about_limit = limit_sentence(forecast, self._limit_mib, growth.zigzag.level, rate)
        if message and probability >= LEAK > alone:
            why = (*why, f'it paused when "{message[:MOST_TOLD]}" did, which it follows')
        if about_limit is not None and probability >= WORTH_A_FORECAST:
            why = (*why, about_limit)
        return Judgement(probability, kind, onset_s + self.gathering.origin_s, rate, forecast, why, evidence)

    @property
    def _limit_from(self) -> str:
        """Who tells the limit, in the order in which `_fatal` asks."""
        if self._limit_mib is not None:
            return "given"
        return "earlier-death" if self._memory.fatal_mib else "gomemlimit"

    @property
    def _knows_limit(self) -> bool:
        """The container's limit was told, or GOMEMLIMIT or an earlier death tells one."""
        return self._limit_mib is not None or self._bearing.soft_mib is not None or bool(self._memory.fatal_mib)

    def _spirals(self) -> bool:
        """Whether the collector chases itself now."""
        return any(isinstance(detector, DeathSpiral) and detector.active for detector in self._detectors)

    def _few(self, probability: float, count: int) -> float:
        """With few collections no belief is strong, either way."""
        return probability * count / (count + 2.0)

    def close(self, died: bool, cause: str | None, *, farewell: str = "") -> Carryover:  # noqa: FBT001
        """The epoch is over; what the next one of this service should know.

        `farewell` is "asked" where it was told to end, and said so; "silent" where it talked, but not of its end.
        """
        block = self.gathering.close()
        if block is not None:
            self._learn(block)
        growth, memory = self._growth, self._memory
        level = growth.zigzag.level
        killed = died and cause is not None and ("memory" in cause or "oom" in cause)
        if killed:
            self._bearing.ended = cause
            growth.end()
        plateaus = [peak.level for peak in growth.zigzag.peaks[-8:]]
        probability, _, _ = growth.probability(self._bearing.now_s, self._near(self._head()))
        growing = probability >= GROWING
        if not growing and not killed:
            plateaus.append(self._bearing.top)
        return Carryover(
            epochs=memory.epochs + 1,
            fatal_mib=(*memory.fatal_mib, level)[-4:] if killed else memory.fatal_mib,
            plateaus_mib=tuple(sorted((*memory.plateaus_mib, *(round(p, 3) for p in plateaus)))[-12:]),
            unfinished=memory.unfinished + (farewell != "asked") if growing else 0,
            noise_mib=growth.zigzag.noise,
            runs=memory.taught(self._run("memory" if killed else "other" if died else farewell, growing=growing)).runs,
        )

    def lives(self, *, died: bool) -> tuple[Life, ...]:
        """What replicas may know: how the run before ended, and how this one goes; `died`: for want of memory."""
        now_s = self._bearing.now_s
        end = "memory" if died else GROWS if self._climb.goes_on(now_s) else LIVES
        now = self._run(end, growing=self._bearing.alone >= GROWING)
        return (*self._memory.runs[-1:], *now) if now else self._memory.runs[-1:]

    def _run(self, end: str, *, growing: bool) -> tuple[Life, ...]:
        """This run, as it is remembered; nothing of one too short to have begun."""
        climb, level = self._climb, round(self._growth.zigzag.level, 3)
        if climb.begin is None or self.gathering.collections < FEWEST_COLLECTIONS:
            return ()
        ages_s, levels, age_s = tuple(climb.ages_s), tuple(climb.levels), round(self._bearing.now_s, 3)
        return (Life(ages_s, levels, climb.begin, climb.top, level, age_s, end, growing),)

    def state(self) -> dict[str, Any]:
        """Everything as plain data; `restore` goes on exactly from here."""
        return {
            "version": VERSION,
            "limit_mib": self._limit_mib,
            "budget": self._budget,
            "memory": msgspec.to_builtins(self._memory),
            "gathering": self.gathering.state(),
            "growth": self._growth.state(),
            "climb": self._climb.state(),
            "alarm": self._alarm.state(),
            "detectors": {detector.kind: detector.state() for detector in self._detectors},
            "bearing": msgspec.to_builtins(self._bearing),
        }

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Judge:
        """The judge that `state` was taken from; ValueError where another version wrote it."""
        if state.get("version") != VERSION:
            raise ValueError(
                f"saved judge of version {state.get('version')!r}, this program reads {VERSION}: start afresh"
            )
        judge = cls(state["limit_mib"], msgspec.convert(state["memory"], Carryover), state["budget"])
        judge.gathering.load(state["gathering"])
        judge._growth.load(state["growth"])
        if "climb" in state:  # an older program kept none
            judge._climb.load(state["climb"])
        judge._alarm.load(state["alarm"])
        for detector in judge._detectors:
            detector.load(state["detectors"][detector.kind])
        judge._bearing = msgspec.convert(state["bearing"], Bearing)
        return judge


def _settled(probability: float, age_s: float, end_s: float, collections: int) -> float:
    """What an alarm heeds of a belief in growth of this age, whose end is so far off (s), after so many collections."""
    young_s = min(YOUNG_S, max(PATIENCE * end_s, YOUNG_URGENT_S))
    few = YOUNG_COLLECTIONS if end_s == inf else YOUNG_COLLECTIONS / 2
    return probability * age_s**2 / (age_s**2 + young_s**2) * collections**2 / (collections**2 + few**2)
