package ginjwt

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// possession decides whether the sender of a token has the key that the token is bound to, and
// to which key new tokens are bound (RFC 9449).
//
// A bound token is never accepted without a proof, also with DPoP off: otherwise turning the
// setting off would make all bound tokens in the hands of thieves usable.
type possession struct {
	mode    string
	targets targets
	window  time.Duration // how far "iat" of a proof may be from now
	nonces  *nonces       // nil: proofs need no nonce
	realm   string
	now     func() time.Time

	local  store.Once // proofs used in this process
	shared store.Once // proofs used in all processes
}

func newPossession(config *Config, set func() *keys.Set, shared store.Once) *possession {
	p := &possession{
		mode: config.DPoP, targets: targetsOf(config.DPoPOrigins), window: config.DPoPWindow, realm: config.Realm, now: config.Now,
		local: &store.MemoryOnce{Now: config.Now}, shared: shared,
	}
	if config.DPoPNonce {
		p.nonces = &nonces{realm: config.Realm, secret: config.DPoPNonceSecret, other: config.DPoPNonceOtherSecret, keys: set}
	}
	return p
}

// These are the values of Token.proven: whether the sender has the key that the token is bound to.
const (
	unproven   = iota
	provenHere // other processes may accept the same proof
	provenOnce // no process accepts the same proof
)

// presented is what came with a token.
type presented struct {
	by     *http.Request // nil: the token came alone
	url    string        // that the proof must be for; empty: that of the request
	memory proofMemory   // of the request; nil: none
	holder *Token        // that was verified in the request before; nil: none

	asBearer bool // the token is in a header with the scheme for unbound tokens
	asDPoP   bool // the token is in a header with the scheme DPoP
	toIssuer bool // the request goes to an endpoint of the issuer: its proof may name no token
	strictly bool // only bound tokens are good here, so no process may accept a proof twice

	forTicket bool // the proof gets a ticket, so no process may accept it twice
}

// proofMemory remembers the proof that a request has used. So a second check in the same request
// does not take it for a replay.
type proofMemory interface {
	proof() *proof // nil: none
	useProof(p *proof)
}

// prove checks the proof of a bound token, and notes the success in the token. The token must
// have a valid signature.
func (p *possession) prove(ctx context.Context, token *Token, with presented) error {
	switch cnf := token.read().payload.confirmation; {
	case token.proven.Load() != unproven:
		return nil
	case !cnf.there && (with.strictly || p.mode == dpopDemanded):
		return errNotKeyBound.about(token)
	case !cnf.there && with.asDPoP:
		return errNotKeyBoundAsDPoP.about(token)
	case !cnf.there:
		return nil
	case cnf.jkt == "":
		return errConfirmation.about(token)
	case with.asBearer:
		return errKeyBoundAsBearer.about(token)
	}
	proof, err := p.proofIn(with, token.contents.bound, token.KeyThumbprint())
	if err != nil {
		return asError(err).about(token)
	}
	namesToken := proof.tokenHash != "" || !with.toIssuer
	if token.Type == AccessToken && namesToken && !sameHash(proof.tokenHash, token.tokenHash()) {
		return asError(p.withNonce(errProofToken, p.now())).about(token)
	}
	if err := p.use(ctx, proof, with); err != nil {
		return asError(err).about(token)
	}
	token.contents.bound.remember(proof.key)
	if p.isForAll(with) {
		token.proven.Store(provenOnce)
	} else {
		token.proven.Store(provenHere)
	}
	return nil
}

// check refuses a token that prove has not accepted. Every check of a token ends here, so that
// a bound token is refused where nobody has asked for its proof.
func (p *possession) check(token *Token, need *requirement) error {
	cnf := token.read().payload.confirmation
	switch {
	case !cnf.there && (need.bound || p.mode == dpopDemanded):
		return errNotKeyBound.about(token)
	case !cnf.there:
		return nil
	case cnf.jkt == "": // also where the caller checks DPoP proofs
		return errConfirmation.about(token)
	case token.proven.Load() != unproven:
		return nil
	}
	return errNoProof.about(token)
}

// keyOfLogin returns the thumbprint of the key to which tokens of a login are bound; empty: none.
// If the request has been let in by a bound token, its key is kept: new tokens must not free the
// holder of a bound token from its key.
func (p *possession) keyOfLogin(ctx context.Context, with presented) (jkt string, err error) {
	if with.holder != nil && with.holder.KeyThumbprint() != "" {
		return with.holder.KeyThumbprint(), nil
	}
	hasProof := with.by != nil && len(with.by.Header[proofHeader]) > 0
	switch {
	case !hasProof && p.mode == dpopAccepted:
		return "", nil
	case with.by == nil:
		return "", errLoginAlone
	}
	proof, err := p.proofIn(with, nil, "")
	if err == nil {
		err = p.use(ctx, proof, with)
	}
	if err != nil {
		return "", atLogin(err)
	}
	return proof.key.thumbprint, nil
}

// proofIn returns the proof of a request. It is for this request, was made now, and is of the key
// with the thumbprint jkt; empty: of any key. bound is what is known of that key.
func (p *possession) proofIn(with presented, bound *boundKey, jkt string) (*proof, error) {
	if with.by == nil {
		return nil, errNoProof
	}
	lines, now := with.by.Header[proofHeader], p.now()
	switch {
	case len(lines) == 0:
		return nil, p.withNonce(errNoProof, now)
	case len(lines) > 1:
		return nil, errManyProofs
	}
	proof := with.used(lines[0])
	if proof == nil {
		var err error
		if proof, err = readProof(lines[0], bound.known(), jkt, now); err != nil {
			return nil, p.withNonce(err, now)
		}
	}
	switch {
	case jkt != "" && !sameHash(proof.key.thumbprint, jkt):
		return nil, p.withNonce(errKeyMismatch, now)
	case proof.method != with.by.Method:
		return nil, p.withNonce(errProofMethod, now)
	case !p.isFor(proof, with): // also if it was used: a handler may pass its context on to an inner request
		return nil, p.withNonce(errProofTarget, now)
	case proof.usedBy == p: // it was new then
		return proof, nil
	case p.nonces != nil && !p.nonces.accepts(proof.nonce, now):
		return nil, p.withNonce(errProofNonce, now)
	case !p.isRecent(proof, now):
		return nil, p.withNonce(errProofTime, now)
	}
	return proof, nil
}

// isFor reports whether a proof is for the URL of a request.
func (p *possession) isFor(proof *proof, with presented) bool {
	if with.url == "" {
		return p.targets.match(proof.target, with.by)
	}
	wanted, ok := normalTarget(with.url)
	claimed, alsoOK := normalTarget(proof.target)
	return ok && alsoOK && wanted == claimed
}

// isRecent reports whether a proof was made now, as far as clocks agree.
func (p *possession) isRecent(proof *proof, now time.Time) bool {
	window := int64(p.window / time.Second)
	return proof.issued >= now.Unix()-window && proof.issued <= now.Unix()+window &&
		proof.expires > now.Unix()-window && proof.notBefore <= now.Unix()+window
}

// isForAll reports whether a proof is used up for all processes: if only bound tokens are good here,
// or the proof gets a ticket.
func (p *possession) isForAll(with presented) bool {
	return with.strictly || with.forTicket || p.mode == dpopDemanded
}

// use uses a proof up.
func (p *possession) use(ctx context.Context, proof *proof, with presented) error {
	once, everywhere := p.local, p.isForAll(with)
	if used := with.used(proof.encoded); used != nil && (used.everywhere || !everywhere) {
		return nil
	}
	if everywhere { // a store elsewhere must not stop half-way when the client hangs up
		once, ctx = p.shared, context.WithoutCancel(ctx)
	}
	id, until := derivedID("DPoP proof", p.realm, proof.key.thumbprint, proof.id), time.Unix(proof.issued+1, 0).Add(p.window)
	if everywhere { // where other clocks count
		until = keptUntil(until, 0)
	}
	first, err := once.Claim(ctx, id, until)
	switch {
	case err != nil:
		return unavailable(err)
	case !first:
		return p.withNonce(errProofReplayed, p.now())
	case with.memory == nil:
		return nil
	}
	if proof.usedBy != nil { // others may be reading it
		again := *proof
		proof = &again
	}
	proof.usedBy, proof.everywhere = p, everywhere
	with.memory.useProof(proof)
	return nil
}

// used returns the proof that this request has already used, if it is encoded.
func (with presented) used(encoded string) *proof {
	if with.memory == nil {
		return nil
	}
	if proof := with.memory.proof(); proof != nil && proof.encoded == encoded {
		return proof
	}
	return nil
}

// withNonce adds the current nonce to a refusal, so that the client needs no other one.
func (p *possession) withNonce(err error, now time.Time) error {
	if p.nonces == nil {
		return err
	}
	e := asError(err)
	e.nonce = p.nonces.current(now)
	return e
}

// nonce returns the nonce for the next proof of the client; empty: it needs none.
func (p *possession) nonce() string {
	if p.nonces == nil {
		return ""
	}
	return p.nonces.current(p.now())
}

// errLoginAlone is a mistake of the application, not of the client.
var errLoginAlone = errors.New("ginjwt: Config.DPoP is demanded: pass the *gin.Context of the login, or the option WithKeyThumbprint")

// atLogin gives a refusal the status of a token endpoint (RFC 9449 §5).
func atLogin(err error) *Error {
	e := asError(err)
	if e.Status == http.StatusUnauthorized {
		e.Status, e.atLogin = http.StatusBadRequest, true
	}
	return e
}
