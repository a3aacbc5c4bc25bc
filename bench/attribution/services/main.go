// Services whose growth one of their log lines explains, and some that are well: each a function in leaking.go, traps.go, even.go,
// well.go or calm.go. Traffic waves and bursts by chance, so that all that follows it looks alike.
//
//	GODEBUG=gctrace=1 go run . -service sessions -seconds 50 -seed 1
package main

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// service is what all have in common. Handlers are called once per request, tick ten times a second.
type service struct {
	dice    *rand.Rand
	log     func(level, message string, fields ...any)
	request func()
	tick    func(at float64)
	kept    [][]byte
	load    float64 // requests a second, on average
	garbage int     // bytes a request holds while it runs
	served  int
	even    bool // the same number of requests every hundredth of a second
}

var sink []byte

func (s *service) keep(bytes int) { s.kept = append(s.kept, filled(bytes)) }

// filled is written to, so that it is memory and not only an address.
func filled(bytes int) []byte {
	block := make([]byte, bytes)
	for i := 0; i < bytes; i += 512 {
		block[i] = byte(i)
	}
	return block
}

// heapMiB is what a service's own statistics would print.
func (s *service) heapMiB() int {
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	return int(now.HeapAlloc >> 20)
}

func (s *service) chance(p float64) bool       { return s.dice.Float64() < p }
func (s *service) id() string                  { return fmt.Sprintf("%012x", s.dice.Uint64()>>16) }
func (s *service) user() string                { return fmt.Sprintf("u%05d", s.dice.IntN(3000)) }
func (s *service) pick(words ...string) string { return words[s.dice.IntN(len(words))] }

// poisson draws by Knuth's method; means are small.
func (s *service) poisson(mean float64) int {
	limit, product, count := math.Exp(-mean), s.dice.Float64(), 0
	for product > limit {
		product *= s.dice.Float64()
		count++
	}
	return count
}

func (s *service) run(seconds float64) {
	begin, drift, next, phase := time.Now(), 0.0, 0, s.dice.Float64()*6.3
	for {
		at := time.Since(begin).Seconds()
		if at >= seconds {
			return
		}
		drift += -0.02*drift + 0.08*s.dice.NormFloat64()
		rate := s.load * (1 + 0.45*math.Sin(at/4+phase)) * math.Exp(0.5*drift)
		count := int(s.load * 0.01)
		if !s.even {
			count = s.poisson(rate * 0.01)
		}
		for range count {
			sink = filled(s.garbage)
			s.served++
			s.request()
		}
		if s.tick != nil && int(at*10) > next {
			next = int(at * 10)
			s.tick(at)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func main() {
	name := flag.String("service", "", "which one")
	seconds := flag.Float64("seconds", 50, "how long")
	seed := flag.Uint64("seed", 1, "of chance")
	flag.Parse()
	debug.SetGCPercent(30)
	s := &service{dice: rand.New(rand.NewPCG(*seed, 7)), load: 100, garbage: 300 << 10, log: formats["std"]}
	begin, known := services[*name]
	if !known {
		fmt.Fprintln(os.Stderr, "no such service:", *name)
		os.Exit(2)
	}
	base := filled(12 << 20)
	begin(s)
	s.run(*seconds)
	sink = base
}
