// Says a refused act differently and sends it again: a new act for the desk, with the time at which it was done.

import { change } from "./store.js";
import { bodyOf, EDITABLE } from "./bodies.js";
import { duration, element, moment, say } from "./words.js";

const AHEAD_SECONDS = [900, 1800, 3600, 7200, 14400, 28800, 86400, 172800, 259200, 604800];
const MOST = { words: 1000, line: 300, number: 4 };

/** True where the desk, as it is now, would let this be done: how far a complaint has come counts, too. */
export const possible = ({ act, problem }) => (problem.complaint ?? problem.ticket)?.actions.includes(act) ?? false;

/** True where there is something to say differently, and saying it may help. */
export const canEdit = ({ act, problem }) =>
  act in EDITABLE && problem.why !== "overtaken" && (act === "tick" || act === "comment" || !problem.ticket || possible({ act, problem }));

/** A form with what was said, which sends it again as it is put right; `done` is called when it is kept. */
export function editor(act, done) {
  const said = { ...act.body, ...act.said };
  const form = element("form", { className: "edit" });
  for (const [name, kind] of Object.entries(EDITABLE[act.act])) {
    if (name === "code" && !said.code) continue;
    form.append(...labelled(act, name, kind, said));
  }
  form.append(element("button", { className: "btn btn-primary w-100", textContent: say("send_edited") }));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const now = { ...said, ...Object.fromEntries(new FormData(form)) };
    await change(act, {
      said: now,
      body: bodyOf(act.act, now, new Date(act.acted_at), act.job.zone),
      state: "waiting",
      problem: undefined,
      expected_status: act.problem.ticket?.status ?? act.expected_status,
      expected_step: act.problem.complaint?.step ?? act.expected_step,
      key: crypto.randomUUID(),
    });
    done();
  });
  return form;
}

function labelled(act, name, kind, said) {
  const id = `edit-${act.id}-${name}`;
  const label = element("label", { className: "form-label fw-semibold", htmlFor: id, textContent: say(`edit_${name}`) });
  const field = kind === "time" ? times(act) : element(kind === "words" ? "textarea" : "input", { className: "form-control mb-2" });
  if (MOST[kind]) field.maxLength = MOST[kind];
  if (kind === "moment") field.type = "datetime-local";
  if (kind === "number") Object.assign(field, { inputMode: "numeric", pattern: "[0-9]{1,4}" });
  Object.assign(field, { id, name, value: said[name] ?? "" });
  if (kind === "words") field.rows = 3;
  return [label, field];
}

/** Moments to choose from, counted from when it was done; those that are past by now are no choice. */
function times(act) {
  const field = element("select", { className: "form-select mb-2" });
  const done = new Date(act.acted_at).getTime();
  for (const seconds of AHEAD_SECONDS) {
    const at = done + seconds * 1000;
    if (at < Date.now()) continue;
    field.append(element("option", { value: seconds, textContent: `${moment(new Date(at).toISOString(), act.job.zone)} (${duration(seconds)})` }));
  }
  return field;
}
