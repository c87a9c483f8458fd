package providers

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/example/issuers/transports"
	"github.com/gin-jwt-extended/ginjwt/jwks"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// GitHubActions accepts tokens of workflows in the repositories of one owner. Everybody
// with a GitHub account can get tokens of this issuer, for any audience.
func GitHubActions(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://token.actions.githubusercontent.com"
	const owner = "65" // the ID, because account names can be reused
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"https://deploy.example.com"},
		Identity:       subjectIf(func(c ginjwt.Claims) bool { return c["repository_owner_id"] == owner }),
		IdentityPrefix: "github:", // github:repo:octo-org/octo-repo:ref:refs/heads/main
		RequiredClaims: []string{"exp"},
	}, err
}

// GitLab accepts ID tokens of CI jobs in the projects of one group.
func GitLab(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://gitlab.com"
	const group = "72" // namespace_id: of the group itself, not of groups in it
	keys, err := jwks.Discover(ctx, name, options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"https://deploy.example.com"},
		Identity:       subjectIf(func(c ginjwt.Claims) bool { return c["namespace_id"] == group }),
		IdentityPrefix: "gitlab:", // gitlab:project_path:my-group/my-project:ref_type:branch:ref:main
		RequiredClaims: []string{"exp"},
	}, err
}

// Kubernetes accepts tokens of service accounts of the cluster in which the program runs.
// In a pod, pass KubernetesOptions.
func Kubernetes(ctx context.Context, options jwks.Options) (ginjwt.Issuer, error) {
	const name = "https://kubernetes.default.svc.cluster.local" // "issuer" of /.well-known/openid-configuration
	keys, err := jwks.New(ctx, "https://kubernetes.default.svc/openid/v1/jwks", options)
	return ginjwt.Issuer{
		Name:           name,
		KeySource:      keys,
		Audience:       []string{"shop-api"}, // of the projected volume
		IdentityPrefix: "k8s:",               // k8s:system:serviceaccount:shop:orders
		RequiredClaims: []string{"exp"},
	}, err
}

// InCluster sends the token of the program's own service account to the API server, which
// shows its keys only to service accounts. It reads the token each time, because the token
// changes.
type InCluster struct {
	TokenFile string
	http.RoundTripper
}

// RoundTrip adds the token.
func (t InCluster) RoundTrip(request *http.Request) (*http.Response, error) {
	token, err := os.ReadFile(t.TokenFile)
	if err != nil {
		return nil, err
	}
	request = request.Clone(request.Context())
	request.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	return t.RoundTripper.RoundTrip(request)
}

// KubernetesOptions returns the options for Kubernetes in a pod. account is the directory of
// the service account: "/var/run/secrets/kubernetes.io/serviceaccount".
func KubernetesOptions(account string) (jwks.Options, error) {
	authority, err := os.ReadFile(filepath.Join(account, "ca.crt"))
	if err != nil {
		return jwks.Options{}, err
	}
	transport, err := transports.WithAuthority(authority)
	pod := InCluster{TokenFile: filepath.Join(account, "token"), RoundTripper: transport}
	return jwks.Options{Client: &http.Client{Transport: pod}}, err
}

// trustDomain is the trust domain of SPIFFEAlone.
const trustDomain = "spiffe://example.com/"

// SPIFFEAlone returns a manager for JWT-SVIDs without "iss". SPIRE makes such tokens unless
// it has a jwt_issuer. A token without "iss" counts as the manager's own token, so this
// manager accepts nothing else, and makes no tokens.
func SPIFFEAlone(ctx context.Context, options jwks.Options) (*ginjwt.JWTManager, error) {
	options.Use = []string{"jwt-svid"}
	bundle, err := jwks.New(ctx, "https://spire.example.com/bundle", options)
	if err != nil {
		return nil, err
	}
	manager := ginjwt.New(ginjwt.Config{
		DecodeAudience: []string{"shop-api"},
		DecodeTypes:    []string{"JOSE"}, // in addition to "JWT" and none
		RequiredClaims: []string{"exp"},
	})
	manager.DecodeKeyLoader(func(ctx context.Context, unverified *ginjwt.Token) (keys.Key, error) {
		return bundle.DecodeKey(ctx, unverified.Issuer, unverified.Header())
	})
	manager.TokenVerificationLoader(func(_ context.Context, token *ginjwt.Token) (bool, error) {
		return strings.HasPrefix(token.Identity, trustDomain), nil
	})
	return manager, nil
}
