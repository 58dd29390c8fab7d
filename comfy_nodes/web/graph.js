// The nodes of a template in ComfyUI's page, and back.

import { app } from "../../scripts/app.js";
import { api } from "../../scripts/api.js";
import { closed, format, opened, parseTemplate, renamed } from "./template.js";

export class Missing extends Error {}

const KEY = "imgen"; // of a node's properties and of the graph's extra
const MARGIN = { left: 90, top: 150 }; // pixels of the page, for its own bars

/** The digest of the version that the page came from; empty: none. */
export function openDigest() {
	return app.graph.extra?.[KEY]?.digest ?? "";
}

/** What an open template is called; empty: the graph is of no template. */
export function openName() {
	return app.graph.extra?.[KEY]?.name ?? "";
}

export function memoryOf(node) {
	node.properties ??= {};
	return (node.properties[KEY] ??= { id: "", source: "", bindings: {}, when: null, each: null });
}

/** Put a template into the page in the place of what is there. Throws Missing before it does so. */
export async function show({ name, text, samples, digest, origins }) {
	const nodes = [...parseTemplate(text)].map(([id, node]) => opened(id, node, samples[id] ?? {}));
	const missing = nodes.map((node) => node.type).filter((type) => !LiteGraph.registered_node_types[type]);
	if (missing.length) {
		const lines = [...new Set(missing)].map((type) => origins[type] ? `${type}: it comes with ${origins[type]}` : type);
		throw new Missing(lines.join("\n"));
	}
	if (LiteGraph.vueNodesMode && !app.collectNodeMenuItems) {
		throw new Error("The HTML nodes of this ComfyUI are unfinished: switch them off in its settings");
	}
	await inOneStep(async () => {
		app.graph.clear();
		const made = new Map(nodes.map((node) => [node.id, addNode(node)]));
		for (const node of nodes) fill(made.get(node.id), node, made);
		lookAt([...made.values()]);
		await remember({ name, digest, order: [...made.keys()] }, [...made.values()]);
	});
}

/** Have the page take a change for one that it keeps, and that can be undone. */
async function inOneStep(change) {
	app.canvas.emitBeforeChange?.();
	try {
		await change();
	} finally {
		app.canvas.emitAfterChange?.();
	}
}

/** `change` is given what is remembered of the node. */
export async function changeMemory(node, change) {
	await inOneStep(() => change(memoryOf(node)));
	node.setDirtyCanvas(true, true);
}

/** Have their left upper corner in view. */
function lookAt(nodes) {
	const { ds } = app.canvas;
	ds.offset[0] = MARGIN.left / ds.scale - Math.min(...nodes.map((node) => node.pos[0]));
	ds.offset[1] = MARGIN.top / ds.scale - Math.min(...nodes.map((node) => node.pos[1]));
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

async function remember(template, nodes) {
	const pages = await pagesOf(nodes);
	app.graph.extra = { ...app.graph.extra, [KEY]: template };
	for (const [node, page] of pages) memoryOf(node).before = JSON.stringify({ ...page, memory: undefined });
}

/** What is to be compared of each node, now. */
async function pagesOf(nodes) {
	const { output } = await app.graphToPrompt();
	const inner = Object.keys(output).find((id) => !app.graph.getNodeById(id));
	if (inner) throw new Error(`Node ${inner} is inside of a group or subgraph: unpack it first`);
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

/** Have ComfyUI run a graph of the template's nodes and show at them what comes of it.
 * The faults that it finds, as the service tells them. */
export async function queue(graph) {
	const pageIds = new Map(app.graph._nodes.map((node) => [idOf(node.id), String(node.id)]));
	try {
		await api.queuePrompt(0, { output: renamed(graph, pageIds), workflow: app.graph.serialize() });
	} catch (error) {
		if (!error.response) throw error;
		return refusals(error.response);
	}
	return [];
}

/** The id in the template of a node that ComfyUI names: of the one that it is a copy of, if it is. */
function originOf(id) {
	return nodeOf(idOf(id)) ? idOf(id) : id.replace(/:\d+$/, "");
}

function refusals({ error, node_errors: byNode = {} }) {
	const found = Object.entries(byNode).flatMap(([id, { class_type: title, errors }]) =>
		errors.map(({ message, details, extra_info: more }) =>
			({ node: originOf(id), title, input: more?.input_name ?? "", message: details || message })));
	return found.length ? found : [{ node: "", title: "", input: "", message: error?.message ?? String(error) }];
}

/** Take the text that was just published for the one that the page came from. */
export async function adopt(name, published, digest) {
	for (const [id, source] of parseTemplate(published)) {
		const node = nodeOf(id);
		if (!node) continue;
		const { memory } = opened(id, source, {});
		node.properties[KEY] = { ...memory };
	}
	const order = [...parseTemplate(published).keys()];
	await remember({ name, digest, order }, [...app.graph._nodes]);
}

