package ginjwt

import (
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/golang-jwt/jwt/v5"
)

// head is what is read of a header. Keys in it (jwk, jku, x5u, x5c) are not:
// keys come from the settings only (RFC 8725 §3.10).
type head struct {
	alg, kid, crit, b64, zip, typ value
}

func parseHead(data []byte, text string) (h head, err error) {
	err = members(data, text, func(name string, v value) {
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
		}
	})
	switch err {
	case errNotObject:
		return h, errHeaderObject
	case errNotJSON:
		return h, errHeaderJSON
	}
	return h, nil
}

// check refuses what this package would have to understand, but does not.
func (h head) check() error {
	if h.kid != "" && h.kid.kind() != '"' {
		return errKeyID
	}
	if h.crit != "" {
		if err := h.checkCritical(); err != nil {
			return err
		}
	}
	if h.b64.kind() == 'f' { // RFC 7797 §7: not in a JWT
		return errDetached
	}
	return nil
}

// checkCritical refuses all extensions (RFC 7515 §4.1.11) but "b64", which
// head.check wants to be what it is without the extension.
func (h head) checkCritical() error {
	var names []jsontext.Value
	if err := json.Unmarshal([]byte(h.crit), &names); err != nil || len(names) == 0 {
		return errCritList
	}
	for i, raw := range names {
		name, ok := value(raw).str()
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

// checkProfile refuses tokens of other kinds, such as ID or logout tokens, by
// their "typ" (RFC 8725 §3.11), and compressed ones.
func (o *origin) checkProfile(h head) error {
	if h.zip != "" {
		return errCompressed
	}
	typ, isText := h.typ.str()
	if h.typ != "" && (!isText || typ == "") || !o.acceptedTypes[mediaType(typ)] {
		return errType
	}
	return nil
}

// mediaType returns the full form of a "typ" (RFC 7515 §4.1.9); nothing for none.
func mediaType(typ string) string {
	typ = strings.ToLower(typ)
	if typ != "" && !strings.Contains(typ, "/") {
		typ = "application/" + typ
	}
	return typ
}
