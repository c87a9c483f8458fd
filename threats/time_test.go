package threats_test

import (
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

var (
	attackOddEXP    = attackInvalid("Expiration Time claim (exp) must be an integer.")
	attackOddNBF    = attackInvalid("Not Before claim (nbf) must be an integer.")
	attackOddIAT    = attackInvalid("Issued At claim (iat) must be an integer.")
	attackNBFFuture = attackInvalid("The token is not yet valid (nbf)")
	attackIATFuture = attackInvalid("The token is not yet valid (iat)")
)

func TestAttackTimes(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	digits := strings.Repeat("9", 400)
	passed := attackPassed("alice")
	for _, v := range []struct {
		name, claim, json string
		want              attackAnswer
	}{
		{"T140 expired a second ago", "exp", a.at(-1), attackExpired},
		{"T140 expired long ago", "exp", "1000000000", attackExpired},
		{"T141 exp is now", "exp", a.at(0), attackExpired},
		{"T141 exp in a second", "exp", a.at(1), passed},
		{"T142 no exp", "exp", "", passed},
		{"T143 exp null", "exp", "null", attackOddEXP},
		{"T144 exp a text to come", "exp", `"` + a.at(60) + `"`, passed},
		{"T144 exp a text past", "exp", `"` + a.at(-60) + `"`, attackExpired},
		{"T144 exp a text with blanks", "exp", `" ` + a.at(60) + `\n"`, passed},
		{"T144 exp a text with a sign", "exp", `"+` + a.at(60) + `"`, passed},
		{"T144 exp a text with underscores", "exp", `"1_000_000_000"`, attackExpired},
		{"T144 exp a text with two underscores", "exp", `"9__999_999_999"`, attackOddEXP},
		{"T144 exp an empty text", "exp", `""`, attackOddEXP},
		{"T144 exp a word", "exp", `"never"`, attackOddEXP},
		{"T144 exp in RFC 3339", "exp", `"2099-01-01T00:00:00Z"`, attackOddEXP},
		{"T144 exp a text with a fraction", "exp", `"9999999999.5"`, attackOddEXP},
		{"T144 exp a text with an exponent", "exp", `"1e10"`, attackOddEXP},
		{"T144 exp a text in hexadecimal", "exp", `"0x2540BE400"`, attackOddEXP},
		{"T144 exp a text of infinity", "exp", `"Infinity"`, attackOddEXP},
		{"T144 exp true", "exp", "true", attackExpired},
		{"T144 exp false", "exp", "false", attackExpired},
		{"T144 exp an array", "exp", "[" + a.at(60) + "]", attackOddEXP},
		{"T144 exp an object", "exp", `{"exp":` + a.at(60) + `}`, attackOddEXP},
		{"T145 exp 0", "exp", "0", attackExpired},
		{"T145 exp -0", "exp", "-0", attackExpired},
		{"T145 exp -0.0", "exp", "-0.0", attackExpired},
		{"T145 exp too small for a float", "exp", "1e-400", attackExpired},
		{"T145 exp negative", "exp", "-1", attackExpired},
		{"T145 exp negative, 400 digits", "exp", "-" + digits, attackExpired},
		{"T146 exp too large for a float", "exp", "1e400", attackOddEXP},
		{"T146 exp negative, too large for a float", "exp", "-1e400", attackOddEXP},
		{"T146 exp of 400 digits", "exp", digits, attackOddEXP},
		{"T146 exp a text of 400 digits", "exp", `"` + digits + `"`, attackOddEXP},
		{"T147 exp the largest int64", "exp", "9223372036854775807", attackOddEXP},
		{"T147 exp wraps to the smallest int64", "exp", "9223372036854775808", attackOddEXP},
		{"T147 exp wraps to a time to come", "exp", "18446744077509551616", attackOddEXP},
		{"T147 exp 1e19", "exp", "1e19", attackOddEXP},
		{"T147 exp below the smallest int64", "exp", "-9223372036854775809", attackExpired},
		{"T148 exp now and a fraction", "exp", a.at(0) + ".999", attackExpired},
		{"T148 exp in a second and a fraction", "exp", a.at(1) + ".5", passed},
		{"T149 exp in milliseconds", "exp", a.at(60) + "000", attackOddEXP},
		{"T149 exp in the last second of the year 9999", "exp", "253402300799", passed},
		{"T149 exp in the year 10000", "exp", "253402300800", attackOddEXP},
		{"T150 nbf in a second", "nbf", a.at(1), attackNBFFuture},
		{"T150 nbf is now", "nbf", a.at(0), passed},
		{"T151 nbf null", "nbf", "null", attackOddNBF},
		{"T151 nbf a text to come", "nbf", `"` + a.at(60) + `"`, attackNBFFuture},
		{"T151 nbf a word", "nbf", `"soon"`, attackOddNBF},
		{"T151 nbf true", "nbf", "true", passed},
		{"T151 nbf an array", "nbf", "[]", attackOddNBF},
		{"T151 nbf an object", "nbf", "{}", attackOddNBF},
		{"T152 nbf wraps to the smallest int64", "nbf", "9223372036854775808", attackNBFFuture},
		{"T152 nbf wraps into the past", "nbf", "18446744073709551617", attackNBFFuture},
		{"T152 nbf of 400 digits", "nbf", digits, attackNBFFuture},
		{"T152 nbf too large for a float", "nbf", "1e400", attackOddNBF},
		{"T152 nbf negative, 400 digits", "nbf", "-" + digits, attackOddNBF},
		{"T152 nbf in milliseconds", "nbf", a.at(0) + "000", attackNBFFuture},
		{"T153 iat in a second", "iat", a.at(1), passed}, // as clocks of one service differ
		{"T153 iat in two seconds", "iat", a.at(2), attackIATFuture},
		{"T153 iat is now", "iat", a.at(0), passed},
		{"T154 iat null", "iat", "null", attackOddIAT},
		{"T154 iat a text to come", "iat", `"` + a.at(60) + `"`, attackIATFuture},
		{"T154 iat a word", "iat", `"today"`, attackOddIAT},
		{"T154 iat an array", "iat", "[1]", attackOddIAT},
		{"T154 iat an object", "iat", `{"$gt":0}`, attackOddIAT},
		{"T154 iat beyond int64", "iat", "18446744073709551617", attackIATFuture},
		{"T154 iat too large for a float", "iat", "1e400", attackOddIAT},
		{"T154 iat negative, 400 digits", "iat", "-" + digits, attackOddIAT},
		{"T159 exp before nbf", "exp", a.at(-90), attackExpired},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expectBoth(t, v.want, a.token("iat", a.at(-60), v.claim, v.json))
		})
	}
}

func TestAttackRequiredClaims(t *testing.T) {
	t.Parallel()
	a := attackNew(t, func(c *ginjwt.Config) { c.RequiredClaims = []string{"exp", "tenant"} })
	for _, v := range []struct {
		name, exp, tenant string
		want              attackAnswer
	}{
		{"T142 both are there", a.at(60), `"x"`, attackPassed("alice")},
		{"T142 no exp", "", `"x"`, attackInvalid(`Token is missing the "exp" claim`)},
		{"T142 no claim of the application", a.at(60), "", attackInvalid(`Token is missing the "tenant" claim`)},
		{"T142 a required claim is null", a.at(60), "null", attackInvalid(`Token is missing the "tenant" claim`)},
		{"T143 exp null", "null", `"x"`, attackOddEXP},
		{"T140 expired, all there", a.at(0), `"x"`, attackExpired},
		{"T140 expired, one missing", a.at(0), "", attackInvalid(`Token is missing the "tenant" claim`)},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expectBoth(t, v.want, a.token("exp", v.exp, "tenant", v.tenant))
		})
	}
}

func TestAttackFractionsOfTheClock(t *testing.T) {
	t.Parallel()
	a := attackNew(t, nil)
	token := a.token("exp", a.at(1)+".9", "nbf", a.at(0)+".9", "iat", a.at(0)+".9")
	for _, v := range []struct {
		name    string
		advance time.Duration
		want    attackAnswer
	}{
		{"T148 the second that nbf is cut off to", 0, attackPassed("alice")},
		{"T148 a nanosecond before the second of exp", time.Second - 1, attackPassed("alice")},
		{"T148 the second that exp is cut off to", 1, attackExpired},
		{"T148 before the fraction of exp", time.Second / 2, attackExpired},
	} {
		a.clock.Advance(v.advance)
		t.Run(v.name, func(t *testing.T) { a.expectBoth(t, v.want, token) })
	}
}

func TestAttackLeeway(t *testing.T) {
	t.Parallel()
	a := attackNew(t, func(c *ginjwt.Config) { c.DecodeLeeway = 10 * time.Second })
	for _, v := range []struct {
		name, claim string
		seconds     int64
		want        attackAnswer
	}{
		{"T155 exp inside", "exp", -9, attackPassed("alice")},
		{"T155 exp at the end", "exp", -10, attackExpired},
		{"T155 nbf at the end", "nbf", 10, attackPassed("alice")},
		{"T155 nbf outside", "nbf", 11, attackNBFFuture},
		{"T155 iat at the end", "iat", 10, attackPassed("alice")},
		{"T155 iat outside", "iat", 11, attackIATFuture},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			a.expectBoth(t, v.want, a.token(v.claim, a.at(v.seconds)))
		})
	}
	t.Run("T155 fresh has none", func(t *testing.T) {
		t.Parallel()
		a.expect(t, attackStale, "GET", "/fresh", jwttest.Bearer(a.token("fresh", a.at(-1))))
	})
}

func TestAttackLeewayInSettings(t *testing.T) {
	t.Parallel()
	const century = 100 * 8766 * time.Hour
	for _, v := range []struct {
		name   string
		leeway time.Duration
		ok     bool
	}{
		{"T156 none", 0, true},
		{"T156 the most", century, true},
		{"T156 more", century + 1, false},
		{"T156 the largest", math.MaxInt64, false},
		{"T156 negative", -1, false},
		{"T156 the smallest", math.MinInt64, false},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			config := jwttest.Config(nil)
			config.DecodeLeeway = v.leeway
			err := ginjwt.New(config).InitApp(nil)
			if v.ok {
				require.NoError(t, err)
				return
			}
			require.EqualError(t, err, "ginjwt: DecodeLeeway (JWT_DECODE_LEEWAY): must be between zero and 100 years")
		})
	}
}

func TestAttackLeewayOutlivesBlocklist(t *testing.T) {
	t.Parallel()
	blocked := &ginjwt.MemoryBlocklist{}
	a := attackNew(t, func(c *ginjwt.Config) {
		c.DecodeLeeway, c.Blocklist, blocked.Now = time.Minute, blocked, c.Now
	})
	encoded := a.token()
	token, err := a.mgr.DecodeToken(t.Context(), encoded)
	require.NoError(t, err)
	require.NoError(t, a.mgr.RevokeToken(t.Context(), token))

	a.clock.Advance(60*time.Second + 59*time.Second)
	for i := range 1 << 17 { // makes the blocklist look for expired entries
		require.NoError(t, blocked.Add(t.Context(), strconv.Itoa(i), a.clock.Now().Add(time.Hour)))
	}
	t.Run("T157 in the leeway", func(t *testing.T) { a.expectBoth(t, attackRevoked, encoded) })
	a.clock.Advance(time.Second)
	t.Run("T157 after the leeway", func(t *testing.T) { a.expectBoth(t, attackExpired, encoded) })
}

func TestAttackClock(t *testing.T) {
	t.Parallel()
	t.Run("T158 the clock steps back", func(t *testing.T) {
		t.Parallel()
		a := attackNew(t, nil)
		token := jwttest.AccessToken(t, a.mgr, "alice")
		a.expectBoth(t, attackPassed("alice"), token)
		a.clock.Advance(-time.Second)
		a.expectBoth(t, attackPassed("alice"), token)
		a.clock.Advance(-time.Nanosecond)
		a.expectBoth(t, attackIATFuture, token)
	})
	t.Run("T158 no other clock is asked", func(t *testing.T) {
		t.Parallel()
		a := attackNew(t, nil)
		a.clock.Advance(-20 * 365 * 24 * time.Hour)
		token := jwttest.AccessToken(t, a.mgr, "alice", ginjwt.WithFreshFor(time.Minute))
		a.expectBoth(t, attackPassed("alice"), token)
		a.expect(t, attackPassed("alice"), "GET", "/fresh", jwttest.Bearer(token))
		a.clock.Advance(61 * time.Second)
		a.expect(t, attackStale, "GET", "/fresh", jwttest.Bearer(token))
		a.clock.Advance(14 * time.Minute)
		a.expectBoth(t, attackExpired, token)
	})
	t.Run("T158 a token tells the times of its claims", func(t *testing.T) {
		t.Parallel()
		a := attackNew(t, nil)
		token, err := a.mgr.DecodeToken(t.Context(), a.token("exp", "253402300799", "nbf", "true"))
		require.NoError(t, err)
		assert.Equal(t, "9999-12-31T23:59:59Z", token.ExpiresAt.UTC().Format(time.RFC3339))
		assert.Equal(t, "1970-01-01T00:00:01Z", token.NotBefore.UTC().Format(time.RFC3339))
	})
}
