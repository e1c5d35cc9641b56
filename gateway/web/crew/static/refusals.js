// What the desk refused: both values beside one another, and what can be chosen. Nothing goes away by itself.

import { change, keep, openActs } from "./store.js";
import { badge, called, data, element, moment, say } from "./words.js";
import { GO_ON } from "./send.js";
import { caseWords } from "./case.js";
import { canEdit, editor, possible } from "./edit.js";
import { titleOf } from "./form.js";

const now = () => new Date().toISOString();

/** Show the refused acts of a page: all of them, or those of the job it is about. */
export async function showRefusals(place, drain) {
  const about = document.querySelector("#job, #case")?.dataset.job;
  const acts = await openActs(data.person);
  const refused = acts.filter((act) => act.state === "refused" && (!about || act.job.id === about));
  const shown = new Set([...place.children].map((one) => one.dataset.act));
  if (refused.length === shown.size && refused.every((act) => shown.has(String(act.id)))) return;
  place.replaceChildren(...refused.map((act) => item(act, acts, drain)));
}

function item(act, acts, drain) {
  const lost = act.problem.why === "taken";
  const box = element("article", { className: "refused", tabIndex: -1 });
  box.dataset.act = act.id;
  const { owner, owner_since: since } = act.problem.ticket ?? {};
  const title = lost ? say("lost", { who: owner?.name ?? say("nobody") }) : say("not_accepted", { act: titleOf(act) });
  box.append(element("h2", { textContent: `${lost ? "!" : "✕"} ${title}` }));
  box.append(element("p", { className: "small", textContent: `${act.job.number} · ${act.job.title} · ${act.job.place}` }));
  if (lost) {
    const values = { who: owner?.name ?? say("nobody"), number: act.job.number, time: moment(since, act.job.zone) };
    box.append(element("p", { textContent: say("lost_why", values) }));
  } else {
    box.append(element("p", { textContent: act.problem.detail }));
    const errors = (act.problem.errors ?? []).filter((error) => error.detail !== act.problem.detail);
    for (const error of errors) box.append(element("p", { textContent: `· ${error.detail}` }));
  }
  if (act.problem.ticket) box.append(both(act, act.problem.ticket));
  if (lost) box.append(...offers(act, drain));
  box.append(choices(act, acts, drain, box));
  return box;
}

/** What was done by the phone, and what is so at the desk. */
function both(act, ticket) {
  const zone = act.job.zone;
  const line = (text) => element("p", { textContent: text });
  const yours = element("div", {}, element("h3", { textContent: say("you") }), line(say("you_did", { act: titleOf(act), time: moment(act.acted_at, zone) })));
  if (act.expected_status) yours.append(line(say("you_saw", { status: called("status", act.expected_status) })));
  if (act.expected_step) yours.append(line(say("you_saw", { status: called("complaint_step", act.expected_step) })));
  if (words(act)) yours.append(element("p", { className: "said", textContent: words(act) }));
  const who = ticket.owner.name ?? say("nobody");
  const by = ticket.last.by.name ?? called("role", ticket.last.by.role);
  const theirs = element(
    "div", {},
    element("h3", { textContent: say("desk") }),
    element("p", {}, badge("status", ticket.status)),
    line(say("belongs", { who, time: moment(ticket.owner_since, zone) })),
    line(say("last_step", { act: called("action", ticket.last.action), who: by, time: moment(ticket.last.at, zone) })),
  );
  const told = act.problem.complaint;
  if (told) {
    const theirWords = act.act === "choose" ? told.options[told.chosen - 1]?.what : caseWords(act.act, told);
    theirs.append(element("p", {}, badge("complaint_step", told.step)));
    if (theirWords) theirs.append(element("p", { className: "said", textContent: theirWords }));
  }
  if (act.body.from) yours.append(line(span(act.body, zone)));
  const { agreed, proposed } = act.problem.appointment ?? {};
  if (agreed) theirs.append(line(say("visit_agreed", { window: span(agreed, zone) })));
  if (proposed) theirs.append(line(say("visit_proposed", { window: span(proposed, zone) })));
  return element("div", { className: "both" }, yours, theirs);
}

const span = ({ from, to }, zone) => `${moment(from, zone)} – ${moment(to, zone)}`;

/** A proposal that crossed another one is made again in the sight of that one. */
const again = (act) => ("appointment" in act.problem ? { ...act.body, seen: act.problem.appointment?.version } : act.body);

const words = (act) => act.body.note ?? act.body.reason ?? act.body.body ?? act.chosen ?? caseWords(act.act, act.body);

/** The next best jobs, for whoever lost one. */
function offers(act, drain) {
  const jobs = act.problem.next_jobs ?? [];
  if (!jobs.length) return [element("p", { textContent: say("nothing_else") })];
  const made = [element("p", { textContent: say("take_instead") })];
  for (const job of jobs) {
    const button = element("button", { className: "btn btn-primary btn-lg w-100", type: "button", textContent: say("take") });
    button.dataset.take = job.id;
    button.addEventListener("click", () => takeInstead(act, job, button, drain));
    const place = [job.community_name, job.unit_name, job.location].filter(Boolean).join(" · ");
    const badges = element("p", {}, badge("urgency", job.urgency), " ", badge("need_level", String(job.need_level)));
    made.push(element("div", { className: "card-line mb-2" }, element("strong", { textContent: job.title }), element("p", { textContent: place }), badges, button));
  }
  return made;
}

async function takeInstead(lost, job, button, drain) {
  button.disabled = true;
  const place = [job.community_name, job.unit_name, job.location].filter(Boolean).join(" · ");
  await keep({
    person: data.person,
    job: { id: job.id, number: job.number, title: job.title, place, zone: lost.job.zone, status: job.status, version: String(job.version) },
    act: "claim",
    path: `/tickets/${job.id}/claim`,
    body: {},
    acted_at: now(),
    expected_status: job.status,
    key: crypto.randomUUID(),
    state: "waiting",
  });
  await change(lost, { state: "dropped", ended_at: now() });
  drain();
}

function choices(act, acts, drain, box) {
  const { why, ticket, status } = act.problem;
  const behind = acts.filter((one) => one.job.id === act.job.id && one.id > act.id && one.state === "waiting" && !GO_ON.includes(one.act));
  const row = element("div", { className: "choices" });
  if (behind.length) row.append(element("p", { className: "small", textContent: say("behind_it", { n: behind.length }) }));
  const add = (name, tone, work) => {
    const button = element("button", { className: `btn btn-${tone} w-100`, type: "button", textContent: say(name) });
    button.dataset.choice = name;
    button.addEventListener("click", () => work(button));
    row.append(button);
  };
  const done = async () => {
    box.remove();
    document.getElementById("job-title")?.focus();
    drain();
  };
  const drop = async (ones) => {
    for (const one of ones) await change(one, { state: "dropped", ended_at: now(), photo: undefined });
  };
  // A yes, or a no, is to what was seen: to another window it is said on the page of the job.
  const unseen = why === "appointment_changed" && act.act !== "propose";
  if (possible(act) && why !== "invalid" && why !== "overtaken" && !unseen) {
    add("send_again", "primary", async () => {
      await change(act, { body: again(act), state: "waiting", problem: undefined, expected_status: ticket.status, expected_step: act.problem.complaint?.step ?? act.expected_step, key: crypto.randomUUID() });
      done();
    });
  }
  if (canEdit(act)) {
    add("edit", why === "invalid" ? "primary" : "outline-primary", (button) => {
      const form = editor(act, done);
      button.replaceWith(form);
      form.querySelector("input, textarea, select").focus();
    });
  }
  const plain = why === "taken" && !behind.length && !words(act);
  if (status !== 404 && act.act !== "photograph" && !plain) {
    add("as_remark", "outline-primary", async () => {
      await keep(remark([act, ...behind]));
      await drop([act, ...behind]);
      done();
    });
  }
  add(plain ? "all_right" : "give_up", plain ? "outline-primary" : "outline-danger", async (button) => {
    if (!plain && !button.dataset.sure) {
      button.dataset.sure = "yes";
      button.textContent = say("really");
      return;
    }
    await drop([act, ...(plain ? [] : behind)]);
    done();
  });
  return row;
}

/** One remark for the desk about steps that were done and are not on record as such, each with its own time. */
function remark(acts) {
  const [first] = acts;
  const told = acts.map((act) => `${titleOf(act)} ${moment(act.acted_at, act.job.zone)}${words(act) ? `: ${words(act)}` : ""}`);
  return {
    person: first.person,
    job: first.job,
    act: "comment",
    path: `/tickets/${first.job.id}/comments`,
    body: { body: say("remark", { acts: told.join("; ") }).slice(0, 2000), visible: false },
    acted_at: first.acted_at,
    key: crypto.randomUUID(),
    state: "waiting",
  };
}
