package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/keys"
	"github.com/gin-jwt-extended/ginjwt/store"
)

// JWTManager holds the settings, keys and callbacks for one kind of token.
//
// Set it up in one goroutine: New, then the loaders, then InitApp. After
// InitApp its settings are read-only, and it is safe for concurrent use.
type JWTManager struct {
	callbacks

	config Config // has its defaults after InitApp

	// InitApp makes the rest, each part from the parts above it.
	events      *events // nil: no observer
	verifier    *verifier
	minter      *minter
	revocations *revocations
	once        *usedOnce
	possession  *possession
	purposes    *purposePolicy
	sessions    *sessionPolicy // nil: no sessions
	contexts    *contextWatch  // of SessionContext
	checks      *tokenChecks
	reader      *requestReader
	refuser     *refuser
	resources   []*resourceRules
}

// New returns a manager that will use config. It never fails: InitApp reports
// the mistakes in config.
func New(config Config) *JWTManager {
	return &JWTManager{config: config}
}

// InitApp checks the settings, parses the keys and freezes the manager. It
// attaches the manager to app, so that FromContext finds it in every request.
// Like Use of Gin, it applies to routes that are registered later. Call it
// again to attach the manager to another app.
//
// If app is nil, InitApp attaches nothing. Pass nil in programs that only
// create or verify tokens.
//
// The error joins all problems. Each is a [ConfigError] with the names of the
// field and the setting. InitApp first logs Config.Warnings, because a warning
// may explain a problem.
//
// Handlers receive a copy of the request. The server still removes the temporary
// files of a large form after the request.
func (m *JWTManager) InitApp(app gin.IRoutes) error {
	if !m.frozen {
		logWarnings(m.config.Warnings)
		if err := m.freeze(); err != nil {
			return err
		}
	}
	if app != nil {
		app.Use(describe(routeFacts{middleware: true}, m.attached))
	}
	return nil
}

func logWarnings(warnings []SettingWarning) {
	for _, w := range warnings {
		slog.Warn("ginjwt: "+w.Setting+": "+w.Problem, "fix", w.Fix)
	}
}

// freeze builds from the settings everything that requests need.
func (m *JWTManager) freeze() error {
	checked, err := m.config.check(&m.callbacks)
	if err != nil {
		return err
	}
	revokes := m.config.Blocklist != nil || m.tokenInBlocklist != nil
	m.config = checked.config
	m.assemble(checked, revokes)
	m.events.watch(&m.config)
	m.frozen = true
	return nil
}

// assemble builds the parts, each from the parts before it. revokes says that
// the application set a Blocklist or a TokenInBlocklistLoader.
func (m *JWTManager) assemble(checked checkedConfig, revokes bool) {
	config, loaders := &m.config, &m.callbacks
	m.events = newEvents(config)
	m.verifier = newVerifier(config, checked, loaders.decodeKey, m.events)
	m.minter = &minter{config: config, callbacks: loaders, verifier: m.verifier, keys: claimKeysOf(m.verifier.own.claims), events: m.events}
	memory, _ := config.Blocklist.(*store.MemoryBlocklist)
	aging, _ := store.AgingOf(config.Blocklist)
	m.revocations = &revocations{
		memory: memory, aging: aging, list: m.events.blocklist(config.Blocklist), callbacks: loaders, realm: config.Realm, required: revokes, sessions: config.Sessions != nil,
		events: m.events, now: config.Now, leeway: config.DecodeLeeway, accessLifetime: config.AccessTokenExpires, idleLifetime: config.RefreshTokenExpires,
	}
	m.once = &usedOnce{store: m.events.once(config.Once), realm: config.Realm, leeway: config.DecodeLeeway}
	m.possession = newPossession(config, m.verifier.keySet, m.once.store)
	m.purposes = &purposePolicy{
		config: config, verifier: m.verifier, minter: m.minter, times: purposeTimes{m.revocations, m.once}, once: m.once,
	}
	if config.Sessions != nil {
		m.sessions = &sessionPolicy{
			store: m.events.sessions(config.Sessions), config: config, minter: m.minter,
			revocations: m.revocations, callbacks: loaders, events: m.events,
		}
	}
	m.contexts = newContextWatch(config, m.revocations, m.sessions)
	m.verifier.startContext = m.contexts.start
	m.checks = &tokenChecks{callbacks: loaders, possession: m.possession, revocations: m.revocations, sessions: m.sessions, now: config.Now}
	m.reader = newRequestReader(config, func(ctx context.Context, encoded string, audience []string) error {
		token, err := m.verifier.decode(ctx, encoded, decodeSpec{audience: audience})
		if err != nil {
			return err
		}
		return m.revocations.check(ctx, token)
	})
	m.reader.spentTicket = spentTicket
	m.refuser = &refuser{&loaders.responders, config.ErrorProfile, challengesOf(config.HeaderType, config.DPoP), config.ErrorMessageKey, m.events}
	m.resources = config.resourceRules()
}

// SetKeys replaces all keys of the manager at run time: Config.Keys, and also
// SecretKey, PrivateKey and PublicKey. As in Config.Keys, the first active key signs,
// and all keys verify. Each request sees either the old keys or the new keys. Call
// SetKeys after InitApp; it is safe for concurrent use.
//
// The manager refuses tokens of keys that are not in the list. Keep an old key until
// its last token has expired. Before a new key signs, give it to all services that
// verify: see keys.Key.NotBefore and NotAfter. Tokens of SecretKey and PrivateKey have
// no key ID, so put such a key in the list with AllowMissingKeyID.
//
// If SetKeys returns an error, nothing has changed. It returns an error if an old key
// signs now but no new key does. A list with a retired key is an exception, so that you
// can withdraw a key in an emergency, even if nobody can log in then. Keys of an
// EncodeKeyLoader or a DecodeKeyLoader stay in use.
func (m *JWTManager) SetKeys(list ...keys.Key) error {
	if !m.frozen {
		return ErrNotInitialized
	}
	if err := m.config.mayHaveKeys(list); err != nil {
		return fmt.Errorf("ginjwt: SetKeys: %w", err)
	}
	set, err := m.config.keyOptions().NewSet(list...)
	if err != nil {
		return fmt.Errorf("ginjwt: SetKeys: %w", errors.Unwrap(err))
	}
	if err := checkSuccessor(m.verifier.keySet(), set, m.config.Now()); err != nil {
		return fmt.Errorf("ginjwt: SetKeys: %w", err)
	}
	m.verifier.setKeys(set)
	m.events.keysChanged()
	return nil
}

// ForgetIssuers drops issuers that Config.IssuerResolver has returned. The
// names are the "iss" claims of their tokens; without names it drops all. The
// next token makes the manager ask the IssuerResolver again. Call it in every
// process when a customer leaves. ForgetIssuers is safe for concurrent use.
func (m *JWTManager) ForgetIssuers(names ...string) {
	if m.frozen && m.verifier.others != nil {
		m.verifier.others.forget(names)
	}
}

// Config returns a copy of the settings with their defaults, for code that
// needs the name of a cookie or the clock. The copy has no SecretKey, no
// PrivateKey, no secrets for nonces and no Keys, also not in Issuers.
func (m *JWTManager) Config() Config {
	config := m.config.withDefaults()
	config.SecretKey, config.PrivateKey, config.Keys = "", "", nil
	config.DPoPNonceSecret, config.DPoPNonceOtherSecret = "", ""
	for i := range config.Issuers {
		config.Issuers[i].Keys = nil
	}
	return config
}

// String returns the name of the type, without any settings.
func (m JWTManager) String() string { return "ginjwt.JWTManager" }

// Format prints String for every verb, so that no verb shows a secret.
func (m JWTManager) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, m.String()) }

func (m *JWTManager) mustBeReady(caller string) {
	if !m.frozen {
		panic("ginjwt: " + caller + " must be called after InitApp")
	}
}

func (m *JWTManager) mustHaveSessions(handler string) {
	m.mustBeReady(handler)
	if m.sessions == nil {
		panic("ginjwt: " + handler + ": there are no sessions; set Config.Sessions")
	}
}
