// A pricing service that keeps every quote it ever gave, under GOMEMLIMIT. When the quotes fill the limit, the
// collector runs without a pause to hold it, and in vain.
package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"gctail.example/samples/service"
)

func main() {
	s := service.Start("pricing", service.Facts{
		Leak: true, Kind: "memory-limit-spiral", Verdict: "leak",
		Culprit: &service.Culprit{Message: "quote issued", Slot: "quote", Field: "quotes"},
	})
	service.SetGarbage(500)
	var mutex sync.Mutex
	quotes := map[string]*[64]*int64{}

	s.Serve(service.Steady(45), func(request *service.Request) {
		if service.Uptime() < 8*time.Second || rand.IntN(4) != 0 {
			return
		}
		s.Onset()
		mutex.Lock()
		var last string
		for range 300 { // one per product that the customer sees
			last = fmt.Sprintf("qt_%016x", rand.Uint64())
			prices := new([64]*int64) // pointers, so that the collector has something to follow
			for i := range 8 {
				prices[i] = new(int64)
			}
			quotes[last] = prices
		}
		size := len(quotes)
		mutex.Unlock()
		s.Log(slog.LevelInfo, "quote issued", "quote", last, "customer", fmt.Sprintf("uid_%d", request.User), "quotes", size)
	})
}
