package doctor

import "github.com/gin-jwt-extended/ginjwt/store"

// singleUseRules are about purpose tokens, and about Once, which remembers which of them
// were used.
var singleUseRules = []rule{
	{Warning, "Once", func(c effectiveConfig) bool {
		return c.takesSingleUse() && c.forgetsUses() && (c.sharesSessions() || !c.forgets())
	},
		"Other stores are shared, but what was used is remembered in this process alone: a ticket that was used is good once more in every other process, and here after a restart. So is a purpose token, until a shared Blocklist tells the process that it was used.",
		"Set Once to that of the same store."},
	{Warning, "Once", func(c effectiveConfig) bool { return 0 < c.onceMax() && c.onceMax() < 1000 || c.onceMax() < 0 },
		"MemoryOnce.Max leaves room for less than 1000 uses: when it is full, every purpose token and ticket is refused (503) until one of those that were used has expired. Any user can fill it by buying and using tickets.",
		"Leave MemoryOnce.Max zero, which is 1,000,000 uses and at most 50 MB."},
	{Note, "Once", func(c effectiveConfig) bool { return c.given.Once != nil && c.onlyVerifies() },
		"The keys only verify: this service creates no purpose tokens and no tickets, and cannot use purpose tokens that are bound (BoundTo, BoundBy), as that takes the key that signed them.",
		"Use tokens that are bound in the service that has the key, and leave Once nil if none are used here."},
}

// takesSingleUse reports whether there may be tokens that are used once. A service that
// only verifies rarely has some.
func (c effectiveConfig) takesSingleUse() bool { return c.signs() }

// forgetsUses reports whether what was used is remembered in this process alone.
func (c effectiveConfig) forgetsUses() bool {
	_, memory := c.Once.(*store.MemoryOnce)
	return memory
}

// onceMax is how many uses the Once in memory was told to have room for. Zero: as many
// as by default, or it is another one.
func (c effectiveConfig) onceMax() int {
	if m, _ := c.Once.(*store.MemoryOnce); m != nil {
		return m.Max
	}
	return 0
}
