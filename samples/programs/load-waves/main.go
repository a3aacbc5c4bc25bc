// A checkout whose traffic comes in waves. A request holds its basket for as long as it waits for the payment, so the
// heap follows the traffic, up and down, and nothing leaks.
package main

import (
	"log/slog"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"gctail.example/samples/service"
)

const period = 26 * time.Second

func wave(uptime time.Duration) float64 {
	phase := 2 * math.Pi * uptime.Seconds() / period.Seconds()
	return 34 - 28*math.Cos(phase)
}

func main() {
	s := service.Start("checkout", service.Facts{Leak: false, Kind: "load-waves", Verdict: "growth-with-load"})
	var open atomic.Int64
	s.Serve(wave, func(request *service.Request) {
		basket := service.Filled((300 + rand.IntN(500)) << 10)
		waiting := open.Add(1)
		time.Sleep(time.Duration(1000+rand.IntN(1500)) * time.Millisecond)
		if rand.IntN(4) == 0 {
			s.Log(slog.LevelInfo, "payment confirmed", "order", "ord_"+request.ID, "bytes", len(basket), "open", waiting)
		}
		open.Add(-1)
	})
}
