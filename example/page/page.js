"use strict";

const names = document.body.dataset;
const form = document.querySelector("form");

function cookie(name) {
	const found = document.cookie.split("; ").find((c) => c.startsWith(name + "="));
	return found && found.slice(name.length + 1);
}

// send makes a request. The browser adds the cookies with the tokens, which
// this script cannot read; to those it adds the CSRF value, which other sites
// cannot read. It is looked up each time, as it changes with the token.
function send(method, path, { token, body } = {}) {
	const headers = {};
	if (token) headers[names[token + "Header"]] = cookie(names[token + "Cookie"]) ?? "";
	if (body) headers["Content-Type"] = "application/json";
	return fetch(path, { method, headers, body: body && JSON.stringify(body) });
}

// refresh trades the refresh token for new ones, if there is one.
async function refresh() {
	if (!cookie(names.refreshCookie)) return false;
	return (await send("POST", "/web/refresh", { token: "refresh" })).ok;
}

// sendRefreshed tries again with new tokens if those at hand have expired.
async function sendRefreshed(method, path, options) {
	const answer = await send(method, path, options);
	if (answer.status !== 401 || !await refresh()) return answer;
	return send(method, path, options);
}

function show(text) {
	const message = document.getElementById("message");
	message.textContent = text;
	message.hidden = false;
}

// run keeps the buttons still while it runs work, and shows what comes of it.
async function run(work) {
	const buttons = [...document.querySelectorAll("button")];
	buttons.forEach((b) => { b.disabled = true; });
	try {
		const answer = await work();
		if (answer.ok || answer.status === 401 && !form) return location.reload();
		show(Object.values(await answer.json())[0]);
	} catch {
		show("The server did not answer. Try again.");
	}
	buttons.forEach((b) => { b.disabled = false; });
}

for (const button of document.querySelectorAll("[data-path]")) {
	const { method, path, with: token = "access" } = button.dataset;
	button.addEventListener("click", () => run(() => sendRefreshed(method, path, { token })));
}

for (const time of document.querySelectorAll("time")) {
	time.textContent = new Date(time.dateTime).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

form?.addEventListener("submit", (event) => {
	event.preventDefault();
	const body = Object.fromEntries(new FormData(form));
	run(async () => {
		if (event.submitter?.value === "register") {
			const answer = await send("POST", "/register", { body });
			if (!answer.ok) return answer;
		}
		return send("POST", "/web/login", { body });
	});
});

// The form is also what someone sees whose access token has expired.
if (form) refresh().then((ok) => { if (ok) location.reload(); }, () => {});
