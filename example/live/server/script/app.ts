import { createLive, type State } from "./live.js";
import { createSession } from "./session.js";

const byId = (id: string) => document.getElementById(id)!;
const form = byId("login") as HTMLFormElement;
const text = byId("text") as HTMLInputElement;

// show shows the form or what is inside. A note stays until the next login: a connection tells why
// the session has ended, and a request that learns it later must not remove that.
function show(loggedIn: boolean, note?: string) {
	form.hidden = loggedIn;
	byId("inside").hidden = !loggedIn;
	if (loggedIn || note) byId("note").textContent = note ?? "";
}

const session = createSession({ base: "/api/", onLogin: () => show(false) });
const live = createLive({
	fetch: session.fetch,
	onEnd: (cause) => show(false, "You were logged out: " + cause),
});

const last = new Map<string, number>(); // the ID of the last message, by connection
const since = (id: string) => (last.has(id) ? "?after=" + last.get(id) : "");

// listener shows the messages and the state of a connection in a part of the page.
function listener(id: string) {
	const part = byId(id);
	return {
		onMessage(data: string) {
			const message = JSON.parse(data);
			last.set(id, message.id);
			part.querySelector("ul")!.append(Object.assign(document.createElement("li"), { textContent: message.text }));
		},
		onState(state: State, detail = "") {
			part.querySelector("output")!.textContent = state + " " + detail;
		},
	};
}

// poll asks for messages with ordinary requests, which need no ticket.
async function poll(signal: AbortSignal) {
	const { onMessage, onState } = listener("poll");
	while (!signal.aborted) {
		onState("open");
		const answer = await session.fetch("next" + since("poll"), { signal }).catch(() => undefined);
		if (answer?.status === 200) (await answer.json()).forEach((m: object) => onMessage(JSON.stringify(m)));
		else if (answer && answer.status < 500 && answer.status !== 204) return onState("closed", String(answer.status));
		else if (!answer?.ok) await new Promise((resume) => setTimeout(resume, 2000 * Math.random()));
	}
}

let open: { close(): void }[] = [];

function connect() {
	open.forEach((connection) => connection.close());
	const polling = new AbortController();
	const socket = live.socket(() => "/live/gorilla" + since("gorilla"), listener("gorilla"));
	const events = live.events("/live/events", listener("events"));
	const other = live.socket(() => "/live/coder" + since("coder"), listener("coder"));
	open = [socket, events, other, { close: () => polling.abort() }];
	void poll(polling.signal);
	byId("send").onclick = () => void (socket.send(text.value) || (byId("note").textContent = "There is no connection"));
}

byId("export").onclick = () => void live.download("/live/export?rows=100000");

byId("logout").onclick = async () => {
	const answer = await session.fetch("logout", { method: "POST" });
	if (answer.ok) session.end();
};

form.addEventListener("submit", async (event) => {
	event.preventDefault();
	const answer = await fetch("/api/login", {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(Object.fromEntries(new FormData(form))),
	});
	if (!answer.ok) return show(false, (await answer.json()).msg);
	session.start();
	form.reset(); // the form comes back when the session ends, and must not have the password then
	await enter();
});

async function enter() {
	const answer = await session.fetch("me");
	show(answer.ok);
	if (answer.ok) connect();
}

await enter();
