package ginjwt

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func parsedFile(t *testing.T, name string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
	require.NoError(t, err)
	return file
}

// The words in reasons.go are those of the one table, each in one row, and the page
// names each with its kind.
func TestEveryReasonHasOneKind(t *testing.T) {
	t.Parallel()
	kinds := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| [a-z ]+ \\| `(Err\\w+)` \\|").FindAllStringSubmatch(docsPage(t, "docs/custom-errors.md"), -1) {
		kinds[row[1]] = row[2]
	}
	var inTable []string
	for _, a := range answers {
		require.NotEmpty(t, a.reasons, a.kind)
		for _, reason := range a.reasons {
			assert.True(t, isReason(reason), reason)
			assert.Equal(t, a.kind, namedKinds[kinds[reason]], reason)
			inTable = append(inTable, reason)
		}
	}
	var words []string
	ast.Inspect(parsedFile(t, "reasons.go"), func(n ast.Node) bool {
		if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "reason") {
			word, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			require.NoError(t, err)
			words = append(words, word)
		}
		return true
	})
	assert.ElementsMatch(t, words, inTable)
	assert.Len(t, kinds, len(words))
}

// The tables of kinds have all of them, with their statuses.
func TestEveryKindIsInTheTables(t *testing.T) {
	t.Parallel()
	require.Len(t, namedKinds, len(answers))
	answered := map[int]int{}
	for name, kind := range namedKinds {
		a := answers[rowOf(kind)]
		answered[a.loader]++
		for page, row := range map[string]string{
			"docs/from-flask.md":    fmt.Sprintf("(?m)^\\| [^|]+ \\| [^|]*`%s`[^|]* \\| %d( \\(D\\d+\\))? \\|$", name, a.status),
			"docs/custom-errors.md": fmt.Sprintf("(?m)^\\| `%s` \\| %d \\| %d \\| %d \\|", name, a.status, a.oauthStatus, a.oauthStatus),
		} {
			assert.True(t, regexp.MustCompile(row).MatchString(docsPage(t, page)), "%s has no row %s", page, row)
		}
	}
	assert.Contains(t, docsPage(t, "docs/custom-errors.md"), "`UnauthorizedLoader` responds to three kinds and `InvalidTokenLoader` to eight.")
	assert.Equal(t, []int{3, 8}, []int{answered[unauthorizedLoader], answered[invalidTokenLoader]})
}

// namedKinds are the kinds by their names.
var namedKinds = map[string]error{
	"ErrNoAuthorization": ErrNoAuthorization, "ErrMultipleTokens": ErrMultipleTokens, "ErrInvalidHeader": ErrInvalidHeader,
	"ErrInvalidQueryParam": ErrInvalidQueryParam, "ErrInvalidToken": ErrInvalidToken, "ErrWrongToken": ErrWrongToken,
	"ErrCSRF": ErrCSRF, "ErrExpiredToken": ErrExpiredToken, "ErrFreshRequired": ErrFreshRequired, "ErrRevokedToken": ErrRevokedToken, "ErrConsumed": ErrConsumed, "ErrNotBound": ErrNotBound,
	"ErrDPoPProof": ErrDPoPProof, "ErrDPoPNonce": ErrDPoPNonce, "ErrKeyBinding": ErrKeyBinding,
	"ErrSessionEnded": ErrSessionEnded, "ErrSessionReused": ErrSessionReused, "ErrUserLookup": ErrUserLookup,
	"ErrVerification": ErrVerification, "ErrInsufficientScope": ErrInsufficientScope, "ErrUnavailable": ErrUnavailable, "ErrCallback": ErrCallback,
}

// Refusals are made by the functions beside the table, which give each the reason of
// its kind; another one must be of that kind too.
func TestEveryRefusalHasAReason(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	made := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		ast.Inspect(parsedFile(t, name), func(n ast.Node) bool {
			literal, ok := n.(*ast.CompositeLit)
			if named, isName := literalName(literal, ok); !isName || named != "Error" {
				return true
			}
			made++
			// That a session or a page is not there refuses no token.
			assert.Contains(t, []string{"errors.go", "handlers.go"}, name)
			return true
		})
	}
	assert.Equal(t, 2, made)

	named := []*Error{
		errTooLarge, errSegments, errNotText, errHeaderBase64, errPayloadBase64, errEncrypted, errCryptoBase64, errHeaderJSON, errHeaderObject, errPayloadJSON,
		errPayloadObject, errKeyID, errCritList, errCritNames, errCritTwice, errCritMissing, errDetached, errCompressed, errType, errNoAlgorithm,
		errAlgorithm, errSignature, errUnknownKey, errKeyType, errIATNumber, errNBFNumber, errEXPNumber, errIATFuture, errNBFFuture, errNoIssuer,
		errIssuerText, errIssuer, errNoAudience, errAudienceForm, errAudience, errSubject, errNobody, errJTI, errNoJTI, errNotRevocable, errNoIssuedAt, errNoSubject,
		errNoSessionID, errUpstream, errNoCSRFClaim, errCSRFMismatch,
		errCSRFMissing, errOtherOrigin, errNotTrusted, errNoOrigin, errPurposeAt, errGeneration, errOtherSession, errOtherManager, errOldAccess, errTicketRequest, asError(errBusy),
	}
	inFile := 0
	ast.Inspect(parsedFile(t, "refusals.go"), func(n ast.Node) bool {
		if _, ok := n.(*ast.ValueSpec); ok {
			inFile++
		}
		return true
	})
	assert.Len(t, named, inFile, "add the new one")
	header := headerRefusalsOf(&Config{})
	for _, e := range append(named, asError(wrongToken("x", nil)), asError(missingClaim("%s", "x")), asError(emptyClaim("x")),
		header.missing, header.otherScheme, header.several, header.malformed, header.empty) {
		assert.True(t, slices.Contains(answers[e.row()].reasons, e.Reason), "%s: %q is no reason of its kind", e.Message, e.Reason)
	}
}

func literalName(literal *ast.CompositeLit, ok bool) (string, bool) {
	if !ok {
		return "", false
	}
	name, ok := literal.Type.(*ast.Ident)
	if !ok {
		return "", false
	}
	return name.Name, true
}
