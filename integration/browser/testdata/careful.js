// A client that does what the page on sessions asks for: one refresh at a time in
// all tabs, so that no answer is older than another, and an answer that was lost is
// asked for again with the key of the first attempt.

function cookie(name) {
	const found = document.cookie.split("; ").find((c) => c.startsWith(name + "="));
	return found ? found.slice(name.length + 1) : "";
}

export class Client {
	constructor(settings) {
		this.settings = settings;
	}

	post(path, type) {
		const { api, inHeaders, csrf } = this.settings;
		const headers = {};
		if (!inHeaders) headers[csrf.header] = cookie(csrf[type]);
		else if (localStorage[type]) headers.Authorization = "Bearer " + localStorage[type];
		if (type === "refresh") headers["Idempotency-Key"] = localStorage.key ??= crypto.randomUUID();
		return fetch(api + path, { method: "POST", headers, credentials: "include" });
	}

	// keep keeps the tokens of an answer. The key was for the refresh that is answered.
	async keep(answer) {
		delete localStorage.key;
		if (!this.settings.inHeaders) return;
		const pair = await answer.json();
		localStorage.access = pair.access_token;
		localStorage.refresh = pair.refresh_token;
	}

	async login() {
		return navigator.locks.request("session", async () => {
			const answer = await fetch(this.settings.api + this.settings.login, { method: "POST", credentials: "include" });
			await this.keep(answer);
			localStorage.refreshes = 0;
			return answer.status;
		});
	}

	// refresh returns "" if there are new tokens, by this tab or another that was
	// faster.
	async refresh(seen) {
		return navigator.locks.request("session", async () => {
			if (localStorage.refreshes > Number(seen)) return "";
			for (let attempt = 1; ; attempt++) {
				try {
					const answer = await this.post(this.settings.refresh, "refresh");
					if (answer.status >= 500) return "refresh " + answer.status;
					if (!answer.ok) return "out";
					await this.keep(answer);
					localStorage.refreshes = Number(seen) + 1;
					return "";
				} catch (e) {
					if (attempt === 3) return String(e);
				}
			}
		});
	}

	async call(path) {
		try {
			const seen = localStorage.refreshes;
			let answer = await this.post(path, "access");
			if (answer.status === 401) {
				const failed = await this.refresh(seen);
				if (failed) return failed;
				answer = await this.post(path, "access");
			}
			return answer.ok ? "ok" : "again " + answer.status;
		} catch (e) {
			return String(e);
		}
	}

	async logout() {
		return navigator.locks.request("session", async () => {
			const answer = await this.post(this.settings.logout, "access");
			if (answer.ok) localStorage.clear();
			return answer.status;
		});
	}
}
