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

var errEmptyValue = errors.New("is empty; set a value or remove it")

// The functions below return the reader of one kind of value, for the field of Config
// that they fill.

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

// no reads a flag whose field means the opposite.
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
			return fmt.Errorf("is out of range: a number must be between %d and %d", math.MinInt, math.MaxInt)
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
			return errors.New(`is less than a second; a number without a unit means seconds: write the unit, such as "15m" or "30d"`)
		}
		return nil
	}
}

// maxDays is the most that a Go duration can hold.
const maxDays = int64(math.MaxInt64 / (24 * time.Hour))

// parseDuration reads seconds, days or a Go duration. It refuses negative durations,
// because -1ns would be NeverExpires.
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
	// If the value is valid with all digits zero, only its number is out of range.
	_, err = readDuration(strings.Map(zeroDigit, value))
	switch {
	case err != nil:
		return 0, errors.New(`must be seconds, or a duration such as "15m" or "30d"`)
	case strings.HasPrefix(value, "-"):
		return 0, errors.New("must not be negative")
	}
	return 0, fmt.Errorf("is too large: a duration may have at most %d days (292 years)", maxDays)
}

func readDuration(value string) (time.Duration, error) {
	if days, ok := strings.CutSuffix(value, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 64)
		if n > uint64(maxDays) {
			err = strconv.ErrRange
		}
		return time.Duration(n) * 24 * time.Hour, err
	}
	if value != strings.TrimRight(value, "0123456789.") { // no unit: without this test, "m" would become "ms"
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
			return nil, errors.New("is not a JSON array of strings; separate the values by commas, or write JSON with double quotes")
		}
	} else {
		for v := range strings.SplitSeq(value, ",") {
			values = append(values, strings.TrimSpace(v))
		}
	}
	for _, v := range values {
		if v == "" {
			return nil, errors.New("contains an empty value")
		}
		if strings.ContainsRune(`'"(`, rune(v[0])) {
			return nil, errors.New("has quotes or brackets around its values; remove them and separate the values by commas")
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

// setCSRFMethods reads a list. It refuses an empty list, which means "no method" in
// Flask-JWT-Extended and the default in Config.
func setCSRFMethods(c *Config, value string) error {
	err := list(func(c *Config) *[]string { return &c.CSRFMethods })(c, value)
	if errors.Is(err, errEmptyValue) {
		return errors.New("is an empty list, which means no method in Flask-JWT-Extended; write JWT_COOKIE_CSRF_PROTECT=false for no method, or remove it for the default")
	}
	return err
}

// pythonList matches a Python tuple or set of strings.
var pythonList = regexp.MustCompile(`^[({]\s*["']`)

var errPythonList = errors.New(`is a Python tuple or set; write ["a","b"]`)

// setIssuers reads one issuer, which may contain any character, or a JSON array.
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

// audience reads one audience, which may contain spaces, or a JSON array. It refuses a
// comma outside an array: a wrong guess would accept tokens for others, or none at all.
func audience(field func(*Config) *[]string) func(*Config, string) error {
	return func(c *Config, value string) (err error) {
		switch {
		case strings.HasPrefix(value, "["):
			*field(c), err = parseTexts(value)
		case pythonList.MatchString(value):
			return errPythonList
		case strings.Contains(value, ","):
			return errors.New(`contains a comma; write ["a","b"] for two audiences, or ["a,b"] for one audience with a comma`)
		case value == "":
			return errEmptyValue
		default:
			*field(c) = []string{value}
		}
		return err
	}
}

// parseTexts reads a JSON array. Its values may contain commas.
func parseTexts(value string) ([]string, error) {
	if json.Unmarshal([]byte(value), new([]string)) != nil {
		return nil, errors.New(`is not a JSON array of strings; write the values in double quotes, such as ["a","b"]`)
	}
	return parseList(value)
}

// setGrace reads a duration, or "false" for no grace period.
func setGrace(c *Config, value string) error {
	if strings.EqualFold(value, "false") {
		c.SessionGrace = -1
		return nil
	}
	return duration(func(c *Config) *time.Duration { return &c.SessionGrace })(c, value)
}

// setHeaderType refuses "None": in Python it means no scheme, not a scheme of that name.
func setHeaderType(c *Config, value string) error {
	if slices.Contains(nothing, value) {
		return fmt.Errorf("is the string %q, which is not a scheme; leave the value empty if the header contains the token alone, or remove the variable for Bearer", value)
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

// maxFile is the most bytes that a file with a key or a secret may have.
const maxFile = 1 << 20

// secretInFile reads a secret from a file, as Docker and Kubernetes provide it, without
// the line break at its end.
func secretInFile(set func(*Config, string) error) func(*Config, string) error {
	return inFile(func(c *Config, value string) error {
		return set(c, oddtext.CutLineEnd(value))
	})
}

// inFile reads a value from a file. It keeps every byte, because a key may be binary.
func inFile(set func(*Config, string) error) func(*Config, string) error {
	return func(c *Config, path string) error {
		switch {
		case path == "":
			return errEmptyValue
		case strings.Contains(path, "-----BEGIN ") || strings.HasPrefix(strings.TrimSpace(path), "{"):
			return errors.New("contains the key itself, not the path of a file; use the setting without _FILE, or write the key to a file")
		}
		value, err := readFile(path)
		if err != nil {
			return err
		}
		return set(c, value)
	}
}

// readFile reads a file. Its errors do not show the path, which may be the secret itself
// by mistake.
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
	return errors.New("it does not exist, or cannot be read")
}
