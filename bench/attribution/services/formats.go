package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"os"
	"strings"
	"time"
)

var formats = map[string]func(level, message string, fields ...any){
	"std":         standard,
	"slog":        viaSlog(slog.New(slog.NewTextHandler(os.Stderr, nil))),
	"json":        viaSlog(slog.New(slog.NewJSONHandler(os.Stderr, nil))),
	"klog":        klog,
	"logrus":      logrus,
	"zerolog":     zerolog,
	"zap":         zapJSON,
	"zap-tabs":    zapConsole,
	"plain":       plain,
	"printf":      printf,
	"logrus-text": logrusText,
}

func write(line string) { _, _ = os.Stderr.WriteString(line + "\n") }

func pairs(fields []any, text string) string {
	var line strings.Builder
	for i := 0; i+1 < len(fields); i += 2 {
		if word, ok := fields[i+1].(string); ok {
			fmt.Fprintf(&line, " %v="+text, fields[i], word)
		} else {
			fmt.Fprintf(&line, " %v=%v", fields[i], fields[i+1])
		}
	}
	return line.String()
}

func asJSON(head map[string]any, order []string, fields []any) string {
	var line strings.Builder
	line.WriteByte('{')
	add := func(key string, value any) {
		if line.Len() > 1 {
			line.WriteByte(',')
		}
		written, _ := json.Marshal(value)
		fmt.Fprintf(&line, "%q:%s", key, written)
	}
	for _, key := range order {
		add(key, head[key])
	}
	for i := 0; i+1 < len(fields); i += 2 {
		add(fmt.Sprint(fields[i]), fields[i+1])
	}
	return line.String() + "}"
}

var logger = log.New(os.Stderr, "", log.LstdFlags|log.Lmicroseconds)

func standard(level, message string, fields ...any) {
	logger.Print(level, " ", message, pairs(fields, "%v"))
}

func viaSlog(to *slog.Logger) func(level, message string, fields ...any) {
	return func(level, message string, fields ...any) {
		var at slog.Level
		_ = at.UnmarshalText([]byte(level))
		to.Log(context.Background(), at, message, fields...)
	}
}

func klog(level, message string, fields ...any) {
	write(fmt.Sprintf("%s%s %7d server.go:%d] %q%s", level[:1], time.Now().Format("0102 15:04:05.000000"), os.Getpid(),
		100+len(message), message, pairs(fields, "%q")))
}

func logrus(level, message string, fields ...any) {
	stamp := time.Now().UTC().Format(time.RFC3339)
	write(fmt.Sprintf("time=%q level=%s msg=%q%s", stamp, strings.ToLower(level), message, pairs(fields, "%v")))
}

func zerolog(level, message string, fields ...any) {
	fields = append(fields, "time", time.Now().UTC().Format(time.RFC3339), "message", message)
	write(asJSON(map[string]any{"level": strings.ToLower(level)}, []string{"level"}, fields))
}

func zapJSON(level, message string, fields ...any) {
	head := map[string]any{"level": strings.ToLower(level), "ts": float64(time.Now().UnixMicro()) / 1e6,
		"caller": fmt.Sprintf("app/handler.go:%d", 40+len(message)), "msg": message}
	write(asJSON(head, []string{"level", "ts", "caller", "msg"}, fields))
}

func zapConsole(level, message string, fields ...any) {
	write(fmt.Sprintf("%s\t%s\tapp/handler.go:%d\t%s\t%s", time.Now().Format("2006-01-02T15:04:05.000Z0700"), level,
		40+len(message), message, asJSON(nil, nil, fields)))
}

var started = time.Now()

func plain(_, message string, fields ...any) { write(message + pairs(fields, "%v")) }

func printf(level, message string, fields ...any) {
	write(fmt.Sprintf("%s [%s] %s%s", time.Now().Format("2006-01-02 15:04:05.000"), level, message, pairs(fields, "%v")))
}

func logrusText(level, message string, fields ...any) {
	write(fmt.Sprintf("%.4s[%04d] %-44s%s", level, int(time.Since(started).Seconds()), message, pairs(fields, "%v")))
}
