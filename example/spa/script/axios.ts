import { createSession } from "./session.js";

declare const axios: { create(config: object): { post(path: string): Promise<{ data: unknown }> } };

const session = createSession({ base: "/api/", onLogin: () => location.assign("/") });
const api = axios.create({ baseURL: "/api/", adapter: "fetch", env: { fetch: session.fetch } });

document.getElementById("send")!.addEventListener("click", async () => {
	const answer = await api.post("messages");
	document.getElementById("answer")!.textContent = JSON.stringify(answer.data);
});
