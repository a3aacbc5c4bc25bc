package main

import (
	"fmt"
	"math"
	"time"
)

// The second round: lines that look guilty and are not. Request ids that never come again, statistics that print the
// heap itself, totals that rise with the traffic, lines that come as evenly as the growth.

// traced: every line has ids that never come again, and the culprit has keys of which most were there before.
func traced(s *service) {
	s.log = formats["json"]
	topics := []string{}
	s.request = func() {
		trace := s.id() + s.id()
		s.log("DEBUG", "span started", "trace_id", trace, "span_id", s.id())
		if s.chance(0.12) {
			topic := "device/" + s.id() + "/state"
			if len(topics) > 0 && !s.chance(0.3) {
				topic = topics[s.dice.IntN(len(topics))]
			} else {
				topics = append(topics, topic)
				s.keep(220 << 10)
			}
			s.log("INFO", "subscription refreshed", "topic", topic, "trace_id", trace)
		}
		s.log("INFO", "access", "method", s.pick("GET", "PUT"), "request_id", s.id(), "trace_id", trace, "ms", s.dice.IntN(60))
	}
}

// thousandth: one line in a thousand keeps three MiB.
func thousandth(s *service) {
	s.log, s.load = formats["zap"], 170
	s.request = func() {
		s.log("info", "request accepted", "request_id", s.id())
		s.log("debug", "query executed", "statement", s.pick("users_by_id", "orders_by_user"), "rows", s.dice.IntN(90))
		if s.chance(0.8) {
			s.log("info", "request served", "request_id", s.id(), "bytes", s.dice.IntN(9000))
		}
		if s.chance(0.0035) {
			s.log("info", "replica snapshot kept", "shard", s.dice.IntN(12), "revision", s.id())
			s.keep(3 << 20)
		}
	}
}

// schemas: one line in a hundred, in logfmt; each version of a schema is compiled and never thrown away.
func schemas(s *service) {
	s.log = formats["logrus"]
	versions := map[string]int{}
	s.request = func() {
		for range 2 + s.dice.IntN(3) {
			s.log("DEBUG", "row validated", "row", s.id(), "ok", true)
		}
		s.log("INFO", "batch imported", "batch", s.id(), "rows", s.dice.IntN(400))
		if s.chance(0.05) {
			tenant := fmt.Sprintf("t%02d", s.dice.IntN(60))
			if s.chance(0.6) || versions[tenant] == 0 {
				versions[tenant]++
				s.keep(260 << 10)
			}
			s.log("INFO", "schema compiled", "schema", fmt.Sprintf("%s@v%d", tenant, versions[tenant]))
		}
	}
}

// readings: half of all lines, without any format at all.
func readings(s *service) {
	s.log = formats["plain"]
	s.request = func() {
		s.log("", fmt.Sprintf("got packet from 10.3.%d.%d:%d", s.dice.IntN(250), s.dice.IntN(250), 20000+s.dice.IntN(9999)))
		for range s.poisson(1) {
			s.log("", fmt.Sprintf("stored reading %.2f of sensor %d", 20+9*s.dice.Float64(), s.dice.IntN(500)))
			s.keep(14 << 10)
		}
	}
}

// members: the same message says who comes and who goes, and more come than go.
func members(s *service) {
	s.log = formats["logrus-text"]
	present := [][]byte{}
	s.request = func() {
		s.log("INFO", "frame relayed", "room", s.dice.IntN(40), "frame", s.id())
		switch {
		case s.chance(0.16):
			present = append(present, filled(130<<10))
			s.log("INFO", "membership changed", "event", "subscribe", "room", s.dice.IntN(40))
		case s.chance(0.12) && len(present) > 0:
			present = present[1:]
			s.log("INFO", "membership changed", "event", "unsubscribe", "room", s.dice.IntN(40))
		case s.chance(0.2):
			s.log("INFO", "membership changed", "event", "keepalive", "room", s.dice.IntN(40))
		}
	}
}

// tenants: one of five customers has a plug-in that keeps what it is given; his share of the traffic varies.
func tenants(s *service) {
	s.log = formats["zerolog"]
	share := 0.1
	s.request = func() {
		tenant := s.pick("bolt", "cyan", "dune", "echo")
		if s.chance(share) {
			tenant = "acme"
			s.keep(130 << 10)
		}
		s.log("info", "request routed", "request_id", s.id(), "pod", s.dice.IntN(6))
		s.log("info", "order placed", "tenant", tenant, "cents", 100+s.dice.IntN(90000))
	}
	s.tick = func(at float64) { share = 0.12 + 0.1*math.Sin(at/3) + 0.02*s.dice.Float64() }
}

// even: the same work ten times a second, and one point kept each time.
func even(s *service) {
	s.log, s.load, s.even = formats["slog"], 100, true
	s.request = func() {
		s.log("INFO", "request processed", "path", s.pick("/a", "/b"), "request_id", s.id())
	}
	s.tick = func(at float64) {
		s.log("DEBUG", "heartbeat sent", "peer", s.pick("n1", "n2", "n3"))
		s.log("INFO", "series appended", "series", fmt.Sprintf("cpu{run=%s}", s.id()))
		s.keep(110 << 10)
	}
}

// warned: a map's size in a WARN line, beside totals that rise with the traffic.
func warned(s *service) {
	s.log = formats["klog"]
	devices, warnings := 0, 0
	s.request = func() {
		s.log("INFO", "token verified", "sub", s.user(), "jti", s.id())
		if s.chance(0.07) {
			devices++
			s.keep(160 << 10)
		}
		if s.chance(0.02) {
			warnings++
			s.log("WARN", "device registry is large", "size", devices, "device", fmt.Sprintf("%s#%d", s.user(), time.Now().UnixMilli()))
		}
		s.log("INFO", "request processed", "served", s.served, "ms", s.dice.IntN(30))
	}
	s.tick = func(at float64) {
		if int(at*10)%9 == 0 {
			s.log("INFO", "statistics", "requests_total", s.served, "errors_total", s.served/70, "warnings", warnings)
		}
	}
}

// mirrors: a line prints the heap itself, which explains nothing; jobs that nobody collects do.
func mirrors(s *service) {
	s.log = formats["slog"]
	s.request = func() {
		s.log("INFO", "request served", "request_id", s.id(), "status", 200)
		if s.chance(0.08) {
			s.log("INFO", "job scheduled", "job", s.id(), "queue", s.pick("mail", "bill"))
			s.keep(140 << 10)
		}
	}
	s.tick = func(at float64) {
		if int(at*10)%6 == 0 {
			s.log("INFO", "memory statistics", "heap_alloc_mb", s.heapMiB(), "requests", s.served)
		}
	}
}

// pairs of lines for each stream, and some streams have no second one.
func streams(s *service) {
	s.log = formats["printf"]
	open := map[int][]byte{}
	next := 0
	s.request = func() {
		s.log("DEBUG", fmt.Sprintf("rpc %s took %dus (id=%s)", s.pick("Get", "List"), s.dice.IntN(9000), s.id()))
		if s.chance(0.2) {
			next++
			open[next] = filled(150 << 10)
			s.log("INFO", fmt.Sprintf("stream %d opened by peer-%02d", next, s.dice.IntN(30)))
		}
		if s.chance(0.16) && len(open) > 0 {
			for number := range open {
				delete(open, number)
				s.log("INFO", fmt.Sprintf("stream %d closed after %d messages", number, s.dice.IntN(900)))
				break
			}
		}
	}
}

// failures: errors with the whole error text in them, held for a retry that never comes; other warnings follow the load.
func failures(s *service) {
	s.log = formats["std"]
	until := 0.0
	s.request = func() {
		s.log("INFO", fmt.Sprintf("handled POST /v1/pay in %dms [%s]", s.dice.IntN(90), s.id()))
		if s.chance(0.1) {
			s.log("WARN", fmt.Sprintf("slow query took %dms", 500+s.dice.IntN(900)))
		}
		rate := 0.02
		if until > 0 {
			rate = 0.25
		}
		if s.chance(rate) {
			s.log("ERROR", fmt.Sprintf("could not deliver to 10.0.4.%d:443: dial tcp: i/o timeout (attempt %d)", s.dice.IntN(9), 1+s.dice.IntN(4)))
			s.keep(260 << 10)
		}
	}
	s.tick = func(at float64) {
		if until == 0 && s.chance(0.03) {
			until = at + 1
		}
		if at > until {
			until = 0
		}
	}
}

// triplet: three lines always together; only one of them brings what was never there before.
func triplet(s *service) {
	s.log = formats["json"]
	s.request = func() {
		s.log("INFO", "request processed", "path", s.pick("/a", "/b", "/c"), "status", 200)
		if s.chance(0.1) {
			s.log("INFO", "session looked up", "user", s.user()[:4], "backend", s.pick("r1", "r2"))
			s.log("INFO", "session cached", "key", fmt.Sprintf("%s#%d", s.user()[:4], time.Now().UnixNano()))
			s.log("DEBUG", "session reply sent", "code", 0)
			s.keep(120 << 10)
		}
	}
}
