// The bar of Imgen at the top of the page, its messages and its history.

import { difference } from "./template.js";

const STYLE = `
.imgen { font: 14px/1.4 system-ui, sans-serif; color: #e8e8ea; background: #26292f; border: 1px solid #454a54;
  border-radius: 10px; box-shadow: 0 6px 24px #0008; z-index: 2000 }
.imgen button, .imgen select { font: inherit; color: inherit; background: #383d47; border: 0; border-radius: 6px;
  padding: 5px 12px; cursor: pointer }
.imgen button.main { background: #4f7cff; color: #fff }
.imgen-bar { position: fixed; bottom: 16px; left: 50%; transform: translateX(-50%); display: flex; gap: 8px;
  align-items: center; padding: 8px 12px; white-space: nowrap }
.imgen-bar small { color: #ffc46b }
dialog.imgen { width: min(52rem, 90vw); max-height: 80vh; padding: 18px 22px; overflow: auto }
dialog.imgen::backdrop { background: #0008 }
dialog.imgen h2 { margin: 0 0 10px; font-size: 17px }
dialog.imgen p { margin: 0 0 14px; white-space: pre-wrap }
dialog.imgen.fault h2 { color: #ff9c8f }
dialog.imgen label { display: grid; gap: 4px; margin: 0 0 12px }
dialog.imgen .offered { display: flex; flex-wrap: wrap; gap: 6px; margin: 0 0 12px }
dialog.imgen textarea, dialog.imgen input { box-sizing: border-box; width: 100%; padding: 6px; font: inherit; color: inherit; background: #1b1d21; border: 1px solid #454a54; border-radius: 6px }
dialog.imgen input { margin: 0 0 12px }
dialog.imgen li { display: flex; gap: 12px; align-items: center; padding: 5px 0 }
dialog.imgen ul { list-style: none; margin: 0 0 12px; padding: 0 }
dialog.imgen pre { max-height: 40vh; overflow: auto; background: #1b1d21; padding: 10px; border-radius: 6px;
  font: 12px/1.5 ui-monospace, monospace }
.imgen ins { display: block; text-decoration: none; background: #1d4d2b } .imgen del { display: block;
  text-decoration: none; background: #5b2323 }`;

export function element(tag, properties = {}, ...children) {
	const made = Object.assign(document.createElement(tag), properties);
	made.append(...children);
	return made;
}

/** What has it show which template is open. */
export async function bar({ list, opened, open, publish, history, publishNew, tryOut, logOut }) {
	document.head.append(element("style", { textContent: STYLE }));
	const choice = element("select", { ariaLabel: "Template" });
	const follow = () => {
		const name = opened(); // one just written is not served yet
		if (![...choice.options].some(({ value }) => value === name)) choice.append(new Option(name, name));
		choice.value = name;
	};
	const refresh = async () => {
		const options = (await list()).map(({ name, version, faults }) => element("option", {
			value: name,
			textContent: `${name}${version ? ` (version ${version})` : ""}${faults.length ? " – has faults" : ""}`,
			title: faults.join("\n"),
		}));
		choice.replaceChildren(element("option", { value: "", textContent: "Open a template …" }), ...options);
		follow();
	};
	choice.onchange = async () => {
		if (choice.value) await open(choice.value);
		follow();
	};
	const button = (textContent, onclick, className = "") => element("button", { textContent, onclick, className });
	document.body.append(element("div", { className: "imgen imgen-bar" },
		choice,
		button("Try", () => tryOut()),
		button("Publish", () => publish().then(refresh), "main"),
		button("History", () => history()),
		button("Save as new", () => publishNew().then(refresh)),
		element("small", { textContent: "Pictures made here are drafts" }),
		button("Log out", () => logOut())));
	await refresh();
	return follow;
}

export function dialog(className, ...children) {
	const close = element("button", { textContent: "Close", onclick: () => shown.close() });
	const shown = element("dialog", { className: `imgen ${className}` }, ...children, close);
	shown.onclose = () => shown.remove();
	shown.onkeydown = (event) => event.stopPropagation(); // not for the canvas
	document.body.append(shown);
	shown.showModal();
	return shown;
}

export function tell(title, body, className = "") {
	dialog(className, element("h2", { textContent: title }), element("p", { textContent: body }));
}

export function showHistory(name, versions, { load, now, restore }) {
	const changes = element("pre", { textContent: "Choose a version to see what has changed since." });
	const lines = versions.map(({ number, author, published }) => element("li", {},
		element("span", { textContent: `${number}. ${author || "found in the folder"}, ${new Date(published).toLocaleString()}` }),
		element("button", { textContent: "Compare", onclick: async () => compare(changes, await load(number), now) }),
		element("button", { textContent: "Restore", onclick: async () => {
			shown.close();
			try {
				await restore(await load(number));
			} catch (error) {
				tell("It was not restored", error.message, "fault");
			}
		} })));
	const shown = dialog("history", element("h2", { textContent: `History of ${name}` }),
		element("ul", {}, ...lines), changes);
}

/** Somebody else has published meanwhile: what differs, and whether to publish all the same. */
export function showStale(name, reason, { theirs, ours, replace }) {
	const changes = element("pre");
	compare(changes, { text: theirs }, { text: ours });
	const shown = dialog("fault", element("h2", { textContent: `${name} was not published` }),
		element("p", { textContent: `${reason}. Yours would change it so:` }), changes,
		element("button", { textContent: "Replace theirs", onclick: () => {
			shown.close();
			replace();
		} }));
}

function compare(place, former, now) {
	const tags = { " ": "span", "-": "del", "+": "ins" };
	place.replaceChildren(...difference(former.text, now.text)
		.map(([mark, text]) => element(tags[mark], { textContent: `${mark} ${text}\n` })));
}
