package threats_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/jwttest"
)

// ticketShop is an application that sells tickets and takes them on every route.
type ticketShop struct{ *attackApp }

func newTicketShop(t *testing.T) ticketShop {
	t.Helper()
	s := ticketShop{attackNew(t, nil)}
	s.engine.POST("/ticket", s.mgr.TicketHandler())
	s.engine.NoRoute(s.mgr.JWTRequired(ginjwt.Locations(ginjwt.InTicket)), func(c *gin.Context) {
		c.Status(http.StatusOK)
		attackHandler(c)
	})
	return s
}

// buy returns a ticket of alice.
func (s ticketShop) buy(t *testing.T, method, target string, opts ...jwttest.RequestOption) string {
	t.Helper()
	body, err := json.Marshal(map[string]string{"method": method, "url": target})
	require.NoError(t, err)
	w := jwttest.Do(s.engine, "POST", "/ticket", append(opts, jwttest.Bearer(s.token()), jwttest.JSON(string(body)))...)
	require.Equal(t, http.StatusOK, w.Code, w.Body)
	var answer struct{ Ticket string }
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &answer))
	return answer.Ticket
}

var (
	attackNoTicket    = attackNoToken("Missing 'ticket' query parameter")
	attackTwoTickets  = attackAmbiguous("More than one 'ticket' query parameter")
	attackConsumed    = attackRefusal(401, "Token has already been used", "invalid_token", "The token has been used", "token_consumed")
	attackOtherTicket = attackRefusal(422, "The ticket is for another request", "invalid_token", "The token is not valid", "ticket_mismatch")
	attackOtherOrigin = attackRefusal(403, "The request comes from another origin", "invalid_request", "The CSRF check failed", "csrf_cross_origin")
)

// What a thief of a ticket sends, as bytes on a connection of its own: the ticket opens
// nothing but what it was bought for, and that once.
func TestAttackStolenTickets(t *testing.T) {
	t.Parallel()
	s := newTicketShop(t)
	address := attackServer(t, s.engine)
	const target = "/live/room?id=1"
	ticket := s.buy(t, "GET", target, jwttest.Header("Origin", "https://app.example"))
	for _, v := range []struct {
		name, method, target string
		lines                []string
		want                 attackAnswer
	}{
		{"T347 another path", "GET", "/live/other?id=1&ticket=" + ticket, nil, attackOtherTicket},
		{"T347 the path in another case", "GET", "/Live/room?id=1&ticket=" + ticket, nil, attackOtherTicket},
		{"T347 a letter of the path escaped", "GET", "/live/%72oom?id=1&ticket=" + ticket, nil, attackOtherTicket},
		{"T347 a detour", "GET", "/live/x/../room?id=1&ticket=" + ticket, nil, attackOtherTicket},
		{"T347 two slashes", "GET", "/live//room?id=1&ticket=" + ticket, nil, attackOtherTicket},
		{"T347 the query in the path", "GET", "/live/room%3Fid=1?ticket=" + ticket, nil, attackOtherTicket},
		{"T347 another query", "GET", "/live/room?id=2&ticket=" + ticket, nil, attackOtherTicket},
		{"T347 a second value", "GET", target + "&id=2&ticket=" + ticket, nil, attackOtherTicket},
		{"T347 a second value behind a semicolon", "GET", target + ";id=2&ticket=" + ticket, nil, attackOtherTicket},
		{"T347 a parameter behind the ticket", "GET", target + "&ticket=" + ticket + "&admin=1", nil, attackOtherTicket},
		{"T347 the ticket in the value before it", "GET", target + "%26ticket=" + ticket, nil, attackNoTicket},
		{"T348 another method", "POST", target + "&ticket=" + ticket, []string{"Content-Length: 0"}, attackOtherTicket},
		{"T348 a method that is overridden", "POST", target + "&ticket=" + ticket, []string{"Content-Length: 0", "X-HTTP-Method-Override: GET"}, attackOtherTicket},
		{"T349 two tickets", "GET", target + "&ticket=" + ticket + "&ticket=" + ticket, nil, attackTwoTickets},
		{"T349 two tickets, one escaped", "GET", target + "&%74%69cket=x&ticket=" + ticket, nil, attackTwoTickets},
		{"T350 a page of another site", "GET", target + "&ticket=" + ticket, []string{"Origin: https://evil.example"}, attackOtherOrigin},
		{"T350 a page in a sandbox", "GET", target + "&ticket=" + ticket, []string{"Origin: null"}, attackOtherOrigin},
		{"T350 a name that begins alike", "GET", target + "&ticket=" + ticket, []string{"Origin: https://app.example.evil.example"}, attackOtherOrigin},
		{"T350 two origins", "GET", target + "&ticket=" + ticket, []string{"Origin: https://app.example", "Origin: https://evil.example"}, attackOtherOrigin},
		{"T351 in the header", "GET", "/private", []string{"Authorization: Bearer " + ticket}, attackInvalid("The specified typ value is not allowed")},
		{"T351 at the seller", "POST", "/ticket?ticket=" + ticket, []string{"Content-Length: 0"}, attackNoHeader},
	} {
		t.Run(v.name, func(t *testing.T) {
			v.want.expectRaw(t, address, strings.Replace(attackGet(v.target, v.lines...), "GET", v.method, 1))
		})
	}
	good := attackGet("http://other.example"+target+"&ticket="+ticket, "Origin: https://app.example")
	attackPassed("alice").expectRaw(t, address, good)
	attackConsumed.expectRaw(t, address, good)
	attackConsumed.expectRaw(t, address, attackGet(target+"&%74icket="+strings.ReplaceAll(ticket, ".", "%2e")))
}

// What somebody makes who has a ticket, but not the key.
func TestAttackForgedTickets(t *testing.T) {
	t.Parallel()
	s := newTicketShop(t)
	ticket := s.buy(t, "GET", "/live")
	header, payload, signature := cut(ticket)
	text, err := base64.RawURLEncoding.DecodeString(payload)
	require.NoError(t, err)
	changed := func(from, to string) string {
		require.Contains(t, string(text), from)
		return b64(strings.Replace(string(text), from, to, 1))
	}
	ownHeader, err := base64.RawURLEncoding.DecodeString(header)
	require.NoError(t, err)
	for _, v := range []struct{ name, ticket, message string }{
		{"T352 another user", header + "." + changed("alice", "admin") + "." + signature, "Signature verification failed"},
		{"T352 a longer life", header + "." + changed(`"exp":`, `"exp":9`) + "." + signature, "Signature verification failed"},
		{"T352 unsigned", b64(`{"alg":"none","typ":"ticket+jwt"}`) + "." + payload + ".", "The specified alg value is not allowed"},
		{"T352 without its signature", header + "." + payload + ".", "Signature verification failed"},
		{"T352 another key", attackSign(strings.Repeat("x", 32), string(ownHeader), string(text)), "Signature verification failed"},
		{"T353 an access token", s.token(), "The specified typ value is not allowed"},
		{"T353 a ticket by another type", s.sign(`{"alg":"HS256","typ":"JWT"}`, string(text)), "The specified typ value is not allowed"},
		{"T353 an access token by its type", s.sign(`{"alg":"HS256","typ":"ticket+jwt"}`, `{"sub":"alice","jti":"1","type":"access","exp":`+s.at(60)+`}`), `Token is missing the "aud" claim`},
		{"T353 a purpose token", s.sign(`{"alg":"HS256","typ":"purpose+jwt"}`, string(text)), "The specified typ value is not allowed"},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			s.expect(t, attackInvalid(v.message), "GET", "/live?ticket="+v.ticket)
		})
	}
	w := jwttest.Do(s.engine, "GET", "/live?ticket="+ticket)
	assert.Equal(t, http.StatusOK, w.Code, "nobody has used it up")
}
