package main

import "math"

// The shares of its room that a leak has taken by t, from 0 at its onset to 1 when it meets the limit, and on.

func (s *service) linear(t float64) float64 { return max(0, t-s.onset) / s.tto }

// byWork grows with the requests instead of the clock.
func (s *service) byWork(t float64) float64 {
	return max(0, s.work(t)-s.work(s.onset)) / (s.work(s.onset+s.tto) - s.work(s.onset))
}

// gated grows only while the gate is open.
func (s *service) gated(open func(t float64) float64) func(t float64) float64 {
	sum := integral(open, 240)
	full := sum(s.onset+s.tto) - sum(s.onset)
	return func(t float64) float64 { return max(0, sum(t)-sum(s.onset)) / max(full, 1e-6) }
}

// leak adds a store that fills the room as share says; in a twin the growth ends at its bound.
func (s *service) leak(st *store, share func(t float64) float64) *store {
	part := 1.0
	if st.share > 0 {
		part = st.share
	} else {
		st.share = 1
	}
	room := s.room * part
	st.culprit = true
	st.due = func(t float64) float64 { return room * min(share(t), 3) }
	if s.bounded {
		bound := s.stop * room
		if st.keys == 1 { // to be counted here: a finite number of keys is the bound
			st.keys = uint64(bound / st.unit)
		} else if st.hold == nil {
			st.hold = func(float64) float64 { return bound }
		}
	} else {
		st.keys = 0
		st.hold = nil
	}
	if st.every == 0 {
		st.logged(room, s.tto, s.between(4, 9))
	}
	s.stores = append(s.stores, st)
	return st
}

// events makes a store of so many events a second over the time to the limit.
func (s *service) events(k keeper, rate float64, message, slot, field string) *store {
	return (&store{keeper: k, message: message, slot: slot, field: field}).perEvent(s.room, s.tto, rate)
}

// sized makes a store of events of one size.
func (s *service) sized(k keeper, size, extra int, message, slot, field string) *store {
	return (&store{keeper: k, message: message, slot: slot, field: field}).ofSize(size, extra)
}

func pairs() []scenario {
	all := [][]scenario{
		pair("append-history", "ring-buffer", "warm-up", "every request is remembered in a slice", "a ring of the last requests",
			func(s *service) {
				st := s.events(history(), s.between(20, 60), "request recorded", "request", "bytes")
				st.gone = "history trimmed"
				s.leak(st, s.byWork)
			}),
		pair("fast-leak", "fast-cache", "warm-up", "gone within a few virtual hours", "a cache that is full as quickly",
			func(s *service) {
				s.redraw(s.between(4, 12), s.day*s.between(0.15, 0.3))
				s.leak(s.events(newCache(), s.between(40, 90), "result cached", "query", "entries"), s.linear)
			}),
		pair("slow-under-day-cycle", "slow-lru", "warm-up", "a slow leak under a deep day cycle", "an LRU that fills slowly under it",
			func(s *service) {
				s.day, s.swing, s.flight = s.between(6, 9), 0.7, s.between(0.25, 0.45)
				s.redraw(s.between(3, 6), s.day*s.between(1.8, 2.7))
				s.deepRoom()
				st := s.events(newCache(), s.between(15, 40), "profile cached", "profile", "entries")
				st.gone = "profile evicted"
				s.leak(st, s.linear)
			}),
		pair("rare-error", "error-ring", "warm-up", "a rare error keeps a large buffer", "only the last of them are kept",
			func(s *service) {
				st := s.events(history(), s.between(0.8, 2.5), "render failed, input kept", "report", "kept")
				st.severity, st.every = "ERROR", 1
				s.leak(st, s.byWork)
			}),
		pair("batch-steps", "batch-keeps-last", "step", "every batch leaves its rows behind", "the rows of the last batches are kept",
			func(s *service) {
				steps := float64(6 + s.chance.IntN(8))
				st := &store{keeper: history(), message: "rows imported", slot: "batch", field: "rows"}
				st.perEvent(s.room, s.tto, 60/1.0)
				st.every = max(1, int(60*s.tto/steps/8))
				s.leak(st, func(t float64) float64 { return math.Floor(s.linear(t)*steps) / steps })
			}),
		pair("accelerating", "load-ramp", "growth-with-load", "every client that stays brings more", "a campaign: the load rises as fast, and stays there",
			func(s *service) {
				st := s.events(subscribers(), s.between(30, 60), "subscriber added", "client", "subscribers")
				s.leak(st, func(t float64) float64 { return math.Expm1(2.5*min(s.linear(t), 1.5)) / math.Expm1(2.5) })
				if s.bounded {
					s.setLoad(func(t float64) float64 {
						return s.dayCycle(t) * (1 + 0.6*min(1, math.Expm1(2.5*min(s.linear(t), 1))/math.Expm1(2.5)))
					})
				}
			}),
		pair("late-onset", "late-feature", "step", "a feature that is switched on after two calm days leaks", "the feature has a cache, which fills",
			func(s *service) {
				s.day = s.between(7, 9)
				s.redraw(s.day*s.between(2, 2.6), s.between(7, 10))
				s.at(s.onset, func() { s.journal.line("INFO", "feature enabled", "feature", "recommendations") })
				s.leak(s.events(newCache(), s.between(20, 50), "recommendation computed", "user", "entries"), s.byWork)
			}),
		pair("deploy-leak", "deploy-bigger", "step", "a new version leaks from its start", "a new version fills a new cache from its start",
			func(s *service) {
				s.redraw(s.between(7, 12), s.between(9, 13))
				s.starts = []float64{s.onset}
				s.leak(s.events(newCache(), s.between(20, 50), "price computed", "offer", "entries"), s.byWork)
			}),
		pair("under-warm-up", "two-caches", "warm-up", "a leak from the first moment, under a cache that warms up", "two caches, one of them slow",
			func(s *service) {
				s.redraw(0.01, s.between(13, 19))
				warm, tau := s.base*s.between(0.4, 0.9), s.between(0.8, 2)
				s.limit += grown * warm
				s.stores = append(s.stores, s.sized(newCache(), 24<<10, 100, "page cached", "page", "").levels(func(t float64) float64 {
					return warm * (1 - math.Exp(-t/tau))
				}, 8))
				s.leak(s.events(history(), s.between(20, 50), "visit recorded", "visit", "bytes"), s.linear)
			}),
		pair("session-map", "user-map", "warm-up", "a map by session, values in the buckets", "a map by user, and users are finite",
			func(s *service) {
				st := s.sized(inlineMap{}, 8, 32, "session registered", "session", "sessions")
				st.keys = 1
				s.leak(st, s.linear)
			}),
		pair("session-pointers", "user-pointers", "warm-up", "a map by session, values behind pointers", "a map by user, and users are finite",
			func(s *service) {
				size := 200 << s.chance.IntN(3)
				st := s.sized(pointerMap{}, size, 90, "session opened", "session", "sessions")
				st.keys = 1
				s.leak(st, s.byWork)
			}),
		pair("metric-labels", "metric-labels-finite", "warm-up", "labels with values without end; two lines in lock-step, one with the key", "the labels have finitely many values",
			func(s *service) {
				st := s.sized(labelSet{}, 120, 70, "series registered", "labels", "")
				st.keys = 1
				s.leak(st, s.byWork)
				s.lockStep(st, "span exported", "trace")
			}),
		pair("goroutines", "connection-tide", "growth-with-load", "goroutines that wait for ever", "connections that close after a while, with the load",
			func(s *service) {
				st := s.sized(waiters(s.chance.IntN(5)), 2<<10<<s.chance.IntN(3), 2600, "delivery started", "delivery", "waiting")
				st.gone = "delivery closed"
				st.perSecond(s)
				if s.bounded {
					life := s.tto * s.between(0.3, 0.6)
					st.hold = func(t float64) float64 { return s.room * (s.byWork(t) - s.byWork(t-life)) }
				}
				s.leak(st, s.byWork)
			}),
		pair("contexts", "worker-pool", "warm-up", "contexts that nobody cancels", "a pool of workers that cancels the oldest",
			func(s *service) {
				st := s.sized(contexts(), 4<<10<<s.chance.IntN(3), 500, "task scheduled", "task", "")
				s.leak(st.perSecond(s), s.byWork)
			}),
		pair("timers", "stopped-timers", "warm-up", "timers that hold a buffer, a while after the line", "timers that are stopped in the end",
			func(s *service) {
				st := s.sized(timers(), 8<<10<<s.chance.IntN(3), 300, "reminder set", "order", "")
				st.lag = s.day / 24 * s.between(0.25, 0.75)
				s.leak(st.perSecond(s), s.byWork)
			}),
		pair("rising-saw", "memtable-warm", "sawtooth", "a saw of which a part never comes back", "a saw over a cache that fills",
			func(s *service) {
				period, share := s.day/24*s.between(1, 4), s.between(0.2, 0.5)
				s.saw("memtable flushed", period, share*s.base)
				s.limit += grown * share * s.base
				s.leak(s.events(history(), s.between(20, 50), "row written", "row", "bytes"), s.linear)
			}),
		pair("reset-by-restarts", "warm-up-after-restarts", "warm-up", "a leak that daily restarts hide", "a cache that fills anew after each restart",
			func(s *service) {
				s.day = s.between(7, 10)
				s.redraw(0.01, s.day*s.between(1.5, 1.9))
				s.starts, s.seconds = []float64{s.day, 2 * s.day}, 3*s.day
				st := s.events(newCache(), s.between(20, 50), "document parsed", "document", "")
				start := s.offset()
				s.leak(st, func(t float64) float64 { return max(0, t-start) / s.tto })
				if s.bounded {
					bound := min(s.stop, 0.9*s.day/s.tto) * s.room
					st.hold = func(float64) float64 { return bound }
				}
			}),
		pair("very-slow", "very-slow-lru", "warm-up", "days upon days", "a cache that takes as long",
			func(s *service) {
				s.day = s.between(4, 5)
				s.redraw(s.between(3, 6), s.day*s.between(6, 7))
				s.seconds = s.onset + 1.15*s.tto
				s.leak(s.events(newCache(), s.between(8, 20), "avatar stored", "avatar", ""), s.linear)
			}),
		pair("soft-limit-spiral", "soft-limit-plateau", "warm-up", "a leak under GOMEMLIMIT", "growth that ends under GOMEMLIMIT",
			func(s *service) {
				s.memoryLimit = s.limit / 1.12
				s.tto = s.between(8, 12)
				s.churn = s.base * s.between(4, 7)
				s.findRoom()
				s.redraw(s.onset, s.tto)
				s.stop = min(s.stop, 0.8)
				s.leak(s.events(newCache(), s.between(20, 50), "quote issued", "quote", "quotes"), s.linear)
			}),
		pair("office-hours", "office-cache", "warm-up", "leaks only in office hours", "a cache filled only in office hours",
			func(s *service) {
				s.redraw(s.onset, s.day*s.between(1, 1.8))
				phase := s.between(0, 1)
				open := func(t float64) float64 {
					if math.Mod(t/s.day+phase, 1) < 0.38 {
						return 1
					}
					return 0.003
				}
				s.leak(s.events(newCache(), s.between(20, 50), "invoice drafted", "invoice", ""), s.gated(open))
			}),
		pair("while-load-falls", "lru-while-load-falls", "warm-up", "the load falls by two thirds while it leaks", "a cache fills meanwhile",
			func(s *service) {
				s.flight = s.between(0.5, 0.8)
				s.deepRoom()
				s.setLoad(func(t float64) float64 { return 1 - 0.65*min(1, s.linear(t)) + 0.1*math.Sin(2*math.Pi*t/s.day) })
				s.leak(s.events(newCache(), s.between(20, 50), "rule compiled", "rule", ""), s.linear)
			}),
		pair("square-root", "saturating-cache", "warm-up", "slower and slower, without end", "slower and slower, to an end",
			func(s *service) {
				s.leak(s.events(newCache(), s.between(20, 50), "page rendered", "page", "entries"), func(t float64) float64 {
					if s.bounded {
						return s.stop * 0.97 * (1 - math.Exp(-2.2*s.linear(t)/s.stop))
					}
					return math.Sqrt(s.linear(t))
				})
			}),
		pair("tiny-heap", "tiny-cache", "warm-up", "4 MiB of heap, 32 MiB of container", "as tiny, with a small cache",
			func(s *service) {
				s.base, s.limit, s.churn = s.between(2, 3), 32, s.between(3, 8)
				s.redraw(s.onset, s.between(14, 20))
				s.findRoom()
				s.leak(s.events(history(), s.between(10, 30), "answer stored", "answer", "bytes"), s.linear)
			}),
		pair("sub-slices", "sub-slice-ring", "warm-up", "8 bytes kept of a large buffer", "only the last of them",
			func(s *service) {
				st := s.sized(subSlices(), 4<<10<<s.chance.IntN(3), 40, "token extracted", "token", "")
				s.leak(st.perSecond(s), s.byWork)
			}),
		pair("sub-strings", "sub-string-ring", "warm-up", "8 characters kept of a large text", "only the last of them",
			func(s *service) {
				st := s.sized(subStrings(), 8<<10<<s.chance.IntN(2), 30, "header parsed", "header", "")
				s.leak(st.perSecond(s), s.linear)
			}),
		pair("silent-leak", "silent-ring", "warm-up", "no line tells of it", "nor of the ring",
			func(s *service) {
				s.leak(s.events(history(), s.between(20, 60), "", "", ""), s.linear)
			}),
		pair("two-leaks", "two-rings", "warm-up", "two leaks at once, 70 and 30 %", "two rings",
			func(s *service) {
				first := s.events(history(), s.between(20, 50), "event archived", "event", "bytes")
				first.share, first.unit = 0.7, first.unit*0.7
				first.size = int(first.unit * mib)
				second := s.events(newCache(), s.between(20, 50), "preview built", "preview", "")
				second.share, second.unit = 0.3, second.unit*0.3
				second.size = int(second.unit * mib)
				s.leak(first, s.linear)
				s.leak(second, s.byWork)
			}),
		pair("off-heap", "off-heap-pool", "steady", "mappings grow, the Go heap is flat", "a pool of mappings",
			func(s *service) {
				s.hidden = true
				s.room = s.limit - grown*s.base - overhead
				st := s.events(mappings(), s.between(4, 12), "frame decoded", "frame", "")
				st.size = max(1, st.size>>16) << 16
				st.unit = float64(st.size) / mib
				s.leak(st, s.byWork)
			}),
		pair("blocked-finalizer", "slow-finalizer", "warm-up", "finalizers wait behind one that blocks", "they are only late",
			func(s *service) {
				st := s.sized(finalizers(), 16<<10<<s.chance.IntN(3), 100, "handle closed", "handle", "")
				s.leak(st.perSecond(s), s.byWork)
			}),
		pair("unbounded-queue", "backlog", "growth-with-load", "the consumer is slower than the producers", "it catches up when its database is back",
			func(s *service) {
				st := s.events(&linked{}, s.between(30, 70), "event enqueued", "event", "depth")
				if s.bounded {
					back := s.onset + 0.8*s.stop*s.tto
					top := 0.8 * s.stop * s.room
					st.hold = func(t float64) float64 {
						if t < back {
							return math.Inf(1)
						}
						return max(0.02*s.room, top*(1-(t-back)/(0.25*s.tto)))
					}
					s.at(back, func() { s.journal.line("INFO", "database is back", "attempts", 9) })
				}
				s.at(s.onset, func() { s.journal.line("WARN", "database is slow", "ms", 2400) })
				s.leak(st, s.linear)
			}),
		pair("one-buffer", "trimmed-buffer", "warm-up", "one slice that is appended to, and copied to grow", "the same, trimmed at the front",
			func(s *service) {
				s.room *= 0.8
				s.leak(s.events(&oneBuffer{}, s.between(40, 90), "line buffered", "line", "bytes"), s.linear)
			}),
		pair("sync-map", "sync-map-evicting", "warm-up", "a sync.Map without deletes", "a sync.Map with them",
			func(s *service) {
				st := s.sized(&shared{}, 1<<10<<s.chance.IntN(3), 200, "lock acquired", "lock", "")
				s.leak(st.perSecond(s), s.byWork)
			}),
	}
	var flat []scenario
	for _, both := range all {
		flat = append(flat, both...)
	}
	return flat
}

// leaksAlone have no twin.
func leaksAlone() []scenario {
	return []scenario{
		{Name: "rolled-back", Leak: true, Kind: "leak", About: "a new version leaks and is rolled back in time", build: func(s *service) {
			s.redraw(s.between(4, 7), s.between(12, 16))
			s.fixed = s.onset + 0.6*s.tto
			s.starts, s.seconds = []float64{s.onset, s.fixed}, s.fixed+s.between(6, 9)
			st := s.events(newCache(), s.between(20, 50), "coupon checked", "coupon", "")
			s.leak(st, func(t float64) float64 { return min(s.linear(t), 0.6) })
		}},
	}
}

// deepRoom makes the container large enough for much in flight.
func (s *service) deepRoom() {
	s.limit = (grown*s.base*(1+1.2*s.flight*(1+s.swing)) + overhead) / s.between(0.3, 0.5)
	s.findRoom()
}

// perSecond sets how many of a store's events are logged, by its size.
func (st *store) perSecond(s *service) *store { return st.logged(s.room, s.tto, s.between(4, 9)) }

// levels lets a store keep to a level.
func (st *store) levels(level func(t float64) float64, every int) *store {
	st.level, st.every = level, every
	return st
}

// saw is a buffer that fills and is flushed.
func (s *service) saw(flushed string, period, size float64) {
	phase := s.between(0, 1)
	st := &store{keeper: history(), message: "", gone: flushed, every: 1 << 30, size: 32 << 10, unit: 33.0 / 1024}
	s.stores = append(s.stores, st.levels(func(t float64) float64 { return size * math.Mod(t/period+phase, 1) }, 1<<30))
}

// lockStep writes another line beside each of a store's.
func (s *service) lockStep(st *store, message, slot string) {
	told := int64(0)
	s.each = append(s.each, func(float64) {
		for ; told < st.said; told++ {
			s.journal.line("INFO", message, slot, user(s))
		}
	})
}
