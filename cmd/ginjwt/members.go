package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// member is one name and value of a JSON object.
type member struct {
	name  string
	value json.RawMessage
}

// object has the members of a JSON object in their order, including duplicates.
type object []member

// get returns the last value of a name, as most JSON parsers do.
func (o object) get(name string) (value json.RawMessage, ok bool) {
	for _, m := range o {
		if m.name == name {
			value, ok = m.value, true
		}
	}
	return value, ok
}

// text returns the value of a name if it is a string.
func (o object) text(name string) string {
	var s string
	value, _ := o.get(name)
	if json.Unmarshal(value, &s) != nil {
		return ""
	}
	return s
}

// with returns a copy of o with a member set: in its old place, or at the end.
func (o object) with(name string, value any) object {
	raw, err := json.Marshal(value)
	if err != nil {
		panic(err) // callers pass only numbers, strings and JSON
	}
	changed := object{}
	found := false
	for _, m := range o {
		if m.name == name {
			m.value, found = raw, true
		}
		changed = append(changed, m)
	}
	if !found {
		changed = append(changed, member{name, raw})
	}
	return changed
}

// without returns a copy of o without the members of a name.
func (o object) without(name string) object {
	kept := object{}
	for _, m := range o {
		if m.name != name {
			kept = append(kept, m)
		}
	}
	return kept
}

// MarshalJSON writes the members in their order, and null for a nil object.
func (o object) MarshalJSON() ([]byte, error) {
	if o == nil {
		return []byte("null"), nil
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// parseObject reads a JSON object. With an error it returns the members before
// the place where the text breaks.
func parseObject(text []byte) (object, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	first, err := d.Token()
	if err != nil {
		return nil, brokenJSON(text)
	}
	if first != json.Delim('{') {
		return nil, errors.New("is JSON, but not an object")
	}
	o := object{}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return o, brokenJSON(text)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return o, brokenJSON(text)
		}
		o = append(o, member{name.(string), value})
	}
	if _, err := d.Token(); err != nil {
		return o, brokenJSON(text)
	}
	if rest := bytes.TrimSpace(text[d.InputOffset():]); len(rest) > 0 {
		return o, fmt.Errorf("has text after its end, at byte %d", d.InputOffset()+1)
	}
	if !utf8.Valid(text) {
		return o, errors.New("is not UTF-8")
	}
	return o, nil
}

// brokenJSON says where text stops being JSON.
func brokenJSON(text []byte) error {
	var syntax *json.SyntaxError
	var v any
	switch err := json.Unmarshal(text, &v); {
	case !errors.As(err, &syntax):
		return errors.New("is not JSON")
	case syntax.Offset >= int64(len(text)) && strings.Contains(syntax.Error(), "unexpected end"):
		return fmt.Errorf("is JSON that ends too early, at byte %d", len(text)+1)
	}
	return fmt.Errorf("is not JSON from byte %d on", syntax.Offset)
}
