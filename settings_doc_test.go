package ginjwt

import (
	"os"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// originalSettings is the number of settings that Flask-JWT-Extended has. They come first.
const originalSettings = 43

func docsPage(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// tableRows returns the rows of the tables of a page by their first cell, without
// backquotes.
func tableRows(page string) map[string]string {
	rows := map[string]string{}
	for line := range strings.SplitSeq(page, "\n") {
		if cells := strings.Split(line, "|"); len(cells) > 2 && cells[0] == "" {
			rows[strings.Trim(cells[1], " `")] += line + "\n"
		}
	}
	return rows
}

func TestEverySettingIsDocumented(t *testing.T) {
	t.Parallel()
	rows := tableRows(docsPage(t, "docs/configuration.md"))
	for _, s := range settings {
		assert.Contains(t, rows[s.field], "`"+s.name+"`", s.field)
	}
}

func TestEveryFieldOfConfigIsDocumented(t *testing.T) {
	t.Parallel()
	rows := tableRows(docsPage(t, "docs/configuration.md"))
	defaults := reflect.ValueOf(Config{}.withDefaults())
	for i := range defaults.NumField() {
		name, value := defaults.Type().Field(i).Name, defaults.Field(i)
		assert.Contains(t, rows, name)
		if value.Kind() == reflect.String && value.String() != "" {
			assert.Contains(t, rows[name], "`"+value.String()+"`", "the default of %s", name)
		}
	}
}

func TestEveryOriginalSettingIsInFromFlask(t *testing.T) {
	t.Parallel()
	require.Equal(t, "JWT_REFRESH_CSRF_FIELD_NAME", settings[originalSettings-1].name)
	page := docsPage(t, "docs/from-flask.md")
	assert.Contains(t, page, "The "+strconv.Itoa(originalSettings)+" settings of Flask-JWT-Extended.")
	assert.Contains(t, docsPage(t, "CHANGELOG.md"), "All "+strconv.Itoa(originalSettings)+" settings of Flask-JWT-Extended")
	rows := tableRows(page)
	for _, s := range settings {
		assert.Contains(t, rows[s.name], "| `"+s.name+"` | `"+s.field+"` |", s.name)
	}
}

func TestEveryLoaderIsInFromFlask(t *testing.T) {
	t.Parallel()
	page := docsPage(t, "docs/from-flask.md")
	manager := reflect.TypeFor[*JWTManager]()
	for i := range manager.NumMethod() {
		name := manager.Method(i).Name
		if strings.HasSuffix(name, "Loader") {
			assert.Contains(t, page, "`"+name+"(", name)
		}
	}
}

func TestDeliberateDifferencesAreNumbered(t *testing.T) {
	t.Parallel()
	rows := regexp.MustCompile(`(?m)^\| (D\d+) \|`).FindAllStringSubmatch(docsPage(t, "docs/from-flask.md"), -1)
	var names []string
	for _, row := range rows {
		names = append(names, row[1])
	}
	require.Len(t, names, 29)
	for i, name := range names {
		assert.Equal(t, "D"+strconv.Itoa(i+1), name)
	}
}
