import { createDPoP } from "./dpop.js";
import { createSession, inMemory } from "./session.js";

const byId = (id: string) => document.getElementById(id)!;
const form = byId("login") as HTMLFormElement;

// With ?headers this page keeps tokens in memory and sends them in a header. With ?dpop
// only this browser can use its tokens, so they may stay in localStorage.
const dpop = location.search === "?dpop" ? createDPoP() : undefined;
const inHeader = dpop || location.search === "?headers";
const name = dpop ? "ginjwt-dpop" : "ginjwt";

const session = createSession({
	base: "/api/",
	onLogin: () => show(false),
	tokens: dpop ? localStorage : inHeader ? inMemory() : undefined,
	dpop,
	name,
});

function show(loggedIn: boolean) {
	form.hidden = loggedIn;
	byId("inside").hidden = !loggedIn;
}

async function tell(answer: Response) {
	byId("answer").textContent = answer.status === 204 ? "" : await answer.text();
}

async function read() {
	const answer = await session.fetch("messages");
	if (answer.ok) show(true);
	await tell(answer);
}

form.addEventListener("submit", async (event) => {
	event.preventDefault();
	await dpop?.forget(); // a new key for each login
	const answer = await (dpop ?? window).fetch(inHeader ? "/api/token" : "/api/login", {
		method: "POST",
		headers: { "Content-Type": "application/json" },
		body: JSON.stringify(Object.fromEntries(new FormData(form))),
	});
	if (!answer.ok) return tell(answer);
	session.start(await answer.json());
	form.reset();
	await read();
});

byId("send").addEventListener("click", async () => {
	await tell(await session.fetch("messages", { method: "POST" }));
});

byId("logout").addEventListener("click", async () => {
	const answer = await session.fetch("logout", { method: "POST" });
	await tell(answer);
	if (!answer.ok) return; // a store did not answer: try again
	session.end();
	show(false);
});

// Another tab has logged out, or in.
addEventListener("storage", (event) => {
	if (event.key === name && (!event.newValue || !form.hidden)) location.reload();
});

await read();
