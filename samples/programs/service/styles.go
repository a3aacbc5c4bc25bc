package service

import (
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"strings"
	"sync"

	"github.com/sirupsen/logrus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"k8s.io/klog/v2"
)

// Log writes one line; fields are names and values in turn.
type Log func(level slog.Level, message string, fields ...any)

var styles = map[string]func(io.Writer) Log{
	"slog-text":   slogText,
	"slog-json":   slogJSON,
	"std":         standard,
	"klog":        kubernetes,
	"zap-json":    zapJSON,
	"zap-console": zapConsole,
	"logrus":      logrusText,
}

func open(style, stream, copyPath string) Log {
	output := io.Writer(os.Stderr)
	if stream == "stdout" {
		output = os.Stdout
	}
	if copyPath != "" {
		file, err := os.Create(copyPath)
		if err != nil {
			panic(err)
		}
		output = &inOrder{output: io.MultiWriter(output, file)}
	}
	return styles[style](output)
}

// inOrder keeps the log and its copy in one order, whoever writes.
type inOrder struct {
	mutex  sync.Mutex
	output io.Writer
}

func (o *inOrder) Write(line []byte) (int, error) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	return o.output.Write(line)
}

// time=2026-11-23T08:17:00.123Z level=info msg="request processed"
func slogText(output io.Writer) Log {
	lowerLevel := func(_ []string, attr slog.Attr) slog.Attr {
		if attr.Key == slog.LevelKey {
			attr.Value = slog.StringValue(strings.ToLower(attr.Value.String()))
		}
		return attr
	}
	return fromSlog(slog.NewTextHandler(output, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: lowerLevel}))
}

// {"time":"2026-11-23T08:17:00.123456789Z","level":"INFO","msg":"request processed"}
func slogJSON(output io.Writer) Log {
	return fromSlog(slog.NewJSONHandler(output, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func fromSlog(handler slog.Handler) Log {
	logger := slog.New(handler)
	return func(level slog.Level, message string, fields ...any) { logger.Log(nil, level, message, fields...) }
}

// 2026/11/23 08:17:00.123456 INFO request processed status=200
func standard(output io.Writer) Log {
	logger := log.New(output, "", log.LstdFlags|log.Lmicroseconds)
	return func(level slog.Level, message string, fields ...any) {
		logger.Print(level, " ", plain(message, fields))
	}
}

func plain(message string, fields []any) string {
	var line strings.Builder
	line.WriteString(message)
	for i := 0; i+1 < len(fields); i += 2 {
		fmt.Fprintf(&line, " %v=%v", fields[i], fields[i+1])
	}
	return line.String()
}

// I1123 08:17:00.123456   12345 request.go:12] "request processed" status=200
// klog writes to standard error by itself, and has no structured warning: people write those as plain text.
func kubernetes(io.Writer) Log {
	return func(level slog.Level, message string, fields ...any) {
		switch {
		case level >= slog.LevelError:
			klog.ErrorSDepth(1, nil, message, fields...)
		case level >= slog.LevelWarn:
			klog.WarningDepth(1, plain(message, fields))
		default:
			klog.InfoSDepth(1, message, fields...)
		}
	}
}

// {"level":"info","ts":1795422820.123456,"caller":"service/request.go:12","msg":"request processed","status":200}
func zapJSON(output io.Writer) Log {
	return fromZap(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), output)
}

// 2026-11-23T08:17:00.123Z	INFO	service/request.go:12	request processed	{"status": 200}
func zapConsole(output io.Writer) Log {
	return fromZap(zapcore.NewConsoleEncoder(zap.NewDevelopmentEncoderConfig()), output)
}

func fromZap(encoder zapcore.Encoder, output io.Writer) Log {
	core := zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(output)), zapcore.DebugLevel)
	logger := zap.New(core, zap.AddCaller(), zap.AddCallerSkip(1)).Sugar()
	return func(level slog.Level, message string, fields ...any) {
		logger.Logw(zapcore.Level(level/4), message, fields...)
	}
}

// time="2026-11-23T08:17:00Z" level=info msg="request processed" status=200
func logrusText(output io.Writer) Log {
	logger := logrus.New()
	logger.SetOutput(output)
	logger.SetLevel(logrus.DebugLevel)
	logger.SetFormatter(&logrus.TextFormatter{DisableColors: true, FullTimestamp: true})
	levels := map[slog.Level]logrus.Level{
		slog.LevelDebug: logrus.DebugLevel, slog.LevelInfo: logrus.InfoLevel,
		slog.LevelWarn: logrus.WarnLevel, slog.LevelError: logrus.ErrorLevel,
	}
	return func(level slog.Level, message string, fields ...any) {
		named := logrus.Fields{}
		for i := 0; i+1 < len(fields); i += 2 {
			named[fmt.Sprint(fields[i])] = fields[i+1]
		}
		logger.WithFields(named).Log(levels[level], message)
	}
}
