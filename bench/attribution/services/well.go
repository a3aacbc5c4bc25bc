package main

// lru: a cache that is full after a third of the time, and says what it throws away.
func lru(s *service) {
	s.log = formats["json"]
	cached := [][]byte{}
	s.request = func() {
		s.log("INFO", "request served", "id", s.id(), "ms", s.dice.IntN(50))
		if s.chance(0.2) {
			cached = append(cached, filled(120<<10))
			if len(cached) > 300 {
				cached = cached[1:]
				s.log("DEBUG", "entry evicted", "entries", len(cached))
			}
			s.log("DEBUG", "entry stored", "key", s.id(), "entries", len(cached))
		}
	}
}

// waves: what requests hold while they run, and nothing else.
func waves(s *service) {
	s.log = formats["logrus"]
	flight := make([][]byte, 40)
	s.request = func() {
		flight[s.served%len(flight)] = filled(s.dice.IntN(400 << 10))
		s.log("INFO", "request served", "path", s.pick("/a", "/b"), "id", s.id())
		if s.chance(0.3) {
			s.log("INFO", "token verified", "user", s.user())
		}
	}
}

// counters: numbers that only rise, over a heap that does not.
func counters(s *service) {
	s.log = formats["slog"]
	s.request = func() {
		s.log("INFO", "request served", "sequence", s.served, "id", s.id())
		if s.served%50 == 0 {
			s.log("INFO", "statistics", "requests", s.served, "entries", s.served/3)
		}
	}
}

// finiteUsers: each user is remembered once; there are few, and all have come soon.
func finiteUsers(s *service) {
	s.log = formats["klog"]
	known := map[string]bool{}
	s.request = func() {
		user := s.user()[:5]
		s.log("INFO", "request served", "user", user)
		if !known[user] {
			known[user] = true
			s.log("INFO", "profile loaded", "user", user, "profiles", len(known))
			s.keep(90 << 10)
		}
	}
}

// buffers: grown by bursts, given back later.
func buffers(s *service) {
	pool := [][]byte{}
	s.request = func() {
		s.log("INFO", "frame received", "bytes", s.dice.IntN(9000))
		if s.chance(0.3) {
			pool = append(pool, filled(80<<10))
			s.log("INFO", "buffer taken", "buffers", len(pool))
		}
	}
	s.tick = func(at float64) {
		if int(at*10)%60 == 0 && len(pool) > 0 {
			s.log("INFO", "buffers released", "buffers", len(pool))
			pool = nil
		}
	}
}
