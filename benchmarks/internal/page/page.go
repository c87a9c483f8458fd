// Package page writes measurements into the generated parts of a page.
package page

import (
	"bytes"
	"fmt"
	"os"
	"slices"
)

// Part is the name of a generated part: it stands between <!-- name --> and <!-- /name -->.
type Part string

func (p Part) begin() string { return "<!-- " + string(p) + " -->" }
func (p Part) end() string   { return "<!-- /" + string(p) + " -->" }

// Include returns the page with text between the marks of the part. An empty page gets the
// marks.
func (p Part) Include(page []byte, text string) ([]byte, error) {
	if len(page) == 0 {
		page = []byte(p.begin() + "\n" + p.end() + "\n")
	}
	before, _, after, ok := p.cut(page)
	if !ok {
		return nil, p.errNoMarks()
	}
	return slices.Concat(before, []byte(p.begin()+"\n"+text+p.end()), after), nil
}

// IncludeIn is Include for the page in a file, which need not exist. It does not write the
// file.
func (p Part) IncludeIn(path, text string) ([]byte, error) {
	page, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	if page, err = p.Include(page, text); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return page, nil
}

// In returns what stands between the marks of the part.
func (p Part) In(page []byte) (text string, err error) {
	_, between, _, ok := p.cut(page)
	if !ok {
		return "", p.errNoMarks()
	}
	return string(bytes.TrimPrefix(between, []byte("\n"))), nil
}

func (p Part) cut(page []byte) (before, between, after []byte, ok bool) {
	before, rest, begins := bytes.Cut(page, []byte(p.begin()))
	between, after, ends := bytes.Cut(rest, []byte(p.end()))
	return before, between, after, begins && ends
}

func (p Part) errNoMarks() error {
	return fmt.Errorf("the page has no marks %s and %s", p.begin(), p.end())
}
