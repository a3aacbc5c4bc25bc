package service

import (
	"encoding/json"
	"os"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// Facts are what the author of a program knows about it.
type Facts struct {
	Leak    bool     `json:"leak"`
	Kind    string   `json:"kind"`              // what happens to the memory, in a few words
	Verdict string   `json:"verdict"`           // leak, or why growth is none: warm-up, growth-with-load, batch, steady
	Culprit *Culprit `json:"culprit,omitempty"` // absent where nothing leaks
}

// Culprit is the line that a good reader of the log suspects.
type Culprit struct {
	Message string `json:"message"`         // literal text that the message contains
	Slot    string `json:"slot,omitempty"`  // the variable whose values never come back
	Field   string `json:"field,omitempty"` // the number that grows with the heap
}

type truth struct {
	mutex sync.Mutex
	path  string

	Service string `json:"service"`
	Style   string `json:"style"`
	Go      string `json:"go"`
	PID     int    `json:"pid"`
	Started string `json:"started"`
	Facts
	OnsetUptimeSeconds *float64 `json:"onset_uptime_s"`        // null where nothing leaks, or not yet
	Collections        *int64   `json:"collections,omitempty"` // by the runtime's own count; only if the run ended by itself
}

func newTruth(path, name, style string, facts Facts) *truth {
	t := &truth{
		path: path, Service: name, Style: style, Go: runtime.Version()[len("go"):], PID: os.Getpid(),
		Started: began.UTC().Format(time.RFC3339Nano), Facts: facts,
	}
	t.write()
	return t
}

func (t *truth) onset() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	if t.OnsetUptimeSeconds == nil {
		seconds := float64(Uptime().Milliseconds()) / 1000
		t.OnsetUptimeSeconds = &seconds
		t.write()
	}
}

func (t *truth) end() {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	debug.SetGCPercent(-1) // so that no collection comes after the count (a running one ends first)
	debug.SetMemoryLimit(1 << 62)
	time.Sleep(300 * time.Millisecond)
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	t.Collections = &stats.NumGC
	t.write()
}

func (t *truth) write() {
	if t.path == "" {
		return
	}
	text, err := json.Marshal(t)
	if err == nil {
		err = os.WriteFile(t.path+".new", append(text, '\n'), 0o644)
	}
	if err == nil {
		err = os.Rename(t.path+".new", t.path)
	}
	if err != nil {
		panic(err)
	}
}
