// Command services plays small Go services in real time, a minute and a quarter each: half of them leak.
//
//	GODEBUG=gctrace=1 ./services -service sessions 2> sessions.log
//
// They share nothing with ../programs but the language: requests are served by goroutines, garbage is made by them, and
// nothing is scaled or stretched. -list prints what is known of each, as JSON.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"math/rand/v2"
	"os"
	"sort"
	"sync/atomic"
	"time"
)

// kind is what a service does, and what a good judge calls it.
type kind struct {
	Name    string  `json:"name"`
	Leak    bool    `json:"leak"`
	Verdict string  `json:"verdict"`
	Onset   float64 `json:"onset_s"` // of the leak, or 0
	About   string  `json:"about"`
	play    func(*service)
}

// service is one process: how long it runs, how it logs, and its dice.
type service struct {
	seconds float64
	began   time.Time
	dice    *rand.Rand
	say     func(message string, pairs ...any)
}

func (s *service) now() float64 { return time.Since(s.began).Seconds() }

// every calls work at a rate that may change (per second), until the service ends or work says false.
func (s *service) every(rate func(t float64) float64, work func(t float64) bool) {
	due := 0.0
	last := s.now()
	for {
		time.Sleep(5 * time.Millisecond)
		t := s.now()
		if t > s.seconds {
			return
		}
		due += rate(t) * (t - last)
		last = t
		for ; due >= 1; due-- {
			if !work(t) {
				return
			}
		}
	}
}

func constant(rate float64) func(float64) float64 { return func(float64) float64 { return rate } }

// garbage makes so many KiB that are dead at once.
func garbage(kib int) int {
	for range kib / 4 {
		block := make([]byte, 4<<10)
		block[len(block)-1] = 1
		escaped.Store(&block)
	}
	escaped.Store(nil)
	return kib
}

var (
	escaped atomic.Pointer[[]byte] // what was put here cannot live on a stack
	sink    int
)

// blob is memory with something in it.
func blob(bytes int) []byte {
	block := make([]byte, bytes)
	for at := 0; at < bytes; at += 512 {
		block[at] = byte(at)
	}
	return block
}

// ballast is what the service needs from its start, in blocks of 64 KiB. A variable of a function that is only asked
// for its length would not keep it alive.
func ballast(mib int) [][]byte {
	held := make([][]byte, 0, mib*16)
	for range mib * 16 {
		held = append(held, blob(64<<10))
	}
	anchored = append(anchored, held)
	return held
}

var anchored [][][]byte

func logger(style string) func(string, ...any) {
	switch style {
	case "json":
		return slog.New(slog.NewJSONHandler(os.Stderr, nil)).Info
	case "text":
		return slog.New(slog.NewTextHandler(os.Stderr, nil)).Info
	}
	plain := log.New(os.Stderr, "", log.LstdFlags|log.Lmicroseconds)
	return func(message string, pairs ...any) {
		for at := 0; at+1 < len(pairs); at += 2 {
			message += fmt.Sprintf(" %v=%v", pairs[at], pairs[at+1])
		}
		plain.Print(message)
	}
}

func main() {
	name := flag.String("service", "", "which")
	seconds := flag.Float64("seconds", 75, "how long")
	seed := flag.Uint64("seed", 1, "of the dice")
	style := flag.String("style", "plain", "plain, text or json")
	list := flag.Bool("list", false, "print all services as JSON")
	flag.Parse()
	every := append(leaking(), well()...)
	sort.Slice(every, func(a, b int) bool { return every[a].Name < every[b].Name })
	if *list {
		_ = json.NewEncoder(os.Stdout).Encode(every)
		return
	}
	for _, each := range every {
		if each.Name == *name {
			s := &service{seconds: *seconds, began: time.Now(), dice: rand.New(rand.NewPCG(*seed, 7)), say: logger(*style)}
			each.play(s)
			return
		}
	}
	fmt.Fprintf(os.Stderr, "services: no service %q\n", *name)
	os.Exit(2)
}
