// Tests of session.ts. main_test.go runs them in Node. The service is a function.
import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { createSession, inMemory, reasonOf, remedyFor } from "./session.js";

const base = "https://api.example.com/v1/";

let requests, logins, service;

beforeEach(() => {
	requests = [];
	logins = [];
	globalThis.localStorage = inMemory();
	globalThis.document = { cookie: "theme=dark; csrf_access_token=forgery-proof" };
	globalThis.fetch = async (request) => {
		requests.push(request);
		return service(request, requests.length);
	};
	Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true, writable: true });
});

afterEach(() => mock.timers.reset());

const ok = (body = {}, headers = {}) => Response.json(body, { headers });
const refused = (status, reason, headers = {}) => {
	const challenge = `Bearer realm="api", error="invalid_token", reason="${reason}"`;
	return new Response("{}", { status, headers: { ...headers, ...(reason && { "WWW-Authenticate": challenge }) } });
};
const isRefresh = (request) => request.url === base + "refresh";
const refreshes = () => requests.filter(isRefresh);
const keys = () => refreshes().map((request) => request.headers.get("Idempotency-Key"));
const withCookies = (more = {}) => createSession({ base, onLogin: (reason) => logins.push(reason), ...more });
const withHeaders = () => {
	const session = withCookies({ tokens: inMemory() });
	session.start({ access_token: "access-1", refresh_token: "refresh-1" });
	return session;
};

// expired refuses every request before a refresh.
const expired = (request) => {
	if (isRefresh(request)) return ok({ access_token: "access-2", refresh_token: "refresh-2" });
	return refreshes().length ? ok("hello") : refused(401, "token_expired");
};

test("the rule of three lines", () => {
	for (const [remedy, reasons] of Object.entries({
		"refresh": ["token_missing", "token_expired", "token_revoked", "signature_invalid"],
		"log in": ["session_ended", "session_reused", "user_not_found", "key_mismatch", "key_missing", "fresh_required"],
		"give up": ["insufficient_scope", "csrf_missing", "multiple_tokens", "store_unavailable", "internal_error", "key_scheme", "dpop_proof_invalid", "dpop_nonce_required", "my_token_expired"],
	})) {
		for (const reason of reasons) {
			assert.equal(remedyFor(refused(401, reason)), remedy, reason);
			assert.equal(reasonOf(refused(401, reason)), reason);
		}
	}
	assert.equal(remedyFor(refused(401, "")), "refresh", "the reason is hidden");
	assert.equal(remedyFor(refused(403, "")), "give up");
	assert.equal(remedyFor(ok()), "give up");
});

test("an expired token is refreshed once, and the request repeated with its body", async () => {
	service = expired;
	const answer = await withCookies().fetch("notes", { method: "POST", body: "buy milk" });
	assert.equal(await answer.json(), "hello");
	assert.deepEqual(requests.map((request) => request.url), [base + "notes", base + "refresh", base + "notes"]);
	assert.equal(await requests[2].text(), "buy milk");
	for (const request of requests) {
		assert.equal(request.method, "POST");
		assert.equal(request.credentials, "include");
		assert.equal(request.headers.get("X-CSRF-TOKEN"), "forgery-proof");
		assert.equal(request.headers.get("Authorization"), null);
	}
	assert.deepEqual(logins, []);
});

test("a request that only reads has no CSRF value", async () => {
	service = () => ok();
	await withCookies().fetch("notes");
	assert.equal(requests[0].headers.get("X-CSRF-TOKEN"), null);
});

test("the value of the refresh cookie does, where the access cookie has expired", async () => {
	service = () => ok();
	document.cookie = "csrf_refresh_token=proof";
	await withCookies().fetch("notes", { method: "DELETE" });
	assert.equal(requests[0].headers.get("X-CSRF-TOKEN"), "proof");
});

test("many requests at once bring one refresh", async () => {
	service = expired;
	const session = withCookies();
	const answers = await Promise.all([1, 2, 3, 4, 5].map((n) => session.fetch("notes/" + n)));
	assert.deepEqual(answers.map((answer) => answer.status), [200, 200, 200, 200, 200]);
	assert.equal(refreshes().length, 1);
});

test("a refusal that arrives after the refresh brings no second one", async () => {
	let release;
	const held = new Promise((resolve) => (release = resolve));
	service = async (request) => {
		if (!request.url.endsWith("slow") || refreshes().length) return expired(request);
		await held;
		return refused(401, "token_expired");
	};
	const session = withCookies();
	const slow = session.fetch("slow");
	await session.fetch("fast");
	release();
	assert.equal((await slow).status, 200);
	assert.equal(refreshes().length, 1);
});

test("a late refusal of old tokens does not keep new ones from being refreshed", async () => {
	let release;
	const held = new Promise((resolve) => (release = resolve));
	service = async (request) => {
		if (/fast|refresh/.test(request.url)) return expired(request);
		if (refreshes().length === 2) return ok();
		await held;
		return refused(401, "token_revoked");
	};
	const session = withCookies();
	const old = session.fetch("old");
	await session.fetch("fast");
	const young = session.fetch("young");
	release();
	assert.equal((await young).status, 200);
	await old;
	assert.equal(refreshes().length, 2);
});

test("of several tabs one refreshes", async () => {
	let last = Promise.resolve();
	navigator.locks = { request: (name, run) => (last = last.then(run)) };
	service = expired;
	const tabs = [withCookies(), withCookies(), withCookies()];
	const answers = await Promise.all(tabs.map((tab) => tab.fetch("notes")));
	assert.deepEqual(answers.map((answer) => answer.status), [200, 200, 200]);
	assert.equal(refreshes().length, 1);
});

test("a request that is refused again is given up", async () => {
	service = (request) => (isRefresh(request) ? ok() : refused(401, "token_expired"));
	const answer = await withCookies().fetch("notes");
	assert.equal(answer.status, 401);
	assert.equal(requests.length, 3);
	assert.deepEqual(logins, []);
});

test("a refused refresh asks for a login, once for all requests", async () => {
	service = (request) => refused(401, isRefresh(request) ? "session_ended" : "token_expired");
	const session = withCookies();
	const answers = await Promise.all([session.fetch("a"), session.fetch("b")]);
	assert.deepEqual(logins, ["session_ended"]);
	for (const answer of answers) {
		assert.equal(reasonOf(answer), "session_ended");
		assert.equal(await answer.text(), "{}");
	}
	assert.equal(refreshes().length, 1);
});

test("a page without a key has to log in where the service wants a proof", async () => {
	service = (request) => refused(400, isRefresh(request) ? "dpop_proof_missing" : "token_expired");
	await withHeaders().fetch("notes");
	assert.deepEqual(logins, ["dpop_proof_missing"]);
});

test("who needs a login gets no refresh, and who may not gets neither", async () => {
	service = (request) => refused(401, request.url.endsWith("password") ? "fresh_required" : "csrf_missing");
	const session = withCookies();
	await session.fetch("password", { method: "POST" });
	await session.fetch("other", { method: "POST" });
	assert.deepEqual(logins, ["fresh_required"]);
	assert.equal(refreshes().length, 0);
});

test("a lost answer is asked for again with the key, and a received one ends it", async () => {
	service = (request) => {
		if (!isRefresh(request)) return refused(401, "token_expired");
		switch (refreshes().length) {
			case 1: throw new TypeError("network");
			case 2: return refused(502, "");
			default: return ok();
		}
	};
	const session = withCookies();
	session.start();
	await assert.rejects(session.fetch("notes"), /network/);
	assert.equal((await session.fetch("notes")).status, 502);
	await session.fetch("notes");
	await session.fetch("notes");
	const [first, second, third, fourth] = keys();
	assert.match(first, /^[0-9-]{31,63}$/, "16 to 255 bytes");
	assert.equal(second, first);
	assert.equal(third, first);
	assert.notEqual(fourth, first);
	assert.deepEqual(logins, []);
});

test("a login makes a new key", async () => {
	service = (request) => refused(isRefresh(request) ? 500 : 401, "");
	const session = withCookies();
	session.start();
	await session.fetch("notes");
	session.start();
	await session.fetch("notes");
	assert.notEqual(keys()[1], keys()[0]);
});

test("a request that is refused while another tab logs out asks for a login", async () => {
	const session = withCookies();
	session.start();
	service = (request) => {
		if (!isRefresh(request)) withCookies().end();
		return refused(401, "token_missing");
	};
	assert.equal((await session.fetch("notes")).status, 401);
	assert.deepEqual(logins, ["token_missing"]);
	assert.equal(localStorage.getItem("ginjwt"), null);
});

test("a refresh that is refused after a login asks for no other login", async () => {
	const session = withCookies();
	session.start();
	service = (request) => {
		if (!isRefresh(request)) return expired(request);
		withCookies().start(); // in this tab or another
		return refused(401, "session_ended");
	};
	assert.equal(await (await session.fetch("notes")).json(), "hello");
	assert.deepEqual(logins, []);
	assert.equal(requests.length, 3);
});

test("a request of before a login that is refused after it asks for no other login", async () => {
	const session = withCookies();
	session.start();
	service = () => {
		withCookies().start();
		return refused(401, "user_not_found");
	};
	assert.equal((await session.fetch("notes")).status, 401);
	assert.deepEqual(logins, []);
});

test("tokens in headers are traded and sent", async () => {
	service = expired;
	const answer = await withHeaders().fetch("notes");
	assert.equal(answer.status, 200);
	const authorizations = requests.map((request) => request.headers.get("Authorization"));
	assert.deepEqual(authorizations, ["Bearer access-1", "Bearer access-1", "Bearer access-2"]);
	assert.deepEqual(await requests[1].json(), { refresh_token: "refresh-1" });
	assert.equal(requests[1].headers.get("Content-Type"), "application/json");
	assert.equal(requests[0].credentials, "omit");
	assert.equal(requests[1].headers.get("X-CSRF-TOKEN"), null);
});

test("an answer that arrives after the logout is ignored", async () => {
	const session = withHeaders();
	service = (request) => {
		if (isRefresh(request)) session.end();
		return expired(request);
	};
	await session.fetch("notes");
	await session.fetch("notes");
	assert.equal(requests.at(-1).headers.get("Authorization"), null);
});

test("a renewed token takes the place of the old one", async () => {
	const session = withHeaders();
	service = () => ok({}, { "X-Renewed-Token": "access-9" });
	await session.fetch("notes");
	await session.fetch("notes");
	assert.equal(requests[1].headers.get("Authorization"), "Bearer access-9");
});

test("a renewed token of before the logout is ignored", async () => {
	const session = withHeaders();
	service = () => {
		session.end();
		return ok({}, { "X-Renewed-Token": "access-9" });
	};
	await session.fetch("notes");
	await session.fetch("notes");
	assert.equal(requests[1].headers.get("Authorization"), null);
});

test("a request waits while the store does not answer", async () => {
	mock.timers.enable({ apis: ["setTimeout"] });
	service = (_, nth) => (nth === 1 ? refused(503, "store_unavailable", { "Retry-After": "5" }) : ok());
	const answer = withCookies().fetch("notes", { method: "POST", body: "once" });
	await settled();
	mock.timers.tick(4999);
	await settled();
	assert.equal(requests.length, 1);
	mock.timers.tick(5001);
	assert.equal((await answer).status, 200);
	assert.equal(await requests[1].text(), "once");
});

test("it gives up in the end, and at once where the service asks for a long time", async () => {
	mock.timers.enable({ apis: ["setTimeout"] });
	service = () => refused(503, "store_unavailable");
	const answer = withCookies().fetch("notes");
	for (let i = 0; i < 5; i++) {
		await settled();
		mock.timers.tick(60_000);
	}
	assert.equal((await answer).status, 503);
	assert.equal(requests.length, 4);

	service = () => refused(503, "store_unavailable", { "Retry-After": "3600" });
	assert.equal((await withCookies().fetch("notes")).status, 503);
	assert.equal(requests.length, 5);
	assert.deepEqual(logins, []);
});

test("another 503 is not repeated: the handler may have run", async () => {
	service = () => refused(503, "", { "Retry-After": "1" });
	await withCookies().fetch("notes", { method: "POST" });
	assert.equal(requests.length, 1);
});

test("tokens are sent to their service only", async () => {
	service = () => ok();
	const session = withHeaders();
	for (const url of ["https://example.com/", "//evil.example/", "https://api.example.com:8443/", "http://api.example.com/"]) {
		await assert.rejects(session.fetch(url), /tokens are for https:\/\/api\.example\.com only/);
	}
	await session.fetch(new Request("https://api.example.com/other", { headers: { Accept: "text/plain" } }));
	assert.deepEqual(requests.map((request) => request.headers.get("Accept")), ["text/plain"]);
});

// settled waits until no promise can run any more.
const settled = () => new Promise((resolve) => setImmediate(resolve));
