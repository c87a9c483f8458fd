package ginjwt

import "fmt"

// These errors say what is wrong with a proof. The client reads them, so they contain nothing
// from the proof.
var (
	errNoProof        = proofRefusal(reasonProofMissing, "Missing DPoP proof: send one in the header DPoP")
	errManyProofs     = proofRefusal(reasonProofInvalid, "More than one DPoP header")
	errProofSize      = proofRefusal(reasonProofInvalid, "The DPoP proof is too large")
	errProofType      = proofRefusal(reasonProofInvalid, `The DPoP proof must have the "typ" dpop+jwt`)
	errProofHeader    = proofRefusal(reasonProofInvalid, "The header of the DPoP proof has a parameter that is not supported")
	errProofAlgorithm = proofRefusal(reasonProofInvalid, `The DPoP proof must have an "alg" with a key pair`)
	errProofNoKey     = proofRefusal(reasonProofInvalid, `The DPoP proof must have its public key in "jwk"`)
	errProofSignature = proofRefusal(reasonProofInvalid, "The signature of the DPoP proof is not valid")
	errProofMethod    = proofRefusal(reasonProofInvalid, `The DPoP proof is for another method ("htm")`)
	errProofTarget    = otherTarget()
	errProofToken     = proofRefusal(reasonProofInvalid, `The DPoP proof is for another token ("ath")`)
	errProofTime      = proofRefusal(reasonProofTime, `The DPoP proof was made at another time ("iat"): compare the clock with the header Date`)
	errProofNonce     = refusal(ErrDPoPNonce, nil)
	errProofReplayed  = proofRefusal(reasonProofReplayed, "The DPoP proof was used before: make a new one for every request")
)

// proofRefusal returns the refusal of a proof.
func proofRefusal(reason, message string) *Error {
	return refusalf(ErrDPoPProof, "%s", message).because(reason)
}

// otherTarget tells only the log what to do: the client has no part in it.
func otherTarget() *Error {
	e := proofRefusal(reasonProofInvalid, `The DPoP proof is for another URL ("htu")`)
	e.Err = fmt.Errorf("%w: if clients reach the service by this URL, for example through a proxy, set Config.DPoPOrigins (JWT_DPOP_ORIGINS)", e.Err)
	return e
}

// badProof turns the refusal of a malformed token into that of a proof.
func badProof(err error) *Error {
	return proofRefusal(reasonProofInvalid, "The DPoP proof is malformed: "+asError(err).Message)
}

func badClaim(name string) *Error {
	return proofRefusal(reasonProofInvalid, fmt.Sprintf("The DPoP proof needs a valid claim %q", name))
}

// badProofKey does not tell the client more than that the key is no good. The log gets the
// problem, which quotes no key.
func badProofKey(err error) *Error {
	e := proofRefusal(reasonProofInvalid, `The key in the "jwk" of the DPoP proof is not a valid public key for its "alg"`)
	e.Err = fmt.Errorf("%w: %w", e.Err, err)
	return e
}

// These errors say why a token and the key of its sender do not belong together.
var (
	errKeyMismatch       = bindingRefusal(reasonKeyMismatch, "The DPoP proof is of another key than the token")
	errNotKeyBound       = bindingRefusal(reasonNotBound, "The token is bound to no key: log in with a DPoP proof")
	errNotKeyBoundAsDPoP = bindingRefusal(reasonScheme, "The token is bound to no key: send it with the scheme for tokens without a key")
	errKeyBoundAsBearer  = bindingRefusal(reasonScheme, "The token is bound to a key: send it with the scheme DPoP and a DPoP proof")
	errConfirmation      = bindingRefusal(reasonConfirmation, `The token is bound by a method that is not supported: only "jkt" (DPoP) is, and not the certificate of mutual TLS ("x5t#S256")`)
)

func bindingRefusal(reason, message string) *Error {
	return refusalf(ErrKeyBinding, "%s", message).because(reason)
}
