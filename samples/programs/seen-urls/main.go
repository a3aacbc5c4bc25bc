// A crawler that remembers every address it ever saw in one map, until the map must double and cannot.
package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"

	"gctail.example/samples/service"
)

type visit struct {
	depth, status int32
	at            int64
}

func main() {
	s := service.Start("crawler", service.Facts{
		Leak: true, Kind: "unbounded-map", Verdict: "leak",
		Culprit: &service.Culprit{Message: "page crawled", Slot: "url", Field: "seen"},
	})
	service.SetGarbage(1200)
	var mutex sync.Mutex
	seen := map[string]visit{}

	s.Serve(service.Steady(40), func(request *service.Request) {
		page := fmt.Sprintf("https://shop-%d.example.com/p/%d", rand.IntN(3000), rand.Uint32())
		links := 250 + rand.IntN(900)
		mutex.Lock()
		s.Onset()
		for range links {
			seen[fmt.Sprintf("%s/%x", page[8:28], rand.Uint64())] = visit{status: 200}
		}
		size := len(seen)
		mutex.Unlock()
		s.Log(slog.LevelInfo, "page crawled", "url", page, "links", links, "seen", size)
	})
}
