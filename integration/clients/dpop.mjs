// Requests by hand, with proofs of the package dpop, which has nothing from the library.
// Standard input says where the service is, standard output what it responded.
import * as dpop from "dpop";
import { text } from "node:stream/consumers";

const { url, algorithm } = JSON.parse(await text(process.stdin));
const keys = await dpop.generateKeyPair(algorithm);
const otherKeys = await dpop.generateKeyPair(algorithm);
const responses = [];
let nonce; // the latest of the service

// send makes a request and notes the response. proof says how its proof differs from a good
// one: { method, url, nonce, token, keys }; null: it has no proof.
async function send(name, method, path, { token, scheme = "DPoP", form, proof = {} } = {}) {
	const headers = {};
	if (token) headers.Authorization = scheme + " " + token;
	if (typeof proof === "string") headers.DPoP = proof;
	else if (proof) headers.DPoP = await makeProof(method, path, { token, ...proof });
	const response = await fetch(url + path, { method, headers, body: form && new URLSearchParams(form) });
	nonce = response.headers.get("DPoP-Nonce") ?? nonce;
	const body = await response.text();
	responses.push({
		name,
		status: response.status,
		challenge: response.headers.get("WWW-Authenticate") ?? "",
		nonce: response.headers.has("DPoP-Nonce"),
		cache: response.headers.get("Cache-Control") ?? "",
		type: response.headers.get("Content-Type") ?? "",
		body: body.replace(/eyJ[\w.-]+/g, "…"),
	});
	return body.startsWith("{") ? JSON.parse(body) : {};
}

function makeProof(method, path, proof) {
	const its = { keys, method, url: url + path, nonce, ...proof };
	return dpop.generateProof(its.keys, its.url, its.method, its.nonce, its.token);
}

const login = { form: { grant_type: "password", username: "alice", password: "secret" } };
await send("a login without a proof", "POST", "/token", { ...login, proof: null });
await send("a login without a nonce", "POST", "/token", { ...login, proof: { nonce: undefined } });
await send("a login with a proof for another URL", "POST", "/token", { ...login, proof: { url: url + "/login" } });
const { access_token: token, refresh_token } = await send("a login", "POST", "/token", login);

await send("a request without a token", "GET", "/messages", { proof: null });
await send("a request as Bearer", "GET", "/messages", { token, scheme: "Bearer", proof: null });
await send("a request without a proof", "GET", "/messages", { token, proof: null });
await send("a request without a nonce", "GET", "/messages", { token, proof: { nonce: undefined } });
await send("a request with a nonce of nobody", "GET", "/messages", { token, proof: { nonce: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" } });
await send("a proof for another method", "GET", "/messages", { token, proof: { method: "POST" } });
await send("a proof for another URL", "GET", "/messages", { token, proof: { url: url + "/bound" } });
await send("a proof for another token", "GET", "/messages", { token, proof: { token: refresh_token } });
await send("a proof with another key", "GET", "/messages", { token, proof: { keys: otherKeys } });
await send("a token that is not valid", "GET", "/messages", { token: token.slice(0, -9) + "AAAAAAAAA" });
const proof = await makeProof("GET", "/messages", { token });
await send("a request", "GET", "/messages", { token, proof });
await send("a proof that was used", "GET", "/messages", { token, proof }); // at the other process

const refresh = { form: { grant_type: "refresh_token", refresh_token } };
await send("a refresh without a proof", "POST", "/token", { ...refresh, proof: null });
await send("a refresh without a nonce", "POST", "/token", { ...refresh, proof: { nonce: undefined } });
await send("a refresh with another key", "POST", "/token", { ...refresh, proof: { keys: otherKeys } });
await send("a refresh", "POST", "/token", refresh);
console.log(JSON.stringify(responses));
