package ginjwt_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	// docFigure is a figure in prose that benchmarks/cmd/compare writes: its name and text.
	docFigure = regexp.MustCompile(`<!-- figure ([\w-]+) -->([^<\n]*)<!-- /figure -->`)
	// docGenerated is a part of a page that a program writes.
	docGenerated = regexp.MustCompile(`(?s)<!-- [\w ]+ -->\n.*?<!-- /[\w ]+ -->`)
	// docRatio is a comparison in numbers.
	docRatio = regexp.MustCompile(`(?i)\d ?%|×|\b(twice|half|third|quarter|fifth|tenth|\d+ times)\b|분의|배 |倍|分之`)
)

// Figures about speed in prose are those of the last run of the benchmarks.
func TestFiguresInDocsAreMeasured(t *testing.T) {
	t.Parallel()
	var results struct {
		Figures map[string]string `json:"figures"`
	}
	require.NoError(t, json.Unmarshal([]byte(docRead(t, "docs/performance/results.json")), &results))
	require.NotEmpty(t, results.Figures)
	unused := maps.Clone(results.Figures)
	for _, page := range docPages(t) {
		for _, figure := range docFigure.FindAllStringSubmatch(docRead(t, page), -1) {
			assert.Equal(t, results.Figures[figure[1]], figure[2], "%s: figure %s", page, figure[1])
			delete(unused, figure[1])
		}
	}
	assert.Empty(t, unused, "no page has these figures")
}

// A page that names a peer has no figure that was typed by hand.
func TestNoFigureAboutPeersIsTyped(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"README.md", "README.ko.md", "README.zh-CN.md", "docs/performance.md",
		"docs/from-gin-jwt.md", "docs/from-other-libraries.md"} {
		text := docGenerated.ReplaceAllString(docRead(t, page), "")
		text = docFigure.ReplaceAllString(text, "")
		for paragraph := range strings.SplitSeq(text, "\n") {
			if namesPeer(paragraph) {
				assert.NotRegexp(t, docRatio, paragraph, page)
			}
		}
	}
	for _, typed := range []string{"takes a tenth of the time of gin-jwt", "is 6 % of golang-jwt", "gin-jwt의 약 10분의 1", "gin-jwt 的十分之一"} {
		assert.True(t, namesPeer(typed), typed)
		assert.Regexp(t, docRatio, typed)
	}
}

func namesPeer(text string) bool {
	return slices.ContainsFunc([]string{"gin-jwt", "golang-jwt", "bare handler"}, func(peer string) bool {
		return strings.Contains(text, peer)
	})
}

// Each README has the figure, in its language.
func TestReadmesHaveTheFigure(t *testing.T) {
	t.Parallel()
	for _, page := range []string{"README.md", "README.ko.md", "README.zh-CN.md"} {
		figures := docFigure.FindAllStringSubmatch(docRead(t, page), -1)
		require.Len(t, figures, 1, page)
		assert.Equal(t, "known-HS256-percent", figures[0][1], page)
	}
}
