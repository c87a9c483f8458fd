package redisdb

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestErrorsTellNoIDs(t *testing.T) {
	t.Parallel()
	const text = "ERR unknown command 'ZMSCORE', with args beginning with: '{ginjwt}:blocklist' 'secret' "
	assert.EqualError(t, failure(errors.New(text)), "redisstore: ERR unknown command 'ZMSCORE'; "+adviceCommands)
}

func TestAdvice(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"READONLY You can't write against a read only replica. script: x":                                      "; the server is a replica: connect to the master",
		"NOPERM this user has no permissions to run the 'xread' command":                                       "; " + adviceRights,
		"ERR The user executing the script can't run this command or subcommand script: x, on @user_script:2.": "; " + adviceRights,
		"ERR ACL failure in script: User app has no permissions to run the 'time' command script: x":           "; " + adviceRights,
		"WRONGTYPE Operation against a key holding the wrong kind of value":                                    "; check whether another program writes to the keys of this prefix",
		"MOVED 11782 127.0.0.1:7001":                     "; " + adviceCluster,
		"ERR This instance has cluster support disabled": "; the server is not a cluster: use redis.NewClient",
		"LOADING Redis is loading the dataset in memory": "",
	} {
		err := errors.New(text)
		assert.EqualError(t, failure(err), "redisstore: "+text+want)
		assert.ErrorIs(t, failure(err), err)
	}
	assert.NoError(t, failure(nil))
}
