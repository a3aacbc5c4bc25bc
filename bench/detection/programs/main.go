// A Go service in accelerated time: a virtual day lasts some seconds, and what it does with its memory is a scenario.
//
//	detection -list
//	detection -scenario session-map -seed 1 -truth truth.json
//
// Its log is on standard error, between what GODEBUG=gctrace=1 makes the runtime print. The truth about the run goes to
// a file of its own and never into the log. A leak and its harmless twin draw the same numbers from the same seed, and
// differ in nothing until the twin's growth meets its bound.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
)

func main() {
	name := flag.String("scenario", "", "what happens to the memory")
	seed := flag.Uint64("seed", 1, "chance")
	epoch := flag.Int("epoch", 0, "how many processes of this run came before")
	truthFile := flag.String("truth", "", "where to write the truth")
	list := flag.Bool("list", false, "print the scenarios and end")
	flag.Parse()
	if *list {
		_ = json.NewEncoder(os.Stdout).Encode(scenarios())
		return
	}
	all := scenarios()
	index := slices.IndexFunc(all, func(s scenario) bool { return s.Name == *name })
	if index < 0 {
		fmt.Fprintf(os.Stderr, "no scenario is called %q: -list prints their names\n", *name)
		os.Exit(2)
	}
	newService(all[index], *seed, *epoch, *truthFile).run()
}

// scenario is one way to use memory. Where it is half of a pair, TwinOf names the leak.
type scenario struct {
	Name   string `json:"name"`
	TwinOf string `json:"twin_of,omitempty"`
	Leak   bool   `json:"leak"`
	Kind   string `json:"kind"` // leak, or why growth is none: warm-up, growth-with-load, batch, step, sawtooth, steady
	About  string `json:"about"`
	build  func(*service)
}

// pair is a leak and the service that shares everything with it until the growth ends.
func pair(leak, twin, kind, about, harmless string, build func(*service)) []scenario {
	return []scenario{
		{Name: leak, Leak: true, Kind: "leak", About: about, build: build},
		{Name: twin, TwinOf: leak, Kind: kind, About: harmless, build: build},
	}
}

func scenarios() []scenario {
	return append(pairs(), append(leaksAlone(), benign()...)...)
}
