// A session gateway whose cache is keyed by an id that nobody normalised. As long as clients send their user id, the
// map holds one session per user and stays as it is. Then a new client release appends its device and the time to
// the id, every log-in makes a new key, and nothing ever removes the old ones.
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"gctail.example/samples/service"
)

// Session is what the cache keeps for a user who has logged in.
type Session struct {
	User    string
	Device  string
	Expires int64
	basket  []byte
}

// SessionCache has a put and a get, and no end.
type SessionCache struct {
	mutex    sync.Mutex
	sessions map[string]*Session
}

// putIfAbsent returns how many sessions there are now.
func (c *SessionCache) putIfAbsent(key string, session *Session) (size int, added bool) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, present := c.sessions[key]; !present {
		c.sessions[key], added = session, true
	}
	return len(c.sessions), added
}

func main() {
	rate := flag.Float64("rate", 45, "requests per second")
	puts := flag.Int("puts", 1, "log-ins per request that makes one")
	share := flag.Float64("share", 0.25, "requests that make a log-in")
	basketKiB := flag.Float64("basket-kib", 200, "size of a session")
	every := flag.Int("every", 1, "of so many new sessions one is logged")
	release := flag.Duration("release", 15*time.Second, "when the new client release comes out")
	s := service.Start("session-gateway", service.Facts{
		Leak: true, Kind: "unbounded-map", Verdict: "leak",
		Culprit: &service.Culprit{Message: "[SessionCache] putIfAbsent", Slot: "key", Field: "size"},
	})
	cache := &SessionCache{sessions: map[string]*Session{}}

	s.Serve(service.Steady(*rate), func(request *service.Request) {
		if rand.Float64() > *share {
			return
		}
		for range *puts {
			user, device := fmt.Sprintf("uid_%d", request.User), "web"
			key := fmt.Sprintf("uid_%d", 887000+rand.IntN(60))
			if service.Uptime() > *release {
				s.Onset()
				device = "device_" + fmt.Sprint(1700000000000+rand.Int64N(99999999999))
				key = user + "#" + device
			}
			session := &Session{User: user, Device: device, Expires: time.Now().Add(time.Hour).Unix()}
			session.basket = service.Filled(int(*basketKiB * 1024 * (0.5 + rand.Float64())))
			if size, added := cache.putIfAbsent(key, session); added && size%*every == 0 {
				s.Log(slog.LevelWarn, fmt.Sprintf("[SessionCache] putIfAbsent(key=%s, value=Session{User:%s Device:%s Expires:%d}) → size=%d",
					key, user, device, session.Expires, size))
			}
		}
	})
}
