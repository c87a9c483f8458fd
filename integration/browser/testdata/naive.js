// The client that everybody writes first: it refreshes when it is refused, and
// repeats. It knows nothing of other tabs, or of reasons. Of what docs/sessions.md asks
// for it does one thing, where tokens are in headers: it ignores the refresh token of an
// answer if it is the one that was sent.

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
		return fetch(api + path, { method: "POST", headers, credentials: "include" });
	}

	async keep(answer, sent) {
		if (!this.settings.inHeaders) return;
		const pair = await answer.json();
		localStorage.access = pair.access_token;
		if (pair.refresh_token !== sent) localStorage.refresh = pair.refresh_token;
	}

	async login() {
		const answer = await fetch(this.settings.api + this.settings.login, { method: "POST", credentials: "include" });
		await this.keep(answer);
		return answer.status;
	}

	// call returns "ok", "out" if the user has to log in, or what else went wrong.
	async call(path) {
		try {
			let answer = await this.post(path, "access");
			if (answer.status === 401) {
				const sent = localStorage.refresh;
				const refreshed = await this.post(this.settings.refresh, "refresh");
				if (refreshed.status === 401) return "out";
				if (!refreshed.ok) return "refresh " + refreshed.status;
				await this.keep(refreshed, sent);
				answer = await this.post(path, "access");
			}
			return answer.ok ? "ok" : "again " + answer.status;
		} catch (e) {
			return String(e);
		}
	}

	async logout() {
		const answer = await this.post(this.settings.logout, "access");
		if (answer.ok && this.settings.inHeaders) localStorage.clear();
		return answer.status;
	}
}
