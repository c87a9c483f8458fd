package main

import "strings"

// Parts of User-Agent headers, and their names. The order matters, because most browsers
// also name other browsers.
var (
	browsers = []named{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser", "Samsung Internet"}, {"Firefox", "Firefox"}, {"FxiOS", "Firefox"},
		{"Chrome", "Chrome"}, {"CriOS", "Chrome"}, {"Safari", "Safari"},
	}
	systems = []named{
		{"iPhone", "iPhone"}, {"iPad", "iPad"}, {"Android", "Android"}, {"CrOS", "ChromeOS"},
		{"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

type named struct{ part, name string }

// deviceName turns a User-Agent header into a name that the user may recognize. Do not
// rely on it for security: clients can send any header.
func deviceName(userAgent string) string {
	browser, system := nameIn(userAgent, browsers), nameIn(userAgent, systems)
	switch {
	case userAgent == "":
		return "Unknown device"
	case browser != "" && system != "":
		return browser + " on " + system
	}
	return userAgent
}

func nameIn(userAgent string, names []named) string {
	for _, n := range names {
		if strings.Contains(userAgent, n.part) {
			return n.name
		}
	}
	return ""
}
