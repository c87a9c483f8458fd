// An OAuth client with keys (RFC 9449): oauth4webapi, which makes the proofs itself.
// Standard input is a list of algorithms and services, standard output what came of each.
import * as oauth from "oauth4webapi";
import * as dpop from "dpop";
import { text } from "node:stream/consumers";

class Program {
	requests = []; // since the last step, as "POST /token 200"

	constructor({ url, algorithm, introspector }) {
		Object.assign(this, { url, algorithm, introspector });
		this.server = {
			issuer: new URL(url).origin,
			token_endpoint: url + "/token",
			introspection_endpoint: url + "/introspect",
			revocation_endpoint: url + "/revoke",
		};
		this.client = { client_id: "program" };
	}

	async start() {
		this.keys = await oauth.generateKeyPair(this.algorithm);
		this.key = oauth.DPoP(this.client, this.keys);
		this.otherKey = oauth.DPoP(this.client, await oauth.generateKeyPair(this.algorithm));
	}

	// options are for every request. Without a key, the request has no proof.
	options(DPoP) {
		return { DPoP, [oauth.customFetch]: this.fetch };
	}

	// fetch notes each request, and whether the response has a nonce for the next proof.
	fetch = async (url, init) => {
		const response = await fetch(url, init);
		const nonce = response.headers.has("DPoP-Nonce") ? " with a nonce" : "";
		this.requests.push(`${init.method} ${new URL(url).pathname} ${response.status}${nonce}`);
		this.nonce = response.headers.get("DPoP-Nonce") ?? this.nonce;
		return response;
	};

	// withNonce makes a request again if the service asks for a nonce.
	async withNonce(request) {
		try {
			return await request();
		} catch (error) {
			if (!oauth.isDPoPNonceError(error)) throw error;
			return await request();
		}
	}

	login() {
		return this.withNonce(async () => {
			const parameters = { username: "alice", password: "secret" };
			const response = await oauth.genericTokenEndpointRequest(this.server, this.client, oauth.None(), "password", parameters, this.options(this.key));
			return oauth.processGenericTokenEndpointResponse(this.server, this.client, response);
		});
	}

	refresh(key = this.key) {
		return this.withNonce(async () => {
			const response = await oauth.refreshTokenGrantRequest(this.server, this.client, oauth.None(), this.pair.refresh_token, this.options(key ?? undefined));
			return oauth.processRefreshTokenResponse(this.server, this.client, response);
		});
	}

	resource(method, path, key = this.key) {
		return this.withNonce(async () => {
			const body = method === "POST" ? "text" : null;
			const response = await oauth.protectedResourceRequest(this.pair.access_token, method, new URL(this.url + path), new Headers(), body, this.options(key ?? undefined));
			return response.json();
		});
	}

	// proof returns the headers of a request for which oauth4webapi makes no proof.
	async proof(url) {
		return { DPoP: await dpop.generateProof(this.keys, url, "POST", this.nonce) };
	}

	introspect(path, prove) {
		const server = { ...this.server, introspection_endpoint: this.url + path };
		return this.withNonce(async () => {
			const options = { ...this.options(), headers: prove ? await this.proof(this.url + path) : {} };
			const auth = oauth.ClientSecretBasic(this.introspector);
			const response = await oauth.introspectionRequest(server, this.client, auth, this.pair.access_token, options);
			return oauth.processIntrospectionResponse(server, this.client, response);
		});
	}

	revoke() {
		return this.withNonce(async () => {
			const options = { ...this.options(), headers: await this.proof(this.server.revocation_endpoint) };
			const response = await oauth.revocationRequest(this.server, this.client, oauth.None(), this.pair.refresh_token, options);
			await oauth.processRevocationResponse(response);
			return "revoked";
		});
	}

	steps = {
		"log in": async () => describePair((this.pair = await this.login())),
		read: () => this.resource("GET", "/messages"),
		"read with a query string": () => this.resource("GET", "/messages?unread=yes&page=2#top"),
		"read a path with escapes": () => this.resource("GET", "/files/caf%C3%A9/a b/%2F/.."),
		write: () => this.resource("POST", "/messages"),
		"read what needs a key": () => this.resource("GET", "/bound"),
		"read without a proof": () => this.resource("GET", "/messages", null),
		"read with another key": () => this.resource("GET", "/messages", this.otherKey),
		"refresh with another key": () => this.refresh(this.otherKey),
		"refresh without a proof": () => this.refresh(null),
		refresh: async () => describePair((this.pair = await this.refresh())),
		"read after the refresh": () => this.resource("GET", "/messages"),
		introspect: async () => describeToken(await this.introspect("/introspect", true), await this.key.calculateThumbprint()),
		"introspect without a proof": () => this.introspect("/introspect", false),
		"introspect as a service that checks proofs": async () =>
			describeToken(await this.introspect("/introspect-for-checkers", false), await this.key.calculateThumbprint()),
		revoke: () => this.revoke(),
		"refresh after the revocation": () => this.refresh(),
	};

	// run returns what came of each step.
	async run() {
		await this.start();
		const outcomes = [];
		for (const [step, act] of Object.entries(this.steps)) {
			this.requests = [];
			const result = await act().catch(describeError);
			outcomes.push({ step, result, requests: this.requests });
		}
		return outcomes;
	}
}

const describePair = ({ access_token, refresh_token, ...rest }) => ({
	...rest,
	tokens: [access_token, refresh_token].map((token) => typeof token).join(" "),
});

const describeToken = ({ active, sub, token_type, cnf }, thumbprint) => ({ active, sub, token_type, ourKey: cnf?.jkt === thumbprint });

function describeError(error) {
	if (error instanceof oauth.WWWAuthenticateChallengeError) {
		return {
			status: error.status,
			challenges: error.cause.map(({ scheme, parameters: { error, reason, algs } }) => ({ scheme, error, reason, algs })),
		};
	}
	if (error instanceof oauth.ResponseBodyError) return { status: error.status, error: error.error };
	return { unexpected: String(error), cause: String(error.cause) };
}

const programs = JSON.parse(await text(process.stdin)).map((given) => new Program(given));
console.log(JSON.stringify(await Promise.all(programs.map((program) => program.run()))));
