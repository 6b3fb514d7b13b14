// The peer of the instruments' measurements: client_golang, on the same work and measured in the same way.
//
// Prints a line a measurement: its name and nanoseconds an operation (the median of the rounds).
package main

import (
	"bytes"
	"fmt"
	"sort"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/common/expfmt"
)

const rounds = 9

// measure runs `work` with a number of operations, round after round.
func measure(name string, operations int, work func(operations int)) {
	work(operations / 10)
	nanoseconds := make([]float64, rounds)
	for round := range nanoseconds {
		begin := time.Now()
		work(operations)
		nanoseconds[round] = float64(time.Since(begin).Nanoseconds()) / float64(operations)
	}
	sort.Float64s(nanoseconds)
	fmt.Printf("%s %.3f\n", name, nanoseconds[rounds/2])
}

func main() {
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "bench_plain_total", Help: "A counter."})
	family := prometheus.NewCounterVec(
		prometheus.CounterOpts{Name: "bench_requests_total", Help: "Requests."},
		[]string{"method", "route", "code"},
	)
	histogram := prometheus.NewHistogram(prometheus.HistogramOpts{
		Name:    "bench_duration_seconds",
		Help:    "Durations.",
		Buckets: []float64{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10},
	})
	registry.MustRegister(counter, family, histogram)

	measure("increment", 20_000_000, func(operations int) {
		for i := 0; i < operations; i++ {
			counter.Inc()
		}
	})

	methods := []string{"GET", "POST"}
	routes := []string{"/api/v1/projects", "/api/v1/projects/{id}", "/api/v1/agents", "/api/v1/health"}
	codes := []string{"200", "404"}
	measure("lookup", 2_000_000, func(operations int) {
		for i := 0; i < operations; i++ {
			family.WithLabelValues(methods[i&1], routes[(i>>1)&3], codes[(i>>3)&1]).Inc()
		}
	})

	values := make([]float64, 1024)
	for i := range values {
		values[i] = float64((i*7919)%1024) / 512 * 0.1
	}
	measure("observe", 10_000_000, func(operations int) {
		for i := 0; i < operations; i++ {
			histogram.Observe(values[i&1023])
		}
	})

	exposed := prometheus.NewRegistry()
	for f := 0; f < 100; f++ {
		name := "bench_family_" + strconv.Itoa(f) + "_total"
		vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: "One of many families."}, []string{"instance", "shard"})
		exposed.MustRegister(vec)
		for s := 0; s < 100; s++ {
			vec.WithLabelValues("host-"+strconv.Itoa(s/10), strconv.Itoa(s)).Add(float64(f*100+s) + 0.25*float64(s&1))
		}
	}
	var page bytes.Buffer
	measure("exposition", 20, func(operations int) {
		for i := 0; i < operations; i++ {
			page.Reset()
			families, err := exposed.Gather()
			if err != nil {
				panic(err)
			}
			encoder := expfmt.NewEncoder(&page, expfmt.FmtText)
			for _, family := range families {
				if err := encoder.Encode(family); err != nil {
					panic(err)
				}
			}
		}
	})
	fmt.Printf("# page bytes %d\n", page.Len())
}
