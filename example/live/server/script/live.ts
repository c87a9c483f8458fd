// WebSockets, server-sent events and downloads for a service whose tokens are made by
// ginjwt. Copy this file: it needs nothing else.

export type Options = {
	fetch: typeof fetch; // that of the session: it sends the tokens, and refreshes them
	onEnd: (cause: string) => void; // the session has ended: nothing but a login helps

	base?: string; // of the service, if that is not the origin of the page
	ticketPath?: string; // where TicketHandler is, as fetch wants it
	ticketName?: string; // Config.TicketName
	final?: number[]; // the close codes after which a new ticket does not help
	shortest?: number; // milliseconds before the first attempt to reconnect, at most
	longest?: number; // before the tenth
};

export type State = "connecting" | "open" | "waiting" | "closed";

// Listener is told what arrives, and what becomes of the connection. The detail is what
// the browser says of a close, for logs.
export type Listener = {
	onMessage: (data: string) => void;
	onState?: (state: State, detail?: string) => void;
};

// Opened is an attempt to connect. It calls up once, and then down, with the cause if
// the session has ended.
type Opened = (url: string, up: () => void, down: (detail: string, cause?: string) => void) => { close(): void };

export function createLive(options: Options) {
	const { onEnd, ticketPath = "ticket", ticketName = "ticket", final = [3000, 3003, 1008] } = options;
	const { base = globalThis.location?.href, shortest = 1000, longest = 30_000 } = options;

	// ticketed returns the URL with a ticket for it; "again" if the service cannot make
	// one now, and "never" if it does not want to. The query must stay as it was written:
	// the ticket is for this very text.
	async function ticketed(path: string): Promise<{ url: string } | "again" | "never"> {
		const url = new URL(path, base);
		const body = JSON.stringify({ method: "GET", url: url.pathname + url.search });
		try {
			const headers = { "Content-Type": "application/json" };
			const answer = await options.fetch(ticketPath, { method: "POST", headers, body });
			if (answer.status >= 500 || answer.status === 429) return "again";
			if (!answer.ok) return "never";
			const { ticket } = await answer.json();
			return { url: url.origin + url.pathname + (url.search ? url.search + "&" : "?") + ticketName + "=" + ticket };
		} catch {
			return "again"; // no network
		}
	}

	// keep connects, and connects again with a new ticket when the connection is lost:
	// after a random time, at most twice as long as before, so that not all come back at
	// once. While the page is in the back/forward cache there is no connection.
	function keep(path: () => string, open: Opened, onState: Listener["onState"]) {
		let round = 0; // what comes from an earlier one is ignored
		let tries = 0;
		let timer: ReturnType<typeof setTimeout>;
		let connection: { close(): void } | undefined;

		function stop(state?: State, detail?: string) {
			round++;
			clearTimeout(timer);
			connection?.close();
			connection = undefined;
			if (state) onState?.(state, detail);
		}

		function later(detail: string) {
			stop();
			timer = setTimeout(start, Math.random() * Math.min(longest, shortest * 2 ** tries++));
			onState?.("waiting", detail); // last: it may close
		}

		// finish stops for good.
		function finish(detail?: string) {
			globalThis.removeEventListener?.("pagehide", hide);
			globalThis.removeEventListener?.("pageshow", show);
			stop("closed", detail);
		}

		async function start() {
			stop();
			const mine = round;
			onState?.("connecting");
			if (mine !== round) return;
			const target = await ticketed(path());
			if (mine !== round) return;
			if (target === "again") return later("no ticket");
			if (target === "never") return finish("no ticket");
			let since = Infinity;
			const up = () => {
				since = Date.now();
				if (mine === round) onState?.("open");
			};
			connection = open(target.url, up, (detail, cause) => {
				if (mine !== round) return;
				if (cause !== undefined) {
					finish(detail);
					return onEnd(cause);
				}
				if (Date.now() - since > longest) tries = 0; // it was good for a while
				later(detail);
			});
		}

		const hide = () => stop("closed", "the page is hidden");
		const show = (event: PageTransitionEvent) => void (event.persisted && start());
		globalThis.addEventListener?.("pagehide", hide);
		globalThis.addEventListener?.("pageshow", show);
		void start();
		return { close: () => finish() };
	}

	return {
		// socket keeps a WebSocket open. The path is asked for at each attempt, so that it
		// can say what has arrived already.
		socket(path: () => string, { onMessage, onState }: Listener) {
			let socket: WebSocket | undefined;
			const open: Opened = (url, up, down) => {
				socket = new WebSocket(url.replace(/^http/, "ws"));
				socket.onopen = up;
				socket.onmessage = (event) => onMessage(event.data);
				// A handshake that was refused is 1006 too: browsers do not tell its status.
				socket.onclose = ({ code, reason, wasClean }) => {
					down(`${code} ${reason} ${wasClean}`, final.includes(code) ? reason : undefined);
				};
				return socket;
			};
			const kept = keep(path, open, onState);
			return {
				...kept,
				// send reports whether there is a connection. What was sent may be lost with it.
				send(data: string): boolean {
					if (socket?.readyState !== WebSocket.OPEN) return false;
					socket.send(data);
					return true;
				},
			};
		},

		// events keeps an EventSource open. A new one has forgotten the ID of the last
		// event, so that is in the query, as the parameter lastID.
		events(path: string, { onMessage, onState }: Listener, lastID = "after") {
			let last = "";
			const next = () => (last ? path + (path.includes("?") ? "&" : "?") + lastID + "=" + encodeURIComponent(last) : path);
			const open: Opened = (url, up, down) => {
				const source = new EventSource(url);
				source.onopen = up;
				source.onmessage = (event) => {
					last = event.lastEventId;
					onMessage(event.data);
				};
				source.addEventListener("session-end", (event) => down("session-end", event.data));
				// By itself it would come back with the used ticket, get a 401, and stop for good.
				source.onerror = () => down("error");
				return source;
			};
			return keep(next, open, onState);
		},

		// download lets the browser download a file. It reports whether there was a ticket;
		// what becomes of the download only the browser knows.
		async download(path: string): Promise<boolean> {
			const target = await ticketed(path);
			if (typeof target === "string") return false;
			const link = Object.assign(document.createElement("a"), { href: target.url, download: "" });
			document.body.append(link);
			link.click();
			link.remove();
			return true;
		},
	};
}
