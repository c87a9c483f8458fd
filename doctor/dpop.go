package doctor

import (
	"slices"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
)

// dpopRules check the settings of DPoP (RFC 9449), and settings that mean something else
// with it.
var dpopRules = []rule{
	{Warning, "DPoPOrigins", func(c effectiveConfig) bool { return c.bindsTokens() && len(c.DPoPOrigins) == 0 },
		"The Host header of a request decides for which host its proof must be made, and the client writes this header: if a proof for another host gets into the wrong hands, it is accepted here too. Behind a proxy that ends TLS, all proofs are refused, because the service takes its own scheme for http.",
		"Set DPoPOrigins to the addresses that clients use, such as https://api.example.com."},
	{Warning, "DPoPOrigins", func(c effectiveConfig) bool { return slices.ContainsFunc(c.DPoPOrigins, isPlainHTTP) },
		"Over http://, everybody in the network can read a token with its proof, hold the request back, and send both first.",
		"Serve the API over https, and name only https:// origins. Behind a proxy that ends TLS, write the address that clients use."},
	{Warning, "DPoPWindow", func(c effectiveConfig) bool { return c.DPoPWindow > 5*time.Minute },
		"A proof is accepted for more than five minutes before and after it was made. For that time, a copied proof that has not arrived yet can be used, and every used proof takes memory. RFC 9449 §11.1 recommends seconds or minutes.",
		"Leave DPoPWindow at its minute. Clients whose clock is wrong can correct it by the header Date of a response."},
	{Warning, "DPoP", func(c effectiveConfig) bool { return c.demandsKeys() && c.reads(ginjwt.InCookies) },
		"Every token must be bound to a key, but TokenLocation names cookies. A proof contains the hash of the token, and a page cannot read the cookie: requests with the cookie alone are refused.",
		"Remove InCookies from TokenLocation. Or set DPoP to accepted, which leaves logins of browsers without a proof as they are."},
	{Warning, "DisableHeaderType", func(c effectiveConfig) bool { return c.bindsTokens() && c.DisableHeaderType },
		"Clients send a bound token after the scheme DPoP (RFC 9449 §7.1), but the header is read as the token alone: all these requests are refused.",
		"Remove DisableHeaderType."},
	{Warning, "Once", func(c effectiveConfig) bool { return c.bindsTokens() && c.forgetsUsesAmongOthers() },
		"Other stores are shared, but used DPoP proofs, purpose tokens and tickets are remembered only in this process. A used one works once more in every other process, and in this process after a restart: a copied proof is then worth as much as the original.",
		"Set Once to the Once of the same store."},
	{Note, "DPoPNonce", func(c effectiveConfig) bool { return c.demandsKeys() && !c.DPoPNonce },
		"The client alone says when a proof was made. A script that runs in a page for a moment can make proofs for later, and send them away together with the token (RFC 9449 §11.2).",
		"Set DPoPNonce. Clients must then repeat a request that was refused with use_dpop_nonce."},
	{Warning, "DPoPNonceSecret", func(c effectiveConfig) bool { return c.makesWeakNonces(c.given.DPoPNonceSecret) },
		"The secret can be guessed. Anyone who has seen a nonce can then find the secret, and make nonces for proofs of later times.",
		"Remove the setting: the nonces are then made with the signing keys. If this service has none, make a new secret: openssl rand -base64 32."},
	{Warning, "DPoPNonceOtherSecret", func(c effectiveConfig) bool { return c.makesWeakNonces(c.given.DPoPNonceOtherSecret) },
		"The secret can be guessed. Its nonces are accepted, so anyone who has found it can make nonces for proofs of later times.",
		"Remove the setting as soon as all processes have the new DPoPNonceSecret."},
	{Warning, "AccessTokenExpires", func(c effectiveConfig) bool {
		return c.demandsKeys() && c.AccessTokenExpires == ginjwt.NeverExpires
	},
		"Access tokens never expire. A stolen token is worth nothing without its key, but a device that is lost or sold has both, and works until you revoke the token.",
		"Leave AccessTokenExpires at its 15 minutes, and let clients refresh."},
	{Note, "AccessTokenExpires", func(c effectiveConfig) bool { return c.demandsKeys() && c.AccessTokenExpires > day },
		"Access tokens live longer than a day. A stolen token is worth nothing without its key, but a device that is lost or sold has both, and works for that time, unless you revoke the token.",
		"Set AccessTokenExpires to minutes, such as 15*time.Minute (900), and let clients refresh."},
}

// bindsTokens reports whether logins bind tokens to keys.
func (c effectiveConfig) bindsTokens() bool { return c.DPoP == "accepted" || c.demandsKeys() }

// demandsKeys reports whether every token must be bound to a key.
func (c effectiveConfig) demandsKeys() bool { return c.DPoP == "demanded" }

// makesWeakNonces reports whether others may find a secret of the nonces.
func (c effectiveConfig) makesWeakNonces(secret string) bool {
	const bits = 256
	w, weak := c.weaknessIn(secret, bits)
	return c.DPoPNonce && len(secret) >= bits/8 && weak && w.severity > Note && w.fix == ""
}
