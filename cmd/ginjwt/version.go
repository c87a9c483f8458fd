package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			version, commit := buildVersion()
			if a.json {
				return a.writeJSON(map[string]string{"version": version, "commit": commit, "go": runtime.Version()})
			}
			a.out.line("%s", versionLine())
			return nil
		},
	}
}

func versionLine() string {
	version, _ := buildVersion()
	return "ginjwt " + version + " (" + runtime.Version() + ")"
}

// buildVersion returns the version and the commit that the Go command recorded.
func buildVersion() (version, commit string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown", ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			commit = s.Value
		}
	}
	return info.Main.Version, commit
}
