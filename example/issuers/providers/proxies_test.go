package providers_test

import (
	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/issuers/providers"
)

// workloads are programs: jobs, services, pods.
func workloads() []sample {
	const github, gitlab = "https://token.actions.githubusercontent.com", "https://gitlab.com"
	const cluster = "https://kubernetes.default.svc.cluster.local"
	x := certified()
	return []sample{
		{
			provider: "GitHub Actions",
			issuers:  one(providers.GitHubActions),
			pages:    keysAt(github+"/.well-known/jwks", rsaJWK("x5c", x["x5c"], "x5t", x["x5t"])).metadataOf(github, github+"/.well-known/jwks"),
			token: variant{header: members{"x5t": x["x5t"]}, claims: members{
				"jti": "j", "sub": "repo:octo-org/octo-repo:ref:refs/heads/main", "aud": "https://deploy.example.com", "ref": "refs/heads/main", "ref_type": "branch",
				"sha": "a1", "repository": "octo-org/octo-repo", "repository_owner": "octo-org", "repository_owner_id": "65", "repository_id": "74",
				"repository_visibility": "private", "run_id": "1", "run_number": "10", "run_attempt": "2", "actor": "octocat", "actor_id": "12", "event_name": "push",
				"workflow": "deploy", "job_workflow_ref": "octo-org/octo-automation/.github/workflows/oidc.yml@refs/heads/main", "runner_environment": "github-hosted",
				"iss": github, "nbf": 1,
			}, want: "github:repo:octo-org/octo-repo:ref:refs/heads/main"},
			may: map[string]may{"branch": {ginjwt.Claim("ref", "refs/heads/main"), true}, "another branch": {ginjwt.Claim("ref", "refs/heads/dev"), false}},
			others: []variant{
				{"with the audience that nobody chose", nil, members{"aud": "https://github.com/octo-org"}, otherAud},
				{"of somebody else's repository", nil, members{"repository_owner_id": "66", "repository_owner": "octo-org"}, namesNobody},
				{"of an enterprise", nil, members{"iss": github + "/octo-enterprise"}, unknown},
			},
		},
		{
			provider: "GitLab CI",
			issuers:  one(providers.GitLab),
			pages:    keysAt(gitlab+"/oauth/discovery/keys", rsaJWK(), rsaJWK("kid", "another")).metadataOf(gitlab, gitlab+"/oauth/discovery/keys"),
			token: variant{claims: members{
				"namespace_id": "72", "namespace_path": "my-group", "project_id": "20", "project_path": "my-group/my-project", "user_id": "1", "user_login": "sample",
				"user_access_level": "developer", "pipeline_id": "574", "pipeline_source": "push", "job_id": "302", "ref": "main", "ref_type": "branch",
				"ref_protected": "true", "environment": "test", "runner_id": 1, "runner_environment": "self-hosted", "sha": "71", "jti": "j", "iss": gitlab, "nbf": 1,
				"sub": "project_path:my-group/my-project:ref_type:branch:ref:main", "aud": "https://deploy.example.com",
			}, want: "gitlab:project_path:my-group/my-project:ref_type:branch:ref:main"},
			may: map[string]may{"protected": {ginjwt.Claim("ref_protected", "true"), true}, "a boolean": {ginjwt.Claim("ref_protected", true), false}},
			others: []variant{
				{"for another service", nil, members{"aud": "https://vault.example.com"}, otherAud},
				{"of another group", nil, members{"namespace_id": "73"}, namesNobody},
				{"of a login with GitLab", nil, members{"namespace_id": nil, "sub": "42", "groups_direct": []string{"my-group"}}, namesNobody},
				{"of another installation", nil, members{"iss": "https://gitlab.example.com"}, unknown},
			},
		},
		{
			provider: "Kubernetes",
			issuers:  one(providers.Kubernetes),
			pages:    keysAt("https://kubernetes.default.svc/openid/v1/jwks", rsaJWK()),
			token: variant{header: members{"typ": nil}, claims: members{
				"aud": []string{"shop-api"}, "iss": cluster, "jti": "j", "nbf": 1, "sub": "system:serviceaccount:shop:orders",
				"kubernetes.io": members{
					"namespace": "shop", "node": members{"name": "n", "uid": "u"}, "pod": members{"name": "orders-1", "uid": "p"},
					"serviceaccount": members{"name": "orders", "uid": "s"}, "warnafter": 1,
				},
			}, want: "k8s:system:serviceaccount:shop:orders"},
			may: map[string]may{
				"namespace": {ginjwt.Claim("/kubernetes.io/namespace", "shop"), true}, "another": {ginjwt.Claim("/kubernetes.io/namespace", "kube-system"), false},
			},
			others: []variant{
				{"for the API server", nil, members{"aud": []string{cluster}}, otherAud},
				{"of a Secret", nil, members{"iss": "kubernetes/serviceaccount", "aud": nil, "exp": nil}, unknown},
				{"of another cluster", nil, members{"iss": "https://kubernetes.default.svc"}, unknown},
			},
		},
		{
			provider: "SPIFFE",
			issuers:  one(providers.SPIFFE),
			pages:    spiffeBundle(),
			signer:   ecKey,
			token: variant{claims: members{
				"iss": "https://spire.example.com", "sub": "spiffe://example.com/orders", "aud": []string{"shop-api"},
			}, want: "workload:spiffe://example.com/orders"},
			others: []variant{{"for another service", nil, members{"aud": []string{"bank-api"}}, otherAud}},
		},
	}
}

// spiffeBundle is the bundle of a trust domain. Its keys name no algorithm, and those of
// certificates have no name.
func spiffeBundle() internet {
	const address = "https://spire.example.com/bundle"
	pages := keysAt(address, rsaJWK("use", "x509-svid", "kid", nil, "alg", nil, "x5c", certified()["x5c"]), jwk(&ecKey.PublicKey, "use", "jwt-svid", "alg", nil))
	pages[address]["spiffe_sequence"], pages[address]["spiffe_refresh_hint"] = 1, 300
	return pages
}

// proxies are those that add a token to each request.
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
