// Asks for an expression: what a widget is bound to, or when and for what a node is there.

import { dialog, element } from "./dialogs.js";

/** `choose` is given the expression, or null for none. `offered` are expressions by what they are
 * called. */
export function askExpression(title, { hint, now, offered = {} }, choose) {
	const field = element("input", { value: now ?? "", ariaLabel: "Expression" });
	const button = (textContent, expression, className = "") =>
		element("button", { textContent, className, onclick: () => {
			shown.close();
			choose(expression());
		} });
	const quick = Object.entries(offered).map(([name, expression]) => button(name, () => expression));
	const shown = dialog("expression", element("h2", { textContent: title }), element("p", { textContent: hint }),
		element("div", { className: "offered" }, ...quick), field,
		button("Use", () => field.value.trim() || null, "main"), " ",
		...(now ? [button("Unbind", () => null), " "] : []));
}
