package ginjwt

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/gin-gonic/gin"

	"github.com/gin-jwt-extended/ginjwt/keys"
)

// JWTManager holds the settings, keys and callbacks of one kind of token.
//
// It has two lives. Between New and InitApp it is being set up by one
// goroutine. After InitApp it is read-only and safe for concurrent use.
type JWTManager struct {
	callbacks

	config Config // with its defaults once InitApp has been called

	// The rest is made by InitApp, each from those above it.
	events      *events // nil: there is no observer
	verifier    *verifier
	minter      *minter
	revocations *revocations
	once        *usedOnce
	purposes    *purposePolicy
	sessions    *sessionPolicy // nil: there are none
	contexts    *contextWatch  // those of SessionContext
	checks      *tokenChecks
	reader      *requestReader
	refuser     *refuser
	resources   []*resourceRules
}

// New returns a manager that will use config. It never fails; InitApp reports
// whatever is wrong with the settings.
func New(config Config) *JWTManager {
	return &JWTManager{config: config}
}

// InitApp checks the settings, parses the keys, freezes the manager, and
// attaches it to app so that FromContext finds it in every request. All
// problems found are returned at once, joined, each with the name of its
// field and setting. Config.Warnings are logged first, as the cause of a problem
// may be among them.
//
// Where a manager is attached, the files that net/http keeps on disk for a large form
// are gone after the request, although handlers have a copy of it.
//
// An app of nil freezes without attaching, for programs that only create or
// decode tokens. Called again, InitApp only attaches. Like Gin's Use it reaches
// the routes that are registered after it.
func (m *JWTManager) InitApp(app gin.IRoutes) error {
	if !m.frozen {
		logWarnings(m.config.Warnings)
		if err := m.freeze(); err != nil {
			return err
		}
	}
	if app != nil {
		app.Use(m.attached)
	}
	return nil
}

func logWarnings(warnings []SettingWarning) {
	for _, w := range warnings {
		slog.Warn("ginjwt: "+w.Setting+": "+w.Problem, "fix", w.Fix)
	}
}

// freeze makes everything that requests need from the settings.
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

// assemble makes the parts, each from those before it. revokes says that the
// application itself chose how tokens are revoked.
func (m *JWTManager) assemble(checked checkedConfig, revokes bool) {
	config, loaders := &m.config, &m.callbacks
	m.events = newEvents(config)
	m.verifier = newVerifier(config, checked, loaders.decodeKey, m.events)
	m.minter = &minter{config: config, callbacks: loaders, verifier: m.verifier, keys: claimKeysOf(m.verifier.own.claims), events: m.events}
	m.revocations = &revocations{
		list: m.events.blocklist(config.Blocklist), callbacks: loaders, realm: config.Realm, required: revokes, sessions: config.Sessions != nil,
		events: m.events, now: config.Now, leeway: config.DecodeLeeway, accessLifetime: config.AccessTokenExpires, idleLifetime: config.RefreshTokenExpires,
	}
	m.once = &usedOnce{store: m.events.once(config.Once), realm: config.Realm, leeway: config.DecodeLeeway}
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
	m.checks = &tokenChecks{callbacks: loaders, revocations: m.revocations, sessions: m.sessions, now: config.Now}
	m.reader = newRequestReader(config, func(ctx context.Context, encoded string, audience []string) error {
		token, err := m.verifier.decode(ctx, encoded, decodeSpec{audience: audience})
		if err != nil {
			return err
		}
		return m.revocations.check(ctx, token)
	})
	m.reader.spentTicket = spentTicket
	m.refuser = &refuser{&loaders.responders, profiles[config.ErrorProfile], challengesOf(config.HeaderType), config.ErrorMessageKey, m.events}
	m.resources = config.resourceRules()
}

// SetKeys replaces the keys of the manager while it serves: those of
// Config.Keys, and SecretKey, PrivateKey and PublicKey too. As in Config.Keys,
// the first key that is active signs, and all verify. Requests in flight see
// the old keys or the new ones, never a part of each.
//
// Tokens of a key that is not in the list are refused from now on, so keep
// old keys in it until the last of their tokens has expired, and let all who
// verify know a new key before it signs: see keys.Key.NotAfter and NotBefore.
// Tokens of SecretKey and PrivateKey name no key: put that key in the list with
// AllowMissingKeyID.
//
// After an error nothing has changed. It is an error if none of the keys signs
// now, but one of those before does, unless one of the keys is retired: a key that
// is taken away in a hurry is meant to go, even if nobody can log in then. Keys
// from an EncodeKeyLoader or a DecodeKeyLoader stay in charge. SetKeys is safe for
// concurrent use, and is called after InitApp.
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

// ForgetIssuers drops issuers that Config.IssuerResolver brought, by the "iss" of their
// tokens; without names all of them. The IssuerResolver is asked again when the next token
// comes. Call it on every process when a customer has left. It is safe for concurrent use.
func (m *JWTManager) ForgetIssuers(names ...string) {
	if m.frozen && m.verifier.others != nil {
		m.verifier.others.forget(names)
	}
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
