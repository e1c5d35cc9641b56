// The crew's pages: each step goes into the phone's outbox first and from there to the desk, at once where it can.

import { all, openActs, tidy } from "./store.js";
import { drain, hears, sender } from "./send.js";
import { actFrom, titleOf } from "./form.js";
import { project } from "./project.js";
import { showRefusals } from "./refusals.js";
import { showQueue } from "./queue.js";
import { keepAhead, keepPage, mineOnly } from "./keep.js";
import { guardLeaving } from "./leave.js";
import { offerScanning } from "./scan.js";
import { countDown, data, element, moment, say } from "./words.js";

const OLD_MS = 90_000;
const live = document.getElementById("live");
let waitedFor = new Map();

document.documentElement.classList.add("scripted");

addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.dataset.act) return;
  // Before site.js, which would let each form be sent only once.
  event.preventDefault();
  event.stopImmediatePropagation();
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  let leaving = false;
  try {
    // What comes after it is for the desk to say, which does so on the page that answers.
    const session = "live" in form.dataset && await hears(data.person, form.closest("[data-job]").dataset.job);
    if (session) {
      // The page may have been kept from a session that is over.
      form.elements.csrf_token.value = session.csrf;
      leaving = true;
      return form.submit();
    }
    const act = await actFrom(form, event.submitter);
    if (act) acted(form, act);
  } catch (problem) {
    if (problem.name !== "InvalidStateError" && problem.name !== "SecurityError") throw problem;
    live.textContent = say("no_store");
    // Without a place to keep it, it is sent as it would be without scripts.
    form.submit();
  } finally {
    if (!leaving) delete form.dataset.busy;
  }
}, { capture: true });

// Whoever comes back to a page that was left by one of its forms can send it again.
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-busy]")) delete form.dataset.busy;
});

async function acted(form, act) {
  live.textContent = say("kept");
  const opened = form.closest("details");
  if (opened) opened.open = false;
  form.reset();
  form.querySelector(".chosen")?.classList.remove("chosen");
  await refresh();
  if (act.act !== "tick") document.getElementById("job-title")?.focus({ preventScroll: act.act === "comment" });
  drain();
}

// A photo is taken with one tap: choosing it is sending it.
addEventListener("change", (event) => {
  if (event.target.id === "photo" && event.target.files.length) event.target.form.requestSubmit();
  // Of a checkpoint it goes with what was found there.
  else if (event.target.name === "photo") event.target.labels[0].classList.toggle("chosen", event.target.files.length > 0);
});

/** Bring everything on the page to what the outbox says now. */
async function refresh() {
  const acts = await openActs(data.person);
  countOnNavigation(acts);
  await project();
  await showRefusals(document.getElementById("refusals"), drain);
  const queue = document.getElementById("outbox");
  if (queue) await showQueue(queue);
  await noticeSent();
}

/** What was waited for and is sent: say so, and show the page as the desk has it now. */
async function noticeSent() {
  const acts = (await all()).filter((act) => act.person === data.person);
  const fresh = acts.filter((act) => act.state === "sent" && waitedFor.get(act.id) === "waiting");
  const gaveUp = acts.some((act) => act.state === "dropped" && waitedFor.get(act.id) === "refused");
  waitedFor = new Map(acts.map((act) => [act.id, act.state]));
  if (gaveUp) reloadSoon();
  if (!fresh.length) return;
  const last = fresh[fresh.length - 1];
  live.textContent = say("sent", { act: `${last.job.number} ${titleOf(last)}` });
  if (acts.some((act) => act.state === "waiting") && sender.state === "sending") return reloadSoon();
  const claimed = last.act === "claim" && location.pathname !== `/jobs/${last.job.id}` && !acts.some((act) => act.state === "waiting" || act.state === "refused");
  if (claimed && !filling() && document.querySelector(`#pool [data-job="${last.job.id}"], #refusals`) && location.pathname !== "/jobs/outbox") {
    location.assign(`/jobs/${last.job.id}`);
    return;
  }
  reloadSoon();
}

let soon;
function reloadSoon() {
  clearTimeout(soon);
  soon = setTimeout(anew, 50);
}

/** Take this page from the desk again without leaving it; what is being typed stays. */
async function anew() {
  if (sender.state === "sending") return reloadSoon();
  if (filling()) return;
  const here = document.querySelector("#page [data-here]")?.dataset.here ?? location.href;
  const answer = await fetch(here, { headers: { Accept: "text/html" } }).catch(() => null);
  if (!answer?.ok || answer.redirected) return;
  const copy = answer.clone();
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  await keepPage(new URL(here, location.href).pathname, copy);
  if (filling()) return;
  const held = document.activeElement;
  const within = document.getElementById("page").contains(held);
  document.getElementById("page").replaceWith(document.adoptNode(fresh.getElementById("page")));
  if (within) sameAs(held)?.focus({ preventScroll: true });
  await start();
}

/** What has the place of something that was on the page before it was taken anew; its title where nothing has. */
function sameAs(old) {
  const form = old.closest("form[action]")?.getAttribute("action");
  const same = old.id ? document.getElementById(old.id) : form && document.querySelector(`#page form[action="${form}"] button`);
  return same?.checkVisibility() ? same : document.getElementById("job-title");
}

/** True while somebody fills in a form: the page stays as it is until that is sent or closed. */
function filling() {
  const page = document.getElementById("page");
  const fields = [...page.querySelectorAll("input:not([type=hidden]), select, textarea")];
  stale = page.querySelector("details.more[open]") !== null || fields.some(isFilled);
  return stale;
}

/** True where a field says something else than the desk wrote into it. */
function isFilled(field) {
  if (field.type === "file") return field.files.length > 0;
  if (field.type === "radio" || field.type === "checkbox") return field.checked !== field.defaultChecked;
  // Where the desk chose nothing, the first one is what is shown.
  if (field.options) return field.value !== (field.querySelector("option[selected]") ?? field.options[0])?.value;
  return field.value !== field.defaultValue;
}

let stale = false;
addEventListener("toggle", (event) => {
  if (stale && !event.target.open) reloadSoon();
}, { capture: true });

function countOnNavigation(acts) {
  const entry = document.querySelector(".site-navigation a[href='/jobs/outbox']");
  entry?.querySelector(".count")?.remove();
  if (acts.length) entry?.append(element("span", { className: "count", textContent: acts.length, ariaLabel: say("count", { n: acts.length }) }));
}

function tellAge() {
  const at = document.getElementById("page").dataset.at;
  const old = document.getElementById("as-of");
  old.hidden = Date.now() - new Date(at) < OLD_MS || navigator.onLine;
  old.textContent = say("old_page", { time: moment(at) });
}

async function start() {
  countDown();
  tellAge();
  document.getElementById("send-now")?.addEventListener("click", drain);
  await refresh();
}

addEventListener("outbox", refresh);
for (const event of ["online", "pageshow", "focus"]) addEventListener(event, () => drain());
addEventListener("online", tellAge);
addEventListener("offline", tellAge);
setInterval(countDown, 30_000);
guardLeaving();
offerScanning((told) => { live.textContent = told; });
await mineOnly();
await start();
await tidy();
await drain();
await keepAhead();
