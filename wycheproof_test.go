package ginjwt

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// This file reads the vectors of Project Wycheproof that concern keys and
// signatures in JSON: json_web_signature_test.json, json_web_key_test.json and
// json_web_crypto_test.json of https://github.com/C2SP/wycheproof. They are not
// part of this repository; with a copy of theirs
//
//	WYCHEPROOF=/path/to/wycheproof go test . -run Wycheproof -v
//
// runs them. Vectors of the same form with other keys are in testdata/wycheproof, so that
// this reader is always tested.
//
// The test is inside the package, because the payload of most vectors is "foo". DecodeToken
// refuses this payload before it verifies the signature, as the original does. The test
// calls verifySignature, which verifies every token, without the payload.

// wycheproofExceptions are vectors for which ginjwt has another result, by the comments of
// group and vector, with the reason. An exception that is not needed fails the test.
var wycheproofExceptions = map[string]string{
	"jws_mixedSymmetryKeyset/rejectsValid": "Secrets and public keys may be in one list: each answers to its own algorithm and name only. Said to be ambiguous.",

	"jws_rsa_roca_key/rejectsKeyWithRocaVulnerability": "Hidden flaws of a generator are out of scope, see docs/security.md (CVE-2017-15361).",

	"rfc7520/Figure20":            "The JWK says PS256, the token PS384. A key answers to one algorithm (RFC 7517 §4.4).",
	"rfc7520WithKeyOps/Figure20":  "The JWK says PS256, the token PS384. A key answers to one algorithm (RFC 7517 §4.4).",
	"base64/invalidBase64Padding": "The vector is byte for byte base64/ValidMac, which is valid.",

	"base64/invalidBase64PaddingInPayload":     "The vector is byte for byte base64/ValidMac, which is valid.",
	"base64/InvalidCharacterInsertedInHeader":  "Said to be valid, but \"?\" is no base64url (RFC 7515 §2).",
	"base64/InvalidCharacterInsertedInPayload": "Said to be valid, but \"?\" is no base64url (RFC 7515 §2).",
}

type wycheproofFile struct {
	NumberOfTests int
	TestGroups    []wycheproofGroup
}

// wycheproofGroup is a JWK or a JWK Set with its vectors.
type wycheproofGroup struct {
	Comment         string
	Public, Private json.RawMessage
	Tests           []wycheproofVector
}

type wycheproofVector struct {
	ID       int `json:"tcId"`
	Comment  string
	JWS, JWE json.RawMessage
	Result   string
}

// token returns the token as it is sent: compact text, or JSON in the JSON Serialization.
func (v wycheproofVector) token() string {
	text := v.JWS
	if v.isEncrypted() {
		text = v.JWE
	}
	var compact string
	if json.Unmarshal(text, &compact) == nil {
		return compact
	}
	return string(text)
}

func (v wycheproofVector) isEncrypted() bool { return v.JWS == nil && v.JWE != nil }

// manager returns a manager with the public keys of the group, or with its private keys if
// it has no public keys.
func (g wycheproofGroup) manager() (*JWTManager, error) {
	text := g.Public
	if text == nil {
		text = g.Private
	}
	list, err := keys.Parse(text)
	if err != nil {
		return nil, err
	}
	m := New(Config{Keys: list})
	return m, m.InitApp(nil)
}

// accept verifies a token with the keys of the group.
func (g wycheproofGroup) accept(encoded string) error {
	m, err := g.manager()
	if err != nil {
		return err
	}
	var s scratch
	parts, err := s.load(encoded, nil)
	if err != nil {
		return err
	}
	if err := parts.head.check(); err != nil {
		return err
	}
	good := &goodToken{rules: m.verifier.own, contents: contents{names: &m.verifier.own.claims}}
	return m.verifier.verifySignature(context.Background(), m.verifier.ring.Load(), parts, s.signature, good, time.Now())
}

// wycheproofCount counts the results of the vectors of a file.
type wycheproofCount struct{ passed, excepted, encrypted int }

// judge compares the result with the result of the vector. Encrypted tokens are always
// refused.
func (n *wycheproofCount) judge(g wycheproofGroup, v wycheproofVector) error {
	err := g.accept(v.token())
	_, excepted := wycheproofExceptions[g.Comment+"/"+v.Comment]
	valid := v.Result == "valid"
	switch {
	case v.isEncrypted() && err != nil:
		n.encrypted++
		return nil
	case v.isEncrypted():
		return errors.New("an encrypted token is accepted")
	case v.Result != "valid" && v.Result != "invalid" && v.Result != "acceptable":
		return fmt.Errorf("has the unknown result %q", v.Result)
	case excepted && valid != (err == nil):
		n.excepted++
		return nil
	case excepted:
		return errors.New("is an exception that is none")
	case v.Result == "acceptable" || valid == (err == nil):
		n.passed++
		return nil
	case err == nil:
		return fmt.Errorf("is accepted, but %s", v.Result)
	}
	return fmt.Errorf("is refused, but %s: %w", v.Result, err)
}

// judgeFile judges all vectors in a file.
func judgeFile(t *testing.T, path string) (n wycheproofCount) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var file wycheproofFile
	require.NoError(t, json.Unmarshal(text, &file), path)
	tests := 0
	for _, g := range file.TestGroups {
		for _, v := range g.Tests {
			tests++
			assert.NoError(t, n.judge(g, v), "%s: vector %d, %s/%s", path, v.ID, g.Comment, v.Comment)
		}
	}
	assert.NotZero(t, tests, path)
	assert.Equal(t, file.NumberOfTests, tests, path)
	return n
}

// wycheproofFiles finds the files in a copy of the project, or in a folder with its
// vectors.
func wycheproofFiles(t *testing.T, folder string) (paths []string) {
	t.Helper()
	for _, sub := range []string{"", "testvectors", "testvectors_v1"} {
		for _, name := range []string{"signature", "key", "crypto"} {
			found, err := filepath.Glob(filepath.Join(folder, sub, "json_web_"+name+"_test*.json"))
			require.NoError(t, err)
			paths = append(paths, found...)
		}
	}
	require.NotEmpty(t, paths, "there are no vectors in %s", folder)
	return paths
}

func TestWycheproof(t *testing.T) {
	t.Parallel()
	folder := os.Getenv("WYCHEPROOF")
	if folder == "" {
		t.Log("no vectors were read: set WYCHEPROOF to a copy of https://github.com/C2SP/wycheproof")
		return
	}
	for _, path := range wycheproofFiles(t, folder) {
		n := judgeFile(t, path)
		t.Logf("%s: %d vectors passed, %d are exceptions, %d are encrypted and refused", path, n.passed, n.excepted, n.encrypted)
	}
}

func TestWycheproofReader(t *testing.T) {
	t.Parallel()
	counts := map[string]wycheproofCount{}
	for _, path := range wycheproofFiles(t, "testdata/wycheproof") {
		counts[filepath.Base(path)] = judgeFile(t, path)
	}
	assert.Equal(t, map[string]wycheproofCount{
		"json_web_signature_test.json": {passed: 12, excepted: 1},
		"json_web_key_test.json":       {passed: 4, excepted: 1},
		"json_web_crypto_test.json":    {passed: 2, encrypted: 2},
	}, counts)
}

// TestWycheproofReaderNotices inverts each expected result, which the reader must notice.
func TestWycheproofReaderNotices(t *testing.T) {
	t.Parallel()
	for _, path := range wycheproofFiles(t, "testdata/wycheproof") {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		var file wycheproofFile
		require.NoError(t, json.Unmarshal(text, &file))
		for _, g := range file.TestGroups {
			for _, v := range g.Tests {
				if v.Result == "acceptable" || v.isEncrypted() {
					continue
				}
				v.Result = map[string]string{"valid": "invalid", "invalid": "valid"}[v.Result]
				var n wycheproofCount
				assert.Error(t, n.judge(g, v), "%s/%s", g.Comment, v.Comment)
				assert.Zero(t, n)
				v.Result = "other"
				assert.ErrorContains(t, n.judge(g, v), `has the unknown result "other"`)
			}
		}
	}
}
