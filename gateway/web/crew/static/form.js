// Turns a form of a job into an act that is kept: what acts.py makes of the same form where no script runs.

import { keep } from "./store.js";
import { called, data, say } from "./words.js";
import { shrink } from "./photo.js";
import { factsOf, statusNow } from "./project.js";

const given = (form, ...names) => Object.fromEntries(
  names.map((name) => [name, (form.get(name) ?? "").replace(/\r\n/g, "\n").trim()]).filter(([, value]) => value),
);

const ahead = (form, name, at) =>
  ({ [name]: new Date(at.getTime() + Number(form.get("in_seconds")) * 1000).toISOString() });

/** Minutes and parts go into the note: it is what the resident reads of what was done. */
function completed(form) {
  const { note, parts, minutes } = given(form, "note", "parts", "minutes");
  const lines = [note, parts && say("parts", { parts }), minutes && say("time_on_site", { minutes })].filter(Boolean);
  return lines.length ? { note: lines.join("\n") } : {};
}

const BODIES = {
  pause: (form, at) => ({ ...given(form, "reason", "note"), ...ahead(form, "until", at) }),
  make_safe: (form) => given(form, "note"),
  complete: completed,
  release: (form) => given(form, "reason"),
  escalate: (form) => given(form, "reason"),
  assign: (form) => given(form, "to", "note"),
  promise: (form, at) => ({ ...given(form, "note"), ...ahead(form, "promised_at", at) }),
  comment: (form) => ({ ...given(form, "body"), visible: form.get("visible") === "yes" }),
  tick: (form) => given(form, "result", "note", "code"),
};

/** Keep what a form says as an act of this person; returns the act, or null where there is nothing to keep. */
export async function actFrom(form, button) {
  const at = new Date();
  const act = form.dataset.act;
  const job = factsOf(form.closest("[data-job]"));
  const fields = new FormData(form);
  if (button?.name) fields.set(button.name, button.value);
  const made = {
    person: data.person,
    job,
    act,
    path: `/tickets/${job.id}/${act === "tick" ? `checkpoints/${form.dataset.n}` : data.steps.addresses[act] ?? act}`,
    body: BODIES[act]?.(fields, at) ?? {},
    acted_at: at.toISOString(),
    expected_status: await statusNow(job),
    key: crypto.randomUUID(),
    state: "waiting",
  };
  if (act === "tick") made.shown = say("checkpoint", { n: `${form.dataset.n} ${form.dataset.name}`, result: say(made.body.result) });
  if (act === "photograph") {
    const file = fields.get("photo");
    if (!file?.size) return null;
    made.photo = await shrink(file);
    made.shown = say("photo_kept", { size: Math.ceil(made.photo.size / 1024) });
  }
  await keep(made);
  return made;
}

/** What an act is called, with what was said with it. */
export const titleOf = (act) => act.shown ?? called("action", act.act);
