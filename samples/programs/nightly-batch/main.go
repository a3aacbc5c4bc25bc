// An invoicing service that is steady but for its batch job, which loads every account, writes the invoices, and lets
// go of everything. Two nights of it.
package main

import (
	"log/slog"
	"math/rand/v2"
	"time"

	"gctail.example/samples/service"
)

func invoices(s *service.Service) {
	var accounts [][]byte
	s.Log(slog.LevelInfo, "nightly invoice run started", "accounts", 420)
	for i := range 420 {
		accounts = append(accounts, service.Filled((180+rand.IntN(160))<<10))
		time.Sleep(time.Duration(10+rand.IntN(25)) * time.Millisecond)
		if i%20 == 19 {
			s.Log(slog.LevelInfo, "nightly invoice run progress", "loaded", i+1)
		}
	}
	time.Sleep(5 * time.Second)
	s.Log(slog.LevelInfo, "nightly invoice run finished", "invoices", len(accounts))
}

func main() {
	s := service.Start("invoicing", service.Facts{Leak: false, Kind: "nightly-batch", Verdict: "batch"})
	time.AfterFunc(22*time.Second, func() { invoices(s) })
	time.AfterFunc(64*time.Second, func() { invoices(s) })
	s.Serve(service.Steady(45), func(request *service.Request) {})
}
