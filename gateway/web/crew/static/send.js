// Sends what is kept to the desk: in order, one by one, and only what the person who is signed in has done.

import { all, change, openActs } from "./store.js";

const FIRST_WAIT_MS = 3000;
const LONGEST_WAIT_MS = 120_000;
const ANSWER_MS = 60_000;
// After so long there is no signal for somebody who waits before the phone.
const PATIENCE_MS = 8000;
// All others say on which status and step of a complaint they were taken, so that the desk refuses them on another one.
const ON_ANY_STATUS = ["comment", "photograph", "tick"];
// These wait for nothing that was refused before them.
export const GO_ON = ["comment", "photograph"];

/** How the sending goes: idle, sending, offline, signed-out. */
export const sender = { state: "idle", wait: FIRST_WAIT_MS };
let timer;
let again = false;

const tell = (state) => {
  sender.state = state;
  dispatchEvent(new Event("outbox"));
};

/** Send all that can be sent; safe to call at any time and from several tabs: one of them sends. */
export async function drain() {
  clearTimeout(timer);
  again = true;
  if (sender.state === "sending") return;
  tell("sending");
  const one = () => sendAll();
  const ended = await (navigator.locks ? navigator.locks.request("doorstep-crew-outbox", one) : one());
  if (ended === "offline") {
    timer = setTimeout(drain, sender.wait);
    sender.wait = Math.min(sender.wait * 2, LONGEST_WAIT_MS);
  } else sender.wait = FIRST_WAIT_MS;
  tell(ended);
}

async function sendAll() {
  try {
    while (again) {
      again = false;
      if (!(await all()).some((act) => act.state === "waiting")) continue;
      const session = await whose();
      if (!session) return "signed-out";
      for (let act = await next(session.person); act; act = await next(session.person)) {
        const ended = await send(act, session);
        if (ended === "another-session") {
          again = true;
          break;
        }
      }
    }
    return "idle";
  } catch (problem) {
    if (problem instanceof NoAnswer || problem instanceof TypeError || problem.name === "TimeoutError") return "offline";
    throw problem;
  }
}

class NoAnswer extends Error {}

/** Whose session the browser has, with the token to call with; null where nobody is signed in. */
async function whose(patience = ANSWER_MS) {
  const answer = await fetch("/call/session", { headers: { Accept: "application/json" }, signal: AbortSignal.timeout(patience) });
  if (answer.status === 401) return null;
  if (!answer.ok) throw new NoAnswer();
  return answer.json();
}

/** A person's session where the desk answers and nothing about a job waits to be told before; else null. */
export async function hears(person, job) {
  if (!navigator.onLine || (await openActs(person)).some((act) => act.job.id === job)) return null;
  const session = await whose(PATIENCE_MS).catch(() => null);
  return session?.person === person ? session : null;
}

/** The first act that waits for nothing but signal: what comes after a refused step on the same job waits for it. */
async function next(person) {
  const held = new Set();
  for (const act of await all()) {
    if (act.person !== person) continue;
    if (act.state === "refused") held.add(act.job.id);
    if (act.state === "waiting" && (GO_ON.includes(act.act) || !held.has(act.job.id))) return act;
  }
  return null;
}

async function send(act, session) {
  const headers = {
    Accept: "application/json",
    "Accept-Language": document.documentElement.lang,
    "Idempotency-Key": `"${act.key}"`,
    // Of this session alone: were somebody else to sign in now, the desk would not take it.
    "X-CSRF-Token": session.csrf,
  };
  const times = { acted_at: act.acted_at, sent_at: new Date().toISOString() };
  let body;
  if (act.photo) {
    body = new FormData();
    body.append("photo", act.photo, "photo.jpg");
    for (const [name, value] of Object.entries(times)) body.append(name, value);
  } else {
    headers["Content-Type"] = "application/json";
    const seen = ON_ANY_STATUS.includes(act.act) ? {} : { expected_status: act.expected_status, expected_step: act.expected_step };
    body = JSON.stringify({ ...act.body, ...times, ...seen });
  }
  const signal = AbortSignal.timeout(ANSWER_MS);
  const answer = await fetch(`/call/api/v1${act.path}`, { method: "POST", headers, body, signal });
  const told = (answer.headers.get("Content-Type") ?? "").includes("json") ? await answer.json() : {};
  if (!answer.ok) return refused(act, answer.status, told, session);
  if (act.ref) await nameIn(act.ref, told.id);
  // What the job is since then: a page that was rendered before is brought to it, see project.js.
  const version = Number(answer.headers.get("ETag")?.match(/\d+/)?.[0] ?? 0);
  return over(act, "sent", { version, after: told.number ? told.status : undefined });
}

/** Tell the acts that speak of a photo what the desk calls it; before it is over, so that a phone that dies repeats it. */
async function nameIn(ref, photo) {
  for (const act of (await all()).filter((one) => one.photo_of === ref)) {
    await change(act, { body: { ...act.body, photo_id: photo }, said: { ...act.said, photo_id: photo } });
  }
}

const over = (act, state, more = {}) =>
  change(act, { state, ended_at: new Date().toISOString(), photo: undefined, ...more });

async function refused(act, status, told, session) {
  if (told.why === "already_done") return over(act, "sent");
  if (status >= 500 || status === 429 || status === 408 || (status === 409 && !told.why && /Idempotency-Key/.test(told.detail ?? ""))) {
    throw new NoAnswer();
  }
  if ((status === 401 || status === 403) && !told.why) {
    const now = await whose();
    if (now?.person !== session.person || now.csrf !== session.csrf) return "another-session";
  }
  return change(act, { state: "refused", problem: { status, ...told }, refused_at: new Date().toISOString() });
}
