// What was done on this phone and is to be told to the desk: kept in IndexedDB until the desk has said what became of it.
//
// An act: {id, person, job {id, number, title, place, zone}, act, path, body, photo (a Blob), shown (what to say of it),
// acted_at, expected_status, expected_step (how far a complaint had come), chosen (the way to settle it that was chosen),
// key, state: waiting | refused | sent | dropped, problem (what the desk refused), ended_at}

const NAME = "doorstep-crew";
const KEPT_MS = 24 * 3600 * 1000;
const OVER = ["sent", "dropped"];
const channel = new BroadcastChannel(NAME);

let opened;
const open = () => {
  opened ??= new Promise((done, failed) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () => {
      asked.result.createObjectStore("acts", { keyPath: "id", autoIncrement: true });
      asked.result.createObjectStore("pages", { keyPath: "path" });
    };
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
  return opened;
};

const run = async (store, mode, work) => {
  const db = await open();
  return new Promise((done, failed) => {
    const whole = db.transaction(store, mode, { durability: "strict" });
    const asked = work(whole.objectStore(store));
    whole.oncomplete = () => done(asked?.result);
    whole.onerror = () => failed(whole.error);
    whole.onabort = () => failed(whole.error);
  });
};

const changed = () => {
  channel.postMessage("changed");
  dispatchEvent(new Event("outbox"));
};
channel.addEventListener("message", () => dispatchEvent(new Event("outbox")));

/** Keep an act; it is on the disk when this returns. */
export async function keep(act) {
  const id = await run("acts", "readwrite", (acts) => acts.add(act));
  navigator.storage?.persist?.();
  changed();
  return id;
}

/** Change an act that is kept, as it is now: what another tab gave up meanwhile comes back only as told to the desk. */
export async function change(act, changes) {
  await run("acts", "readwrite", (acts) => {
    const asked = acts.get(act.id);
    asked.onsuccess = () => {
      const now = asked.result;
      if (now && (!OVER.includes(now.state) || changes.state === "sent")) acts.put(Object.assign(act, now, changes));
    };
  });
  changed();
}

/** All acts on this phone, whoever's, in the order in which they were done. */
export const all = () => run("acts", "readonly", (acts) => acts.getAll());

/** One person's acts that are not over: waiting and refused. */
export async function openActs(person) {
  return (await all()).filter((act) => act.person === person && !OVER.includes(act.state));
}

/** Forget what is over since a day; what is not over is never forgotten. */
export async function tidy() {
  const before = new Date(Date.now() - KEPT_MS).toISOString();
  const old = (await all()).filter((act) => OVER.includes(act.state) && act.ended_at < before);
  for (const act of old) await run("acts", "readwrite", (acts) => acts.delete(act.id));
}

export const pages = () => run("pages", "readonly", (kept) => kept.getAll());
export const notePage = (path, version) => run("pages", "readwrite", (kept) => kept.put({ path, version }));
export const dropPage = (path) => run("pages", "readwrite", (kept) => kept.delete(path));
