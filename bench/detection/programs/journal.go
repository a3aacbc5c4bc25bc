package main

import (
	"context"
	"fmt"
	"log"
	"log/slog"
	"math"
	"os"
	"strings"
	"time"
)

// journal is the application's log.
type journal struct {
	s         *service
	name      string
	write     func(level, message string, fields []any)
	templates []template
	waiting   float64
	storm     int // which template storms, and from when to when
	from, to  float64
}

// template is a kind of line that has nothing to do with any leak.
type template struct {
	level, message string
	fields         func(s *service) []any
	weight, phase  float64
}

func user(s *service) string  { return fmt.Sprintf("u%05d", s.dice.IntN(4000)) }
func fresh(s *service) string { return hexed(s.dice.Uint64())[:12] }

var ordinary = []template{
	{"INFO", "request served", func(s *service) []any {
		return []any{"path", []string{"/cart", "/items", "/search", "/me"}[s.dice.IntN(4)], "status", 200, "id", fresh(s)}
	}, 6, 0},
	{"INFO", "token verified", func(s *service) []any { return []any{"user", user(s)} }, 3, 0},
	{"DEBUG", "cache lookup", func(s *service) []any { return []any{"key", user(s), "hit", s.dice.IntN(5) > 0} }, 3, 0},
	{"INFO", "query done", func(s *service) []any {
		return []any{"table", "orders", "rows", s.dice.IntN(400), "ms", s.dice.IntN(30)}
	}, 3, 0},
	{"INFO", "message published", func(s *service) []any { return []any{"topic", "events", "offset", s.dice.IntN(1 << 30)} }, 2, 0},
	{"INFO", "thumbnail rendered", func(s *service) []any { return []any{"image", fresh(s), "bytes", 8000 + s.dice.IntN(60000)} }, 2, 0},
	{"WARN", "slow upstream", func(s *service) []any { return []any{"host", "inventory", "ms", 800 + s.dice.IntN(2000)} }, .4, 0},
	{"INFO", "job picked up", func(s *service) []any { return []any{"job", fresh(s), "attempt", 1} }, 1.5, 0},
	{"DEBUG", "health probe answered", func(*service) []any { return nil }, .8, 0},
	{"INFO", "metrics pushed", func(s *service) []any { return []any{"series", 380 + s.dice.IntN(8)} }, .5, 0},
	{"ERROR", "payment declined", func(s *service) []any { return []any{"user", user(s), "code", 51 + s.dice.IntN(4)} }, .3, 0},
	{"INFO", "mail queued", func(s *service) []any { return []any{"to", user(s), "size", 900 + s.dice.IntN(3000)} }, 1, 0},
	{"WARN", "retrying after timeout", func(s *service) []any { return []any{"attempt", 1 + s.dice.IntN(3)} }, .3, 0},
	{"INFO", "webhook received", func(s *service) []any { return []any{"delivery", fresh(s), "source", "billing"} }, 1.2, 0},
}

var names = []string{"checkout", "catalog", "session-gateway", "notifier", "pricing", "ledger", "search", "media"}

func newJournal(s *service) *journal {
	chance := seeded(s.scenario.Name+"/journal", s.seed)
	if s.bounded {
		chance = seeded(s.scenario.TwinOf+"/journal", s.seed)
	}
	j := &journal{s: s, name: names[chance.IntN(len(names))], write: styles[s.style], storm: -1}
	for _, i := range chance.Perm(len(ordinary))[:8+chance.IntN(5)] {
		one := ordinary[i]
		one.weight, one.phase = one.weight*math.Exp(0.5*chance.NormFloat64()), chance.Float64()
		j.templates = append(j.templates, one)
	}
	return j
}

func (j *journal) line(level, message string, fields ...any) { j.write(level, message, fields) }

// background writes what the ordinary traffic says in dt seconds at load 1; the mix drifts over the day.
func (j *journal) background(t, dt float64) {
	j.waiting += j.s.lines * dt
	for range j.s.poisson(&j.waiting) {
		one := j.pick(t)
		j.line(one.level, one.message, one.fields(j.s)...)
	}
	if j.storm >= 0 && t >= j.from && t < j.to {
		one := j.templates[j.storm]
		for range 1 + j.s.dice.IntN(2) {
			j.line(one.level, one.message, one.fields(j.s)...)
		}
	}
}

func (j *journal) pick(t float64) *template {
	weights, sum := make([]float64, len(j.templates)), 0.0
	for i := range j.templates {
		one := &j.templates[i]
		sum += one.weight * math.Exp(0.4*math.Sin(2*math.Pi*(t/j.s.day*0.7+one.phase)))
		weights[i] = sum
	}
	at := j.s.dice.Float64() * sum
	for i, weight := range weights {
		if at < weight {
			return &j.templates[i]
		}
	}
	return &j.templates[0]
}

var styles = map[string]func(level, message string, fields []any){
	"slog-text": fromSlog(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})),
	"slog-json": fromSlog(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})),
	"std":       standard,
	"klog":      likeKlog,
	"logrus":    likeLogrus,
}

// time=2026-11-23T08:17:00.123Z level=INFO msg="request served" path=/cart
func fromSlog(handler slog.Handler) func(level, message string, fields []any) {
	logger := slog.New(handler)
	levels := map[string]slog.Level{
		"DEBUG": slog.LevelDebug, "INFO": slog.LevelInfo, "WARN": slog.LevelWarn, "ERROR": slog.LevelError,
	}
	return func(level, message string, fields []any) {
		logger.Log(context.Background(), levels[level], message, fields...)
	}
}

var standardLog = log.New(os.Stderr, "", log.LstdFlags|log.Lmicroseconds)

// 2026/11/23 08:17:00.123456 INFO request served path=/cart
func standard(level, message string, fields []any) {
	standardLog.Print(level, " ", message, pairsOf(fields, "%v"))
}

// I1123 08:17:00.123456   12345 server.go:112] "request served" path="/cart"
func likeKlog(level, message string, fields []any) {
	now := time.Now()
	head := fmt.Sprintf("%s%s %7d server.go:%d] ", level[:1], now.Format("0102 15:04:05.000000"), os.Getpid(), 100+len(message))
	_, _ = os.Stderr.WriteString(head + fmt.Sprintf("%q", message) + pairsOf(fields, "%q") + "\n")
}

// time="2026-11-23T08:17:00Z" level=info msg="request served" path=/cart
func likeLogrus(level, message string, fields []any) {
	name := strings.ToLower(level)
	if name == "warn" {
		name = "warning"
	}
	head := fmt.Sprintf("time=%q level=%s msg=%q", time.Now().UTC().Format(time.RFC3339), name, message)
	_, _ = os.Stderr.WriteString(head + pairsOf(fields, "%v") + "\n")
}

func pairsOf(fields []any, texts string) string {
	var line strings.Builder
	for i := 0; i+1 < len(fields); i += 2 {
		if text, ok := fields[i+1].(string); ok {
			fmt.Fprintf(&line, " %v="+texts, fields[i], text)
		} else {
			fmt.Fprintf(&line, " %v=%v", fields[i], fields[i+1])
		}
	}
	return line.String()
}
