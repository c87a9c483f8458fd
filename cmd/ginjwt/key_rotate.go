package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gin-jwt-extended/ginjwt"
	"github.com/gin-jwt-extended/ginjwt/keys"
)

// rotation has the flags of key rotate and its result.
type rotation struct {
	keySpec
	activateIn, retireAfter length
	dryRun, force           bool
	dropRetired             bool
	envFile                 string

	now       time.Time
	added     keys.Key
	replaced  []keys.Key
	dropped   []string
	activates time.Time
	retires   time.Time
}

func (a *app) keyRotateCommand() *cobra.Command {
	r := &rotation{keySpec: *a.newKeySpec(), activateIn: length(time.Hour), retireAfter: length(31 * day)}
	c := &cobra.Command{
		Use:   "rotate FILE",
		Short: "Replace the key that signs, without refusing a token",
		Long: `Adds a new key to a JWK Set, and sets when the keys that sign now retire:

  now                   the new key is published and verifies; the old key signs
  after --activate-in   the new key signs; the old key still verifies
  after --retire-after  (counted from the activation) the old key retires

--activate-in must be long enough for every process to read the file again, and
longer than other services cache your published keys. --retire-after must be longer
than the longest lifetime of a token. The file is replaced as a whole. --dry-run
shows what would happen.`,
		Example: `  ginjwt key rotate keys.json --dry-run
  ginjwt key rotate keys.json --activate-in 1h --retire-after 31d
  ginjwt key rotate keys.json --algorithm EdDSA
  ginjwt key rotate keys.json --activate-in 0 --retire-after 0 --force   # the key was stolen`,
		Args: oneFile,
		RunE: func(c *cobra.Command, args []string) error { return a.keyRotate(c, r, args[0]) },
	}
	r.flags(c, "")
	f := c.Flags()
	f.Lookup("algorithm").Usage += " (default: the algorithm of the key that signs now)"
	f.Var(&r.activateIn, "activate-in", "how long until the new key signs")
	f.Var(&r.retireAfter, "retire-after", "how long the old keys verify after that")
	f.StringVarP(&r.envFile, "env-file", "e", "", "read the lifetimes of tokens from a .env `FILE`, not from the environment")
	f.BoolVarP(&r.dryRun, "dry-run", "n", false, "show what would happen, and change nothing")
	f.BoolVar(&r.dropRetired, "drop-retired", false, "remove keys that have retired")
	f.BoolVar(&r.force, "force", false, "do it even if services refuse tokens because of it")
	return c
}

func (a *app) keyRotate(c *cobra.Command, r *rotation, path string) error {
	r.now = a.now().Truncate(time.Second)
	r.activates = r.now.Add(time.Duration(r.activateIn))
	r.retires = r.activates.Add(time.Duration(r.retireAfter))
	if r.activateIn > 0 {
		r.notBefore.Time = r.activates
	}
	err := a.changeKeys(path, r.dryRun, func(file *keyFile) error {
		if err := r.chooseType(c, file.keys); err != nil {
			return err
		}
		if err := a.checkRetirement(r); err != nil {
			return err
		}
		return r.rotate(c, file)
	})
	if err != nil {
		return err
	}
	if r.activateIn < length(shortestWait) && r.retireAfter > 0 {
		a.warn("processes that have not read the file again when the new key begins to sign refuse its tokens; --activate-in 1h gives them time")
	}
	if a.json {
		return a.writeJSON(r.answer(path))
	}
	a.printRotation(r, path)
	return nil
}

// shortestWait is the minimum time that processes need to read a file again. A rotation
// with a shorter --activate-in prints a warning.
const shortestWait = 5 * time.Minute

// checkRetirement refuses to retire keys before their tokens have expired. It takes the
// lifetimes from the settings, or the defaults.
func (a *app) checkRetirement(r *rotation) error {
	if r.force {
		return nil
	}
	file, err := a.environment(&source{envFile: r.envFile})
	if err != nil {
		return err
	}
	config, err := ginjwt.LoadConfig(withoutKeys(file.values).lookup)
	if err != nil {
		return hint(err, "--retire-after depends on how long tokens live. See: ginjwt doctor")
	}
	config = ginjwt.New(config).Config() // with its defaults
	longest := config.RefreshTokenExpires
	if r.tokenType == string(ginjwt.AccessToken) {
		longest = config.AccessTokenExpires
	}
	problem := ""
	switch {
	case longest == ginjwt.NeverExpires:
		problem = "tokens never expire, so all tokens of the old key would be refused"
	case longest+config.DecodeLeeway > time.Duration(r.retireAfter):
		leeway := ""
		if config.DecodeLeeway > 0 {
			leeway = ", with a leeway of " + human(config.DecodeLeeway)
		}
		problem = fmt.Sprintf("tokens live for up to %s%s, so the last tokens of the old key would be refused before they expire", human(longest), leeway)
	default:
		return nil
	}
	return hint(fmt.Errorf("--retire-after %s: %s", human(time.Duration(r.retireAfter)), problem), "make it longer; or, to log users out on purpose, add --force")
}

func (r *rotation) rotate(c *cobra.Command, file *keyFile) error {
	old := r.current(file.keys)
	if err := r.checkCurrent(file, old); err != nil {
		return err
	}
	if r.algorithm == "" {
		r.algorithm = r.currentAlgorithm(file.keys, old)
	}
	if err := r.check(c, r.now); err != nil {
		return err
	}
	var err error
	if r.added, err = r.newKey(); err != nil {
		return err
	}
	for _, i := range old {
		if key := file.keys[i]; key.NotAfter.IsZero() || key.NotAfter.After(r.retires) {
			file.retire(i, r.retires)
		}
		r.replaced = append(r.replaced, file.keys[i])
	}
	r.drop(file)
	return file.insert(0, r.added)
}

// chooseType sets the token type of the new key: the flag --type, or the type of the keys
// that sign now.
func (r *rotation) chooseType(c *cobra.Command, list []keys.Key) error {
	if c.Flags().Changed("type") {
		r.tokenType = strings.TrimPrefix(r.tokenType, "all") // keys for all have no type
		return nil
	}
	types := map[string]bool{}
	for i := range signersOf(list, r.now) {
		types[list[i].TokenType] = true
		r.tokenType = list[i].TokenType
	}
	switch {
	case len(types) > 1 && types[""]:
		return usage(c, "some keys are for one type of token only; choose --type access, --type refresh or --type all")
	case len(types) > 1:
		return usage(c, "access tokens and refresh tokens have separate keys; choose --type access or --type refresh, and rotate both one after the other")
	}
	return nil
}

// current returns the indexes of the keys that the new key replaces: all signing keys for
// its type of token.
func (r *rotation) current(list []keys.Key) (indexes []int) {
	for i, key := range list {
		same := key.TokenType == r.tokenType
		if key.Sign != nil && stateOf(key, r.now) != stateRetired && same {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

// currentAlgorithm returns the algorithm of the key that signs now. A planned key can have
// another algorithm.
func (r *rotation) currentAlgorithm(list []keys.Key, old []int) string {
	signers := signersOf(list, r.now)
	for _, i := range old {
		if len(signers[i]) > 0 {
			return algorithmOf(list[i])
		}
	}
	return algorithmOf(list[old[0]])
}

// checkCurrent refuses to rotate if no key signs, if a rotation is under way, or if no key
// would sign for a while.
func (r *rotation) checkCurrent(file *keyFile, old []int) error {
	if len(old) == 0 {
		return r.nothingToReplace(file)
	}
	if r.force {
		return nil
	}
	goesOn := false
	for _, i := range old {
		key := file.keys[i]
		if stateOf(key, r.now) == statePlanned {
			return hint(fmt.Errorf("%s: a rotation is under way: %s signs %s", file.path, idOf(key), relative(key.NotBefore, r.now)),
				"wait until then, or undo it with: %s", file.undo(i, r.now))
		}
		goesOn = goesOn || key.NotAfter.IsZero() || !key.NotAfter.Before(r.activates)
	}
	if !goesOn {
		return hint(fmt.Errorf("%s: no key would sign for a while: the keys that sign now retire before the new key signs", file.path), "make --activate-in shorter, or 0")
	}
	return nil
}

// nothingToReplace says why a rotation would replace no key of the file.
func (r *rotation) nothingToReplace(file *keyFile) error {
	others := slices.ContainsFunc(file.keys, func(key keys.Key) bool {
		return key.Sign != nil && stateOf(key, r.now) != stateRetired
	})
	switch {
	case !others:
		return hint(fmt.Errorf("%s: has no key that signs", file.path), "add one with: %s", command("key add", "--first", file.path))
	case r.tokenType == "":
		return hint(fmt.Errorf("%s: has no key for all types of token", file.path), "choose --type access or --type refresh")
	}
	return hint(fmt.Errorf("%s: has no key for %s tokens only", file.path, r.tokenType),
		"leave out --type, or choose another type; to add a separate key: %s", command("key add", "--first --type "+r.tokenType, file.path))
}

// undo returns the commands that undo the rotation of a planned key: they cancel the
// retirement of the old keys and remove the planned key.
func (f *keyFile) undo(planned int, now time.Time) string {
	var last time.Time
	retiring := func(key keys.Key) bool {
		return key.Sign != nil && key.TokenType == f.keys[planned].TokenType && stateOf(key, now) == stateActive && key.NotAfter.After(f.keys[planned].NotBefore)
	}
	for _, key := range f.keys {
		if retiring(key) && key.NotAfter.After(last) {
			last = key.NotAfter
		}
	}
	var steps []string
	for _, key := range f.keys {
		if retiring(key) && key.NotAfter.Equal(last) {
			steps = append(steps, command("key retire", "--never", f.path, idOf(key)))
		}
	}
	return strings.Join(append(steps, command("key remove", "", f.path, idOf(f.keys[planned]))), " && ")
}

// drop removes the keys that retire before they begin to sign. With --drop-retired it also
// removes the keys that have retired.
func (r *rotation) drop(file *keyFile) {
	for i, key := range slices.Backward(slices.Clone(file.keys)) {
		never := !key.NotAfter.IsZero() && !key.NotAfter.After(key.NotBefore)
		over := !key.NotAfter.IsZero() && key.NotAfter.Before(r.now)
		if never || over && r.dropRetired {
			r.dropped = append(r.dropped, idOf(key))
			file.remove(i)
		}
	}
}

// rotationAnswer is the JSON output of key rotate.
type rotationAnswer struct {
	File      string   `json:"file"`
	DryRun    bool     `json:"dry_run"`
	Added     string   `json:"added"`
	Algorithm string   `json:"algorithm"`
	Activates string   `json:"activates"`
	Replaced  []string `json:"replaced"`
	Retires   string   `json:"retires"`
	Dropped   []string `json:"dropped,omitempty"`
}

func (r *rotation) answer(path string) rotationAnswer {
	return rotationAnswer{
		File: path, DryRun: r.dryRun, Added: r.added.ID, Algorithm: r.added.Algorithm, Activates: date(r.activates),
		Replaced: ids(r.replaced), Retires: date(r.retires), Dropped: r.dropped,
	}
}

func ids(list []keys.Key) (all []string) {
	for _, key := range list {
		all = append(all, idOf(key))
	}
	return all
}

func (a *app) printRotation(r *rotation, path string) {
	if r.dryRun {
		a.out.line("%s", a.out.yellow("Nothing was changed (--dry-run). This would happen:"))
	}
	a.out.line("%s: a new key for %s, %s", a.out.bold("%s", path), r.added.Algorithm, r.added.ID)
	for _, id := range ids(r.replaced) {
		a.out.line("  replaces %s", id)
	}
	for _, id := range r.dropped {
		a.out.line("  removes %s, which is no longer used", id)
	}
	a.out.line("")
	if r.activateIn > 0 {
		a.printStep(r, r.now, "the new key is published and verifies; the old one signs")
	}
	if r.retireAfter > 0 {
		a.printStep(r, r.activates, "the new key signs; the old one verifies")
		a.printStep(r, r.retires, "the old key retires: tokens that it signed are refused")
	} else {
		a.printStep(r, r.activates, "the new key signs, and the old key retires: tokens that it signed are refused")
	}
	a.out.line("")
	if r.activateIn > 0 {
		a.out.line("Every process must read the file again before %s: restart it, or let it call SetKeys.", stamp(r.activates))
		return
	}
	a.out.line("Every process must read the file again now: restart it, or let it call SetKeys.")
}

func (a *app) printStep(r *rotation, at time.Time, what string) {
	if len(r.replaced) > 1 {
		what = strings.NewReplacer("old one signs", "old ones sign", "old one verifies", "old ones verify",
			"old key retires", "old keys retire", "it signed", "they signed").Replace(what)
	}
	when := fmt.Sprintf("%-12s", relative(at, r.now))
	a.out.line("  %s  %s  %s", a.out.bold("%s", when), stamp(at), what)
}
