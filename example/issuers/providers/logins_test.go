package providers_test

import (
	"context"
	"encoding/pem"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/issuers/providers"
	"github.com/gin-jwt-extended/ginjwt/jwks"
)

// logins are providers with tokens that say who logged in.
func logins() []sample {
	const google, apple = "https://accounts.google.com", "https://appleid.apple.com"
	const okta = "https://example.okta.com"
	return []sample{
		{
			provider: "Google",
			issuers:  providers.Google,
			pages:    keysAt("https://www.googleapis.com/oauth2/v3/certs", rsaJWK()).metadataOf(google, "https://www.googleapis.com/oauth2/v3/certs"),
			token: variant{claims: members{
				"iss": google, "aud": "407408718192.apps.googleusercontent.com", "azp": "407408718192.apps.googleusercontent.com",
				"sub": "110169484474386276334", "email": "alice@example.com", "email_verified": true, "hd": "example.com",
			}, want: "google:110169484474386276334"},
			may: map[string]may{"member": {ginjwt.Claim("hd", "example.com"), true}, "stranger": {ginjwt.Claim("hd", "example.org"), false}},
			others: []variant{
				{"legacy", nil, members{"iss": "accounts.google.com"}, "google:110169484474386276334"},
				{"for another app", nil, members{"aud": "of-another-app.apps.googleusercontent.com"}, otherAud},
				{"of Firebase", nil, members{"iss": "https://securetoken.google.com/example-shop", "aud": "example-shop"}, unknown},
				{"of a service account itself", nil, members{"iss": "robot@example.iam.gserviceaccount.com"}, unknown},
			},
		},
		{
			provider: "Okta, org authorization server",
			issuers:  one(providers.OktaLogin),
			pages:    keysAt(okta+"/oauth2/v1/keys", rsaJWK()).metadataOf(okta, okta+"/oauth2/v1/keys"),
			token: variant{header: members{"typ": nil}, claims: members{
				"sub": "00u1a2b3c4d5e6f7g8h9", "ver": 1, "iss": okta, "aud": "0oa1a2b3c4d5e6f7g8h9", "jti": "ID.x", "amr": []string{"pwd"},
				"idp": "00o1", "nonce": "n", "preferred_username": "alice@example.com", "auth_time": 1, "at_hash": "x",
			}, want: "okta-login:00u1a2b3c4d5e6f7g8h9"},
			others: []variant{
				{"for another app", nil, members{"aud": "0oaz"}, otherAud},
				{"access token", members{"typ": "application/okta-internal-at+jwt"}, members{"aud": okta, "cid": "0oa1a2b3c4d5e6f7g8h9", "scp": []string{"openid"}}, otherTyp},
				{"access token without typ", nil, members{"aud": okta}, otherAud},
			},
		},
		{
			provider: "Apple",
			issuers:  one(providers.Apple),
			pages:    keysAt("https://appleid.apple.com/auth/keys", rsaJWK("kid", "another"), rsaJWK()),
			token: variant{header: members{"typ": nil}, claims: members{
				"iss": apple, "aud": "com.example.shop", "sub": "001234.0123456789abcdef0123456789abcdef.0123", "nonce": "n", "nonce_supported": true,
				"c_hash": "x", "email": "a1b2@privaterelay.appleid.com", "email_verified": "true", "is_private_email": "true", "auth_time": 1,
			}, want: "apple:001234.0123456789abcdef0123456789abcdef.0123"},
			may: map[string]may{
				"text":    {ginjwt.Claim("email_verified", true, "true"), true},
				"boolean": {ginjwt.Claim("email_verified", true), false},
			},
			others: []variant{
				{"of the page", nil, members{"aud": "com.example.shop.web"}, "apple:001234.0123456789abcdef0123456789abcdef.0123"},
				{"for another app", nil, members{"aud": "com.example.bank"}, otherAud},
				{"notification about an account", nil, members{"sub": nil, "events": `{"type":"account-delete","sub":"001234"}`}, "Missing claim: sub"},
				{"with the name that the metadata had", nil, members{"iss": "https://account.apple.com"}, unknown},
			},
		},
	}
}

// firebase has both kinds of tokens of its users. The keys are published as certificates.
func firebase() []sample {
	const keys, sessionKeys = "https://www.googleapis.com/robot/v1/metadata/x509/securetoken@system.gserviceaccount.com", "https://www.googleapis.com/identitytoolkit/v3/relyingparty/publicKeys"
	const name, sessionName = "https://securetoken.google.com/example-shop", "https://session.firebase.google.com/example-shop"
	certificates := members{"key": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate}))}
	claims := members{
		"iss": name, "aud": "example-shop", "auth_time": 1, "user_id": "Zk1", "sub": "Zk1", "email": "alice@example.com", "email_verified": true, "admin": true,
		"firebase": members{"identities": members{"email": []string{"alice@example.com"}}, "sign_in_provider": "password"},
	}
	mayAll := map[string]may{
		"custom claim": {ginjwt.Claim("admin", true), true}, "provider": {ginjwt.Claim("/firebase/sign_in_provider", "password"), true},
		"tenant": {ginjwt.Claim("/firebase/tenant", "t"), false},
	}
	custom := variant{"custom token", nil, members{
		"iss": "firebase-adminsdk@example-shop.iam.gserviceaccount.com", "uid": "Zk1",
		"aud": "https://identitytoolkit.googleapis.com/google.identity.identitytoolkit.v1.IdentityToolkit",
	}, unknown}
	other := variant{"of another project", nil, members{"iss": "https://securetoken.google.com/bank", "aud": "bank"}, unknown}
	return []sample{
		{
			provider: "Firebase", issuers: one(providers.Firebase), pages: internet{keys: certificates},
			token: variant{claims: claims, want: "firebase:Zk1"}, may: mayAll,
			others: []variant{custom, other, {"for another project", nil, members{"aud": "bank"}, otherAud}, {"session cookie", nil, members{"iss": sessionName}, unknown}},
		},
		{
			provider: "Firebase, session cookies", issuers: one(providers.FirebaseSessions), pages: internet{sessionKeys: certificates},
			token: variant{claims: with(claims, "iss", sessionName), want: "firebase:Zk1"}, may: mayAll,
			others: []variant{custom, other, {"for another project", nil, members{"aud": "bank"}, otherAud}, {"ID token", nil, members{"iss": name}, unknown}},
		},
	}
}

// sessions are providers that manage the sessions of pages.
func sessions() []sample {
	const zitadel, project = "https://example-a1b2c3.zitadel.cloud", "69234237810729019"
	const hydra, clerk = "https://hydra.example.com", "https://clerk.example.com"
	const client = "client_01HBEQKA6K4QJAS93VPE39W1JT"
	const supabase = "https://abcdefghijklmnopqrst.supabase.co/auth/v1"
	x := certified()
	workos := "https://api.workos.com/user_management/" + client
	return []sample{
		{
			provider: "Zitadel",
			issuers:  one(providers.Zitadel),
			pages:    keysAt(zitadel+"/oauth/v2/keys", rsaJWK()).metadataOf(zitadel, zitadel+"/oauth/v2/keys"),
			token: variant{claims: members{
				"iss": zitadel, "sub": "77776025198584418", "aud": []string{"69234247558357051@shop", project}, "client_id": "69234247558357051@shop",
				"jti": "V2_1", "nbf": 1, "urn:zitadel:iam:org:project:" + project + ":roles": members{"admin": members{"219166": "shop.example"}},
				"urn:zitadel:iam:org:project:roles": members{"owner": members{"219166": "shop.example"}},
			}, want: "zitadel:77776025198584418"},
			may: map[string]may{"role": {ginjwt.Roles("admin"), true}, "of another project": {ginjwt.Roles("owner"), false}},
			others: []variant{
				{"ID token", nil, members{"jti": nil, "azp": "69234247558357051@shop", "amr": []string{"pwd"}, "at_hash": "x", "sid": "V1_1"}, `Token is missing the "jti" claim`},
				{"for another project", nil, members{"aud": []string{"69234247558357051@shop", "1"}}, otherAud},
				{"of another instance", nil, members{"iss": "https://other-a1b2c3.zitadel.cloud"}, unknown},
			},
		},
		{
			provider: "Ory Hydra",
			issuers:  one(providers.Hydra),
			pages:    keysAt(hydra+"/.well-known/jwks.json", rsaJWK(), rsaJWK("kid", "of ID tokens")).metadataOf(hydra, hydra+"/.well-known/jwks.json"),
			token: variant{claims: members{
				"iss": hydra, "sub": "alice", "aud": []string{"https://api.example.com"}, "client_id": "shop-web", "jti": "j", "nbf": 1,
				"scp": []string{"openid", "read:orders"}, "ext": members{"roles": []string{"admin"}},
			}, want: "hydra:alice"},
			may: map[string]may{
				"scope": {ginjwt.Scopes("read:orders"), true}, "role": {ginjwt.Roles("admin"), true}, "another role": {ginjwt.Roles("owner"), false},
			},
			others: []variant{
				{"program", nil, members{"sub": "shop-cron", "client_id": "shop-cron", "ext": members{}}, "hydra:shop-cron"},
				{"without an audience", nil, members{"aud": []string{}}, noAudience},
				{"ID token", nil, members{"aud": []string{"shop-web"}, "client_id": nil, "scp": nil, "at_hash": "x", "sid": "s"}, otherAud},
				{"ID token of a client with the name of the API", nil, members{"client_id": nil, "scp": nil}, `Token is missing the "client_id" claim`},
				{"with a slash", nil, members{"iss": hydra + "/"}, unknown},
			},
		},
		{
			provider: "WorkOS",
			issuers:  providers.WorkOS,
			pages:    keysAt("https://api.workos.com/sso/jwks/"+client, rsaJWK("x5c", x["x5c"], "x5t#S256", x["x5t#S256"])),
			token: variant{header: members{"typ": nil}, claims: members{
				"iss": workos, "sub": "user_01HBEQKA6K4QJAS93VPE39W1JT", "sid": "session_01", "jti": "01H", "org_id": "org_01",
				"role": "member", "roles": []string{"member", "billing"}, "permissions": []string{"posts:read", "posts:write"}, "entitlements": []string{"audit-logs"},
			}, want: "workos:user_01HBEQKA6K4QJAS93VPE39W1JT"},
			may: map[string]may{
				"permission": {ginjwt.Scopes("posts:read"), true}, "role": {ginjwt.Roles("billing"), true}, "another role": {ginjwt.Roles("admin"), false},
				"impersonated": {ginjwt.Claim("act"), false},
			},
			others: []variant{
				{"of an older environment", nil, members{"iss": "https://api.workos.com"}, "workos:user_01HBEQKA6K4QJAS93VPE39W1JT"},
				{"of another client", nil, members{"iss": "https://api.workos.com/user_management/client_02"}, unknown},
				{"of a program", nil, members{"sid": nil, "sub": client}, `Token is missing the "sid" claim`},
			},
		},
		{
			provider: "Clerk",
			issuers:  one(providers.Clerk),
			pages:    keysAt(clerk+"/.well-known/jwks.json", rsaJWK()),
			token: variant{header: members{"cat": "cl_B7d4PD111AAA"}, claims: members{
				"azp": "https://shop.example.com", "fva": []int{7, -1}, "iss": clerk, "jti": "j", "nbf": 1, "sid": "sess_123", "sts": "active",
				"sub": "user_123", "v": 2, "pla": "u:free", "fea": "o:dashboard",
				"o": members{"id": "org_123", "slg": "shop", "rol": "admin", "per": "read,manage", "fpm": "3"},
			}, want: "clerk:user_123"},
			may: map[string]may{"role": {ginjwt.Roles("admin"), true}, "another role": {ginjwt.Roles("org:admin"), false}},
			others: []variant{
				{"of another page", nil, members{"azp": "https://evil.example"}, namesNobody},
				{"without an origin", nil, members{"azp": nil}, namesNobody},
				{"of a session with tasks to do", nil, members{"sts": "pending"}, namesNobody},
				{"of a template", members{"cat": "cl_B7d4PD222AAA"}, members{"sid": nil, "aud": "shop-api"}, `Token is missing the "sid" claim`},
				{"of an OAuth application", members{"typ": "at+jwt"}, members{"sid": nil, "azp": nil, "client_id": "c"}, otherTyp},
				{"of the development instance", nil, members{"iss": "https://happy-fox-1.clerk.accounts.dev"}, unknown},
			},
		},
		{
			provider: "Supabase",
			issuers:  one(providers.Supabase),
			pages:    keysAt(supabase+"/.well-known/jwks.json", jwk(&ecKey.PublicKey, "ext", true, "key_ops", []string{"verify"})),
			signer:   ecKey,
			token:    variant{claims: supabaseClaims(supabase), want: "supabase:7f6a8d3e-0000-4000-8000-000000000000"},
			may: map[string]may{
				"role": {ginjwt.Roles("admin"), true}, "of user_metadata": {ginjwt.Roles("owner"), false},
				"registered": {ginjwt.Claim("is_anonymous", false), true}, "two factors": {ginjwt.Claim("aal", "aal2"), false},
			},
			others: []variant{
				{"that a server made itself", nil, members{"session_id": nil}, `Token is missing the "session_id" claim`},
				{"of a hook for another audience", nil, members{"aud": "another"}, otherAud},
				{"anon key", nil, members{"iss": "supabase", "ref": "abcdefghijklmnopqrst", "role": "anon", "sub": nil, "aud": nil}, unknown},
				{"service role", nil, members{"role": "service_role", "sub": nil, "aud": nil, "session_id": nil}, noAudience},
				{"of another project", nil, members{"iss": "https://bbbbbbbbbbbbbbbbbbbb.supabase.co/auth/v1"}, unknown},
			},
		},
		{
			provider: "Supabase, on the way to key pairs",
			issuers: one(func(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
				return providers.SupabaseSecret(ctx, "a-secret-of-at-least-32-characters", "IBZFPqpuE0oC+hnZ", options)
			}),
			pages:  keysAt(supabase+"/.well-known/jwks.json", jwk(&ecKey.PublicKey, "ext", true, "key_ops", []string{"verify"})),
			signer: ecKey,
			token:  variant{claims: supabaseClaims(supabase), want: "supabase:7f6a8d3e-0000-4000-8000-000000000000"},
		},
	}
}

// supabaseClaims are the claims of a user who logged in with a password.
func supabaseClaims(issuer string) members {
	return members{
		"iss": issuer, "sub": "7f6a8d3e-0000-4000-8000-000000000000", "aud": "authenticated", "role": "authenticated", "email": "alice@example.com", "phone": "",
		"aal": "aal1", "amr": []members{{"method": "password", "timestamp": 1}}, "session_id": "s", "is_anonymous": false,
		"app_metadata": members{"provider": "email", "roles": []string{"admin"}}, "user_metadata": members{"roles": []string{"owner"}},
	}
}
