// Calls the desk's API from a page, as whoever is signed in: `import { api } from "../api.js"` in an area's script.

/** What the desk refused: `status`, the stable `code`, a `sentence` in the page's language, `errors` by field. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail ?? `HTTP ${status}`);
    this.status = status;
    this.code = problem.code ?? "unavailable";
    this.sentence = problem.detail ?? "";
    this.errors = Object.fromEntries((problem.errors ?? []).map((error) => [error.field, error.detail]));
    this.problem = problem;
  }
}

/** Call `/api/v1` + path. `key` makes a repeated POST one effect; bodies that are FormData or Blob go as they are. */
export async function api(method, path, { body, key, headers = {}, signal } = {}) {
  const given = { Accept: "application/json", "Accept-Language": document.documentElement.lang, ...headers };
  if (method !== "GET") given["X-CSRF-Token"] = document.body.dataset.csrf;
  if (key) given["Idempotency-Key"] = `"${key}"`;
  let content = body;
  if (body !== undefined && !(body instanceof FormData) && !(body instanceof Blob)) {
    given["Content-Type"] = "application/json";
    content = JSON.stringify(body);
  }
  const answer = await fetch(`/call/api/v1${path}`, { method, headers: given, body: content, signal });
  const told = (answer.headers.get("Content-Type") ?? "").includes("json") ? await answer.json() : {};
  if (!answer.ok) throw new Refused(answer.status, told);
  return told;
}

const FIRST_WAIT_MILLISECONDS = 1000;
const LONGEST_WAIT_MILLISECONDS = 30_000;

/**
 * Follow the live stream: `heard(type, event)` for each event, `heard("resync")` where some were missed.
 *
 * What is returned says `open` and `error`. A browser tries again by itself where a connection breaks, but not where the
 * answer was no stream, as while the desk is restarted: then it is tried again here, less and less often.
 */
export function follow(types, heard) {
  const told = new EventTarget();
  const address = `/call/api/v1/stream?types=${encodeURIComponent(types.join(","))}`;
  let wait = FIRST_WAIT_MILLISECONDS;
  const connect = (again) => {
    const source = new EventSource(address);
    for (const type of types) source.addEventListener(type, (event) => heard(type, JSON.parse(event.data)));
    source.addEventListener("resync", () => heard("resync", {}));
    source.addEventListener("open", () => {
      wait = FIRST_WAIT_MILLISECONDS;
      told.dispatchEvent(new Event("open"));
      if (again) heard("resync", {});
    });
    source.addEventListener("error", () => {
      told.dispatchEvent(new Event("error"));
      if (source.readyState !== EventSource.CLOSED) return;
      setTimeout(connect, wait, true);
      wait = Math.min(2 * wait, LONGEST_WAIT_MILLISECONDS);
    });
  };
  connect(false);
  return told;
}
