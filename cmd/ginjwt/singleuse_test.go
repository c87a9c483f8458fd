package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
)

// service is a manager with testSecret and the clock of the user.
func (u *user) service(change func(*ginjwt.Config)) *ginjwt.JWTManager {
	u.t.Helper()
	now := u.now
	config := ginjwt.Config{SecretKey: testSecret, Now: func() time.Time { return now }}
	if change != nil {
		change(&config)
	}
	m := ginjwt.New(config)
	require.NoError(u.t, m.InitApp(nil))
	return m
}

var resetPassword = ginjwt.Purpose{Name: "reset-password"}

func (u *user) purposeToken(m *ginjwt.JWTManager, p ginjwt.Purpose, opts ...ginjwt.PurposeOption) string {
	u.t.Helper()
	token, err := m.CreatePurposeToken(u.t.Context(), p, "alice", opts...)
	require.NoError(u.t, err)
	return token
}

// ticket returns a ticket of m. Alice buys it with an access token.
func (u *user) ticket(m *ginjwt.JWTManager, origin string, opts ...ginjwt.TokenOption) string {
	u.t.Helper()
	token, err := m.CreateAccessToken(u.t.Context(), "alice", opts...)
	require.NoError(u.t, err)
	engine := gin.New()
	engine.POST("/ticket", m.TicketHandler())
	r := httptest.NewRequestWithContext(u.t.Context(), "POST", "/ticket", strings.NewReader(`{"url":"/live?room=1"}`))
	r.Header = http.Header{"Authorization": {"Bearer " + token}, "Content-Type": {"application/json"}}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	w := httptest.NewRecorder()
	engine.ServeHTTP(w, r)
	require.Equal(u.t, 200, w.Code, w.Body)
	return readJSON[struct{ Ticket string }](u.t, w.Body.String()).Ticket
}

// part returns the output of inspect from one line on.
func part(t *testing.T, text, from string) string {
	t.Helper()
	start := strings.Index(text, from)
	require.GreaterOrEqual(t, start, 0, text)
	return text[start:]
}

func TestInspectPurposeTokens(t *testing.T) {
	t.Parallel()
	const (
		at     = "  at     2026-11-21 12:00:00 UTC: RevokePurposeTokens and OnlyNewest revoke by this time\n"
		stores = "; only the stores of the service know whether it was used or revoked\n"
		free   = "  bound  to nothing: whoever has it can use it\n"
	)
	shop := func(c *ginjwt.Config) { c.Realm = "shop:1" }
	for _, test := range []struct {
		name   string
		env    string
		change func(*ginjwt.Config)
		opts   []ginjwt.PurposeOption
		after  time.Duration
		want   string
	}{
		{"good", secretSetting, nil, nil, 0,
			"  realm  none\n" + free + at + "\nSignature: valid\nVerdict: works once for \"reset-password\"" + stores},
		{"bound", secretSetting, nil, []ginjwt.PurposeOption{ginjwt.BoundTo("the hash of the password")}, 0,
			"  realm  none\n  bound  to a state that the token does not show (BoundTo, BoundBy)\n" + at +
				"\nSignature: valid\nVerdict: works once for \"reset-password\", with the state that it is bound to" + stores},
		{"expired", secretSetting, nil, nil, 30 * time.Minute,
			"  realm  none\n" + free + at + "\nSignature: valid\nVerdict: refused: Token has expired (token_expired, answered 401)\n"},
		{"a realm", secretSetting + " JWT_REALM=shop:1", shop, nil, 0,
			"  realm  \"shop:1\"\n" + free + at + "\nSignature: valid\nVerdict: works once for \"reset-password\"" + stores},
		{"another realm", secretSetting, shop, nil, 0,
			"  realm  \"shop:1\", but these settings have another realm (JWT_REALM)\n" + free + at +
				"\nSignature: valid\nVerdict: refused: Audience doesn't match (token_claims_invalid, answered 422)\n"},
		{"another issuer", secretSetting + " JWT_DECODE_ISSUER=us", nil, nil, 0,
			"  realm  none\n" + free + at + "\nSignature: valid\nVerdict: refused: Token is missing the \"iss\" claim (token_claims_invalid, answered 422)\n"},
		{"another key", "JWT_SECRET_KEY=" + strings.Repeat("k", 32), nil, nil, 0,
			"  realm  none\n" + free + at + "\nSignature: INVALID: none of the given keys made it\n" +
				"Verdict: refused: Signature verification failed (signature_invalid, answered 422)\n"},
		{"no key", "", nil, nil, 0,
			"  realm  none\n" + free + at + "\nSignature: NOT VERIFIED: no key was given, so anybody may have written this\n" +
				"Verdict: if the signature is valid, it works once for \"reset-password\"" + stores},
		{"no key, expired", "", nil, nil, time.Hour,
			"  realm  none\n" + free + at + "\nSignature: NOT VERIFIED: no key was given, so anybody may have written this\n" +
				"Verdict: refused: Token has expired (token_expired, answered 401)\n"},
	} {
		u := newUser(t, strings.Fields(test.env)...)
		token := u.purposeToken(u.service(test.change), resetPassword, test.opts...)
		u.now = u.now.Add(test.after)
		r := u.run(token, "inspect")
		const kind = "Used once\n  kind   a purpose token for \"reset-password\": no route accepts it, only ConsumePurposeToken does\n"
		assert.Equal(t, kind+test.want, part(t, r.out, "Used once\n"), test.name)
		assert.Equal(t, result{0, r.out, ""}, r, test.name)
	}
}

func TestInspectTickets(t *testing.T) {
	t.Parallel()
	const (
		kind   = "Used once\n  kind     a ticket: only routes with Locations(InTicket) accept it, and only in the request that it was issued for\n"
		hash   = "  request  a hash of method, path and query; the ticket does not show them\n"
		bought = "  token    of this service; the ticket was issued for this token, and contains its claims:\n    sub    \"alice\"\n    sid    \"s-1\"\n"
		good   = "works once, for its request; only the stores of the service know whether it was used\n"
	)
	for _, test := range []struct {
		name, env, origin string
		lives, after      time.Duration
		want              string
	}{
		{"good", secretSetting, "", time.Hour, 0,
			"  realm    \"shop\"\n" + hash + "  origin   the origin of the service, or none\n" + bought +
				"    exp    1795266000  expires in 1 hour (2026-11-21 13:00:00 UTC)\n\nSignature: valid\nVerdict: " + good},
		{"of a page", secretSetting, "https://shop.example", time.Hour, 29 * time.Second,
			"  realm    \"shop\"\n" + hash + "  origin   \"https://shop.example\", or none\n" + bought +
				"    exp    1795266000  expires in 59 minutes (2026-11-21 13:00:00 UTC)\n\nSignature: valid\nVerdict: " + good},
		{"expired", secretSetting, "", time.Hour, 30 * time.Second,
			"  realm    \"shop\"\n" + hash + "  origin   the origin of the service, or none\n" + bought +
				"    exp    1795266000  expires in 59 minutes (2026-11-21 13:00:00 UTC)\n\nSignature: valid\nVerdict: refused: Token has expired (token_expired, answered 401)\n"},
		{"its token has expired", secretSetting, "", 10 * time.Second, 11 * time.Second,
			"  realm    \"shop\"\n" + hash + "  origin   the origin of the service, or none\n" + bought +
				"    exp    1795262410  expired 1 second ago (2026-11-21 12:00:10 UTC)\n\nSignature: valid\nVerdict: refused: Token has expired (token_expired, answered 401)\n"},
		{"another key", "JWT_SECRET_KEY=" + strings.Repeat("k", 32), "", time.Hour, 0,
			"  realm    \"shop\"\n" + hash + "  origin   the origin of the service, or none\n" + bought +
				"    exp    1795266000  expires in 1 hour (2026-11-21 13:00:00 UTC)\n\nSignature: INVALID: none of the given keys made it\n" +
				"Verdict: refused: Signature verification failed (signature_invalid, answered 422)\n"},
		{"no key", "", "", time.Hour, 0,
			"  realm    \"shop\"\n" + hash + "  origin   the origin of the service, or none\n" + bought +
				"    exp    1795266000  expires in 1 hour (2026-11-21 13:00:00 UTC)\n\nSignature: NOT VERIFIED: no key was given, so anybody may have written this\n" +
				"Verdict: if the signature is valid, it " + good},
	} {
		u := newUser(t, test.env)
		if test.env != "" {
			u.env = append(u.env, "JWT_REALM=shop", "JWT_TICKET_NAME=admit")
		}
		token := u.ticket(u.service(func(c *ginjwt.Config) { c.Realm = "shop" }), test.origin,
			ginjwt.WithExpires(test.lives), ginjwt.WithClaims(ginjwt.Claims{"sid": "s-1"}))
		u.now = u.now.Add(test.after)
		r := u.run(token, "inspect")
		assert.Equal(t, kind+test.want, part(t, r.out, "Used once\n"), test.name)
		assert.Equal(t, result{0, r.out, ""}, r, test.name)
	}
}

// The rules of its issuer apply to a foreign token that a ticket was issued for. The command does
// not know them.
func TestInspectTicketsForOtherIssuers(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting, "JWT_DECODE_ISSUER=us", "JWT_DECODE_AUDIENCE=api")
	token := u.foreignTicket()
	out := u.ok("inspect", token)
	assert.Contains(t, out, "  token    of another issuer; the ticket was issued for this token, and contains its claims:\n    iss    \"them\"\n    sub    \"alice\"\n")
	assert.Contains(t, out, "\nVerdict: works once, for its request, if the token of another issuer that it was issued for is valid; only the stores of the service know whether it was used\n")
}

func (u *user) foreignTicket() string {
	payload, _ := json.Marshal(`{"iss":"them","sub":"alice"}`)
	at := u.now.Unix()
	return forged(`{"alg":"HS256","typ":"ticket+jwt"}`, fmt.Sprintf(
		`{"aud":"urn:ginjwt:ticket:","iss":"us","sub":"alice","type":"ticket","jti":"1","iat":%d,"exp":%d,"ginjwt_ticket":{"req":"x","foreign":true,"header":"{\"alg\":\"RS256\"}","payload":%s}}`,
		at, at+30, payload))
}

func TestInspectSingleUseAsJSON(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting)
	m := u.service(nil)
	type answer struct {
		SingleUse json.RawMessage `json:"single_use"`
		Signature string
		Refused   *refused
	}
	a := readJSON[answer](t, u.ok("inspect", "--json", u.purposeToken(m, resetPassword, ginjwt.BoundTo("x"))))
	assert.JSONEq(t, `{"kind":"purpose","purpose":"reset-password","bound":true,"at":"2026-11-21T12:00:00Z"}`, string(a.SingleUse))
	assert.Equal(t, "valid", a.Signature)
	assert.Nil(t, a.Refused)

	ticket := u.ticket(m, "https://shop.example")
	a = readJSON[answer](t, u.ok("inspect", "--json", ticket))
	said := readJSON[singleUseJSON](t, string(a.SingleUse))
	assert.Equal(t, []string{"ticket", "https://shop.example", "HS256", "alice"}, []string{said.Kind, said.Origin, said.Token.Header["alg"], said.Token.Claims["sub"].(string)})
	assert.Len(t, said.Request, 43, "SHA-256 in base64url")
	assert.Nil(t, a.Refused)

	a = readJSON[answer](t, u.ok("inspect", "--json", aliceToken))
	assert.Empty(t, a.SingleUse)
}

type singleUseJSON struct {
	Kind, Origin, Request string
	Token                 struct {
		Header map[string]string
		Claims map[string]any
	}
}

// verify refuses single-use tokens as a route does, and says what they are.
func TestVerifyNamesSingleUseTokens(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting)
	m := u.service(nil)
	const typ = "refused: The specified typ value is not allowed (token_unsupported, answered 422)\n"
	const purpose = `it is a purpose token for "reset-password": no route accepts it, only ConsumePurposeToken does; ginjwt inspect explains it`
	const ticket = "it is a ticket: only routes with Locations(InTicket) accept it, and only in the request that it was issued for; ginjwt inspect explains it"
	token := u.purposeToken(m, resetPassword)
	assert.Equal(t, result{1, typ + "Why: " + purpose + "\n", ""}, u.run(token, "verify"))
	assert.Equal(t, result{1, typ + "Why: " + ticket + "\n", ""}, u.run(u.ticket(m, ""), "verify", "--type", "any"))
	v := readJSON[struct {
		Valid bool
		Why   string
	}](t, u.run(token, "verify", "--json").out)
	assert.Equal(t, purpose, v.Why)
	assert.False(t, v.Valid)
}

// Keys for access tokens verify single-use tokens.
func TestTheKeyOfASingleUseTokenIsNamed(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "add", "./keys.json", "--id", "access", "--type", "access")
	u.ok("key", "add", "./keys.json", "--id", "refresh", "--type", "refresh")
	m := u.service(func(c *ginjwt.Config) {
		loaded, err := ginjwt.LoadConfig(func(name string) (string, bool) { return u.dir + "/keys.json", name == "JWT_KEYS_FILE" })
		require.NoError(t, err)
		c.SecretKey, c.Keys = "", loaded.Keys
	})
	for _, token := range []string{u.purposeToken(m, resetPassword), u.ticket(m, "")} {
		out := u.ok("inspect", token, "--key", "./keys.json")
		assert.Contains(t, out, "Signature: valid\n")
		assert.Contains(t, out, "\nKey: access\n")
		assert.NotContains(t, out, "Skipped: access")
		assert.Contains(t, out, "\nVerdict: works once")
	}
}

// A public key is enough to check a single-use token, even if it is bound.
func TestInspectSingleUseTokensWithAPublicKey(t *testing.T) {
	t.Parallel()
	u := newUser(t)
	u.ok("key", "new", "--algorithm", "EdDSA", "--format", "pem", "--out", "./private.pem")
	u.write("public.pem", u.ok("key", "public", "./private.pem"))
	m := u.service(func(c *ginjwt.Config) {
		c.SecretKey, c.Algorithm, c.PrivateKey = "", "EdDSA", u.read("private.pem")
	})
	for _, token := range []string{u.purposeToken(m, resetPassword, ginjwt.BoundTo("x")), u.ticket(m, "")} {
		out := u.ok("inspect", token, "--key", "./public.pem")
		assert.Contains(t, out, "\nSignature: valid\nVerdict: works once")
	}
}

// A route refuses a ticket for a refresh token, which only another holder of the key can make.
func TestInspectATicketForARefreshToken(t *testing.T) {
	t.Parallel()
	u := newUser(t, secretSetting)
	exp := noon.Add(time.Minute).Unix()
	for kind, verdict := range map[string]string{
		"access":  "works once, for its request",
		"refresh": "refused: Only non-refresh tokens are allowed (token_wrong_type, answered 422)\n",
	} {
		of := fmt.Sprintf(`{\"type\":\"%s\",\"sub\":\"alice\",\"jti\":\"2\",\"iat\":%d,\"exp\":%d}`, kind, noon.Unix(), exp)
		ticket := forged(`{"alg":"HS256","typ":"ticket+jwt"}`, fmt.Sprintf(`{"type":"ticket","sub":"alice","jti":"1","iat":%d,"exp":%d,"aud":"urn:ginjwt:ticket:","ginjwt_ticket":{"req":"x","header":"{\"alg\":\"HS256\"}","payload":"%s"}}`, noon.Unix(), exp, of))
		assert.Contains(t, u.ok("inspect", ticket), "\nSignature: valid\nVerdict: "+verdict, kind)
	}
}

// inspect shows what is wrong in a single-use token, and escapes control characters.
func TestInspectHostileSingleUseTokens(t *testing.T) {
	t.Parallel()
	exp := noon.Add(time.Minute).Unix()
	purpose := func(aud string) string {
		return forged(`{"alg":"HS256","typ":"Application/Purpose+JWT"}`, fmt.Sprintf(`{"type":"purpose","sub":"alice","jti":"1","iat":%d,"exp":%d,"at":%d,"aud":%s}`, noon.Unix(), exp, noon.Unix(), aud))
	}
	ticket := func(claim string) string {
		return forged(`{"alg":"HS256","typ":"ticket+jwt"}`, fmt.Sprintf(`{"type":"ticket","sub":"alice","jti":"1","iat":%d,"exp":%d,"aud":"urn:ginjwt:ticket:","ginjwt_ticket":%s}`, noon.Unix(), exp, claim))
	}
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	carries := func(payload string) string {
		return ticket(`{"header":"{\"alg\":\"HS256\"}","payload":` + quoted(payload) + `}`)
	}
	for name, test := range map[string]struct{ token, code string }{
		"aud is no text":              {purpose(`7`), "odd_audience"},
		"no aud":                      {purpose(`null`), "odd_audience"},
		"aud is an object":            {purpose(`{"urn:ginjwt:purpose::x":1}`), "odd_audience"},
		"aud of a ticket":             {purpose(`"urn:ginjwt:ticket:shop"`), "odd_audience"},
		"aud with a name too few":     {purpose(`"urn:ginjwt:purpose:x"`), "odd_audience"},
		"aud with a name too many":    {purpose(`"urn:ginjwt:purpose:a:b:c"`), "odd_audience"},
		"aud with a bad escape":       {purpose(`"urn:ginjwt:purpose:%zz:x"`), "odd_audience"},
		"aud with a needless escape":  {purpose(`"urn:ginjwt:purpose::%78"`), "odd_audience"},
		"a purpose that no name is":   {purpose(`"urn:ginjwt:purpose::%1B%5B2J"`), "odd_audience"},
		"a purpose of 65 characters":  {purpose(quoted("urn:ginjwt:purpose::" + strings.Repeat("x", 65))), "odd_audience"},
		"aud is huge":                 {purpose(quoted("urn:ginjwt:purpose:" + strings.Repeat("x", 300_000) + ":x")), "large"},
		"many audiences":              {purpose("[" + strings.Repeat(`"urn:ginjwt:purpose::",`, 20_000) + `"x"]`), "odd_audience"},
		"a realm that clears screens": {purpose(`"urn:ginjwt:purpose:%1B%5B2J%E2%80%AE:x"`), ""},
		"no claim of a ticket":        {ticket(`null`), "odd_ticket"},
		"the claim is a list":         {ticket(`["x"]`), "odd_ticket"},
		"the token is an object":      {ticket(`{"header":{},"payload":{}}`), "odd_ticket"},
		"the payload is no object":    {carries(`["alice"]`), "odd_ticket"},
		"the payload is no JSON":      {carries("\x1b[2J"), "odd_ticket"},
		"the payload breaks off":      {carries(`{"sub":"alice"`), "odd_ticket"},
		"the token is a ticket":       {ticket(`{"header":"{\"alg\":\"HS256\",\"typ\":\"ticket+jwt\"}","payload":"{}"}`), "odd_ticket"},
		"claims that clear screens":   {carries(`{"sub":"` + "\u009b2J\u202e" + `","sid":{"\u001b[2J":1},"exp":"x"}`), "control_characters"},
		"claims that are escaped":     {carries(`{"sub":"\u001b[2J"}`), "control_characters"},
		"a claim that is there twice": {carries(`{"sub":"alice","sub":"bob"}`), "twice"},
		"an origin that does":         {ticket(`{"origin":"\u001b[2J","header":"{}","payload":"{}"}`), "control_characters"},
		"a password in the token":     {carries(`{"sub":"alice","user":{"password":"x"}}`), "secret_in_claims"},
	} {
		for _, env := range []string{secretSetting, ""} {
			r := newUser(t, env).run(test.token, "inspect")
			assert.Equal(t, result{0, r.out, ""}, r, name)
			assert.Contains(t, r.out, "\nUsed once\n", name)
			assert.Equal(t, -1, strings.IndexFunc(r.out, func(c rune) bool { return c < ' ' && c != '\n' || c == '\u009b' || c == '\u202e' }), name)
			assert.NotContains(t, r.out, "answered 500", name)
			if strings.HasPrefix(test.code, "odd_") {
				assert.Contains(t, r.out, "\nVerdict: refused: ", name)
			}

			r = newUser(t, env).run(test.token, "inspect", "--json")
			answer := readJSON[struct{ Warnings []caution }](t, r.out)
			codes := []string{""}
			for _, w := range answer.Warnings {
				codes = append(codes, w.Code)
			}
			assert.Contains(t, codes, test.code, name)
			if test.code == "" {
				assert.Empty(t, answer.Warnings, name)
			}
			assert.Equal(t, 1, newUser(t, secretSetting).run(test.token, "verify", "-q").status, name)
		}
	}
}
