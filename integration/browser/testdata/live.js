// A page with the client of docs/live.md, which notes what happens.
import { createLive } from "/script/live.js";
import { createSession } from "/script/session.js";

const session = createSession({ base: "/api/", onLogin: (reason) => note("login", reason) });
const live = createLive({
	fetch: session.fetch,
	onEnd: (cause) => note("end", cause),
	shortest: 50,
	longest: 200,
});
const happened = {};
const opened = {};
const last = {}; // message that has arrived, by connection

function note(name, what) {
	(happened[name] ??= []).push(what);
}

function listener(name) {
	return {
		onMessage(data) {
			const { id, text } = JSON.parse(data);
			last[name] = id;
			note(name, "message " + text);
		},
		onState: (state, detail) => note(name, detail === undefined ? state : state + " " + detail),
	};
}

const post = (url, body) =>
	session.fetch(url, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

window.client = {
	happened,
	forget: () => Object.keys(happened).forEach((name) => delete happened[name]),
	async login() {
		const answer = await post("login", { username: "alice", password: "correct horse" });
		if (answer.ok) session.start();
		return answer.status;
	},
	logout: async () => (await session.fetch("logout", { method: "POST" })).status,
	me: async () => (await session.fetch("me")).status,
	say: async (text) => (await post("messages", { text })).status,
	open(name) {
		opened[name] =
			name === "events"
				? live.events("/live/events", listener(name))
				: live.socket(() => "/live/" + name + "?after=" + (last[name] ?? 0), listener(name));
	},
	send: (name, text) => opened[name].send(text),
	download: (rows) => live.download("/live/export?rows=" + rows),
	ticket: async (url) => (await (await post("ticket", { method: "GET", url })).json()).ticket,

	// raw opens a connection without the client, and returns what the browser says of it.
	rawSocket: (url, first) =>
		new Promise((told) => {
			const socket = new WebSocket(url);
			socket.onclose = ({ code, reason, wasClean }) => told([code, reason, wasClean].join());
			socket.onopen = () => (first ? socket.send(first) : told("open"));
		}),
	rawEvents: (url) =>
		new Promise((told) => {
			const source = new EventSource(url);
			source.onerror = () => told("error " + source.readyState);
			source.onopen = () => told("open");
		}),
};
