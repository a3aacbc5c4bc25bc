// An ingest service that logs in bursts, from several goroutines, to the pipe that gctrace writes to. Go writes a gctrace
// line in some forty pieces, and its own output takes no part in the runtime's lock: the lines are torn.
package main

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"

	"gctail.example/samples/service"
)

var (
	mutex   sync.Mutex
	batches = map[string][]byte{}
)

func record(s *service.Service, batch string, from, to int) {
	for number := from; number < to; number++ {
		document := service.Filled((20 + rand.IntN(80)) << 10)
		s.Log(slog.LevelInfo, "record stored", "batch", batch, "record", number, "bytes", len(document),
			"checksum", fmt.Sprintf("%08x", rand.Uint32()))
	}
}

func main() {
	s := service.Start("ingest", service.Facts{
		Leak: true, Kind: "unbounded-map", Verdict: "leak",
		Culprit: &service.Culprit{Message: "batch accepted", Slot: "batch", Field: "batches"},
	})
	service.SetGarbage(100)
	s.Serve(service.Steady(6), func(request *service.Request) {
		s.Onset()
		batch := "bat_" + request.ID
		mutex.Lock()
		batches[batch] = service.Filled((200 + rand.IntN(300)) << 10)
		size := len(batches)
		mutex.Unlock()
		s.Log(slog.LevelInfo, "batch accepted", "batch", batch, "batches", size)

		var workers sync.WaitGroup
		for worker := range 4 {
			workers.Add(1)
			go func() {
				defer workers.Done()
				record(s, batch, worker*40, worker*40+20+rand.IntN(20))
			}()
		}
		workers.Wait()
	})
}
