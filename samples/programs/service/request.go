package service

import (
	"fmt"
	"log/slog"
	"math"
	"math/rand/v2"
	"time"
)

// KiB of garbage that an ordinary request makes; the real amount spreads around it.
var garbageKiB = 640.0

// SetGarbage changes how much garbage an ordinary request makes.
func SetGarbage(kib float64) { garbageKiB = kib }

// Request is one call from outside, and the memory that its answer takes.
type Request struct {
	ID      string
	Method  string
	Path    string
	User    int
	took    time.Duration
	garbage [][]byte
}

var paths = []string{
	"/api/v1/orders", "/api/v1/orders/%d", "/api/v1/cart", "/api/v1/users/%d", "/api/v1/search", "/api/v2/products/%d",
}

func newRequest() *Request {
	user := 880000 + int(math.Abs(rand.NormFloat64())*2500)
	path := paths[rand.IntN(len(paths))]
	if path[len(path)-1] == 'd' {
		path = fmt.Sprintf(path, rand.IntN(90000)+10000)
	}
	method := "GET"
	if rand.IntN(4) == 0 {
		method = "POST"
	}
	return &Request{ID: fmt.Sprintf("%08x", rand.Uint32()), Method: method, Path: path, User: user}
}

// latency is mostly a few milliseconds, and now and then far more.
func (r *Request) latency() time.Duration {
	r.took = time.Duration(math.Exp(rand.NormFloat64()*0.7+2.7) * float64(time.Millisecond))
	return r.took
}

// allocate makes a share of the request's garbage, in pieces as large as decoded bodies and rendered answers are.
func (r *Request) allocate(share float64) {
	left := share * garbageKiB * math.Exp(rand.NormFloat64()*0.5)
	for left > 0 {
		piece := min(left, 1+math.Exp(rand.NormFloat64()+2))
		r.garbage = append(r.garbage, Filled(int(piece*1024)))
		left -= piece
	}
}

// Filled is a buffer that the kernel has really had to find memory for.
func Filled(size int) []byte {
	buffer := make([]byte, size)
	for i := 0; i < size; i += 512 {
		buffer[i] = byte(i >> 9)
	}
	return buffer
}

// remark logs what a service says about a request: always one line, now and then one more.
func (s *Service) remark(r *Request) {
	switch chance := rand.IntN(1000); {
	case chance < 90:
		s.Log(slog.LevelDebug, "cache hit", "key", fmt.Sprintf("product:%d", rand.IntN(4000)), "age_s", rand.IntN(300))
	case chance < 110:
		s.Log(slog.LevelWarn, "db query slow", "table", "orders", "rows", rand.IntN(5000), "duration_ms", 250+rand.IntN(900))
	case chance < 140:
		s.Log(slog.LevelInfo, "user logged in", "user", fmt.Sprintf("uid_%d", r.User), "method", "password")
	case chance < 150:
		s.Log(slog.LevelWarn, "retrying upstream call", "upstream", "inventory", "attempt", 1+rand.IntN(3), "backoff_ms", 100)
	case chance < 153:
		s.Log(slog.LevelError, "upstream call failed", "upstream", "payments", "error", "context deadline exceeded")
	}
	status := 200
	if rand.IntN(60) == 0 {
		status = 404
	}
	s.Log(slog.LevelInfo, "request processed", "method", r.Method, "path", r.Path, "status", status,
		"duration_ms", r.took.Milliseconds(), "request_id", r.ID)
}
