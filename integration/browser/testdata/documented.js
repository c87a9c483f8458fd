// The client of docs/front-end.md, as the tests call clients.
import { createDPoP, inDatabase } from "./dpop.js";
import { createSession } from "./session.js";

export class Client {
	constructor(settings) {
		this.settings = settings;
		const { api, inHeaders, csrf, dpop } = settings;
		this.dpop = dpop ? createDPoP() : undefined;
		this.session = createSession({
			base: api + "/",
			onLogin: () => (this.out = true),
			tokens: inHeaders ? localStorage : undefined,
			dpop: this.dpop,
			csrfCookies: [csrf.access, csrf.refresh],
			csrfHeaders: [csrf.header],
		});
	}

	async login() {
		await this.dpop?.forget();
		const sender = this.dpop ?? window;
		const answer = await sender.fetch(this.settings.api + this.settings.login, { method: "POST", credentials: "include" });
		this.session.start(await answer.json());
		return answer.status;
	}

	async call(path) {
		this.out = false;
		try {
			const answer = await this.session.fetch(path.slice(1), { method: "POST" });
			if (this.out) return "out";
			return answer.ok ? "ok" : "again " + answer.status;
		} catch (e) {
			return String(e);
		}
	}

	async logout() {
		const answer = await this.session.fetch("logout", { method: "POST" });
		if (answer.ok) this.session.end();
		return answer.status;
	}

	// refused reports whether the service refuses a token, with a proof of our key.
	async refused(token) {
		const headers = { Authorization: "DPoP " + token };
		const answers = ["messages", "refresh"].map((path) => this.dpop.fetch(this.settings.api + "/" + path, { method: "POST", headers }));
		return (await Promise.all(answers)).every((answer) => answer.status >= 400 && answer.status < 500);
	}

	// key returns the public part of our key.
	async key() {
		const { publicKey } = await inDatabase().get();
		return (await crypto.subtle.exportKey("jwk", publicKey)).x;
	}

	// plant replaces our key by one that the attacker has, and returns its public part.
	plant() {
		return new Promise((planted) => {
			indexedDB.open("ginjwt-dpop").onsuccess = async ({ target: { result } }) => {
				const key = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
				result.transaction("keys", "readwrite").objectStore("keys").put(key, "key").onsuccess = async () => {
					result.close();
					planted((await crypto.subtle.exportKey("jwk", key.publicKey)).x);
				};
			};
		});
	}

	// exported tries what a script could do to read our private key.
	async exported() {
		const { privateKey } = await inDatabase().get();
		const tries = ["jwk", "pkcs8", "raw"].map((format) => crypto.subtle.exportKey(format, privateKey));
		const seen = (await Promise.allSettled(tries)).map((came) => came.reason?.name ?? "exported");
		return [...seen, privateKey.extractable, JSON.stringify(privateKey)];
	}

	// socket opens a WebSocket with a new ticket twice.
	async socket(url) {
		const json = { "Content-Type": "application/json" };
		const answer = await this.session.fetch("ticket", { method: "POST", headers: json, body: JSON.stringify({ url }) });
		const { ticket } = await answer.json();
		const open = () =>
			new Promise((told) => {
				const socket = new WebSocket(url + "?ticket=" + ticket);
				socket.onopen = () => told("open");
				socket.onerror = () => told("error");
			});
		return [await open(), await open()];
	}
}
