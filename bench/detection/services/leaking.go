package main

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"strings"
	"time"
)

func leaking() []kind {
	return []kind{
		{"sessions", true, "leak", 0, "a map of sessions by token, never cleaned", sessions},
		{"late-audit", true, "leak", 35, "an audit trail in memory, switched on half-way", lateAudit},
		{"watchers", true, "leak", 0, "a goroutine a subscription that waits for ever", watchers},
		{"uncancelled", true, "leak", 0, "contexts with a day's timeout whose cancel is lost", uncancelled},
		{"first-line", true, "leak", 0, "a header kept as a slice of a large request body", firstLine},
		{"nightly-import", true, "leak-staircase", 0, "every import leaves its index behind", nightlyImport},
		{"tide-leak", true, "leak", 0, "a slow leak under waves of traffic ten times as high", tideLeak},
		{"retry-queue", true, "leak-accelerating", 10, "failed deliveries are queued again, and more fail", retryQueue},
		{"labels", true, "leak", 0, "a counter for every path that was ever asked for", labels},
	}
}

type session struct {
	token string
	user  int
	seen  time.Time
	cart  []byte
}

func sessions(s *service) {
	held, all := ballast(20), map[string]*session{}
	s.every(constant(180), func(float64) bool {
		garbage(120)
		token := fmt.Sprintf("%016x", s.dice.Uint64())
		all[token] = &session{token, s.dice.IntN(9000), time.Now(), blob(2 << 10)}
		if len(all)%4 == 0 {
			s.say("session opened", "token", token, "user", all[token].user)
		}
		return true
	})
	s.say("stopped", "sessions", len(all), "held", len(held))
}

func lateAudit(s *service) {
	held, trail := ballast(48), [][]byte{}
	s.every(constant(90), func(t float64) bool {
		garbage(300)
		if t > 35 {
			trail = append(trail, blob(9<<10))
		}
		if s.dice.IntN(3) == 0 {
			s.say("request served", "path", fmt.Sprintf("/v1/orders/%d", s.dice.IntN(50)), "status", 200)
		}
		return true
	})
	s.say("stopped", "trail", len(trail), "held", len(held))
}

func watchers(s *service) {
	held, events := ballast(12), make(chan []byte)
	s.every(constant(70), func(float64) bool {
		garbage(280)
		go func() {
			state := blob(6 << 10)
			if <-events; state[0] == 255 {
				sink++
			}
		}()
		if s.dice.IntN(2) == 0 {
			s.say("subscribed", "topic", s.dice.IntN(12))
		}
		return true
	})
	s.say("stopped", "held", len(held))
}

func uncancelled(s *service) {
	held := ballast(30)
	s.every(constant(220), func(float64) bool {
		garbage(90)
		ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
		ctx = context.WithValue(ctx, "trace", blob(1200)) //nolint
		_ = cancel
		if s.dice.IntN(5) == 0 {
			deadline, _ := ctx.Deadline()
			s.say("call", "upstream", "billing", "until", deadline.Unix())
		}
		return true
	})
	s.say("stopped", "held", len(held))
}

func firstLine(s *service) {
	held, headers := ballast(16), []string{}
	s.every(constant(60), func(float64) bool {
		garbage(260)
		body := strings.Repeat("x", 24+s.dice.IntN(8)) + "\n" + string(blob(11<<10))
		headers = append(headers, body[:24])
		if s.dice.IntN(3) == 0 {
			s.say("received", "bytes", len(body))
		}
		return true
	})
	s.say("stopped", "headers", len(headers), "held", len(held))
}

func nightlyImport(s *service) {
	held, indexes := ballast(40), [][][]byte{}
	next := 6.0
	s.every(constant(80), func(t float64) bool {
		garbage(330)
		if t > next {
			s.say("import started", "file", fmt.Sprintf("batch-%d.csv", len(indexes)))
			rows := [][]byte{}
			for range 1400 {
				rows = append(rows, blob(8<<10))
				garbage(8)
			}
			indexes = append(indexes, rows)
			s.say("import finished", "rows", len(rows))
			next += 11 + 3*s.dice.Float64()
		}
		return true
	})
	s.say("stopped", "indexes", len(indexes), "held", len(held))
}

func tideLeak(s *service) {
	held, kept := ballast(40), [][]byte{}
	wave := func(t float64) float64 { return 60 * (1 + 0.8*math.Sin(t/2.2)) }
	s.every(wave, func(float64) bool {
		go func() {
			state := blob(160 << 10)
			garbage(200)
			time.Sleep(2 * time.Second)
			runtime.KeepAlive(state)
		}()
		kept = append(kept, blob(11<<10))
		if s.dice.IntN(4) == 0 {
			s.say("request", "route", s.dice.IntN(9))
		}
		return true
	})
	s.say("stopped", "kept", len(kept), "held", len(held))
}

func retryQueue(s *service) {
	held, queue := ballast(30), [][]byte{}
	s.every(constant(70), func(t float64) bool {
		garbage(330)
		if t > 10 {
			size := int(24 * (t - 10) / 65 * 1024)
			queue = append(queue, blob(size+64))
		}
		if s.dice.IntN(3) == 0 {
			s.say("delivery failed, queued again", "attempt", 1+s.dice.IntN(9))
		}
		return true
	})
	s.say("stopped", "queue", len(queue), "held", len(held))
}

type series struct {
	path    string
	count   int
	buckets [48]float64
}

func labels(s *service) {
	held, all := ballast(8), map[string]*series{}
	s.every(constant(900), func(float64) bool {
		garbage(24)
		path := fmt.Sprintf("/user/%d/profile", s.dice.IntN(1<<40))
		found := all[path]
		if found == nil {
			found = &series{path: path}
			all[path] = found
		}
		found.count++
		if found.count%20 == 1 && s.dice.IntN(12) == 0 {
			s.say("GET", "path", path, "status", 200)
		}
		return true
	})
	s.say("stopped", "series", len(all), "held", len(held))
}
