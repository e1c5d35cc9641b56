// A plan that is being filled in shows when it will be due, asks only what belongs to it, and finds homes while typing.

import { filled } from "./fragments.js";

const form = document.getElementById("plan");
const times = document.getElementById("times");
const homes = document.getElementById("homes");
const q = document.getElementById("q");
const PAUSE_MILLISECONDS = 300;

const fillTimes = filled(times);
const fillHomes = filled(homes);

const fit = () => {
  const unit = document.getElementById("unit").value;
  const ends = form.querySelector("[name=ends]:checked")?.value;
  for (const part of form.querySelectorAll("[data-for]")) part.hidden = !part.dataset.for.split(" ").includes(unit);
  for (const part of form.querySelectorAll("[data-ends]")) part.hidden = part.dataset.ends !== ends;
};

// What is looked at is everything but the words: they decide no time, and the token is nobody's address.
const ABOUT = ["plan_id", "until_was", "home", "community_id", "starts_at", "interval", "unit", "weekdays", "which", "hours",
  "rule", "ends", "until", "count"];
const look = () => {
  const typed = new FormData(form);
  const query = new URLSearchParams(ABOUT.flatMap((name) => typed.getAll(name).map((value) => [name, value])));
  fillTimes(`${form.dataset.times}?${query}`);
};

let waiting;
form.addEventListener("input", (event) => {
  fit();
  clearTimeout(waiting);
  if (event.target === q) waiting = setTimeout(() => fillHomes(`${form.dataset.homes}?${new URLSearchParams({ q: q.value })}`), PAUSE_MILLISECONDS);
  else if (ABOUT.includes(event.target.name)) waiting = setTimeout(look, PAUSE_MILLISECONDS);
});

// Enter in the search looks for homes; it does not send the form.
q?.addEventListener("keydown", (event) => {
  if (event.key !== "Enter") return;
  event.preventDefault();
  homes.querySelector("input")?.focus();
});

document.getElementById("look").hidden = true;
fit();
