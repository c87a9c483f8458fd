package ginjwt

import (
	"context"
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"
)

// This file brings the DPoP proof of a request to the check of its token, and the nonce for the
// next proof into the response.

// presentedIn returns what came with a token in a request; nothing if ctx belongs to none.
func (m *JWTManager) presentedIn(ctx context.Context) presented {
	with := presented{by: requestIn(ctx)}
	if v, ok := verifiedIn(ctx); ok {
		with.holder = v.token
	}
	if with.by == nil || len(with.by.Header[proofHeader]) == 0 {
		return with
	}
	if c := ginIn(ctx); c != nil && stateOf(c.Request.Context()) == nil {
		newState(c, m) // remembers the proof
		with.by = c.Request
	}
	if state := stateOf(ctx); state != nil {
		with.memory = state
	}
	return with
}

// answeredIn is presentedIn for what writes a response. The response gets the nonce for the next
// proof, whatever becomes of this one.
func (m *JWTManager) answeredIn(ctx context.Context) presented {
	if c := ginIn(ctx); c != nil {
		m.offerNonce(c)
	}
	return m.presentedIn(ctx)
}

// proveRequest checks the proof of the token of a request.
func (m *JWTManager) proveRequest(c *gin.Context, token *Token, scheme scheme, need *requirement) error {
	if !token.isBound() && !need.bound && scheme != dpopScheme && m.possession.mode != dpopDemanded {
		return nil
	}
	with := m.answeredIn(c)
	with.strictly, with.toIssuer, with.forTicket = need.bound, need.toIssuer, need.sellsTickets
	with.asBearer, with.asDPoP = scheme == bearerScheme, scheme == dpopScheme
	return m.possession.prove(c.Request.Context(), token, with)
}

// challengedFor lets the challenge of a refusal have the scheme DPoP if the route or the request
// needs that scheme.
func (m *JWTManager) challengedFor(c *gin.Context, need *requirement, scheme scheme, err error) error {
	if !need.bound && m.possession.mode != dpopDemanded && scheme != dpopScheme {
		return err
	}
	e := asError(err)
	e.forDPoP = true
	if len(c.Request.Header[proofHeader]) > 0 {
		e.nonce = or(e.nonce, m.possession.nonce())
	}
	return e
}

// useProofForTicket lets no process accept the proof of a request again. A proof does not cover
// the body of its request: with a copy of the request, a thief could get a ticket for any other
// request from each other process.
func (m *JWTManager) useProofForTicket(c *gin.Context, token *Token) error {
	if token.proven.Load() != provenHere {
		return nil
	}
	with := m.presentedIn(c)
	if with.memory == nil || !with.memory.proof().isOf(token) {
		return errOtherProof
	}
	with.forTicket = true
	if err := m.possession.use(c.Request.Context(), with.memory.proof(), with); err != nil {
		return asError(err).about(token)
	}
	return nil
}

// isOf reports whether p proves the key of token. p may be nil.
func (p *proof) isOf(token *Token) bool {
	return p != nil && sameHash(p.key.thumbprint, token.KeyThumbprint()) && sameHash(p.tokenHash, token.tokenHash())
}

// errOtherProof is a mistake of the application, not of the client.
var errOtherProof = errors.New("ginjwt: CreateTicket: the token was verified with a DPoP proof that is not that of this request, " +
	"and other processes may accept it too: pass Bound() to VerifyToken")

// offerNonce puts the nonce for the next proof into the response to a proof (RFC 9449 §8.2).
func (m *JWTManager) offerNonce(c *gin.Context) {
	if len(c.Request.Header[proofHeader]) == 0 {
		return
	}
	if nonce := m.possession.nonce(); nonce != "" && hasResponse(c) {
		putNonce(c, nonce)
	}
}

// hasResponse reports whether c can write a response. What c.Copy returns has a writer with
// nothing behind it, which panics.
func hasResponse(c *gin.Context) bool {
	if w, ok := c.Writer.(interface{ Unwrap() http.ResponseWriter }); ok {
		return w.Unwrap() != nil
	}
	return c.Writer != nil
}

// bindLogin binds new tokens to the key of the login, unless an option has named a key.
func (m *JWTManager) bindLogin(ctx context.Context, spec *tokenSpec) (err error) {
	if spec.jkt != "" {
		return nil
	}
	if m.possession.mode == dpopOff { // most services; only the key of a bound token in the request counts
		if token, ok := GetToken(ctx); ok {
			spec.jkt = token.KeyThumbprint()
		}
		return nil
	}
	return m.bindToProof(ctx, spec)
}

// bindToProof binds new tokens to the key of the request's token, or else of its proof.
func (m *JWTManager) bindToProof(ctx context.Context, spec *tokenSpec) (err error) {
	with := m.answeredIn(ctx)
	spec.jkt, err = m.possession.keyOfLogin(plain(ctx), with)
	return err
}

// WithProof gives [JWTManager.VerifyToken] the DPoP proof that came with a token, for example in
// the first message of a WebSocket. method and url say what the proof must be for: its "htm" and
// "htu". url is absolute, http or https (not wss), and as clients know it; Config.DPoPOrigins
// does not apply. Without this option, VerifyToken reads the proof from the request that its
// context belongs to. A proof for another method or URL is an [ErrDPoPProof]. Other methods
// ignore the option.
func WithProof(proof, method, url string) RequiredOption {
	return func(need *requirement) { need.proof = &givenProof{proof, method, url} }
}

// presented returns the proof as what came with the token. No proof is for an empty URL: it must
// not mean the URL of the request, which is made up here.
func (g *givenProof) presented() presented {
	return presented{by: &http.Request{Method: g.method, Header: http.Header{proofHeader: {g.proof}}}, url: or(g.url, "none")}
}

// proveAtIssuer checks the proof of a token in the form of an OAuth endpoint.
func (m *JWTManager) proveAtIssuer(c *gin.Context, token *Token) error {
	if !token.isBound() {
		return nil
	}
	with := m.answeredIn(c)
	with.toIssuer = true
	return m.possession.prove(c.Request.Context(), token, with)
}
