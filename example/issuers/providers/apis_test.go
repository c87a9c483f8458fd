package providers_test

import (
	"strings"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/issuers/providers"
)

// apis are providers with access tokens for an API.
func apis() []sample {
	const auth0, realm = "https://example.eu.auth0.com/", "https://sso.example.com/realms/shop"
	const pool = "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI"
	const okta = "https://example.okta.com/oauth2/default"
	x := certified()
	return []sample{
		{
			provider: "Auth0",
			issuers:  one(providers.Auth0),
			pages: keysAt(auth0+".well-known/jwks.json", rsaJWK("x5c", x["x5c"], "x5t", x["x5t"])).
				metadataOf(auth0, auth0+".well-known/jwks.json"),
			token: variant{claims: members{
				"iss": auth0, "sub": "auth0|123456", "azp": "my_client_id", "scope": "openid read:orders",
				"aud": []string{"https://api.example.com", auth0 + "userinfo"}, "permissions": []string{"read:orders", "admin"},
			}, want: "auth0:auth0|123456"},
			may: map[string]may{
				"scope": {ginjwt.Scopes("read:orders"), true}, "another scope": {ginjwt.Scopes("write:orders"), false},
				"permission": {ginjwt.Roles("admin"), true}, "another permission": {ginjwt.Roles("owner"), false},
			},
			others: []variant{
				{"RFC 9068", members{"typ": "at+jwt"}, members{"azp": nil, "client_id": "my_client_id", "jti": "73W"}, "auth0:auth0|123456"},
				{"program", nil, members{"sub": "my_client_id@clients", "gty": "client-credentials", "aud": "https://api.example.com"}, "auth0:my_client_id@clients"},
				{"ID token", nil, members{"aud": "my_client_id", "nonce": "n", "scope": nil, "permissions": nil}, otherAud},
				{"for userinfo alone", nil, members{"aud": auth0 + "userinfo"}, otherAud},
				{"of another tenant", nil, members{"iss": "https://another.eu.auth0.com/"}, unknown},
				{"without the slash", nil, members{"iss": "https://example.eu.auth0.com"}, unknown},
			},
		},
		{
			provider: "Keycloak",
			issuers:  one(providers.Keycloak),
			pages: keysAt(realm+"/protocol/openid-connect/certs", rsaJWK("kid", "encryption", "use", "enc", "alg", "RSA-OAEP"),
				rsaJWK("x5c", x["x5c"], "x5t", x["x5t"], "x5t#S256", x["x5t#S256"])).metadataOf(realm, realm+"/protocol/openid-connect/certs"),
			token: variant{claims: members{
				"iss": realm, "sub": "f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e", "typ": "Bearer", "azp": "shop-web",
				"jti": "onrtac:0c4cda", "sid": "4c0a3a8a-3a47-4f2f-8e89-9e5f9b0a0a0a", "acr": "1", "aud": []string{"shop-api", "account"},
				"realm_access": members{"roles": []string{"default-roles-shop", "admin"}}, "scope": "openid read:orders email",
				"preferred_username": "alice",
			}, want: "keycloak:f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e"},
			may: map[string]may{
				"scope": {ginjwt.Scopes("read:orders"), true}, "role": {ginjwt.Roles("admin"), true}, "another role": {ginjwt.Roles("owner"), false},
			},
			others: []variant{
				{"at+jwt", members{"typ": "at+jwt"}, nil, "keycloak:f1c4f64e-2c0c-4cda-8c9f-9f3f8f3a2b0e"},
				{"without an audience mapper", nil, members{"aud": "account"}, otherAud},
				{"ID token", nil, members{"typ": "ID", "aud": "shop-web"}, otherAud},
				{"ID token of a client with the name of the API", nil, members{"typ": "ID", "aud": "shop-api"}, otherType},
				{"refresh token", nil, members{"typ": "Refresh", "aud": "shop-api"}, otherType},
				{"offline token", nil, members{"typ": "Offline", "aud": "shop-api"}, otherType},
				{"of another realm", nil, members{"iss": "https://sso.example.com/realms/master"}, unknown},
			},
		},
		{
			provider: "Cognito",
			issuers:  one(providers.Cognito),
			pages:    keysAt(pool+"/.well-known/jwks.json", rsaJWK()).metadataOf(pool, pool+"/.well-known/jwks.json"),
			token: variant{header: members{"typ": nil}, claims: members{
				"iss": pool, "sub": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee", "client_id": "1h57kf5cpq17m0eml12EXAMPLE", "version": 2,
				"token_use": "access", "scope": "read:orders openid", "username": "alice", "cognito:groups": []string{"admin"},
				"origin_jti": "o", "event_id": "e", "jti": "j",
			}, want: "cognito:aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee"},
			may: map[string]may{
				"scope": {ginjwt.Scopes("read:orders"), true}, "group": {ginjwt.Roles("admin"), true}, "another group": {ginjwt.Roles("owner"), false},
			},
			others: []variant{
				{"ID token", nil, members{"token_use": "id", "client_id": nil, "aud": "1h57kf5cpq17m0eml12EXAMPLE", "cognito:username": "alice"}, otherType},
				{"of another app", nil, members{"client_id": "of another app"}, namesNobody},
				{"of another pool", nil, members{"iss": pool + "2"}, unknown},
			},
		},
		{
			provider: "Okta",
			issuers:  one(providers.Okta),
			pages:    keysAt(okta+"/v1/keys", rsaJWK()).metadataOf(okta, okta+"/v1/keys"),
			token: variant{header: members{"typ": nil}, claims: members{
				"ver": 1, "jti": "AT.0mP4JKAZX1iACIT4vbEDF7LpvDVjxypPMf0D7uX39RE", "iss": okta, "aud": "api://default",
				"cid": "0oa1a2b3c4d5e6f7g8h9", "uid": "00u1a2b3c4d5e6f7g8h9", "scp": []string{"openid", "read:orders"},
				"auth_time": 1, "sub": "alice@example.com", "groups": []string{"Everyone", "admin"},
			}, want: "okta:00u1a2b3c4d5e6f7g8h9"},
			may: map[string]may{
				"scope": {ginjwt.Scopes("read:orders"), true}, "group": {ginjwt.Roles("admin"), true}, "another scope": {ginjwt.Scopes("write:orders"), false},
			},
			others: []variant{
				{"with a typ", members{"typ": "JWT"}, nil, "okta:00u1a2b3c4d5e6f7g8h9"},
				{"program", nil, members{"uid": nil, "auth_time": nil, "sub": "0oa9", "cid": "0oa9", "groups": nil}, "okta:0oa9"},
				{"ID token", nil, members{"jti": "ID.x", "aud": "0oa1a2b3c4d5e6f7g8h9", "cid": nil, "uid": nil, "scp": nil, "sub": "00u1a2b3c4d5e6f7g8h9"}, otherAud},
				{"ID token of a client with the name of the API", nil, members{"cid": nil, "uid": nil, "scp": nil}, "Missing claim: uid"},
				{"of another server", nil, members{"iss": "https://example.okta.com/oauth2/aus1a2b3"}, unknown},
				{"of the org server", members{"typ": "application/okta-internal-at+jwt"}, members{"iss": "https://example.okta.com", "aud": "https://example.okta.com"}, unknown},
			},
		},
	}
}

// entra has both versions of the access tokens of a tenant.
func entra() []sample {
	const tenant = "aaaabbbb-0000-cccc-1111-dddd2222eeee"
	const name, name1 = "https://login.microsoftonline.com/" + tenant + "/v2.0", "https://sts.windows.net/" + tenant + "/"
	const keys, keys1 = "https://login.microsoftonline.com/" + tenant + "/discovery/v2.0/keys", "https://login.microsoftonline.com/common/discovery/keys"
	x := certified()
	key := rsaJWK("alg", nil, "x5c", x["x5c"], "x5t", x["x5t"], "cloud_instance_name", "microsoftonline.com", "issuer", name)
	claims := members{
		"iss": name, "aud": "00001111-aaaa-2222-bbbb-3333cccc4444", "sub": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ", "oid": "oid", "tid": tenant, "ver": "2.0",
		"azp": "client", "azpacr": "0", "scp": "access_as_user read:orders", "roles": []string{"admin"}, "uti": "uti", "aio": "aio", "rh": "rh",
	}
	const alice = "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ"
	mayAll := map[string]may{
		"scope": {ginjwt.Scopes("read:orders"), true}, "role": {ginjwt.Roles("admin"), true}, "another scope": {ginjwt.Scopes("write:orders"), false},
	}
	claims1 := with(claims, "iss", name1, "ver", "1.0", "aud", "api://00001111-aaaa-2222-bbbb-3333cccc4444", "azp", nil, "azpacr", nil, "appid", "client", "appidacr", "0")
	return []sample{
		{
			provider: "Entra ID",
			issuers:  one(providers.EntraID),
			pages:    keysAt(keys, key).metadataOf(name, keys),
			token:    variant{claims: claims, want: "entra:" + alice},
			may:      mayAll,
			others: []variant{
				{"ID token of a page that shares the app registration", nil, members{"scp": nil, "nonce": "n"}, `Token is missing the "scp" claim`},
				{"program", nil, members{"scp": nil, "idtyp": "app"}, `Token is missing the "scp" claim`},
				{"for another API", nil, members{"aud": "99991111-aaaa-2222-bbbb-3333cccc4444"}, otherAud},
				{"for Microsoft Graph", members{"nonce": "n"}, members{"iss": name1, "aud": "00000003-0000-0000-c000-000000000000", "ver": "1.0"}, unknown},
				{"of version 1.0", members{"x5t": "key"}, claims1, unknown},
				{"of another tenant", nil, members{"iss": strings.Replace(name, tenant, "bbbbcccc-1111-dddd-2222-eeee3333ffff", 1), "tid": "bbbbcccc-1111-dddd-2222-eeee3333ffff"}, unknown},
			},
		},
		{
			provider: "Entra ID, version 1.0",
			issuers:  one(providers.EntraIDv1),
			pages:    keysAt(keys1, key).metadataOf(name1, keys1),
			token:    variant{header: members{"x5t": "key"}, claims: claims1, want: "entra1:" + alice},
			may:      mayAll,
			others: []variant{
				{"ID token", nil, members{"scp": nil, "nonce": "n"}, `Token is missing the "scp" claim`},
				{"by the client ID", nil, members{"aud": "00001111-aaaa-2222-bbbb-3333cccc4444"}, otherAud},
				{"of another tenant", nil, members{"iss": "https://sts.windows.net/bbbbcccc-1111-dddd-2222-eeee3333ffff/"}, unknown},
			},
		},
	}
}
