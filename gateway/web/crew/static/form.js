// Turns a form of a job into an act that is kept.

import { keep } from "./store.js";
import { bodyOf } from "./bodies.js";
import { called, data, say } from "./words.js";
import { shrink } from "./photo.js";
import { factsOf, statusNow } from "./project.js";

// What forms carry for where no script runs, and a photo, which is kept by itself.
const CARRIED = ["csrf_token", "key", "seen", "photo"];

/** Keep what a form says as an act of this person; returns the act, or null where there is nothing to keep. */
export async function actFrom(form, button) {
  const at = new Date();
  const act = form.dataset.act;
  const shown = form.closest("[data-job]");
  const job = factsOf(shown);
  const fields = new FormData(form);
  if (button?.name) fields.set(button.name, button.value);
  const photo = fields.get("photo");
  const done = { person: data.person, job, acted_at: at.toISOString(), expected_status: await statusNow(job), state: "waiting" };
  if (act === "photograph") return photo?.size ? keepPhoto(done, photo) : null;
  // A form that is one of several on its page has its name before each of its fields.
  const plain = [...fields].map(([name, value]) => [name.startsWith(`${act}-`) ? name.slice(act.length + 1) : name, value]);
  const said = Object.fromEntries(plain.filter(([name]) => !CARRIED.includes(name)));
  const made = { ...done, act, path: pathOf(act, form, job), said, body: bodyOf(act, said, at, job.zone), key: crypto.randomUUID() };
  // How far a complaint had come, and which of the ways to settle it was chosen.
  if (shown.dataset.step) made.expected_step = shown.dataset.step;
  if (act === "choose") made.chosen = form.querySelector(":checked")?.labels[0].textContent;
  if (act === "tick") {
    made.shown = say("checkpoint", { n: `${form.dataset.n} ${form.dataset.name}`, result: say(said.result) });
    // The photo goes first; the desk's name of it is put into the tick once it is known, see send.js.
    if (photo?.size) made.photo_of = (await keepPhoto(done, photo, crypto.randomUUID())).ref;
  }
  await keep(made);
  return made;
}

const pathOf = (act, form, job) =>
  `/tickets/${job.id}/${act === "tick" ? `checkpoints/${form.dataset.n}` : data.steps.addresses[act] ?? act}`;

async function keepPhoto(done, file, ref) {
  const photo = await shrink(file);
  const shown = say("photo_kept", { size: Math.ceil(photo.size / 1024) });
  const act = { ...done, act: "photograph", path: `/tickets/${done.job.id}/photos`, body: {}, photo, shown, ref, key: crypto.randomUUID() };
  await keep(act);
  return act;
}

/** What an act is called, with what was said with it. */
export const titleOf = (act) => act.shown ?? called("action", act.act);
