package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// order has the flags of mint.
type order struct {
	source
	subject   string
	refresh   bool
	fresh     bool
	freshFor  length
	claims    []string
	expires   lifetime
	audience  []string
	issuer    string
	id        string
	boundTo   string
	notBefore moment
	at        moment
}

func (a *app) mintCommand() *cobra.Command {
	o := &order{notBefore: moment{now: a.now}, at: moment{now: a.now}}
	c := &cobra.Command{
		Use:   "mint --subject NAME",
		Short: "Make a token",
		Long: `Makes a token as a service with these settings would: with its key, lifetimes,
issuer and audience. The token is a credential: whoever has it can act as the user.

--claims takes NAME=TEXT, NAME:=JSON, a JSON object, or @FILE with an object. It may
be repeated; the last value of a claim counts.`,
		Example: `  ginjwt mint --subject alice
  ginjwt mint --subject alice --fresh --claims role=admin --claims level:=3
  ginjwt mint --subject alice --env-file .env --refresh
  ginjwt mint --subject 42 --key keys.json --expires 5m --audience api
  curl -H "Authorization: Bearer $(ginjwt mint --subject alice)" localhost:8080/me`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usage(c, "takes no arguments; name the user with --subject NAME")
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return a.mint(c, o) },
	}
	o.flags(c)
	f := c.Flags()
	f.StringVarP(&o.subject, "subject", "s", "", "identity of the user")
	f.BoolVar(&o.refresh, "refresh", false, "make a refresh token")
	f.BoolVar(&o.fresh, "fresh", false, "make the token fresh until it expires")
	f.Var(&o.freshFor, "fresh-for", "make the token fresh for this long")
	f.StringArrayVarP(&o.claims, "claims", "c", nil, "add `CLAIMS`")
	f.Var(&o.expires, "expires", "lifetime: 15m, 31d, or never")
	f.StringSliceVar(&o.audience, "audience", nil, `audience, "aud"`)
	f.StringVar(&o.issuer, "issuer", "", `issuer, "iss"`)
	f.StringVar(&o.id, "id", "", `token ID, "jti" (default: a new UUID)`)
	f.StringVar(&o.boundTo, "bound-to", "", "bind the token to the key of a client, by its `THUMBPRINT` (DPoP)")
	f.Var(&o.notBefore, "not-before", "when the token becomes valid: +1h, 2026-12-01")
	f.Var(&o.at, "at", "pretend that it is this time: -1h makes an access token that has expired")
	return c
}

func (a *app) mint(c *cobra.Command, o *order) error {
	if err := o.check(c); err != nil {
		return err
	}
	options, err := a.tokenOptions(c, o)
	if err != nil {
		return err
	}
	a.pretend(o.at)
	config, err := a.config(&o.source)
	if err != nil {
		return err
	}
	if !hasKeys(config) {
		return hint(errors.New("there is no key to sign with"), "%s; ginjwt secret makes one", o.keyHint(config))
	}
	if config.DPoP == "demanded" && o.boundTo == "" {
		return hint(errors.New("a service with these settings makes only tokens that are bound to a key (JWT_DPOP is demanded)"),
			"name the key of the client: --bound-to THUMBPRINT; ginjwt key thumbprint FILE prints it")
	}
	m, err := a.manager(config, &o.source)
	if err != nil {
		return err
	}
	create := m.CreateAccessToken
	if o.refresh {
		create = m.CreateRefreshToken
	}
	token, err := create(c.Context(), o.subject, options...)
	if errors.Is(err, ginjwt.ErrNoSigningKey) {
		return hint(err, "%s", whyUnsigned(config.Keys))
	}
	if errors.Is(err, ginjwt.ErrReservedClaim) {
		return hint(err, "use a flag for it: --expires, --not-before, --audience, --issuer, --id, --bound-to, --fresh, --refresh, --subject")
	}
	if err != nil {
		return err
	}
	return a.showToken(token)
}

func (o *order) check(c *cobra.Command) error {
	switch {
	case o.subject == "":
		return usage(c, "needs --subject NAME")
	case o.refresh && (o.fresh || o.freshFor != 0):
		return usage(c, "a refresh token is never fresh; leave out --refresh or --fresh")
	case o.fresh && o.freshFor != 0:
		return usage(c, "--fresh and --fresh-for cannot be used together")
	}
	return nil
}

func (a *app) showToken(token string) error {
	if !a.json {
		a.out.line("%s", token)
		return nil
	}
	header, claims := segmentsOf(token)
	return a.writeJSON(struct {
		Token  string          `json:"token"`
		Header json.RawMessage `json:"header"`
		Claims json.RawMessage `json:"claims"`
	}{token, header, claims})
}

// whyUnsigned says what to do if no key can sign.
func whyUnsigned(list []keys.Key) string {
	if !slices.ContainsFunc(list, func(key keys.Key) bool { return key.Sign != nil }) {
		return "the key can only verify; use the private key"
	}
	return "every private key has retired, does not sign yet, or is for another type of token; see: ginjwt key list FILE"
}

func (a *app) tokenOptions(c *cobra.Command, o *order) (options []ginjwt.TokenOption, err error) {
	add := func(set bool, option ginjwt.TokenOption) {
		if set {
			options = append(options, option)
		}
	}
	add(o.fresh, ginjwt.WithFresh())
	add(o.freshFor != 0, ginjwt.WithFreshFor(time.Duration(o.freshFor)))
	add(o.expires != 0, ginjwt.WithExpires(time.Duration(o.expires)))
	add(len(o.audience) > 0, ginjwt.WithAudience(o.audience...))
	add(o.issuer != "", ginjwt.WithIssuer(o.issuer))
	add(o.id != "", ginjwt.WithID(o.id))
	add(o.boundTo != "", ginjwt.WithKeyThumbprint(o.boundTo))
	add(!o.notBefore.IsZero(), ginjwt.WithNotBefore(o.notBefore.Time))
	for _, text := range o.claims {
		claims, err := a.readClaims(text)
		if err != nil {
			return nil, usage(c, "--claims: %s", err)
		}
		add(true, ginjwt.WithClaims(claims))
	}
	return options, nil
}

// readClaims reads the value of one --claims flag. Numbers keep all their digits.
func (a *app) readClaims(text string) (ginjwt.Claims, error) {
	if path, ok := strings.CutPrefix(text, "@"); ok {
		content, err := a.readFile(path)
		if err != nil {
			return nil, err
		}
		return claimsObject(content)
	}
	if strings.HasPrefix(strings.TrimSpace(text), "{") {
		return claimsObject([]byte(text))
	}
	name, value, ok := strings.Cut(text, "=")
	if !ok || name == "" || name == ":" {
		return nil, errors.New("give a JSON object, @FILE, NAME=TEXT or NAME:=JSON")
	}
	name, isJSON := strings.CutSuffix(name, ":")
	if !isJSON {
		return ginjwt.Claims{name: value}, nil
	}
	var v any
	if err := decodeExactly([]byte(value), &v); err != nil {
		return nil, fmt.Errorf("the value of %q is not JSON; for text write %s=…", name, name)
	}
	return ginjwt.Claims{name: v}, nil
}

func claimsObject(text []byte) (ginjwt.Claims, error) {
	if _, err := parseObject(text); err != nil {
		return nil, fmt.Errorf("it %w", err)
	}
	claims := ginjwt.Claims{}
	return claims, decodeExactly(text, &claims)
}

func decodeExactly(text []byte, v any) error {
	if !json.Valid(text) {
		return errors.New("is not JSON")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(v)
}
