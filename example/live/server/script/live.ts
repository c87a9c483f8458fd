// WebSockets, server-sent events and downloads for a service that uses ginjwt. Copy this file: it
// needs nothing else.

export type Options = {
	fetch: typeof fetch; // the fetch of the session, which sends and refreshes the tokens
	onEnd: (cause: string) => void; // called when the session has ended: the user must log in

	base?: string; // URL of the service, if it is not the URL of the page
	ticketPath?: string; // route of TicketHandler, as an argument of fetch
	ticketName?: string; // Config.TicketName
	final?: number[]; // close codes after which a new ticket does not help
	shortest?: number; // the longest wait before the first attempt to reconnect, in milliseconds
	longest?: number; // the longest wait before any attempt, in milliseconds
};

export type State = "connecting" | "open" | "waiting" | "closed";

// Listener receives the messages and the states of a connection. The detail is for logs: what the
// browser says about a close.
export type Listener = {
	onMessage: (data: string) => void;
	onState?: (state: State, detail?: string) => void;
};

// Opened is an attempt to connect. It calls up once it is connected, and down at the end, with a
// cause if the session has ended.
type Opened = (url: string, up: () => void, down: (detail: string, cause?: string) => void) => { close(): void };

export function createLive(options: Options) {
	const { onEnd, ticketPath = "ticket", ticketName = "ticket", final = [3000, 3003, 1008] } = options;
	const { base = globalThis.location?.href, shortest = 1000, longest = 30_000 } = options;

	// ticketed returns the URL with a ticket. It returns "again" if the service cannot make a
	// ticket now, and "never" if it refuses. The query must not be encoded anew: the ticket is
	// for exactly this text.
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

	// keep connects, and reconnects with a new ticket when the connection is lost. It waits for a
	// random time with a limit that doubles, so that not all pages come back at once. While the
	// page is in the back/forward cache there is no connection.
	function keep(path: () => string, open: Opened, onState: Listener["onState"]) {
		let round = 0; // events of earlier rounds are ignored
		let tries = 0;
		let isOver = false;
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
			onState?.("waiting", detail); // last, because the listener may close the connection
		}

		// finish stops for good. The listener may call it again.
		function finish(detail?: string) {
			if (isOver) return;
			isOver = true;
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
				if (Date.now() - since > longest) tries = 0; // the connection lasted
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
		// socket keeps a WebSocket open. It calls path at each attempt, so that the path can
		// contain the ID of the last message.
		socket(path: () => string, { onMessage, onState }: Listener) {
			let socket: WebSocket | undefined;
			const open: Opened = (url, up, down) => {
				socket = new WebSocket(url.replace(/^http/, "ws"));
				socket.onopen = up;
				socket.onmessage = (event) => onMessage(event.data);
				// A refused handshake is 1006 too: browsers do not show its status.
				socket.onclose = ({ code, reason, wasClean }) => {
					down(`${code} ${reason} ${wasClean}`, final.includes(code) ? reason : undefined);
				};
				return socket;
			};
			const kept = keep(path, open, onState);
			return {
				...kept,
				// send returns whether there is a connection. The message is lost if the
				// connection breaks.
				send(data: string): boolean {
					if (socket?.readyState !== WebSocket.OPEN) return false;
					socket.send(data);
					return true;
				},
			};
		},

		// events keeps an EventSource open. A new EventSource does not send the ID of the last
		// event, so the query contains it, as the parameter lastID.
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
				// By itself it would reconnect with the used ticket, get 401, and stop for good.
				source.onerror = () => down("error");
				return source;
			};
			return keep(next, open, onState);
		},

		// download makes the browser download a file. It returns whether there was a ticket. Only
		// the browser knows how the download ends.
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
