package ginjwt

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"strings"
)

// String describes c without its secrets. Fields with their zero value are left out.
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
		case "SecretKey", "PrivateKey", "DPoPNonceSecret", "DPoPNonceOtherSecret":
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

// GoString returns String, for the verb %#v.
func (c Config) GoString() string { return c.String() }

// Format prints String for every verb, so that no verb shows a secret.
func (c Config) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, c.String()) }

// LogValue returns String, for log/slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }
