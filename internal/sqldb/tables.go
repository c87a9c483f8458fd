package sqldb

import "github.com/gin-jwt-extended/ginjwt/internal/schema"

// version is the version of the tables below. To change the tables, add columns, indexes or
// tables with the new number as since, and raise Number. Oldest is the oldest version of the
// code that may still use them: the previous one. Its statements keep working if new columns
// have a default, and everything that it uses stays.
//
//  1. sessions, blocklist and blocklist_head
//  2. of sessions realm, ends, key_hash, data, upstream_iss, upstream_sid,
//     upstream_sub and jkt; of blocklist_head epoch, restoring and giver; the
//     tables blocklist_roll and schema
//  3. the table once
var version = schema.Version{Number: 3, Oldest: 2}

// kind is what a column is for; each dialect has a type for it.
type kind int

const (
	uuidText kind = iota
	keyText       // compared byte by byte
	text
	dataText
	markText
	hash
	number
)

// table is a table of a store, in any database.
type table struct {
	name    string // a template, as in statements
	columns []column
	indexes []index
	since   int64 // the version that brought it; zero is the first
}

type column struct {
	name  string
	kind  kind
	rest  string // what is written after NOT NULL
	since int64
}

type index struct {
	name    string // a template, which begins with that of the table
	columns string
	since   int64
}

// never is the zero time in milliseconds, as [time.Time.UnixMilli] has it.
const never = `DEFAULT -62135596800000`

const (
	primary   = `PRIMARY KEY`
	onlyRow   = `PRIMARY KEY CHECK (id = 1)`
	emptyText = `DEFAULT ''`
	zero      = `DEFAULT 0`
)

var tables = []table{
	{
		name: `{sessions}`,
		columns: []column{
			{name: "id", kind: uuidText, rest: primary},
			{name: "identity", kind: keyText},
			{name: "device", kind: text},
			{name: "generation", kind: number},
			{name: "created", kind: number},
			{name: "rotated", kind: number},
			{name: "grace", kind: number},
			{name: "expires", kind: number},
			{name: "changes", kind: number},
			{name: "realm", kind: keyText, rest: emptyText, since: 2},
			{name: "ends", kind: number, rest: never, since: 2},
			{name: "key_hash", kind: text, rest: emptyText, since: 2},
			{name: "data", kind: dataText, rest: emptyText, since: 2},
			{name: "upstream_iss", kind: text, rest: emptyText, since: 2},
			{name: "upstream_sid", kind: text, rest: emptyText, since: 2},
			{name: "upstream_sub", kind: text, rest: emptyText, since: 2},
			{name: "jkt", kind: text, rest: emptyText, since: 2},
		},
		indexes: []index{
			// The identity comes first, because version 1 looks for it alone. With this
			// index the index {sessions}_identity of version 1 is not needed.
			{name: `{sessions}_user`, columns: "identity, realm", since: 2},
			{name: `{sessions}_expires`, columns: "expires"},
		},
	},
	{
		name: `{blocklist}`,
		columns: []column{
			{name: "seq", kind: number, rest: primary},
			{name: "mark", kind: markText},
			{name: "id", kind: hash},
			{name: "expires", kind: number},
		},
		indexes: []index{
			{name: `{blocklist}_id`, columns: "id"},
			{name: `{blocklist}_expires`, columns: "expires"},
		},
	},
	{
		name: `{head}`,
		columns: []column{
			{name: "id", kind: number, rest: onlyRow},
			{name: "seq", kind: number},
			{name: "mark", kind: markText},
			{name: "epoch", kind: markText, rest: emptyText, since: 2},
			{name: "restoring", kind: number, rest: zero, since: 2},
			{name: "giver", kind: markText, rest: emptyText, since: 2},
		},
	},
	{
		name:  `{roll}`,
		since: 2,
		columns: []column{
			{name: "id", kind: markText, rest: primary},
			{name: "beat", kind: number},
			{name: "gave", kind: markText},
		},
	},
	{
		name:  `{schema}`,
		since: 2,
		columns: []column{
			{name: "id", kind: number, rest: onlyRow},
			{name: "version", kind: number},
			{name: "oldest", kind: number},
		},
	},
	{
		name:  `{once}`,
		since: 3,
		columns: []column{
			{name: "id", kind: hash, rest: primary},
			{name: "mark", kind: markText},
			{name: "expires", kind: number},
		},
		indexes: []index{
			{name: `{once}_expires`, columns: "expires"},
		},
	},
}
