// The client of docs/front-end.md, as the tests call clients.
import { createSession } from "./session.js";

export class Client {
	constructor(settings) {
		this.settings = settings;
		const { api, inHeaders, csrf } = settings;
		this.session = createSession({
			base: api + "/",
			onLogin: () => (this.out = true),
			tokens: inHeaders ? localStorage : undefined,
			csrfCookies: [csrf.access, csrf.refresh],
			csrfHeaders: [csrf.header],
		});
	}

	async login() {
		const answer = await fetch(this.settings.api + this.settings.login, { method: "POST", credentials: "include" });
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
}
