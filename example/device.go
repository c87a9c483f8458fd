package main

import "strings"

// What a User-Agent header has in it, and whose that is. The order matters:
// most browsers claim to be others too.
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

// deviceName makes of a User-Agent header what its user may recognize. It is
// for reading only: anybody can send any header.
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
