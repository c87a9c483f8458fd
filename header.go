package ginjwt

import (
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"

	"github.com/gin-jwt-extended/ginjwt/internal/base64url"
	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// head holds the header parameters that the library reads. It ignores keys in
// the header of a token (jwk, jku, x5u, x5c): keys come only from the settings
// (RFC 8725 §3.10). Only a DPoP proof brings its own key, in jwk.
type head struct {
	alg, kid, crit, b64, zip, typ, jwk strictjson.Value
}

func parseHead(data []byte, text string) (h head, err error) {
	err = strictjson.Members(data, text, func(name string, v strictjson.Value) {
		switch name {
		case "alg":
			h.alg = v
		case "kid":
			h.kid = v
		case "crit":
			h.crit = v
		case "b64":
			h.b64 = v
		case "zip":
			h.zip = v
		case "typ":
			h.typ = v
		case "jwk":
			h.jwk = v
		}
	})
	switch err {
	case strictjson.ErrNotObject:
		return h, errHeaderObject
	case strictjson.ErrNotJSON:
		return h, errHeaderJSON
	}
	return h, nil
}

// check refuses headers that require features this package does not support.
func (h head) check() error {
	if h.kid != "" && h.kid.Kind() != '"' {
		return errKeyID
	}
	if h.crit != "" {
		if err := h.checkCritical(); err != nil {
			return err
		}
	}
	if h.b64.Kind() == 'f' { // RFC 7797 §7: not in a JWT
		return errDetached
	}
	return nil
}

// checkCritical refuses all critical extensions (RFC 7515 §4.1.11) except
// "b64". head.check accepts "b64" only with its default value.
func (h head) checkCritical() error {
	var names []jsontext.Value
	if err := json.Unmarshal([]byte(h.crit), &names); err != nil || len(names) == 0 {
		return errCritList
	}
	for i, raw := range names {
		name, ok := strictjson.Value(raw).Str()
		switch {
		case !ok:
			return errCritNames
		case name != "b64":
			e := invalid(jwt.ErrTokenUnverifiable, "Unsupported critical extension")
			e.Message += ": " + name
			return e
		case h.b64 == "":
			return errCritMissing
		case i > 0:
			return errCritTwice
		}
	}
	return nil
}

// mediaType returns the full form of a "typ" (RFC 7515 §4.1.9); empty if there
// is none.
func mediaType(typ string) string {
	typ = strings.ToLower(typ)
	if typ != "" && !strings.Contains(typ, "/") {
		typ = "application/" + typ
	}
	return typ
}

// reservedHeaders change how a token is read, or would name its key.
var reservedHeaders = []string{"alg", "crit", "b64", "zip", "jwk", "jku", "x5u", "x5c"}

// appendHeader writes the header in base64. It is the header of the key, unless
// the caller or a loader adds parameters.
func appendHeader(b []byte, added Header, key *keys.Bound) ([]byte, error) {
	if len(added) == 0 {
		_, encoded := key.Header()
		return append(b, encoded...), nil
	}
	header, err := headerJSON(added, key)
	return base64url.AppendEncode(b, header), err
}

// headerJSON writes a header with its members sorted, as PyJWT does.
func headerJSON(added Header, key *keys.Bound) ([]byte, error) {
	header := merged(Header{"typ": "JWT"}, added)
	for _, name := range reservedHeaders {
		if _, ok := header[name]; ok {
			return nil, fmt.Errorf("%w: %q", ErrReservedHeader, name)
		}
	}
	typ, ok := header["typ"].(string)
	if !ok {
		return nil, fmt.Errorf("%w: \"typ\" must be a string", ErrReservedHeader)
	}
	if typ == "" {
		delete(header, "typ")
	}
	kid, given := header["kid"]
	if _, ok := kid.(string); given && !ok {
		return nil, fmt.Errorf("%w: \"kid\" must be a string", ErrReservedHeader)
	}
	if given && key.ID() != "" && kid != key.ID() {
		return nil, fmt.Errorf("%w: \"kid\" must be the ID of the key", ErrReservedHeader)
	}
	if key.ID() != "" {
		header["kid"] = key.ID()
	}
	header["alg"] = key.Algorithm()
	b, err := json.Marshal(header, strictjson.Exact)
	if err != nil {
		return nil, fmt.Errorf("ginjwt: header of the token: %w", err)
	}
	return b, nil
}
