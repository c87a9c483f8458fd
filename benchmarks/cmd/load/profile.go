package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/pprof/profile"
)

// Parts of the server's processor time.
const (
	kernel    = "system calls"
	collector = "garbage collector"
	stacks    = "growth of stacks"
	library   = "JWT library"
	handler   = "Gin and the handler"
	netHTTP   = "net/http"
	rest      = "rest of the runtime"
)

var parts = []string{kernel, netHTTP, handler, library, stacks, collector, rest}

// profiled are the scenes of the profiles.
func profiled() (some []scene) {
	for _, protocol := range protocols {
		some = append(some, scene{protocol, algorithms[0], concurrencies[1]})
	}
	return some
}

// profileAll profiles all servers of one algorithm under load.
func (r *results) profileAll(ctx context.Context, servers map[string][]*server, limits settings) error {
	limits.time = limits.profile
	for _, scene := range profiled() {
		for _, s := range servers[scene.algorithm] {
			shares, err := s.profile(ctx, scene, limits)
			if err != nil {
				return fmt.Errorf("%s: %w", scene.of(s.name), err)
			}
			r.Profiles[scene.of(s.name)] = shares
		}
	}
	return nil
}

// profile returns the shares of all parts.
func (s *server) profile(ctx context.Context, scene scene, limits settings) (map[string]float64, error) {
	var none any
	if err := s.ask(askProfile, &none); err != nil {
		return nil, err
	}
	if _, err := s.load(ctx, scene, limits); err != nil {
		return nil, err
	}
	var data []byte
	if err := s.ask(askEnd, &data); err != nil {
		return nil, err
	}
	p, err := profile.ParseData(data)
	if err != nil {
		return nil, err
	}
	return shares(p), nil
}

func shares(p *profile.Profile) map[string]float64 {
	shares, all := map[string]float64{}, 0.0
	for _, sample := range p.Sample {
		n := float64(sample.Value[0])
		shares[partOf(stack(sample))] += n
		all += n
	}
	for part := range shares {
		shares[part] /= all
	}
	return shares
}

// stack returns the names of functions, the innermost first.
func stack(sample *profile.Sample) (functions []string) {
	for _, location := range sample.Location {
		for _, line := range location.Line {
			functions = append(functions, line.Function.Name)
		}
	}
	return functions
}

// What functions belong to each part, by the beginning of their names.
var (
	ofKernel    = []string{"internal/runtime/syscall", "syscall.", "runtime.futex"}
	ofCollector = []string{"runtime.gcBgMarkWorker", "runtime.gcAssistAlloc", "runtime.gcStart", "runtime.bgsweep", "runtime.bgscavenge", "runtime.deductSweepCredit"}
	ofStacks    = []string{"runtime.newstack", "runtime.morestack"}
	ofBenchmark = []string{"github.com/gin-jwt-extended/ginjwt/benchmarks/"}
	ofLibrary   = []string{"github.com/gin-jwt-extended/ginjwt", "github.com/appleboy/gin-jwt", "github.com/golang-jwt/jwt"}
	ofGin       = []string{"github.com/gin-gonic/gin"}
	ofNetHTTP   = []string{"net/http."}
)

// partOf returns the part to which a stack belongs. What a library calls is its own cost,
// except for the handler behind it.
func partOf(stack []string) string {
	if len(stack) > 0 && is(stack[0], ofKernel) {
		return kernel
	}
	if anyOf(stack, ofCollector) {
		return collector
	}
	if anyOf(stack, ofStacks) {
		return stacks
	}
	for _, function := range stack {
		if is(function, ofBenchmark) {
			return handler
		}
		if is(function, ofLibrary) {
			return library
		}
	}
	if anyOf(stack, ofGin) {
		return handler
	}
	if anyOf(stack, ofNetHTTP) {
		return netHTTP
	}
	return rest
}

func is(function string, of []string) bool {
	return slices.ContainsFunc(of, func(prefix string) bool { return strings.HasPrefix(function, prefix) })
}

func anyOf(stack, of []string) bool {
	return slices.ContainsFunc(stack, func(function string) bool { return is(function, of) })
}
