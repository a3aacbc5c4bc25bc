package main

import (
	"context"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// keeper is a way to hold memory: one event's worth at a time, the oldest to go first.
type keeper interface {
	keep(key uint64, size int) bool // false where it was held already
	drop()
}

// fifo is a queue in a slice.
type fifo[T any] struct {
	items []T
	head  int
}

func (f *fifo[T]) push(item T) { f.items = append(f.items, item) }

func (f *fifo[T]) first() (item T, ok bool) {
	if f.head == len(f.items) {
		return item, false
	}
	return f.items[f.head], true
}

func (f *fifo[T]) pop() (item T, ok bool) {
	var none T
	if f.head == len(f.items) {
		return none, false
	}
	item, f.items[f.head] = f.items[f.head], none
	f.head++
	if f.head > 64 && f.head > len(f.items)/2 {
		count := copy(f.items, f.items[f.head:])
		clear(f.items[count:])
		f.items, f.head = f.items[:count], 0
	}
	return item, true
}

// queue keeps whatever an event makes, in the order in which it came.
type queue[T any] struct {
	made fifo[T]
	make func(key uint64, size int) T
	free func(T)
}

func (q *queue[T]) keep(key uint64, size int) bool {
	q.made.push(q.make(key, size))
	return true
}

func (q *queue[T]) drop() {
	if item, ok := q.made.pop(); ok && q.free != nil {
		q.free(item)
	}
}

func filled(size int) []byte {
	body := make([]byte, size)
	for i := 0; i < size; i += 512 {
		body[i] = byte(i >> 9)
	}
	return body
}

// history is a slice that is appended to; bounded it is a ring buffer.
func history() keeper {
	return &queue[[]byte]{make: func(_ uint64, size int) []byte { return filled(size) }}
}

// subscribers are callbacks that nobody takes out of the list.
func subscribers() keeper {
	return &queue[func() int]{make: func(_ uint64, size int) func() int {
		body := filled(size)
		return func() int { return len(body) }
	}}
}

// subSlices keep the first bytes of a large buffer, and with them all of it.
func subSlices() keeper {
	return &queue[[]byte]{make: func(_ uint64, size int) []byte { return filled(size)[:8:8] }}
}

// subStrings are the same of text.
func subStrings() keeper {
	return &queue[string]{make: func(_ uint64, size int) string { return string(filled(size))[16:24] }}
}

// waiters are goroutines that hold a buffer and wait; bounded, for a connection that is closed at last.
func waiters(depth int) keeper {
	return &queue[chan struct{}]{
		make: func(_ uint64, size int) chan struct{} {
			done := make(chan struct{})
			go func() {
				body := filled(size)
				waitDeep(depth, done)
				runtime.KeepAlive(body)
			}()
			return done
		},
		free: func(done chan struct{}) { close(done) },
	}
}

//go:noinline
func waitDeep(depth int, done chan struct{}) byte {
	var frame [512]byte
	if depth > 0 {
		frame[depth] = waitDeep(depth-1, done)
	} else {
		<-done
	}
	return frame[depth]
}

type requestKey struct{}

var stopServer context.CancelFunc // never called: the server lives as long as the process

// contexts are children of the server's own that are not cancelled.
func contexts() keeper {
	server, stop := context.WithCancel(context.Background())
	stopServer = stop
	return &queue[context.CancelFunc]{
		make: func(_ uint64, size int) context.CancelFunc {
			_, cancel := context.WithCancel(context.WithValue(server, requestKey{}, filled(size)))
			return cancel
		},
		free: func(cancel context.CancelFunc) { cancel() },
	}
}

// timers wait for an hour with a buffer in their hands.
func timers() keeper {
	return &queue[*time.Timer]{
		make: func(_ uint64, size int) *time.Timer {
			body := filled(size)
			return time.AfterFunc(time.Hour, func() { runtime.KeepAlive(body) })
		},
		free: func(timer *time.Timer) { timer.Stop() },
	}
}

// finalizers run one after another; where one blocks, what waits behind it is never freed.
func finalizers() keeper {
	permits := make(chan struct{}, 1<<20)
	return &queue[struct{}]{
		make: func(_ uint64, size int) struct{} {
			handle := &struct{ body []byte }{filled(size)}
			runtime.SetFinalizer(handle, func(*struct{ body []byte }) { <-permits })
			return struct{}{}
		},
		free: func(struct{}) { permits <- struct{}{} },
	}
}

var offHeap int64 // bytes that the runtime does not know of

// mappings are memory from the kernel, as a C library's: gctrace does not see it.
func mappings() keeper {
	return &queue[[]byte]{
		make: func(_ uint64, size int) []byte {
			body, err := syscall.Mmap(-1, 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
			if err != nil {
				panic(err)
			}
			for i := 0; i < size; i += 4096 {
				body[i] = 1
			}
			offHeap += int64(size)
			return body
		},
		free: func(body []byte) {
			offHeap -= int64(len(body))
			_ = syscall.Munmap(body)
		},
	}
}

// pooled buffers go back to a sync.Pool.
func pooled() keeper {
	var pool sync.Pool
	return &queue[*[]byte]{
		make: func(_ uint64, size int) *[]byte {
			if body, ok := pool.Get().(*[]byte); ok {
				return body
			}
			body := filled(size)
			return &body
		},
		free: func(body *[]byte) { pool.Put(body) },
	}
}

// link is an entry of a linked list, as of a queue without a bound.
type link struct {
	next *link
	body []byte
}

type linked struct{ head, tail *link }

func (l *linked) keep(_ uint64, size int) bool {
	last := &link{body: filled(size)}
	if l.tail == nil {
		l.head = last
	} else {
		l.tail.next = last
	}
	l.tail = last
	return true
}

func (l *linked) drop() {
	if l.head = l.head.next; l.head == nil {
		l.tail = nil
	}
}

// oneBuffer is a single slice that is appended to: it grows by a quarter at a time and is copied each time.
type oneBuffer struct {
	body []byte
	size int
}

func (b *oneBuffer) keep(_ uint64, size int) bool {
	b.body, b.size = append(b.body, filled(size)...), size
	return true
}

func (b *oneBuffer) drop() { b.body = b.body[min(b.size, len(b.body)):] }

// inlineMap holds its values in its buckets: memory moves only when it grows.
type inlineMap map[uint64][2]uint64

func (m inlineMap) keep(key uint64, size int) bool {
	before := len(m)
	m[key] = [2]uint64{key, uint64(size)}
	return len(m) > before
}

func (m inlineMap) drop() {}

// pointerMap holds what it knows of a session behind a pointer.
type pointerMap map[string][]byte

func (m pointerMap) keep(key uint64, size int) bool {
	name := hexed(key)
	if _, known := m[name]; known {
		return false
	}
	m[name] = filled(size)
	return true
}

func (m pointerMap) drop() {}

// labelSet is a set of strings, as of the label values of a metric.
type labelSet map[string]struct{}

func (m labelSet) keep(key uint64, size int) bool {
	name := hexed(key) + string(filled(max(size-16, 1)))
	before := len(m)
	m[name] = struct{}{}
	return len(m) > before
}

func (m labelSet) drop() {}

// cache is a map with an order; bounded it is least recently added, first out.
type cache struct {
	entries map[string][]byte
	order   fifo[string]
}

func newCache() *cache { return &cache{entries: map[string][]byte{}} }

func (c *cache) keep(key uint64, size int) bool {
	name := hexed(key)
	c.entries[name] = filled(size)
	c.order.push(name)
	return true
}

func (c *cache) drop() {
	if name, ok := c.order.pop(); ok {
		delete(c.entries, name)
	}
}

// shared is a sync.Map.
type shared struct {
	entries sync.Map
	order   fifo[uint64]
}

func (m *shared) keep(key uint64, size int) bool {
	m.entries.Store(key, filled(size))
	m.order.push(key)
	return true
}

func (m *shared) drop() {
	if key, ok := m.order.pop(); ok {
		m.entries.Delete(key)
	}
}
