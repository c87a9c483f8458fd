// A fetch that proves with every request that this browser has the key of its tokens
// (DPoP, RFC 9449). Copy this file beside session.ts, and pass its result to createSession.
import { reasonOf } from "./session.js";

// Keys has the key pair of this client, on the curve P-256.
type Keys = { get(): Promise<CryptoKeyPair>; forget?(): Promise<unknown> };

export function createDPoP(keys: Keys = inDatabase()) {
	let nonce: string | undefined; // of the newest answer
	let ahead = 0; // milliseconds that the clock of the service is ahead of ours

	// prove returns a proof for one request, and for the token in its header.
	async function prove(request: Request): Promise<string> {
		const { privateKey, publicKey } = await keys.get();
		const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", publicKey);
		const { origin, pathname } = new URL(request.url);
		const token = /^DPoP (.+)$/.exec(request.headers.get("Authorization") ?? "")?.[1];
		const claims = {
			jti: crypto.randomUUID(),
			htm: request.method,
			htu: origin + pathname,
			iat: Math.floor((Date.now() + ahead) / 1000),
			ath: token && base64url(await crypto.subtle.digest("SHA-256", bytes(token))),
			nonce,
		};
		const signed = encoded({ typ: "dpop+jwt", alg: "ES256", jwk: { kty, crv, x, y } }) + "." + encoded(claims);
		const signature = await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, bytes(signed));
		return signed + "." + base64url(signature);
	}

	async function attempt(request: Request): Promise<Response> {
		request.headers.set("DPoP", await prove(request));
		const answer = await fetch(request);
		nonce = answer.headers.get("DPoP-Nonce") ?? nonce;
		return answer;
	}

	return {
		// fetch sends a request with a proof. It repeats the request once if the service asks
		// for its nonce, or if the clocks differ. The handler has not run then.
		async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
			const request = new Request(input, init);
			const answer = await attempt(request.clone());
			if (!isAboutTime(answer)) return answer;
			const date = Date.parse(answer.headers.get("Date") ?? "");
			if (date) ahead = date - Date.now();
			return attempt(request);
		},

		// forget forgets the key. Its tokens are worth nothing then. Call it before a login: an
		// injected script may have replaced the key by one that somebody else has too.
		forget: async () => void (await keys.forget?.()),
	};
}

// isAboutTime reports whether a new proof may do: with the nonce or the time of the answer.
function isAboutTime(answer: Response): boolean {
	return /^dpop_(nonce_required|proof_time)$/.test(reasonOf(answer));
}

// newKey makes a key pair. Scripts can use the private key, but cannot read it.
export function newKey(): Promise<CryptoKeyPair> {
	return crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
}

// inDatabase keeps the key in IndexedDB: for all tabs of the origin, also after a reload.
// Each call reads the key again, so that a tab never has an old one.
export function inDatabase(name = "ginjwt-dpop"): Keys {
	async function inStore<T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
		const opening = indexedDB.open(name, 1);
		opening.onupgradeneeded = () => opening.result.createObjectStore("keys");
		const database = await done(opening);
		try {
			return await done(use(database.transaction("keys", mode).objectStore("keys")));
		} finally {
			database.close();
		}
	}
	const read = () => inStore<CryptoKeyPair | undefined>("readonly", (store) => store.get("key"));
	return {
		async get() {
			const found = await read();
			if (found) return found;
			const made = await newKey();
			await inStore("readwrite", (store) => store.add(made, "key")).catch(() => {}); // another tab was faster
			const kept = await read();
			if (!kept) throw new Error("IndexedDB does not keep the key");
			return kept;
		},
		forget: () => inStore("readwrite", (store) => store.delete("key")),
	};
}

function done<T>(request: IDBRequest<T>): Promise<T> {
	return new Promise((resolve, reject) => {
		request.onsuccess = () => resolve(request.result);
		request.onerror = () => reject(request.error);
	});
}

const bytes = (text: string) => new TextEncoder().encode(text);
const encoded = (part: object) => base64url(bytes(JSON.stringify(part)));

function base64url(data: ArrayBuffer | Uint8Array): string {
	const text = btoa(String.fromCharCode(...new Uint8Array(data)));
	return text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
