// Signing out: warns of what was not sent, and keeps whoever has no signal from losing the pages they need.

import { keepNoMore } from "./keep.js";
import { openActs } from "./store.js";
import { data, element, say } from "./words.js";

/** Ask before a form that signs out is sent while something waits. */
export function guardLeaving() {
  addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.action.endsWith("/sign-out") || form.dataset.sure) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const n = (await openActs(data.person)).length;
    if (navigator.onLine && !n) return send(form);
    ask(form, navigator.onLine ? say("leave_with", { n }) : say("leave_offline"), navigator.onLine);
  }, { capture: true });
}

function send(form) {
  keepNoMore();
  form.dataset.sure = "yes";
  form.requestSubmit();
}

function ask(form, why, possible) {
  const asked = document.getElementById("leaving");
  document.getElementById("leaving-why").textContent = why;
  const stay = element("button", { className: "btn btn-primary btn-lg", type: "button", textContent: say("stay") });
  stay.addEventListener("click", () => asked.close());
  const leave = element("button", { className: "btn btn-outline-danger", type: "button", textContent: say("leave") });
  leave.addEventListener("click", () => send(form));
  asked.querySelector(".choices").replaceChildren(stay, ...(possible ? [leave] : []));
  asked.showModal();
}
