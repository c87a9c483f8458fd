package ginjwt

import (
	"iter"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/gin-jwt-extended/ginjwt/internal/spelling"
)

// unreadAmong returns a warning for each name that looks like a setting but is not in
// known. The warnings are sorted by name.
func unreadAmong(names iter.Seq[string], known []string) (warnings []SettingWarning) {
	for _, name := range slices.Compact(slices.Sorted(names)) {
		if slices.Contains(known, name) || ofKubernetes.MatchString(name) {
			continue
		}
		if why, ok := unread(name, known); ok {
			warnings = append(warnings, SettingWarning{name, why.problem, why.fix})
		}
	}
	return warnings
}

// ofKubernetes matches the variables that Kubernetes sets for each service, such as a
// service called jwt-issuer.
var ofKubernetes = regexp.MustCompile(`_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$`)

// unread explains a name that LoadConfig does not read. ok is false if the name does
// not look like a setting.
func unread(name string, known []string) (successor, bool) {
	upper := strings.ToUpper(name)
	if !strings.HasPrefix(upper, "JWT_") {
		return unprefixed(name, known)
	}
	if why, ok := formerNames[upper]; ok {
		return why, true
	}
	if why, ok := withUnit(upper); ok {
		return why, true
	}
	why := successor{"is not a setting and has no effect", "remove it, unless another program reads it"}
	switch meant, inFront := nearestSetting(upper, known), settingInFront(upper, known); {
	case meant != "":
		why.fix = "write " + meant + " if you mean that setting; otherwise remove it"
	case lifetimes.MatchString(upper) && strings.Contains(upper, "REFRESH"):
		return elsewhere(writeRefresh), true
	case lifetimes.MatchString(upper):
		return elsewhere(writeAccess), true
	case inFront != "":
		why.fix = "write " + inFront + " if you mean that setting; otherwise remove it, unless another program reads it"
	}
	return why, true
}

// lifetimes matches names that other programs use for the lifetime of tokens.
var lifetimes = regexp.MustCompile(`^JWT_(?:ACCESS_|REFRESH_)?(?:TOKEN_)?(?:EXP|EXPIRE|EXPIRES|EXPIRY|EXPIRATION|TTL|LIFETIME|LIFESPAN|VALIDITY|MAX_AGE)(?:_TIME|_IN|_DELTA)?$`)

// prefixed matches a setting after a prefix, such as FLASK_ of from_prefixed_env, or
// the AUTH of AUTHJWT_SECRET_KEY.
var prefixed = regexp.MustCompile(`^[A-Za-z0-9_]+?(JWT_[A-Z_]+)$`)

// unprefixed explains a name that is a setting after a prefix.
func unprefixed(name string, known []string) (successor, bool) {
	parts := prefixed.FindStringSubmatch(name)
	if parts == nil || !slices.Contains(known, parts[1]) {
		return successor{}, false
	}
	return successor{
		"has a prefix, such as the one of Flask's from_prefixed_env, and has no effect",
		"write " + parts[1] + ", or give LoadConfig a lookup that adds the prefix; ignore this if another program reads it",
	}, true
}

// nearestSetting returns the one setting that differs from a misspelled name by at
// most two letters. Anything further away would be a guess.
func nearestSetting(name string, known []string) (meant string) {
	least := 3
	for _, candidate := range known {
		switch d := spelling.Distance(name, candidate); {
		case d < least:
			meant, least = candidate, d
		case d == least:
			meant = "" // a tie names none
		}
	}
	return meant
}

// settingInFront returns the longest setting that a name starts with. It skips the
// settings of keys: JWT_SECRET_KEY_OLD is another key.
func settingInFront(name string, known []string) (longest string) {
	for _, candidate := range known {
		if strings.HasPrefix(name, candidate) && len(candidate) > len(longest) && !strings.Contains(candidate, "_KEY") {
			longest = candidate
		}
	}
	return longest
}

// unit matches the name of a duration that ends in a unit.
var unit = regexp.MustCompile(`^JWT_[A-Z_]*(?:EXP|LIFE|TTL|DURATION|MAX_AGE|LEEWAY|GRACE|ACCESS|REFRESH|TOKEN)[A-Z_]*_(SEC|SECS|SECOND|SECONDS|MIN|MINS|MINUTE|MINUTES|HOUR|HOURS|DAY|DAYS|WEEK|WEEKS)$`)

// withUnit explains names such as JWT_ACCESS_TOKEN_EXPIRES_HOURS.
func withUnit(name string) (successor, bool) {
	parts := unit.FindStringSubmatch(name)
	if parts == nil {
		return successor{}, false
	}
	why := successor{"is not a setting and has no effect: it has a unit in its name", cookieAge}
	if setting := durationOf(name); setting != "" {
		example := map[byte]string{'S': "900s", 'M': "15m", 'H': "24h", 'D': "30d", 'W': "14d for two weeks"}[parts[1][0]]
		why.fix = "write the unit after the number, in " + setting + ": such as " + setting + "=" + example
	}
	return why, true
}

// durationOf returns the setting that a name with a unit means. It returns "" for
// cookies, which have no lifetime setting.
func durationOf(name string) string {
	for _, d := range []struct{ part, setting string }{
		{"COOKIE", ""},
		{"LEEWAY", "JWT_DECODE_LEEWAY"},
		{"GRACE", "JWT_SESSION_GRACE"},
		{"SESSION", "JWT_SESSION_LIFETIME"},
		{"REFRESH", "JWT_REFRESH_TOKEN_EXPIRES"},
	} {
		if strings.Contains(name, d.part) {
			return d.setting
		}
	}
	return "JWT_ACCESS_TOKEN_EXPIRES"
}

// namesToAsk returns the names that LoadConfig looks up only to warn about them: names
// that are known not to be settings, and names in the environment that contain JWT_.
func namesToAsk(known []string) iter.Seq[string] {
	names := slices.Collect(maps.Keys(formerNames))
	for _, lifetime := range []string{
		"ACCESS_TOKEN_EXPIRES", "REFRESH_TOKEN_EXPIRES", "ACCESS_TOKEN_LIFETIME", "REFRESH_TOKEN_LIFETIME",
		"ACCESS_TOKEN", "REFRESH_TOKEN", "ACCESS", "REFRESH", "EXPIRATION", "EXPIRES", "EXPIRE", "TTL",
	} {
		for _, unit := range []string{"_SECONDS", "_MINUTES", "_HOURS", "_DAYS"} {
			names = append(names, "JWT_"+lifetime+unit)
		}
	}
	for _, name := range known {
		names = append(names, "FLASK_"+name)
	}
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.Contains(strings.ToUpper(name), "JWT_") {
			names = append(names, name)
		}
	}
	return slices.Values(names)
}
