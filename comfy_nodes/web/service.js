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

export const choices = (name) => get(`templates/${encodeURIComponent(name)}/choices`);

/** The written version; or `{error, faults}` if it has faults, `{error, stale}` if it would replace
 * another version than the one of that digest: nothing is written then. No digest: it is new. */
export async function publish(name, text, digest) {
	const condition = digest ? { "If-Match": `"${digest}"` } : { "If-None-Match": "*" };
	const answer = await send("PUT", `templates/${encodeURIComponent(name)}`, { text }, condition);
	if (answer.status === 412) return { ...(await answer.json()), stale: true };
	return readFaults(answer);
}

/** `{graph}`, filled as a request would fill it; or `{error, faults}`. */
export async function draft(name, text, wanted) {
	return readFaults(await send("POST", `templates/${encodeURIComponent(name)}/draft`, { text, ...wanted }));
}

export async function logOut() {
	const answer = await send("POST", "../logout", {}); // is led to the login
	if (!answer.ok) throw new Error(`The service answered ${answer.status}`);
	location.assign(new URL("../login", BASE));
}

function send(method, path, body, headers = {}) {
	return fetch(new URL(path, BASE), {
		method,
		headers: { "Content-Type": "application/json", "X-CSRF-Token": session.token, ...headers },
		body: JSON.stringify(body),
	});
}

async function readFaults(answer) {
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
