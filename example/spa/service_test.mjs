// Tests of the client with the service. main_test.go starts the service; tests advance its
// clock. The fetch of this file keeps cookies as a browser does.
import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { createDPoP, newKey } from "./dpop.js";
import { createSession, inMemory } from "./session.js";

const origin = process.env.SERVICE;
const base = origin + "/api/";
const send = globalThis.fetch;

let logins, jar, loseAnswerOf;
let visits = 0;

beforeEach(() => {
	logins = [];
	jar = new Map();
	loseAnswerOf = "";
	globalThis.localStorage = inMemory();
	globalThis.document = {
		get cookie() {
			return [...jar].filter(([, cookie]) => cookie.readable).map(([name, { value }]) => `${name}=${value}`).join("; ");
		},
	};
	globalThis.fetch = async (request, init) => {
		const sent = new Request(request, init);
		sent.headers.set("Sec-Fetch-Site", "same-origin");
		if (sent.credentials !== "omit") sent.headers.set("Cookie", [...jar].map(([name, { value }]) => `${name}=${value}`).join("; "));
		const answer = await send(sent);
		if (loseAnswerOf && sent.url.endsWith(loseAnswerOf)) {
			loseAnswerOf = "";
			throw new TypeError("the answer was lost");
		}
		for (const line of answer.headers.getSetCookie()) {
			const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
			value ? jar.set(name, { value, readable: !line.includes("HttpOnly") }) : jar.delete(name);
		}
		return answer;
	};
});

const advance = (minutes) => send(`${origin}/test/advance/${minutes}m`, { method: "POST" });
const session = (more = {}) => createSession({ base, onLogin: (reason) => logins.push(reason), ...more });

async function login(path, { fetch } = globalThis) {
	const answer = await fetch(base + path, {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify({ username: "alice", password: "correct horse" }),
	});
	assert.equal(answer.status, 200);
	return answer.json();
}

async function body(answer) {
	assert.equal(answer.status, 200, await answer.clone().text());
	return answer.json();
}

const kinds = {
	async "in cookies"() {
		const alice = session();
		alice.start(await login("login"));
		return alice;
	},
	async "in headers"() {
		const alice = session({ tokens: inMemory() });
		alice.start(await login("token"));
		return alice;
	},
	async "bound to a key"() {
		const key = newKey();
		const dpop = createDPoP({ get: () => key });
		const alice = session({ tokens: inMemory(), dpop });
		alice.start(await login("token", dpop));
		return alice;
	},
};

for (const [kind, logIn] of Object.entries(kinds)) {
	test(`tokens ${kind} are refreshed for as long as the session lives`, async () => {
		const alice = await logIn();
		assert.deepEqual(await body(await alice.fetch("messages")), { messages_for: "alice" });
		for (let i = 0; i < 3; i++) {
			await advance(20);
			assert.deepEqual(await body(await alice.fetch("messages", { method: "POST" })), { sent_by: "alice" });
		}
		assert.equal((await alice.fetch("logout", { method: "POST" })).status, 204);
		assert.equal((await alice.fetch("messages")).status, 401);
		assert.equal(logins.length, 1);
		alice.end();
	});

	test(`with tokens ${kind} the answer to a refresh may be lost, for longer than the grace period`, async () => {
		const alice = await logIn();
		await advance(20);
		loseAnswerOf = "/refresh";
		await assert.rejects(alice.fetch("messages"), /lost/);
		await advance(20);
		await body(await alice.fetch("messages"));
		await advance(20);
		await body(await alice.fetch("messages"));
		assert.deepEqual(logins, []);
	});

	test(`tokens ${kind} are renewed while they are used`, async () => {
		const alice = await logIn();
		for (let i = 0; i < 4; i++) {
			await advance(10);
			loseAnswerOf = "/refresh"; // there is none
			await body(await alice.fetch("messages"));
		}
	});
}

test("tabs that refresh one after the other keep the session", async () => {
	const tabs = [await kinds["in cookies"](), session(), session()];
	for (let i = 0; i < 3; i++) {
		await advance(20);
		await Promise.all(tabs.map(async (tab) => body(await tab.fetch("messages", { method: "POST" }))));
	}
	assert.deepEqual(logins, []);
});

test("a copy of bound tokens is worth nothing without the key", async () => {
	const key = newKey();
	const dpop = createDPoP({ get: () => key });
	const pair = await login("token", dpop);
	const thief = createDPoP({ get: newKey });
	const statusOf = async (sender, path, method, scheme) =>
		(await sender.fetch(base + path, {
			method,
			headers: { Authorization: `${scheme} ${pair.access_token}`, "Content-Type": "application/json" },
			body: path === "messages" ? undefined : JSON.stringify({ refresh_token: pair.refresh_token }),
		})).status;
	for (const [path, method] of [["messages", "GET"], ["refresh", "POST"], ["logout", "POST"]]) {
		for (const sender of [globalThis, thief]) {
			for (const scheme of ["Bearer", "DPoP"]) {
				assert.equal(await statusOf(sender, path, method, scheme), 401, path);
			}
		}
	}
	for (const [path, method, status] of [["messages", "GET", 200], ["logout", "POST", 204], ["messages", "GET", 401]]) {
		assert.equal(await statusOf(dpop, path, method, "DPoP"), status, path);
	}
});

test("nobody is logged in", async () => {
	assert.equal((await session().fetch("messages")).status, 401);
	assert.equal(logins.length, 1);
});

// page stands in for the document of a page and for axios: it keeps what a script
// registers.
async function page(script) {
	const listeners = {};
	const button = { textContent: "", addEventListener: (name, listener) => (listeners[name] = listener) };
	Object.assign(document, { getElementById: () => button, addEventListener: button.addEventListener });
	globalThis.location = { href: origin + "/", assign: (to) => logins.push(to) };
	globalThis.axios = {
		create: ({ baseURL, adapter, env }) => ({
			async post(path) {
				assert.equal(adapter, "fetch");
				const answer = await env.fetch(new Request(new URL(baseURL + path, origin), { method: "POST" }));
				return { data: await body(answer) };
			},
		}),
	};
	await import(`./${script}.js?${visits++}`); // a new copy for each visit
	return { button, listeners };
}

test("axios sends its requests by the client", async () => {
	await kinds["in cookies"]();
	const { button, listeners } = await page("axios");
	await advance(20);
	await listeners.click();
	assert.equal(button.textContent, '{"sent_by":"alice"}');
});

test("htmx sends its requests by the client", async () => {
	await kinds["in cookies"]();
	const { listeners } = await page("htmx");
	await advance(20);
	const ctx = {};
	listeners["htmx:config:request"]({ detail: { ctx } });
	const answer = await ctx.fetch("/htmx/messages", { method: "POST", credentials: "same-origin", abort() {} });
	assert.equal(answer.status, 200);
	assert.equal(await answer.text(), "Sent by alice");
});

test("who is logged in nowhere is sent to the login", async () => {
	const { listeners } = await page("axios");
	await assert.rejects(listeners.click());
	assert.deepEqual(logins, ["/"]);
});
