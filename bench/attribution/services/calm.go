package main

import "math"

// The second round of services that are well.

// warming: a cache of finitely many things, of which fewer and fewer are new.
func warming(s *service) {
	s.log = formats["json"]
	known := map[int]bool{}
	s.request = func() {
		item := int(700 * math.Pow(s.dice.Float64(), 1.7))
		s.log("INFO", "item requested", "item", item, "request_id", s.id())
		if !known[item] {
			known[item] = true
			s.log("INFO", "item cached", "item", item, "entries", len(known))
			s.keep(90 << 10)
		}
	}
}

// chatter: debug lines with ids that never come again, over a heap that only breathes.
func chatter(s *service) {
	s.log = formats["logrus-text"]
	flight := make([][]byte, 64)
	s.request = func() {
		trace := s.id()
		flight[s.served%len(flight)] = filled(s.dice.IntN(300 << 10))
		s.log("DEBUG", "span opened", "trace", trace, "span", s.id())
		s.log("INFO", "request processed", "request_id", s.id(), "served", s.served)
		s.log("DEBUG", "span closed", "trace", trace)
	}
}

// busier: three times the traffic by the end, and memory as the traffic goes.
func busier(s *service) {
	s.log, s.load = formats["zap"], 50
	flight := [][]byte{}
	s.request = func() {
		flight = append(flight, filled(160<<10))
		for len(flight) > int(s.load) {
			flight = flight[1:]
		}
		s.log("info", "request served", "request_id", s.id(), "in_flight", len(flight))
	}
	s.tick = func(at float64) { s.load = 50 + 2.2*at }
}

// flushed: a buffer that is written away every twelve seconds.
func flushed(s *service) {
	s.log = formats["printf"]
	buffered := [][]byte{}
	s.request = func() {
		s.log("INFO", "accepted "+s.id())
		if s.chance(0.25) {
			buffered = append(buffered, filled(100<<10))
			s.log("DEBUG", "buffered "+s.id())
		}
	}
	s.tick = func(at float64) {
		if int(at*10)%120 == 0 {
			buffered = nil
			s.log("INFO", "flushed")
		}
	}
}

// sessions that end: as many go as come, each with a key of its own.
func visits(s *service) {
	s.log = formats["klog"]
	present := [][]byte{}
	s.request = func() {
		s.log("INFO", "page served", "request_id", s.id())
		if s.chance(0.15) {
			present = append(present, filled(90<<10))
			s.log("INFO", "visit began", "visit", s.id(), "present", len(present))
		}
		for len(present) > 0 && s.chance(0.15*float64(len(present))/150) {
			present = present[1:]
			s.log("INFO", "visit ended", "present", len(present))
		}
	}
}
