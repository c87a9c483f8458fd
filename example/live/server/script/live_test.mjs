// The tests of live.ts, which pages_test.go runs in Node. This file has its own sockets and
// streams. Tests in a browser use real ones.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { createLive } from "./live.js";

let orders, sockets, sources, ends, service, random;

class Fake {
	closed = false;
	constructor(url, all) {
		this.url = url;
		this.listeners = {};
		all.push(this);
	}
	addEventListener(name, listener) {
		this.listeners[name] = listener;
	}
	close() {
		this.closed = true;
	}
}

beforeEach(() => {
	orders = [];
	sockets = [];
	sources = [];
	ends = [];
	random = 1;
	service = () => Response.json({ ticket: "t" + orders.length, expires_in: 30 });
	globalThis.WebSocket = class extends Fake {
		static OPEN = 1;
		constructor(url) {
			super(url, sockets);
		}
		send(data) {
			this.sent = data;
		}
	};
	globalThis.EventSource = class extends Fake {
		constructor(url) {
			super(url, sources);
		}
	};
	mock.method(Math, "random", () => random);
	mock.timers.enable({ apis: ["setTimeout", "Date"] });
});

afterEach(() => {
	mock.timers.reset();
	mock.restoreAll();
});

const settled = () => new Promise((resolve) => setImmediate(resolve));

// pass advances the time, and runs everything that is due.
async function pass(milliseconds) {
	mock.timers.tick(milliseconds);
	await settled();
}

function client(more = {}) {
	return createLive({
		base: "https://api.example.com/page",
		fetch: async (path, init) => {
			orders.push({ path, ...init, body: JSON.parse(init.body) });
			return service();
		},
		onEnd: (cause) => ends.push(cause),
		...more,
	});
}

async function open(kind, path, more) {
	const states = [];
	const messages = [];
	const listener = { onMessage: (data) => messages.push(data), onState: (state) => states.push(state) };
	const connection = kind === "events" ? client(more).events(path, listener) : client(more).socket(() => path, listener);
	await settled();
	return { connection, states, messages };
}

const lose = (socket, code = 1006, reason = "") => socket.onclose({ code, reason, wasClean: code !== 1006 });

test("a ticket is for the path and the query as they are written, and goes behind them", async () => {
	await open("socket", "/live?room=a%20b");
	assert.equal(orders[0].path, "ticket");
	assert.equal(orders[0].method, "POST");
	assert.deepEqual(orders[0].body, { method: "GET", url: "/live?room=a%20b" });
	assert.equal(sockets[0].url, "wss://api.example.com/live?room=a%20b&ticket=t1");
	await open("events", "/events", { ticketPath: "buy", ticketName: "t" });
	assert.equal(orders[1].path, "buy");
	assert.equal(sources[0].url, "https://api.example.com/events?t=t2");
});

test("a lost connection is opened again with a new ticket, each time after twice as long at most", async () => {
	const { states } = await open("socket", "/live");
	for (const wait of [1000, 2000, 4000, 8000, 16000, 30000, 30000]) {
		lose(sockets.at(-1));
		const before = sockets.length;
		await pass(wait - 1);
		assert.equal(sockets.length, before, wait);
		await pass(1);
		assert.equal(sockets.length, before + 1, wait);
	}
	assert.equal(new Set(sockets.map((socket) => socket.url)).size, sockets.length);
	assert.deepEqual(states.slice(0, 3), ["connecting", "waiting", "connecting"]);
});

test("the time is random, so that not all come back at once", async () => {
	await open("socket", "/live");
	random = 0.25;
	lose(sockets[0]);
	await pass(249);
	assert.equal(sockets.length, 1);
	await pass(1);
	assert.equal(sockets.length, 2);
});

test("a connection that was good for a while begins anew, another does not", async () => {
	await open("socket", "/live");
	for (const [lasts, wait] of [[0, 1000], [30_000, 2000], [30_001, 1000]]) {
		const socket = sockets.at(-1);
		socket.onopen();
		await pass(lasts);
		lose(socket);
		await pass(wait - 1);
		assert.equal(sockets.at(-1), socket, lasts);
		await pass(1);
		assert.notEqual(sockets.at(-1), socket, lasts);
	}
});

test("after the end of the session nothing is opened again", async () => {
	for (const code of [3000, 3003, 1008]) {
		const { states } = await open("socket", "/live");
		lose(sockets.at(-1), code, "logout");
		assert.deepEqual(states, ["connecting", "closed"], code);
	}
	const { states } = await open("events", "/events");
	sources[0].listeners["session-end"]({ data: "reuse" });
	assert.ok(sources[0].closed, "or it would come back by itself");
	assert.deepEqual(states, ["connecting", "closed"]);
	sources[0].onerror();
	await pass(60_000);
	assert.deepEqual(ends, ["logout", "logout", "logout", "reuse"]);
	assert.equal(sockets.length, 3);
	assert.equal(sources.length, 1);
});

test("other codes are no end of the session", async () => {
	for (const code of [1000, 1001, 1011, 1012, 1013, 4000]) {
		const { states } = await open("socket", "/live");
		lose(sockets.at(-1), code);
		assert.equal(states.at(-1), "waiting", code);
	}
	assert.deepEqual(ends, []);
});

test("a stream does not come back by itself, and goes on after the last event", async () => {
	const { messages } = await open("events", "/events?room=1");
	sources[0].onmessage({ data: "hello", lastEventId: "7/a" });
	sources[0].onerror();
	assert.ok(sources[0].closed);
	await pass(1000);
	assert.equal(orders[1].body.url, "/events?room=1&after=7%2Fa");
	assert.equal(sources[1].url, "https://api.example.com/events?room=1&after=7%2Fa&ticket=t2");
	assert.deepEqual(messages, ["hello"]);
});

test("it waits while there is no ticket to have, and gives up where it gets none", async () => {
	for (const [answer, state] of [
		[() => new Response("", { status: 503 }), "waiting"],
		[() => new Response("", { status: 429 }), "waiting"],
		[() => Promise.reject(new TypeError("network")), "waiting"],
		[() => new Response("", { status: 401 }), "closed"],
		[() => new Response("", { status: 403 }), "closed"],
	]) {
		service = answer;
		const { states } = await open("socket", "/live");
		assert.deepEqual(states, ["connecting", state]);
	}
	assert.equal(sockets.length, 0);
	assert.deepEqual(ends, [], "what a refusal means, the session has said");
});

test("what arrives after a close is ignored, and so is a ticket", async () => {
	let give;
	service = () => new Promise((resolve) => (give = resolve));
	const { connection, states } = await open("socket", "/live");
	connection.close();
	give(Response.json({ ticket: "late" }));
	await pass(60_000);
	assert.equal(sockets.length, 0);

	service = () => Response.json({ ticket: "t" });
	const second = await open("socket", "/live");
	second.connection.close();
	assert.ok(sockets[0].closed);
	lose(sockets[0], 3000);
	await pass(60_000);
	assert.equal(sockets.length, 1);
	assert.deepEqual(ends, []);
	assert.deepEqual(states, ["connecting", "closed"]);
});

test("a listener may close at any state", async () => {
	for (const last of ["waiting", "connecting", "open"]) {
		const before = [orders.length, sockets.length];
		let connection;
		const states = [];
		const onState = (state) => {
			states.push(state);
			if (state === last && connection) connection.close();
		};
		connection = client().socket(() => "/live", { onMessage() {}, onState });
		await settled();
		if (last === "open") sockets.at(-1).onopen();
		else lose(sockets.at(-1));
		await pass(60_000);
		await pass(60_000);
		assert.equal(states.at(-1), "closed", last);
		assert.deepEqual([orders.length, sockets.length], [before[0] + 1, before[1] + 1], last);
	}
});

test("a page that comes back opens what had not ended", async (t) => {
	const listeners = new Map();
	globalThis.addEventListener = (name, listener) => listeners.set(name, listener);
	globalThis.removeEventListener = (name, listener) => listeners.get(name) === listener && listeners.delete(name);
	t.after(() => {
		delete globalThis.addEventListener;
		delete globalThis.removeEventListener;
	});
	const leaveAndReturn = async () => {
		const before = orders.length;
		listeners.get("pagehide")?.({});
		listeners.get("pageshow")?.({ persisted: true });
		await settled();
		return orders.length - before;
	};
	const { connection } = await open("socket", "/live");
	assert.equal(await leaveAndReturn(), 1);
	connection.close();
	assert.equal(await leaveAndReturn(), 0, "closed");
	await open("socket", "/live");
	lose(sockets.at(-1), 3000, "logout");
	assert.equal(await leaveAndReturn(), 0, "the session has ended");
	service = () => new Response("", { status: 403 });
	await open("socket", "/live");
	assert.equal(await leaveAndReturn(), 0, "no ticket");
});

test("send tells whether there is a connection", async () => {
	const { connection } = await open("socket", "/live");
	assert.equal(connection.send("early"), false);
	sockets[0].readyState = 1;
	assert.equal(connection.send("hello"), true);
	assert.equal(sockets[0].sent, "hello");
});

test("a listener may close what has closed, which is told once", async () => {
	let connection;
	const states = [];
	const onState = (state) => {
		states.push(state);
		if (state === "closed") connection.close();
	};
	connection = client().socket(() => "/live", { onMessage: () => {}, onState });
	await settled();
	lose(sockets[0], 3000, "logout");
	connection.close();
	assert.deepEqual(states, ["connecting", "closed"]);
	assert.deepEqual(ends, ["logout"]);
});
