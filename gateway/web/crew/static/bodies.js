// What an act says to the desk, made of what was filled in: acts.py makes the same of the same form where no script runs.

import { caseBody, isCase } from "./case.js";
import { say } from "./words.js";

const filled = (said, ...names) => Object.fromEntries(
  names.map((name) => [name, (said[name] ?? "").replace(/\r\n/g, "\n").trim()]).filter(([, value]) => value),
);

const ahead = (said, name, at) =>
  said.in_seconds ? { [name]: new Date(at.getTime() + Number(said.in_seconds) * 1000).toISOString() } : filled(said, name);

/** The two moments of a window, written with a stroke between them. */
function windowOf(said) {
  const [from, to] = (said.window ?? "").split("/");
  return { from, to: to ?? "" };
}

/** What every answer to an appointment says: which one was seen, and words with it. */
const answered = (said) => ({ ...filled(said, "note"), ...(said.seen ? { seen: Number(said.seen) } : {}) });

/** Minutes and parts go into the note: it is what the resident reads of what was done. */
function completed(said) {
  const { note, parts, minutes } = filled(said, "note", "parts", "minutes");
  const lines = [note, parts && say("parts", { parts }), minutes && say("time_on_site", { minutes })].filter(Boolean);
  return lines.length ? { note: lines.join("\n") } : {};
}

const BODIES = {
  pause: (said, at) => ({ ...filled(said, "reason", "note"), ...ahead(said, "until", at) }),
  make_safe: (said) => filled(said, "note"),
  complete: completed,
  release: (said) => filled(said, "reason"),
  escalate: (said) => filled(said, "reason"),
  assign: (said) => filled(said, "to", "note"),
  promise: (said, at) => ({ ...filled(said, "note"), ...ahead(said, "promised_at", at) }),
  comment: (said) => ({ ...filled(said, "body"), visible: said.visible === "yes" || said.visible === true }),
  tick: (said) => filled(said, "result", "note", "code", "photo_id"),
  join: (said) => filled(said, "to", "reason"),
  part: (said) => filled(said, "reason"),
  propose: (said) => ({ ...windowOf(said), ...answered(said) }),
  agree: (said) => ({ ...answered(said), ...(said.spoken === "yes" ? { spoken: true } : {}) }),
  call_off: (said) => answered(said),
};

/** The body of an act done at `at`, where clocks are those of `zone`. */
export function bodyOf(act, said, at, zone) {
  if (isCase(act)) return caseBody(act, said, zone, document.documentElement.lang);
  return BODIES[act]?.(said, at) ?? {};
}

/** What of an act can be said differently, each with the kind of its field. */
export const EDITABLE = {
  pause: { note: "words", in_seconds: "time" },
  make_safe: { note: "words" },
  complete: { note: "words", parts: "line", minutes: "number" },
  release: { reason: "words" },
  escalate: { reason: "words" },
  assign: { note: "words" },
  promise: { note: "words", in_seconds: "time" },
  comment: { body: "words" },
  tick: { note: "words", code: "line" },
  propose: { note: "words" },
  call_off: { note: "words" },
  identify: { wanted: "line", restated: "words" },
  assess: { department: "line", investigate_until: "moment", note: "words" },
  offer: { what_1: "line", by_1: "moment", what_2: "line", by_2: "moment", what_3: "line", by_3: "moment" },
  act: { promised_at: "moment" },
  settle: { note: "words" },
  reply: { text: "words" },
};
