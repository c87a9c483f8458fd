package ginjwt

// OpenAPIParts are the parts of an OpenAPI 3.1 document that the guards of an engine
// decide. [OpenAPI] returns them. They are plain data: change them before you use them.
// [encoding/json] marshals them to the members of the document.
type OpenAPIParts struct {
	Components OpenAPIComponents           `json:"components"`
	Paths      map[string]*OpenAPIPathItem `json:"paths"`
}

// OpenAPIComponents are what the operations refer to, by name.
type OpenAPIComponents struct {
	SecuritySchemes map[string]OpenAPISecurityScheme `json:"securitySchemes,omitempty"`
	Responses       map[string]OpenAPIResponse       `json:"responses,omitempty"`
	Headers         map[string]OpenAPIHeader         `json:"headers,omitempty"`
	Schemas         map[string]map[string]any        `json:"schemas,omitempty"`
}

// An OpenAPISecurityScheme is a place for a token, a CSRF value or a DPoP proof.
type OpenAPISecurityScheme struct {
	Type         string `json:"type"` // "http" or "apiKey"
	Description  string `json:"description,omitempty"`
	Scheme       string `json:"scheme,omitempty"`       // "bearer" or "dpop", of type "http"
	BearerFormat string `json:"bearerFormat,omitempty"` // "JWT", of type "http"
	In           string `json:"in,omitempty"`           // "header", "cookie" or "query", of type "apiKey"
	Name         string `json:"name,omitempty"`         // of type "apiKey"
}

// An OpenAPIPathItem has the operations of one path.
type OpenAPIPathItem struct {
	Parameters []OpenAPIParameter `json:"parameters,omitempty"` // of the path, in its order

	Get     *OpenAPIOperation `json:"get,omitempty"`
	Put     *OpenAPIOperation `json:"put,omitempty"`
	Post    *OpenAPIOperation `json:"post,omitempty"`
	Delete  *OpenAPIOperation `json:"delete,omitempty"`
	Options *OpenAPIOperation `json:"options,omitempty"`
	Head    *OpenAPIOperation `json:"head,omitempty"`
	Patch   *OpenAPIOperation `json:"patch,omitempty"`
	Trace   *OpenAPIOperation `json:"trace,omitempty"`
}

// An OpenAPIParameter is a parameter of a path.
type OpenAPIParameter struct {
	Name     string         `json:"name"`
	In       string         `json:"in"` // "path"
	Required bool           `json:"required"`
	Schema   map[string]any `json:"schema"`
}

// An OpenAPIOperation says who may call a route, and how it refuses others.
type OpenAPIOperation struct {
	// Security are the alternatives. A request must have all schemes of one of them, and
	// the token must have the scopes. An alternative without schemes lets a request
	// without a token pass. Empty means that the route is public. Nil means that the
	// engine does not tell.
	Security []map[string][]string `json:"security,omitzero"`

	// Responses are the refusals of the guards, by their status.
	Responses map[string]OpenAPIReference `json:"responses,omitempty"`

	// TokenInBody says where in a JSON body the token may be, which Security cannot say.
	TokenInBody *OpenAPITokenInBody `json:"x-jwt-in-body,omitempty"`
}

// OpenAPITokenInBody says where in a JSON body a token may be.
type OpenAPITokenInBody struct {
	Members  []string `json:"members"`  // one for each type of token
	Required bool     `json:"required"` // in addition to Security; false: instead of it
}

// An OpenAPIReference refers to a component.
type OpenAPIReference struct {
	Ref         string `json:"$ref"`
	Description string `json:"description,omitempty"` // instead of the description there
}

// An OpenAPIResponse is a refusal.
type OpenAPIResponse struct {
	Description string                      `json:"description"`
	Headers     map[string]OpenAPIReference `json:"headers,omitempty"`
	Content     map[string]OpenAPIContent   `json:"content,omitempty"` // by media type; none if a loader of the application responds
}

// An OpenAPIHeader is a header of a response.
type OpenAPIHeader struct {
	Description string         `json:"description,omitempty"`
	Schema      map[string]any `json:"schema"`
}

// OpenAPIContent is the body of a response.
type OpenAPIContent struct {
	Schema map[string]any `json:"schema"`
}

// operation returns where the operation of a method is; nil if OpenAPI 3.1 does not know
// the method.
func (p *OpenAPIPathItem) operation(method string) **OpenAPIOperation {
	switch method {
	case "GET":
		return &p.Get
	case "PUT":
		return &p.Put
	case "POST":
		return &p.Post
	case "DELETE":
		return &p.Delete
	case "OPTIONS":
		return &p.Options
	case "HEAD":
		return &p.Head
	case "PATCH":
		return &p.Patch
	case "TRACE":
		return &p.Trace
	}
	return nil
}
