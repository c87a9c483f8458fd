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

// printer writes lines for people. Whatever text is given to it loses its
// control characters: what a token says must not reach a terminal as an
// escape sequence.
type printer struct {
	w     io.Writer
	color bool
	err   error // the first that writing had
}

// Write writes bytes as they are. What could not be written is not forgotten:
// who redirects an answer to a file on a full disk must not be told that all
// went well.
func (p *printer) Write(b []byte) (int, error) {
	n, err := p.w.Write(b)
	if p.err == nil {
		p.err = err
	}
	return n, err
}

// styled is text that was made safe, and may have a colour.
type styled string

// line writes one line. Text among args is made safe, unless it is styled.
func (p *printer) line(format string, args ...any) {
	fmt.Fprintln(p, sprintf(format, args...))
}

// text writes a text of several lines, JSON or PEM. What is escaped in it is the
// same JSON.
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

// table writes rows in columns. The first row is the head.
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

// safe returns s with everything escaped that is not meant to be seen: control
// characters, what turns the direction of text around, and bytes that are no
// UTF-8. In the text of JSON the result is JSON.
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

// writeJSON writes v over several lines.
func (a *app) writeJSON(v any) error {
	return a.encodeJSON(v, "  ")
}

// writeJSONLine writes v on one line.
func (a *app) writeJSONLine(v any) error {
	return a.encodeJSON(v, "")
}

func (a *app) encodeJSON(v any, indent string) error {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	if err := encoder.Encode(v); err != nil {
		return fmt.Errorf("the answer as JSON: %w", err)
	}
	a.out.text(b.Bytes())
	return nil
}

// checkColor looks at --color.
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

// chooseColors decides for both outputs. NO_COLOR (no-color.org) wins over
// CLICOLOR_FORCE (bixense.com/clicolors), and --color over both.
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
