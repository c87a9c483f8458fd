package gintree

import (
	"math/rand/v2"
	"net/http/httptest"
	"reflect"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// chainsOf returns what runs for each route: each handler has a letter, and runs nothing.
func chainsOf(t *testing.T, tree Tree, letters map[string]string) map[string]string {
	t.Helper()
	chains := map[string]string{}
	for _, r := range append(tree.Routes, Route{"", "NoRoute", tree.NoRoute.Chain}, Route{"", "NoMethod", tree.NoMethod.Chain}) {
		word := ""
		for _, h := range r.Chain {
			c := &gin.Context{}
			h(c)
			word += letters[c.GetString("letter")]
		}
		require.NotContains(t, chains, r.Method+" "+r.Path)
		chains[r.Method+" "+r.Path] = word
	}
	return chains
}

func letter(name string) gin.HandlerFunc { return func(c *gin.Context) { c.Set("letter", name) } }

func TestReadFindsAllHandlers(t *testing.T) {
	t.Parallel()
	letters := map[string]string{}
	for c := 'a'; c <= 'z'; c++ {
		letters[string(c)] = string(c)
	}
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	tree, err := Read(engine)
	require.NoError(t, err)
	assert.Empty(t, tree.Routes)
	assert.Empty(t, tree.NoRoute.Chain)

	engine.GET("/early", letter("a"))
	engine.Use(letter("u"))
	engine.NoRoute(letter("n"), letter("o"))
	engine.NoMethod(letter("m"))
	engine.GET("/", letter("b"))
	engine.GET("/users/:id", letter("c"), letter("d"))
	engine.GET("/users/:id/files/*path", letter("e"))
	engine.GET("/use", letter("f"))
	group := engine.Group("/users", letter("g"))
	group.POST("", letter("h"))
	group.Handle("PURGE", "/all", letter("i"))
	tree, err = Read(engine)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"GET /early": "a", "GET /": "ub", "GET /users/:id": "ucd", "GET /users/:id/files/*path": "ue", "GET /use": "uf",
		"POST /users": "ugh", "PURGE /users/all": "ugi", " NoRoute": "uno", " NoMethod": "um",
	}, chainsOf(t, tree, letters))

	engine.HandleMethodNotAllowed = false
	tree, err = Read(engine)
	require.NoError(t, err)
	assert.Empty(t, tree.NoMethod.Chain)
}

func TestReadFindsWhatGinLists(t *testing.T) {
	t.Parallel()
	for range 200 {
		engine := gin.New()
		for i := range rand.IntN(60) {
			path := ""
			for range 1 + rand.IntN(4) {
				path += "/" + []string{"a", "ab", "abc", "b", "x.y", "ü", "a b"}[rand.IntN(7)]
			}
			path += []string{"", "/", "/:id", "/:id/x"}[rand.IntN(4)]
			func() {
				defer func() { _ = recover() }() // registered twice
				engine.Handle([]string{"GET", "POST"}[i%2], path, letter("a"))
			}()
		}
		tree, err := Read(engine)
		require.NoError(t, err)
		require.Len(t, tree.Routes, len(engine.Routes()))
	}
}

// A path of Gin lacks its backslashes after the first request. Read finds the same as before.
func TestReadFindsEscapedColons(t *testing.T) {
	t.Parallel()
	segments := []string{"/a", `/a\:b`, `/a\:c`, `/\:x`, `/v\:a\:b`, "/:id", "/ab"}
	for range 200 {
		engine := gin.New()
		for range rand.IntN(20) {
			path := ""
			for range 1 + rand.IntN(3) {
				path += segments[rand.IntN(len(segments))]
			}
			func() {
				defer func() { _ = recover() }() // registered twice
				engine.GET(path, letter("a"))
			}()
		}
		before, err := Read(engine)
		require.NoError(t, err)
		listed := engine.Routes()
		for i, route := range before.Routes {
			require.Equal(t, listed[i].Path, route.Path)
		}
		engine.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/none", nil))
		after, err := Read(engine)
		require.NoError(t, err)
		for i, route := range before.Routes {
			require.Equal(t, route.Path, after.Routes[i].Path)
		}
	}
}

func TestReadRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	_, err := Read(nil)
	require.EqualError(t, err, "the engine is nil")
	engine := reflect.TypeFor[gin.Engine]()
	field := func(of reflect.Type, name string) reflect.StructField {
		f, ok := of.FieldByName(name)
		require.True(t, ok, name)
		return f
	}
	trees := field(engine, "trees").Type
	node := field(trees.Elem(), "root").Type.Elem()
	// with returns a struct with fields of Gin, of which one has another type; nil: it is missing.
	with := func(of reflect.Type, name string, other reflect.Type, names ...string) reflect.Type {
		var fields []reflect.StructField
		for _, n := range names {
			f := field(of, n)
			if n == name {
				f.Type = other
			}
			if f.Type != nil {
				fields = append(fields, f)
			}
		}
		return reflect.StructOf(fields)
	}
	engineWith := func(name string, other reflect.Type) reflect.Type {
		return with(engine, name, other, "noRoute", "allNoRoute", "noMethod", "allNoMethod", "trees")
	}
	treeWith := func(name string, other reflect.Type) reflect.Type {
		return engineWith("trees", reflect.SliceOf(with(trees.Elem(), name, other, "method", "root")))
	}
	nodeWith := func(name string, other reflect.Type) reflect.Type {
		return treeWith("root", reflect.PointerTo(with(node, name, other, "path", "nType", "handlers", "children")))
	}
	number := reflect.TypeFor[int]()
	require.NoError(t, checkLayout(engineWith("", nil)))
	for _, name := range []string{"noRoute", "allNoRoute", "noMethod", "allNoMethod"} {
		require.ErrorContains(t, checkLayout(engineWith(name, nil)), `has no field "`+name+`" of type gin.HandlersChain`)
		require.ErrorContains(t, checkLayout(engineWith(name, number)), `has no field "`+name+`" of type gin.HandlersChain`)
	}
	require.ErrorContains(t, checkLayout(engineWith("trees", nil)), "has no slice of method trees")
	require.ErrorContains(t, checkLayout(engineWith("trees", number)), "has no slice of method trees")
	require.ErrorContains(t, checkLayout(engineWith("trees", reflect.SliceOf(number))), "has no slice of method trees")
	require.ErrorContains(t, checkLayout(treeWith("method", number)), `has no field "method" of type string`)
	require.ErrorContains(t, checkLayout(treeWith("root", nil)), "a method tree has no root")
	require.ErrorContains(t, checkLayout(treeWith("root", node)), "a method tree has no root")
	for _, name := range []string{"path", "nType", "handlers", "children"} {
		require.ErrorContains(t, checkLayout(nodeWith(name, number)), `has no field "`+name+`"`)
		require.ErrorContains(t, checkLayout(nodeWith(name, nil)), `has no field "`+name+`"`)
	}

	handler := letter("a")
	listed := gin.RoutesInfo{{Method: "GET", Path: "/a", HandlerFunc: handler}}
	require.NoError(t, compare([]Route{{"GET", "/a", gin.HandlersChain{handler}}}, listed))
	require.Error(t, compare(nil, listed))
	require.Error(t, compare([]Route{{"GET", "/b", gin.HandlersChain{handler}}}, listed))
	require.Error(t, compare([]Route{{"GET", "/a", gin.HandlersChain{func(*gin.Context) {}}}}, listed))
}
