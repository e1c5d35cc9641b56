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

/** Follow the live stream: `heard(type, event)` for each event, `heard("resync")` where some were missed. */
export function follow(types, heard) {
  const source = new EventSource(`/call/api/v1/stream?types=${encodeURIComponent(types.join(","))}`);
  for (const type of types) source.addEventListener(type, (event) => heard(type, JSON.parse(event.data)));
  source.addEventListener("resync", () => heard("resync", {}));
  return source;
}
