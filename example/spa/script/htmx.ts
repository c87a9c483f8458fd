import { createSession } from "./session.js";

const session = createSession({ base: "/api/", onLogin: () => location.assign("/") });

document.addEventListener("htmx:config:request", (event) => {
	const { ctx } = (event as CustomEvent).detail;
	ctx.fetch = session.fetch;
});
