// Opens and closes templates without a page of ComfyUI.
import * as template from "./template.js";

const { closed, format, opened, parseTemplate } = template;

export function renamed([graph, ids]) {
	return template.renamed(graph, new Map(ids));
}

export function roundTrip(text) {
	const nodes = [...parseTemplate(text)].map(([id, node]) => {
		const { type, title, position, size, links, widgets, memory } = opened(id, node, {});
		const page = { type, title, position, size, memory: JSON.parse(JSON.stringify(memory)) };
		const shown = { ...page, inputs: { ...widgets, extra: "shown by the page only", ...links } };
		return [id, closed(shown, structuredClone(shown))];
	});
	return format(new Map(nodes));
}
