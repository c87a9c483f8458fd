package ginjwt_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// documentOf decodes a document.
func documentOf(t *testing.T, text string) (doc map[string]any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), &doc))
	return doc
}

// mergeParts returns the parts of a small engine.
func mergeParts(t *testing.T) *ginjwt.OpenAPIParts {
	t.Helper()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/users/:id", mgr.JWTRequired(), identify)
	engine.POST("/login", identify)
	return partsOf(t, engine, ginjwt.Public("/login"))
}

const small = `{
	"openapi": "3.1.0", "x-large": 1,
	"components": {"schemas": {"User": {"type": "object"}}},
	"paths": {
		"/users/{user}": {"get": {"summary": "a user", "responses": {"200": {"description": "it"}, "401": {"description": "own"}}}},
		"/login": {"post": {"responses": {"200": {"description": "a token"}}}}
	}
}`

func TestMergeIntoCompletesADocument(t *testing.T) {
	t.Parallel()
	parts, doc := mergeParts(t), documentOf(t, small)
	require.NoError(t, parts.MergeInto(doc))
	paths := doc["paths"].(map[string]any)
	assert.JSONEq(t, `{
		"parameters": [{"name": "user", "in": "path", "required": true, "schema": {"type": "string"}}],
		"get": {"summary": "a user", "security": [{"accessHeader": []}], "responses": {
			"200": {"description": "it"}, "401": {"description": "own"},
			"422": {"$ref": "#/components/responses/Refusal422"}, "503": {"$ref": "#/components/responses/Refusal503"}}}
	}`, asJSON(t, paths["/users/{user}"]))
	assert.JSONEq(t, `{"post": {"security": [], "responses": {"200": {"description": "a token"}}}}`, asJSON(t, paths["/login"]))
	components := doc["components"].(map[string]any)
	assert.JSONEq(t, asJSON(t, parts.Components.SecuritySchemes), asJSON(t, components["securitySchemes"]))
	assert.JSONEq(t, asJSON(t, parts.Components.Responses), asJSON(t, components["responses"]))
	assert.Contains(t, components["schemas"], "User")
	assert.Contains(t, components["schemas"], "Refusal")
	assert.Len(t, paths, 2)

	first := asJSON(t, doc)
	require.NoError(t, parts.MergeInto(doc), "a second time")
	assert.Equal(t, first, asJSON(t, doc))
}

func TestMergeIntoNamesEachDifference(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		old, new string // in the document
		problem  string
	}{
		"an operation that is not registered": {`"/login": {`, `"/logout": {"post": {}}, "/login": {`, "POST /logout: the document has it, but the engine does not"},
		"a method that is not registered":     {`"/login": {`, `"/login": {"get": {}, `, "GET /login: the document has it, but the engine does not"},
		"an operation that is not documented": {`{"post": {`, `{"put": {`, "POST /login: the engine has it, but the document does not"},
		"a path that is not documented":       {`"/users/{user}"`, `"/user/{user}"`, "GET /users/{id}: the engine has it, but the document does not"},
		"a path as a reference":               {`{"get": {`, `{"$ref": "#/x", "get": {`, "/users/{user}: MergeInto does not follow the $ref of a path"},
		"a path twice":                        {`"/login": {`, `"/users/{id}": {}, "/login": {`, "/users/{user}: the document has the same path as /users/{id}"},
		"another security":                    {`"summary"`, `"security": [], "summary"`, `GET /users/{user}.security: the document says something else: [] instead of [{"accessHeader":[]}]`},
		"a public route with a security": {`{"post": {`, `{"post": {"security": [{"x": []}], `,
			`POST /login.security: the document says something else: [{"x":[]}] instead of []`},
		"another scheme": {`"schemas": {`, `"securitySchemes": {"accessHeader": {"type": "http", "scheme": "basic"}}, "schemas": {`,
			`components.securitySchemes.accessHeader.scheme: the document says something else: "basic" instead of "bearer"`},
		"components that are no object": {`{"schemas": {"User": {"type": "object"}}}`, `[]`, "components: the document says something else: [] instead of {"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, small, test.old)
			text := strings.Replace(small, test.old, test.new, 1)
			doc := documentOf(t, text)
			require.ErrorContains(t, mergeParts(t).MergeInto(doc), "ginjwt: MergeInto: "+test.problem)
			assert.JSONEq(t, text, asJSON(t, doc), "nothing has changed")
		})
	}
}

func TestMergeIntoDocumentsThatAreIncomplete(t *testing.T) {
	t.Parallel()
	parts := mergeParts(t)
	require.EqualError(t, parts.MergeInto(nil), "ginjwt: MergeInto: the document is nil")
	require.ErrorContains(t, parts.MergeInto(map[string]any{"paths": []any{}}), "ginjwt: MergeInto: paths: it is not an object")
	numbers := map[string]any{"paths": map[string]any{"/login": map[any]any{401: "x"}}}
	require.ErrorContains(t, parts.MergeInto(numbers), "ginjwt: MergeInto: the document: paths: /login: it cannot be JSON; write the status codes in quotes: ")

	none := map[string]any{"components": nil, "paths": nil}
	require.NoError(t, (&ginjwt.OpenAPIParts{}).MergeInto(none))
	empty := map[string]any{}
	require.ErrorContains(t, parts.MergeInto(empty), "POST /login: the engine has it, but the document does not")
	assert.Empty(t, empty)
}

// What a program leaves out of the parts, it does not need to document.
func TestMergeIntoWithoutSomeRoutes(t *testing.T) {
	t.Parallel()
	parts, doc := mergeParts(t), documentOf(t, small)
	delete(doc["paths"].(map[string]any), "/login")
	require.Error(t, parts.MergeInto(doc))
	delete(parts.Paths, "/login")
	require.NoError(t, parts.MergeInto(doc))
}

// MergeInto keeps the parameters of the document, and adds only those that are missing.
func TestMergeIntoDeclaresParameters(t *testing.T) {
	t.Parallel()
	mgr, engine := newManager(t, jwttest.Config(nil))
	engine.GET("/a/:b/:c", mgr.JWTRequired(), identify)
	engine.GET("/r/:d", mgr.JWTRequired(), identify)
	doc := documentOf(t, `{"paths": {
		"/a/{b}/{c}": {"get": {"parameters": [{"name": "b", "in": "path"}, {"name": "c", "in": "query"}]}},
		"/r/{d}": {"parameters": [{"$ref": "#/components/parameters/d"}], "get": {}}
	}}`)
	require.NoError(t, partsOf(t, engine).MergeInto(doc))
	paths := doc["paths"].(map[string]any)
	assert.JSONEq(t, `[{"name": "c", "in": "path", "required": true, "schema": {"type": "string"}}]`, asJSON(t, paths["/a/{b}/{c}"].(map[string]any)["parameters"]))
	assert.JSONEq(t, `[{"name": "b", "in": "path"}, {"name": "c", "in": "query"}]`, asJSON(t, paths["/a/{b}/{c}"].(map[string]any)["get"].(map[string]any)["parameters"]))
	assert.JSONEq(t, `[{"$ref": "#/components/parameters/d"}]`, asJSON(t, paths["/r/{d}"].(map[string]any)["parameters"]))
}
