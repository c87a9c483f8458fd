package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// loose has the parts of a token as far as they can be read, even if a service would
// refuse the token.
type loose struct {
	text           string
	header, claims object
	signature      []byte
	texts          map[string]string // of parts that are not JSON: "header", "payload"
	problems       []string          // what is broken, in the order of the token
	complete       bool              // header and claims were read to their end
}

// takeApart reads as much of a token as possible.
func takeApart(text string) loose {
	t := loose{text: text, texts: map[string]string{}}
	if fields := strings.Fields(text); len(fields) > 1 {
		t.text = strings.Join(fields, "")
		t.problem("it has blanks or line breaks, which are left out here")
	}
	parts := strings.Split(t.text, ".")
	switch n := len(parts); {
	case n == 1:
		t.problem("it has no dot: a token has three parts, separated by dots")
	case n == 2:
		t.problem("it has 2 parts, not 3: the signature is missing; was it cut off?")
	case n == 5:
		t.problem("it has 5 parts: an encrypted token (JWE), which only its receiver can read")
	case n != 3:
		t.problem("it has %d parts, not 3", n)
	}
	headerOK, claimsOK := false, false
	t.header, headerOK = t.object("header", parts[0])
	if n := len(parts); n > 1 && n != 5 {
		t.claims, claimsOK = t.object("payload", parts[1])
	}
	if n := len(parts); n == 3 || n == 4 {
		var err error
		t.signature, err = decodeLoosely(parts[2])
		if err != nil {
			t.problem("the signature %s", err)
		}
	}
	t.complete = headerOK && claimsOK
	return t
}

// signed returns the signed part of the token.
func (t loose) signed() string { return t.text[:max(0, strings.LastIndexByte(t.text, '.'))] }

func (t *loose) problem(format string, args ...any) {
	t.problems = append(t.problems, fmt.Sprintf(format, args...))
}

// object reads the header or the payload.
func (t *loose) object(name, part string) (o object, ok bool) {
	text, err := decodeLoosely(part)
	if len(text) == 0 && err == nil {
		err = errors.New("is empty")
	}
	o, jsonErr := parseObject(text)
	var cut cutOff
	cutInJSON := errors.Is(err, errStrayBits) && jsonErr != nil
	if err != nil && !cutInJSON {
		t.problem("the %s %s", name, err)
	}
	if jsonErr != nil && (utf8.Valid(text) || bytes.HasPrefix(text, []byte("{"))) && len(text) > 0 {
		t.texts[name] = string(text)
	}
	if jsonErr != nil && len(text) > 0 && !errors.As(err, &cut) {
		t.problem("the %s %s", name, jsonErr)
	}
	return o, jsonErr == nil
}

// cutOff is an error that stopped the decoding of a part.
type cutOff struct{ error }

// decodeLoosely decodes base64url as far as possible. The error says why a service would
// refuse the text.
func decodeLoosely(part string) ([]byte, error) {
	if b, err := base64.RawURLEncoding.Strict().DecodeString(part); err == nil {
		return b, nil
	}
	if trimmed := strings.TrimRight(part, "="); trimmed != part {
		b, err := decodeLoosely(trimmed)
		if err == nil {
			err = errors.New("ends with padding (=), which tokens do not have")
		}
		return b, err
	}
	end := strings.IndexFunc(part, func(r rune) bool { return !isBase64URL(r) })
	switch {
	case end >= 0 && strings.Trim(part, standardAlphabet) == "":
		b, _ := decodeLoosely(strings.NewReplacer("+", "-", "/", "_").Replace(part))
		return b, errors.New("is base64 with + and /, not base64url")
	case end >= 0:
		b, _ := decodeLoosely(part[:end])
		wrong := []rune(part[end:])[0]
		return b, cutOff{fmt.Errorf("breaks at character %d of %d: %q is not base64url", end+1, len(part), wrong)}
	case len(part)%4 == 1:
		b, _ := decodeLoosely(part[:len(part)-1])
		return b, cutOff{fmt.Errorf("is cut off, or has a character too many: %d characters cannot be base64", len(part))}
	}
	b, _ := base64.RawURLEncoding.DecodeString(part)
	return b, errStrayBits
}

var errStrayBits = errors.New("has stray bits in its last character; was it changed?")

const (
	letters          = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	standardAlphabet = letters + "+/"
)

func isBase64URL(r rune) bool {
	return strings.ContainsRune(letters+"-_", r)
}
