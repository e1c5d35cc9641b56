// The board keeps itself up to date without losing the focus, and gives work to people by drag and by key.

import { api, follow, Refused } from "../api.js";

const KINDS = ["filed", "acknowledged", "claimed", "assigned", "released", "departed", "arrived", "started", "paused",
  "resumed", "objected", "disallowed", "made_safe", "completed", "reopened", "cancelled", "declined", "promised",
  "overridden", "reevaluated", "escalated", "joined", "parted", "unclaimed", "urged"].map((kind) => `ticket.${kind}.v1`);
const CLOCKS = ["sla.warned.v1", "sla.breached.v1"];
const live = document.getElementById("live");
const dialog = document.getElementById("assign-dialog");
const form = document.getElementById("assign-form");
const refused = document.getElementById("assign-refused");
const QUIET_MILLISECONDS = 250;
const MINUTE = 60_000;

const cards = () => [...document.querySelectorAll(".cards > .ticket")];
const card = (id) => document.querySelector(`.cards > .ticket[data-id="${id}"]`);
const say = (sentence) => { live.textContent = sentence; };

// What had the focus is found again by what it is, for its element may be a new one.
const focused = () => {
  const at = document.activeElement;
  const of = at?.closest?.(".ticket");
  return of ? { id: of.dataset.id, assign: at.hasAttribute("data-assign") } : null;
};
const focus = (kept) => {
  const found = kept && card(kept.id);
  found?.querySelector(kept.assign ? "[data-assign]" : "h3 a").focus({ preventScroll: true });
};

const renew = (fresh) => {
  const kept = focused();
  let changed = false;
  for (const list of document.querySelectorAll("[data-cards]")) {
    const code = list.dataset.cards;
    const wanted = [...fresh.querySelectorAll(`[data-cards="${code}"] > .ticket`)];
    wanted.forEach((next, place) => {
      const known = card(next.dataset.id);
      const same = known?.parentElement === list && known.outerHTML === next.outerHTML;
      if (!same) {
        if (known?.dataset.version !== next.dataset.version) changed = true;
        known?.remove();
      }
      const node = same ? known : document.importNode(next, true);
      if (list.children[place] !== node) list.insertBefore(node, list.children[place] ?? null);
    });
    const staying = new Set(wanted.map((one) => one.dataset.id));
    for (const one of [...list.children]) {
      if (!staying.has(one.dataset.id)) { one.remove(); changed = true; }
    }
    const nothing = document.querySelector(`[data-empty="${code}"]`);
    nothing.hidden = wanted.length > 0;
  }
  for (const part of document.querySelectorAll("[data-live]")) {
    const next = fresh.querySelector(`[data-live="${part.dataset.live}"]`);
    const holds = part.contains(document.activeElement);
    if (next && !holds && part.innerHTML !== next.innerHTML) part.innerHTML = next.innerHTML;
  }
  focus(kept);
  return changed;
};

let dragging = null;
let asked = 0;
let waiting = null;
let took = 0;

const reload = async () => {
  clearTimeout(waiting);
  waiting = null;
  if (dragging || document.hidden) { soon(); return; }
  const mine = ++asked;
  const since = performance.now();
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null);
  // Whoever is signed out meanwhile is to see that, and not a board that stands still.
  if (answer?.redirected && !dialog.open) { location.reload(); return; }
  if (!answer?.ok || answer.redirected || mine !== asked || dragging) return;
  took = performance.now() - since;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (mine === asked && renew(fresh)) say(live.dataset.changed);
};

// Many changes at once are one look; and where looking takes long, it is done less often.
const soon = () => {
  waiting ??= setTimeout(reload, document.hidden ? MINUTE : Math.max(QUIET_MILLISECONDS, 2 * took));
};

const source = follow([...KINDS, ...CLOCKS], soon);
source.addEventListener("open", () => { say(live.dataset.connected); live.dataset.is = "open"; soon(); });
source.addEventListener("error", () => { say(live.dataset.lost); live.dataset.is = "lost"; });
document.addEventListener("visibilitychange", () => { if (!document.hidden) reload(); });
// What is left of the time is said anew each minute.
setInterval(soon, MINUTE);

const assign = async (ticket, to, name, note) => {
  const body = note ? { to, note } : { to };
  await api("POST", `/tickets/${ticket}/assign`, { body, key: crypto.randomUUID() });
  await reload();
  say(`${live.dataset.assigned} ${name}`);
};

let chosen = null;

const ask = (one) => {
  chosen = one;
  document.getElementById("assign-what").textContent = one.dataset.number;
  refused.textContent = "";
  document.getElementById("assign-note").value = "";
  dialog.showModal();
  document.getElementById("assign-to").focus();
};

form.addEventListener("submit", async (event) => {
  event.stopPropagation();
  event.preventDefault();
  if (event.submitter?.value === "no") { dialog.close(); return; }
  const to = document.getElementById("assign-to");
  try {
    await assign(chosen.dataset.id, to.value, to.selectedOptions[0].textContent, document.getElementById("assign-note").value);
    dialog.close();
    focus({ id: chosen.dataset.id });
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    refused.textContent = problem.sentence;
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-assign]");
  if (!button) return;
  event.preventDefault();
  ask(button.closest(".ticket"));
});

document.getElementById("community_id").addEventListener("change", (event) => event.target.form.requestSubmit());

const step = (by) => {
  const all = cards();
  const at = all.indexOf(document.activeElement.closest(".ticket"));
  all[Math.min(Math.max(at + by, 0), all.length - 1)]?.querySelector("h3 a").focus();
};

const aside = (by) => {
  const lists = [...document.querySelectorAll("[data-cards]")].filter((list) => list.children.length);
  const at = lists.indexOf(document.activeElement.closest("[data-cards]"));
  lists[Math.min(Math.max(at + by, 0), lists.length - 1)]?.querySelector("h3 a").focus();
};

// The number of a request is at hand wherever one is.
const find = () => {
  const number = document.getElementById("number");
  number.focus();
  number.select();
};

const KEYS = {
  "/": find,
  j: () => step(1),
  k: () => step(-1),
  h: () => aside(-1),
  l: () => aside(1),
  n: () => document.querySelector('.site-navigation a[href$="/file"]')?.click(),
  a: () => { const one = document.activeElement.closest(".ticket"); if (one) ask(one); },
};

document.addEventListener("keydown", (event) => {
  if (dialog.open || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) return;
  const act = KEYS[event.key.toLowerCase()];
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("dragstart", (event) => {
  const one = event.target.closest?.(".ticket");
  if (!one) return;
  dragging = one;
  event.dataTransfer.setData("text/plain", one.dataset.number);
  event.dataTransfer.effectAllowed = "move";
  document.body.classList.add("dragging");
});
document.addEventListener("dragend", () => {
  dragging = null;
  document.body.classList.remove("dragging");
  document.querySelector(".over")?.classList.remove("over");
  soon();
});
document.addEventListener("dragover", (event) => {
  const target = event.target.closest?.("[data-crew]");
  document.querySelector(".over")?.classList.remove("over");
  if (!target || !dragging) return;
  event.preventDefault();
  target.classList.add("over");
});
document.addEventListener("drop", async (event) => {
  const target = event.target.closest?.("[data-crew]");
  if (!target || !dragging) return;
  event.preventDefault();
  const one = dragging;
  dragging = null;
  try {
    await assign(one.dataset.id, target.dataset.crew, target.dataset.name);
  } catch (problem) {
    if (!(problem instanceof Refused)) throw problem;
    say(problem.sentence);
  }
});
