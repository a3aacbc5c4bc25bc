package main

import (
	"encoding/json"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"syscall"
	"time"
)

// culprit is the line that a good reader of the log suspects.
type culprit struct {
	Message       string  `json:"message"`
	Slot          string  `json:"slot,omitempty"`
	Field         string  `json:"field,omitempty"`
	LoggedEvery   int     `json:"logged_every"`
	Events        int64   `json:"events"`
	BytesPerEvent float64 `json:"bytes_per_event"` // of live heap, as it was built
	Share         float64 `json:"share"`           // of the growth
}

// truth is what is known about one process. It is written while the process lives, since it may not see its end.
type truth struct {
	service *service
	path    string
	next    float64
	useless float64 // since when the collector has been eating the service
	lastGC  float64
	lastAt  float64
	samples []metrics.Sample

	Scenario    string       `json:"scenario"`
	Seed        uint64       `json:"seed"`
	Epoch       int          `json:"epoch"`
	Epochs      int          `json:"epochs"`
	Service     string       `json:"service"`
	Style       string       `json:"style"`
	Go          string       `json:"go"`
	Leak        bool         `json:"leak"`
	Kind        string       `json:"kind"`
	Verdict     string       `json:"verdict"`
	Visible     bool         `json:"visible"` // in gctrace
	Culprits    []culprit    `json:"culprits"`
	DayS        float64      `json:"day_s"`
	StartS      float64      `json:"start_s"`
	Onset       *float64     `json:"onset_uptime_s"`
	Built       *float64     `json:"built_uptime_s"`     // when it was built to meet the limit
	LimitMet    *float64     `json:"limit_met_uptime_s"` // when it did
	Fixed       *float64     `json:"fixed_uptime_s"`
	Limit       *float64     `json:"limit_mib"` // of a leak and its twin; others are given one afterwards
	LimitShare  float64      `json:"limit_share"`
	Peak        float64      `json:"peak_mib"`
	MemoryLimit *float64     `json:"gomemlimit_mib"`
	ForcedS     float64      `json:"forced_period_s"`
	GCCPUShare  float64      `json:"gc_cpu_share"`
	Ended       string       `json:"ended"`
	UptimeS     float64      `json:"uptime_s"`
	Collections int64        `json:"collections"`
	Live        [][3]float64 `json:"live"` // uptime, MiB marked live, MiB held, about once a second
}

func newTruth(path string, s *service) *truth {
	t := &truth{
		service: s, path: path, Scenario: s.scenario.Name, Seed: s.seed, Epoch: s.epoch, Epochs: len(s.starts) + 1,
		Service: s.journal.name, Style: s.style, Go: runtime.Version()[len("go"):],
		Kind: s.scenario.Name, Verdict: s.scenario.Kind, Visible: !s.hidden, DayS: s.day, StartS: s.offset(),
		ForcedS: s.forced, Ended: "died", Culprits: []culprit{},
		samples: []metrics.Sample{
			{Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"},
			{Name: "/cpu/classes/gc/total:cpu-seconds"}, {Name: "/cpu/classes/total:cpu-seconds"}, {Name: "/cpu/classes/idle:cpu-seconds"},
		},
	}
	uptime := func(at float64) *float64 { v := math.Max(at-s.offset(), 0); return &v }
	if s.leaky() {
		t.Limit = &s.limit
	}
	if s.scenario.Leak && (s.fixed == 0 || s.offset() < s.fixed) && s.onset < s.until() {
		t.Leak, t.Onset = true, uptime(s.onset)
		t.Built = uptime(math.Max(s.onset, s.offset()) + s.tto)
		if s.epoch == 0 || s.onset > s.offset() {
			t.Built = uptime(s.onset + s.tto)
		}
	}
	if s.fixed > 0 {
		t.Fixed = uptime(s.fixed)
	}
	if s.memoryLimit > 0 {
		t.MemoryLimit = &s.memoryLimit
	}
	t.LimitShare = seeded(s.scenario.Name+"/limit", s.seed).Float64()*0.47 + 0.5
	t.write()
	return t
}

// watch looks at the memory, and ends the process where it has met its limit.
func (t *truth) watch(now float64) {
	metrics.Read(t.samples)
	live := float64(t.samples[0].Value.Uint64()) / mib
	memory := float64(t.samples[1].Value.Uint64()-t.samples[2].Value.Uint64()+uint64(offHeap)) / mib
	t.Peak = max(t.Peak, memory)
	gc, busy := t.samples[3].Value.Float64(), t.samples[4].Value.Float64()
	uptime := now - t.service.offset()
	if busy > 0 {
		t.GCCPUShare = gc / busy
	}
	if now >= t.next {
		t.next = now + 1
		t.Live = append(t.Live, [3]float64{round(uptime), round(live), round(memory)})
		t.UptimeS, t.Collections = uptime, collections()
		t.write()
	}
	if t.service.scenario.Leak && !t.service.neverEnds && (memory >= t.service.limit || t.spiral(now, gc)) {
		t.die(now)
	}
}

// spiral tells that the collector has taken more than two fifths of the processors for a second and a half.
func (t *truth) spiral(now, gc float64) bool {
	if t.service.memoryLimit == 0 || now-t.lastAt < 0.25 {
		return false
	}
	share := (gc - t.lastGC) / (now - t.lastAt) / float64(t.service.procs)
	t.lastGC, t.lastAt = gc, now
	if share < 0.4 || now < t.service.onset {
		t.useless = now
	}
	return now-t.useless > 1.5
}

func round(value float64) float64 { return math.Round(value*100) / 100 }

func collections() int64 {
	var stats debug.GCStats
	debug.ReadGCStats(&stats)
	return stats.NumGC
}

// stop waits until a collection that may be under way is done, and counts those there were: nothing is allocated any more.
func (t *truth) stop(ended string, now float64) {
	forcegcperiod = 1 << 62
	time.Sleep(80 * time.Millisecond)
	t.Ended, t.UptimeS, t.Collections = ended, now-t.service.offset(), collections()
	t.write()
}

// end writes down an end in peace.
func (t *truth) end(ended string, now float64) {
	t.stop(ended, now)
	os.Exit(0)
}

// die is what happens at the limit: the kernel's SIGKILL, after which the log just stops, or Go's own end, for which the
// address space is closed behind the process.
func (t *truth) die(now float64) {
	uptime := now - t.service.offset()
	t.LimitMet = &uptime
	if t.service.seed%3 != 1 || len(t.service.stores) == 0 || runtime.NumGoroutine() > 50 || t.service.hidden {
		t.stop("killed", now)
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
	t.stop("go-out-of-memory", now)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(1 << 62)
	_ = syscall.Setrlimit(syscall.RLIMIT_AS, &syscall.Rlimit{Cur: 1 << 20, Max: 1 << 20})
	for {
		t.service.stores[0].keeper.keep(t.service.dice.Uint64(), 16<<20)
	}
}

func (t *truth) write() {
	t.Culprits = t.Culprits[:0]
	for _, st := range t.service.stores {
		if st.culprit && st.message != "" && t.service.scenario.Leak {
			t.Culprits = append(t.Culprits, culprit{
				st.message, st.slot, st.field, st.every, st.events, math.Round(st.unit * mib), st.share,
			})
		}
	}
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
