package ginjwt

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt/internal/oddtext"
)

var errEmptyValue = errors.New("is set, but empty; give a value or remove it")

func text(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		if value == "" {
			return errEmptyValue
		}
		*field(c) = value
		return nil
	}
}

func maybeEmpty(field func(*Config) *string) func(*Config, string) error {
	return func(c *Config, value string) error {
		*field(c) = value
		return nil
	}
}

func yes(field func(*Config) *bool) func(*Config, string) error {
	return func(c *Config, value string) error {
		b, err := strconv.ParseBool(value)
		if value == "" {
			return errEmptyValue
		}
		if err != nil {
			return errors.New("must be true or false")
		}
		*field(c) = b
		return nil
	}
}

// no reads a flag whose field says the opposite.
func no(field func(*Config) *bool) func(*Config, string) error {
	set := yes(field)
	return func(c *Config, value string) error {
		err := set(c, value)
		*field(c) = err == nil && !*field(c)
		return err
	}
}

func number(field func(*Config) *int) func(*Config, string) error {
	return func(c *Config, value string) error {
		n, err := strconv.Atoi(value)
		if value == "" {
			return errEmptyValue
		}
		if errors.Is(err, strconv.ErrRange) {
			return fmt.Errorf("is too large or too small: numbers are between %d and %d", math.MinInt, math.MaxInt)
		}
		if err != nil {
			return errors.New("must be a whole number")
		}
		*field(c) = n
		return nil
	}
}

func duration(field func(*Config) *time.Duration) func(*Config, string) error {
	return func(c *Config, value string) error {
		d, err := parseDuration(value)
		if err != nil {
			return err
		}
		*field(c) = d
		return nil
	}
}

func lifetime(field func(*Config) *time.Duration) func(*Config, string) error {
	set := duration(field)
	return func(c *Config, value string) error {
		if strings.EqualFold(value, "false") {
			*field(c) = NeverExpires
			return nil
		}
		if err := set(c, value); err != nil {
			return err
		}
		if d := *field(c); 0 < d && d < time.Second {
			return errors.New(`is less than a second; a number without a unit is seconds: write the unit, such as "15m" or "30d"`)
		}
		return nil
	}
}

// maxDays is what a duration of Go can hold.
const maxDays = int64(math.MaxInt64 / (24 * time.Hour))

// parseDuration reads seconds, days or a Go duration. It takes no negative ones:
// -1ns would be NeverExpires.
func parseDuration(value string) (time.Duration, error) {
	if value == "" {
		return 0, errEmptyValue
	}
	d, err := readDuration(value)
	switch {
	case err == nil && d < 0:
		return 0, errors.New("must not be negative")
	case err == nil:
		return d, nil
	}
	// The same with all digits zero is one, so it is the number that is wrong.
	_, err = readDuration(strings.Map(zeroDigit, value))
	switch {
	case err != nil:
		return 0, errors.New(`must be seconds, or a duration such as "15m" or "30d"`)
	case strings.HasPrefix(value, "-"):
		return 0, errors.New("must not be negative")
	}
	return 0, fmt.Errorf("is too large: durations have at most %d days (292 years)", maxDays)
}

func readDuration(value string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(value, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 64)
		if n > uint64(maxDays) {
			err = strconv.ErrRange
		}
		return time.Duration(n) * 24 * time.Hour, err
	}
	if value != strings.TrimRight(value, "0123456789.") { // not after a unit: "m" is no "ms"
		value += "s"
	}
	return time.ParseDuration(value)
}

func zeroDigit(r rune) rune {
	if '0' <= r && r <= '9' {
		return '0'
	}
	return r
}

func list(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, value string) error {
		values, err := parseList(value)
		if err != nil {
			return err
		}
		*field(c) = values
		return nil
	}
}

func parseList(value string) ([]string, error) {
	var values []string
	if strings.HasPrefix(strings.TrimSpace(value), "[") {
		if err := json.Unmarshal([]byte(value), &values); err != nil {
			return nil, errors.New("is no JSON array of strings; write the values with commas between them, or as JSON, in double quotes")
		}
	} else {
		for v := range strings.SplitSeq(value, ",") {
			values = append(values, strings.TrimSpace(v))
		}
	}
	for _, v := range values {
		if v == "" {
			return nil, errors.New("holds an empty value")
		}
		if strings.ContainsRune(`'"(`, rune(v[0])) {
			return nil, errors.New("has quotes or brackets around its values; write them without, with commas between them")
		}
	}
	if len(values) == 0 {
		return nil, errEmptyValue
	}
	return values, nil
}

func setLocations(c *Config, value string) error {
	values, err := parseList(value)
	if err != nil {
		return err
	}
	c.TokenLocation = nil
	for _, v := range values {
		c.TokenLocation = append(c.TokenLocation, Location(v))
	}
	return nil
}

// setCSRFMethods reads a list that Python may leave empty, and we may not.
func setCSRFMethods(c *Config, value string) error {
	err := list(func(c *Config) *[]string { return &c.CSRFMethods })(c, value)
	if errors.Is(err, errEmptyValue) {
		return errors.New("is an empty list, which stands for no method in Flask-JWT-Extended; write JWT_COOKIE_CSRF_PROTECT=false for that, or remove it for the default")
	}
	return err
}

// pythonList matches a tuple or a set of texts in Python.
var pythonList = regexp.MustCompile(`^[({]\s*["']`)

var errPythonList = errors.New(`is a tuple or a set of Python; write ["a","b"]`)

// setIssuers reads one issuer, whatever characters it has, or a JSON array.
func setIssuers(c *Config, value string) error {
	if pythonList.MatchString(value) {
		return errPythonList
	}
	if !strings.HasPrefix(value, "[") {
		return text(func(c *Config) *string { return &c.DecodeIssuer })(c, value)
	}
	values, err := parseTexts(value)
	if err != nil {
		return err
	}
	c.DecodeIssuer, c.DecodeIssuers = values[0], values[1:]
	return nil
}

// audience reads one audience, whatever blanks it has, or a JSON array. A comma may be
// meant either way: a token for others would pass, or none would.
func audience(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, value string) (err error) {
		switch {
		case strings.HasPrefix(value, "["):
			*field(c), err = parseTexts(value)
		case pythonList.MatchString(value):
			return errPythonList
		case strings.Contains(value, ","):
			return errors.New(`holds a comma; write ["a","b"] for two audiences, and ["a,b"] for one with a comma in it`)
		case value == "":
			return errEmptyValue
		default:
			*field(c) = []string{value}
		}
		return err
	}
}

// parseTexts reads a JSON array where commas may be a part of the values.
func parseTexts(value string) ([]string, error) {
	if json.Unmarshal([]byte(value), new([]string)) != nil {
		return nil, errors.New(`is no JSON array of strings; write them in double quotes, such as ["a","b"]`)
	}
	return parseList(value)
}

// setGrace reads a duration, or "false", for none.
func setGrace(c *Config, value string) error {
	if strings.EqualFold(value, "false") {
		c.SessionGrace = -1
		return nil
	}
	return duration(func(c *Config) *time.Duration { return &c.SessionGrace })(c, value)
}

// setHeaderType takes no "None": Python's None is no scheme of that name, but no scheme.
func setHeaderType(c *Config, value string) error {
	if slices.Contains(nothing, value) {
		return fmt.Errorf("is the text %q, which is no scheme; leave the value empty if the header holds the token alone, or remove the variable for Bearer", value)
	}
	c.HeaderType = value
	c.DisableHeaderType = value == ""
	return nil
}

func setSameSite(c *Config, value string) error {
	switch strings.ToLower(value) {
	case "lax":
		c.CookieSameSite = http.SameSiteLaxMode
	case "strict":
		c.CookieSameSite = http.SameSiteStrictMode
	case "none":
		c.CookieSameSite = http.SameSiteNoneMode
	case "default":
		c.CookieSameSite = http.SameSiteDefaultMode
	case "":
		return errEmptyValue
	default:
		return errors.New("must be Lax, Strict, None or Default")
	}
	return nil
}

// maxFile bounds a file with a key or a secret.
const maxFile = 1 << 20

// secretInFile reads a secret from a file, as Docker and Kubernetes hand out secrets,
// without the line break at its end.
func secretInFile(set func(*Config, string) error) func(*Config, string) error {
	return inFile(func(c *Config, value string) error {
		return set(c, oddtext.CutLineEnd(value))
	})
}

// inFile reads a value from a file, every byte of it: a key may be binary.
func inFile(set func(*Config, string) error) func(*Config, string) error {
	return func(c *Config, path string) error {
		switch {
		case path == "":
			return errEmptyValue
		case strings.Contains(path, "-----BEGIN ") || strings.HasPrefix(strings.TrimSpace(path), "{"):
			return errors.New("holds the key itself, not the path of a file; use the setting without _FILE, or write the key to a file")
		}
		value, err := readFile(path)
		if err != nil {
			return err
		}
		return set(c, value)
	}
}

// readFile names no path in its errors: what stands there by mistake may be the
// secret itself.
func readFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the file cannot be opened: %w", causeOf(err))
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("the file cannot be read: %w", causeOf(err))
	case len(text) > maxFile:
		return "", fmt.Errorf("the file has more than %d bytes", maxFile)
	case len(text) == 0:
		return "", errors.New("the file is empty")
	}
	return string(text), nil
}

// causeOf returns err without the path in it.
func causeOf(err error) error {
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return inPath.Err
	}
	return errors.New("it is not there, or not to be read")
}
