// Finds the resident and shows what is like the request while both are being typed.

import { filled } from "./fragments.js";

const form = document.getElementById("file");
const q = document.getElementById("q");
const residents = document.getElementById("residents");
const similar = document.getElementById("similar");
const chosen = document.getElementById("chosen");
const another = document.getElementById("another");
const words = document.getElementById("description");
const field = (name) => document.getElementById(name);
const PAUSE_MILLISECONDS = 300;
const LEAST = 2;

const typed = (element, act) => {
  let waiting;
  element.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(act, PAUSE_MILLISECONDS);
  });
};

const fillResidents = filled(residents);
const fillSimilar = filled(similar);

const look = () => {
  if (words.value.trim().length < LEAST) return;
  const query = new URLSearchParams({ text: words.value });
  if (field("unit_id").value) query.set("unit", field("unit_id").value);
  else if (field("community_id").value) query.set("community", field("community_id").value);
  field("join").value = "";
  fillSimilar(`${form.dataset.similar}?${query}`);
};

typed(q, () => fillResidents(`${form.dataset.residents}?${new URLSearchParams({ q: q.value })}`));
typed(words, look);
field("community_id").addEventListener("change", look);

residents.addEventListener("click", (event) => {
  const one = event.target.closest("[data-person]");
  if (!one) return;
  event.preventDefault();
  field("on_behalf_of").value = one.dataset.person;
  field("unit_id").value = one.dataset.unit;
  chosen.querySelector("strong").textContent = one.dataset.home;
  chosen.hidden = another.hidden = false;
  residents.replaceChildren();
  words.focus();
  look();
});

another.addEventListener("click", () => {
  field("on_behalf_of").value = field("unit_id").value = "";
  chosen.hidden = true;
  q.focus();
});
another.hidden = chosen.hidden;

// Enter in the search looks; it does not send the form.
q.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  residents.querySelector("a")?.focus();
});

similar.addEventListener("change", (event) => {
  const one = event.target.closest("[data-join]");
  if (!one) return;
  for (const other of similar.querySelectorAll("[data-join]")) if (other !== one) other.checked = false;
  field("join").value = one.checked ? one.dataset.join : "";
});
