// Collector starts services and writes down what they say, in the form in which container platforms do.
//
//	collector -as docker-json|cri|compose|kubectl|supervise [NAME COMMAND ARGUMENTS… --]…
//
// The forms are those of dockerd (daemon/logger/copier.go, jsonfilelog/jsonlog/jsonlogbytes.go), of containerd
// (internal/cri/io/logger.go), and of the prefixes of "docker compose logs" and "kubectl logs --prefix".
// With "supervise" it copies nothing, and starts a service again, once, when it has died.
// The services get SERVICE_GODEBUG as their GODEBUG, so that the collector does not trace itself.
package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Form writes the lines of one stream of one service until the stream ends.
type Form func(name, stream string, pipe io.Reader)

var (
	output  sync.Mutex
	columns int // of the longest name
)

func write(line []byte) {
	output.Lock()
	defer output.Unlock()
	if _, err := os.Stdout.Write(line); err != nil {
		panic(err)
	}
}

var forms = map[string]Form{
	"docker-json": func(_, stream string, pipe io.Reader) { docker(stream, pipe) },
	"cri":         func(_, stream string, pipe io.Reader) { containerd(stream, pipe) },
	"compose": func(name, _ string, pipe io.Reader) {
		prefixed(fmt.Sprintf("%-*s | ", columns+1, name+"-1"), pipe)
	},
	"kubectl": func(name, _ string, pipe io.Reader) {
		prefixed(fmt.Sprintf("[pod/%s-6c9f7d5b8-x2w8k/%s] ", name, name), pipe)
	},
}

func start(child *exec.Cmd) {
	child.Env = append(os.Environ(), "GODEBUG="+os.Getenv("SERVICE_GODEBUG"))
	if err := child.Start(); err != nil {
		panic(err)
	}
}

func prefixed(prefix string, pipe io.Reader) {
	reader := bufio.NewReader(pipe)
	for {
		line, err := reader.ReadBytes('\n')
		if len(line) > 0 {
			write(append([]byte(prefix), line...))
		}
		if err != nil {
			return
		}
	}
}

// docker reads as Copier.copySrc does: 2 KiB at a time into a buffer of 16 KiB; a full one without an end of line goes
// out as a part, which has no \n in its text.
func docker(stream string, pipe io.Reader) {
	const bufferSize, readSize = 16 << 10, 2 << 10
	buffer, held, ended := make([]byte, bufferSize), 0, false
	for !ended || held > 0 {
		if !ended {
			read, err := pipe.Read(buffer[held:min(held+readSize, bufferSize)])
			held += read
			ended = err != nil
		}
		start := 0
		for i := 0; i < held; i++ {
			if buffer[i] == '\n' {
				write(dockerJSON(buffer[start:i+1], stream))
				start = i + 1
			}
		}
		if ended || (start == 0 && held == bufferSize) {
			if start < held {
				write(dockerJSON(buffer[start:held], stream))
			}
			start = held
		}
		held = copy(buffer, buffer[start:held])
	}
}

func dockerJSON(text []byte, stream string) []byte {
	line := []byte(`{"log":"`)
	for _, char := range string(text) {
		switch {
		case char == '\\' || char == '"':
			line = append(line, '\\', byte(char))
		case char == '\n':
			line = append(line, `\n`...)
		case char == '\r':
			line = append(line, `\r`...)
		case char < ' ' || char == '<' || char == '>' || char == '&' || char == '\u2028' || char == '\u2029' || char == '\ufffd':
			line = fmt.Appendf(line, `\u%04x`, char)
		default:
			line = append(line, string(char)...)
		}
	}
	return fmt.Appendf(line, `","stream":"%s","time":"%s"}`+"\n", stream, time.Now().UTC().Format(time.RFC3339Nano))
}

// containerd tags a line F, and each part of a line longer than 16 KiB, but its last, P.
func containerd(stream string, pipe io.Reader) {
	const maxLineSize = 16 << 10
	reader := bufio.NewReaderSize(pipe, 4096)
	entry := func(tag byte, text []byte) {
		at := time.Now().UTC().Format("2006-01-02T15:04:05.000000000Z07:00")
		write(fmt.Appendf(nil, "%s %s %c %s\n", at, stream, tag, text))
	}
	var line []byte
	for {
		piece, more, err := reader.ReadLine()
		line = append(line, piece...)
		if len(line) > maxLineSize {
			entry('P', line[:maxLineSize])
			line = append([]byte(nil), line[maxLineSize:]...)
		}
		if err != nil {
			if len(line) > 0 {
				entry('P', line)
			}
			return
		}
		if !more {
			entry('F', line)
			line = line[:0]
		}
	}
}

func collect(form Form, name string, command []string) (*exec.Cmd, *sync.WaitGroup) {
	child := exec.Command(command[0], command[1:]...)
	stdout, stdoutErr := child.StdoutPipe()
	stderr, stderrErr := child.StderrPipe()
	if stdoutErr != nil || stderrErr != nil {
		panic("no pipe")
	}
	start(child)
	readers := &sync.WaitGroup{}
	readers.Add(2)
	go func() { defer readers.Done(); form(name, "stdout", stdout) }()
	go func() { defer readers.Done(); form(name, "stderr", stderr) }()
	return child, readers
}

// supervise starts a service, and once more when it has died. {run} in its arguments is 1, then 2.
func supervise(name string, command []string, terminated <-chan os.Signal) {
	for _, run := range []string{"1", "2"} {
		arguments := strings.Split(strings.ReplaceAll(strings.Join(command[1:], "\x00"), "{run}", run), "\x00")
		child := exec.Command(command[0], arguments...)
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		start(child)
		died := make(chan error, 1)
		go func() { died <- child.Wait() }()
		select {
		case <-terminated:
			child.Process.Signal(syscall.SIGTERM)
			<-died
			return
		case err := <-died:
			fmt.Fprintf(os.Stderr, "%s supervise: %s: %v, starting it again\n", time.Now().UTC().Format(time.RFC3339), name, err)
			time.Sleep(time.Second)
		}
	}
}

func main() {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	as, services := os.Args[2], strings.Split(strings.Join(os.Args[3:], "\x00"), "\x00--\x00")
	if as == "supervise" {
		words := strings.Split(services[0], "\x00")
		supervise(words[0], words[1:], terminated)
		return
	}
	for _, service := range services {
		columns = max(columns, len(strings.Split(service, "\x00")[0])+len("-1"))
	}
	var children []*exec.Cmd
	var all sync.WaitGroup
	for _, service := range services {
		words := strings.Split(service, "\x00")
		child, readers := collect(forms[as], words[0], words[1:])
		children = append(children, child)
		all.Add(1)
		go func() { defer all.Done(); readers.Wait(); child.Wait() }()
	}
	go func() {
		<-terminated
		for _, child := range children {
			child.Process.Signal(syscall.SIGTERM)
		}
	}()
	all.Wait()
}
