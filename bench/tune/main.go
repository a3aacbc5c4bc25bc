// A service with a known heap: it keeps LIVE MiB, allocates RATE MiB a second of garbage, and leaks LEAK MiB a second.
package main

import (
	"flag"
	"time"
)

var kept [][]byte

type node struct {
	next *node
	data [56]byte
}

func main() {
	live := flag.Int("live", 40, "MiB kept from the beginning")
	rate := flag.Int("rate", 200, "MiB of garbage a second")
	leak := flag.Float64("leak", 0, "MiB a second that are never let go")
	seconds := flag.Int("seconds", 20, "how long it runs")
	flag.Parse()
	var head *node
	for i := 0; i < *live<<20/64; i++ {
		head = &node{next: head}
	}
	tick := time.NewTicker(5 * time.Millisecond)
	var owed float64
	for started := time.Now(); time.Since(started) < time.Duration(*seconds)*time.Second; <-tick.C {
		for i := 0; i < *rate<<20/200/4096; i++ {
			sink = make([]byte, 4096)
		}
		for owed += *leak / 200 * (1 << 20); owed >= 4096; owed -= 4096 {
			kept = append(kept, make([]byte, 4096))
		}
	}
	_ = head.data
}

var sink []byte
