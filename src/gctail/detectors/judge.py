"""The judge of one process epoch: sees its collections one by one, and says what it makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import Any

import msgspec

from gctail.detectors.bearing import BASE_SHARE, Bearing, Room
from gctail.detectors.climb import Climb
from gctail.detectors.ending import ending
from gctail.detectors.explaining import NO_JUDGEMENT, Heard, Judgement, explained
from gctail.detectors.gathering import Gathering
from gctail.detectors.goal import NextGoal
from gctail.detectors.gogc import GogcChanged
from gctail.detectors.goroutines import GoroutineGrowth
from gctail.detectors.growth import Growth
from gctail.detectors.ladder import Ladder
from gctail.detectors.leak import DEFAULT_BUDGET, SOON_S, STILL_BELIEVED, LeakAlarm, Telling, Weight, worth
from gctail.detectors.legacy import FEWEST_COLLECTIONS, Run, legacy, shown
from gctail.detectors.look import beneath, look
from gctail.detectors.maps import MapGrowth
from gctail.detectors.meeting import meeting_of, way_mib
from gctail.detectors.others import NOBODY, Others, Replicas, nobody, others
from gctail.detectors.outlook import LEAST_SUSPICION, NOTHING, Outlook
from gctail.detectors.patience import TO_LIMIT, settled
from gctail.detectors.pauses import PauseSpike
from gctail.detectors.reasons import over_sentence
from gctail.detectors.regression import Regression
from gctail.detectors.shape import LEAK, Course, kind_of
from gctail.detectors.spikes import Spikes
from gctail.detectors.spiral import DeathSpiral
from gctail.detectors.telling import SHORTEST_SHARE, URGENT, Grown, telling
from gctail.detectors.timer import ForcedOnTimer
from gctail.detectors.values import (
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
from gctail.records import Verdict

VERSION = 1
IDLE_BLOCK_S = 300.0
BENEATH = 0.3
"""The growth of a floor is told from this belief on."""
LIMITS_MIB = (1 / 1024, 2.0**43)
"""A limit is somewhere between a KiB and all that can be addressed; what is beyond is taken as that."""
FEWEST_S = 10.0
OF_STARTING = 0.2
"""Before that, and before a run has begun, there is no alarm by growth."""
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
        self._limit_mib = limit_mib = _measured(limit_mib)
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
        return self._bearing.likely

    @property
    def settled(self) -> float:
        """What the alarm goes by: the belief, less where the growth is young."""
        return self._bearing.settled

    def inquiry(self) -> Inquiry | None:
        """What the log should be asked; None where nothing has grown, or nobody could tell yet."""
        growth, bearing = self._growth, self._bearing
        has_grown = bearing.top >= bearing.base + 6 * growth.zigzag.noise and growth.zigzag.level > bearing.base
        if self.gathering.collections < FEWEST_COLLECTIONS or not has_grown:
            return None
        room = self._room
        near, left_mib = room.near_mib, room.head_mib if room.is_known else inf
        _, *ways = growth.probability(bearing.now_s, near)
        likely = max(ways, key=lambda way: way.probability)
        episode = growth.zigzag.episode
        onset_s = likely.onset_s if likely.probability > 0.0 or episode is None else episode.trough_s
        return Inquiry(onset_s + self.gathering.origin_s, near, self._least_noise_mib, left_mib)

    def heed(self, testimony: Testimony | None) -> None:
        """Take in what the log answered; None where it said nothing."""
        said = testimony or Testimony(0.0, 0.0)
        self._bearing.log_weight, self._bearing.log_belief = round(said.weight, 6), round(said.belief, 6)
        self._bearing.log_mib = self._growth.zigzag.level

    def _with_the_log(self, probability: float) -> float:
        """The belief, with what the log has said of it."""
        return self._bearing.heeding(probability, self._growth.zigzag.level)

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
        self._limit_mib = _measured(limit_mib)
        self.gathering.limit(self._limit_mib)

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
        bearing.follow(block, growth.history.level(BASE_SHARE * now_s), growth.zigzag.noise)

    @property
    def _room(self) -> Room:
        """What is left above the level as it is now."""
        return Room(self._limit_mib, self._memory.fatal_mib, self._bearing, self._growth.zigzag.level)

    @property
    def _least_noise_mib(self) -> float:
        """How far levels lie apart by chance, at least: a hundredth of the settled level, or the rounding to MiB."""
        return max(0.01 * self._bearing.base, 0.35)

    def _judge_growth(self, collections: int) -> list[Signal]:
        """The belief in a leak after a block of so many collections, and the alarm about it."""
        room, count = self._room, self.gathering.collections
        head, near = room.head_mib, room.near_mib
        probability, episode, judged = self._believed(room)
        if self._growth.due(self._bearing.now_s, probability, episode.onset_s):
            self._growth.refit(self._bearing.now_s, near, self._least_noise_mib)
            below = beneath(self._growth, room, self._least_noise_mib)
            self._growth.floor = None if below is None else below.way
            probability, episode, judged = self._believed(room)
        said = self._others() if probability > LEAST_SUSPICION or self._memory.runs else NOBODY
        onset_s, grown = self._since(episode, judged)
        self._bearing.alone = round(self._with_the_log(probability), 6)
        probability = said.heeded(self._bearing.alone)
        now_s, self._bearing.belief = self._bearing.now_s, probability
        age_s = now_s - onset_s
        left_s = judged.left_s if judged.left_s is not None else episode.left_s
        end_s = left_s * head / near if left_s is not None and near > 0.0 and room.is_known else inf
        heeded = settled(probability, age_s, end_s, count)
        self._bearing.settled = said.settled(TO_LIMIT * heeded if room.is_limit_near else heeded)
        self._bearing.likely = round(said.heeded(self._worth(self._bearing.alone, room, grown)), 6)
        weight = Weight(
            belief=probability,
            settled=self._bearing.settled,
            waited=self._worth(said.settled(heeded), room, grown),
            likely=self._bearing.likely,
            uptime_s=now_s + self.gathering.origin_s,
            perhaps_urgent=end_s < SOON_S / SHORTEST_SHARE and probability >= URGENT,
        )
        if count < FEWEST_COLLECTIONS or now_s < FEWEST_S or not self._alarm.listens(weight.waited):
            return []
        weight = weight._replace(rests=self._growth.rests(onset_s))
        return self._alarm.judge(weight, collections, lambda: self._telling(weight, episode, judged, said))

    def _since(self, episode: Outlook, judged: Outlook) -> tuple[float, int]:
        """Since when it grows (s), by the likelier of two ways, and how many blocks show that."""
        onset_s = max(episode, judged, key=lambda way: way.probability).onset_s
        return onset_s, self._growth.history.after(onset_s)

    @staticmethod
    def _worth(belief: float, room: Room, blocks: int) -> float:
        """What the heap and the log make a belief worth, before others are heard, in a growth of so many blocks."""
        return worth(belief, blocks, to_limit=room.is_limit_near)

    def _telling(self, weight: Weight, episode: Outlook, judged: Outlook, said: Others) -> Telling:
        """What is to be said of this growth, on its way to the limit itself, however far."""
        growth, room = self._growth, self._room
        found: Regression | None = None
        if growth.floor is not None and (below := beneath(growth, room, self._least_noise_mib)) is not None:
            growth, room, found, _, episode, judged = below
        found = found or growth.regress(self._bearing.now_s, self._least_noise_mib)
        end = ending(growth, room, found, self._to_the_end(growth, room, found, (episode, judged)), earlier=said.end)
        return telling(Grown(weight, end, said), room, self.gathering.origin_s)

    @staticmethod
    def _to_the_end(
        growth: Growth, room: Room, found: Regression, ways: tuple[Outlook, Outlook]
    ) -> tuple[Outlook, Outlook]:
        """Both ways of judging along the whole way to where the limit is met, which may be longer or shorter."""
        rate = max(ways, key=lambda way: way.probability).rate_mib_per_s
        far_mib = way_mib(meeting_of(growth.history, room, rate), room)
        same = far_mib == room.near_mib
        return ways if same else growth.towards(found, ways[1], room.bearing.now_s, far_mib)

    def _doubling(self, room: Room, ladder: Ladder | None) -> float:
        """The belief that one map, or one array on its ladder, goes on growing until the memory is gone."""
        now_s = self._bearing.now_s
        maps = next(detector for detector in self._detectors if isinstance(detector, MapGrowth))
        of_map = maps.belief(room.level_mib, room.level_mib + room.head_mib, now_s)
        of_slice = self._growth.copies.belief(room.near_mib, now_s)
        return max(of_map, of_slice, 0.0 if ladder is None else ladder.belief(room.near_mib, now_s))

    def _believed(self, room: Room) -> tuple[float, Outlook, Outlook]:
        """The belief in a leak now, and both ways of judging behind it; by the last regressions."""
        growth = self._growth
        probability, episode, judged = growth.probability(self._bearing.now_s, room.near_mib)
        if growth.floor is not None:
            probability, episode, judged = growth.floor.probability, NOTHING, growth.floor
        return max(probability, self._doubling(room, growth.ladder)), episode, judged

    def judgement(self, testimony: Testimony | None = None) -> Judgement:
        """Everything behind the verdict, the open block included; asking changes nothing.

        `testimony` is what the log says now, instead of what was heeded last.
        """
        if self.gathering.peek() is None and testimony is None and not self._growth.passing.is_likely:
            return self._conclude(None)
        judge = Judge.restore(self.state())
        judge.replicas = self.replicas
        judge._settle()  # noqa: SLF001 - same class
        if testimony is not None:
            judge.heed(testimony)
        return judge._conclude(testimony)  # noqa: SLF001 - same class

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

    def after_start(self) -> dict[str, float] | None:
        """What the live heap did once it had started: since when (s of uptime), its least and its most (MiB)."""
        seen = self._growth.history.range_after(OF_STARTING)
        if seen is None:
            return None
        since_s, least, most = seen
        return {"since_s": round(since_s + self.gathering.origin_s, 3), "least_mib": least, "most_mib": most}

    def take_back(self, verdict: Verdict) -> list[Signal]:
        """The log has ended: an alarm that stands, of what the verdict no longer calls a leak, is over."""
        if verdict.leak or not self._alarm.stands:
            return []
        bearing, level = self._bearing, self._growth.zigzag.level
        over = over_sentence(level, bearing.base, bearing.top, verdict.probability)
        return self._alarm.take_back(over, {"probability": verdict.probability, "heap_live_mib": round(level, 1)})

    def _settle(self) -> None:
        """Take the open block in as if it were complete."""
        block = self.gathering.close()
        if block is not None:
            self._learn(block)
        self._growth.settle()

    def _conclude(self, testimony: Testimony | None) -> Judgement:
        """The judgement over complete blocks, with a fresh regression; `testimony` is what the log says now."""
        count, now_s = self.gathering.collections, self._bearing.now_s
        if not len(self._growth.history):
            return NO_JUDGEMENT
        seen = self._growth, self._room, self._least_noise_mib
        below = beneath(*seen)
        shown = below if below is not None and below.probability >= BENEATH else look(*seen)
        growth, room, found, _, episode, judged = shown  # what comes and goes is told where nothing grows beneath it
        probability = (below or shown).probability
        alone = max(probability, self._doubling(self._room, self._growth.steps()))
        _, grown = self._since(episode, judged)
        probability, alone = (self._worth(each, room, grown) for each in (self._with_the_log(alone), alone))
        said = self._others()
        probability = said.heeded(probability)
        if self._alarm.stands and probability >= STILL_BELIEVED:
            probability = max(probability, LEAK)
        end = ending(growth, room, found, self._to_the_end(growth, room, found, (episode, judged)), earlier=said.end)
        rise = max(judged.rise_mib, episode.rise_mib)
        course = Course(
            probability=probability,
            collections=count,
            now_s=now_s,
            level=room.level_mib,
            top=self._bearing.top,
            rise=rise,
            onset_s=end.onset_s,
            allocation_rate=self.gathering.allocated / now_s if now_s > 0 else 0.0,
            stacks_share=STACK_WEIGHT * self._bearing.stacks_grown_mib / rise if rise > 0 else 0.0,
        )
        kind = "death-spiral" if self._spirals() else kind_of(course, growth, found, growth.history.since(0.0))
        heard = Heard(said, self._climb.goes_on(now_s), *_words(testimony, alone, probability))
        return explained(course, kind, growth.zigzag, found, end, heard, room.limit_mib, self.gathering.origin_s)

    def _spirals(self) -> bool:
        """Whether the collector chases itself now."""
        return any(isinstance(detector, DeathSpiral) and detector.active for detector in self._detectors)

    def close(self, died: bool, cause: str | None, *, farewell: str = "") -> Carryover:  # noqa: FBT001
        """The epoch is over; what the next one of this service should know.

        `farewell` is "asked" where it was told to end, and said so; "silent" where it talked, but not of its end.
        """
        block = self.gathering.close()
        if block is not None:
            self._learn(block)
        killed = died and cause is not None and ("memory" in cause or "oom" in cause)
        if killed:
            self._bearing.ended = cause
            self._growth.end()
        belief, _, _ = self._growth.probability(self._bearing.now_s, self._room.near_mib)
        end = "memory" if killed else "other" if died else farewell
        return legacy(self._run, self._growth, self._memory, belief, end, asked=farewell == "asked")

    def lives(self, *, died: bool) -> tuple[Life, ...]:
        """What replicas may know: how the run before ended, and how this one goes; `died`: for want of memory."""
        return shown(self._run, self._memory.runs, self._bearing.alone, died=died)

    @property
    def _run(self) -> Run:
        """The run so far."""
        bearing = self._bearing
        return Run(self._climb, self._growth.zigzag.level, bearing.top, bearing.now_s, self.gathering.collections)

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


def _measured(limit_mib: float | None) -> float | None:
    return None if limit_mib is None else min(max(limit_mib, LIMITS_MIB[0]), LIMITS_MIB[1])


def _words(testimony: Testimony | None, alone: float, probability: float) -> tuple[str, str, bool]:
    """The line that a leak pauses with; why growth ends that is none, and whether something is full."""
    if testimony is None:
        return "", "", False
    if testimony.ends:
        return "", testimony.ends if probability < LEAK else "", testimony.is_full and probability < LEAK
    return testimony.message if probability >= LEAK > alone else "", "", False
