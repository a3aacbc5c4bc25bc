// A report renderer with an error path that is seldom taken: what could not be rendered is kept "for a retry" that
// nobody wrote. Few lines, but large values: the heap climbs in steps.
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"

	"gctail.example/samples/service"
)

var (
	mutex sync.Mutex
	kept  [][]byte
)

func keepForRetry(rendered []byte) int {
	mutex.Lock()
	defer mutex.Unlock()
	kept = append(kept, rendered)
	return len(kept)
}

func main() {
	sourceKiB := flag.Int("source-kib", 0, "how much of the template's source an error line shows")
	failures := flag.Float64("failures", 1.0/140, "share of requests that fail")
	s := service.Start("report-renderer", service.Facts{
		Leak: true, Kind: "retained-buffers", Verdict: "leak",
		Culprit: &service.Culprit{Message: "render failed, kept for retry", Slot: "report", Field: "kept"},
	})
	source := strings.Repeat(`<tr class="row"><td>{{ .Name }}</td><td>{{ printf "%.2f" .Amount }}</td></tr>`, *sourceKiB*1024/78)

	s.Serve(service.Steady(48), func(request *service.Request) {
		pages := 1 + rand.IntN(40)
		report := fmt.Sprintf("rpt_%s", request.ID)
		if rand.Float64() > *failures {
			if rand.IntN(4) == 0 {
				s.Log(slog.LevelInfo, "report rendered", "report", report, "pages", pages)
			}
			return
		}
		s.Onset()
		rendered := service.Filled((1500 + rand.IntN(3000)) << 10)
		fields := []any{
			"report", report, "template", "quarterly.html", "pages", pages, "bytes", len(rendered),
			"error", "font not embedded", "kept", keepForRetry(rendered),
		}
		if source != "" {
			fields = append(fields, "source", source)
		}
		s.Log(slog.LevelError, "render failed, kept for retry", fields...)
	})
}
