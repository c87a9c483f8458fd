package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/doctor"
)

// diagnosis is the JSON output of doctor.
type diagnosis struct {
	Source   string    `json:"source"`
	Settings []string  `json:"settings"` // names only
	Findings []finding `json:"findings"`
}

// finding is a problem in the settings.
type finding struct {
	Severity string `json:"severity"` // "error", "danger", "warning" or "note"
	Setting  string `json:"setting,omitempty"`
	Field    string `json:"field,omitempty"`
	Problem  string `json:"problem"`
	Fix      string `json:"fix,omitempty"`
}

func (a *app) doctorCommand() *cobra.Command {
	s := &source{}
	var strict bool
	c := &cobra.Command{
		Use:   "doctor",
		Short: "Check the settings of a service",
		Long: `Checks the JWT_… settings of the environment, or of a .env file. It reports settings
with which a service refuses to start, dangerous settings, and settings without
effect, such as misspelled names and names of older versions or other libraries.
Each finding says what to write instead. Values are never shown.

doctor does not know what you set in Go: stores, loaders and clocks.

Exit status: 0 nothing worse than a note, or, without --strict, than a warning;
1 warnings, with --strict; 2 a danger, or an error: the service refuses to start;
3 the settings could not be read.`,
		Example: `  ginjwt doctor
  ginjwt doctor --env-file .env --strict
  ginjwt doctor --json | jq '.findings[] | select(.severity == "danger")'`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) == 1 {
				return usage(c, "takes no arguments, but got 1; did you mean --env-file %s?", args[0])
			}
			return noArgs(c, args)
		},
		RunE: func(*cobra.Command, []string) error { return a.doctor(s, strict) },
	}
	c.Flags().StringVarP(&s.envFile, "env-file", "e", "", "read the settings from a .env `FILE`, not from the environment")
	c.Flags().BoolVar(&strict, "strict", false, "exit with 1 if there is a warning")
	return c
}

func (a *app) doctor(s *source, strict bool) error {
	file, err := a.environment(s)
	if err != nil {
		return err
	}
	env := file.values
	d := diagnosis{Source: "environment", Settings: settingsIn(env), Findings: []finding{}}
	if s.envFile != "" {
		d.Source = s.envFile
	}
	d.Findings = append(d.Findings, a.diagnose(env)...)
	d.Findings = append(d.Findings, a.openToAll(env, s)...)
	for _, warning := range file.warnings {
		d.Findings = append(d.Findings, finding{Severity: "warning", Problem: sentence(warning)})
	}
	for _, note := range file.notes {
		d.Findings = append(d.Findings, finding{Severity: "note", Problem: sentence(note)})
	}
	slices.SortStableFunc(d.Findings, func(a, b finding) int { return rank(b) - rank(a) })
	if a.json {
		err = a.writeJSON(d)
	} else {
		a.printDiagnosis(d)
	}
	if err != nil {
		return err
	}
	return d.status(strict)
}

// openToAll reports files with secrets that everybody on the machine can read or change:
// the .env file, and the files that settings name.
func (a *app) openToAll(env environment, s *source) (found []finding) {
	if can, mode := openTo(s.envFile, bringsSecrets(env)); can != "" {
		found = append(found, finding{Severity: "warning", Problem: "Everybody on this machine can " + can + ".", Fix: "chmod " + mode + " " + s.envFile})
	}
	for _, open := range a.openFiles(env) {
		found = append(found, finding{
			Severity: "warning",
			Setting:  open.setting,
			Problem:  "Everybody on this machine can " + open.can + ".",
			Fix:      "chmod " + open.mode + " the file; in a container, set the mode of what is mounted (defaultMode: 0400 in Kubernetes).",
		})
	}
	return found
}

// severities are in ascending order.
var severities = []string{"note", "warning", "danger", "error"}

func rank(f finding) int { return slices.Index(severities, f.Severity) }

func (d diagnosis) status(strict bool) error {
	worst := -1
	for _, f := range d.Findings {
		worst = max(worst, rank(f))
	}
	switch {
	case worst >= slices.Index(severities, "danger"):
		return answered(statusDanger)
	case worst == slices.Index(severities, "warning") && strict:
		return answered(statusNo)
	}
	return nil
}

func settingsIn(env environment) []string {
	names := []string{}
	for _, name := range ginjwt.SettingNames() {
		if _, ok := env[name]; ok {
			names = append(names, name)
		}
	}
	return names
}

// diagnose loads the settings and runs doctor.Diagnose on them.
func (a *app) diagnose(env environment) (found []finding) {
	config, err := env.load()
	config.Now = a.now
	unread := map[string]bool{} // settings whose value could not be read
	for _, problem := range flatten(err) {
		f := unreadable(problem)
		unread[f.Setting] = true
		found = append(found, f)
	}
	assumeNothing(&config, unread)
	if config.SessionGrace != 0 || config.SessionLifetime != 0 || config.MaxSessions != 0 ||
		config.DetailedPairs || config.RenewedTokenHeader != "" {
		config.Sessions = noSessions{}
		found = append(found, finding{
			Severity: "note",
			Field:    "Sessions",
			Problem:  "The settings configure sessions, but their store is set in Go, and doctor does not know it.",
			Fix:      "Set Config.Sessions to a store. Without a store the service does not start.",
		})
	}
	noKey := slices.ContainsFunc(keySettings, func(name string) bool { return unread[name] })
	for _, f := range doctor.Diagnose(config) {
		consequence := unread[f.Setting] || noKey && slices.Contains(keySettings, f.Setting)
		if !consequence && !slices.Contains(setInGo, f.Field) {
			found = append(found, finding{f.Severity.String(), env.written(f.Setting), f.Field, f.Problem, f.Fix})
		}
	}
	return found
}

// assumeNothing replaces the defaults of settings that could not be read. With the
// default, other settings that depend on them would look useless.
func assumeNothing(c *ginjwt.Config, unread map[string]bool) {
	const unknown = "?"
	if unread["JWT_ALGORITHM"] {
		c.Algorithm = unknown
	}
	if unread["JWT_DECODE_ALGORITHMS"] {
		c.DecodeAlgorithms = []string{unknown}
	}
	if unread["JWT_TOKEN_LOCATION"] {
		c.TokenLocation = []ginjwt.Location{unknown}
	}
}

// setInGo are the fields that have no setting: they are set in Go only.
var setInGo = []string{"Blocklist", "Sessions", "Once", "Now"}

// noSessions stands for a store that is set in Go. It is never called.
type noSessions struct{ ginjwt.SessionStore }

// unreadable returns an error of LoadConfig as a finding.
func unreadable(problem error) finding {
	text := strings.TrimPrefix(problem.Error(), "ginjwt: ")
	name, rest, ok := strings.Cut(text, ": ")
	if !ok || !strings.HasPrefix(name, "JWT_") {
		return finding{Severity: "error", Problem: sentence(text)}
	}
	what, fix, ok := strings.Cut(rest, "; ")
	if !ok {
		fix = "Correct the value, or remove the setting: LoadConfig returns this error"
	}
	return finding{Severity: "error", Setting: name, Problem: sentence(what), Fix: sentence(fix)}
}

// sentence turns the text of an error into a sentence.
func sentence(text string) string {
	return strings.ToUpper(text[:1]) + strings.TrimSuffix(text[1:], ".") + "."
}

func (a *app) printDiagnosis(d diagnosis) {
	p := a.out
	where := d.Source
	if where == "environment" {
		where = "The environment"
	}
	p.line("%s has %s.", where, plural(len(d.Settings), "JWT_ setting"))
	counts := map[string]int{}
	for _, f := range d.Findings {
		counts[f.Severity]++
		p.line("")
		p.line("%s %s", a.severity(f.Severity), headline(f))
		if f.Fix != "" {
			p.line("  %s", f.Fix)
		}
	}
	p.line("")
	if len(d.Findings) == 0 {
		p.line("%s", p.green("Nothing to report."))
		return
	}
	var summary []string
	for _, severity := range slices.Backward(severities) {
		if n := counts[severity]; n > 0 {
			summary = append(summary, plural(n, severity))
		}
	}
	p.line("%s", strings.Join(summary, ", "))
}

func (a *app) severity(name string) styled {
	switch name {
	case "error", "danger":
		return a.out.red("%s:", name)
	case "warning":
		return a.out.yellow("%s:", name)
	}
	return a.out.faint("%s:", name)
}

func headline(f finding) string {
	switch {
	case f.Setting != "" && f.Field != "":
		return fmt.Sprintf("%s (%s): %s", f.Setting, f.Field, f.Problem)
	case f.Setting+f.Field != "":
		return f.Setting + f.Field + ": " + f.Problem
	}
	return f.Problem
}

func plural(n int, what string) string {
	switch n {
	case 0:
		return "no " + what + "s"
	case 1:
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
