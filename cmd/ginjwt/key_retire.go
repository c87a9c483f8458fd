package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

func (a *app) keyRetireCommand() *cobra.Command {
	at := moment{now: a.now}
	var never, force bool
	c := &cobra.Command{
		Use:   "retire FILE KID",
		Short: "Set when a key of a JWK Set retires",
		Long: `Sets when a key retires. A retired key neither signs nor verifies, and services
refuse its tokens. --never cancels the retirement. A key in use retires immediately
only with --force. To replace the key that signs, use ginjwt key rotate.

` + aboutKID,
		Example: `  ginjwt key retire keys.json 6ZJ0xM5E… --at +31d
  ginjwt key retire keys.json 6ZJ0xM5E… --never`,
		Args:              fileAndKey,
		ValidArgsFunction: a.completeKeys,
		RunE: func(c *cobra.Command, args []string) error {
			if at.IsZero() != never {
				return usage(c, "needs either --at WHEN or --never")
			}
			return a.keyRetire(args[0], args[1], at.Truncate(time.Second), force)
		},
	}
	c.Flags().Var(&at, "at", "when the key retires: +31d, 2026-12-01, now")
	c.Flags().BoolVar(&never, "never", false, "cancel the retirement")
	c.Flags().BoolVar(&force, "force", false, "do it even if services refuse tokens because of it")
	return c
}

// keyRetire sets when a key retires; the zero time means never.
func (a *app) keyRetire(path, id string, at time.Time, force bool) error {
	atOnce := !at.IsZero() && !at.After(a.now())
	var before, list []keys.Key
	err := a.changeKeys(path, false, func(file *keyFile) error {
		index, err := file.index(id)
		if err != nil {
			return err
		}
		id, before = idOf(file.keys[index]), slices.Clone(file.keys)
		inUse := stateOf(file.keys[index], a.now()) == stateActive
		file.retire(index, at)
		list = file.keys
		if atOnce && inUse && !force {
			return a.errInUse(path, id, "retires", before, list)
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.warnOfEnd(path, before, list)
	when := "never retires"
	if !at.IsZero() {
		when = fmt.Sprintf("retires %s (%s)", relative(at, a.now()), stamp(at))
	}
	if a.json {
		return a.writeJSON(map[string]string{"kid": id, "not_after": date(at)})
	}
	a.out.line("%s: %s %s", path, id, when)
	return nil
}

// errInUse is the refusal to end an active key immediately.
func (a *app) errInUse(path, id, does string, before, after []keys.Key) error {
	problem := "services would refuse its tokens"
	if lost := signedNoMore(before, after, a.now()); lost != "" {
		problem = "no other key signs " + lost + ", and " + a.without(after, "could")
	}
	return hint(fmt.Errorf("%s: %s is active: %s", path, id, problem), "to replace it, use ginjwt key rotate, immediately with %s; --force %s it anyway",
		"--activate-in 0 --retire-after 0 --force", does)
}

// without says what happens to services with a list that has no signing key. SetKeys
// accepts such a list only if one of its keys has retired.
func (a *app) without(list []keys.Key, can string) string {
	if slices.ContainsFunc(list, func(key keys.Key) bool { return stateOf(key, a.now()) == stateRetired }) {
		return "nobody " + can + " log in"
	}
	return "running services refuse such a list and keep the keys that they have"
}

// signedNoMore returns the types of token that the keys of before sign and the keys of
// after do not, or "".
func signedNoMore(before, after []keys.Key, now time.Time) string {
	var lost []string
	left := signedTypes(after, now)
	for _, typ := range signedTypes(before, now) {
		if !slices.Contains(left, typ) {
			lost = append(lost, typ+" tokens")
		}
	}
	if len(lost) == 2 {
		return "tokens"
	}
	return strings.Join(lost, "")
}

// signedTypes returns the types of tokens that keys sign now.
func signedTypes(list []keys.Key, now time.Time) (types []string) {
	for _, signed := range signersOf(list, now) {
		types = append(types, signed...)
	}
	slices.Sort(types)
	return types
}

// warnOfEnd warns if no key signs any longer, or if a time is set after which no key signs.
func (a *app) warnOfEnd(path string, before, list []keys.Key) {
	if lost := signedNoMore(before, list, a.now()); lost != "" {
		a.warn("%s: no key signs %s any more, and %s; add one: %s", path, lost, a.without(list, "can"), command("key add", "--first", path))
	}
	warned := ""
	for _, typ := range []string{keys.AccessToken, keys.RefreshToken} {
		last, signs := lastSigner(list, typ)
		if !signs || !last.NotAfter.After(a.now()) || idOf(last) == warned {
			continue
		}
		warned = idOf(last)
		what := "tokens"
		if last.TokenType != "" {
			what = last.TokenType + " tokens"
		}
		a.warn("%s: no key signs %s after %s, when %s retires; to cancel its retirement: %s",
			path, what, stamp(last.NotAfter), warned, command("key retire", "--never", path, warned))
	}
}

// lastSigner returns the key that signs tokens of a type for the longest time.
func lastSigner(list []keys.Key, typ string) (last keys.Key, signs bool) {
	for _, key := range list {
		if key.Sign == nil || key.TokenType != "" && key.TokenType != typ {
			continue
		}
		if !signs || key.NotAfter.IsZero() || !last.NotAfter.IsZero() && key.NotAfter.After(last.NotAfter) {
			last, signs = key, true
		}
		if key.NotAfter.IsZero() {
			break
		}
	}
	return last, signs
}
