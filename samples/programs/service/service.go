// Package service is what every sample program shares: a log in a style that real services use, traffic with its
// ordinary messages and its garbage, and the truth about the run, written to a file of its own.
package service

import (
	"flag"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"
)

var began = time.Now() // as near to the runtime's own start, from which gctrace counts, as a program can come

// Uptime is what gctrace writes behind its @.
func Uptime() time.Duration { return time.Since(began) }

// Service is one run of one sample program.
type Service struct {
	Name     string
	Log      Log
	truth    *truth
	stopping chan os.Signal
	kept     [][]byte
	requests sync.WaitGroup
}

// Start reads the command line, opens the log and says that the service is there.
func Start(name string, facts Facts) *Service {
	style := flag.String("style", "slog-text", "how log lines look: see styles.go")
	stream := flag.String("stream", "stderr", "stderr, where gctrace goes, or stdout")
	truthPath := flag.String("truth", "", "where to write the truth about this run, as JSON")
	referenceMiB := flag.Int("reference-mib", 12, "what the service loads at its start and keeps")
	copyPath := flag.String("copy", "", "a second file for every byte that goes to the log")
	flag.Parse()

	service := &Service{
		Name:     name,
		Log:      open(*style, *stream, *copyPath),
		truth:    newTruth(*truthPath, name, *style, facts),
		stopping: make(chan os.Signal, 1),
	}
	for range *referenceMiB << 4 {
		service.kept = append(service.kept, Filled(64<<10))
	}
	signal.Notify(service.stopping, syscall.SIGTERM)
	service.Log(slog.LevelInfo, "starting", "service", name, "version", "4.12.0", "go", runtime.Version(),
		"gomaxprocs", runtime.GOMAXPROCS(0), "gomemlimit", debug.SetMemoryLimit(-1), "reference_mib", *referenceMiB)
	return service
}

// Onset tells the truth that the leak begins now. Only the first call counts.
func (s *Service) Onset() { s.truth.onset() }

// Serve takes requests at random times, on average `perSecond(uptime)` of them in a second, until SIGTERM comes.
func (s *Service) Serve(perSecond func(time.Duration) float64, handle func(*Request)) {
	due := time.Now()
	lastHealthCheck := time.Now()
	for {
		due = due.Add(time.Duration(rand.ExpFloat64() / perSecond(Uptime()) * float64(time.Second)))
		select {
		case <-s.stopping:
			s.stop()
			return
		case <-time.After(time.Until(due)):
		}
		if time.Since(lastHealthCheck) > 5*time.Second {
			lastHealthCheck = time.Now()
			s.Log(slog.LevelDebug, "health check ok", "probe", "liveness", "remote", "10.42.0.1")
		}
		s.requests.Add(1)
		go func() {
			defer s.requests.Done()
			s.answer(handle)
		}()
	}
}

func (s *Service) answer(handle func(*Request)) {
	request := newRequest()
	request.allocate(0.5)
	time.Sleep(request.latency())
	request.allocate(0.5)
	handle(request)
	s.remark(request)
	runtime.KeepAlive(request.garbage)
}

func (s *Service) stop() {
	s.Log(slog.LevelInfo, "received signal, draining", "signal", "terminated")
	s.requests.Wait()
	s.Log(slog.LevelInfo, "stopped", "uptime", Uptime().Round(time.Second).String())
	s.truth.end()
}

// Steady is traffic that does not change.
func Steady(perSecond float64) func(time.Duration) float64 {
	return func(time.Duration) float64 { return perSecond }
}
