// Between a template (ComfyUI's API format with Jinja in its strings) and the nodes of the page.
// Pure: what is not changed in the page comes back as it was written, digit for digit.

const WIDTH = 100; // characters of a line in a template

/** A value of JSON whose numbers keep the way they were written. */
export function parse(text) {
	return JSON.parse(text, (_, value, context) =>
		typeof value === "number" && context?.source !== undefined ? new Written(value, context.source) : value);
}

/** Whether this browser tells how a number was written. */
export const keepsNumbers = JSON.parse("1.0", (_, value, context) => context?.source === "1.0");

class Written {
	constructor(value, source) {
		this.value = value;
		this.source = source;
	}
}

/** A template: its nodes by id in the order in which they are written, which an object with ids of
 * digits would not keep. */
export function parseTemplate(text) {
	const nodes = parse(text);
	return new Map(topKeys(text).map((id) => [id, nodes[id]]));
}

function topKeys(text) {
	const keys = [];
	let depth = 0;
	for (const [token, name] of text.matchAll(/"((?:[^"\\]|\\.)*)"(?=\s*:)|"(?:[^"\\]|\\.)*"|[[\]{}]/g)) {
		if ("[{".includes(token)) depth++;
		else if ("]}".includes(token)) depth--;
		else if (depth === 1 && name !== undefined) keys.push(JSON.parse(`"${name}"`));
	}
	return keys;
}

/** The same value as plain JavaScript. */
export function plain(value) {
	if (value instanceof Written) return value.value;
	if (Array.isArray(value)) return value.map(plain);
	if (value && typeof value === "object") return mapped(value, plain);
	return value;
}

/** The text of a template: a node over several lines, its parts on one line where they fit. */
export function format(template) {
	return `${pretty(template, "", 0)}\n`;
}

function pretty(value, indent, used) {
	const flat = line(value);
	const isContainer = value && typeof value === "object" && !(value instanceof Written);
	const isDeep = indent.length > 2; // templates and nodes are never on one line
	if (!isContainer || flat === "{}" || flat === "[]" || (isDeep && used + flat.length < WIDTH)) return flat;
	const deeper = `${indent}  `;
	const parts = Array.isArray(value)
		? value.map((item) => deeper + pretty(item, deeper, deeper.length))
		: entries(value).map(([key, item]) => {
			const start = `${deeper}${JSON.stringify(key)}: `;
			return start + pretty(item, deeper, start.length);
		});
	const [open, close] = Array.isArray(value) ? "[]" : "{}";
	return `${open}\n${parts.join(",\n")}\n${indent}${close}`;
}

function entries(value) {
	return value instanceof Map ? [...value] : Object.entries(value);
}

function line(value) {
	if (value instanceof Written) return value.source;
	if (Array.isArray(value)) return `[${value.map(line).join(", ")}]`;
	if (value && typeof value === "object") {
		return `{${entries(value).map(([key, item]) => `${JSON.stringify(key)}: ${line(item)}`).join(", ")}}`;
	}
	return JSON.stringify(value);
}

export function isLink(value) {
	return Array.isArray(value) && value.length === 2 && typeof value[0] === "string"
		&& Number.isInteger(plain(value[1]));
}

export function isExpression(value) {
	return typeof value === "string" && /\{\{|\{%/.test(value);
}

/** What the page shows of a node: `samples` are the values of its expressions, by input.
 * `memory` stays with the node in the page and is needed to close it again. */
export function opened(id, node, samples) {
	const inputs = Object.entries(node.inputs);
	const meta = plain(node._meta ?? {});
	return {
		id,
		type: node.class_type,
		title: meta.title,
		position: meta.position,
		size: meta.size,
		links: Object.fromEntries(inputs.filter(([, v]) => isLink(v)).map(([name, v]) => [name, plain(v)])),
		widgets: Object.fromEntries(
			inputs.filter(([, v]) => !isLink(v)).map(([name, v]) => [name, samples[name] ?? plain(v)])),
		memory: {
			id,
			source: line(node),
			bindings: Object.fromEntries(inputs.filter(([, v]) => isExpression(v))),
			when: meta.when ?? null,
			each: meta.each ?? null,
		},
	};
}

/** A node of the template. `page`: type, title, position, size, inputs and memory as they are now;
 * `before`: the same as it was when the template had just been opened, if it was in one. */
export function closed(page, before) {
	const { memory } = page;
	const source = memory.source && before?.type === page.type ? parse(memory.source) : null;
	const wasExpression = source ? opened(memory.id, source, {}).memory.bindings : {};
	const inputs = {};
	const names = [...Object.keys(source?.inputs ?? {}), ...Object.keys(page.inputs)];
	for (const name of new Set(names)) {
		const value = page.inputs[name];
		const bound = memory.bindings[name];
		const isSame = before && same(value, before.inputs[name]) && bound === wasExpression[name];
		if (isLink(value) && !isSame) inputs[name] = value;
		else if (bound !== undefined && !isLink(value)) inputs[name] = bound;
		else if (isSame && source) {
			if (source.inputs[name] !== undefined) inputs[name] = source.inputs[name];
		} else if (value !== undefined) inputs[name] = value;
	}
	const node = { ...source, class_type: page.type, inputs };
	const meta = metaOf(page, before, source);
	if (source?._meta || Object.keys(meta).length) node._meta = meta;
	return node;
}

function metaOf(page, before, source) {
	const meta = { ...source?._meta };
	for (const name of ["title", "position", "size"]) {
		if (!before || !source || !same(page[name], before[name])) meta[name] = page[name];
	}
	for (const name of ["when", "each"]) {
		const clause = page.memory[name];
		if (clause === null) delete meta[name];
		else meta[name] = clause;
	}
	return meta;
}

/** A graph with other ids for its nodes; one that has none keeps its own. */
export function renamed(graph, ids) {
	const link = (value) => isLink(value) ? [ids.get(value[0]) ?? value[0], value[1]] : value;
	return Object.fromEntries(Object.entries(graph).map(([id, node]) =>
		[ids.get(id) ?? id, { ...node, inputs: mapped(node.inputs, link) }]));
}

function same(one, other) {
	return JSON.stringify(one) === JSON.stringify(other);
}

function mapped(object, change) {
	return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]));
}

/** Lines of two texts: " " in both, "-" only in the former, "+" only in the latter. */
export function difference(former, latter) {
	const a = former.split("\n");
	const b = latter.split("\n");
	const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
	for (let i = a.length - 1; i >= 0; i--) {
		for (let j = b.length - 1; j >= 0; j--) {
			common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
		}
	}
	const lines = [];
	let [i, j] = [0, 0];
	while (i < a.length || j < b.length) {
		if (i < a.length && j < b.length && a[i] === b[j]) lines.push([" ", a[i++], j++]);
		else if (j >= b.length || (i < a.length && common[i + 1][j] >= common[i][j + 1])) lines.push(["-", a[i++]]);
		else lines.push(["+", b[j++]]);
	}
	return lines.map(([mark, text]) => [mark, text]);
}
