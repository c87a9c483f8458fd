package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
)

const day = 24 * time.Hour

// stamp formats a time for people.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

// relative says when t is: "in 4 minutes", "3 days ago".
func relative(t, now time.Time) string {
	d := t.Truncate(time.Second).Sub(now.Truncate(time.Second))
	switch {
	case d == 0:
		return "now"
	case d < 0:
		return human(-d) + " ago"
	}
	return "in " + human(d)
}

// human formats a duration in the largest unit of which it has at least two.
func human(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{365 * day, "year"}, {day, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		n := int64(d / unit.length)
		switch {
		case n == 1 && d%unit.length == 0:
			return "1 " + unit.name
		case n >= 2:
			return strconv.FormatInt(n, 10) + " " + unit.name + "s"
		}
	}
	return strconv.FormatInt(int64(d/time.Second), 10) + " seconds"
}

var errNoUnit = errors.New("needs a unit")

// parseLength reads "15m", "1h30m", "31d" or "2w". It refuses a number without a unit: it
// means seconds in the settings, and many users who type it mean minutes.
func parseLength(text string) (time.Duration, error) {
	wrong := errors.New(`must be a duration, such as 15m, 12h, 31d or 2w`)
	if d, err := time.ParseDuration(text); err == nil {
		return d, nil
	}
	var total time.Duration
	rest := text
	for _, unit := range []struct {
		letter string
		length time.Duration
	}{{"w", 7 * day}, {"d", day}} {
		number, after, found := strings.Cut(rest, unit.letter)
		if !found {
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || n > 100*366 {
			return 0, wrong
		}
		total += time.Duration(n) * unit.length
		rest = after
	}
	if total > 0 && rest == "" {
		return total, nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil && strings.Trim(text, "0123456789.") == "" {
		return 0, fmt.Errorf("%[1]w: %[2]ss, %[2]sm, %[2]sh or %[2]sd", errNoUnit, text)
	}
	d, err := time.ParseDuration(rest)
	if err != nil {
		return 0, wrong
	}
	return total + d, nil
}

// length is a flag for a duration.
type length time.Duration

func (l *length) String() string {
	if *l == 0 {
		return ""
	}
	d := time.Duration(*l)
	if d%day == 0 {
		return strconv.Itoa(int(d/day)) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (l *length) Type() string { return "time" }

func (l *length) Set(text string) error {
	d, err := parseLength(text)
	if err == nil && d < 0 {
		err = errors.New("must not be negative")
	}
	*l = length(d)
	return err
}

// lifetime is a flag for the lifetime of a token.
type lifetime time.Duration

func (l *lifetime) String() string { return "" }
func (l *lifetime) Type() string   { return "time" }

func (l *lifetime) Set(text string) error {
	if text == "never" || text == "false" {
		*l = lifetime(ginjwt.NeverExpires)
		return nil
	}
	d, err := parseLength(text)
	if err == nil && d < time.Second {
		err = errors.New("must be at least a second, or never")
	}
	*l = lifetime(d)
	return err
}

// moment is a flag for a time: relative to now, or a date in UTC.
type moment struct {
	time.Time
	now func() time.Time
}

func (m *moment) String() string { return "" }
func (m *moment) Type() string   { return "when" }

func (m *moment) Set(text string) (err error) {
	m.Time, err = parseWhen(text, m.now())
	return err
}

// pretend sets the clock to the time of the flag, if it is given.
func (a *app) pretend(at moment) {
	if !at.IsZero() {
		a.now = func() time.Time { return at.Time }
	}
}

// parseWhen reads "now", "+24h", "-3d", "2026-12-01", RFC 3339, or Unix seconds.
func parseWhen(text string, now time.Time) (time.Time, error) {
	if text == "now" {
		return now, nil
	}
	if sign := text[:min(1, len(text))]; sign == "+" || sign == "-" {
		d, err := parseLength(text[1:])
		if errors.Is(err, errNoUnit) {
			return time.Time{}, err
		}
		if err != nil || d < 0 {
			return time.Time{}, errWhen(text)
		}
		if sign == "-" {
			d = -d
		}
		return now.Add(d), nil
	}
	for _, layout := range []string{"2006-01-02", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02 15:04:05", "2006-01-02 15:04:05 UTC", time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil && seconds > 1e8 && seconds < 253402300800 {
		return time.Unix(seconds, 0), nil
	}
	return time.Time{}, errWhen(text)
}

func errWhen(text string) error {
	if _, err := parseLength(text); err == nil {
		return fmt.Errorf("write +%s for a time from now on", text)
	}
	return errors.New("write +24h, 2026-12-01 or 2026-12-01T08:00:00Z")
}
