package ginjwt

import (
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/gin-jwt-extended/ginjwt/internal/strictjson"
)

// clockTolerance is the clock skew between processes of one service that is
// always tolerated: a new token of one process must not be too new for another.
const clockTolerance = time.Second

// ownLeeway returns the leeway for times that this service wrote by its own
// clocks.
func ownLeeway(leeway time.Duration) time.Duration { return max(leeway, clockTolerance) }

// claimChecks are the checks that are the same for tokens of all issuers.
type claimChecks struct {
	anySubject bool // "sub" need not be text

	resources []string // the audiences of all resources
}

// check checks the registered claims in PyJWT's order.
func (k claimChecks) check(token *Token, p *payload, rules *issuerRules, spec decodeSpec, now time.Time) (expired bool, err error) {
	expired, err = k.checkOwn(p, rules, spec, now)
	if err == nil {
		err = rules.checkForeign(token, p)
	}
	if err != nil || rules.logout == nil {
		return expired, err
	}
	tooOld, err := rules.logout.checkOrigin(token, p, now)
	return expired || tooOld && !spec.allowExpired, err
}

// checkOwn makes the checks of tokens that no other issuer has made.
func (k claimChecks) checkOwn(p *payload, rules *issuerRules, spec decodeSpec, now time.Time) (expired bool, err error) {
	expired, err = checkTimes(p, rules, spec.allowExpired, now)
	if err != nil {
		return false, err
	}
	if len(rules.issuers) > 0 {
		if err := checkIssuer(p.issJSON, rules.issuers); err != nil {
			return false, err
		}
	}
	if err := k.checkResource(p.audJSON, rules, spec); err != nil {
		return false, err
	}
	switch {
	case p.subJSON != "" && p.subJSON.Kind() != '"' && !k.anySubject && rules.asksSubject(p):
		return false, errSubject
	case p.jtiJSON != "" && p.jtiJSON.Kind() != '"':
		return false, errJTI
	}
	if err := rules.checkIdentity(p); err != nil {
		return false, err
	}
	for i, name := range rules.required {
		if p.required&(1<<i) == 0 {
			return false, missingClaim("Token is missing the %q claim", name)
		}
	}
	return expired, nil
}

// checkTimes checks "iat", "nbf" and "exp". It refuses a date that no calendar
// has, even where Flask-JWT-Extended accepts it as a date far in the future.
//
// For an own token, the clock of another process may have written "iat" and the
// default "nbf", so a small clock skew is tolerated. A later "nbf" was chosen
// by a caller, and is exact.
func checkTimes(p *payload, rules *issuerRules, allowExpired bool, now time.Time) (expired bool, err error) {
	leeway := rules.claims.leeway
	latest, earliest := secondsAfter(now, leeway), secondsAfter(now, -leeway)
	latestIssue := latest
	if !rules.claims.foreign {
		latestIssue = secondsAfter(now, ownLeeway(leeway))
	}
	if p.iat.there {
		if err := p.iat.before(latestIssue, errIATNumber, errIATFuture); err != nil {
			return false, err
		}
		if p.nbf.seconds <= p.iat.seconds {
			latest = latestIssue
		}
	}
	if p.nbf.there {
		if err := p.nbf.before(latest, errNBFNumber, errNBFFuture); err != nil {
			return false, err
		}
	}
	if !p.exp.there {
		return false, nil
	}
	switch {
	case allowExpired:
		return false, nil
	case !p.exp.ok || p.exp.seconds > strictjson.MaxDate:
		return false, errEXPNumber
	}
	return p.exp.seconds <= earliest, nil
}

// secondsAfter returns now.Add(d).Unix(), for less.
func secondsAfter(now time.Time, d time.Duration) int64 {
	nanoseconds := int64(now.Nanosecond()) + int64(d%time.Second)
	switch whole := now.Unix() + int64(d/time.Second); {
	case nanoseconds < 0:
		return whole - 1
	case nanoseconds >= int64(time.Second):
		return whole + 1
	default:
		return whole
	}
}

// before returns malformed for an invalid date, and future for a date after the second
// latest.
func (d date) before(latest int64, malformed, future error) error {
	switch {
	case !d.ok || d.seconds < strictjson.MinDate:
		return malformed
	case d.seconds > min(latest, strictjson.MaxDate):
		return future
	}
	return nil
}

func checkIssuer(iss strictjson.Value, accepted []string) error {
	if iss == "" {
		return errNoIssuer
	}
	issuer, ok := iss.Str()
	switch {
	case !ok:
		return errIssuerText
	case !slices.Contains(accepted, issuer):
		return errIssuer
	}
	return nil
}

// checkResource checks the audience. If no audience is required, it refuses a
// token that is only for resources: a client with a token for one resource,
// such as an MCP server, has no right to the rest of the service.
func (k claimChecks) checkResource(aud strictjson.Value, rules *issuerRules, spec decodeSpec) error {
	accepted := rules.audience
	if spec.audience != nil {
		accepted = spec.audience
	}
	if len(accepted) > 0 && spec.anyResource {
		accepted = slices.Concat(accepted, k.resources)
	}
	if len(accepted) > 0 {
		return checkAudience(aud, accepted)
	}
	if spec.elsewhere && len(k.resources) > 0 && isOnlyFor(aud, k.resources) {
		return errAudience
	}
	return nil
}

// checkAudience requires that one of the token's audiences is accepted.
func checkAudience(aud strictjson.Value, accepted []string) error {
	if aud.IsFalsy() {
		return errNoAudience
	}
	audiences, err := audiencesIn(aud)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(audiences, func(a string) bool { return slices.Contains(accepted, a) }) {
		return errAudience
	}
	return nil
}

// isOnlyFor reports whether a token has audiences, and all of them are
// resources.
func isOnlyFor(aud strictjson.Value, resources []string) bool {
	audiences, err := audiencesIn(aud)
	others := func(a string) bool { return !slices.Contains(resources, a) }
	return err == nil && len(audiences) > 0 && !slices.ContainsFunc(audiences, others)
}

// audiencesIn returns the audiences in "aud", which is a text or an array.
func audiencesIn(aud strictjson.Value) (audiences []string, err error) {
	values := []jsontext.Value{jsontext.Value(aud)}
	if aud.Kind() == '[' {
		if err := json.Unmarshal([]byte(aud), &values); err != nil {
			return nil, errAudienceForm
		}
	}
	for _, value := range values {
		audience, ok := strictjson.Value(value).Str()
		if !ok {
			return nil, errAudienceForm
		}
		audiences = append(audiences, audience)
	}
	return audiences, nil
}
