package server

import "sync"

// kept is the number of old messages that a client can get after it reconnects.
const kept = 100

// message is a message of a user to everybody.
type message struct {
	ID   int    `json:"id"`
	From string `json:"from"`
	Text string `json:"text"`
}

// feed keeps the newest messages, and wakes the connections that wait for more. Each connection
// reads at its own speed, so that none waits for a slow one.
type feed struct {
	mu       sync.Mutex
	last     int
	messages []message
	changed  chan struct{} // closed by the next message
}

func newFeed() *feed { return &feed{changed: make(chan struct{})} }

func (f *feed) post(from, text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last++
	f.messages = append(f.messages, message{f.last, from, text})
	f.messages = f.messages[max(0, len(f.messages)-kept):]
	close(f.changed)
	f.changed = make(chan struct{})
}

// after returns the messages after an ID, and a channel that the next message closes.
func (f *feed) after(id int) (newer []message, changed <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, m := range f.messages {
		if m.ID > id {
			newer = append(newer, m)
		}
	}
	return newer, f.changed
}

// newest returns the ID of the newest message.
func (f *feed) newest() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.last
}
