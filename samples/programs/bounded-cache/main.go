// A product catalogue with a cache that has a capacity. The heap climbs while the cache fills, as if something leaked,
// and then stays where it is.
package main

import (
	"container/list"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"

	"gctail.example/samples/service"
)

const capacity = 1200

type entry struct {
	key  string
	page []byte
}

// Cache throws out what was not used for longest.
type Cache struct {
	mutex sync.Mutex
	order *list.List
	byKey map[string]*list.Element
}

func (c *Cache) get(key string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	element, present := c.byKey[key]
	if present {
		c.order.MoveToFront(element)
	}
	return present
}

func (c *Cache) put(key string, page []byte) (size int, evicted string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.byKey[key] = c.order.PushFront(&entry{key, page})
	if c.order.Len() > capacity {
		oldest := c.order.Remove(c.order.Back()).(*entry)
		delete(c.byKey, oldest.key)
		evicted = oldest.key
	}
	return c.order.Len(), evicted
}

func main() {
	s := service.Start("catalog", service.Facts{Leak: false, Kind: "bounded-cache", Verdict: "warm-up"})
	cache := &Cache{order: list.New(), byKey: map[string]*list.Element{}}

	s.Serve(service.Steady(55), func(request *service.Request) {
		key := fmt.Sprintf("product:%d", rand.IntN(8000))
		if cache.get(key) {
			return
		}
		size, evicted := cache.put(key, service.Filled((40+rand.IntN(40))<<10))
		if rand.IntN(4) == 0 {
			s.Log(slog.LevelInfo, "product cached", "key", key, "size", size)
		}
		if evicted != "" && rand.IntN(8) == 0 {
			s.Log(slog.LevelDebug, "product evicted", "key", evicted, "capacity", capacity)
		}
	})
}
