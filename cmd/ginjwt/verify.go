package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/golang-jwt/jwt/v5"
	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt"
)

// verification has the flags of verify.
type verification struct {
	source
	tokenType   string
	fresh       bool
	freshWithin length
	scopes      []string
	roles       []string
	audience    []string
	issuer      string
	at          moment
	quiet       bool
}

func (a *app) verifyCommand() *cobra.Command {
	v := &verification{at: moment{now: a.now}}
	c := &cobra.Command{
		Use:   "verify [TOKEN|-]",
		Short: "Check whether a service would accept a token",
		Long: `Makes the checks of a service with these settings, in the same order. It prints the
claims, or how the service would refuse the token. It does not check what only the
service knows: whether the token was revoked, and whether the user exists.

Without an argument, it reads tokens from standard input, one per line.

Exit status: 0 all tokens are accepted; 1 a token is refused; 3 nothing could be
verified.`,
		Example: `  ginjwt verify --key public.pem < token.txt
  ginjwt verify --env-file .env --type refresh < token.txt
  ginjwt verify --key keys.json --json < tokens.txt | jq .refused.message
  ginjwt verify --key keys.json --at +1h < token.txt`,
		Args: oneToken,
		RunE: func(c *cobra.Command, args []string) error { return a.verify(c, v, args) },
	}
	v.flags(c)
	c.Flags().StringVar(&v.tokenType, "type", "access", "required type: access, refresh or any")
	c.Flags().BoolVar(&v.fresh, "fresh", false, "the token must be fresh")
	c.Flags().Var(&v.freshWithin, "fresh-within", "the user must have logged in within this time")
	c.Flags().StringSliceVar(&v.scopes, "scope", nil, "the token must have all of these scopes")
	c.Flags().StringSliceVar(&v.roles, "role", nil, "the token must have one of these roles")
	c.Flags().StringSliceVar(&v.audience, "audience", nil, `"aud" must contain one of these (instead of JWT_DECODE_AUDIENCE)`)
	c.Flags().StringVar(&v.issuer, "issuer", "", `"iss" must be this (instead of JWT_DECODE_ISSUER)`)
	c.Flags().Var(&v.at, "at", "pretend that it is this time: +1h, 2026-12-01")
	c.Flags().BoolVarP(&v.quiet, "quiet", "q", false, "print nothing; only set the exit status")
	completeWith(c, "type", "access", "refresh", "any")
	return c
}

func oneToken(c *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(c, "takes one token, but got %d arguments; put quotes around a token with blanks", len(args))
	}
	return nil
}

func (a *app) verify(c *cobra.Command, v *verification, args []string) error {
	if err := v.check(c); err != nil {
		return err
	}
	a.pretend(v.at)
	config, err := a.config(&v.source)
	if err != nil {
		return err
	}
	if v.audience != nil {
		config.DecodeAudience = v.audience
	}
	if v.issuer != "" {
		config.DecodeIssuer, config.DecodeIssuers = v.issuer, nil
	}
	if err := a.checkKeys(&config, &v.source); err != nil {
		return err
	}
	m, err := a.manager(config, &v.source)
	if err != nil {
		return err
	}
	return a.verifyAll(c.Context(), m, keyListOf(config), args, v.options(), v.quiet)
}

// check returns an error for wrong flags. Some of them would make the library panic.
func (v *verification) check(c *cobra.Command) error {
	switch {
	case !slices.Contains([]string{"access", "refresh", "any"}, v.tokenType):
		return usage(c, "--type: %q is not access, refresh or any", v.tokenType)
	case slices.ContainsFunc(v.scopes, isNoScope):
		return usage(c, "--scope: a scope is empty or has characters that scopes cannot have (RFC 6749 §3.3)")
	case slices.ContainsFunc(v.roles, func(role string) bool { return role == "" || !utf8.ValidString(role) }):
		return usage(c, "--role: a role is empty or not UTF-8")
	case c.Flags().Changed("fresh-within") && time.Duration(v.freshWithin) < time.Second:
		return usage(c, "--fresh-within: must be at least a second")
	}
	return nil
}

// options returns the requirements of the route.
func (v *verification) options() (options []ginjwt.RequiredOption) {
	switch v.tokenType {
	case "refresh":
		options = append(options, ginjwt.Refresh())
	case "any":
		options = append(options, ginjwt.AnyType())
	}
	if v.fresh {
		options = append(options, ginjwt.Fresh())
	}
	if v.freshWithin != 0 {
		options = append(options, ginjwt.FreshWithin(time.Duration(v.freshWithin)))
	}
	if len(v.scopes) > 0 {
		options = append(options, ginjwt.Scopes(v.scopes...))
	}
	if len(v.roles) > 0 {
		options = append(options, ginjwt.Roles(v.roles...))
	}
	return options
}

func isNoScope(s string) bool {
	return s == "" || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == '"' || r == '\\' || r > '~' })
}

// verifyAll verifies the token of the argument, or those of standard input.
func (a *app) verifyAll(ctx context.Context, m *ginjwt.JWTManager, list keyList, args []string, options []ginjwt.RequiredOption, quiet bool) error {
	var status error
	visit := func(number int, alone bool, encoded string) error {
		token, err := m.VerifyToken(ctx, encoded, options...)
		verdict := verdictOf(token, err)
		verdict.explain(takeApart(encoded), err, list)
		if !verdict.Valid {
			status = answered(statusNo)
		}
		if quiet {
			return nil
		}
		return a.printVerdict(verdict, number, alone)
	}
	if len(args) > 0 && args[0] != "-" || isTerminal(a.stdin) {
		encoded, err := a.readToken(args)
		if err != nil {
			return err
		}
		return errors.Join(visit(1, true, encoded), status)
	}
	if err := a.eachToken(visit); err != nil {
		return err
	}
	return status
}

// eachToken visits the tokens on standard input, one per line, as they arrive. The first
// token waits for a second token or the end, because the output for a single token differs.
func (a *app) eachToken(visit func(number int, alone bool, encoded string) error) error {
	if a.inputRead {
		_, err := a.readInput(0)
		return err
	}
	lines := bufio.NewScanner(a.stdin)
	lines.Buffer(nil, largestToken+1024)
	first, number := "", 0
	for lines.Scan() {
		encoded := cleanToken(lines.Text())
		if encoded == "" {
			continue
		}
		number++
		if number == 1 {
			first = encoded
			continue
		}
		if number == 2 {
			if err := visit(1, false, first); err != nil {
				return err
			}
		}
		if err := visit(number, false, encoded); err != nil {
			return err
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return fmt.Errorf("standard input: token %d is larger than 1 MiB", number+1)
	case err != nil:
		return fmt.Errorf("standard input: %w", err)
	case number == 0:
		return hint(errors.New("there is no token"), "give it as the argument, or on standard input: ginjwt verify < token.txt")
	case number == 1:
		return visit(1, true, first)
	}
	return nil
}

// verdict is the answer of verify, and its JSON output.
type verdict struct {
	Valid   bool            `json:"valid"`
	Header  json.RawMessage `json:"header,omitempty"`
	Claims  json.RawMessage `json:"claims,omitempty"`
	Refused *refused        `json:"refused,omitempty"`
	Why     string          `json:"why,omitempty"` // a more exact cause than that of refused
	matching

	token *ginjwt.Token
}

// refused is how a service refuses a token.
type refused struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
	Status  int    `json:"status"`
}

func verdictOf(token *ginjwt.Token, err error) verdict {
	if err != nil {
		return verdict{Refused: refusalOf(err)}
	}
	header, claims := segmentsOf(token.Raw())
	return verdict{Valid: true, Header: header, Claims: claims, token: token}
}

// explain adds which keys were tried, and why none could verify the token.
func (v *verdict) explain(t loose, err error, list keyList) {
	v.matching = list.matching(t)
	if state, reason := stateOfSignature(err, t, list.config); state == signatureUnknown && !errors.Is(err, jwt.ErrTokenMalformed) {
		v.Why = reason
	}
	if u := t.singleUse(); u != nil {
		v.Why = "it is " + u.what() + "; ginjwt inspect explains it"
	}
	if t.isProof() {
		v.Why = "it is a DPoP proof, which no service accepts as a token; ginjwt inspect explains it"
	}
	if v.Refused != nil && v.Refused.Reason == "dpop_proof_missing" {
		v.Why = "it is bound to a key, and a service accepts it only with a DPoP proof of this key; ginjwt inspect explains it"
	}
	if strings.Count(t.text, ".") == 4 {
		v.Why = "it has five parts: an encrypted token (JWE), which only its receiver can read; ginjwt reads signed tokens"
	}
}

func refusalOf(err error) *refused {
	var e *ginjwt.Error
	if errors.As(err, &e) {
		return &refused{e.Reason, e.Message, e.Status}
	}
	return &refused{"internal_error", err.Error(), 500}
}

// segmentsOf returns the header and the claims of a verified token as JSON.
func segmentsOf(encoded string) (header, claims json.RawMessage) {
	parts := strings.Split(encoded, ".")
	header, _ = decodeLoosely(parts[0])
	claims, _ = decodeLoosely(parts[1])
	return bytes.TrimSpace(header), bytes.TrimSpace(claims)
}

func (a *app) printVerdict(v verdict, number int, alone bool) error {
	switch {
	case a.json:
		return a.writeJSONLine(v)
	case !alone:
		a.out.line("%d  %s", number, a.summary(v))
	case !v.Valid:
		a.out.line("%s", a.summary(v))
		a.printWhy(v)
	default:
		a.out.line("%s", a.summary(v))
		claims, err := parseObject(v.Claims)
		if err != nil {
			return err
		}
		a.printMembers(claims)
		a.printMatching(v.matching)
	}
	return nil
}

func (a *app) printWhy(v verdict) {
	if v.Why != "" {
		a.out.line("Why: %s", v.Why)
	}
	a.printMatching(v.matching)
}

// summary is a verdict in one line.
func (a *app) summary(v verdict) styled {
	if !v.Valid {
		return sprintf("%s: %s (%s, answered %d)", a.out.red("refused"), v.Refused.Message, v.Refused.Reason, v.Refused.Status)
	}
	expires := "never expires"
	if !v.token.ExpiresAt.IsZero() {
		expires = "expires " + relative(v.token.ExpiresAt, a.now())
	}
	fresh := ""
	if v.token.Fresh {
		fresh = "fresh "
	}
	return sprintf("%s: %s%s token of %s, %s", a.out.green("valid"), fresh, string(v.token.Type), v.token.Identity, expires)
}
