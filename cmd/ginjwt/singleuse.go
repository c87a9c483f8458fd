package main

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-jwt-extended/ginjwt"
)

// The kinds of single-use tokens. No route accepts them as an access token.
const (
	purposeKind = "purpose"
	ticketKind  = "ticket"
)

// kind returns the kind of a single-use token by its "typ", or "" for another token.
func (t loose) kind() string {
	switch strings.TrimPrefix(strings.ToLower(t.header.text("typ")), "application/") {
	case "purpose+jwt":
		return purposeKind
	case "ticket+jwt":
		return ticketKind
	}
	return ""
}

// singleUse describes a single-use token. Its JSON is a member of the output of inspect.
type singleUse struct {
	Kind    string `json:"kind"`
	Realm   string `json:"realm,omitempty"`
	Purpose string `json:"purpose,omitempty"`
	Bound   bool   `json:"bound,omitempty"` // to a state that the token does not show
	At      string `json:"at,omitempty"`    // RFC 3339

	Request string `json:"request,omitempty"` // a hash
	Origin  string `json:"origin,omitempty"`
	Foreign bool   `json:"foreign,omitempty"` // the ticket was issued for a token of another issuer
	Token   *buyer `json:"token,omitempty"`   // nil: unreadable

	at    time.Time
	token loose // the token that the ticket was issued for, even if it is broken
}

// buyer is the token that a ticket was issued for.
type buyer struct {
	Header object `json:"header"`
	Claims object `json:"claims"`
}

// singleUse describes t, or returns nil if t is not a single-use token.
func (t loose) singleUse() *singleUse {
	u := &singleUse{Kind: t.kind()}
	switch u.Kind {
	case purposeKind:
		names := t.namesInAudience(2)
		u.Realm, u.Purpose = names[0], names[1]
		_, u.Bound = t.claims.get("bnd")
		u.setAt(t)
	case ticketKind:
		u.Realm = t.namesInAudience(1)[0]
		u.setBuyer(t)
	default:
		return nil
	}
	return u
}

// setBuyer reads the request and the origin of a ticket, and the token that it was issued for.
func (u *singleUse) setBuyer(t loose) {
	value, _ := t.claims.get("ginjwt_ticket")
	said, _ := parseObject(value)
	u.Request, u.Origin = said.text("req"), said.text("origin")
	foreign, _ := said.get("foreign")
	u.Foreign = string(foreign) == "true"
	anySignature := strings.Repeat("A", 43) // the ticket does not contain the signature
	u.token = takeApart(encodeJSON(said.text("header")) + "." + encodeJSON(said.text("payload")) + "." + anySignature)
	if u.token.complete && u.token.kind() == "" {
		u.Token = &buyer{u.token.header, u.token.claims}
	}
}

func encodeJSON(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

// namesInAudience returns the n names in the "aud" of a single-use token: the realm and,
// for n = 2, the purpose. They are empty if the "aud" has another form.
func (t loose) namesInAudience(n int) []string {
	var audience []string
	if value, _ := t.claims.get("aud"); json.Unmarshal(value, &audience) != nil {
		audience = []string{t.claims.text("aud")}
	}
	for _, text := range audience {
		rest, ok := strings.CutPrefix(text, "urn:ginjwt:"+t.kind()+":")
		names := strings.Split(rest, ":")
		if !ok || len(names) != n {
			continue
		}
		unescape := func(s string) string { s, _ = url.QueryUnescape(s); return s }
		for i, name := range names {
			names[i] = unescape(name)
			ok = ok && url.QueryEscape(names[i]) == name
		}
		if ok && (t.kind() != purposeKind || isPurpose.MatchString(names[1])) {
			return names
		}
	}
	return make([]string, n)
}

var isPurpose = regexp.MustCompile(`^[a-z0-9_.-]{1,64}$`)

func (u *singleUse) setAt(t loose) {
	value, _ := t.claims.get("at")
	seconds, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil || seconds < 0 || seconds > 253402300799 {
		return
	}
	u.at = time.Unix(seconds, 0)
	u.At = u.at.UTC().Format(time.RFC3339)
}

// unknownPurpose stands for the purpose of a token that names none.
const unknownPurpose = "-"

// ask lets the library check a token as a service does for its kind. It does not check the
// state or the request that the token is bound to, because the token does not show them.
func (t loose) ask(ctx context.Context, m *ginjwt.JWTManager, encoded string) error {
	switch t.kind() {
	case purposeKind:
		return t.askForPurpose(ctx, m, encoded)
	case ticketKind:
		return askForTicket(ctx, m, encoded)
	}
	return askAsRoute(ctx, m, encoded)
}

func askAsRoute(ctx context.Context, m *ginjwt.JWTManager, encoded string) error {
	return askWithProof(ctx, m, encoded, ginjwt.AnyType())
}

// askAsTicketRoute checks the token that a ticket was issued for. Refresh tokens open nothing.
func askAsTicketRoute(ctx context.Context, m *ginjwt.JWTManager, encoded string) error {
	return askWithProof(ctx, m, encoded)
}

// askWithProof supposes that a request with a bound token has a DPoP proof.
func askWithProof(ctx context.Context, m *ginjwt.JWTManager, encoded string, opts ...ginjwt.RequiredOption) error {
	_, err := m.VerifyToken(ctx, encoded, opts...)
	if errors.Is(err, ginjwt.ErrDPoPProof) {
		return nil
	}
	return err
}

func (t loose) askForPurpose(ctx context.Context, m *ginjwt.JWTManager, encoded string) error {
	purpose := ginjwt.Purpose{Name: unknownPurpose}
	if name := t.singleUse().Purpose; name != "" {
		purpose.Name = name
	}
	_, err := m.PeekPurposeToken(ctx, purpose, encoded)
	if errors.Is(err, ginjwt.ErrNotBound) {
		return nil
	}
	return err
}

// askForTicket checks a ticket with a request that has no method, so no ticket matches it.
// The library compares the request after the signature, the times and the realm, and before
// the token that the ticket was issued for. A mismatch therefore means that all earlier checks
// passed.
func askForTicket(ctx context.Context, m *ginjwt.JWTManager, encoded string) error {
	r := &http.Request{URL: &url.URL{Path: "/", RawQuery: url.Values{m.Config().TicketName: {encoded}}.Encode()}}
	_, err := m.VerifyRequest(r.WithContext(ctx), ginjwt.Locations(ginjwt.InTicket))
	var e *ginjwt.Error
	if errors.As(err, &e) && e.Reason == "ticket_mismatch" {
		return nil
	}
	return err
}

// forPurpose returns " for " and the purpose, or "".
func (u *singleUse) forPurpose() string {
	if u.Purpose == "" {
		return ""
	}
	return " for " + strconv.Quote(u.Purpose)
}

// what says what kind of token it is, and what accepts it.
func (u *singleUse) what() string {
	if u.Kind == ticketKind {
		return "a ticket: only routes with Locations(InTicket) accept it, and only in the request that it was issued for"
	}
	return "a purpose token" + u.forPurpose() + ": no route accepts it, only ConsumePurposeToken does"
}

// good is the verdict of a token that passed all checks of the CLI.
func (u *singleUse) good() string {
	if u.Kind == ticketKind {
		text := "works once, for its request"
		if u.Foreign {
			text += ", if the token of another issuer that it was issued for is valid"
		}
		return text + "; only the stores of the service know whether it was used"
	}
	text := "works once" + u.forPurpose()
	if u.Bound {
		text += ", with the state that it is bound to"
	}
	return text + "; only the stores of the service know whether it was used or revoked"
}

// fact is a line of the description of a single-use token.
type fact struct {
	name string
	text styled
}

// printSingleUse explains a single-use token.
func (a *app) printSingleUse(u *singleUse, config ginjwt.Config) {
	if u == nil {
		return
	}
	facts := []fact{{"kind", sprintf("%s", u.what())}, {"realm", u.realmText(config)}}
	if u.Kind == ticketKind {
		facts = append(facts, a.ticketFacts(u, config)...)
	} else {
		facts = append(facts, u.purposeFacts()...)
	}
	width := 0
	for _, f := range facts {
		width = max(width, utf8.RuneCountInString(f.name))
	}
	a.out.line("%s", a.out.bold("Used once"))
	for _, f := range facts {
		a.out.line("  %s%s  %s", f.name, strings.Repeat(" ", width-utf8.RuneCountInString(f.name)), f.text)
	}
	a.out.line("")
}

func (u *singleUse) realmText(config ginjwt.Config) styled {
	text := "none"
	if u.Realm != "" {
		text = strconv.Quote(u.Realm)
	}
	if u.Realm != config.Realm && (hasKeys(config) || config.Realm != "") {
		text += ", but these settings have another realm (JWT_REALM)"
	}
	return sprintf("%s", text)
}

func (u *singleUse) purposeFacts() []fact {
	facts := []fact{{"bound", "to nothing: whoever has it can use it"}}
	if u.Bound {
		facts[0].text = "to a state that the token does not show (BoundTo, BoundBy)"
	}
	if u.At != "" {
		facts = append(facts, fact{"at", sprintf("%s: RevokePurposeTokens and OnlyNewest revoke by this time", stamp(u.at))})
	}
	return facts
}

// ticketFacts describes a ticket and the token that it was issued for.
func (a *app) ticketFacts(u *singleUse, config ginjwt.Config) []fact {
	facts := []fact{{"request", "a hash of method, path and query; the ticket does not show them"}, {"origin", "the origin of the service, or none"}}
	if u.Origin != "" {
		facts[1].text = sprintf("%s, or none", strconv.Quote(u.Origin))
	}
	if u.Token == nil {
		return facts
	}
	whose := "this service"
	if u.Foreign {
		whose = "another issuer"
	}
	facts = append(facts, fact{"token", sprintf("of %s; the ticket was issued for this token, and contains its claims:", whose)})
	for _, name := range []string{"iss", cmp.Or(config.IdentityClaim, "sub"), "sid", "exp"} {
		if value, ok := u.Token.Claims.get(name); ok {
			text := sprintf("%s", compact(value))
			if meaning := a.meaning(member{name, value}); meaning != "" {
				text += "  " + meaning
			}
			facts = append(facts, fact{"  " + safe(name), text})
		}
	}
	return facts
}
