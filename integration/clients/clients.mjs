// HTTP clients, each told by the rule of three lines what to do about a refusal.
// Standard input is a list of what they have to do, standard output what came of it.
import axios from "axios";
import got from "got";
import ky from "ky";
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

// Node 18 takes it for CommonJS.
const { createAuthRefresh } = createRequire(import.meta.url)("axios-auth-refresh");

// remedyFor is the rule.
function remedyFor(challenge) {
	const reason = /\breason="(\w+)"/.exec(challenge ?? "")?.[1] ?? "";
	if (/^(token_|signature_invalid$)/.test(reason)) return "refresh";
	if (/^(session_|user_|fresh_required$)/.test(reason)) return "log in";
	return "give up";
}

// Errand is a request that is to be made, with the tokens that the client has.
class Errand {
	constructor(errand) {
		Object.assign(this, errand);
	}

	// credentials are the access token, or where there is none, the headers at hand.
	credentials() {
		return this.access === undefined ? this.headers : { Authorization: "Bearer " + this.access };
	}

	// refresh trades the refresh token by a function of the client that returns the
	// status and the body of the answer, or throws if there is none.
	async refresh(post) {
		const { status, pair } = await post(this.refreshURL, { Authorization: "Bearer " + this.refreshToken }).catch(() => ({}));
		if (status === 200) {
			this.access = pair.access_token;
			this.refreshToken = pair.refresh_token;
			return;
		}
		this.outcome = status >= 400 && status < 500 && status !== 429 ? "log in" : "give up";
		throw new Error("not refreshed");
	}

	// end returns what is to be told to the user.
	end(ok, challenge) {
		if (this.outcome) return this.outcome;
		if (ok) return "ok";
		return remedyFor(challenge) === "log in" ? "log in" : "give up";
	}
}

const clients = {
	async fetch(errand) {
		const send = () => fetch(errand.url, { method: "POST", headers: errand.credentials() });
		let answer = await send();
		if (remedyFor(answer.headers.get("WWW-Authenticate")) === "refresh") {
			await errand.refresh(async (url, headers) => {
				const refreshed = await fetch(url, { method: "POST", headers });
				return { status: refreshed.status, pair: await refreshed.json() };
			});
			answer = await send();
		}
		return errand.end(answer.ok, answer.headers.get("WWW-Authenticate"));
	},

	async axios(errand) {
		const api = axios.create();
		api.interceptors.request.use((request) => {
			request.headers.set(errand.credentials());
			return request;
		});
		api.interceptors.response.use(undefined, async (error) => {
			const { config, response } = error;
			if (config.repeats || remedyFor(response?.headers["www-authenticate"]) !== "refresh") throw error;
			await errand.refresh(postByAxios);
			return api.request({ ...config, repeats: true });
		});
		return sendByAxios(api, errand);
	},

	async "axios-auth-refresh"(errand) {
		const api = axios.create();
		api.interceptors.request.use((request) => {
			request.headers.set(errand.credentials());
			return request;
		});
		createAuthRefresh(api, () => errand.refresh(postByAxios), {
			shouldRefresh: (error) => remedyFor(error.response?.headers["www-authenticate"]) === "refresh",
		});
		return sendByAxios(api, errand);
	},

	async ky(errand) {
		const api = ky.create({
			throwHttpErrors: false,
			hooks: {
				afterResponse: [
					async (request, options, answer) => {
						if (remedyFor(answer.headers.get("WWW-Authenticate")) !== "refresh") return;
						await errand.refresh(async (url, headers) => {
							const refreshed = await ky.post(url, { headers, throwHttpErrors: false });
							return { status: refreshed.status, pair: await refreshed.json() };
						});
						request.headers.set("Authorization", errand.credentials().Authorization);
						return ky(request, { throwHttpErrors: false });
					},
				],
			},
		});
		const answer = await api.post(errand.url, { headers: errand.credentials() });
		return errand.end(answer.ok, answer.headers.get("WWW-Authenticate"));
	},

	async got(errand) {
		const answer = await got.post(errand.url, {
			headers: errand.credentials(),
			throwHttpErrors: false,
			hooks: {
				afterResponse: [
					async (refused, repeat) => {
						if (remedyFor(refused.headers["www-authenticate"]) !== "refresh") return refused;
						await errand.refresh(async (url, headers) => {
							const refreshed = await got.post(url, { headers, throwHttpErrors: false, responseType: "json" });
							return { status: refreshed.statusCode, pair: refreshed.body };
						});
						return repeat({ headers: errand.credentials() });
					},
				],
			},
		});
		return errand.end(answer.ok, answer.headers["www-authenticate"]);
	},
};

async function postByAxios(url, headers) {
	const refreshed = await axios.post(url, null, { headers, validateStatus: () => true });
	return { status: refreshed.status, pair: refreshed.data };
}

async function sendByAxios(api, errand) {
	try {
		await api.post(errand.url);
		return errand.end(true);
	} catch (error) {
		return errand.end(false, error.response?.headers["www-authenticate"]);
	}
}

async function run(given) {
	const errand = new Errand(given);
	try {
		return await clients[given.client](errand);
	} catch (error) {
		return errand.outcome ?? String(error);
	}
}

const errands = JSON.parse(await text(process.stdin));
console.log(JSON.stringify(await Promise.all(errands.map(run))));
