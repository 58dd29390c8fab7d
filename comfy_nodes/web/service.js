// What the page asks of Imgen: same origin, behind the session, with its token on every write.

const BASE = new URL("../../imgen/", import.meta.url); // /comfy/extensions/NAME/ → /comfy/imgen/

let session = null;

/** Null where the page is not served by Imgen, as when ComfyUI runs by itself. */
export async function openSession() {
	const answer = await fetch(new URL("session", BASE));
	session = answer.ok ? await answer.json() : null;
	return session;
}

export const templates = async () => (await get("templates")).templates;
export const openTemplate = (name) => get(`templates/${encodeURIComponent(name)}`);
export const history = async (name) => (await get(`templates/${encodeURIComponent(name)}/history`)).versions;
export const openVersion = (name, number) => get(`templates/${encodeURIComponent(name)}/history/${number}`);

/** The written version; or, if it has faults, `{error, faults}`, and nothing is written. */
export async function publish(name, text) {
	const answer = await fetch(new URL(`templates/${encodeURIComponent(name)}`, BASE), {
		method: "PUT",
		headers: { "Content-Type": "application/json", "X-CSRF-Token": session.token },
		body: JSON.stringify({ text }),
	});
	return answer.status === 422 ? answer.json() : read(answer);
}

async function get(path) {
	return read(await fetch(new URL(path, BASE)));
}

async function read(answer) {
	const body = await answer.json();
	if (!answer.ok) throw new Error(body.error ?? `The service answered ${answer.status}`);
	return body;
}
