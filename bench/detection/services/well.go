package main

import (
	"container/list"
	"fmt"
	"math"
	"runtime"
	"sync"
	"time"
)

func well() []kind {
	return []kind{
		{"images", false, "bounded-cache", 0, "an LRU of images that is full after half of the time", images},
		{"prices", false, "warm-up", 0, "finitely many prices, looked up at random: fills ever more slowly", prices},
		{"ramp-up", false, "growth-with-load", 0, "traffic that triples to the end, each request in flight for two seconds", rampUp},
		{"lunch", false, "growth-with-load", 0, "traffic that triples and stays there", lunch},
		{"waves", false, "growth-with-load", 0, "waves of traffic with much in flight", waves},
		{"tokens", false, "growth-with-load", 0, "entries that expire after twenty seconds", tokens},
		{"write-buffer", false, "sawtooth", 0, "a write buffer flushed at 40 MiB", writeBuffer},
		{"reports", false, "batch", 0, "a report every twelve seconds", reports},
		{"model-reload", false, "step", 0, "a second model is loaded half-way and stays", modelReload},
		{"big-start", false, "warm-up", 0, "120 MiB of tables read at the start, then calm", bigStart},
		{"pooled", false, "warm-up", 0, "buffers in a pool, bursts of every size", pooled},
		{"calm", false, "steady", 0, "a small service at constant traffic", calm},
		{"two-fills", false, "bounded-cache", 0, "one cache fills at once, a second one from the thirtieth second", twoFills},
	}
}

type lru struct {
	most  int
	order *list.List
	found map[int]*list.Element
}

type page struct {
	key  int
	body []byte
}

func newLRU(most int) *lru { return &lru{most, list.New(), map[int]*list.Element{}} }

// put keeps a page and says whether another one had to go.
func (c *lru) put(key int, body []byte) bool {
	if at, ok := c.found[key]; ok {
		c.order.MoveToFront(at)
		return false
	}
	c.found[key] = c.order.PushFront(page{key, body})
	if c.order.Len() <= c.most {
		return false
	}
	last := c.order.Back()
	c.order.Remove(last)
	delete(c.found, last.Value.(page).key)
	return true
}

func images(s *service) {
	held, cache := ballast(20), newLRU(3600)
	s.every(constant(100), func(float64) bool {
		garbage(260)
		key := s.dice.IntN(1 << 30)
		gone := cache.put(key, blob(16<<10))
		if s.dice.IntN(3) == 0 {
			s.say("image cached", "key", key, "evicted", gone)
		}
		return true
	})
	s.say("stopped", "cached", cache.order.Len(), "held", len(held))
}

func prices(s *service) {
	held, cache := ballast(25), map[int][]byte{}
	s.every(constant(400), func(float64) bool {
		garbage(60)
		key := s.dice.IntN(6000)
		if cache[key] == nil {
			cache[key] = blob(9 << 10)
		}
		if s.dice.IntN(8) == 0 {
			s.say("price", "article", key)
		}
		return true
	})
	s.say("stopped", "cached", len(cache), "held", len(held))
}

// inFlight serves requests that hold memory for a while.
func inFlight(s *service, rate func(float64) float64, kib int, stay time.Duration) {
	s.every(rate, func(float64) bool {
		go func() {
			state := blob(kib << 10)
			garbage(kib)
			time.Sleep(stay)
			runtime.KeepAlive(state)
		}()
		if s.dice.IntN(4) == 0 {
			s.say("request", "route", s.dice.IntN(9), "status", 200)
		}
		return true
	})
}

func rampUp(s *service) {
	held := ballast(30)
	inFlight(s, func(t float64) float64 { return 45 * (1 + 2*t/s.seconds) }, 300, 2*time.Second)
	s.say("stopped", "held", len(held))
}

func lunch(s *service) {
	held := ballast(30)
	inFlight(s, func(t float64) float64 { return 45 * (1 + 2/(1+math.Exp(-(t-40)/4))) }, 300, 2*time.Second)
	s.say("stopped", "held", len(held))
}

func waves(s *service) {
	held := ballast(30)
	inFlight(s, func(t float64) float64 { return 70 * (1 + 0.7*math.Sin(t/5)) }, 280, 1500*time.Millisecond)
	s.say("stopped", "held", len(held))
}

func tokens(s *service) {
	held := ballast(20)
	type token struct {
		at   float64
		body []byte
	}
	all := []token{}
	s.every(func(t float64) float64 { return 120 * (1 + 0.3*math.Sin(t/6)) }, func(t float64) bool {
		garbage(220)
		all = append(all, token{t, blob(18 << 10)})
		gone := 0
		for gone < len(all) && all[gone].at < t-20 {
			all[gone].body = nil
			gone++
		}
		all = all[gone:]
		if s.dice.IntN(4) == 0 {
			s.say("token issued", "user", s.dice.IntN(4000))
		}
		return true
	})
	s.say("stopped", "tokens", len(all), "held", len(held))
}

func writeBuffer(s *service) {
	held, buffer := ballast(30), [][]byte{}
	s.every(constant(130), func(float64) bool {
		garbage(190)
		buffer = append(buffer, blob(30<<10))
		if len(buffer) > 1400 {
			s.say("buffer flushed", "entries", len(buffer))
			buffer = nil
		} else if s.dice.IntN(5) == 0 {
			s.say("written", "key", s.dice.IntN(1<<30))
		}
		return true
	})
	s.say("stopped", "buffered", len(buffer), "held", len(held))
}

func reports(s *service) {
	held := ballast(30)
	next := 5.0
	s.every(constant(90), func(t float64) bool {
		garbage(280)
		if t > next {
			next = t + 12
			go func() {
				rows := [][]byte{}
				for range 1500 {
					rows = append(rows, blob(32<<10))
					time.Sleep(1200 * time.Microsecond)
				}
				s.say("report sent", "rows", len(rows))
			}()
		}
		return true
	})
	s.say("stopped", "held", len(held))
}

func modelReload(s *service) {
	held := ballast(45)
	loaded := false
	s.every(constant(90), func(t float64) bool {
		garbage(300)
		if t > 38 && !loaded {
			loaded = true
			s.say("loading model", "version", 2)
			held = append(held, ballast(35)...)
			s.say("model loaded", "version", 2)
		}
		if s.dice.IntN(5) == 0 {
			s.say("predicted", "class", s.dice.IntN(100))
		}
		return true
	})
	s.say("stopped", "held", len(held))
}

func bigStart(s *service) {
	tables := [][]byte{}
	for range 120 {
		tables = append(tables, ballast(1)...)
		garbage(3000)
		time.Sleep(25 * time.Millisecond)
	}
	s.say("tables read", "blocks", len(tables))
	s.every(constant(120), func(float64) bool {
		garbage(360)
		if s.dice.IntN(5) == 0 {
			s.say("lookup", "key", s.dice.IntN(1<<20))
		}
		return true
	})
	s.say("stopped", "tables", len(tables))
}

func pooled(s *service) {
	held := ballast(25)
	pool := sync.Pool{New: func() any { return new([]byte) }}
	s.every(func(t float64) float64 { return 40 * (1 + s.dice.Float64()) }, func(float64) bool {
		go func() {
			buffer := pool.Get().(*[]byte)
			if want := (64 + len(held)%64) << 10; len(*buffer) < want {
				*buffer = blob(want)
			}
			garbage(500)
			time.Sleep(300 * time.Millisecond)
			pool.Put(buffer)
		}()
		if s.dice.IntN(4) == 0 {
			s.say("upload", "part", s.dice.IntN(16))
		}
		return true
	})
	s.say("stopped", "held", len(held))
}

func calm(s *service) {
	held := ballast(14)
	s.every(constant(70), func(float64) bool {
		garbage(180)
		if s.dice.IntN(3) == 0 {
			s.say("ok", "id", fmt.Sprintf("%08x", s.dice.Uint32()))
		}
		return true
	})
	s.say("stopped", "held", len(held))
}

func twoFills(s *service) {
	held, first, second := ballast(15), newLRU(900), newLRU(2400)
	s.every(constant(110), func(t float64) bool {
		garbage(230)
		first.put(s.dice.IntN(1<<30), blob(16<<10))
		if t > 30 {
			second.put(s.dice.IntN(1<<30), blob(12<<10))
		}
		if s.dice.IntN(4) == 0 {
			s.say("cached", "first", first.order.Len(), "second", second.order.Len())
		}
		return true
	})
	s.say("stopped", "held", len(held))
}
