package ginjwt_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// The model of a tree of groups: a chain is a word, with a letter for each handler. A group
// has the chain of its parent at the time when it was made.
//
//	g: a guard  o: an optional guard  d: a handler in Decided
//	m: middleware  c: middleware that calls a guard  h: the handler
type modelRoute struct{ method, path, chain string }

// decided reports whether something decides before the handler.
func (r modelRoute) decided() bool {
	return strings.ContainsAny(r.chain, "god") && !r.late()
}

// late reports whether the last handler is a guard.
func (r modelRoute) late() bool {
	last := r.chain[len(r.chain)-1]
	return last == 'g' || last == 'o'
}

// refusesStrangers reports whether a request without a token does not come to the handler.
func (r modelRoute) refusesStrangers() bool {
	before, _, _ := strings.Cut(r.chain, "h")
	return strings.ContainsAny(before, "gc")
}

// modelTree makes random trees.
type modelTree struct {
	*rand.Rand
	handlers map[rune]func() gin.HandlerFunc
	routes   []modelRoute
}

// word returns up to n letters of alphabet.
func (m *modelTree) word(alphabet string, n int) string {
	var b strings.Builder
	for range m.IntN(n + 1) {
		b.WriteByte(alphabet[m.IntN(len(alphabet))])
	}
	return b.String()
}

func (m *modelTree) chain(word string) (chain []gin.HandlerFunc) {
	for _, letter := range word {
		chain = append(chain, m.handlers[letter]())
	}
	return chain
}

// grow registers random routes and groups below a group with this path and chain.
func (m *modelTree) grow(group *gin.RouterGroup, path, chain string, depth int) {
	for i := range 1 + m.IntN(4) {
		name := fmt.Sprintf("/%d", i)
		switch n := m.IntN(10); {
		case n < 2: // what is registered before does not change
			word := m.word("mmgocd", 2)
			group.Use(m.chain(word)...)
			chain += word
		case n < 5 && depth > 0:
			word := m.word("mmgod", 2)
			m.grow(group.Group(name, m.chain(word)...), path+name, chain+word, depth-1)
		default:
			word := m.word("mgocd", 2) + "h" + m.word("gom", 1)
			for _, method := range [][]string{{"GET"}, {"GET", "POST"}, {"DELETE"}}[m.IntN(3)] {
				group.Handle(method, name, m.chain(word)...)
				m.routes = append(m.routes, modelRoute{method, path + name, chain + word})
			}
		}
	}
}

// CheckRoutes finds the same as the model, and the model is true: where it says that a
// request without a token does not come to the handler, it does not.
func TestCheckRoutesAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	mgr, _ := newManager(t, jwttest.Config(nil))
	other, _ := newManager(t, jwttest.Config(nil))
	reached := ""
	seed := rand.Uint64()
	t.Log("seed", seed)
	for round := range 400 {
		m := &modelTree{Rand: rand.New(rand.NewPCG(seed, uint64(round)))}
		guards := func(opts ...ginjwt.RequiredOption) func() gin.HandlerFunc {
			return func() gin.HandlerFunc {
				if m.IntN(4) == 0 {
					return other.JWTRequired(opts...)
				}
				return mgr.JWTRequired(opts...)
			}
		}
		plain := func(*gin.Context) {}
		guard := mgr.JWTRequired()
		m.handlers = map[rune]func() gin.HandlerFunc{
			'g': guards(), 'o': guards(ginjwt.Optional()),
			'd': func() gin.HandlerFunc { return ginjwt.Decided(plain, "for this test") },
			'm': func() gin.HandlerFunc { return plain },
			'c': func() gin.HandlerFunc { return func(c *gin.Context) { guard(c) } },
			'h': func() gin.HandlerFunc {
				return func(c *gin.Context) { reached = c.Request.Method + " " + c.FullPath() }
			},
		}
		engine := gin.New()
		m.grow(&engine.RouterGroup, "", "", 4)

		var undecided, public []string
		for _, r := range m.routes {
			name := r.method + " " + r.path
			switch {
			case !r.decided():
				undecided = append(undecided, name)
				public = append(public, name)
			default:
				assert.NotEmpty(t, problemsOf(engine, ginjwt.Public(name)), "%d: %v: a public name of a guarded route", round, r)
			}
			reached = ""
			w := jwttest.Do(engine, r.method, r.path)
			if r.refusesStrangers() {
				require.Empty(t, reached, "%d: %v", round, r)
				require.Equal(t, http.StatusUnauthorized, w.Code)
			} else {
				require.Equal(t, name, reached, "%d: %v", round, r)
			}
		}
		var found []string
		for _, problem := range problemsOf(engine) {
			name, _, _ := strings.Cut(strings.TrimPrefix(problem, "ginjwt: "), ": ")
			found = append(found, name)
		}
		slices.Sort(undecided)
		slices.Sort(found)
		require.Equal(t, undecided, found, "%d: %v", round, m.routes)
		if !slices.ContainsFunc(m.routes, modelRoute.late) {
			require.Empty(t, problemsOf(engine, ginjwt.Public(public...)), "%d", round)
		}
	}
}
