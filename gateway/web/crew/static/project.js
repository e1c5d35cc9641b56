// Shows each job as it will be once what waits is sent: its status, the next step, and how much waits.

import { isCase } from "./case.js";
import { all } from "./store.js";
import { badge, data, element, moment, say } from "./words.js";

/** What the page says of a job, for the outbox to show without that page. */
export function factsOf(shown) {
  const { job, number, title, place, zone, status, version } = shown.dataset;
  return { id: job, number, title, place, zone, status, version };
}

const waits = (act) => act.state === "waiting" || act.state === "refused";

const after = (status, act) => data.steps.leads_to[act.act] ?? status;

/** A person's acts on a job that its page does not know of: those that wait, and those sent since it was rendered. */
const since = (acts, { job, id, version }) =>
  acts.filter((act) => act.job.id === (job ?? id) && (waits(act) || (act.state === "sent" && act.version > Number(version))));

const mine = async () => (await all()).filter((act) => act.person === data.person);

function reached(status, acts) {
  const sent = acts.filter((act) => act.state === "sent" && act.after).sort((one, other) => other.version - one.version)[0];
  return acts.filter(waits).reduce(after, sent?.after ?? status);
}

/** The status of a job after all that waits: what its page shows, and what the next step is taken on. */
export async function statusNow(job) {
  return reached(job.status, since(await mine(), job));
}

/** Bring a page, rendered by the desk some time ago, to what was done since. */
export async function project() {
  const acts = await mine();
  for (const shown of document.querySelectorAll("#page [data-job]")) projectJob(shown, since(acts, shown.dataset));
  listClaimed(acts);
}

function projectJob(shown, known) {
  const acts = known.filter(waits);
  const waiting = acts.length;
  const refusal = acts.find((act) => act.state === "refused" && act.problem.ticket);
  // Where the desk said no, its own word counts until somebody has chosen.
  const status = refusal ? refusal.problem.ticket.status : reached(shown.dataset.status, known);
  const gone = known.some(givesAway);
  const place = shown.querySelector(".status");
  if (place) place.replaceChildren(badge("status", status));
  const told = shown.querySelector(".waiting-here");
  if (told) told.replaceChildren(...(waiting ? [waitingBadge(waiting, acts)] : []));
  if (shown.id === "job") showWaiting(shown, acts);
  if (shown.id === "case") showCase(shown, known);
  for (const one of shown.querySelectorAll("[data-once]")) {
    // What is asked for once and waits is not asked for again.
    if (one.closest("[data-job]") === shown) one.hidden = acts.some((act) => act.act === one.dataset.once);
  }
  if (!known.length) return;
  const refused = acts.some((act) => act.state === "refused");
  const open = gone ? ["comment"] : data.steps.holding[status] ?? [];
  const next = gone || refused ? null : data.steps.next[status];
  if (shown.id === "job") showSteps(shown, open, next, refused);
  else showNext(shown, next);
  for (const act of acts.filter((one) => one.act === "tick")) tickOff(shown, act);
}

/** True for what makes the job somebody else's; to act on a complaint is to give it to whoever is named. */
const givesAway = ({ act, body }) =>
  data.steps.gives_away.includes(act) || (act === "act" && (body.to ?? data.person) !== data.person);

/** On the page of a complaint: which step comes next is for the desk to say, so that there is none until it did. */
function showCase(page, known) {
  const taken = known.filter((act) => isCase(act.act));
  page.querySelector("#case-kept").hidden = !taken.some((act) => act.state === "waiting");
  page.querySelector("#next").closest("section").hidden = taken.length > 0;
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

/** Photos and words that wait are shown among those the desk has. */
function showWaiting(page, acts) {
  const photos = page.querySelector(".photos");
  for (const old of photos.querySelectorAll("[data-waits]")) {
    URL.revokeObjectURL(old.src);
    old.remove();
  }
  for (const act of acts.filter((one) => one.photo)) {
    const shown = element("img", { src: URL.createObjectURL(act.photo), alt: `${act.shown} · ${say("waiting")}` });
    shown.dataset.waits = "yes";
    photos.append(shown);
  }
  const remarks = page.querySelector("#remarks");
  for (const old of remarks.querySelectorAll("[data-waits]")) old.remove();
  for (const act of acts.filter((one) => one.act === "comment")) {
    const told = element("p", { className: "mb-0 small", textContent: `${moment(act.acted_at, act.job.zone)} · ${say("waiting")}` });
    const made = element("li", {}, told, element("p", { className: "said", textContent: act.body.body }));
    made.dataset.waits = "yes";
    remarks.append(made);
  }
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
  for (const job of new Map(acts.filter((act) => act.act === "claim" && waits(act)).map((act) => [act.job.id, act.job])).values()) {
    if (known.has(job.id)) continue;
    const card = pattern.content.firstElementChild.cloneNode(true);
    Object.assign(card.dataset, { job: job.id, number: job.number, title: job.title, place: job.place, status: job.status, version: job.version, added: "yes" });
    const link = card.querySelector("a");
    link.href = `/jobs/${job.id}`;
    link.textContent = job.title;
    card.querySelector(".place").textContent = job.place;
    card.querySelector(".number").textContent = job.number;
    list.prepend(card);
    projectJob(card, since(acts, card.dataset));
  }
  document.getElementById("no-jobs").hidden = list.querySelector("[data-job]") !== null;
}
