package ginjwt

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// refusalTexts are the statuses of refusals by guards, with their descriptions. Every route
// may also respond with 500, which is a bug and no part of an interface.
var refusalTexts = map[int]string{
	http.StatusBadRequest:          "The request is malformed, or its token was not accepted.",
	http.StatusUnauthorized:        "The token is missing or not accepted.",
	http.StatusForbidden:           "The token does not allow this request.",
	http.StatusUnprocessableEntity: "The token is not valid.",
	http.StatusServiceUnavailable:  "The token cannot be checked now. Try again later.",
}

// refusalsOf returns the statuses with which a guard refuses requests. addressed means that
// the route belongs to a resource.
func refusalsOf(g Guard, addressed bool) (statuses []int) {
	if g.Options == "all" {
		return nil
	}
	m := g.by
	oauth := addressed || m.config.ErrorProfile != flaskProfile
	for _, a := range answers {
		status := a.status
		if oauth {
			status = a.oauthStatus
		}
		if g.mayRefuse(a.kind) && refusalTexts[status] != "" && !slices.Contains(statuses, status) {
			statuses = append(statuses, status)
		}
	}
	return statuses
}

// mayRefuse reports whether a guard may refuse a request with an error of this kind.
func (g Guard) mayRefuse(kind error) bool {
	in := func(l Location) bool { return slices.Contains(g.Locations, l) }
	switch kind {
	case ErrNoAuthorization:
		return !g.Optional
	case ErrInsufficientScope:
		return len(g.need.guards) > 0
	case ErrFreshRequired:
		return g.Fresh || g.FreshWithin > 0
	case ErrVerification:
		return g.by.tokenVerification != nil
	case ErrCSRF:
		return in(InTicket) || g.CSRF != "" && g.CSRF != "off"
	case ErrInvalidHeader:
		return in(InHeaders) || g.Token != AccessToken
	case ErrInvalidQueryParam:
		return in(InQueryString)
	case ErrConsumed:
		return in(InTicket)
	case ErrNotBound:
		return false // of purpose tokens
	}
	return true
}

// textOf returns the description of a refusal of these guards; empty: that of the component.
func textOf(status int, guards []Guard) string {
	var required []string
	for _, g := range guards {
		if status == http.StatusForbidden {
			required = append(required, g.permissions()...)
		} else if status == http.StatusUnauthorized {
			required = append(required, g.credentials()...)
		}
	}
	if len(required) == 0 {
		return ""
	}
	return refusalTexts[status] + " It must have: " + strings.Join(required, "; ") + "."
}

// permissions returns what the claims of a token must allow.
func (g Guard) permissions() (required []string) {
	if len(g.Scopes) > 0 {
		required = append(required, "the scopes "+words(g.Scopes, ", "))
	}
	for _, scopes := range g.AnyScopes {
		required = append(required, "one of the scopes "+words(scopes, ", "))
	}
	for _, roles := range g.Roles {
		required = append(required, "one of the roles "+words(roles, ", "))
	}
	for _, claim := range g.Claims {
		required = append(required, "the claim "+claim)
	}
	return required
}

// credentials returns what the login and the sender of a token must have proven.
func (g Guard) credentials() (required []string) {
	if g.Fresh {
		required = append(required, "been issued at a login")
	}
	if g.FreshWithin > 0 {
		required = append(required, fmt.Sprintf("a login in the last %d seconds", int64(g.FreshWithin/time.Second)))
	}
	if g.Bound {
		required = append(required, "a key that it is bound to, and a DPoP proof of this key")
	}
	return required
}

// challengeName is the component of the header WWW-Authenticate.
const challengeName = "TokenChallenge"

// challengeComponent describes the header of refusals.
func challengeComponent() OpenAPIHeader {
	return OpenAPIHeader{
		Description: "Why the request was refused (RFC 9110 §11.6.1). The parameter \"reason\" is for programs.",
		Schema:      map[string]any{"type": "string"},
	}
}

// nonceName is the component of the header DPoP-Nonce.
const nonceName = "DPoPNonce"

func nonceComponent() OpenAPIHeader {
	return OpenAPIHeader{
		Description: "The nonce for the next DPoP proof (RFC 9449 §8). If the challenge has the error use_dpop_nonce, repeat the request with it.",
		Schema:      map[string]any{"type": "string"},
	}
}

// responseOf returns the refusals with a status by these managers. schemas are the names of
// their schemas.
func responseOf(status int, managers []*JWTManager, schemas []string) OpenAPIResponse {
	response := OpenAPIResponse{
		Description: refusalTexts[status],
		Headers:     map[string]OpenAPIReference{"WWW-Authenticate": {Ref: "#/components/headers/" + challengeName}},
		Content:     map[string]OpenAPIContent{},
	}
	if slices.ContainsFunc(managers, func(m *JWTManager) bool { return m.sendsNonces(status) }) {
		response.Headers["DPoP-Nonce"] = OpenAPIReference{Ref: "#/components/headers/" + nonceName}
	}
	bodies := map[string][]any{} // by media type
	for i, m := range managers {
		if m.loaderResponds(status) {
			return OpenAPIResponse{Description: response.Description, Headers: response.Headers}
		}
		media := "application/json"
		if m.config.ErrorProfile == "problem" {
			media = "application/problem+json"
		}
		bodies[media] = append(bodies[media], map[string]any{"$ref": "#/components/schemas/" + schemas[i]})
	}
	for media, schemas := range bodies {
		if len(schemas) == 1 {
			response.Content[media] = OpenAPIContent{schemas[0].(map[string]any)}
		} else {
			response.Content[media] = OpenAPIContent{map[string]any{"anyOf": schemas}}
		}
	}
	return response
}

// sendsNonces reports whether refusals with a status may have a nonce for DPoP proofs.
func (m *JWTManager) sendsNonces(status int) bool {
	return status == http.StatusUnauthorized && m.possession.nonces != nil
}

// loaderResponds reports whether a loader of the application may write a refusal with this
// status. Its body is then not known.
func (m *JWTManager) loaderResponds(status int) bool {
	return slices.ContainsFunc(answers, func(a answer) bool {
		return (a.status == status || a.oauthStatus == status) && m.responders.of(refusalOf(a.kind, nil, nil)) != nil
	})
}

// refusalSchema returns the body of refusals in the profile of a manager.
func refusalSchema(config *Config) map[string]any {
	text := map[string]any{"type": "string"}
	reason := map[string]any{"type": "string", "pattern": "^[a-z0-9_]{1," + strconv.Itoa(maxReason) + "}$"}
	object := func(required []any, members map[string]any) map[string]any {
		return map[string]any{"type": "object", "required": required, "properties": members}
	}
	switch config.ErrorProfile {
	case "bearer":
		return object([]any{"reason"}, map[string]any{"error": text, "error_description": text, "reason": reason})
	case "problem":
		return object([]any{"type", "title", "status", "detail", "reason"}, map[string]any{
			"type": text, "title": text, "status": map[string]any{"type": "integer"}, "detail": text,
			"error": text, "reason": reason,
		})
	}
	return object([]any{config.ErrorMessageKey}, map[string]any{config.ErrorMessageKey: text})
}
