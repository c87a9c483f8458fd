// Package script has the scripts of the pages, written in TypeScript. JavaScript removes
// their types for browsers.
package script

import (
	"embed"
	"fmt"

	"github.com/evanw/esbuild/pkg/api"
)

//go:embed *.ts
var sources embed.FS

// JavaScript returns the script name, such as "session", as JavaScript.
func JavaScript(name string) ([]byte, error) {
	source, err := sources.ReadFile(name + ".ts")
	if err != nil {
		return nil, err
	}
	return WithoutTypes(name, source)
}

// WithoutTypes returns a TypeScript source as JavaScript. The name appears in errors.
func WithoutTypes(name string, source []byte) ([]byte, error) {
	result := api.Transform(string(source), api.TransformOptions{
		Loader:     api.LoaderTS,
		Target:     api.ES2022,
		Sourcefile: name + ".ts",
	})
	if len(result.Errors) > 0 {
		return nil, fmt.Errorf("%s.ts: %s", name, result.Errors[0].Text)
	}
	return result.Code, nil
}
