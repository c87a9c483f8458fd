package ginjwt

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// This file has the claims of every token: payload reads them, newClaims writes
// them, and the reserved names stop callers from setting them otherwise.

// Claims is the payload of a token.
type Claims map[string]any

// Header is the header of a token.
type Header map[string]any

// claimNames are the claim names of one issuer, for claims that have several
// names. It also holds the other facts that a token needs from its issuer: a
// token in the cache has room for one pointer.
type claimNames struct {
	identity, typ, fresh, scope, roles string

	otherIdentities []string      // used in this order if identity is missing
	leeway          time.Duration // for the clock of the issuer
	maxAge          time.Duration // of a token, if the issuer sends logout tokens; zero: no limit
	foreign         bool          // the issuer is not this manager
}

// identityRank returns the rank of a claim among the claims that can hold the
// identity; negative for other claims.
func (n *claimNames) identityRank(claim string) int {
	if claim == n.identity {
		return 0
	}
	if i := slices.Index(n.otherIdentities, claim); i >= 0 {
		return i + 1
	}
	return -1
}

// reservedClaims are the claims that this package reads back. Each has a text
// that says what to do instead of setting it. Claims with configurable names
// are not in this map.
var reservedClaims = map[string]string{
	"iat":  "set Config.Now",
	"jti":  "use WithID",
	"nbf":  "use WithNotBefore",
	"csrf": "it is a random value",
	"aud":  "use WithAudience",
	"iss":  "use WithIssuer",
	"exp":  "use WithExpires",
	"cnf":  "it comes from the DPoP proof of the login, or from WithKeyThumbprint",
}

// sessionClaims are reserved if there are sessions.
var sessionClaims = []string{"sid", "gen", "upstream"}

// ticketClaim is a claim that only tickets have: see ticketClaims.
const ticketClaim = "ginjwt_ticket"

// singleUseClaims are in single-use tokens, in addition to the claims with
// configurable names.
var singleUseClaims = []string{"at", "bnd", ticketClaim}

// insteadOf returns what to do instead of setting a reserved claim; empty if
// the claim is not reserved.
func (n *claimNames) insteadOf(name string) string {
	switch name {
	case n.typ:
		return "use CreateAccessToken or CreateRefreshToken"
	case n.fresh:
		return "use WithFresh"
	}
	return reservedClaims[name]
}

// payload holds the claims that the library reads. It does not change after
// readPayload.
type payload struct {
	id, identity, csrf string
	identityClaim      string // the claim that holds the identity
	issuer, session    string
	revocationIDs      [2]string // the token's own and its session's, by which it may be on the blocklist beside session; empty: none
	typ                TokenType
	fresh              freshness
	iat, nbf, exp      date

	// Claims with a checked form, as JSON.
	subJSON, jtiJSON, issJSON, audJSON, csrfJSON, identityJSON strictjson.Value

	generationJSON strictjson.Value // "gen" of a token of a session
	upstreamJSON   strictjson.Value // "upstream" of a token of a session

	confirmation confirmation // "cnf"

	isEvent   bool     // there are "events"
	originIDs []string // blocklist IDs after a logout at the upstream issuer

	required uint64 // bit i: the i-th required claim is present, and not null
}

// readPayload reads the claims by the names that an issuer uses. data and text
// are the same JSON.
func readPayload(data []byte, text string, names *claimNames, required []string) (p payload, err error) {
	err = p.read(data, text, names, required)
	return p, err
}

// read is readPayload without a copy of the payload.
func (p *payload) read(data []byte, text string, names *claimNames, required []string) error {
	*p = payload{typ: AccessToken, fresh: freshnessOf("")}
	err := strictjson.Members(data, text, func(name string, v strictjson.Value) {
		p.set(name, v)
		switch name {
		case names.typ:
			p.typ = TokenType(v.Text()) // other JSON than text is a type that no route accepts
		case names.fresh:
			p.fresh = freshnessOf(v)
		}
		if rank := names.identityRank(name); rank >= 0 && p.isIdentity(names, rank, v) {
			p.identityClaim, p.identityJSON, p.identity = name, v, v.Text()
		}
		for i, wanted := range required {
			if name == wanted && v.Kind() != 'n' {
				p.required |= 1 << i
			}
		}
	})
	p.revocationIDs = [2]string{p.id, p.session}
	return err
}

// isIdentity reports whether a claim of this rank holds the identity, judged by
// the claims read so far. If several claims can hold it, empty claims do not
// count.
func (p *payload) isIdentity(names *claimNames, rank int, v strictjson.Value) bool {
	if len(names.otherIdentities) == 0 {
		return true
	}
	isEmpty := v.Kind() == 'n' || v == `""`
	return !isEmpty && (p.identityClaim == "" || rank < names.identityRank(p.identityClaim))
}

// set stores a claim that has the same name in all tokens.
func (p *payload) set(name string, v strictjson.Value) {
	switch name {
	case "iat":
		p.iat = dateOf(v)
	case "jti":
		p.jtiJSON = v
		p.id, _ = v.Str()
	case "sub":
		p.subJSON = v
	case "nbf":
		p.nbf = dateOf(v)
	case "csrf":
		p.csrfJSON = v
		p.csrf, _ = v.Str()
	case "aud":
		p.audJSON = v
	case "iss":
		p.issJSON = v
		p.issuer, _ = v.Str()
	case "exp":
		p.exp = dateOf(v)
	case "sid": // other issuers have it too, for sessions of their own
		p.session, _ = v.Str()
	case "gen":
		p.generationJSON = v
	case "upstream":
		p.upstreamJSON = v
	case "cnf":
		p.confirmation = confirmationOf(v)
	case "events":
		p.isEvent = v.Kind() == '{'
	}
}

// date is a claim with a date.
type date struct {
	seconds   int64
	there, ok bool // there: it is present; ok: it is valid
}

func dateOf(v strictjson.Value) date {
	seconds, ok := strictjson.NumericDate(v)
	return date{seconds, true, ok}
}

// time returns the date as a time, from year 1 on; the zero time if it is absent, invalid,
// or after year 9999.
func (d date) time() (t time.Time) {
	if d.ok && d.seconds <= strictjson.MaxDate {
		t = time.Unix(max(d.seconds, strictjson.MinDate), 0)
	}
	return t
}

// freshness is the "fresh" claim as the Unix time until which the token is
// fresh. True means for ever. Anything except true and a number means never.
type freshness float64

func freshnessOf(v strictjson.Value) freshness {
	switch v.Kind() {
	case 't':
		return freshness(math.Inf(1))
	case '0':
		if until, err := strconv.ParseFloat(string(v), 64); err == nil {
			return freshness(until)
		}
	}
	return freshness(math.Inf(-1))
}

func (f freshness) at(now time.Time) bool { return float64(f) >= float64(now.UnixNano())/1e9 }

// claimKeys are the configurable claim names in the form that precedes a value
// in JSON: a comma, the quoted name, and a colon.
type claimKeys struct{ identity, typ, fresh string }

func claimKeysOf(n claimNames) (k claimKeys) {
	k.identity, _ = claimKey(n.identity) // Config.Validate has checked them
	k.typ, _ = claimKey(n.typ)
	k.fresh, _ = claimKey(n.fresh)
	return k
}

// newClaims are the claims of a new token.
type newClaims struct {
	fresh     string // JSON; empty: false
	issuedAt  time.Time
	id        string // empty: a new one
	typ       TokenType
	identity  string
	notBefore time.Time // zero: no claim
	hasCSRF   bool
	csrf      string // empty: a new value
	audience  []string
	issuer    string
	expires   time.Time // zero: never

	session    string // empty: none
	generation int64  // of the session; 0: none
	upstream   string // where the session began; empty: at this manager
	jkt        string // the thumbprint of the key that the token is bound to; empty: none

	others Claims
}

// appendTo writes the claims in the order of Flask-JWT-Extended.
func (n *newClaims) appendTo(b []byte, keys *claimKeys) ([]byte, error) {
	w := claimWriter{b: append(append(b, '{'), keys.fresh[1:]...)} // without its comma
	w.b = append(w.b, or(n.fresh, "false")...)
	w.number(`,"iat":`, n.issuedAt.Unix())
	w.id(`,"jti":`, n.id)
	w.text(keys.typ, string(n.typ))
	w.text(keys.identity, n.identity)
	if !n.notBefore.IsZero() {
		w.number(`,"nbf":`, n.notBefore.Unix())
	}
	if n.hasCSRF {
		w.id(`,"csrf":`, n.csrf)
	}
	if len(n.audience) == 1 {
		w.text(`,"aud":`, n.audience[0])
	} else if len(n.audience) > 1 {
		w.value(`,"aud":`, n.audience)
	}
	if n.issuer != "" {
		w.text(`,"iss":`, n.issuer)
	}
	if !n.expires.IsZero() {
		w.number(`,"exp":`, n.expires.Unix())
	}
	if n.session != "" {
		w.text(`,"sid":`, n.session)
	}
	if n.generation != 0 {
		w.number(`,"gen":`, n.generation)
	}
	if n.upstream != "" {
		w.text(`,"upstream":`, n.upstream)
	}
	if n.jkt != "" {
		w.text(`,"cnf":{"jkt":`, n.jkt)
		w.b = append(w.b, '}')
	}
	for _, name := range sortedNames(n.others) {
		w.value(w.key(name), n.others[name])
	}
	return append(w.b, '}'), w.err
}

func sortedNames(claims Claims) []string {
	if len(claims) == 0 {
		return nil
	}
	return slices.Sorted(maps.Keys(claims))
}

// claimWriter writes the members of a JSON object, and keeps the first error. A
// key is what precedes a value: a comma, the quoted name and a colon.
type claimWriter struct {
	b   []byte
	err error

	random [2 * 16]byte // for two IDs, which most tokens have: one call of the system is cheaper than two
	unused int          // bytes of random
}

// claimKey returns the key of a claim.
func claimKey(name string) (string, error) {
	b, err := strictjson.AppendString([]byte(","), name)
	return string(append(b, ':')), err
}

func (w *claimWriter) key(name string) string {
	key, err := claimKey(name)
	w.keep(key, err)
	return key
}

func (w *claimWriter) keep(key string, err error) {
	if w.err == nil && err != nil {
		w.err = fmt.Errorf("ginjwt: claim %s: %w", strings.Trim(key, ",:"), err)
	}
}

func (w *claimWriter) number(key string, value int64) {
	w.b = strconv.AppendInt(append(w.b, key...), value, 10)
}

// id writes an ID, and makes a new ID if id is empty.
func (w *claimWriter) id(key, id string) {
	if id != "" {
		w.text(key, id)
		return
	}
	if w.unused == 0 {
		fillRandom(w.random[:])
		w.unused = len(w.random)
	}
	w.unused -= 16
	w.b = append(append(w.b, key...), '"')
	w.b = append(appendID(w.b, [16]byte(w.random[w.unused:]), tokenUUID), '"')
}

func (w *claimWriter) text(key, value string) {
	b, err := strictjson.AppendString(append(w.b, key...), value)
	if err == nil {
		w.b = b
	}
	w.keep(key, err)
}

func (w *claimWriter) value(key string, value any) {
	b, err := json.Marshal(value, strictjson.Exact)
	w.keep(key, err)
	w.b = append(append(w.b, key...), b...)
}

// unixTime writes t as seconds since 1970, with a fraction if it has one.
func unixTime(t time.Time) string {
	seconds := strconv.FormatInt(t.Unix(), 10)
	micros := t.Nanosecond() / 1000
	if micros == 0 {
		return seconds
	}
	return seconds + "." + strconv.Itoa(1e6 + micros)[1:]
}

// merged returns a new map with base and over; over wins. It does not change or
// keep the maps of the caller.
func merged[M ~map[string]any](base, over M) M {
	m := make(M, len(base)+len(over))
	maps.Copy(m, base)
	maps.Copy(m, over)
	return m
}
