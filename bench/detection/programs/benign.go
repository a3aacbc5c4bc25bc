package main

import (
	"math"
	"runtime"
	"runtime/debug"
)

// benign services only look as if they leaked, or do what upsets a simple rule.
func benign() []scenario {
	well := func(name, kind, about string, build func(*service)) scenario {
		return scenario{Name: name, Kind: kind, About: about, build: build}
	}
	return []scenario{
		well("steady", "steady", "noise only", func(s *service) { s.swing = 0.02 }),
		well("day-cycle", "growth-with-load", "a deep day cycle with much in flight", func(s *service) {
			s.swing, s.flight = 0.7, s.between(0.3, 0.7)
		}),
		well("traffic-growth", "growth-with-load", "10 to 35 % more traffic a day", func(s *service) {
			s.flight, s.day = s.between(0.3, 0.6), s.between(5, 8)
			daily := s.between(0.1, 0.35)
			s.setLoad(func(t float64) float64 { return s.dayCycle(t) * math.Pow(1+daily, t/s.day) })
		}),
		well("config-steps", "step", "the level moves with every new configuration", func(s *service) {
			size := s.base * 0.5
			changes := map[float64]float64{}
			level := size
			for range 3 + s.chance.IntN(5) {
				at, by := s.between(1, s.seconds-1), s.base*s.between(0.08, 0.18)
				if s.chance.Float64() > 0.6 {
					by = -by
				}
				changes[at] = by
				s.at(at, func() { s.journal.line("INFO", "configuration reloaded", "rules", 100+s.dice.IntN(900)) })
			}
			s.stores = append(s.stores, s.sized(history(), 32<<10, 100, "", "", "").levels(func(t float64) float64 {
				sum := level
				for at, by := range changes {
					if t > at {
						sum += by
					}
				}
				return sum
			}, 1))
		}),
		well("memtable", "sawtooth", "a buffer that is flushed every few hours", func(s *service) {
			s.saw("memtable flushed", s.day/24*s.between(1, 5), s.base*s.between(0.2, 0.8))
		}),
		well("daily-flush", "sawtooth", "a buffer that is flushed every day", func(s *service) {
			s.day = s.between(6, 9)
			s.saw("day closed, entries written", s.day, s.base*s.between(0.4, 1.2))
		}),
		well("weekly-flush", "sawtooth", "a buffer that is flushed once in the run", func(s *service) {
			s.seconds = s.between(22, 28)
			s.saw("week closed, entries written", s.seconds*s.between(0.6, 0.9), s.base*s.between(0.4, 1.2))
		}),
		well("deploys", "restarts", "restarts, each with a warm-up", func(s *service) {
			for at := s.between(4, 8); at < s.seconds-4; at += s.between(4, 8) {
				s.starts = append(s.starts, at)
			}
			tau, size, start := s.between(0.5, 2), s.base*s.between(0.5, 1), s.offset()
			s.stores = append(s.stores, s.sized(newCache(), 24<<10, 150, "page cached", "page", "").levels(func(t float64) float64 {
				return size * (1 - math.Exp(-(t-start)/tau))
			}, 9))
		}),
		well("ttl-cache", "growth-with-load", "a cache that follows the load some hours late", func(s *service) {
			life := s.day / 24 * s.between(2, 8)
			full := s.base * s.between(0.4, 1)
			st := s.events(newCache(), s.between(40, 80), "entry added", "key", "entries").perEvent(full, life, s.between(30, 60))
			st.due = func(t float64) float64 { return full / life * s.work(t) }
			st.hold = func(t float64) float64 { return st.due(t) - st.due(t-life) }
			st.gone = "entries expired"
			s.stores = append(s.stores, st.logged(full, life, 4))
		}),
		well("burst-pool", "batch", "bursts fill a pool three times a day, which drains", func(s *service) {
			var bursts []float64
			for at := s.between(0.5, 3); at < s.seconds; at += s.day / 3 * s.between(0.6, 1.4) {
				bursts = append(bursts, at)
				s.at(at, func() { s.journal.line("WARN", "burst of uploads", "count", 100+s.dice.IntN(300)) })
			}
			size, drain := s.base*s.between(0.4, 1), s.day/24*s.between(0.5, 2)
			s.stores = append(s.stores, s.sized(pooled(), 128<<10, 100, "", "", "").levels(func(t float64) float64 {
				sum := 0.0
				for _, at := range bursts {
					if t > at {
						sum += size * math.Exp(-(t-at)/drain)
					}
				}
				return sum
			}, 1))
		}),
		well("gogc-changes", "step", "GOGC is set anew while it runs", func(s *service) {
			for range 3 {
				gogc := []int{50, 200, 400}[s.chance.IntN(3)]
				s.at(s.between(2, s.seconds), func() {
					debug.SetGCPercent(gogc)
					s.journal.line("INFO", "tuning applied", "gogc", gogc)
				})
			}
		}),
		well("soft-limit-tight", "steady", "GOMEMLIMIT lies close above what is live", func(s *service) {
			s.memoryLimit = s.base*(1+s.flight*(1+s.swing)*1.5)*s.between(1.3, 1.6) + overhead
			s.churn *= 0.6
		}),
		well("wandering", "steady", "the level wanders, with a memory of hours", func(s *service) {
			var path [4000]float64
			memory, x := s.day/24*s.between(5, 15), 0.0
			for i := range path {
				x += -x*0.01/memory*1 + 0.3*math.Sqrt(2*0.01/memory)*s.chance.NormFloat64()
				path[i] = math.Exp(x)
			}
			size := s.base * 0.7
			s.stores = append(s.stores, s.sized(history(), 32<<10, 100, "", "", "").levels(func(t float64) float64 {
				return size * path[min(int(t*100), len(path)-1)]
			}, 1))
		}),
		well("night-batch", "batch", "eight hours of batch every night", func(s *service) {
			phase, size, ramp := s.between(0, 1), s.base*s.between(0.4, 1), s.between(0.1, 0.5)
			s.day = s.between(7, 10)
			shape := func(t float64) float64 {
				hour := math.Mod(t/s.day+phase, 1) * 3
				return size * max(0, min(1, min(hour, 1-hour)/ramp))
			}
			s.stores = append(s.stores, s.sized(history(), 48<<10, 100, "invoice loaded", "invoice", "").levels(shape, 30))
		}),
		well("batch-frees", "batch", "short batches that let go of everything", func(s *service) {
			size, period, busy := s.base*s.between(0.6, 1.6), s.between(2, 4), s.between(0.3, 0.6)
			s.stores = append(s.stores, s.sized(history(), 48<<10, 100, "rows imported", "batch", "rows").levels(func(t float64) float64 {
				if part := math.Mod(t/period, 1); part < busy {
					return size * part / busy
				}
				return 0
			}, 60))
		}),
		well("idle", "steady", "hardly anything to do: only forced collections", func(s *service) {
			s.base, s.churn, s.flight, s.lines = s.between(1.5, 3), s.between(0.05, 0.3), 0.02, s.between(1, 4)
			s.seconds, s.forced = s.between(22, 28), s.between(0.2, 0.4)
		}),
		well("finite-users-slow", "warm-up", "users are met by chance, ever fewer new ones", func(s *service) {
			full := s.base * s.between(0.5, 1.5)
			st := s.sized(pointerMap{}, 400, 90, "user loaded", "user", "users")
			st.keys = uint64(full / st.unit)
			tau := s.seconds * s.between(0.25, 0.6)
			st.due = func(t float64) float64 { return full / tau * s.work(t) }
			s.stores = append(s.stores, st.logged(full, tau, 5))
		}),
		well("map-emptied", "step", "a map that a burst filled stays large when it is emptied", func(s *service) {
			held := inlineMap{}
			count, at := int(s.base*mib/40*s.between(0.6, 1.2)), s.between(3, s.seconds/2)
			s.at(at, func() { s.journal.line("INFO", "index rebuild started", "documents", count) })
			done := 0
			s.each = append(s.each, func(t float64) {
				for ; t > at && done < count; done++ {
					held[scramble(uint64(done))] = [2]uint64{}
					if done%3000 == 2999 {
						done++
						return
					}
				}
				if done == count && len(held) > 0 {
					clear(held)
					s.journal.line("INFO", "index rebuild finished", "documents", count)
				}
			})
		}),
		well("bigger-baseline", "step", "a deploy to a version that needs more", func(s *service) {
			s.starts = []float64{s.seconds * s.between(0.4, 0.6)}
			if more := s.between(0.15, 0.6); s.epoch == 1 {
				s.base *= 1 + more
			}
		}),
		well("feature-flag", "steady", "twice the allocation from one moment on", func(s *service) {
			at := s.seconds * s.between(0.3, 0.7)
			s.more = func(t float64) float64 {
				if t > at {
					return 2
				}
				return 1
			}
			s.at(at, func() { s.journal.line("INFO", "feature enabled", "feature", "rich-previews") })
		}),
		well("log-storm", "steady", "one line a hundred times as often for an hour", func(s *service) {
			from := s.seconds * s.between(0.3, 0.6)
			storm := s.chance.IntN(8)
			s.at(from, func() { s.journal.storm, s.journal.from, s.journal.to = storm, from, from+1.2 })
		}),
		well("one-shot-make", "spike", "now and then a single huge make", func(s *service) {
			for range 3 + s.chance.IntN(4) {
				size := int(s.base * s.between(1, 3) * mib)
				s.at(s.between(2, s.seconds), func() {
					s.journal.line("INFO", "export built", "bytes", size)
					body := make([]byte, size)
					s.garbage = body
				})
			}
		}),
		well("ballast", "steady", "a ballast that nobody touches", func(s *service) {
			s.pinned = append(s.pinned, make([]byte, int(s.base*2*mib)))
			s.base *= 0.5
		}),
		well("explicit-collections", "steady", "a program that calls runtime.GC by itself", func(s *service) {
			period := s.between(0.3, 0.8)
			next := 0.0
			s.churn *= 0.3
			s.each = append(s.each, func(t float64) {
				if t > next {
					next = t + period
					runtime.GC()
				}
			})
		}),
		well("lazy-tables", "warm-up", "tables are loaded when first asked for, ever more rarely", func(s *service) {
			count := 12 + s.chance.IntN(20)
			size := s.base * s.between(0.6, 1.4) / float64(count)
			times := make([]float64, count)
			for i := range times {
				times[i] = 0.6 * math.Exp(math.Log(s.seconds/0.6)*float64(i)/float64(count))
				at := times[i]
				s.at(at, func() { s.journal.line("INFO", "table loaded", "table", hexed(scramble(uint64(i)))[:6]) })
			}
			s.stores = append(s.stores, s.sized(history(), 64<<10, 100, "", "", "").levels(func(t float64) float64 {
				sum := 0.0
				for _, at := range times {
					if t > at {
						sum += size
					}
				}
				return sum
			}, 1))
		}),
	}
}
