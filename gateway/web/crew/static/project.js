// Shows each job as it will be once what waits is sent: its status, the next step, and how much waits.

import { openActs } from "./store.js";
import { badge, data, element, say } from "./words.js";

/** What the page says of a job, for the outbox to show without that page. */
export function factsOf(shown) {
  const { job, number, title, place, zone, status, version } = shown.dataset;
  return { id: job, number, title, place, zone, status, version };
}

const mine = async (job) => (await openActs(data.person)).filter((act) => act.job.id === job.id);

const after = (status, act) => data.steps.leads_to[act.act] ?? status;

/** The status of a job after all that waits: what its page shows, and what the next step is taken on. */
export async function statusNow(job) {
  return (await mine(job)).reduce(after, job.status);
}

/** Bring a page, rendered by the desk some time ago, to what was done since. */
export async function project() {
  const acts = await openActs(data.person);
  for (const shown of document.querySelectorAll("#page [data-job]")) {
    projectJob(shown, acts.filter((act) => act.job.id === shown.dataset.job));
  }
  listClaimed(acts);
}

function projectJob(shown, acts) {
  const waiting = acts.length;
  const status = acts.reduce(after, shown.dataset.status);
  const gone = acts.some((act) => data.steps.gives_away.includes(act.act));
  const place = shown.querySelector(".status");
  if (place) place.replaceChildren(badge("status", status));
  const told = shown.querySelector(".waiting-here");
  if (told) told.replaceChildren(...(waiting ? [waitingBadge(waiting, acts)] : []));
  if (!waiting) return;
  const refused = acts.some((act) => act.state === "refused");
  const open = gone ? ["comment"] : data.steps.holding[status] ?? [];
  const next = gone || refused ? null : data.steps.next[status];
  if (shown.id === "job") showSteps(shown, open, next, refused);
  else showNext(shown, next);
  for (const act of acts.filter((one) => one.act === "tick")) tickOff(shown, act);
}

function waitingBadge(n, acts) {
  const refused = acts.some((act) => act.state === "refused");
  return element("a", {
    className: `badge-word tone-${refused ? "danger" : "warning"}`,
    href: "/jobs/outbox",
    textContent: refused ? `✕ ${say("refused")}` : `↑ ${say("count", { n })}`,
  });
}

/** On the page of a job: the next step large, the others where they are open. */
function showSteps(page, open, next, refused) {
  for (const one of page.querySelectorAll("[data-next]")) one.hidden = one.dataset.next !== next;
  for (const one of page.querySelectorAll("[data-offers]")) {
    const act = one.dataset.offers;
    one.hidden = !open.includes(act) || (refused && !["comment", "photograph"].includes(act)) || ("unlessNext" in one.dataset && act === next);
  }
}

/** On a list: the one step that needs no words; what needs some is on the page of the job. */
function showNext(card, next) {
  const place = card.querySelector(".next-step");
  if (!place) return;
  const form = place.querySelector("form");
  const wordless = next && next !== "complete" && form;
  place.hidden = !wordless;
  if (!wordless) return;
  form.action = `/jobs/${card.dataset.job}/${next}`;
  form.dataset.act = next;
  form.querySelector("button").textContent = data.action[next][0];
}

function tickOff(page, act) {
  const point = page.querySelector(`[data-point="${act.path.split("/").pop()}"] .point-state`);
  const ok = act.body.result === "ok";
  point?.replaceChildren(
    element("span", { className: `badge-word tone-${ok ? "success" : "danger"}`, textContent: `${ok ? "✓" : "✕"} ${say(act.body.result)}` }),
  );
}

/** On the list of one's jobs: those taken without signal, which the desk does not know of yet. */
function listClaimed(acts) {
  const list = document.getElementById("jobs");
  const pattern = document.getElementById("job-card");
  if (!list || !pattern) return;
  for (const card of list.querySelectorAll("[data-added]")) card.remove();
  const known = new Set([...list.querySelectorAll("[data-job]")].map((card) => card.dataset.job));
  for (const job of new Map(acts.filter((act) => act.act === "claim").map((act) => [act.job.id, act.job])).values()) {
    if (known.has(job.id)) continue;
    const card = pattern.content.firstElementChild.cloneNode(true);
    Object.assign(card.dataset, { job: job.id, number: job.number, title: job.title, place: job.place, status: job.status, added: "yes" });
    const link = card.querySelector("a");
    link.href = `/jobs/${job.id}`;
    link.textContent = job.title;
    card.querySelector(".place").textContent = job.place;
    card.querySelector(".number").textContent = job.number;
    list.prepend(card);
    projectJob(card, acts.filter((act) => act.job.id === job.id));
  }
  document.getElementById("no-jobs").hidden = list.querySelector("[data-job]") !== null;
}
