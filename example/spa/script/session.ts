// A fetch for services that use ginjwt: it sends tokens and refreshes them. Copy this
// file; it has no dependencies.

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

// TokenPair is the JSON answer of a login or a refresh.
type TokenPair = { access_token?: string; refresh_token?: string; token_type?: string };

// Held is what the page stores. The key is the Idempotency-Key of the current refresh
// token. It is made when the token is received, and sent with every attempt to trade
// the token. A new key tells other tabs that there are new tokens. With cookies the
// page stores only the key, because scripts cannot see the tokens.
type Held = { key: string; type?: string; access?: string; refresh?: string };

export type Options = {
	base: string; // URL of the service: "/api/", "https://api.example.com/"; tokens go to its origin only
	onLogin: (reason: string) => void; // called when the user has to log in

	tokens?: Store; // for tokens in the Authorization header: inMemory() or sessionStorage; undefined: cookies
	dpop?: { fetch(request: Request): Promise<Response> }; // createDPoP() of dpop.ts, with tokens
	name?: string; // of the storage item and the lock; one for each service of an origin
	refreshPath?: string; // relative to base
	csrfCookies?: string[]; // the first one that exists has the CSRF value
	csrfHeaders?: string[];
	renewedHeader?: string; // Config.RenewedTokenHeader
};

export function createSession(options: Options) {
	const base = new URL(options.base, globalThis.location?.href);
	const { onLogin, tokens, dpop, name = "ginjwt", refreshPath = "refresh", renewedHeader = "X-Renewed-Token" } = options;
	const { csrfCookies = ["csrf_access_token", "csrf_refresh_token"], csrfHeaders = ["X-CSRF-TOKEN"] } = options;
	const store = tokens ?? localStorage; // all tabs share the cookies, so they share the key
	const credentials = tokens ? "omit" : "include";

	function hold(pair: TokenPair): Held {
		if (dpop && pair.token_type !== "DPoP") throw new Error("the service has bound no tokens to the key");
		const key = crypto.getRandomValues(new Uint8Array(16)).join("-");
		const held = { key, type: pair.token_type, access: pair.access_token, refresh: pair.refresh_token };
		store.setItem(name, JSON.stringify(held));
		return held;
	}
	const held = (): Held => JSON.parse(store.getItem(name) ?? '{"key":""}'); // no key: nobody has logged in, or the user has logged out
	const isHeld = (before: Held) => held().key === before.key;
	const isReplaced = (before: Held) => held().key !== "" && !isHeld(before);

	// send repeats a request a little later if the service could not check the token. The
	// service refused the request before the handler ran, so nothing is done twice.
	async function send(request: Request, using: Held): Promise<Response> {
		for (let wait = 1; ; wait *= 2) {
			const attempt = request.clone();
			if (using.access) attempt.headers.set("Authorization", `${using.type ?? "Bearer"} ${using.access}`);
			const csrf = tokens ? undefined : csrfCookies.map(cookie).find(Boolean);
			if (csrf && !/^(GET|HEAD|OPTIONS|TRACE)$/.test(request.method)) {
				csrfHeaders.forEach((header) => attempt.headers.set(header, csrf));
			}
			const answer = await (dpop ?? globalThis).fetch(attempt);
			const renewed = answer.headers.get(renewedHeader);
			if (renewed && using.access && isHeld(using)) {
				store.setItem(name, JSON.stringify({ ...using, access: renewed }));
			}
			const seconds = Number(answer.headers.get("Retry-After")) || wait;
			if (!reasonOf(answer).endsWith("_unavailable") || wait > 4 || seconds > 10) return answer;
			await new Promise((resume) => setTimeout(resume, seconds * 1000 * (1 + Math.random())));
		}
	}

	// trade trades the refresh token. It returns the answer if the service refuses. A lost
	// answer changes nothing: the next attempt has the same key.
	async function trade(before: Held): Promise<Response | undefined> {
		if (isReplaced(before)) return; // another tab has refreshed
		const headers: Record<string, string> = {};
		if (before.key) headers["Idempotency-Key"] = before.key;
		if (before.refresh) headers["Content-Type"] = "application/json";
		const body = before.refresh && JSON.stringify({ refresh_token: before.refresh });
		const signal = AbortSignal.timeout(60_000);
		const request = new Request(new URL(refreshPath, base), { method: "POST", credentials, headers, body, signal });
		const answer = await send(request, before);
		if (answer.ok) {
			const pair = tokens ? await answer.json() : {};
			if (isHeld(before)) hold(pair); // otherwise the user has logged out or in meanwhile
			return;
		}
		if (isReplaced(before)) return; // the user has logged in meanwhile
		const reason = reasonOf(answer);
		const isAboutProof = dpop && reason.startsWith("dpop_"); // the session is as before
		if (answer.status < 500 && answer.status !== 429 && !isAboutProof) onLogin(reason);
		return answer;
	}

	// refresh runs once at a time: a single flight in this tab, a lock across tabs.
	let flight: Promise<Response | undefined> | undefined;
	async function refresh(before: Held): Promise<Response | undefined> {
		if (isReplaced(before)) return;
		const run = () => trade(before);
		flight ??= Promise.resolve(globalThis.navigator?.locks?.request(name, run) ?? run()).finally(() => (flight = undefined));
		return (await flight)?.clone();
	}

	return {
		// start records a login. With tokens in headers, pass the answer of the login.
		start: (pair: TokenPair = {}) => void hold(pair),

		// end forgets a login. Log out at the server first.
		end: () => store.removeItem(name),

		// fetch sends a request with tokens. If needed, it refreshes them once and repeats the request.
		async fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response> {
			const request = new Request(input instanceof Request ? input : new URL(input, base), { ...init, credentials });
			if (new URL(request.url).origin !== base.origin) throw new TypeError("tokens are for " + base.origin + " only");
			let using = held();
			let answer = await send(request, using);
			if (remedyFor(answer) === "refresh") {
				const refused = await refresh(using);
				if (refused) return refused;
				using = held();
				answer = await send(request, using);
			}
			if (remedyFor(answer) === "log in" && !isReplaced(using)) onLogin(reasonOf(answer));
			return answer;
		},
	};
}

// reasonOf returns the reason of a refusal; empty: none. A page of another origin sees
// it only if the service exposes WWW-Authenticate.
export function reasonOf(answer: Response): string {
	return /\breason="(\w+)"/.exec(answer.headers.get("WWW-Authenticate") ?? "")?.[1] ?? "";
}

// remedyFor returns what to do after a refusal. A 401 without a readable reason counts
// as a token problem, because a refresh does no harm.
export function remedyFor(answer: Response): "refresh" | "log in" | "give up" {
	const reason = reasonOf(answer) || (answer.status === 401 ? "token_unknown" : "");
	if (/^(token_|signature_invalid$)/.test(reason)) return "refresh";
	if (/^(session_|user_|key_mismatch$|key_missing$|fresh_required$)/.test(reason)) return "log in";
	return "give up";
}

// inMemory stores tokens until the user leaves the page.
export function inMemory(): Store {
	const items = new Map<string, string>();
	return {
		getItem: (name) => items.get(name) ?? null,
		setItem: (name, value) => void items.set(name, value),
		removeItem: (name) => void items.delete(name),
	};
}

function cookie(name: string): string | undefined {
	const found = document.cookie.split("; ").find((c) => c.startsWith(name + "="));
	return found?.slice(name.length + 1);
}
