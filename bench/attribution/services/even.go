package main

import (
	"fmt"
	"time"
)

// The third round: no chance at all. Every line comes every so many requests and the heap grows as evenly, so that
// nothing but what the lines say tells them apart.

func (s *service) every(count int) bool { return s.served%count == 0 }

// evenMap: one request in twenty puts a session into a map, with a key that is new each time.
func evenMap(s *service) {
	s.even = true
	entries := 0
	s.request = func() {
		if s.every(20) {
			entries++
			s.keep(200 << 10)
			s.log("WARN", fmt.Sprintf("[SessionCache] putIfAbsent(key=uid_%d#device_%d, value=Session{...}) → size=%d",
				887000+entries%37, time.Now().UnixMilli(), entries))
		}
		s.log("INFO", "request processed", "id", s.id(), "total", s.served)
	}
}

// evenStore: three lines for each request; the keys of one of them were mostly there before.
func evenStore(s *service) {
	s.log, s.even = formats["json"], true
	s.request = func() {
		s.log("INFO", "request received", "request_id", s.id(), "path", "/v1/carts")
		key := fmt.Sprintf("cart-%d", s.served/4)
		if s.every(4) {
			s.keep(44 << 10)
		}
		s.log("INFO", "cart stored", "key", key)
		s.log("INFO", "request processed", "request_id", s.id(), "status", 200)
	}
}

// evenHalf: every other line.
func evenHalf(s *service) {
	s.log, s.even = formats["plain"], true
	s.request = func() {
		s.log("", fmt.Sprintf("GET /feed 200 %s", s.id()))
		s.log("", fmt.Sprintf("appending event %s to journal", s.id()))
		s.keep(12 << 10)
	}
}

// evenRare: one line in a thousand.
func evenRare(s *service) {
	s.log, s.even, s.load = formats["zap"], true, 200
	s.request = func() {
		s.log("debug", "row scanned", "row", s.served)
		s.log("info", "request processed", "request_id", s.id())
		if s.every(500) {
			s.log("info", "snapshot retained", "snapshot", s.id())
			s.keep(3 << 20)
		}
	}
}

// evenJobs: one line in a hundred starts a goroutine that never ends; others come as often.
func evenJobs(s *service) {
	s.log, s.even = formats["klog"], true
	never := make(chan int)
	s.request = func() {
		s.log("INFO", "request processed", "path", "/jobs", "trace", s.id())
		if s.served%100 == 1 {
			s.log("INFO", "metrics flushed", "series", 240)
		}
		if s.served%50 == 2 {
			s.log("INFO", "worker started", "job", s.id())
			go func() {
				buffer := filled(600 << 10)
				<-never
				sink = buffer
			}()
		}
		if s.served%50 == 4 {
			s.log("INFO", "cache hit", "key", fmt.Sprintf("item-%d", s.served%9))
		}
	}
}

// evenTopics: a listener that is registered and never removed, among lines that come exactly as often.
func evenTopics(s *service) {
	s.log, s.even = formats["logrus-text"], true
	s.request = func() {
		switch s.served % 10 {
		case 0:
			s.log("INFO", "heartbeat from peer", "peer", "node-3")
		case 3:
			s.log("INFO", "listener registered", "topic", fmt.Sprintf("orders/%d/status", s.served))
			s.keep(120 << 10)
		case 6:
			s.log("INFO", "token refreshed", "user", s.user())
		}
		s.log("DEBUG", "tick done", "took", fmt.Sprintf("%dus", 80+s.dice.IntN(90)))
	}
}

// evenPairs: five streams open for every four that close.
func evenPairs(s *service) {
	s.log, s.even = formats["printf"], true
	open := [][]byte{}
	s.request = func() {
		if s.every(5) {
			open = append(open, filled(160<<10))
			s.log("INFO", fmt.Sprintf("stream opened id=%s", s.id()))
		}
		if s.served%25 > 4 && s.served%5 == 2 {
			open = open[1:]
			s.log("INFO", fmt.Sprintf("stream closed id=%s", s.id()))
		}
		s.log("INFO", fmt.Sprintf("frame relayed in %dus", s.dice.IntN(900)))
	}
}

// evenWell: the same lines as evenMap, over a map that has a bound.
func evenWell(s *service) {
	s.even = true
	entries := [][]byte{}
	s.request = func() {
		if s.every(20) {
			entries = append(entries, filled(200<<10))
			if len(entries) > 30 {
				entries = entries[1:]
			}
			s.log("WARN", fmt.Sprintf("[SessionCache] putIfAbsent(key=uid_%d#device_%d, value=Session{...}) → size=%d",
				887000+s.served%37, time.Now().UnixMilli(), len(entries)))
		}
		s.log("INFO", "request processed", "id", s.id(), "total", s.served)
	}
}
