package ginjwt

import (
	"path"
	"runtime"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"
)

// This file has the names in lines of a report. They stay the same if nothing changes, and
// none is taken for anything else.

// words joins names.
func words(names []string, separator string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = word(name)
	}
	return strings.Join(quoted, separator)
}

// word returns a name, in quotes if it could be taken for something else in a line.
func word(name string) string {
	for i := range len(name) {
		switch c := name[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("/:*._-#()?=%@~$!{}[]", c) >= 0:
		default:
			return strconv.QuoteToASCII(name)
		}
	}
	return name
}

// nameOf returns the name of a function behind its file, such as "orders.go:list", or the
// name of a method behind its type, such as "main.(*app).list". For a function literal, it
// is the function that contains it. The number of a literal, and the package of a literal
// that was inlined, change with the compiler and are left out.
func nameOf(h gin.HandlerFunc) string {
	if h == nil {
		return "nil"
	}
	f := runtime.FuncForPC(codeOf(h))
	name := strings.ReplaceAll(f.Name(), "[...]", "") // of type parameters
	name = name[strings.LastIndexByte(name, '/')+1:]
	if method, ok := strings.CutSuffix(name, "-fm"); ok {
		return method
	}
	parts := strings.Split(name, ".")
	for len(parts) > 2 && isLiteral(parts[len(parts)-1]) {
		parts = parts[:len(parts)-1]
	}
	file, _ := f.FileLine(f.Entry())
	return path.Base(file) + ":" + parts[len(parts)-1]
}

// isLiteral reports whether a part of a name is the number of a function literal.
func isLiteral(part string) bool {
	part = strings.TrimPrefix(part, "func")
	return strings.Trim(part, "0123456789") == ""
}
