// Marks on nodes: what their widgets are bound to, when and for what they are there, their faults.

import { app } from "../../scripts/app.js";
import { memoryOf, nodeOf } from "./graph.js";
import { BOUND, CLAUSE, FAULT, styleMarks } from "./vue_badges.js";

const FONT = "11px system-ui, sans-serif";
const LABEL_FONT = "12px Arial"; // of a widget's name
const HEIGHT = 16; // of a badge; all in units of the graph
const LONGEST_FAULT = 480; // the whole text is in the dialog

let faults = new Map(); // messages by node

export function forgetFaults() {
	showFaults([]);
}

export function showFaults(found) {
	faults = new Map();
	for (const { node: id, input, message } of found) {
		const node = nodeOf(id);
		if (node) faults.set(node, [...(faults.get(node) ?? []), input ? `${input}: ${message}` : message]);
	}
	app.graph.setDirtyCanvas(true, true);
}

/** From now on, above all nodes, so that none hides the marks of another. */
export function drawMarks(canvas) {
	const former = canvas.onDrawForeground;
	canvas.onDrawForeground = function (context, ...more) {
		former?.call(this, context, ...more);
		const nodes = [...this.graph._nodes];
		styleMarks(LiteGraph.vueNodesMode ? nodes.map((node) => [node.id, marksOf(node)]) : []);
		if (!LiteGraph.vueNodesMode) for (const node of nodes) drawNode(node, context);
	};
}

function marksOf(node) {
	const { bindings, when, each } = memoryOf(node);
	const clauses = [when && `when ${when}`, each && `each ${each}`].filter(Boolean).join("  ·  ");
	return { bindings, clauses, messages: faults.get(node) ?? [] };
}

function drawNode(node, context) {
	context.save();
	context.translate(node.pos[0], node.pos[1]);
	context.textBaseline = "middle";
	if (!node.flags?.collapsed) {
		drawBindings(node, context);
		drawFaults(node, context);
	}
	const { clauses } = marksOf(node);
	if (clauses) badge(context, clauses, { left: 0, y: -LiteGraph.NODE_TITLE_HEIGHT - 11, colour: CLAUSE });
	context.restore();
}

function drawBindings(node, context) {
	const { bindings } = memoryOf(node);
	let right = node.size[0] - 8; // of the next badge in the title
	for (const widget of node.widgets ?? []) {
		const expression = bindings[widget.name];
		if (expression === undefined || widget.hidden || widget.type.startsWith("converted")) continue;
		if (widget.element) { // lies above the canvas and would hide it
			const y = -LiteGraph.NODE_TITLE_HEIGHT / 2;
			right -= badge(context, `${widget.name}: ${expression}`, { right, y, colour: BOUND }) + 6;
			continue;
		}
		context.font = LABEL_FONT;
		const left = 42 + context.measureText(widget.label ?? widget.name).width;
		const y = (widget.last_y ?? widget.y ?? 0) + LiteGraph.NODE_WIDGET_HEIGHT / 2;
		badge(context, shortened(context, expression, node.size[0] - left - 32), { left, y, colour: BOUND });
	}
}

/** As much of the text as fits. */
function shortened(context, text, width) {
	context.font = FONT;
	let end = text.length;
	while (end > 1 && context.measureText(text.slice(0, end)).width > width) end--;
	return end < text.length ? `${text.slice(0, end)}…` : text;
}

function drawFaults(node, context) {
	const messages = faults.get(node);
	if (!messages) return;
	const top = -LiteGraph.NODE_TITLE_HEIGHT;
	context.strokeStyle = FAULT;
	context.lineWidth = 3;
	context.strokeRect(-4, top - 4, node.size[0] + 8, node.size[1] - top + 8);
	messages.forEach((message, n) =>
		badge(context, shortened(context, message, LONGEST_FAULT), { left: -4, y: node.size[1] + 17 + (HEIGHT + 4) * n, colour: FAULT }));
}

/** Draws it and tells its width. */
function badge(context, text, { left, right, y, colour }) {
	context.font = FONT;
	const width = context.measureText(text).width + 12;
	const start = left ?? right - width;
	context.fillStyle = colour;
	context.beginPath();
	context.roundRect(start, y - HEIGHT / 2, width, HEIGHT, 5);
	context.fill();
	context.fillStyle = "#fff";
	context.fillText(text, start + 6, y + 0.5);
	return width;
}
