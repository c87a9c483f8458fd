package ginjwt

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"

	"github.com/gin-gonic/gin"
)

// JWTManager holds the settings, keys and callbacks of one kind of token.
//
// It has two lives. Between New and InitApp it is being set up by one
// goroutine. After InitApp it is read-only and safe for concurrent use.
type JWTManager struct {
	callbacks

	config Config // with its defaults once InitApp has been called
	ready  bool

	// The rest is made by InitApp.
	keys           *atomic.Pointer[keyring]
	own            *origin            // of the manager's own tokens
	foreign        map[string]*origin // of those of Config.Issuers, by "iss"
	typeKey        string             // of TypeClaim, in JSON, as the next two
	freshKey       string
	identityKey    string
	headerKey      string // HeaderName as net/http spells it
	accessCookies  cookieKind
	refreshCookies cookieKind
	algorithms     []string // that a key from a loader may have
	challenges     []string // one for each row of answers
	revokes        bool     // the application itself said how tokens are revoked
}

// New returns a manager that will use config. It never fails; InitApp reports
// whatever is wrong with the settings.
func New(config Config) *JWTManager {
	return &JWTManager{config: config}
}

// InitApp checks the settings, parses the keys, freezes the manager, and
// attaches it to app so that FromContext finds it in every request. All
// problems found are returned at once, joined, each with the name of its
// field and setting.
//
// An app of nil freezes without attaching, for programs that only create or
// decode tokens. Called again, InitApp only attaches. Like Gin's Use it reaches
// the routes that are registered after it.
func (m *JWTManager) InitApp(app gin.IRoutes) error {
	if !m.ready {
		if err := m.freeze(); err != nil {
			return err
		}
	}
	if app != nil {
		app.Use(m.attach)
	}
	return nil
}

// freeze makes everything that requests need from the settings.
func (m *JWTManager) freeze() error {
	var p problems
	config := m.config.withDefaults()
	keys := m.parseKeys(config, &p)
	m.own, m.foreign = config.ownOrigin(), m.parseIssuers(config, &p)
	config.validateIssuers(len(keys.keys) > 0 || m.decodeKey != nil, &p)
	if err := errors.Join(config.validate(), errors.Join(p...)); err != nil {
		return err
	}
	m.identityKey, _ = claimKey(config.IdentityClaim) // validate has looked at them
	m.typeKey, _ = claimKey(config.TypeClaim)
	m.freshKey, _ = claimKey(config.FreshClaim)
	m.headerKey = http.CanonicalHeaderKey(config.HeaderName)
	m.accessCookies = config.accessCookies()
	m.refreshCookies = config.refreshCookies()
	m.algorithms = config.algorithms()
	m.challenges = challengesOf(config.HeaderType)
	m.revokes = m.config.Blocklist != nil || m.config.Sessions != nil || m.tokenInBlocklist != nil
	m.config = config
	m.keys = new(atomic.Pointer[keyring])
	m.keys.Store(m.keyringOf(keys))
	m.ready = true
	return nil
}

// Config returns a copy of the settings with their defaults filled in, for code
// that works beside m: the name of a cookie, or the clock. SecretKey,
// PrivateKey, Keys, and the Keys of Issuers are left out.
func (m *JWTManager) Config() Config {
	config := m.config.withDefaults()
	config.SecretKey, config.PrivateKey, config.Keys = "", "", nil
	for i := range config.Issuers {
		config.Issuers[i].Keys = nil
	}
	return config
}

// String names m without giving away its settings.
func (m JWTManager) String() string { return "ginjwt.JWTManager" }

// Format prints String whatever the verb, so that none shows a secret.
func (m JWTManager) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.String()) }
