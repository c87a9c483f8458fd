package ginjwt

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// pathTemplate is the path of a route as a path template of OpenAPI.
type pathTemplate struct {
	literals []string // escaped as in URLs; one more than names
	names    []string
}

// templateOf reads a path of Gin. A parameter begins with ":" or "*" and ends before the
// next "/". Gin writes a colon that begins none as "\:".
func templateOf(path string) (t pathTemplate) {
	literal := ""
	for path != "" {
		i := strings.IndexAny(path, `:*\`)
		switch {
		case i < 0:
			literal, path = literal+path, ""
			continue
		case path[i] == '\\' && strings.HasPrefix(path[i:], `\:`):
			literal, path = literal+path[:i]+":", path[i+2:]
			continue
		case path[i] == '\\':
			literal, path = literal+path[:i+1], path[i+1:]
			continue
		}
		literal += path[:i]
		name, _, _ := strings.Cut(path[i+1:], "/")
		path = path[i+1+len(name):]
		t.literals = append(t.literals, escapedPath(literal))
		t.names = append(t.names, uniqueName(parameterName(name), t.names))
		literal = ""
	}
	t.literals = append(t.literals, escapedPath(literal))
	return t
}

// escapedPath escapes braces too, which would begin a parameter.
func escapedPath(path string) string { return (&url.URL{Path: path}).EscapedPath() }

// parameterName returns a name with "_" for characters that OpenAPI does not allow.
func parameterName(name string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune("{}/?# \x7f", r) {
			return '_'
		}
		return r
	}, name)
}

// uniqueName returns a name that is none of taken.
func uniqueName(name string, taken []string) string {
	unique := name
	for n := 2; slices.Contains(taken, unique); n++ {
		unique = name + "_" + strconv.Itoa(n)
	}
	return unique
}

// String returns the path, such as "/users/{id}".
func (t pathTemplate) String() string { return t.with(t.names) }

// shape returns the path without names. OpenAPI forbids two paths of one shape.
func (t pathTemplate) shape() string { return t.with(make([]string, len(t.names))) }

func (t pathTemplate) with(names []string) string {
	var b strings.Builder
	for i, name := range names {
		b.WriteString(t.literals[i] + "{" + name + "}")
	}
	b.WriteString(t.literals[len(names)])
	return b.String()
}

// parameters returns the declarations of the parameters.
func (t pathTemplate) parameters() (declared []OpenAPIParameter) {
	for _, name := range t.names {
		declared = append(declared, OpenAPIParameter{Name: name, In: "path", Required: true, Schema: map[string]any{"type": "string"}})
	}
	return declared
}

// shapeOf returns the shape of a path of a document.
func shapeOf(path string) string {
	for _, name := range namesIn(path) {
		path = strings.Replace(path, "{"+name+"}", "{}", 1)
	}
	return path
}

// namesIn returns the names of the parameters of a path of a document.
func namesIn(path string) (names []string) {
	for {
		_, rest, _ := strings.Cut(path, "{")
		name, after, found := strings.Cut(rest, "}")
		if !found {
			return names
		}
		names, path = append(names, name), after
	}
}
