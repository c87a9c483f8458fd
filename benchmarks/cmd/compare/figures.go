package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"github.com/gin-jwt-extended/ginjwt/benchmarks/internal/contender"
)

// figureMark is a figure in the prose of a page: its name and the text that stands there.
var figureMark = regexp.MustCompile(`<!-- figure ([\w-]+) -->([^<\n]*)<!-- /figure -->`)

// fill writes all figures into a page.
func fill(text []byte, figures map[string]string) ([]byte, error) {
	var err error
	text = figureMark.ReplaceAllFunc(text, func(mark []byte) []byte {
		name := string(figureMark.FindSubmatch(mark)[1])
		figure, ok := figures[name]
		if !ok {
			err = fmt.Errorf("no figure is called %q", name)
		}
		return fmt.Appendf(nil, "<!-- figure %s -->%s<!-- /figure -->", name, figure)
	})
	return text, err
}

// fillPages writes the figures into the pages in and above the folder of documentation.
func fillPages(docs string, figures map[string]string) error {
	var pages []string
	for _, pattern := range []string{"../README*.md", "*.md", "*/*.md"} {
		found, err := filepath.Glob(filepath.Join(docs, pattern))
		if err != nil {
			return err
		}
		pages = append(pages, found...)
	}
	for _, page := range pages {
		before, err := os.ReadFile(page)
		if err != nil {
			return err
		}
		after, err := fill(before, figures)
		if err != nil {
			return fmt.Errorf("%s: %w", page, err)
		}
		if slices.Equal(before, after) {
			continue
		}
		if err := os.WriteFile(page, after, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// figures are all that pages may say, by name. One that was not measured is missing.
func (r *results) figures() map[string]string {
	figures := map[string]string{}
	say := func(name string, write func(float64) string, a, b cost) {
		if ratio, ok := r.ratio(a, b); ok {
			figures[name] = write(ratio)
		}
	}
	good := cost{name: "Protected/HS256/gin-jwt"}
	say("known-HS256-percent", percent, protectedCost("HS256", ours), protectedCost("HS256", ginJWT))
	say("known-ES256-percent", percent, protectedCost("ES256", ours), protectedCost("ES256", ginJWT))
	say("unknown-HS256-percent", percent, protectedCost("HS256", noHits), protectedCost("HS256", ginJWT))
	say("known-sets", single, protectedCost("HS256", ours), protectedCost("HS256", bareSet))
	say("forged-percent", percent, cost{name: "Forged/HS256/ginjwt"}, good)
	say("expired-percent", percent, cost{name: "Expired/HS256/ginjwt"}, good)
	say("garbage-percent", percent, cost{name: "Hostile/Garbage/ginjwt"}, good)
	say("commas-times", single, cost{name: "Hostile/Commas/ginjwt"}, good)
	say("login-percent", percent, cost{name: "Login/HS256/ginjwt"}, cost{name: "Login/HS256/gin-jwt"})
	say("create-RS256-ES256-times", single, cost{name: "Create/RS256/ginjwt"}, cost{name: "Create/ES256/ginjwt"})
	say("bound-ES256-times", oneDigit, cost{name: "Bound/ES256/ginjwt"}, cost{name: "Bound/ES256/" + contender.Signature})
	say("bound-ES256-percent", percent, cost{name: "Bound/ES256/ginjwt"}, cost{name: "Bound/ES256/" + contender.Auth0})
	say("bound-EdDSA-percent", percent, cost{name: "Bound/EdDSA/ginjwt"}, cost{name: "Bound/EdDSA/" + contender.Auth0})
	say("bound-RS256-percent", percent, cost{name: "Bound/RS256/ginjwt"}, cost{name: "Bound/RS256/" + contender.Auth0})
	for _, c := range []contender.Contender{ours, ginJWT} {
		if ratio, ok := r.ratio(withCollector("GOGC=400", c)); ok {
			figures["gogc-400-"+c.Name+"-percent"] = percent(max(0, 1-ratio))
		}
	}
	for _, c := range []contender.Contender{bareSet, ours, ginJWT} {
		if times, ok := r.timesOneCore("HS256", c); ok {
			figures["cores-"+c.Name] = oneDigit(times)
		}
	}
	return figures
}

// percent writes a ratio in whole percent; less than one percent with a digit more.
func percent(ratio float64) string {
	if ratio < 0.01 {
		return strconv.FormatFloat(100*ratio, 'f', 1, 64)
	}
	return strconv.FormatFloat(100*ratio, 'f', 0, 64)
}

// oneDigit writes a ratio with one digit after the point.
func oneDigit(ratio float64) string { return strconv.FormatFloat(ratio, 'f', 1, 64) }

// single writes a ratio with a single significant digit, and from ten on as a whole number.
func single(ratio float64) string {
	if ratio >= 1 {
		return strconv.FormatFloat(ratio, 'f', 0, 64)
	}
	return oneDigit(ratio)
}
