package main

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRelative(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		after time.Duration
		want  string
	}{
		{0, "now"},
		{900 * time.Millisecond, "now"},
		{time.Second, "in 1 second"},
		{-time.Second, "1 second ago"},
		{119 * time.Second, "in 119 seconds"},
		{4 * time.Minute, "in 4 minutes"},
		{time.Minute, "in 1 minute"},
		{time.Hour, "in 1 hour"},
		{90 * time.Minute, "in 90 minutes"},
		{-47 * time.Hour, "47 hours ago"},
		{-3 * day, "3 days ago"},
		{365 * day, "in 1 year"},
		{400 * day, "in 400 days"},
		{-5 * 365 * day, "5 years ago"},
	} {
		assert.Equal(t, test.want, relative(noon.Add(test.after), noon), "%s", test.after)
	}
	assert.Equal(t, "in 15 minutes", relative(noon.Add(15*time.Minute), noon.Add(700*time.Millisecond)))
}

func TestParseLength(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"15m": 15 * time.Minute, "1h30m": 90 * time.Minute, "31d": 31 * day, "2w": 14 * day,
		"1w2d": 9 * day, "1d12h": 36 * time.Hour, "90s": 90 * time.Second, "0": 0, "1.5s": 1500 * time.Millisecond,
	} {
		got, err := parseLength(text)
		assert.NoError(t, err, text)
		assert.Equal(t, want, got, text)
	}
	for _, text := range []string{"", "d", "1x", "-1d", "31 d", "1d1d", "99999999999d", "1d5", "soon"} {
		_, err := parseLength(text)
		assert.EqualError(t, err, "must be a duration, such as 15m, 12h, 31d or 2w", text)
	}
}

// A number without a unit is refused: users mean seconds or minutes.
func TestLengthsNeedAUnit(t *testing.T) {
	t.Parallel()
	for args, flag := range map[string]string{
		"key rotate ./k --activate-in 5": "--activate-in", "key rotate ./k --retire-after 5": "--retire-after", "mint -s a --expires 5": "--expires",
		"mint -s a --fresh-for 5": "--fresh-for", "verify --fresh-within 5": "--fresh-within", "key new --not-after +5": "--not-after", "inspect --at -5": "--at",
	} {
		r := newUser(t).run("", strings.Fields(args)...)
		assert.Equal(t, 64, r.status, args)
		assert.True(t, strings.HasPrefix(r.err, "ginjwt: "+flag+": needs a unit: 5s, 5m, 5h or 5d\n"), "%s: %s", args, r.err)
	}
}

func TestParseWhen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Time{
		"now":                     noon,
		"+24h":                    noon.Add(day),
		"+31d":                    noon.Add(31 * day),
		"-1h":                     noon.Add(-time.Hour),
		"2026-12-01":              time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
		"2026-12-01T08:30":        time.Date(2026, 12, 1, 8, 30, 0, 0, time.UTC),
		"2026-12-01 08:30:15 UTC": time.Date(2026, 12, 1, 8, 30, 15, 0, time.UTC),
		"2026-12-01T08:30:00Z":    time.Date(2026, 12, 1, 8, 30, 0, 0, time.UTC),
		"1795240800":              time.Unix(1795240800, 0),
	} {
		got, err := parseWhen(text, noon)
		assert.NoError(t, err, text)
		assert.True(t, want.Equal(got), "%s: %s", text, got)
	}
	for text, message := range map[string]string{
		"24h":        "write +24h for a time from now on",
		"tomorrow":   "write +24h, 2026-12-01 or 2026-12-01T08:00:00Z",
		"":           "write +24h, 2026-12-01 or 2026-12-01T08:00:00Z",
		"+":          "write +24h, 2026-12-01 or 2026-12-01T08:00:00Z",
		"--1h":       "write +24h, 2026-12-01 or 2026-12-01T08:00:00Z",
		"2026-13-01": "write +24h, 2026-12-01 or 2026-12-01T08:00:00Z",
	} {
		_, err := parseWhen(text, noon)
		assert.EqualError(t, err, message, text)
	}
}

func TestFlagsForTimes(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{0: "", time.Hour: "1h", 31 * day: "31d", 90 * time.Second: "1m30s", 10 * time.Minute: "10m"} {
		l := length(d)
		assert.Equal(t, want, l.String())
	}
	var l length
	assert.EqualError(t, l.Set("-1h"), "must not be negative")
	var lives lifetime
	assert.EqualError(t, lives.Set("1ms"), "must be at least a second, or never")
}
