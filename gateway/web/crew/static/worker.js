// The crew's part of the service worker: what it opened once opens again where there is no signal, or a bad one.

const CREW = "own-crew";
// After so long a page that is kept is better than one that may come.
const CREW_PATIENCE_MS = 4000;

const crewPage = async (event, address) => {
  const cache = await caches.open(CREW);
  const kept = await cache.match(address.pathname);
  const asked = fetch(event.request).then(async (answer) => {
    if (answer.ok && !answer.redirected && !address.search && !address.pathname.endsWith("/home")) await cache.put(address.pathname, answer.clone());
    return answer;
  });
  if (!kept) return asked.catch(() => caches.match("/offline"));
  const late = new Promise((done) => setTimeout(() => done(kept), CREW_PATIENCE_MS));
  return Promise.race([asked.catch(() => kept), late]);
};

const crewFiles = async (request) => {
  const known = await caches.match(request);
  if (known) return known;
  const answer = await fetch(request).catch(() => sameName(request));
  if (answer.ok) await (await caches.open(FILES)).put(request, answer.clone());
  return answer;
};

// A page that was kept before an update names the files of then; those of now do the same.
const sameName = async (request) => {
  const name = new URL(request.url).pathname.split("/").slice(3).join("/");
  const files = await caches.open(FILES);
  const found = (await files.keys()).find((one) => new URL(one.url).pathname.split("/").slice(3).join("/") === name);
  return found ? files.match(found) : Response.error();
};

self.answering.push((event, address) => {
  const { request } = event;
  // Whoever signs in begins with nothing of whoever was here before.
  if (request.method === "POST" && address.pathname === "/sign-in") event.waitUntil(caches.delete(CREW));
  if (request.method !== "GET") return false;
  if (address.pathname.startsWith("/assets/")) {
    event.respondWith(crewFiles(request));
    return true;
  }
  if (request.mode !== "navigate" || !/^\/jobs(\/|$)/.test(address.pathname)) return false;
  event.respondWith(crewPage(event, address));
  return true;
});
