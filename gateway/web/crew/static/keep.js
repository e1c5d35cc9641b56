// Keeps the pages that are needed without signal: one's jobs, the open jobs, each job of both, and the outbox.

import { dropPage, notePage, openActs, pages } from "./store.js";
import { data } from "./words.js";

const KEPT = "own-crew";
// So long after it was rendered a page is fetched again even where its job did not change.
const FRESH_MS = 30 * 60_000;
// What is not theirs to open any more, for it went to somebody else after the list was made, is no page to keep.
const NOT_THEIRS = [403, 404, 409];

// A page is of one state of its job, one language, one version of the app, and one person.
const RELEASE = new URL(import.meta.url).pathname.split("/")[2];
const versionOf = (version) => `${version} ${document.documentElement.lang} ${RELEASE} ${data.person}`;

let leaving = false;

/** Keep nothing more: the person signs out, and what an answer on its way brought would outlive that. */
export function keepNoMore() {
  leaving = true;
}

/** Keep an answer as the page of this path. */
export async function keepPage(path, answer) {
  if (!leaving) await (await caches.open(KEPT)).put(path, answer);
}

/** Fetch and keep what this list leads to and is not kept as it is now; quietly gives up where there is no signal. */
export async function keepAhead() {
  if (!navigator.onLine || !window.caches || leaving) return;
  const cache = await caches.open(KEPT);
  await keepFiles(cache);
  const known = new Map((await pages()).map((page) => [page.path, page.version]));
  const turn = Math.floor(Date.now() / FRESH_MS);
  const lists = ["/jobs", "/jobs/outbox", "/jobs/pool"].map((path) => [path, `${turn}`]);
  const cards = [...document.querySelectorAll("[data-keep^='/jobs/'][data-job]")];
  // Of a complaint the page with its steps, too.
  const jobs = cards.flatMap(({ dataset }) => [dataset.keep, dataset.also].filter(Boolean).map((path) => [path, dataset.version]));
  for (const [path, version] of [...lists, ...jobs]) {
    const wanted = versionOf(version);
    if (known.get(path) === wanted && await cache.match(path)) continue;
    const text = await fetchPage(path);
    if (text === null || leaving) return;
    if (text && path === "/jobs/pool") await keepJobsOf(text, known, cache);
    if (text && path.endsWith("/complaint")) await keepFilesOf(text, cache);
    await notePage(path, wanted);
  }
  if (location.pathname === "/jobs" && !leaving) await forget(new Set([...lists, ...jobs].map(([path]) => path)));
}

/** The styles and scripts of this page, which may have come before the service worker did. */
async function keepFiles(cache) {
  const files = performance.getEntriesByType("resource").map((one) => new URL(one.name));
  for (const file of files.filter((one) => one.origin === location.origin && one.pathname.startsWith("/assets/"))) {
    if (!(await caches.match(file))) await cache.add(file).catch(() => null);
  }
}

/** The files that a page names and this one may not have. */
async function keepFilesOf(text, cache) {
  const named = new DOMParser().parseFromString(text, "text/html").querySelectorAll("script[src], link[rel=modulepreload]");
  for (const file of [...named].map((one) => one.src || one.href)) {
    if (!(await caches.match(file))) await cache.add(file).catch(() => null);
  }
}

/** Fetch and keep a page; returns its text, "" where it is none to keep, null where there is no answer. */
export async function fetchPage(path) {
  try {
    const answer = await fetch(path, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return NOT_THEIRS.includes(answer.status) ? "" : null;
    const copy = answer.clone();
    const text = await answer.text();
    await keepPage(path, copy);
    return text;
  } catch {
    return null;
  }
}

async function keepJobsOf(text, known, cache) {
  const pool = new DOMParser().parseFromString(text, "text/html");
  for (const card of pool.querySelectorAll("#pool [data-keep]")) {
    const path = card.dataset.keep;
    const wanted = versionOf(card.dataset.version);
    if (known.get(path) === wanted && await cache.match(path)) continue;
    if ((await fetchPage(path)) === null) return;
    await notePage(path, wanted);
  }
}

/** Let go of the pages of jobs that are over, unless something about them still waits; the pool's stay until then. */
async function forget(wanted) {
  const cache = await caches.open(KEPT);
  const pool = await (await cache.match("/jobs/pool"))?.text();
  const open = new Set((await openActs(data.person)).flatMap(({ job }) => [`/jobs/${job.id}`, `/jobs/${job.id}/complaint`]));
  for (const { path } of await pages()) {
    if (wanted.has(path) || open.has(path) || pool?.includes(`"${path}"`)) continue;
    await cache.delete(path);
    await dropPage(path);
  }
}

/** What is kept belongs to one person: whoever signs in on the same phone begins with nothing. */
export async function mineOnly() {
  const known = await pages();
  if (known.every((page) => page.version.endsWith(data.person))) return;
  await caches.delete(KEPT);
  for (const page of known) await dropPage(page.path);
}
