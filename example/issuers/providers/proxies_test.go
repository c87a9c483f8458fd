package providers_test

import (
	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/issuers/providers"
)

// proxies are providers that add a token to each request.
func proxies() []sample {
	const team, iap = "https://example.cloudflareaccess.com", "https://cloud.google.com/iap"
	const tag = "32eafc7626e974616deaf0dc3ce63d7bcbed58a2731e84d06bc3cdf1b53c4228"
	certs := keysAt(team+"/cdn-cgi/access/certs", rsaJWK(), rsaJWK("kid", "former"))
	certs[team+"/cdn-cgi/access/certs"]["public_cert"] = members{"kid": "key", "cert": "-----BEGIN CERTIFICATE-----"}
	certs[team+"/cdn-cgi/access/certs"]["public_certs"] = []members{{"kid": "key", "cert": "-----BEGIN CERTIFICATE-----"}}
	return []sample{
		{
			provider: "Cloudflare Access",
			issuers:  one(providers.CloudflareAccess),
			pages:    certs,
			token: variant{claims: members{
				"aud": []string{tag}, "email": "user@example.com", "nbf": 1, "iss": team, "type": "app", "identity_nonce": "6ei69kawdKzMIAPF",
				"sub": "7335d417-61da-459d-899c-0a01c76a2f94", "country": "US",
			}, want: "cloudflare:7335d417-61da-459d-899c-0a01c76a2f94"},
			others: []variant{
				{"service token", nil, members{"sub": "", "common_name": "e367826f93b8d71185e03fe518aff3b4.access", "email": nil, "identity_nonce": nil}, "cloudflare:e367826f93b8d71185e03fe518aff3b4.access"},
				{"login at the team", nil, members{"type": "org", "aud": team}, otherAud},
				{"login at the team, with the tag", nil, members{"type": "org"}, otherType},
				{"for another application", nil, members{"aud": []string{"97e2aae120121f902df8bc99fc345913"}}, otherAud},
				{"of another team", nil, members{"iss": "https://evil.cloudflareaccess.com"}, unknown},
			},
		},
		{
			provider: "Google IAP",
			issuers:  one(providers.GoogleIAP),
			pages:    keysAt("https://www.gstatic.com/iap/verify/public_key-jwk", jwk(&ecKey.PublicKey)),
			signer:   ecKey,
			token: variant{claims: members{
				"iss": iap, "aud": "/projects/1234567890/global/backendServices/9876543210", "azp": "/projects/1234567890/global/backendServices/9876543210",
				"sub": "accounts.google.com:110169484474386276334", "email": "alice@example.com", "hd": "example.com", "google": members{"access_levels": []string{"a"}},
			}, want: "iap:accounts.google.com:110169484474386276334"},
			others: []variant{
				{"for another service of the project", nil, members{"aud": "/projects/1234567890/global/backendServices/1"}, otherAud},
				{"ID token of Google", nil, members{"iss": "https://accounts.google.com"}, unknown},
			},
		},
		{
			provider: "Teleport",
			issuers:  one(providers.Teleport),
			pages:    keysAt("https://teleport.example.com/.well-known/jwks.json", rsaJWK(), rsaJWK("kid", "")),
			token: variant{header: members{"kid": nil}, claims: members{
				"aud": []string{"http://10.0.0.7:8080"}, "iss": "teleport.example.com", "nbf": 1, "sub": "alice", "username": "alice",
				"roles": []string{"admin"}, "traits": members{"logins": []string{"root", "ubuntu"}},
			}, want: "teleport:alice"},
			may: map[string]may{
				"role": {ginjwt.Roles("admin"), true}, "another role": {ginjwt.Roles("root"), false}, "trait": {ginjwt.Claim("/traits/logins", "ubuntu"), true},
			},
			others: []variant{
				{"with the kid", members{"kid": "key"}, nil, "teleport:alice"},
				{"for another application", nil, members{"aud": []string{"http://10.0.0.8:8080"}}, otherAud},
				{"of another cluster", nil, members{"iss": "leaf.example.com"}, unknown},
			},
		},
	}
}
