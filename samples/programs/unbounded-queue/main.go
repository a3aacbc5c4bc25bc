// A worker that takes order events in and sends mails out. When the mail relay gets slow, more comes in than goes out,
// and the queue between them has no bound.
package main

import (
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"gctail.example/samples/service"
)

const relayGetsSlow = 14 * time.Second

type queue struct {
	mutex sync.Mutex
	mails [][]byte
}

func (q *queue) put(mail []byte) int {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	q.mails = append(q.mails, mail)
	return len(q.mails)
}

func (q *queue) take() bool {
	q.mutex.Lock()
	defer q.mutex.Unlock()
	if len(q.mails) == 0 {
		return false
	}
	q.mails[0] = nil
	q.mails = q.mails[1:]
	return true
}

func (q *queue) send(s *service.Service) {
	for {
		pause := 15 * time.Millisecond
		if service.Uptime() > relayGetsSlow {
			s.Onset()
			pause = 170 * time.Millisecond
		}
		time.Sleep(pause)
		if q.take() && rand.IntN(10) == 0 {
			s.Log(slog.LevelDebug, "mail sent", "relay", "smtp-2", "duration_ms", pause.Milliseconds())
		}
	}
}

func main() {
	s := service.Start("order-events", service.Facts{
		Leak: true, Kind: "unbounded-queue", Verdict: "leak",
		Culprit: &service.Culprit{Message: "event enqueued", Slot: "event", Field: "depth"},
	})
	mails := &queue{}
	go mails.send(s)
	s.Serve(service.Steady(50), func(request *service.Request) {
		if rand.IntN(3) == 0 {
			depth := mails.put(service.Filled((100 + rand.IntN(200)) << 10))
			s.Log(slog.LevelInfo, "event enqueued", "event", "evt_"+request.ID, "depth", depth)
		}
	})
}
