package main

import (
	"fmt"
	"math"
	"time"
)

var services = map[string]func(*service){
	// well.go
	"lru": lru, "waves": waves, "counters": counters, "finite-users": finiteUsers, "buffers": buffers,
	// calm.go
	"warming": warming, "chatter": chatter, "busier": busier, "flushed": flushed, "visits": visits,
	// traps.go
	"traced": traced, "thousandth": thousandth, "schemas": schemas, "readings": readings, "members": members,
	"tenants": tenants, "even": even, "warned": warned, "mirrors": mirrors, "streams": streams, "failures": failures,
	"triplet": triplet,
	// even.go
	"even-map": evenMap, "even-store": evenStore, "even-half": evenHalf, "even-rare": evenRare, "even-jobs": evenJobs,
	"even-topics": evenTopics, "even-pairs": evenPairs, "even-well": evenWell,
	// here
	"sessions": sessions, "labels": labels, "workers": workers, "objects": objects, "events": events,
	"outages": outages, "queue": queue, "callbacks": callbacks, "lockstep": lockstep, "queries": queries,
	"snapshots": snapshots, "late": late, "connections": connections, "entries": entries, "prose": prose, "half": half,
}

// sessions: a WARN line, one in thirty, prints the size of a map whose keys come again; the last line is innocent.
func sessions(s *service) {
	known := map[string][]byte{}
	s.request = func() {
		s.log("INFO", "request processed", "path", s.pick("/cart", "/pay", "/me"), "status", 200, "ms", s.dice.IntN(40))
		if s.chance(0.4) {
			s.log("INFO", "token verified", "user", s.user())
		}
		if s.chance(0.05) {
			key := fmt.Sprintf("uid_%d#%d", s.dice.IntN(900000), time.Now().UnixMilli())
			if s.chance(0.5) && len(known) > 0 {
				for key = range known { // one that is there
					break
				}
			}
			if known[key] == nil {
				known[key] = filled(200 << 10)
			}
			s.log("WARN", fmt.Sprintf("[SessionCache] putIfAbsent(key=%s, value=Session{...}) → size=%d", key, len(known)))
		}
	}
}

// labels: half of all lines observe a metric; one in forty brings labels that were not there before.
func labels(s *service) {
	s.log = formats["zap"]
	series := []string{}
	s.request = func() {
		s.log("INFO", "request served", "route", s.pick("/a", "/b", "/c"), "trace", s.id())
		label := "user=" + s.id()
		if len(series) > 0 && !s.chance(0.025) {
			label = series[s.dice.IntN(len(series))]
		} else {
			series = append(series, label)
			s.keep(350 << 10)
		}
		s.log("DEBUG", "observed", "labels", label, "value", s.dice.IntN(100))
	}
}

// workers: goroutines that wait for ever, each with a buffer; a statistics line counts them.
func workers(s *service) {
	s.log = formats["slog"]
	var never chan int
	waiting := 0
	s.request = func() {
		s.log("INFO", "request served", "path", s.pick("/x", "/y"), "id", s.id())
		if s.chance(0.06) {
			s.log("INFO", "worker started", "job", s.id())
			waiting++
			go func() {
				buffer := filled(120 << 10)
				<-never
				sink = buffer
			}()
		}
	}
	s.tick = func(at float64) {
		if int(at*10)%7 == 0 {
			s.log("INFO", "runtime statistics", "goroutines", waiting+9, "requests", s.served)
		}
	}
}

// objects: one line in five hundred keeps two MiB.
func objects(s *service) {
	s.log, s.load = formats["klog"], 150
	s.request = func() {
		s.log("INFO", "Admission review", "uid", s.id(), "allowed", s.chance(0.97))
		if s.chance(0.5) {
			s.log("INFO", "Listed objects", "kind", s.pick("Pod", "Node", "Lease"), "count", s.dice.IntN(80))
		}
		if s.chance(0.005) {
			s.log("WARN", "Watch cache rebuilt", "object", "ns/"+s.id())
			s.keep(1500 << 10)
		}
	}
}

// events: what is kept is as large as the line says; other lines have sizes, too.
func events(s *service) {
	s.log = formats["zerolog"]
	s.request = func() {
		s.log("info", "response sent", "bytes", 500+s.dice.IntN(60000), "request", s.id())
		if s.chance(0.12) {
			size := int(4000 * math.Exp(2.2*s.dice.Float64()*2))
			s.log("info", "event appended", "stream", s.pick("orders", "mails", "audit"), "bytes", size)
			s.keep(size)
			s.keep(60 << 10)
		}
		if s.chance(0.2) {
			s.log("debug", "frame read", "bytes", 1000+s.dice.IntN(9000))
		}
	}
}

// outages: an error that comes in fits keeps what it was about.
func outages(s *service) {
	s.log = formats["slog"]
	until := 0.0
	s.request = func() {
		s.log("INFO", "upload received", "id", s.id(), "bytes", s.dice.IntN(200000))
		if s.chance(0.3) {
			s.log("INFO", "upload stored", "bucket", s.pick("a", "b"), "id", s.id())
		}
		if until > 0 && s.chance(0.15) {
			s.log("ERROR", "upload failed, part kept for retry", "upload", s.id(), "err", "503 from storage")
			s.keep(500 << 10)
		}
	}
	s.tick = func(at float64) {
		if until == 0 && s.chance(0.02) {
			until = at + 1.5
		}
		if at > until {
			until = 0
		}
	}
}

// queue: more comes than goes; a statistics line has the depth.
func queue(s *service) {
	s.log = formats["logrus"]
	depth, waiting := 0, [][]byte{}
	s.request = func() {
		s.log("INFO", "job enqueued", "job", s.id())
		waiting = append(waiting, filled(40<<10))
		for range s.poisson(0.82) {
			if len(waiting) > 0 {
				waiting = waiting[1:]
				s.log("INFO", "job done", "ms", s.dice.IntN(300))
			}
		}
		depth = len(waiting)
	}
	s.tick = func(at float64) {
		if int(at*10)%5 == 0 {
			s.log("INFO", "queue statistics", "depth", depth, "workers", 4)
		}
	}
}

// callbacks: prose with a number in it; two of three were registered before.
func callbacks(s *service) {
	seen, clients := map[string]bool{}, 0
	s.request = func() {
		s.log("INFO", fmt.Sprintf("Served GET /topics/%s in %dms", s.pick("orders", "mails"), s.dice.IntN(50)))
		if s.chance(0.25) {
			client := s.dice.IntN(clients + 1)
			if s.chance(0.33) {
				clients += 1 + s.dice.IntN(3)
				client = clients
			}
			name := fmt.Sprintf("Registered callback for client %d on topic %s", client, s.pick("orders", "mails"))
			s.log("INFO", name)
			if !seen[name] {
				seen[name] = true
				s.keep(60 << 10)
			}
		}
	}
}

// lockstep: three lines for each request, all with ids that never come again; one of them is to blame.
func lockstep(s *service) {
	s.log = formats["json"]
	s.request = func() {
		s.log("INFO", "request started", "request", s.id())
		s.log("INFO", "session attached", "session", s.id())
		s.keep(12 << 10)
		if s.chance(0.9) {
			s.log("INFO", "request finished", "request", s.id(), "ms", s.dice.IntN(80))
		}
	}
}

// queries: every new text of a query is compiled and kept; most texts are old ones.
func queries(s *service) {
	s.log = formats["logrus"]
	texts := []string{}
	s.request = func() {
		s.log("INFO", "page rendered", "page", s.pick("home", "search", "cart"), "ms", s.dice.IntN(90))
		if s.chance(0.5) {
			s.log("INFO", "cart loaded", "user", s.user())
		}
		if s.chance(0.3) {
			text := "q" + s.id()
			if len(texts) > 20 && !s.chance(0.15) {
				text = texts[s.dice.IntN(len(texts))]
			} else {
				texts = append(texts, text)
				s.keep(170 << 10)
			}
			s.log("INFO", "query planned", "query", text, "rows", s.dice.IntN(500))
		}
	}
}

// snapshots: a timer, whatever the traffic.
func snapshots(s *service) {
	s.log = formats["zap-tabs"]
	next := 0.3
	s.request = func() {
		s.log("INFO", "tile served", "zoom", s.dice.IntN(18), "tile", s.id())
		if s.chance(0.3) {
			s.log("INFO", "cache hit", "tile", s.user())
		}
	}
	s.tick = func(at float64) {
		if at >= next {
			next = at + 0.1 + 1.1*s.dice.Float64()
			size := 300 + s.dice.IntN(1200)
			s.log("INFO", "snapshot taken", "snapshot", s.id())
			s.keep(size << 10)
		}
	}
}

// late: a feature that is switched on after a while.
func late(s *service) {
	s.log = formats["json"]
	on, entries := false, 0
	s.request = func() {
		s.log("INFO", "request served", "path", s.pick("/items", "/search"), "id", s.id())
		if s.chance(0.4) {
			s.log("INFO", "profile read", "user", s.user())
		}
		if on && s.chance(0.08) {
			entries++
			s.keep(140 << 10)
			s.log("INFO", "recommendation stored", "user", s.user(), "entries", entries)
		}
	}
	s.tick = func(at float64) {
		if !on && at > 18 {
			on = true
			s.log("INFO", "feature enabled", "feature", "recommendations")
		}
	}
}

// connections: one of four that open is never closed.
func connections(s *service) {
	s.log = formats["klog"]
	open := [][]byte{}
	s.request = func() {
		s.log("INFO", "frame handled", "stream", s.dice.IntN(64), "bytes", s.dice.IntN(4000))
		if s.chance(0.15) {
			open = append(open, filled(160<<10))
			s.log("INFO", "client connected", "client", s.id(), "open", len(open))
		}
		if s.chance(0.1125) && len(open) > 0 {
			open = open[1:]
			s.log("INFO", "client disconnected", "open", len(open))
		}
	}
}

// entries: a key with a time in it, so that none comes again.
func entries(s *service) {
	s.log = formats["zap-tabs"]
	s.request = func() {
		s.log("INFO", "lookup", "key", "user:"+s.user(), "hit", s.chance(0.8))
		if s.chance(0.04) {
			s.log("WARN", "entry inserted", "key", fmt.Sprintf("user:%s#%d", s.user(), time.Now().UnixMicro()), "ttl", 0)
			s.keep(200 << 10)
		}
	}
}

// prose: no field at all, and the culprit is every other line.
func prose(s *service) {
	s.load = 60
	s.request = func() {
		s.log("INFO", "accepted connection from 10.1."+fmt.Sprintf("%d.%d", s.dice.IntN(200), s.dice.IntN(200)))
		for range s.poisson(1.2) {
			s.log("INFO", "buffering message for offline subscriber")
			s.keep(16 << 10)
		}
		if s.chance(0.2) {
			s.log("INFO", "flushed write-ahead log")
		}
	}
}

// half: half of the requests of one tenant keep something, and only one line tells tenants apart.
func half(s *service) {
	s.log = formats["slog"]
	tenants := []string{"acme", "bolt", "cyan", "dune"}
	share := 0.2
	s.request = func() {
		tenant := tenants[s.dice.IntN(len(tenants))]
		s.log("INFO", "authorized", "tenant", tenant)
		if s.chance(share) {
			s.log("INFO", "export prepared", "export", s.id(), "rows", s.dice.IntN(900))
			s.keep(45 << 10)
		} else {
			s.log("INFO", "page prepared", "page", s.dice.IntN(300))
		}
	}
	s.tick = func(at float64) { share = 0.2 + 0.15*math.Sin(at/7) }
}
