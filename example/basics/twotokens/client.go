package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"time"

	"github.com/gin-jwt-extended/ginjwt"
)

// client holds the tokens of one login. Use it in one goroutine.
type client struct {
	service string           // its address
	pair    ginjwt.TokenPair // the newest tokens
}

// errLogIn means that the user has to type the password again.
var errLogIn = errors.New("log in again")

// get sends the access token. If the service refuses it, get refreshes once and repeats
// the request once.
func (c *client) get(ctx context.Context, path string) (*http.Response, error) {
	answer, err := c.send(ctx, http.MethodGet, path, c.pair.AccessToken)
	if err != nil || answer.StatusCode != http.StatusUnauthorized {
		return answer, err
	}
	_ = answer.Body.Close()
	if err := c.refresh(ctx); err != nil {
		return nil, err
	}
	return c.send(ctx, http.MethodGet, path, c.pair.AccessToken)
}

// refresh exchanges the refresh token for a new token pair and keeps both of its tokens.
func (c *client) refresh(ctx context.Context) error {
	answer, err := c.send(ctx, http.MethodPost, "/refresh", c.pair.RefreshToken)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusOK:
		return json.NewDecoder(answer.Body).Decode(&c.pair)
	case answer.StatusCode >= 500, answer.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("refresh: %s: try again later", answer.Status)
	}
	return errLogIn
}

// send sends a request with a token.
func (c *client) send(ctx context.Context, method, path, token string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.service+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+token)
	return http.DefaultClient.Do(request)
}

// logIn sends the password and keeps both tokens of the answer.
func logIn(ctx context.Context, service, form string) (*client, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, service+"/login", strings.NewReader(form))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("login: %s", answer.Status)
	}
	c := &client{service: service}
	return c, json.NewDecoder(answer.Body).Decode(&c.pair)
}

// watch asks the service every 5 seconds who is logged in.
func watch(ctx context.Context, service string) error {
	c, err := logIn(ctx, service, `{"username":"alice","password":"correct horse"}`)
	for ; err == nil; time.Sleep(5 * time.Second) {
		err = c.show(ctx, "/me")
	}
	return err
}

// show logs an answer.
func (c *client) show(ctx context.Context, path string) error {
	answer, err := c.get(ctx, path)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	log.Printf("%s %s", answer.Status, body)
	return err
}
