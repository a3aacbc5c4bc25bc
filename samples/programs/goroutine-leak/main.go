// A notification hub that delivers webhooks. Each delivery waits for the partner's answer, without a timeout. When a
// partner stops answering, its deliveries wait for ever: every one keeps its goroutine, its stack and its payload.
package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"gctail.example/samples/service"
)

const outageBegins = 12 * time.Second

var waiting atomic.Int64

// deliver needs a large stack, as encoders and TLS do, and still has it while it waits.
//
//go:noinline
func deliver(payload []byte, answer <-chan int) byte {
	var frame [24 << 10]byte
	copy(frame[:], payload)
	status := <-answer
	return checksum(&frame) + payload[0] + byte(status)
}

//go:noinline
func checksum(frame *[24 << 10]byte) (sum byte) {
	for _, char := range frame {
		sum += char
	}
	return sum
}

func main() {
	s := service.Start("notification-hub", service.Facts{
		Leak: true, Kind: "goroutine-leak", Verdict: "leak",
		Culprit: &service.Culprit{Message: "webhook delivery started", Slot: "delivery", Field: "waiting"},
	})
	s.Serve(service.Steady(50), func(request *service.Request) {
		if rand.IntN(4) != 0 {
			return
		}
		partner := []string{"acme", "globex", "initech"}[rand.IntN(3)]
		answer := make(chan int, 1)
		s.Log(slog.LevelInfo, "webhook delivery started", "partner", partner,
			"delivery", fmt.Sprintf("dlv_%012x", rand.Uint64()>>16), "waiting", waiting.Add(1))
		go func() {
			deliver(service.Filled((8+rand.IntN(24))<<10), answer)
			waiting.Add(-1)
		}()
		if partner != "initech" && service.Uptime() > outageBegins {
			s.Onset()
			return
		}
		time.AfterFunc(time.Duration(20+rand.IntN(200))*time.Millisecond, func() { answer <- 200 })
	})
}
