// Opens and closes every template that is named; prints those that did not come back as they were.
import { readFileSync } from "node:fs";

const [module, ...files] = process.argv.slice(2);
const { closed, format, opened, parseTemplate } = await import(module);

function roundTrip(text) {
	const nodes = [...parseTemplate(text)].map(([id, node]) => {
		const { type, title, position, size, links, widgets, memory } = opened(id, node, {});
		const page = { type, title, position, size, memory: JSON.parse(JSON.stringify(memory)) };
		const shown = { ...page, inputs: { ...widgets, extra: "shown by the page only", ...links } };
		return [id, closed(shown, structuredClone(shown))];
	});
	return format(new Map(nodes));
}

for (const file of files) {
	const text = readFileSync(file, "utf8");
	const back = roundTrip(text);
	if (back !== text) console.log(`${file}\n${back}`);
}
