// The nodes of a template in ComfyUI's page, and back.

import { app } from "../../scripts/app.js";
import { closed, format, opened, parseTemplate } from "./template.js";

const KEY = "imgen"; // of a node's properties and of the graph's extra

/** What an open template is called; empty: the graph is of no template. */
export function openName() {
	return app.graph.extra?.[KEY]?.name ?? "";
}

export function memoryOf(node) {
	node.properties ??= {};
	return (node.properties[KEY] ??= { id: "", source: "", bindings: {}, when: null, each: null });
}

/** Put a template into the page in the place of what is there. */
export async function show({ name, text, samples }) {
	const nodes = [...parseTemplate(text)].map(([id, node]) => opened(id, node, samples[id] ?? {}));
	const missing = nodes.map((node) => node.type).filter((type) => !LiteGraph.registered_node_types[type]);
	if (missing.length) throw new Error(`This ComfyUI has no ${[...new Set(missing)].join(", ")}`);
	app.graph.clear();
	const made = new Map(nodes.map((node) => [node.id, addNode(node)]));
	for (const node of nodes) fill(made.get(node.id), node, made);
	await remember(name, [...made.values()], [...made.keys()]);
	app.graph.setDirtyCanvas(true, true);
}

function addNode(shown) {
	const node = LiteGraph.createNode(shown.type);
	if (!node) throw new Error(`This ComfyUI can't make a ${shown.type}`);
	if (/^\d+$/.test(shown.id)) node.id = Number(shown.id);
	if (shown.title !== undefined) node.title = shown.title;
	app.graph.add(node);
	node.properties[KEY] = shown.memory;
	if (shown.position) node.pos = [...shown.position];
	if (shown.size) node.setSize([...shown.size]);
	return node;
}

function fill(node, shown, made) {
	for (const [name, [source, slot]] of Object.entries(shown.links)) connect(made.get(source), slot, node, name);
	for (const [name, value] of Object.entries(shown.widgets)) {
		const widget = node.widgets?.find((candidate) => candidate.name === name);
		if (widget) widget.value = value;
	}
}

function connect(source, slot, node, name) {
	if (!source) return;
	let index = node.findInputSlot(name);
	const widget = node.widgets?.find((candidate) => candidate.name === name);
	if (index < 0 && widget) {
		node.convertWidgetToInput?.(widget);
		index = node.findInputSlot(name);
	}
	if (index >= 0) source.connect(slot, node, index);
}

async function remember(name, nodes, order) {
	const pages = await pagesOf(nodes);
	app.graph.extra = { ...app.graph.extra, [KEY]: { name, order } };
	for (const [node, page] of pages) memoryOf(node).before = JSON.stringify({ ...page, memory: undefined });
}

/** What is to be compared of each node, now. */
async function pagesOf(nodes) {
	const { output } = await app.graphToPrompt();
	return nodes.filter((node) => output[node.id]).map((node) => [node, pageOf(node, output[node.id])]);
}

function pageOf(node, prompt) {
	const inputs = { ...prompt.inputs };
	for (const widget of node.widgets ?? []) {
		if (widget.name in inputs && !Array.isArray(inputs[widget.name])) inputs[widget.name] = widget.value;
	}
	for (const [name, value] of Object.entries(inputs)) {
		if (Array.isArray(value) && value.length === 2) inputs[name] = [idOf(value[0]), Number(value[1])];
	}
	return {
		type: prompt.class_type,
		title: node.title,
		position: rounded(node.pos),
		size: rounded(node.size),
		inputs,
		memory: memoryOf(node),
	};
}

function rounded(pair) {
	return [Math.round(pair[0]), Math.round(pair[1])];
}

/** The id of a node in the template: the one that it came with, else the page's. */
function idOf(id) {
	const node = app.graph.getNodeById(Number(id)) ?? app.graph.getNodeById(id);
	return (node && memoryOf(node).id) || String(id);
}

export function nodeOf(id) {
	return app.graph._nodes.find((node) => idOf(node.id) === id);
}

/** The graph of the page as the text of a template. */
export async function text() {
	const nodes = [...app.graph._nodes];
	const written = (await pagesOf(nodes)).map(([node, page]) => {
		const { before } = memoryOf(node);
		return [idOf(node.id), closed(page, before ? JSON.parse(before) : undefined)];
	});
	const known = [...(app.graph.extra?.[KEY]?.order ?? [])];
	const place = ([id]) => (known.includes(id) ? known.indexOf(id) : known.length);
	return format(new Map(written.sort((one, other) => place(one) - place(other))));
}

/** Take the text that was just published for the one that the page came from. */
export async function adopt(name, published) {
	for (const [id, source] of parseTemplate(published)) {
		const node = nodeOf(id);
		if (!node) continue;
		const { memory } = opened(id, source, {});
		node.properties[KEY] = { ...memory };
	}
	await remember(name, [...app.graph._nodes], [...parseTemplate(published).keys()]);
}

