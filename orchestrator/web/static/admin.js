// Keeps the page up to date: asks for its parts, and puts those that have changed into their places.

const PAUSE = 2000; // milliseconds between an answer and the next question
const LIMIT = 10000; // milliseconds that an answer may take
const TYPING = 250; // milliseconds without a key after which the typed words are looked for

const search = document.querySelector("input[type=search]");
const told = document.querySelector("#told");
const shown = new Map(); // the HTML of each part as it was last put there
let wake = () => {}; // ends the pause
let looked = search.value; // for what was last looked

async function refresh() {
  looked = search.value;
  const asked = new URLSearchParams(looked ? { q: looked } : {});
  const answer = await fetch(`/admin/state?${asked}`, { signal: AbortSignal.timeout(LIMIT) });
  if (answer.status === 401 || answer.status === 403) return location.assign("/admin");
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { at, parts } = await answer.json();
  history.replaceState(null, "", `/admin${asked.size ? `?${asked}` : ""}${location.hash}`);
  for (const [name, html] of Object.entries(parts)) put(document.getElementById(name), html);
  say(`As of ${at.slice(0, 19).replace("T", " ")} UTC`);
}

function put(section, html) {
  if (shown.get(section) === html || isSelected(section)) return;
  const focused = section.contains(document.activeElement) ? document.activeElement.id : "";
  const open = new Map([...section.querySelectorAll("details")].map((d) => [d.id, d.open]));
  section.innerHTML = html; // every value in it was escaped by the service
  for (const [id, isOpen] of open) section.querySelector(`#${id}`)?.toggleAttribute("open", isOpen);
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  shown.set(section, html);
}

// What somebody is about to copy stays as it is.
function isSelected(section) {
  const selection = getSelection();
  return !selection.isCollapsed && selection.containsNode(section, true);
}

function say(text, stale = false) {
  told.textContent = text;
  told.classList.toggle("bad", stale);
  if (stale) told.setAttribute("role", "alert");
  else told.removeAttribute("role"); // nobody wants to hear the time every other second
}

const pause = (milliseconds) =>
  new Promise((resolve) => {
    wake = resolve;
    setTimeout(resolve, milliseconds);
  });

async function keepUp() {
  for (;;) {
    if (search.value === looked) await pause(PAUSE);
    while (document.hidden) await pause(PAUSE * 60);
    try {
      await refresh();
    } catch (error) {
      say(`The service does not answer (${error.message}); what is shown is out of date`, true);
    }
  }
}

let typed;
search.addEventListener("input", () => {
  clearTimeout(typed);
  typed = setTimeout(() => wake(), TYPING);
});
search.form.addEventListener("submit", (event) => {
  event.preventDefault();
  wake();
});
document.addEventListener("visibilitychange", () => wake());
keepUp();
