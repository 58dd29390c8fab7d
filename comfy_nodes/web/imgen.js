// Imgen in ComfyUI's page: open a template, bind its widgets, publish it.

import { app } from "../../scripts/app.js";
import { drawMarks, forgetFaults, showFaults } from "./badges.js";
import { bar, showHistory, showStale, tell } from "./dialogs.js";
import { askExpression } from "./expressions.js";
import { adopt, changeMemory, memoryOf, Missing, openDigest, openName, queue, show, text } from "./graph.js";
import * as service from "./service.js";
import { keepsNumbers } from "./template.js";
import { askTrial } from "./trial.js";

let names = []; // that expressions may use
let follow = () => {}; // has the bar show which template is open

/** The former template stays if this one can't be opened. */
async function open(name) {
	const template = await service.openTemplate(name);
	try {
		await show(template);
	} catch (error) {
		if (!(error instanceof Missing)) throw error;
		return tell(`${name} can't be opened: this ComfyUI lacks nodes`, error.message);
	}
	forgetFaults();
}

async function publish() {
	if (!openName()) return publishNew();
	await publishAs(openName(), openDigest());
}

async function publishNew() {
	const name = prompt("Name of the new template (letters, digits, _ . -)");
	if (name) await publishAs(name, "");
}

/** `digest` is of the version that it replaces; empty: there is none. */
async function publishAs(name, digest) {
	const written = await text();
	const answer = await service.publish(name, written, digest);
	if (answer.stale) return refuseStale(name, written, { digest, reason: answer.error });
	if (tellFaults(`${name} was not published`, answer.faults)) return;
	await adopt(name, written, answer.digest);
	tell(`${name}: version ${answer.number} is published`, "The next request runs it.");
}

async function refuseStale(name, written, { digest, reason }) {
	if (!digest) return tell(`${name} was not published`, `${reason}: choose another.`, "fault");
	const theirs = await service.openTemplate(name);
	showStale(name, reason, { theirs: theirs.text, ours: written, replace: guarded(() => publishAs(name, theirs.digest)) });
}

/** Whether there are any: at their nodes and in a dialog. */
function tellFaults(heading, faults = []) {
	showFaults(faults);
	if (!faults.length) return false;
	const lines = faults.map((fault) => [fault.title, fault.input, fault.message].filter(Boolean).join(": "));
	tell(heading, lines.join("\n"), "fault");
	return true;
}

async function tryOut() {
	const name = openName() || "new";
	askTrial(await service.choices(name), guarded(async (wanted) => {
		const answer = await service.draft(name, await text(), wanted);
		const faults = answer.faults ?? await queue(answer.graph);
		tellFaults("The draft can't be drawn", faults);
	}));
}

async function history() {
	const name = openName();
	if (!name) return tell("Open a template first", "");
	const [versions, now] = await Promise.all([service.history(name), service.openTemplate(name)]);
	showHistory(name, versions, {
		load: (number) => service.openVersion(name, number),
		now,
		restore: async (former) => {
			const answer = await service.publish(name, former.text, now.digest);
			if (answer.stale) throw new Error(answer.error);
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

/** One level of menus below ours: newer pages show no more. */
function bindingMenu(node) {
	const { bindings } = memoryOf(node);
	const widgets = (node.widgets ?? []).filter((w) => w.options?.serialize !== false && w.type !== "button");
	return widgets.map((widget) => ({
		content: bindings[widget.name] ? `${widget.name}: ${bindings[widget.name]}` : widget.name,
		callback: () => bind(node, widget.name),
	}));
}

function bind(node, name) {
	const { bindings } = memoryOf(node);
	const offered = Object.fromEntries(names.map((each) => [each, `{{ ${each} }}`]));
	const hint = "Bind it to one of these, or to an expression such as {{ steps + 10 }}:";
	askExpression(`${node.title}: ${name}`, { hint, now: bindings[name], offered }, (expression) =>
		changeMemory(node, (memory) => {
			if (expression) memory.bindings[name] = expression;
			else delete memory.bindings[name];
		}));
}

function clauseItem(node, key, example) {
	const memory = memoryOf(node);
	return {
		content: memory[key] ? `${key}: ${memory[key]}` : `${key} …`,
		callback: () => askExpression(`${node.title}: ${key}`, { hint: `As in: ${example}`, now: memory[key] }, (clause) =>
			changeMemory(node, (changed) => {
				changed[key] = clause;
			})),
	};
}

function nodeMenu(node) {
	return [
		null,
		{ content: "Imgen: bind", has_submenu: true, submenu: { options: bindingMenu(node) } },
		clauseItem(node, "when", "negative"),
		clauseItem(node, "each", "lora in loras"),
	];
}

/** For pages that do not know `getNodeMenuItems` yet. */
function addMenu(type) {
	const former = type.prototype.getExtraMenuOptions;
	type.prototype.getExtraMenuOptions = function (canvas, options) {
		const result = former?.apply(this, arguments);
		options.push(...nodeMenu(this));
		return result;
	};
}

app.registerExtension({
	name: "imgen.artists",
	beforeRegisterNodeDef: (type) => app.collectNodeMenuItems || addMenu(type),
	getNodeMenuItems: nodeMenu,
	afterConfigureGraph: () => follow(),
	async setup() {
		const session = await service.openSession();
		if (!session) return;
		names = session.names;
		if (!keepsNumbers) tell("This browser is too old", "It would rewrite numbers in what you publish: 1.0 as 1. Update it.");
		drawMarks(app.canvas);
		follow = await bar({
			opened: openName,
			list: service.templates,
			open: guarded(open),
			publish: guarded(publish),
			history: guarded(history),
			publishNew: guarded(publishNew),
			tryOut: guarded(tryOut),
			logOut: guarded(service.logOut),
		});
	},
});
