// The service worker of the installed app: keeps the files of pages, and shows a page of its own without a connection.
// VERSION, SHELL, ICON and AREAS are written above this line by the gateway. An area adds to it in its own worker.js.

const FILES = `files-${VERSION}`;
// Caches whose names begin so hold what is one person's own; they end when that person signs out.
const OWN = "own-";

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(FILES).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith("files-") && name !== FILES;
  event.waitUntil(
    caches.keys()
      .then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  );
});

const forgetOwn = async () => {
  for (const name of await caches.keys()) if (name.startsWith(OWN)) await caches.delete(name);
};

// Forgotten once the desk has ended the session, and before the page after it is shown.
const signOut = async (request) => {
  const answer = await fetch(request).catch(() => null);
  if (!answer) return caches.match("/offline");
  await forgetOwn();
  return answer;
};

const file = async (request) => (await caches.match(request)) ?? fetch(request);

const navigation = async (request) => {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(request)) ?? (await caches.match("/offline"));
  }
};

// Areas answer first: theirs is the list of functions that take a request's event and return true where they answered.
self.answering = [];
for (const area of AREAS) importScripts(area);

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== location.origin) return;
  if (address.pathname === "/sign-out") return event.respondWith(signOut(request));
  if (self.answering.some((answer) => answer(event, address))) return;
  if (request.method !== "GET") return;
  if (address.pathname.startsWith("/assets/")) event.respondWith(file(request));
  else if (request.mode === "navigate") event.respondWith(navigation(request));
});

// What the desk sends to a phone: a title, a body, and the page it leads to.
self.addEventListener("push", (event) => {
  const { title, body, link, lang } = event.data.json();
  event.waitUntil(self.registration.showNotification(title, { body, lang, icon: ICON, data: { link } }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const address = new URL(event.notification.data.link ?? "/", location.origin);
  event.waitUntil(self.clients.openWindow(address.origin === location.origin ? address.href : "/"));
});
