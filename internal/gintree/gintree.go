// Package gintree reads which handlers Gin runs for each route. Gin exports only the last
// handler of a route, so the package reads unexported fields. It first checks that they
// have the types that it knows, and then compares the routes with [gin.Engine.Routes]. With
// a version of Gin that it does not know, it returns an error.
package gintree

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unsafe"

	"github.com/gin-gonic/gin"
)

// Tree is what an engine runs.
type Tree struct {
	Routes   []Route // in the order of gin.Engine.Routes
	NoRoute  Route   // for a request that no path matches
	NoMethod Route   // for a path with other methods; without handlers if the engine does not tell them apart
}

// Route is a route with all handlers that run for it.
type Route struct {
	Method, Path string
	Chain        gin.HandlersChain
}

// Read reads the routes of an engine. It runs no handler. NoRoute and NoMethod have no
// handlers if the application has registered none, because then only middleware runs. Read
// must not be called while routes are registered, or while the first request is served.
func Read(engine *gin.Engine) (Tree, error) {
	if engine == nil {
		return Tree{}, errors.New("the engine is nil")
	}
	if err := checkLayout(reflect.TypeFor[gin.Engine]()); err != nil {
		return Tree{}, fmt.Errorf("this version of Gin is not known: %w", err)
	}
	var tree Tree
	e := reflect.ValueOf(engine).Elem()
	if len(chainOf(e, "noRoute")) > 0 {
		tree.NoRoute.Chain = chainOf(e, "allNoRoute")
	}
	if engine.HandleMethodNotAllowed && len(chainOf(e, "noMethod")) > 0 {
		tree.NoMethod.Chain = chainOf(e, "allNoMethod")
	}
	for _, methodTree := range e.FieldByName("trees").Seq2() {
		tree.add(methodTree.FieldByName("method").String(), "", methodTree.FieldByName("root"))
	}
	if err := compare(tree.Routes, engine.Routes()); err != nil {
		return Tree{}, fmt.Errorf("this version of Gin is not known: %w", err)
	}
	return tree, nil
}

// add adds the routes at a node and below, in the order in which Gin lists them.
func (t *Tree) add(method, path string, node reflect.Value) {
	if node.IsNil() {
		return
	}
	node = node.Elem()
	path = join(path, node.FieldByName("path").String(), node.FieldByName("nType").Uint() <= lastStatic)
	if chain := chainOf(node, "handlers"); len(chain) > 0 {
		t.Routes = append(t.Routes, Route{method, path, chain})
	}
	for _, child := range node.FieldByName("children").Seq2() {
		t.add(method, path, child)
	}
}

// lastStatic is the last type of nodes without a parameter: static, root, param, catchAll.
const lastStatic = 1

// join joins the path of a node to the path above. A colon of a static node was written as
// "\:". Gin removes the backslash before it serves the first request. join puts it back: the
// path is always as it was registered, and no other route has the same.
func join(above, path string, static bool) string {
	if !static {
		return above + path
	}
	b := []byte(above)
	for i := range len(path) {
		if path[i] == ':' && (len(b) == 0 || b[len(b)-1] != '\\') {
			b = append(b, '\\')
		}
		b = append(b, path[i])
	}
	return string(b)
}

// chainOf returns a field with handlers. Package reflect does not hand out the values of
// unexported fields. checkLayout has made sure of the type of the field.
func chainOf(of reflect.Value, field string) gin.HandlersChain {
	return *(*gin.HandlersChain)(unsafe.Pointer(of.FieldByName(field).UnsafeAddr()))
}

// checkLayout returns an error if a field that Read reads is missing or has another type.
func checkLayout(engine reflect.Type) error {
	chain, text := reflect.TypeFor[gin.HandlersChain](), reflect.TypeFor[string]()
	for _, name := range []string{"noRoute", "allNoRoute", "noMethod", "allNoMethod"} {
		if err := hasField(engine, name, chain); err != nil {
			return err
		}
	}
	trees, ok := engine.FieldByName("trees")
	if !ok || trees.Type.Kind() != reflect.Slice || trees.Type.Elem().Kind() != reflect.Struct {
		return fmt.Errorf("%s has no slice of method trees", engine)
	}
	methodTree := trees.Type.Elem()
	root, ok := methodTree.FieldByName("root")
	if !ok || root.Type.Kind() != reflect.Pointer || root.Type.Elem().Kind() != reflect.Struct {
		return errors.New("a method tree has no root")
	}
	node := root.Type.Elem()
	return errors.Join(
		hasField(methodTree, "method", text),
		hasField(node, "path", text),
		hasNumber(node, "nType"),
		hasField(node, "handlers", chain),
		hasField(node, "children", reflect.SliceOf(root.Type)),
	)
}

func hasField(of reflect.Type, name string, want reflect.Type) error {
	if field, ok := of.FieldByName(name); !ok || field.Type != want {
		return fmt.Errorf("%s has no field %q of type %s", of, name, want)
	}
	return nil
}

func hasNumber(of reflect.Type, name string) error {
	if field, ok := of.FieldByName(name); !ok || field.Type.Kind() != reflect.Uint8 {
		return fmt.Errorf("%s has no field %q of kind uint8", of, name)
	}
	return nil
}

// compare returns an error if Gin lists other routes than were found.
func compare(found []Route, listed gin.RoutesInfo) error {
	if len(found) != len(listed) {
		return fmt.Errorf("it lists %d routes, and %d were found", len(listed), len(found))
	}
	for i, route := range found {
		l := listed[i]
		if route.Method != l.Method || unescaped(route.Path) != unescaped(l.Path) || codeOf(route.Chain.Last()) != codeOf(l.HandlerFunc) {
			return fmt.Errorf("it lists %s %q, and %s %q was found", l.Method, l.Path, route.Method, route.Path)
		}
	}
	return nil
}

// unescaped returns a path as Gin lists it when it has served a request.
func unescaped(path string) string { return strings.ReplaceAll(path, `\:`, ":") }

func codeOf(h gin.HandlerFunc) uintptr { return reflect.ValueOf(h).Pointer() }
