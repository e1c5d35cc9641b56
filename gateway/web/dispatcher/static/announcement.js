// An announcement that is being written shows whether it comes in time, and gets advice on its words.

import "./wording.js";
import { filled } from "./fragments.js";

const form = document.getElementById("announcement");
const show = filled(document.getElementById("notice"));
const ABOUT = ["community_id", "kind", "planned", "starts_at", "publish_at"];
const PAUSE_MILLISECONDS = 300;

let waiting;
form.addEventListener("input", (event) => {
  if (!ABOUT.includes(event.target.name)) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const typed = new FormData(form);
    const query = ABOUT.flatMap((name) => typed.getAll(name).map((value) => [name, value]));
    show(`${form.dataset.notice}?${new URLSearchParams(query)}`);
  }, PAUSE_MILLISECONDS);
});

document.getElementById("look").hidden = true;
