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

// spiffeBundle is the bundle of a trust domain. Its keys name no algorithm, and keys of
// certificates have no name.
func spiffeBundle() internet {
	const address = "https://spire.example.com/bundle"
	pages := keysAt(address, rsaJWK("use", "x509-svid", "kid", nil, "alg", nil, "x5c", certified()["x5c"]), jwk(&ecKey.PublicKey, "use", "jwt-svid", "alg", nil))
	pages[address]["spiffe_sequence"], pages[address]["spiffe_refresh_hint"] = 1, 300
	return pages
}
