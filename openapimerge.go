package ginjwt

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// MergeInto puts the parts into an OpenAPI 3.1 document: what [encoding/json] decodes into
// a map, or a decoder of YAML that makes map[string]any of all maps. A path matches if it
// differs only in the names of its parameters.
//
// The document and the engine must have the same operations. Everything that the document
// says must be equal to the parts. There are two exceptions: MergeInto keeps the responses
// and the parameters that the document has. Otherwise it returns an error that names each
// difference, and changes nothing.
//
// The document must declare the parameters of a path itself if it names one by "$ref".
//
// If the document does not describe a route on purpose, remove the operation from p.Paths
// before. Remove components too if nothing else refers to them.
func (p *OpenAPIParts) MergeInto(doc map[string]any) error {
	parts, err := p.decoded()
	if err != nil {
		return fmt.Errorf("ginjwt: MergeInto: %w", err)
	}
	merged, err := cloned(doc, "the document")
	if err != nil {
		return fmt.Errorf("ginjwt: MergeInto: %w", err)
	}
	m := &merger{}
	m.merge(merged, map[string]any{"components": parts["components"]}, "")
	m.mergePaths(merged, parts["paths"].(map[string]any))
	if len(m.problems) > 0 {
		return errors.Join(m.problems...)
	}
	maps.Copy(doc, merged)
	return nil
}

// decoded returns the parts as encoding/json decodes them.
func (p *OpenAPIParts) decoded() (parts map[string]any, err error) {
	own := *p
	if own.Paths == nil {
		own.Paths = map[string]*OpenAPIPathItem{}
	}
	encoded, err := json.Marshal(own)
	if err == nil {
		err = json.Unmarshal(encoded, &parts)
	}
	return parts, err
}

// cloned returns a copy of a document.
func cloned(doc map[string]any, at string) (map[string]any, error) {
	if doc == nil {
		return nil, fmt.Errorf("%s is nil", at)
	}
	copied := make(map[string]any, len(doc))
	for name, v := range doc {
		own, err := clonedValue(v, at+": "+name)
		if err != nil {
			return nil, err
		}
		copied[name] = own
	}
	return copied, nil
}

func clonedValue(v any, at string) (any, error) {
	switch v := v.(type) {
	case map[string]any:
		if v == nil {
			return nil, nil
		}
		return cloned(v, at)
	case []any:
		copied := make([]any, len(v))
		for i := range v {
			own, err := clonedValue(v[i], at)
			if err != nil {
				return nil, err
			}
			copied[i] = own
		}
		return copied, nil
	}
	if _, err := json.Marshal(v); err != nil {
		return nil, fmt.Errorf("%s: it cannot be JSON; write the status codes in quotes: %w", at, err)
	}
	return v, nil
}

// merger puts parts into a document.
type merger struct{ problems []error }

func (m *merger) problem(at, what string) {
	m.problems = append(m.problems, errors.New("ginjwt: MergeInto: "+at+": "+what))
}

// merge adds the members of parts that the document does not have.
func (m *merger) merge(doc, parts map[string]any, at string) {
	for _, name := range slices.Sorted(maps.Keys(parts)) {
		here := strings.TrimPrefix(at+"."+name, ".")
		own, has := doc[name]
		ownMap, isMap := own.(map[string]any)
		partMap, partIsMap := parts[name].(map[string]any)
		switch {
		case !has, own == nil: // YAML without a value is nil
			doc[name] = parts[name]
		case isMap && partIsMap:
			m.merge(ownMap, partMap, here)
		case !isEqual(own, parts[name]):
			m.problem(here, "the document says something else: "+encoded(own)+" instead of "+encoded(parts[name]))
		}
	}
}

func isEqual(a, b any) bool { return encoded(a) == encoded(b) }

// encoded returns a decoded value as JSON.
func encoded(v any) string {
	b, _ := json.Marshal(v) // it was decoded from JSON
	return string(b)
}

// mergePaths merges the operations.
func (m *merger) mergePaths(doc, parts map[string]any) {
	if doc["paths"] == nil {
		doc["paths"] = map[string]any{}
	}
	own, ok := doc["paths"].(map[string]any)
	if !ok {
		m.problem("paths", "it is not an object")
		return
	}
	byShape := map[string]string{}
	for _, path := range slices.Sorted(maps.Keys(own)) {
		if other, twice := byShape[shapeOf(path)]; twice {
			m.problem(path, "the document has the same path as "+other)
		}
		byShape[shapeOf(path)] = path
	}
	described := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(parts)) {
		ownPath, ok := byShape[shapeOf(path)]
		described[ownPath] = true
		item, _ := own[ownPath].(map[string]any)
		if !ok {
			item = map[string]any{}
		}
		m.mergeItem(item, parts[path].(map[string]any), or(ownPath, path))
	}
	for _, path := range slices.Sorted(maps.Keys(own)) {
		if item, _ := own[path].(map[string]any); !described[path] {
			m.mergeItem(item, map[string]any{}, path)
		}
	}
}

// mergeItem merges the operations of a path.
func (m *merger) mergeItem(item, part map[string]any, path string) {
	if _, has := item["$ref"]; has {
		m.problem(path, "MergeInto does not follow the $ref of a path")
		return
	}
	for _, method := range openAPIMethods {
		operation, documented := item[method].(map[string]any)
		known, registered := part[method].(map[string]any)
		at := strings.ToUpper(method) + " " + path
		switch {
		case registered && !documented:
			m.problem(at, "the engine has it, but the document does not")
		case documented && !registered:
			m.problem(at, "the document has it, but the engine does not")
		case documented:
			m.mergeOperation(operation, known, at)
			declare(item, operation, path)
		}
	}
}

// openAPIMethods are the members of a path item that are operations.
var openAPIMethods = []string{"delete", "get", "head", "options", "patch", "post", "put", "trace"}

// mergeOperation merges an operation. The responses of the document stay.
func (m *merger) mergeOperation(operation, known map[string]any, at string) {
	known = maps.Clone(known)
	own, _ := operation["responses"].(map[string]any)
	responses, _ := known["responses"].(map[string]any)
	for status, response := range own {
		if responses[status] != nil {
			responses[status] = response
		}
	}
	m.merge(operation, known, at)
}

// declare adds the parameters of a path that the document does not declare.
func declare(item, operation map[string]any, path string) {
	own, _ := item["parameters"].([]any)
	more, _ := operation["parameters"].([]any)
	for _, name := range namesIn(path) {
		declared := slices.ContainsFunc(slices.Concat(own, more), func(parameter any) bool {
			p, _ := parameter.(map[string]any)
			return p["$ref"] != nil || p["in"] == "path" && p["name"] == name
		})
		if !declared {
			own = append(own, map[string]any{"name": name, "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
			item["parameters"] = own
		}
	}
}
