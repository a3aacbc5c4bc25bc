package main

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"time"
	_ "unsafe" // for forcegcperiod
)

var began = time.Now()

// The runtime forces a collection after two quiet minutes; here these are shortened with the day. Needs
// -ldflags=-checklinkname=0 since Go 1.23.
//
//go:linkname forcegcperiod runtime.forcegcperiod
var forcegcperiod int64

const (
	mib      = 1 << 20
	tick     = 4 * time.Millisecond
	grown    = 1.85 // memory held per live byte at GOGC=100: a collection begins at 0.7 of the way to the goal, or later
	overhead = 6.0  // MiB of the runtime's own
)

// service is one process. Times are seconds since the run began, of which this process may see only the end.
type service struct {
	scenario scenario
	seed     uint64
	epoch    int
	bounded  bool
	chance   *rand.Rand // the same in a leak and its twin
	dice     *rand.Rand // what need not be the same

	seconds, day float64
	base         float64 // MiB live for as long as the process lives
	pointers     float64 // share of base that the collector has to follow
	swing, phase float64
	flight, stay float64 // requests hold this share of base for so many seconds each
	churn        float64 // MiB allocated a second at load 1
	lines        float64 // background log lines a second at load 1
	onset, tto   float64 // when the leak begins, and in how many seconds it is built to meet the limit
	limit, room  float64 // MiB of the container, and what the leak has of it, in live heap
	stop         float64 // share of the room at which a twin's growth ends
	memoryLimit  float64 // GOMEMLIMIT in MiB, or 0
	style        string
	procs        int
	forced       float64 // seconds of quiet until a collection is forced

	load      func(t float64) float64
	work      func(t float64) float64 // seconds of load 1 done by t
	more      func(t float64) float64 // factor on what is allocated
	starts    []float64               // when the processes of this run begin, after the first
	stores    []*store
	moments   []moment
	each      []func(t float64)
	hidden    bool // the growth does not show in gctrace
	neverEnds bool // the limit is not watched
	fixed     float64

	journal *journal
	truth   *truth
	garbage []byte
	pinned  [][]byte
	tree    *node
	inside  fifo[departure]
	noise   float64
}

type departure struct {
	at   float64
	held []byte
}

type node struct {
	left, right *node
	payload     [6]uint64
}

// moment is something that happens once.
type moment struct {
	at   float64
	do   func()
	done bool
}

func seeded(name string, seed uint64) *rand.Rand {
	hash := fnv.New64a()
	hash.Write([]byte(name))
	hash.Write(binary.LittleEndian.AppendUint64(nil, seed))
	return rand.New(rand.NewPCG(hash.Sum64(), seed))
}

func newService(sc scenario, seed uint64, epoch int, truthFile string) *service {
	common := sc.Name
	if sc.TwinOf != "" {
		common = sc.TwinOf
	}
	s := &service{
		scenario: sc, seed: seed, epoch: epoch, bounded: sc.TwinOf != "",
		chance: seeded(common, seed), dice: seeded(sc.Name+"/own", seed+uint64(epoch)<<32),
	}
	s.draw()
	sc.build(s)
	s.settle()
	s.journal = newJournal(s)
	s.truth = newTruth(truthFile, s)
	return s
}

// between draws evenly.
func (s *service) between(low, high float64) float64 { return low + (high-low)*s.chance.Float64() }

// decades draws evenly on a logarithmic scale.
func (s *service) decades(low, high float64) float64 {
	return math.Exp(s.between(math.Log(low), math.Log(high)))
}

// draw chooses what every scenario starts from; build may change it.
func (s *service) draw() {
	s.day = s.between(8, 14)
	s.seconds = s.day * s.between(1.6, 2.4)
	s.base = s.decades(14, 45)
	s.pointers = s.between(0.02, 0.2)
	s.swing, s.phase = s.between(0.25, 0.6), s.between(0, 1)
	s.flight, s.stay = s.between(0.03, 0.12), s.between(0.1, 0.3)
	s.churn = s.base * s.decades(10, 28)
	s.lines = s.between(12, 22)
	s.onset, s.tto = s.between(2.5, 7), s.between(9, 16)
	s.forced = 2.5
	s.style = []string{"slog-text", "slog-json", "std", "klog", "logrus"}[s.chance.IntN(5)]
	s.procs = []int{2, 4}[s.chance.IntN(2)]
	s.limit = (grown*s.base*(1+1.4*s.flight*(1+s.swing)) + overhead) / s.between(0.25, 0.55)
	s.stop = seeded(s.scenario.Name+"/stop", s.seed).Float64()*0.5 + 0.38
	s.setLoad(s.dayCycle)
	s.more = func(float64) float64 { return 1 }
	s.findRoom()
	if s.leaky() {
		s.seconds = s.onset + 1.5*s.tto
		if s.bounded {
			s.seconds = s.onset + 1.15*s.tto
		}
	}
}

func (s *service) leaky() bool { return s.scenario.Leak || s.bounded }

// redraw sets when a leak begins and how long it takes.
func (s *service) redraw(onset, tto float64) {
	s.onset, s.tto = onset, tto
	s.seconds = onset + 1.5*tto
	if s.bounded {
		s.seconds = onset + 1.15*tto
	}
}

// findRoom derives the leak's share of the container.
func (s *service) findRoom() {
	s.room = (s.limit-overhead)/grown - s.base*(1+s.flight)
	if s.memoryLimit > 0 {
		s.room = 0.95*s.memoryLimit - overhead - s.base*(1+s.flight)
	}
}

// settle fixes what follows from the rest.
func (s *service) settle() {
	forcegcperiod = int64(s.forced * 1e9)
	runtime.GOMAXPROCS(s.procs)
	if s.memoryLimit > 0 {
		debug.SetMemoryLimit(int64(s.memoryLimit * mib))
	}
}

func (s *service) dayCycle(t float64) float64 {
	return 1 + s.swing*math.Sin(2*math.Pi*(t/s.day+s.phase))
}

// setLoad sets the traffic, and integrates it in steps of 10 ms.
func (s *service) setLoad(load func(float64) float64) {
	s.load = func(t float64) float64 { return max(0.02, load(t)) }
	s.work = integral(s.load, 240)
}

// integral of a rate from 0 on; beyond `until` seconds the rate of that moment goes on.
func integral(rate func(float64) float64, until float64) func(float64) float64 {
	const step = 0.01
	sums := make([]float64, int(until/step)+2)
	for i := range sums[1:] {
		sums[i+1] = sums[i] + step*rate((float64(i)+0.5)*step)
	}
	return func(t float64) float64 {
		at := min(max(t, 0)/step, float64(len(sums)-2))
		i := int(at)
		return sums[i] + (at-float64(i))*(sums[i+1]-sums[i])
	}
}

// offset is when this process began.
func (s *service) offset() float64 {
	if s.epoch == 0 {
		return 0
	}
	return s.starts[s.epoch-1]
}

// until is when this process ends, if nothing ends it before.
func (s *service) until() float64 {
	if s.epoch < len(s.starts) {
		return s.starts[s.epoch]
	}
	return s.seconds
}

func (s *service) run() {
	s.journal.line("INFO", "service starting", "version", 100+s.epoch, "pid", os.Getpid(), "procs", s.procs)
	s.fillBase()
	s.journal.line("INFO", "listening", "addr", ":8080")
	clock := s.offset()
	for _, store := range s.stores {
		store.begin(s, clock)
	}
	now := func() float64 { return s.offset() + time.Since(began).Seconds() }
	for i := 0; clock < s.until(); i++ {
		t := now()
		s.step(t, min(t-clock, 0.03)) // after a stall of the machine nothing is made up for
		clock = t
		if i%4 == 0 {
			s.truth.watch(t)
		}
		time.Sleep(tick)
	}
	s.truth.end("stopped", clock)
}

// step does what a few milliseconds bring.
func (s *service) step(t, dt float64) {
	s.noise += -s.noise*dt/0.4 + 0.1*math.Sqrt(dt)*s.dice.NormFloat64()
	load := s.load(t) * math.Exp(s.noise)
	s.serve(t, s.churn*load*s.more(t)*dt, s.flight*s.base*load/s.stay*dt)
	for i := range s.moments {
		if m := &s.moments[i]; !m.done && t >= m.at {
			m.done = true
			if m.at >= s.offset() {
				m.do()
			}
		}
	}
	for _, store := range s.stores {
		store.advance(s, t)
	}
	for _, do := range s.each {
		do(t)
	}
	s.journal.background(t, dt*load)
}

// serve allocates what requests need, of which some stays until they are answered.
func (s *service) serve(t, churn, held float64) {
	for {
		first, ok := s.inside.first()
		if !ok || first.at > t {
			break
		}
		s.inside.pop()
	}
	for held > 0 {
		size := 1024 << s.dice.IntN(7)
		held -= float64(size) / mib
		churn -= float64(size) / mib
		s.inside.push(departure{t + s.stay*(0.5+s.dice.Float64()), make([]byte, size)})
	}
	for churn > 0 {
		size := 512 << s.dice.IntN(7)
		churn -= float64(size) / mib
		s.garbage = make([]byte, size)
	}
	if len(s.pinned) > 0 {
		s.pinned[s.dice.IntN(len(s.pinned))] = make([]byte, 24<<10+s.dice.IntN(16<<10))
	}
}

func (s *service) fillBase() {
	for held := 0.0; held < s.base*(1-s.pointers); held += 32.0 / 1024 {
		s.pinned = append(s.pinned, make([]byte, 24<<10+s.dice.IntN(16<<10)))
	}
	for held := 0.0; held < s.base*s.pointers; held += 64.0 / mib {
		s.tree = s.tree.with(s.dice.Uint64(), 40)
	}
}

// with is the tree and one node more.
func (n *node) with(way uint64, depth int) *node {
	if n == nil || depth == 0 {
		return &node{left: n}
	}
	if way&1 == 0 {
		n.left = n.left.with(way>>1, depth-1)
	} else {
		n.right = n.right.with(way>>1, depth-1)
	}
	return n
}

// at does something at one time of the run.
func (s *service) at(t float64, do func()) { s.moments = append(s.moments, moment{at: t, do: do}) }
