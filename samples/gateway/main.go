// A session gateway that leaks in every way that a heap profile tells apart: a map keyed by an id that nobody normalised,
// a slice that is only appended to, a buffer, and goroutines that wait for ever; beside a cache that is bounded.
// It writes its log to standard error, and its heap profile at a third of its time and at the end.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"math/rand"
	"os"
	"runtime"
	"runtime/pprof"
	"sync"
	"time"
)

// Session is what the cache keeps for a user who has logged in.
type Session struct {
	User   string
	Basket []byte
}

// SessionCache has a put and no end.
type SessionCache struct {
	mutex    sync.Mutex
	sessions map[string]*Session
}

var (
	cache   = &SessionCache{sessions: map[string]*Session{}}
	audit   []string
	pages   = map[int][]byte{}
	journal bytes.Buffer
	visits  sync.Map
	never   = make(chan int)
	logger  = log.New(os.Stderr, "", 0)
	random  = rand.New(rand.NewSource(7))
)

func (c *SessionCache) putIfAbsent(key string, session *Session) int {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if _, present := c.sessions[key]; !present {
		c.sessions[key] = session
	}
	return len(c.sessions)
}

func newSession(user string) *Session {
	return &Session{User: user, Basket: make([]byte, 12<<10)}
}

func logIn(number int) {
	user := fmt.Sprintf("uid_%d", 887000+random.Intn(60))
	if number > *steady {
		user = fmt.Sprintf("uid_%d#device_%d", 887000+random.Intn(60000), time.Now().UnixMilli())
	}
	size := cache.putIfAbsent(user, newSession(user))
	logger.Printf("%s WARN [SessionCache] putIfAbsent(key=%s, value=Session{...}) → size=%d", now(), user, size)
}

func record(path string) {
	audit = append(audit, fmt.Sprintf("GET %s by %d", path, random.Int()))
	fmt.Fprintf(&journal, "%s\n", path)
	visits.LoadOrStore(path, len(audit))
}

func deliver() {
	go func() { <-never }()
}

func page(number int) []byte {
	body := bytes.Repeat([]byte("x"), 20<<10)
	pages[number%64] = body
	if len(pages) > 64 {
		delete(pages, number)
	}
	return body
}

func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000Z") }

var steady = flag.Int("steady", 0, "requests before clients send their device and the time")

func main() {
	prefix := flag.String("profiles", "", "where profiles go")
	count := flag.Int("requests", 9000, "how many requests")
	pause := flag.Duration("pause", 0, "between requests")
	rate := flag.Int("rate", 8<<10, "bytes of allocation between two samples")
	flag.Parse()
	runtime.MemProfileRate = *rate
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, nil)))
	for number := 0; ; number++ {
		path := fmt.Sprintf("/api/v1/users/%d", random.Intn(90000))
		page(number)
		record(path)
		if number%4 == 0 {
			logIn(number)
		}
		if number%50 == 0 {
			deliver()
		}
		if number == *count/3 {
			write(*prefix + "before")
		}
		slog.Info("request processed", "path", path, "duration_ms", random.Intn(30))
		if number == *count {
			write(*prefix + "after")
			return
		}
		time.Sleep(*pause)
	}
}

// write makes the profile in both forms, as of a collection of this moment.
func write(name string) {
	runtime.GC()
	runtime.GC()
	for debug, ending := range []string{".pb.gz", ".txt"} {
		file, err := os.Create(name + ending)
		if err != nil {
			logger.Fatal(err)
		}
		if err := pprof.Lookup("heap").WriteTo(file, debug); err != nil {
			logger.Fatal(err)
		}
		file.Close()
	}
}
