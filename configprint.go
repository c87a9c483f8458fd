package ginjwt

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
)

// String describes c with its secrets left out.
func (c Config) String() string {
	var b strings.Builder
	b.WriteString("ginjwt.Config{")
	v := reflect.ValueOf(c)
	for i := range v.NumField() {
		name, field := v.Type().Field(i).Name, v.Field(i)
		if field.IsZero() {
			continue
		}
		if b.Len() > len("ginjwt.Config{") {
			b.WriteString(", ")
		}
		switch name {
		case "SecretKey", "PrivateKey":
			fmt.Fprintf(&b, "%s: [redacted]", name)
		case "Issuers":
			fmt.Fprintf(&b, "Issuers: %v", c.Issuers)
		case "Blocklist", "Once", "Sessions", "Observer":
			fmt.Fprintf(&b, "%s: %T", name, field.Interface())
		case "Now", "IssuerResolver":
			b.WriteString(name + ": set")
		default:
			fmt.Fprintf(&b, "%s: %#v", name, field.Interface())
		}
	}
	b.WriteString("}")
	return b.String()
}

// GoString is String, for %#v.
func (c Config) GoString() string { return c.String() }

// Format prints String whatever the verb, so that none shows a secret.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue is String, for log/slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
