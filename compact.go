package ginjwt

import (
	"strings"
	"sync"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// scratch is reusable memory for parsing one token.
type scratch struct {
	encoded, payload, signature []byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// free returns s to the pool, unless it became very large.
func (s *scratch) free() {
	if cap(s.encoded)+cap(s.payload)+cap(s.signature) <= 8*defaultMaxTokenSize {
		scratches.Put(s)
	}
}

// segments are the parts of an encoded token that outlive a scratch.
type segments struct {
	encoded, signed string // the whole token, and the signed part
	header          string // the JSON
	head            head
	key             *keys.Bound // set if the header is exactly the one that this key writes
}

// load splits a token at its first and its last dot. A fourth segment becomes part of the
// payload, which is then not base64. Payload and signature stay in s. A header that a key
// of set writes is not parsed again.
func (s *scratch) load(encoded string, set *keys.Set) (segments, error) {
	first, last := strings.IndexByte(encoded, '.'), strings.LastIndexByte(encoded, '.')
	if first == last {
		return segments{}, errSegments
	}
	var key *keys.Bound
	if set != nil {
		key = set.KeyByHeader(encoded[:first])
	}
	return s.loadParts(encoded, first, last, key)
}

// loadParts is load for a token with dots at first and last. key writes exactly the header of
// the token; nil: unknown.
func (s *scratch) loadParts(encoded string, first, last int, key *keys.Bound) (segments, error) {
	parts := segments{encoded: encoded, signed: encoded[:last], key: key}
	s.encoded = append(s.encoded[:0], encoded...)
	if err := parts.setHeader(s, encoded[:first]); err != nil {
		return parts, err
	}
	var err error
	if s.payload, err = base64url.AppendDecode(s.payload[:0], s.encoded[first+1:last]); err != nil {
		return parts, noPayload(encoded)
	}
	if s.signature, err = base64url.AppendDecode(s.signature[:0], s.encoded[last+1:]); err != nil {
		return parts, errCryptoBase64
	}
	return parts, nil
}

// noPayload returns why there is no payload. A token with five parts is encrypted (RFC
// 7516 §3.1). Auth0 makes such tokens for clients that ask for no audience.
func noPayload(encoded string) error {
	if strings.Count(encoded, ".") == 4 {
		return errEncrypted
	}
	return errPayloadBase64
}

// setHeader reads the header. It does not parse or check the exact header that a known key
// writes.
func (parts *segments) setHeader(s *scratch, encoded string) error {
	if parts.key != nil {
		parts.header, _ = parts.key.Header()
		return nil
	}
	header, err := base64url.AppendDecode(nil, s.encoded[:len(encoded)])
	if err != nil {
		return errHeaderBase64
	}
	parts.header = string(header)
	parts.head, err = parseHead(header, parts.header)
	return err
}

// payloadError returns the refusal for an error of package strictjson.
func payloadError(err error) error {
	switch err {
	case strictjson.ErrNotObject:
		return errPayloadObject
	case strictjson.ErrNotJSON:
		return errPayloadJSON
	}
	return err
}

// malformedPayload returns what is wrong with the form of a payload. This error wins over
// an invalid signature.
func malformedPayload(payload []byte) error {
	return payloadError(strictjson.CheckObject(payload))
}
