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

// unreadAmong returns a warning for each name that looks like a setting and is not
// known, sorted.
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

// ofKubernetes matches what Kubernetes sets for each service, such as one that is
// called jwt-issuer.
var ofKubernetes = regexp.MustCompile(`_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$`)

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
	why := successor{"there is no such setting, and nobody reads it", "remove it, if it is not another program's"}
	switch meant, inFront := nearestSetting(upper, known), settingInFront(upper, known); {
	case meant != "":
		why.fix = "write " + meant + ", if that is meant, or remove it"
	case lifetimes.MatchString(upper) && strings.Contains(upper, "REFRESH"):
		return elsewhere(writeRefresh), true
	case lifetimes.MatchString(upper):
		return elsewhere(writeAccess), true
	case inFront != "":
		why.fix = "write " + inFront + ", if that is meant, or remove it, if it is not another program's"
	}
	return why, true
}

// lifetimes matches how the lifetime of tokens is called elsewhere.
var lifetimes = regexp.MustCompile(`^JWT_(?:ACCESS_|REFRESH_)?(?:TOKEN_)?(?:EXP|EXPIRE|EXPIRES|EXPIRY|EXPIRATION|TTL|LIFETIME|LIFESPAN|VALIDITY|MAX_AGE)(?:_TIME|_IN|_DELTA)?$`)

// prefixed matches a setting behind a prefix, such as that of Flask's
// from_prefixed_env, or of AUTHJWT_SECRET_KEY.
var prefixed = regexp.MustCompile(`^[A-Za-z0-9_]+?(JWT_[A-Z_]+)$`)

func unprefixed(name string, known []string) (successor, bool) {
	parts := prefixed.FindStringSubmatch(name)
	if parts == nil || !slices.Contains(known, parts[1]) {
		return successor{}, false
	}
	return successor{
		"has a prefix, such as that of Flask's from_prefixed_env, and nobody reads it here",
		"write " + parts[1] + ", or give LoadConfig a lookup that puts the prefix in front, unless it is another program's",
	}, true
}

// nearestSetting returns the one setting that two letters, or fewer, make of a
// misspelled name. More would be guessing.
func nearestSetting(name string, known []string) (meant string) {
	least := 3
	for _, candidate := range known {
		switch d := spelling.Distance(name, candidate); {
		case d < least:
			meant, least = candidate, d
		case d == least:
			meant = "" // two are as near
		}
	}
	return meant
}

// settingInFront returns the longest setting that a name begins with. Keys are left
// out: JWT_SECRET_KEY_OLD is another one.
func settingInFront(name string, known []string) (longest string) {
	for _, candidate := range known {
		if strings.HasPrefix(name, candidate) && len(candidate) > len(longest) && !strings.Contains(candidate, "_KEY") {
			longest = candidate
		}
	}
	return longest
}

// unit matches a duration with its unit in the name.
var unit = regexp.MustCompile(`^JWT_[A-Z_]*(?:EXP|LIFE|TTL|DURATION|MAX_AGE|LEEWAY|GRACE|ACCESS|REFRESH|TOKEN)[A-Z_]*_(SEC|SECS|SECOND|SECONDS|MIN|MINS|MINUTE|MINUTES|HOUR|HOURS|DAY|DAYS|WEEK|WEEKS)$`)

// withUnit explains names such as JWT_ACCESS_TOKEN_EXPIRES_HOURS.
func withUnit(name string) (successor, bool) {
	parts := unit.FindStringSubmatch(name)
	if parts == nil {
		return successor{}, false
	}
	why := successor{"has a unit in its name, and nobody reads it", cookieAge}
	if setting := durationOf(name); setting != "" {
		example := map[byte]string{'S': "900s", 'M': "15m", 'H': "24h", 'D': "30d", 'W': "14d for two weeks"}[parts[1][0]]
		why.fix = "write the unit behind the number, in " + setting + ": such as " + setting + "=" + example
	}
	return why, true
}

// durationOf returns the setting that a name with a unit means; none for cookies,
// which have no lifetime of their own.
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

// namesToAsk returns the names that LoadConfig asks for, to warn of them: those
// that are known not to be read, and those of the environment, which a lookup that
// reads the environment finds too.
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
