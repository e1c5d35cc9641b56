// The page of the outbox: everything this phone keeps, in the order in which it was done, with its state.

import { all } from "./store.js";
import { data, element, moment, say } from "./words.js";
import { GO_ON, sender } from "./send.js";
import { titleOf } from "./form.js";

const LATELY = 30;

export async function showQueue(place) {
  const acts = await all();
  const own = acts.filter((act) => act.person === data.person);
  const waiting = own.filter((act) => act.state === "waiting" || act.state === "refused");
  const others = acts.filter((act) => act.person !== data.person && act.state !== "sent" && act.state !== "dropped").length;
  const over = own.filter((act) => act.state === "sent" || act.state === "dropped").reverse().slice(0, LATELY);
  place.hidden = false;
  const told = waiting.length ? say("count", { n: waiting.length }) : say("to_send_none");
  document.getElementById("outbox-state").textContent =
    sender.state === "signed-out" ? say("sign_in") : told;
  document.getElementById("send-now").hidden = !waiting.some((act) => act.state === "waiting");
  const held = new Set();
  document.getElementById("outbox-waiting").replaceChildren(...waiting.map((act, place) => {
    const behind = held.has(act.job.id) && !GO_ON.includes(act.act);
    if (act.state === "refused") held.add(act.job.id);
    return line(act, state(act, behind, place === 0));
  }));
  document.getElementById("outbox-others").textContent = others ? say("of_others", { n: others }) : "";
  document.getElementById("outbox-lately-title").hidden = !over.length;
  document.getElementById("outbox-lately").replaceChildren(...over.map((act) => line(act, state(act))));
}

function state(act, behind, first) {
  if (act.state === "sent") return [`✓ ${say("sent_state")}`, "success"];
  if (act.state === "dropped") return [`– ${say("dropped")}`, "secondary"];
  if (act.state === "refused") return [`✕ ${say("refused")}`, "danger"];
  if (behind) return [`‖ ${say("behind")}`, "secondary"];
  return sender.state === "sending" && first ? [`↑ ${say("sending")}`, "primary"] : [`◔ ${say("waiting")}`, "warning"];
}

function line(act, [text, tone]) {
  const link = element("a", { href: `/jobs/${act.job.id}`, textContent: `${act.job.number} ${act.job.title}` });
  const made = element(
    "li", {},
    element("p", {}, element("strong", { textContent: titleOf(act) }), ` · ${moment(act.acted_at, act.job.zone)} `, element("span", { className: `badge-word tone-${tone}`, textContent: text })),
    element("p", { className: "small" }, link),
  );
  made.dataset.state = act.state;
  return made;
}
