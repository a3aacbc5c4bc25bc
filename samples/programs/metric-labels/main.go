// A metrics gateway that makes a time series for every set of labels it meets. One client puts the user into a label,
// and from then on the sets do not end.
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
	s := service.Start("metrics-gateway", service.Facts{
		Leak: true, Kind: "unbounded-map", Verdict: "leak",
		Culprit: &service.Culprit{Message: "time series registered", Slot: "labels", Field: "series"},
	})
	var mutex sync.Mutex
	series := map[string][]byte{}

	s.Serve(service.Steady(45), func(request *service.Request) {
		labels := fmt.Sprintf("method=%s,status=%d", request.Method, 200+rand.IntN(5))
		if service.Uptime() > 10*time.Second && rand.IntN(4) == 0 {
			s.Onset()
			labels += fmt.Sprintf(",user=uid_%d_%d", request.User, rand.IntN(100000))
		}
		mutex.Lock()
		defer mutex.Unlock()
		if series[labels] == nil {
			series[labels] = service.Filled((40 + rand.IntN(80)) << 10) // its buckets
			s.Log(slog.LevelInfo, "time series registered", "name", "http_requests", "labels", labels, "series", len(series))
		}
	})
}
