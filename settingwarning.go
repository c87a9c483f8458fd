package ginjwt

// SettingWarning is a name or value that [LoadConfig] accepts, but that probably does
// not do what was intended.
type SettingWarning struct {
	Setting string // its name, such as "JWT_BLACKLIST_ENABLED"
	Problem string // what is wrong
	Fix     string // what to write instead
}

// String returns the warning in one line. It shows no secret.
func (w SettingWarning) String() string { return w.Setting + ": " + w.Problem + "; " + w.Fix }
