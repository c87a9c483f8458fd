package ginjwt_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// docPages returns the pages of the documentation.
func docPages(t *testing.T) []string {
	t.Helper()
	pages, err := filepath.Glob("*.md")
	require.NoError(t, err)
	topics, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, topics)
	groups, err := filepath.Glob("docs/*/*.md")
	require.NoError(t, err)
	return slices.Concat(pages, topics, groups)
}

func docRead(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// docLanguages are the languages whose code is tested, by the names of their files. In
// JSON there are answers.
var docLanguages = map[string]string{
	"go": ".go", "ts": ".ts", "typescript": ".ts", "js": ".js", "javascript": ".js", "html": ".html",
}

// Code that is shown was compiled and run: it is lines of a test, an example
// or a program, and nothing was typed for the page.
func TestCodeInDocsIsTested(t *testing.T) {
	t.Parallel()
	sources := docSources(t)
	for _, page := range docPages(t) {
		for _, block := range docCode(docRead(t, page)) {
			extension := docLanguages[block.language]
			shown := slices.ContainsFunc(sources[extension], func(source []string) bool { return holdsLines(source, block.lines) })
			assert.True(t, shown, "%s:%d: this code is in no %s file:\n%s", page, block.line, extension, strings.Join(block.lines, "\n"))
		}
	}
}

// docSources returns the lines of the files whose code may be shown, by extension.
func docSources(t *testing.T) map[string][][]string {
	t.Helper()
	paths, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	for _, dir := range []string{"doctor", "example", "integration", "jwks", "jwttest", "keys", "redisstore", "sqlstore", "store", "storetest"} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err == nil && entry.Name() == "node_modules" {
				return fs.SkipDir
			}
			paths = append(paths, path)
			return err
		})
		require.NoError(t, err)
	}
	sources := map[string][][]string{}
	extensions := slices.Collect(maps.Values(docLanguages))
	for _, path := range paths {
		if extension := filepath.Ext(path); slices.Contains(extensions, extension) {
			sources[extension] = append(sources[extension], strings.Split(docRead(t, path), "\n"))
		}
	}
	return sources
}

type codeBlock struct {
	language string
	line     int
	lines    []string
}

// docCode returns the code of a page that is tested.
func docCode(page string) []codeBlock {
	return slices.DeleteFunc(docBlocks(page), func(block codeBlock) bool { return docLanguages[block.language] == "" })
}

// docBlocks returns all fenced blocks of a page.
func docBlocks(page string) (blocks []codeBlock) {
	inside := false
	for i, line := range strings.Split(page, "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence:
			inside = !inside
			if inside {
				blocks = append(blocks, codeBlock{language: fence, line: i + 1})
			}
		case inside:
			last := &blocks[len(blocks)-1]
			last.lines = append(last.lines, line)
		}
	}
	return blocks
}

// holdsLines reports whether block is consecutive lines of source, once the
// same number of tabs is cut from each.
func holdsLines(source, block []string) bool {
	if strings.TrimSpace(strings.Join(block, "")) == "" {
		return false
	}
	for i := range len(source) - len(block) + 1 {
		indent, ok := strings.CutSuffix(source[i], block[0])
		if ok && strings.Trim(indent, "\t") == "" && sameLines(source[i:], block, indent) {
			return true
		}
	}
	return false
}

func sameLines(source, block []string, indent string) bool {
	for i, line := range block {
		if line != "" {
			line = indent + line
		}
		if source[i] != line {
			return false
		}
	}
	return true
}

func TestDocCode(t *testing.T) {
	t.Parallel()
	page := "```go\nf()\n```\n```sh\nls\n```\ntext\n```ts\nlet x;\n\nx();\n```\n```json\n{}\n```\n```\ntext\n```\n```html\n<p>\n```\n"
	assert.Equal(t, []codeBlock{
		{"go", 1, []string{"f()"}},
		{"ts", 8, []string{"let x;", "", "x();"}},
		{"html", 19, []string{"<p>"}},
	}, docCode(page))
	assert.Len(t, docBlocks(page), 6)
}

// translations are the README in other languages. The originals are the pages that they
// translate in part.
var (
	translations = []string{"README.ko.md", "README.zh-CN.md"}
	originals    = []string{"README.md", "docs/sessions.md", "docs/cookies.md", "docs/from-gin-jwt.md"}
)

func docOriginals(t *testing.T) (text string) {
	t.Helper()
	for _, page := range originals {
		text += docRead(t, page)
	}
	return text
}

// The translations show code of the originals, the same in one order. A block that
// changes in an original has to change in the translations too.
func TestCodeInTranslationsIsTheCodeOfTheOriginals(t *testing.T) {
	t.Parallel()
	all := docAllCode(docOriginals(t))
	before, program, found := strings.Cut(docRead(t, "README.md"), "\n## The program\n")
	require.True(t, found, "README.md has no section The program")
	program, _, _ = strings.Cut(program, "\n## ")
	start := docAllCode(before + program)
	require.NotEmpty(t, start)
	first := docAllCode(docRead(t, translations[0]))
	for _, page := range translations {
		code := docAllCode(docRead(t, page))
		assert.Equal(t, first, code, page)
		for _, block := range code {
			assert.True(t, slices.Contains(all, block), "%s: the originals do not have this code: %s", page, block)
		}
		for _, block := range start {
			assert.True(t, slices.Contains(code, block), "%s: this code of README.md is missing: %s", page, block)
		}
	}
}

// docAllCode returns the text of all fenced blocks, each with its language.
func docAllCode(page string) (code []string) {
	for _, block := range docBlocks(page) {
		code = append(code, block.language+"\n"+strings.Join(block.lines, "\n"))
	}
	return code
}

var docVersion = regexp.MustCompile(`\d+\.\d+(\.\d+)?`)

// A name or a version in the text of a translation is in an original too.
func TestNamesInTranslationsAreInTheOriginals(t *testing.T) {
	t.Parallel()
	english := docOriginals(t)
	for _, page := range translations {
		text := docRead(t, page)
		for _, name := range slices.Concat(docSpan.FindAllString(text, -1), docVersion.FindAllString(text, -1)) {
			word := regexp.MustCompile(`(^|\W)` + regexp.QuoteMeta(strings.Trim(name, "`")) + `(\W|$)`)
			assert.True(t, word.MatchString(english), "%s: the originals do not have %s", page, name)
		}
	}
}

func TestHoldsLines(t *testing.T) {
	t.Parallel()
	source := strings.Split("func f() {\n\tif x {\n\t\ty()\n\n\t\tz()\n\t}\n}", "\n")
	for block, want := range map[string]bool{
		"if x {\n\ty()\n\n\tz()\n}":   true,
		"y()\n\nz()":                  true,
		"}":                           true,
		"if x {\ny()":                 false,
		"y()\nz()":                    false,
		"f() {":                       false,
		"":                            false,
		"z()\n}\n":                    false,
		"\t\tz()\n\t}\n}\nfunc g() {": false,
	} {
		assert.Equal(t, want, holdsLines(source, strings.Split(block, "\n")), "%q", block)
	}
}

var (
	docLink      = regexp.MustCompile(`\]\(([^()\s]+)(?:\s+"[^"]*")?\)`)
	docReference = regexp.MustCompile(`(?m)^\[[^\]]+\]:\s+(\S+)`)
	docScheme    = regexp.MustCompile(`^[a-z][a-z0-9+.-]*:`)
	docSpan      = regexp.MustCompile("`+[^`\n]*`+")
)

// Every link to something of this repository leads somewhere.
func TestLinksInDocs(t *testing.T) {
	t.Parallel()
	pages := docPages(t)
	assert.Contains(t, pages, "README.md")
	for _, page := range pages {
		prose := docProse(docRead(t, page))
		links := append(docLink.FindAllStringSubmatch(prose, -1), docReference.FindAllStringSubmatch(prose, -1)...)
		for _, link := range links {
			if target := link[1]; !docScheme.MatchString(target) {
				assert.NoError(t, checkDocLink(page, target), "%s: %s", page, target)
			}
		}
	}
}

// docProse returns a page without its code.
func docProse(page string) string {
	var prose []string
	inside := false
	for line := range strings.SplitSeq(page, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inside = !inside
		} else if !inside {
			prose = append(prose, docSpan.ReplaceAllString(line, ""))
		}
	}
	return strings.Join(prose, "\n")
}

func checkDocLink(page, target string) error {
	path, anchor, _ := strings.Cut(target, "#")
	file := page
	if path != "" {
		file = filepath.Join(filepath.Dir(page), path)
	}
	if !filepath.IsLocal(file) {
		return fmt.Errorf("%s is outside of the repository", file)
	}
	if _, err := os.Stat(file); err != nil || anchor == "" {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !slices.Contains(docAnchors(string(text)), anchor) {
		return fmt.Errorf("%s has no heading #%s", file, anchor)
	}
	return nil
}

var (
	docHeading = regexp.MustCompile(`^#{1,6}\s+(.+?)\s*#*$`)
	docNoSlug  = regexp.MustCompile(`[^\p{L}\p{N}\p{M} _-]`)
)

// docAnchors returns the anchors that a page gets from its headings.
func docAnchors(page string) (anchors []string) {
	seen := map[string]int{}
	inside := false
	for line := range strings.SplitSeq(page, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inside = !inside
		}
		heading := docHeading.FindStringSubmatch(line)
		if inside || heading == nil {
			continue
		}
		text := docLink.ReplaceAllString(heading[1], "]")
		anchor := strings.ReplaceAll(docNoSlug.ReplaceAllString(strings.ToLower(text), ""), " ", "-")
		if n := seen[anchor]; n > 0 {
			anchors = append(anchors, fmt.Sprintf("%s-%d", anchor, n))
		} else {
			anchors = append(anchors, anchor)
		}
		seen[anchor]++
	}
	return anchors
}

func TestDocAnchors(t *testing.T) {
	t.Parallel()
	page := "# From `Flask`\n## What's refused, and when?\n```sh\n# no heading\n```\n## Try it\n### Try it\n## See [there](x.md)\n"
	assert.Equal(t, []string{"from-flask", "whats-refused-and-when", "try-it", "try-it-1", "see-there"}, docAnchors(page))
}

// Every page is in the index of its folder, and each folder in the index of docs.
func TestIndexOfDocs(t *testing.T) {
	t.Parallel()
	for _, page := range docPages(t) {
		dir, name := filepath.Split(page)
		switch {
		case dir == "" || page == "docs/README.md":
		case name == "README.md":
			assert.Contains(t, docRead(t, "docs/README.md"), "("+strings.TrimPrefix(page, "docs/")+")")
		default:
			assert.Contains(t, docRead(t, dir+"README.md"), "("+name+")", page)
		}
	}
}

// Each drawing is shown on a page, with a text that says what it shows.
func TestDrawingsAreShown(t *testing.T) {
	t.Parallel()
	drawings, err := filepath.Glob("docs/drawings/*.svg")
	require.NoError(t, err)
	require.NotEmpty(t, drawings)
	var pages strings.Builder
	for _, page := range docPages(t) {
		pages.WriteString(docProse(docRead(t, page)))
	}
	for _, drawing := range drawings {
		shown := regexp.MustCompile(`!\[[^\]]{20,}\]\(drawings/` + regexp.QuoteMeta(filepath.Base(drawing)) + `\)`)
		assert.True(t, shown.MatchString(pages.String()), "%s is on no page, or has no alt text", drawing)
	}
}
