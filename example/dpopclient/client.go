package dpopclient

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"golang.org/x/oauth2"
)

// LogIn logs in, and returns a client that sends the access token, refreshes it, and adds a proof
// to each request. The login and the refresh go to config.Endpoint.TokenURL. The client refreshes
// until ctx ends.
func LogIn(ctx context.Context, config *oauth2.Config, transport *Transport, user, password string) (*http.Client, error) {
	ctx = WithTransport(ctx, transport)
	token, err := config.PasswordCredentialsToken(ctx, user, password)
	if err != nil {
		return nil, err
	}
	return NewClient(ctx, config, token)
}

// NewClient returns a client for a token of an earlier login with the same key.
func NewClient(ctx context.Context, config *oauth2.Config, token *oauth2.Token) (*http.Client, error) {
	if !strings.EqualFold(token.TokenType, "DPoP") { // RFC 9449 §5: otherwise a thief can use the token
		return nil, errors.New("dpopclient: the service has not bound the token to the key")
	}
	client := config.Client(ctx, token)
	client.Timeout = 10 * time.Second
	return client, nil
}

// WithTransport returns a context in which package oauth2 sends its requests through transport.
func WithTransport(ctx context.Context, transport *Transport) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, &http.Client{Transport: transport, Timeout: 10 * time.Second})
}
