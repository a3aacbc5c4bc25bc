package main

import (
	"math"
	"strconv"
)

// store is a place where events leave memory behind.
type store struct {
	keeper keeper
	unit   float64 // MiB of live heap that one event leaves
	size   int     // bytes asked for by an event

	// Either what has arrived by t and what of it may stay (MiB; nil: all), or a level to keep to.
	due, hold, level func(t float64) float64
	lag              float64 // seconds from the log line to the memory

	message, slot, field string // of the log line; no message, no line
	severity             string
	gone                 string // message of what is let go; empty: nobody says so
	every                int    // one event in so many is logged
	keys                 uint64 // how many keys there are; 0: every event has a new one
	culprit              bool
	untold               bool // no line tells of it
	share                float64

	held             float64 // events
	events, said     int64
	pending, waiting float64
	before, earlier  float64
	dropped          int64
}

// perEvent sets size and rate of a store from one another: `rate` events a second fill `mib` MiB in `seconds`.
func (st *store) perEvent(full, seconds, rate float64) *store {
	st.unit = full / (seconds * rate)
	st.size = max(64, int(st.unit*mib))
	return st
}

// ofSize sets the size of an event, and how many bytes of live heap it costs beyond that.
func (st *store) ofSize(size, extra int) *store {
	st.size, st.unit = size, float64(size+extra)/mib
	return st
}

// logged sets how many of the events are logged, so that about `lines` a second are.
func (st *store) logged(full, seconds, lines float64) *store {
	st.every = max(1, int(math.Round(full/st.unit/seconds/lines)))
	return st
}

func (st *store) begin(s *service, t float64) {
	if st.every == 0 {
		st.every = 1
	}
	if st.severity == "" {
		st.severity = "INFO"
	}
	if st.due != nil {
		st.before, st.earlier = st.due(t), st.due(t-st.lag)
	}
}

func (st *store) advance(s *service, t float64) {
	if st.level != nil {
		st.follow(s, t)
		return
	}
	told := st.due(t)
	st.waiting += (told - st.before) / st.unit
	st.before = told
	lines := s.poisson(&st.waiting)
	for range lines {
		st.tell(s)
	}
	arrived := st.due(t - st.lag)
	st.pending += (arrived - st.earlier) / st.unit
	st.earlier = arrived
	count := lines
	if st.lag > 0 {
		count = s.poisson(&st.pending)
	}
	for range count {
		st.keep(s)
	}
	if st.hold != nil {
		st.letGo(s, st.hold(t)/st.unit)
	}
}

// follow keeps to a level.
func (st *store) follow(s *service, t float64) {
	level := st.level(t) / st.unit
	for st.held+1 <= level {
		st.tell(s)
		st.keep(s)
	}
	st.letGo(s, level)
}

func (st *store) keep(s *service) {
	if st.keeper.keep(st.key(s), st.size) {
		st.held++
	}
}

func (st *store) key(s *service) uint64 {
	if st.keys > 0 {
		return scramble(s.dice.Uint64N(st.keys))
	}
	return s.dice.Uint64()
}

func (st *store) tell(s *service) {
	st.events++
	if st.message == "" || st.events%int64(st.every) != 0 {
		return
	}
	st.said++
	fields := []any{}
	if st.slot != "" {
		fields = append(fields, st.slot, hexed(st.key(s)))
	}
	if st.field != "" {
		fields = append(fields, st.field, st.amount())
	}
	s.journal.line(st.severity, st.message, fields...)
}

// amount is the number in the line: what is held by now, or for other names the size of the event.
func (st *store) amount() int64 {
	switch st.field {
	case "bytes", "size":
		return int64(st.size)
	}
	return int64(st.held)
}

// letGo drops the oldest until no more than `most` events are held.
func (st *store) letGo(s *service, most float64) {
	start := st.held
	for st.held > 0 && st.held > most {
		st.keeper.drop()
		st.held--
		st.dropped++
		if st.gone != "" && start-most < 50 && st.dropped%int64(st.every) == 0 {
			s.journal.line("INFO", st.gone, "entries", int64(st.held))
		}
	}
	if st.gone != "" && start-most >= 50 && start-st.held >= 50 {
		s.journal.line("INFO", st.gone, "entries", int64(start-st.held))
	}
}

// poisson draws how many events come of an expected number, which is carried on.
func (s *service) poisson(expected *float64) int {
	mean := *expected
	if mean <= 0 {
		return 0
	}
	count := 0
	if mean > 30 {
		count = int(mean)
	} else {
		for p := s.dice.Float64(); p > math.Exp(-mean); p *= s.dice.Float64() {
			count++
		}
	}
	*expected -= float64(count)
	if mean <= 30 {
		*expected = 0
	}
	return count
}

// scramble makes a small number look like any other key (splitmix64).
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func hexed(key uint64) string { return strconv.FormatUint(key|1<<60, 16) }
