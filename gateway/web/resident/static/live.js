// Keeps a request's page up to date: when the desk says that something happened to it, its live parts are read anew.
// A message to the desk goes without leaving the page.
import { api, follow, Refused } from "../api.js";

const ticket = document.getElementById("now")?.dataset.ticket;
const TYPES = ["appointment.proposed.v1", "appointment.agreed.v1", "appointment.withdrawn.v1", ...[
  "acknowledged", "claimed", "assigned", "released", "departed", "arrived", "started", "paused", "resumed", "objected",
  "disallowed", "made_safe", "completed", "called_back", "confirmed", "closed", "reopened", "cancelled", "declined",
  "commented", "promised", "overridden", "photographed", "escalated", "joined", "parted", "urged",
].map((name) => `ticket.${name}.v1`)];
const CASE_TYPES = ["identified", "assessed", "offered", "accepted", "approved", "acted", "settled", "replied"].map(
  (name) => `complaint.${name}.v1`,
);

let reading = null;
let again = false;

/** True where somebody is at a part, or has filled something in: that stays until it is sent. */
const begun = (part) => part.contains(document.activeElement) || [...part.querySelectorAll("input, textarea")].some(
  (field) => field.checked !== field.defaultChecked || field.value !== field.defaultValue,
);

/** Read the page anew and put its live parts in the place of the old ones; one reading at a time. */
async function refresh() {
  if (reading) { again = true; return; }
  reading = fetch(location.pathname, { headers: { Accept: "text/html" } });
  try {
    const answer = await reading;
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-live]")) {
        const now = fresh.getElementById(part.id);
        if (now && !begun(part)) part.replaceChildren(...now.childNodes);
      }
    }
  } catch {
    // Without a connection the page stays as it is; the stream tries again by itself and then says so.
  }
  reading = null;
  if (again) { again = false; await refresh(); }
}

async function send(event) {
  event.preventDefault();
  event.stopImmediatePropagation();
  const form = event.target;
  const button = form.querySelector("button");
  const words = form.elements.body.value.trim();
  if (!words) return;
  button.disabled = true;
  try {
    await api("POST", `/tickets/${ticket}/comments`, { body: { body: words }, key: form.elements.key.value });
    form.reset();
    form.elements.key.value = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
    form.querySelector("[role=alert]")?.remove();
    await refresh();
  } catch (problem) {
    const said = form.querySelector("[role=alert]") ?? form.appendChild(document.createElement("p"));
    said.setAttribute("role", "alert");
    said.className = "alert alert-danger mt-2";
    said.textContent = problem instanceof Refused ? problem.sentence : document.getElementById("offline").textContent;
  }
  button.disabled = false;
}

if (ticket) {
  document.querySelector("form[data-chat]")?.addEventListener("submit", send);
  follow([...TYPES, ...CASE_TYPES], (type, event) => {
    if (type === "resync" || JSON.stringify(event).includes(ticket)) refresh();
  });
}
