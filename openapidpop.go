package ginjwt

import "net/http"

// This file describes tokens that are bound to a key (RFC 9449) in OpenAPI: the token has the
// scheme DPoP, and a proof is required together with it.

// proofScheme is the name of the scheme of DPoP proofs.
const proofScheme = "dpopProof"

var dpopProof = OpenAPISecurityScheme{Type: "apiKey", In: "header", Name: "DPoP",
	Description: "A DPoP proof (RFC 9449) for this request, of the key that the token is bound to."}

// readsDPoP reports whether the guard accepts the scheme DPoP, as far as the settings tell.
// With DPoP off, tokens may still be bound by others; their clients know it.
func (g Guard) readsDPoP() bool {
	return (g.Bound || g.by.possession.mode != dpopOff) && !g.by.config.DisableHeaderType
}

// dpopWay returns the way with a bound token in the header. It is in the same place as other
// tokens in the header, but none of them at the same time.
func (s *guardSchemes) dpopWay(place string, token TokenType) alternative {
	way := s.way(place, "DPoP "+token)
	s.need(way, string(token)+"DPoP", dpopHeader(&s.guard.by.config, token), s.guard.scopes())
	s.need(way, proofScheme, dpopProof, nil)
	return way
}

func dpopHeader(config *Config, token TokenType) OpenAPISecurityScheme {
	what := "The " + string(token) + " token, which is bound to a key"
	if http.CanonicalHeaderKey(config.HeaderName) == "Authorization" {
		return OpenAPISecurityScheme{Type: "http", Scheme: "dpop", Description: what + "."}
	}
	return OpenAPISecurityScheme{Type: "apiKey", In: "header", Name: config.HeaderName, Description: what + ", after the scheme \"" + dpopName + "\" and a blank."}
}
