package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/doctor"
	"github.com/gin-jwt-extended/ginjwt/internal/wellknown"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// inspection is the result of inspect, and its JSON output.
type inspection struct {
	Header    object            `json:"header"`
	Claims    object            `json:"claims"`
	Texts     map[string]string `json:"texts,omitempty"` // of a header or payload that is not JSON
	Times     map[string]string `json:"times,omitempty"`
	SingleUse *singleUse        `json:"single_use,omitempty"`
	Proof     *proof            `json:"proof,omitempty"`
	BoundTo   string            `json:"bound_to,omitempty"` // the thumbprint of a key
	Signature string            `json:"signature"`          // "valid", "invalid" or "not_verified"
	Reason    string            `json:"reason,omitempty"`
	matching
	Refused  *refused  `json:"refused,omitempty"`
	Broken   []string  `json:"broken,omitempty"`
	Warnings []caution `json:"warnings,omitempty"`
	Bytes    int       `json:"bytes"`

	confirmation confirmation
}

// The states of a signature.
const (
	signatureValid   = "valid"
	signatureInvalid = "invalid"
	signatureUnknown = "not_verified"
)

func (a *app) inspectCommand() *cobra.Command {
	s := &source{}
	at := moment{now: a.now}
	c := &cobra.Command{
		Use:   "inspect [TOKEN|-]",
		Short: "Show and explain a token",
		Long: `Shows the header and the claims of a token, explains its times, warns of dangers,
and says how a service with these settings would refuse it. With keys it verifies
the signature. Without keys it says that anybody may have written the token. It
shows a broken token as far as it can be read.

For a purpose token, it shows the purpose and the realm, and whether the token is
bound to a state. For a ticket, it shows the access token that the ticket was
issued for. With --json this is the member single_use. A service accepts both kinds
once. inspect asks no store: it does not know whether a token was used or revoked.

For a token that is bound to a key, it shows the key. The verdict is for a request
with a DPoP proof. For a DPoP proof, it shows the request, the token and the key that
it is for, and how a service would refuse it there. The key in the proof verifies the
signature. With --json these are the members bound_to and proof.

Blanks, quotes, "Bearer" and "DPoP" around a token do no harm. Nothing is sent over
the network.

Exit status: 0 the token could be read, even if a service would refuse it (to test
that, use ginjwt verify); 1 the token is broken.`,
		Example: `  ginjwt inspect < token.txt
  pbpaste | ginjwt inspect --key public.pem
  ginjwt mint --subject alice | ginjwt inspect --json | jq .claims.exp`,
		Args: oneToken,
		RunE: func(c *cobra.Command, args []string) error {
			a.pretend(at)
			return a.inspect(c, s, args)
		},
	}
	s.flags(c)
	c.Flags().Var(&at, "at", "pretend that it is this time: +1h, 2026-12-01")
	return c
}

func (a *app) inspect(c *cobra.Command, s *source, args []string) error {
	m, config, err := a.inspector(s)
	if err != nil {
		return err
	}
	text, err := a.readToken(args)
	if err != nil {
		return err
	}
	if n := len(strings.Fields(text)); n > 1 && strings.Count(text, ".") >= 2*n {
		return hint(fmt.Errorf("got %d tokens", n), "inspect reads one: head -1 tokens.txt | ginjwt inspect; ginjwt verify reads one per line")
	}
	t := takeApart(text)
	i := inspection{
		Header:    t.header,
		Claims:    t.claims,
		Texts:     t.texts,
		Times:     timesOf(t.claims),
		SingleUse: t.singleUse(),
		Proof:     t.proof(),
		BoundTo:   t.confirmation().jkt,
		Broken:    t.problems,
		Warnings:  cautions(t, a.now()),
		Bytes:     len(t.text),

		confirmation: t.confirmation(),
	}
	i.judge(c.Context(), t, m, config)
	i.warnOfSecret(config)
	if !a.json {
		a.printInspection(i, config)
	} else if err := a.writeJSON(i); err != nil {
		return err
	}
	if len(t.problems) > 0 {
		return answered(statusNo)
	}
	return nil
}

// inspector returns a manager with the settings of s. It returns nil if the settings have
// no key, or a secret that every manager refuses. Errors in the settings of the shell are
// only warnings, because the command line did not ask for these settings. A weak secret is
// used, because the token may be signed with it.
func (a *app) inspector(s *source) (*ginjwt.JWTManager, ginjwt.Config, error) {
	config, err := a.config(s)
	if err == nil && !hasKeys(config) {
		return nil, config, nil
	}
	var m *ginjwt.JWTManager
	if err == nil {
		err = a.checkKeys(&config, s)
	}
	if err == nil {
		a.warnOfSecret(config)
		config.AllowShortSecret = true
		if slices.Contains(wellknown.Refused, config.SecretKey) {
			return nil, config, nil
		}
		m, err = a.manager(config, s)
	}
	if err != nil && !s.given() {
		for _, problem := range flatten(err) {
			a.warn("%s; the settings in the environment are ignored (see: ginjwt doctor)", strings.TrimPrefix(problem.Error(), "ginjwt: "))
		}
		return nil, ginjwt.Config{Now: a.now}, nil
	}
	return m, config, err
}

// warnOfSecret warns of a secret that inspect uses and every service refuses.
func (a *app) warnOfSecret(config ginjwt.Config) {
	least := keys.MinSecretBytes(cmp.Or(config.Algorithm, "HS256"))
	switch n := len(config.SecretKey); {
	case n == 0:
	case slices.Contains(wellknown.Refused, config.SecretKey):
		a.warn("the secret is publicly known; no service starts with it")
	case n < least && !config.AllowShortSecret:
		a.warn("the secret has %d bytes; no service starts with less than %d", n, least)
	}
}

// warnOfSecret adds what doctor says about the given secret, if it signed the token.
func (i *inspection) warnOfSecret(config ginjwt.Config) {
	known := func(w caution) bool { return w.Code == "weak_secret" }
	if i.Signature != signatureValid || config.SecretKey == "" || slices.ContainsFunc(i.Warnings, known) {
		return
	}
	if weakness := weaknessOfSecret(config); weakness != "" {
		i.Warnings = append(i.Warnings, caution{"weak_secret", "the token is signed with the given secret. " + weakness})
	}
}

// weaknessOfSecret returns doctor's warning about the secret, or "".
func weaknessOfSecret(config ginjwt.Config) string {
	for _, f := range doctor.Diagnose(config) {
		if f.Field == "SecretKey" && (f.Severity == doctor.Warning || f.Severity == doctor.Danger) {
			return f.Problem
		}
	}
	return ""
}

// given reports whether the command line names keys or settings.
func (s *source) given() bool {
	return s.envFile != "" || s.secretFile != "" || len(s.keyFiles) > 0 || s.algorithm != ""
}

func (a *app) printInspection(i inspection, config ginjwt.Config) {
	p := a.out
	a.printPart("Header", i.Header, i.Texts["header"])
	a.printPart("Claims", i.Claims, i.Texts["payload"])
	a.printSingleUse(i.SingleUse, config)
	a.printProof(i.Proof, config)
	for _, problem := range i.Broken {
		p.line("%s %s", p.red("Broken:"), problem)
	}
	switch i.Signature {
	case signatureValid:
		p.line("Signature: %s", p.green("valid"))
	case signatureInvalid:
		p.line("Signature: %s: %s", p.red("INVALID"), i.Reason)
	default:
		p.line("Signature: %s: %s", p.yellow("NOT VERIFIED"), i.Reason)
	}
	a.printConfirmation(i.confirmation)
	a.printJudgement(i)
	a.printMatching(i.matching)
	for _, w := range i.Warnings {
		p.line("%s %s", p.yellow("Warning:"), w.Text)
	}
}

// printJudgement says how a service would respond.
func (a *app) printJudgement(i inspection) {
	p, accepted := a.out, "accepted"
	switch {
	case i.Proof != nil:
		accepted = "accepted once, in this request"
	case i.BoundTo != "":
		accepted = "accepted with a DPoP proof"
	}
	switch {
	case i.Refused != nil:
		p.line("Verdict: %s: %s (%s, answered %d)", p.red("refused"), i.Refused.Message, i.Refused.Reason, i.Refused.Status)
	case i.SingleUse != nil && i.Signature == signatureValid:
		p.line("Verdict: %s", p.green("%s", i.SingleUse.good()))
	case i.Signature == signatureValid:
		p.line("Verdict: %s", p.green("%s", accepted))
	case i.SingleUse != nil:
		p.line("Verdict: if the signature is valid, it %s", i.SingleUse.good())
	default:
		p.line("Verdict: %s if the signature is valid", accepted)
	}
}

// printPart prints the header or the claims, or their text if they are not JSON.
func (a *app) printPart(name string, members object, text string) {
	if members == nil && text == "" {
		return
	}
	a.out.line("%s", a.out.bold("%s", name))
	a.printMembers(members)
	if text != "" {
		a.out.line("  %s %s", a.out.faint("as text:"), text)
	}
	a.out.line("")
}

// printMembers prints names and values in two columns, and after each time what it means.
func (a *app) printMembers(o object) {
	names, values := 0, 0
	for _, m := range o {
		names = max(names, utf8.RuneCountInString(safe(m.name)))
		if n := utf8.RuneCountInString(compact(m.value)); n <= 36 {
			values = max(values, n)
		}
	}
	for _, m := range o {
		name, value := safe(m.name), compact(m.value)
		line := fmt.Sprintf("  %s%s  %s", name, strings.Repeat(" ", names-utf8.RuneCountInString(name)), value)
		meaning := a.meaning(m)
		if meaning == "" {
			a.out.line("%s", styled(line))
			continue
		}
		gap := strings.Repeat(" ", max(0, values-utf8.RuneCountInString(value)))
		a.out.line("%s%s  %s", styled(line), gap, meaning)
	}
}

// compact returns JSON on one line, with control characters escaped.
func compact(value json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, value) != nil {
		return safe(string(value))
	}
	return safe(b.String())
}

// meaning explains a claim that is a time, such as "expires in 5 minutes".
func (a *app) meaning(m member) styled {
	t, ok := dateOf(m)
	if !ok {
		return ""
	}
	now := a.now()
	past := !t.After(now)
	word := map[string]string{"iat": "issued", "auth_time": "logged in", "updated_at": "updated"}[m.name]
	switch {
	case m.name == "exp" && past:
		return sprintf("%s (%s)", a.out.red("expired %s", relative(t, now)), stamp(t))
	case m.name == "exp":
		word = "expires"
	case m.name == "nbf" && past:
		word = "began to be valid"
	case m.name == "nbf":
		return sprintf("%s (%s)", a.out.red("not valid yet, only %s", relative(t, now)), stamp(t))
	case m.name == "fresh" && past:
		word = "fresh until"
	case m.name == "fresh":
		word = "stops being fresh"
	case !past:
		return sprintf("%s (%s)", a.out.red("%s %s: in the future", word, relative(t, now)), stamp(t))
	}
	return a.out.faint("%s %s (%s)", word, relative(t, now), stamp(t))
}

// dateClaims are the claims that are dates.
var dateClaims = []string{"iat", "nbf", "exp", "auth_time", "updated_at", "fresh"}

// dateOf returns the time of a claim; ok is false if the claim is not a time.
func dateOf(m member) (time.Time, bool) {
	for _, name := range dateClaims {
		if m.name != name {
			continue
		}
		seconds, err := strconv.ParseFloat(string(m.value), 64)
		if err != nil || seconds < -62135596800 || seconds > 253402300799 {
			return time.Time{}, false
		}
		return time.Unix(int64(seconds), 0), true
	}
	return time.Time{}, false
}

func timesOf(claims object) map[string]string {
	times := map[string]string{}
	for _, m := range claims {
		if t, ok := dateOf(m); ok {
			times[m.name] = t.UTC().Format(time.RFC3339)
		}
	}
	return times
}
