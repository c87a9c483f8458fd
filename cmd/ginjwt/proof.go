package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// proof describes a DPoP proof (RFC 9449). Its JSON is a member of the output of inspect.
type proof struct {
	Method     string `json:"method,omitempty"`
	URL        string `json:"url,omitempty"`
	TokenHash  string `json:"token_hash,omitempty"` // of the token that it is for; empty: for a login or a refresh
	Nonce      string `json:"nonce,omitempty"`
	Thumbprint string `json:"thumbprint,omitempty"` // of its key; empty: unreadable

	key *keys.Bound
}

// isProof reports whether t is a DPoP proof, by its "typ".
func (t loose) isProof() bool {
	return strings.TrimPrefix(strings.ToLower(t.header.text("typ")), "application/") == "dpop+jwt"
}

// proof describes t, or returns nil if t is not a DPoP proof.
func (t loose) proof() *proof {
	if !t.isProof() {
		return nil
	}
	p := &proof{Method: t.claims.text("htm"), URL: t.claims.text("htu"), TokenHash: t.claims.text("ath"), Nonce: t.claims.text("nonce")}
	jwk, _ := t.header.get("jwk")
	key, err := keys.ParsePublicJWK(t.header.text("alg"), jwk)
	if err != nil {
		return p
	}
	if p.key, err = (keys.Options{}).Bind(key); err == nil {
		p.Thumbprint, _ = key.Thumbprint()
	}
	return p
}

// judgeProof sets how a service with these settings would respond to the request of the proof.
func (i *inspection) judgeProof(ctx context.Context, t loose, config ginjwt.Config) {
	p := i.Proof
	switch {
	case p.key == nil:
		i.Signature, i.Reason = signatureUnknown, `the header has no public key ("jwk") for its algorithm`
	case p.key.Verify(t.signed(), t.signature, config.Now()) == nil:
		i.Signature = signatureValid
	default:
		i.Signature, i.Reason = signatureInvalid, "the key in its header did not make it"
	}
	i.Refused = p.refusal(ctx, t.text, config)
}

// refusal returns how a service refuses a request with this proof; nil: it does not. The
// request has a token that is bound to the key of the proof. It is a refresh token, because
// nobody knows which access token the proof is for.
func (p *proof) refusal(ctx context.Context, encoded string, config ginjwt.Config) *refused {
	m, _ := judgeOfProofs(config)
	anyKey := strings.Repeat("A", 43) // the proof is refused before the keys are compared
	token, err := m.CreateRefreshToken(ctx, "anybody", ginjwt.WithKeyThumbprint(cmp.Or(p.Thumbprint, anyKey)))
	if err != nil {
		return refusalOf(err)
	}
	r := p.request(config.DPoPOrigins).WithContext(ctx)
	r.Header = http.Header{"Dpop": {encoded}, "Authorization": {"DPoP " + token}}
	if _, err := m.VerifyRequest(r, ginjwt.Refresh(), ginjwt.Locations(ginjwt.InHeaders)); err != nil {
		return refusalOf(err)
	}
	return nil
}

// judgeOfProofs returns a manager that checks proofs as a service with these settings, and
// whether it checks nonces. To check them it needs their secret, or a key that they are derived
// from and that can sign a token here.
func judgeOfProofs(config ginjwt.Config) (m *ginjwt.JWTManager, checksNonces bool) {
	judge := ginjwt.Config{
		SecretKey: string(newSecret(32)), Realm: config.Realm, Now: config.Now, DPoP: "accepted",
		DPoPOrigins: config.DPoPOrigins, DPoPWindow: config.DPoPWindow,
	}
	if m := nonceJudge(judge, config); m != nil {
		return m, true
	}
	m = ginjwt.New(judge)
	if m.InitApp(nil) != nil { // these settings are not valid
		m = ginjwt.New(ginjwt.Config{SecretKey: judge.SecretKey, Now: config.Now, DPoP: "accepted"})
		_ = m.InitApp(nil) // never fails
	}
	return m, false
}

// nonceJudge returns a manager with the settings of judge that also checks nonces, or nil if the
// settings in config require none or have no key for them.
func nonceJudge(judge, config ginjwt.Config) *ginjwt.JWTManager {
	if !config.DPoPNonce {
		return nil
	}
	judge.DPoPNonce, judge.DPoPNonceSecret, judge.DPoPNonceOtherSecret = true, config.DPoPNonceSecret, config.DPoPNonceOtherSecret
	if judge.DPoPNonceSecret == "" { // a service derives the nonces from its keys
		judge.SecretKey, judge.AllowShortSecret = config.SecretKey, config.AllowShortSecret
		judge.PrivateKey, judge.Keys, judge.Algorithm = config.PrivateKey, config.Keys, config.Algorithm
	}
	m := ginjwt.New(judge)
	if m.InitApp(nil) != nil {
		return nil
	}
	if _, err := m.CreateRefreshToken(context.Background(), "anybody"); err != nil { // no key signs now
		return nil
	}
	return m
}

// request returns the request that the proof names, as it arrives at a service with these
// origins.
func (p *proof) request(origins []string) *http.Request {
	target, err := url.Parse(p.URL)
	if err != nil {
		target = &url.URL{}
	}
	r := &http.Request{Method: p.Method, Host: target.Host, URL: &url.URL{Path: target.Path, RawPath: target.RawPath}}
	if target.Scheme == "https" {
		r.TLS = &tls.ConnectionState{}
	}
	for _, origin := range origins { // a proxy removes the path of an origin
		if rest, ok := strings.CutPrefix(p.URL, strings.TrimSuffix(origin, "/")); ok && (rest == "" || strings.HasPrefix(rest, "/")) {
			if behind, err := url.Parse(rest); err == nil {
				r.URL = &url.URL{Path: behind.Path, RawPath: behind.RawPath}
			}
		}
	}
	return r
}

// printProof explains a DPoP proof.
func (a *app) printProof(p *proof, config ginjwt.Config) {
	if p == nil {
		return
	}
	token, key, nonce := "none: it is for a login, a refresh or an endpoint of OAuth", "unreadable", "none"
	if p.TokenHash != "" {
		token = "only the token with the SHA-256 hash " + safe(p.TokenHash)
	}
	if p.Thumbprint != "" {
		key = p.Thumbprint + `, as in the "cnf" of tokens that are bound to it`
	}
	if p.Nonce != "" {
		nonce = strconv.Quote(p.Nonce) + whyNotChecked(config)
	}
	a.out.line("%s", a.out.bold("DPoP proof"))
	a.out.line("  kind     it goes into the header DPoP of one request; no service accepts it as a token")
	a.out.line("  request  %s %s", safe(p.Method), safe(p.URL))
	a.out.line("  token    %s", token)
	a.out.line("  key      %s", key)
	a.out.line("  nonce    %s", nonce)
	a.out.line("")
}

// whyNotChecked says what is missing to check a nonce. It returns "" if nothing is missing.
func whyNotChecked(config ginjwt.Config) string {
	if !config.DPoPNonce {
		return ", which is not checked without JWT_DPOP_NONCE"
	}
	if _, checksNonces := judgeOfProofs(config); !checksNonces {
		return ", which is not checked without the keys that sign, or JWT_DPOP_NONCE_SECRET"
	}
	return ""
}
