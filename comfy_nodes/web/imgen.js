// Imgen in ComfyUI's page: open a template, bind its widgets, publish it.

import { app } from "../../scripts/app.js";
import { drawMarks, forgetFaults, showFaults } from "./badges.js";
import { bar, showHistory, tell } from "./dialogs.js";
import { adopt, memoryOf, openName, show, text } from "./graph.js";
import * as service from "./service.js";

let names = []; // that expressions may use

async function open(name) {
	const template = await service.openTemplate(name);
	names = template.names;
	forgetFaults();
	await show(template);
}

async function publish() {
	const name = openName() || prompt("Name of the new template (letters, digits, _ . -)");
	if (!name) return;
	const written = await text();
	const answer = await service.publish(name, written);
	showFaults(answer.faults ?? []);
	if (answer.faults) {
		const lines = answer.faults.map((fault) => [fault.title, fault.input, fault.message].filter(Boolean).join(": "));
		tell(`${name} was not published`, lines.join("\n"), "fault");
		return;
	}
	await adopt(name, written);
	tell(`${name}: version ${answer.number} is published`, "The next request runs it.");
}

async function history() {
	const name = openName();
	if (!name) return tell("Open a template first", "");
	const versions = await service.history(name);
	showHistory(name, versions, {
		load: (number) => service.openVersion(name, number),
		now: await service.openTemplate(name),
		restore: async (former) => {
			const answer = await service.publish(name, former.text);
			if (answer.faults) throw new Error(answer.faults.map((fault) => fault.message).join("; "));
			await open(name);
			tell(`${name}: version ${answer.number} is published`, "The former graph is back.");
		},
	});
}

/** Nothing fails without a word. */
function guarded(action) {
	return async (...given) => {
		try {
			return await action(...given);
		} catch (error) {
			tell("That did not work", error.message, "fault");
		}
	};
}

function bindingMenu(node) {
	const { bindings } = memoryOf(node);
	const widgets = (node.widgets ?? []).filter((w) => w.options?.serialize !== false && w.type !== "button");
	return widgets.map((widget) => ({
		content: bindings[widget.name] ? `${widget.name}: ${bindings[widget.name]}` : widget.name,
		has_submenu: true,
		submenu: { options: choices(node, widget.name) },
	}));
}

function choices(node, name) {
	const { bindings } = memoryOf(node);
	const bind = (expression) => {
		bindings[name] = expression;
		node.setDirtyCanvas(true, true);
	};
	const unbind = { content: "Unbind", callback: () => {
		delete bindings[name];
		node.setDirtyCanvas(true, true);
	} };
	const own = { content: "Expression …", callback: () => {
		const expression = prompt(`${name}: Jinja, as in {{ steps + 10 }}`, bindings[name] ?? "{{  }}");
		if (expression) bind(expression);
	} };
	const simple = names.map((bound) => ({ content: bound, callback: () => bind(`{{ ${bound} }}`) }));
	return [...(bindings[name] ? [unbind] : []), ...simple, own];
}

function clauseItem(node, key, example) {
	const memory = memoryOf(node);
	return {
		content: memory[key] ? `${key}: ${memory[key]}` : `${key} …`,
		callback: () => {
			const given = prompt(`${key}, as in: ${example} (empty: none)`, memory[key] ?? "");
			if (given === null) return;
			memory[key] = given.trim() || null;
			node.setDirtyCanvas(true, true);
		},
	};
}

function addMenu(type) {
	const former = type.prototype.getExtraMenuOptions;
	type.prototype.getExtraMenuOptions = function (canvas, options) {
		const result = former?.apply(this, arguments);
		options.push(
			null,
			{ content: "Imgen: bind", has_submenu: true, submenu: { options: bindingMenu(this) } },
			clauseItem(this, "when", "negative"),
			clauseItem(this, "each", "lora in loras"),
		);
		return result;
	};
}

app.registerExtension({
	name: "imgen.artists",
	beforeRegisterNodeDef: (type) => addMenu(type),
	async setup() {
		if (!(await service.openSession())) return;
		drawMarks(app.canvas);
		bar({
			list: service.templates,
			open: guarded(open),
			publish: guarded(publish),
			history: guarded(history),
			renew: () => { app.graph.extra = { ...app.graph.extra, imgen: undefined }; },
		});
	},
});
