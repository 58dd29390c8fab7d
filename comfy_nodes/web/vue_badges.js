// The same marks for nodes of HTML, which newer ComfyUI can show in place of painted ones: as rules of
// a style sheet, so that the page may renew its elements as it likes.

export const FAULT = "#d93a2b";
export const BOUND = "#3f68e0";
export const CLAUSE = "#7c4ddb";

const BADGE = `position: absolute; padding: 1px 6px; border-radius: 5px; color: #fff; pointer-events: none;
  font: 11px/14px system-ui, sans-serif; z-index: 1`;
const LINE = "white-space: nowrap; overflow: hidden; text-overflow: ellipsis";

const sheet = document.createElement("style");

/** `marked` are pairs of a node's id and its `{bindings, clauses, messages}`. */
export function styleMarks(marked) {
	if (!sheet.isConnected) document.head.append(sheet);
	const rules = marked.flatMap(([id, marks]) => rulesOf(`[data-node-id="${CSS.escape(id)}"]`, marks)).join("\n");
	if (sheet.textContent !== rules) sheet.textContent = rules;
}

function rulesOf(node, { bindings, clauses, messages }) {
	const rules = Object.entries(bindings).flatMap(([name, expression]) => {
		const row = `${node} [data-widget-name="${CSS.escape(name)}"]`;
		return [`${row} { position: relative }`,
			`${row}::after { content: ${quoted(expression)}; ${BADGE}; ${LINE}; background: ${BOUND}; right: 30px; top: 3px; max-width: 55% }`];
	});
	if (clauses) rules.push(`${node}::before { content: ${quoted(clauses)}; ${BADGE}; ${LINE}; background: ${CLAUSE}; left: 0; bottom: calc(100% + 3px) }`);
	if (messages.length) {
		rules.push(`${node} { outline: 3px solid ${FAULT} }`);
		rules.push(`${node}::after { content: ${quoted(messages.join("\n"))}; ${BADGE}; white-space: pre-wrap; background: ${FAULT}; left: 0; top: calc(100% + 6px); width: max-content; max-width: 480px }`);
	}
	return rules;
}

function quoted(text) {
	return `"${text.replace(/["\\]/g, "\\$&").replace(/\n/g, "\\a ")}"`;
}
