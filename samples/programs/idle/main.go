// A status page that hardly anybody looks at. So little happens that the runtime itself has to start a collection
// every two minutes.
package main

import "gctail.example/samples/service"

func main() {
	s := service.Start("status-page", service.Facts{Leak: false, Kind: "idle", Verdict: "steady"})
	service.SetGarbage(24)
	service.Filled(6 << 20) // the page's templates, read once: enough for a first collection
	s.Serve(service.Steady(0.7), func(*service.Request) {})
}
