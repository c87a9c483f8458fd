import { createSession } from "./session.js";

const form = document.querySelector("form");
const session = createSession({
	base: "/web/",
	name: "ginjwt.example",
	onLogin: () => { if (!form) location.reload(); }, // to the form
});

function show(text) {
	const message = document.getElementById("message");
	message.textContent = text;
	message.hidden = !text;
}

// run disables the buttons while work runs, and shows an error if it fails.
async function run(work, done) {
	const buttons = [...document.querySelectorAll("button")];
	buttons.forEach((b) => { b.disabled = true; });
	show("");
	try {
		const answer = await work();
		if (answer.ok) done();
		else show(Object.values(await answer.json())[0]);
	} catch {
		show("The server did not answer. Try again.");
	}
	buttons.forEach((b) => { b.disabled = false; });
}

// ended removes a session from the list and announces it. The button that had the focus is
// gone, so the heading gets the focus.
function ended(button) {
	button.closest("li").remove();
	document.getElementById("status").textContent = `The session on ${button.dataset.ends} has ended.`;
	document.querySelector("h1").focus();
}

// loggedOut ends the session in this tab. Other tabs get a storage event.
function loggedOut() {
	session.end();
	location.reload();
}

for (const button of document.querySelectorAll("[data-path]")) {
	const { method, path, ends } = button.dataset;
	const done = ends ? () => ended(button) : loggedOut;
	button.addEventListener("click", () => run(() => session.fetch(path, { method }), done));
}

for (const time of document.querySelectorAll("time")) {
	time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

form?.addEventListener("submit", (event) => {
	event.preventDefault();
	const body = JSON.stringify(Object.fromEntries(new FormData(form)));
	const post = (path) => fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body });
	run(async () => {
		if (event.submitter?.value === "register") {
			const answer = await post("/register");
			if (!answer.ok) return answer;
		}
		return post("/web/login");
	}, () => {
		session.start();
		location.reload();
	});
});

addEventListener("storage", (event) => {
	if (event.key === "ginjwt.example" && !event.newValue) location.reload(); // another tab has logged out
});

// A user whose access token has expired sees the form too. If somebody has logged in here,
// this request refreshes the tokens.
if (form && localStorage.getItem("ginjwt.example")) {
	const answer = await session.fetch("me").catch(() => undefined);
	if (answer?.ok) location.reload();
}
