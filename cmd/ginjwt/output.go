package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/term"
)

// printer writes lines for people. It escapes control characters, so the text of a token
// cannot reach a terminal as an escape sequence.
type printer struct {
	w     io.Writer
	color bool
	err   error // the first error of a write
}

// Write writes bytes as they are, and remembers the first error. An answer that is
// redirected to a file on a full disk must not end with a successful exit status.
func (p *printer) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	if p.err == nil {
		p.err = err
	}
	return n, err
}

// styled is text with escaped control characters, and perhaps a colour.
type styled string

// line writes one line. It escapes control characters in args that are not styled.
func (p *printer) line(format string, args ...any) {
	fmt.Fprintln(p, sprintf(format, args...))
}

// text writes several lines of JSON or PEM. Escapes do not change the meaning of JSON.
func (p *printer) text(text []byte) {
	for line := range strings.Lines(string(text)) {
		p.line("%s", strings.TrimSuffix(line, "\n"))
	}
}

func sprintf(format string, args ...any) styled {
	clean := make([]any, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case styled, int:
			clean[i] = arg
		case error:
			clean[i] = safe(arg.Error())
		default:
			clean[i] = safe(fmt.Sprint(arg))
		}
	}
	return styled(fmt.Sprintf(format, clean...))
}

func (p *printer) style(code, format string, args []any) styled {
	text := sprintf(format, args...)
	if !p.color {
		return text
	}
	return "\x1b[" + styled(code) + "m" + text + "\x1b[0m"
}

func (p *printer) bold(format string, args ...any) styled   { return p.style("1", format, args) }
func (p *printer) faint(format string, args ...any) styled  { return p.style("2", format, args) }
func (p *printer) red(format string, args ...any) styled    { return p.style("1;31", format, args) }
func (p *printer) green(format string, args ...any) styled  { return p.style("32", format, args) }
func (p *printer) yellow(format string, args ...any) styled { return p.style("33", format, args) }

// table writes rows in columns. The first row is the heading.
func (p *printer) table(rows [][]string) {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(safe(cell)))
		}
	}
	for i, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			cell = safe(cell)
			line.WriteString(cell)
			line.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2))
		}
		text := styled(strings.TrimRight(line.String(), " "))
		if i == 0 {
			text = p.bold("%s", text)
		}
		p.line("%s", text)
	}
}

// safe escapes everything in s that is not printable: control characters, characters that
// change the direction of text, and bytes that are not UTF-8. If s is JSON, the result is
// JSON.
func safe(s string) string {
	var b strings.Builder
	for i, r := range s {
		switch {
		case r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			b.WriteString(`\ufffd`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// writeJSON writes v as JSON on several lines.
func (a *app) writeJSON(v any) error {
	return a.encodeJSON(v, "  ")
}

// writeJSONLine writes v as JSON on one line.
func (a *app) writeJSONLine(v any) error {
	return a.encodeJSON(v, "")
}

func (a *app) encodeJSON(v any, indent string) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("the result as JSON: %w", err)
	}
	a.out.text(b.Bytes())
	return nil
}

// checkColor checks the flag --color.
func (a *app) checkColor() error {
	switch a.color {
	case "auto", "always", "never":
		a.chooseColors()
		return nil
	}
	return &usageError{
		message: fmt.Sprintf("--color: %q is not auto, always or never", repeatable(a.color)),
		hint:    "see: ginjwt --help",
	}
}

// chooseColors decides on colours for both outputs. --color has priority over NO_COLOR
// (no-color.org), and NO_COLOR over CLICOLOR_FORCE (bixense.com/clicolors).
func (a *app) chooseColors() {
	for _, p := range []*printer{a.out, a.err} {
		switch force := a.env["CLICOLOR_FORCE"]; {
		case a.color != "auto":
			p.color = a.color == "always"
		case a.env["NO_COLOR"] != "":
			p.color = false
		case force != "" && force != "0":
			p.color = true
		default:
			p.color = isTerminal(p.w) && a.env["TERM"] != "dumb" && a.env["CLICOLOR"] != "0"
		}
	}
}

// isTerminal reports whether stream is a terminal.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}
