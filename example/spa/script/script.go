// Package script has the scripts of pages, written in TypeScript. Browsers run them
// without their types, which JavaScript removes.
package script

import (
	"embed"
	"fmt"

	"github.com/evanw/esbuild/pkg/api"
)

//go:embed *.ts
var sources embed.FS

// JavaScript returns what a browser runs of the script name, such as "session".
func JavaScript(name string) ([]byte, error) {
	source, err := sources.ReadFile(name + ".ts")
	if err != nil {
		return nil, err
	}
	return WithoutTypes(name, source)
}

// WithoutTypes returns what a browser runs of a script in TypeScript. The name is for
// errors.
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
