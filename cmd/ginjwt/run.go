package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/gin-jwt-extended/ginjwt"
)

// The exit statuses of ginjwt.
const (
	statusOK      = 0
	statusNo      = 1  // a token is refused or broken, or doctor --strict found a warning
	statusDanger  = 2  // doctor found a danger, or settings that a service refuses to start with
	statusFailure = 3  // the command failed: no key, an unreadable file, or output that could not be written
	statusUsage   = 64 // the command line is wrong (EX_USAGE of sysexits.h)
)

// run is the whole program. environ holds the environment as KEY=value.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string, now func() time.Time) int {
	a := &app{
		stdin: stdin,
		out:   &printer{w: stdout},
		err:   &printer{w: stderr},
		env:   environOf(environ),
		color: "auto",
		now:   now,
	}
	a.chooseColors()
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.InitDefaultCompletionCmd() // after SetOut: it keeps the output that is set now
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		asGroup(completion) // cobra prints the help for an unknown shell, without an error
	}
	return a.delivered(a.status(root.Execute()))
}

// app has what all commands share.
type app struct {
	stdin    io.Reader
	out, err *printer
	env      environment
	now      func() time.Time

	inputRead bool // standard input was read

	json  bool   // --json
	color string // --color
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:   "ginjwt",
		Short: "Make secrets, keys and tokens for services that use ginjwt",
		Long: `ginjwt makes secrets and keys, rotates keys, makes and explains tokens, and checks
the settings of services that use github.com/gin-jwt-extended/ginjwt.

It sends nothing over the network. It reads settings from the JWT_… environment
variables, or from the file of --env-file.

Exit status: 0 success; 1 a token is refused or broken, or doctor --strict found a
warning; 2 doctor found a danger or an error; 3 the command failed, or could not
write its output; 64 the command line is wrong.`,
		Example: `  (umask 077; ginjwt secret --format env >> .env)
  ginjwt key new --algorithm EdDSA --out keys.json
  ginjwt mint --subject alice | ginjwt inspect
  ginjwt doctor --env-file .env`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return errors.Join(checkEmpty(c), a.checkColor()) },
	}
	root.PersistentFlags().BoolVar(&a.json, "json", false, "write JSON for programs")
	root.PersistentFlags().StringVar(&a.color, "color", "auto", "use colours: auto, always or never")
	completeWith(root, "color", "auto", "always", "never")
	root.SetFlagErrorFunc(flagError)
	root.AddGroup(
		&cobra.Group{ID: "tokens", Title: "Tokens:"},
		&cobra.Group{ID: "keys", Title: "Secrets and keys:"},
		&cobra.Group{ID: "service", Title: "A service:"},
	)
	addTo(root, "tokens", a.inspectCommand(), a.verifyCommand(), a.mintCommand())
	addTo(root, "keys", a.secretCommand(), a.keyCommand(), a.jwksCommand())
	addTo(root, "service", a.doctorCommand())
	root.AddCommand(a.versionCommand())
	root.SetHelpCommand(helpCommand(root))
	root.Version = versionLine()
	root.SetVersionTemplate("{{.Version}}\n")
	asGroup(root)
	return root
}

func addTo(parent *cobra.Command, group string, commands ...*cobra.Command) {
	for _, command := range commands {
		command.GroupID = group
		parent.AddCommand(command)
	}
}

// asGroup prepares a command that only has subcommands. Without arguments it prints its
// help. For an unknown subcommand it suggests a similar name.
func asGroup(command *cobra.Command) {
	command.Args = cobra.ArbitraryArgs
	command.RunE = func(c *cobra.Command, args []string) error {
		if len(args) == 0 {
			return c.Help()
		}
		return unknownCommand(c, args[0])
	}
}

// helpCommand replaces cobra's help command, which prints the help of the parent for an
// unknown name.
func helpCommand(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:     "help [COMMAND]",
		Short:   "Explain a command",
		Long:    "Explains a command, its flags and its exit status.",
		Example: "  ginjwt help key rotate",
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) (names []string, _ cobra.ShellCompDirective) {
			about, _, err := root.Find(args)
			if err == nil {
				names = commandNames(about)
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			about, rest, err := root.Find(args)
			switch {
			case err != nil:
				return err
			case len(rest) > 0:
				return unknownCommand(about, rest[0])
			}
			about.InitDefaultHelpFlag()
			return about.Help()
		},
	}
}

func commandNames(c *cobra.Command) (names []string) {
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() || sub.Name() == "help" {
			names = append(names, sub.Name())
		}
	}
	return names
}

func unknownCommand(c *cobra.Command, name string) error {
	if mayBeSecret(name) || strings.Count(name, ".") > 1 {
		return usage(c, "unknown command; to look into a token, use: ginjwt inspect")
	}
	return usage(c, "unknown command %q%s", name, didYouMeanCommand(c, name))
}

// didYouMeanCommand is didYouMean for the name of a command. It also finds subcommands:
// "rotate" is "key rotate".
func didYouMeanCommand(c *cobra.Command, name string) string {
	below := map[string]string{}
	for _, parent := range c.Commands() {
		for _, sub := range commandNames(parent) {
			below[sub] = parent.Name() + " " + sub
		}
	}
	if full, ok := below[strings.ToLower(name)]; ok {
		return fmt.Sprintf("; did you mean %q?", full)
	}
	if question := didYouMean(name, commandNames(c)); question != "" {
		return question
	}
	if sub, ok := nearest(name, slices.Sorted(maps.Keys(below))); ok {
		return fmt.Sprintf("; did you mean %q?", below[sub])
	}
	return ""
}

// flagError explains why a flag is wrong.
func flagError(c *cobra.Command, err error) error {
	if c.HasSubCommands() && c.Flags().NArg() > 0 {
		return unknownCommand(c, c.Flags().Arg(0))
	}
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) { // its text contains the value, which can be a secret
		return usage(c, "--%s: %s", invalid.GetFlag().Name, invalidValue(invalid.Unwrap()))
	}
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return usage(c, "%s", err)
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !f.Hidden {
			names = append(names, f.Name)
		}
	})
	if strings.HasSuffix(c.Use, " KID") && unknown.GetSpecifiedShortnames() != "" {
		return usage(c, "unknown flag; if it is a key ID, write it after two dashes: %s -- FILE KID", c.CommandPath())
	}
	name, typed := unknown.GetSpecifiedName(), dashed(unknown.GetSpecifiedName())
	if letters := unknown.GetSpecifiedShortnames(); letters != "" {
		name, typed = letters, "-"+letters
	}
	if name, ok := nearest(name, names); ok {
		return usage(c, "unknown flag %q; did you mean %q?", typed, "--"+name)
	}
	return usage(c, "unknown flag %q", typed)
}

func invalidValue(err error) error {
	var number *strconv.NumError
	switch {
	case !errors.As(err, &number):
		return err
	case number.Func == "ParseBool":
		return errors.New("must be true or false")
	}
	return errors.New("must be a whole number")
}

func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + name
}

// completeWith lets shells complete the values of a flag.
func completeWith(c *cobra.Command, flag string, values ...string) {
	complete := cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
	if err := c.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err) // the flag does not exist
	}
}

// environment holds the variables of the process, or of a .env file.
type environment map[string]string

func environOf(environ []string) environment {
	env := environment{}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

// lookup is os.LookupEnv for e.
func (e environment) lookup(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

// load reads the settings. The Warnings of the Config include every unknown name.
func (e environment) load() (ginjwt.Config, error) {
	config, err := ginjwt.LoadConfig(e.lookup)
	for _, w := range ginjwt.UnreadSettings(maps.Keys(e)) {
		if !slices.Contains(config.Warnings, w) { // a name that LoadConfig does not look up
			config.Warnings = append(config.Warnings, w)
		}
	}
	slices.SortStableFunc(config.Warnings, func(a, b ginjwt.SettingWarning) int { return strings.Compare(a.Setting, b.Setting) })
	return config, err
}

// written returns the name under which e has a setting: NAME_FILE if only that is set.
func (e environment) written(name string) string {
	_, itself := e[name]
	_, inFile := e[name+"_FILE"]
	if inFile && !itself {
		return name + "_FILE"
	}
	return name
}

// checkEmpty refuses flags with an empty value. A script with an unset variable passes
// an empty value, and the flag would then require nothing, or something else.
func checkEmpty(c *cobra.Command) (err error) {
	c.Flags().Visit(func(f *pflag.Flag) {
		list, isList := f.Value.(pflag.SliceValue)
		empty := isList && strings.Join(list.GetSlice(), "") == "" || f.Value.Type() == "string" && f.Value.String() == ""
		if empty && err == nil {
			err = usage(c, "--%s: is empty; give a value, or leave out the flag", f.Name)
		}
	})
	return err
}
