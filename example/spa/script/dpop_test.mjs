// Tests of dpop.ts. main_test.go runs them in Node. The service and IndexedDB are functions.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { beforeEach, mock, test } from "node:test";
import { createDPoP, inDatabase, newKey } from "./dpop.js";
import { createSession, inMemory } from "./session.js";

const base = "https://api.example.com/v1/";

let requests, service, databases;

beforeEach(() => {
	requests = [];
	databases = new Map();
	globalThis.fetch = async (request) => {
		requests.push(request);
		return service(request, requests.length);
	};
	globalThis.indexedDB = { open: (name) => later(() => database(name)) };
	Object.defineProperty(globalThis, "navigator", { value: {}, configurable: true, writable: true });
});

// later returns a request of IndexedDB that succeeds with what run returns.
function later(run) {
	const request = {};
	setImmediate(() => {
		try {
			request.result = run(request);
		} catch (error) {
			request.error = error;
			return request.onerror();
		}
		request.onsuccess();
	});
	return request;
}

function database(name) {
	const keys = databases.get(name) ?? databases.set(name, new Map()).get(name);
	const store = {
		get: (key) => later(() => keys.get(key)),
		add: (value, key) => later(() => {
			if (keys.has(key)) throw new DOMException("it is there", "ConstraintError");
			keys.set(key, value);
		}),
		delete: (key) => later(() => void keys.delete(key)),
	};
	return { transaction: () => ({ objectStore: () => store }), close() {} };
}

const inVariable = (key = newKey()) => ({ get: () => key, forget: () => (key = newKey()) });
const ok = (headers = {}) => Response.json({}, { headers });
const refused = (status, reason, headers = {}) =>
	new Response("{}", { status, headers: { ...headers, "WWW-Authenticate": `DPoP algs="ES256", realm="api", reason="${reason}"` } });
const part = (text) => JSON.parse(Buffer.from(text, "base64url").toString());

// read verifies a proof and returns its claims.
async function read(request) {
	const [header, claims, signature] = request.headers.get("DPoP").split(".");
	const { typ, alg, jwk, ...others } = part(header);
	assert.deepEqual([typ, alg, others], ["dpop+jwt", "ES256", {}]);
	assert.deepEqual(Object.keys(jwk), ["kty", "crv", "x", "y"], "and nothing private");
	const key = await crypto.subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"]);
	const signed = new TextEncoder().encode(header + "." + claims);
	assert.ok(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, Buffer.from(signature, "base64url"), signed));
	return { ...part(claims), x: jwk.x };
}

test("a proof is for the method, the URL without its query, and the token", async () => {
	service = () => ok();
	const { fetch } = createDPoP(inVariable());
	await fetch(base + "notes?page=2#top", { method: "PUT", body: "buy milk", headers: { Authorization: "DPoP abc" } });
	await fetch(base + "login", { method: "POST" });
	const [first, second] = await Promise.all(requests.map(read));
	assert.equal(first.htm, "PUT");
	assert.equal(first.htu, base + "notes");
	assert.equal(first.ath, createHash("sha256").update("abc").digest("base64url"));
	assert.ok(Math.abs(first.iat - Date.now() / 1000) < 60 && Number.isInteger(first.iat));
	assert.equal(await requests[0].text(), "buy milk");
	assert.deepEqual(Object.keys(second).sort(), ["htm", "htu", "iat", "jti", "x"], "neither token nor nonce");
	assert.notEqual(second.jti, first.jti);
	assert.equal(second.x, first.x);
});

test("the nonce of an answer is in the next proof, and a demanded one repeats the request once", async () => {
	service = (_, nth) => (nth === 1 ? refused(401, "dpop_nonce_required", { "DPoP-Nonce": "n1" }) : ok({ "DPoP-Nonce": "n" + nth }));
	const { fetch } = createDPoP(inVariable());
	assert.equal((await fetch(base + "notes", { method: "POST", body: "once" })).status, 200);
	await fetch(base + "notes");
	service = () => ok();
	await fetch(base + "notes");
	await fetch(base + "notes");
	const proofs = await Promise.all(requests.map(read));
	assert.deepEqual(proofs.map((proof) => proof.nonce), [undefined, "n1", "n2", "n3", "n3"]);
	assert.equal(new Set(proofs.map((proof) => proof.jti)).size, 5);
	assert.equal(await requests[1].text(), "once");
});

test("the second refusal is the answer", async () => {
	for (const [status, reason] of [[401, "dpop_nonce_required"], [400, "dpop_nonce_required"], [400, "dpop_proof_time"]]) {
		requests = [];
		service = () => refused(status, reason, { "DPoP-Nonce": "n" });
		assert.equal((await createDPoP(inVariable()).fetch(base)).status, status);
		assert.equal(requests.length, 2, reason);
	}
});

test("other refusals are not repeated", async () => {
	service = () => refused(401, "dpop_proof_replayed", { "DPoP-Nonce": "n" });
	assert.equal((await createDPoP(inVariable()).fetch(base)).status, 401);
	assert.equal(requests.length, 1);
});

test("the clock of the service decides, from the first refusal on", async () => {
	const hour = 3600_000;
	for (const wrong of [-48 * hour, hour]) {
		requests = [];
		const right = Date.now() + wrong;
		service = async (request) => {
			const { iat } = await read(request.clone());
			const isRecent = Math.abs(iat - right / 1000) < 60;
			return isRecent ? ok() : refused(401, "dpop_proof_time", { Date: new Date(right).toUTCString() });
		};
		const { fetch } = createDPoP(inVariable());
		assert.equal((await fetch(base)).status, 200);
		assert.equal((await fetch(base)).status, 200);
		assert.equal(requests.length, 3);
	}
	service = (_, nth) => (nth === 4 ? refused(401, "dpop_proof_time") : ok());
	const now = mock.method(Date, "now", () => 1_000_000);
	await createDPoP(inVariable()).fetch(base);
	now.mock.restore();
	assert.equal((await read(requests[4])).iat, 1000, "CORS may hide the header Date");
});

test("all tabs have one key, which no script can read", async () => {
	const [one, two, other] = await Promise.all([inDatabase().get(), inDatabase().get(), inDatabase("other").get()]);
	assert.equal(one, two);
	assert.notEqual(one, other);
	assert.equal(one, await inDatabase().get());
	await assert.rejects(crypto.subtle.exportKey("jwk", one.privateKey), { name: /^InvalidAccess/ });
	await assert.rejects(crypto.subtle.exportKey("pkcs8", one.privateKey), { name: /^InvalidAccess/ });
});

test("a forgotten key is replaced by a new one", async () => {
	service = () => ok();
	const tab = createDPoP();
	await tab.fetch(base);
	await createDPoP().fetch(base);
	await createDPoP().forget();
	await tab.fetch(base);
	const [first, second, third] = await Promise.all(requests.map(read));
	assert.equal(first.x, second.x);
	assert.notEqual(third.x, first.x);
});

test("without a place for the key nothing is sent", async () => {
	const full = () => later(() => { throw new DOMException("full", "QuotaExceededError"); });
	const open = database("full");
	open.transaction = () => ({ objectStore: () => ({ get: () => later(() => undefined), add: full }) });
	globalThis.indexedDB = { open: () => later(() => open) };
	await assert.rejects(createDPoP().fetch(base), /does not keep the key/);
	globalThis.indexedDB = { open: full };
	await assert.rejects(createDPoP().fetch(base), { name: "QuotaExceededError" });
	assert.equal(requests.length, 0);
});

// With createSession.

const bound = { access_token: "access-1", refresh_token: "refresh-1", token_type: "DPoP" };

function withSession() {
	const logins = [];
	const tokens = inMemory();
	const session = createSession({ base, dpop: createDPoP(inVariable()), tokens, onLogin: (reason) => logins.push(reason) });
	return { session, logins, tokens };
}

test("a session sends and trades bound tokens with proofs", async () => {
	service = (request, nth) => {
		if (request.url === base + "refresh") return Response.json({ ...bound, access_token: "access-2" });
		return nth === 1 ? refused(401, "token_expired") : ok();
	};
	const { session, logins } = withSession();
	session.start(bound);
	assert.equal((await session.fetch("notes")).status, 200);
	const proofs = await Promise.all(requests.map(read));
	assert.deepEqual(proofs.map((proof) => proof.htu), [base + "notes", base + "refresh", base + "notes"]);
	assert.deepEqual(requests.map((request) => request.headers.get("Authorization")), ["DPoP access-1", "DPoP access-1", "DPoP access-2"]);
	assert.deepEqual(logins, []);
});

test("a session takes no tokens that are not bound", () => {
	const { session, tokens } = withSession();
	assert.throws(() => session.start({ ...bound, token_type: "Bearer" }), /bound no tokens/);
	assert.throws(() => session.start(), /bound no tokens/);
	assert.equal(tokens.getItem("ginjwt"), null);
});

test("a refused proof logs nobody out, but a key that is gone does", async () => {
	for (const [reason, login] of [["dpop_proof_time", []], ["dpop_proof_replayed", []], ["key_mismatch", ["key_mismatch"]]]) {
		service = (request) => refused(400, request.url.endsWith("refresh") ? reason : "token_expired");
		const { session, logins } = withSession();
		session.start(bound);
		assert.equal((await session.fetch("notes")).status, 400);
		assert.deepEqual(logins, login, reason);
	}
	service = () => refused(401, "key_mismatch");
	const { session, logins } = withSession();
	session.start(bound);
	await session.fetch("notes");
	assert.deepEqual(logins, ["key_mismatch"]);
});
