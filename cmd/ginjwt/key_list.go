package main

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// listedKey is a line of key list, and its JSON form.
type listedKey struct {
	File      string   `json:"file"`
	ID        string   `json:"kid"`
	Algorithm string   `json:"algorithm"`
	TokenType string   `json:"token_type,omitempty"` // empty: all
	Private   bool     `json:"private"`              // it can sign
	State     string   `json:"state"`
	Signing   []string `json:"signing"` // the types of new tokens that the key signs now
	NotBefore string   `json:"not_before,omitempty"`
	NotAfter  string   `json:"not_after,omitempty"`
	Unnamed   bool     `json:"verify_unnamed,omitempty"`

	key keys.Key
}

// The states of a key.
const (
	statePlanned = "planned" // published and verifies, but does not sign yet
	stateActive  = "active"
	stateRetired = "retired"
)

func stateOf(key keys.Key, now time.Time) string {
	switch {
	case !key.NotAfter.IsZero() && !key.NotAfter.After(now):
		return stateRetired
	case key.NotBefore.After(now):
		return statePlanned
	}
	return stateActive
}

func (a *app) keyListCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "list FILE…",
		Short: "List the keys in files",
		Long: `Lists the keys in files, in the order in which a service tries to sign with them. The
column STATE says which key signs new tokens now. Key material is not shown.`,
		Example: `  ginjwt key list keys.json
  ginjwt key list private.pem public.pem
  ginjwt key list keys.json --json | jq -r '.keys[] | select(.signing != []) | .kid'`,
		Args: someFiles,
		RunE: func(_ *cobra.Command, args []string) error {
			var all []listedKey
			for _, path := range args {
				list, err := a.readKeys(path)
				if err != nil {
					return err
				}
				all = append(all, listed(path, list, a.now())...)
			}
			if a.json {
				return a.writeJSON(map[string]any{"keys": all})
			}
			a.printKeys(all, len(args) > 1)
			return nil
		},
	}
}

func listed(path string, list []keys.Key, now time.Time) (all []listedKey) {
	signers := signersOf(list, now)
	for i, key := range list {
		all = append(all, listedKey{
			File:      path,
			ID:        idOf(key),
			Algorithm: algorithmOf(key),
			TokenType: key.TokenType,
			Private:   key.Sign != nil,
			State:     stateOf(key, now),
			Signing:   append([]string{}, signers[i]...),
			NotBefore: date(key.NotBefore),
			NotAfter:  date(key.NotAfter),
			Unnamed:   key.AllowMissingKeyID,
			key:       key,
		})
	}
	return all
}

// signersOf returns the indexes of the keys that sign now, each with the types of token
// that it signs. It asks a manager, so it agrees with services.
func signersOf(list []keys.Key, now time.Time) map[int][]string {
	signers := map[int][]string{}
	m := ginjwt.New(ginjwt.Config{Keys: list, TokenCacheSize: -1, Now: func() time.Time { return now }})
	if m.InitApp(nil) != nil {
		return signers
	}
	for _, typ := range []string{keys.AccessToken, keys.RefreshToken} {
		create := m.CreateAccessToken
		if typ == "refresh" {
			create = m.CreateRefreshToken
		}
		token, err := create(context.Background(), "nobody")
		if err != nil {
			continue
		}
		header, err := ginjwt.GetUnverifiedJWTHeaders(token)
		made := func(key keys.Key) bool { return idOf(key) == header["kid"] && algorithmOf(key) == header["alg"] }
		if index := slices.IndexFunc(list, made); err == nil && index >= 0 {
			signers[index] = append(signers[index], typ)
		}
	}
	return signers
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (a *app) printKeys(list []listedKey, files bool) {
	head := []string{"KEY", "ALGORITHM", "TOKENS", "USE", "STATE"}
	if files {
		head = append(head, "FILE")
	}
	rows := [][]string{head}
	for _, k := range list {
		row := []string{k.ID, k.Algorithm, "all", "verifies", a.stateText(k)}
		if k.TokenType != "" {
			row[2] = k.TokenType
		}
		if k.Private {
			row[3] = "signs"
		}
		if files {
			row = append(row, k.File)
		}
		rows = append(rows, row)
	}
	a.out.table(rows)
}

// stateText describes the state of a key and its times.
func (a *app) stateText(k listedKey) string {
	now := a.now()
	text := k.State
	switch {
	case k.State == statePlanned && k.Private:
		text += ", signs " + relative(k.key.NotBefore, now)
	case k.State == statePlanned:
		text += ", begins " + relative(k.key.NotBefore, now)
	case k.State == stateRetired:
		return text + " " + relative(k.key.NotAfter, now)
	case len(k.Signing) == 2:
		text += ", signs new tokens"
	case len(k.Signing) == 1:
		text += ", signs new " + k.Signing[0] + " tokens"
	}
	if !k.key.NotAfter.IsZero() {
		text += ", retires " + relative(k.key.NotAfter, now)
	}
	if k.Unnamed {
		text += ", verifies tokens without kid"
	}
	return text
}
