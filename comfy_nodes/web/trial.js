// Asks for what a draft is to show: a model of the template, a style, a character, a prompt.

import { dialog, element } from "./dialogs.js";

const KEY = "imgen.trial"; // what was asked last, for as long as the page is open
const EXAMPLE = "red coat, snowy street, warm lighting, -umbrella";

/** `run` is given `{model, style, character, prompt}`. */
export function askTrial({ models, characters }, run) {
	const last = JSON.parse(sessionStorage.getItem(KEY) ?? "{}");
	const [model, style, character] = ["model", "style", "character"].map((name) => element("select", { name }));
	const prompt = element("textarea", { name: "prompt", rows: 4, value: last.prompt ?? EXAMPLE });
	const follow = () => {
		const { key, style: usual, styles } = models.find((each) => each.key === model.value);
		offer(style, styles.map((each) => [each.key, each.label]), last.style, usual);
		const fit = characters.filter(({ unfit }) => !unfit.includes(key)).map(({ name }) => [name, `@${name}`]);
		offer(character, [["", "nobody, or as the prompt says"], ...fit], last.character, "");
	};
	const draw = () => {
		const wanted = { model: model.value, style: style.value, character: character.value, prompt: prompt.value };
		sessionStorage.setItem(KEY, JSON.stringify(wanted));
		shown.close();
		run(wanted);
	};
	if (!models.length) throw new Error("No model is served");
	offer(model, models.map((each) => [each.key, each.label]), last.model, models[0].key);
	model.onchange = follow;
	follow();
	const fields = Object.entries({ Model: model, Style: style, Character: character, Prompt: prompt })
		.map(([label, field]) => element("label", {}, label, field));
	const shown = dialog("trial", element("h2", { textContent: "Try the graph as it is here" }), ...fields,
		element("button", { textContent: "Draw a draft", className: "main", onclick: draw }), " ");
}

/** `wanted` is chosen if it is there, else `usual`. */
function offer(select, options, wanted, usual) {
	select.replaceChildren(...options.map(([value, textContent]) => element("option", { value, textContent })));
	select.value = options.some(([value]) => value === wanted) ? wanted : usual;
}
