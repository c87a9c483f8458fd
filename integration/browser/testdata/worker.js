// A service worker that passes requests on, and that uses the key of the pages.
import { createDPoP, inDatabase } from "./dpop.js";

addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => event.respondWith(fetch(event.request)));
addEventListener("message", async ({ data, ports }) => {
	const { privateKey } = await inDatabase().get();
	const exported = await crypto.subtle.exportKey("jwk", privateKey).catch((error) => error.name);
	const answer = await createDPoP().fetch("/messages", { headers: { Authorization: "DPoP " + data } });
	ports[0].postMessage(exported + " " + answer.status);
});
