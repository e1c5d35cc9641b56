// Advice on the words that a resident will read, while they are written. It hinders nobody from sending them.

import { api } from "../api.js";

const PAUSE_MILLISECONDS = 500;

for (const area of document.querySelectorAll("[data-wording]")) {
  const advice = document.createElement("div");
  advice.className = "wording";
  advice.setAttribute("role", "status");
  area.after(advice);
  let waiting;
  const ask = async () => {
    const text = area.value;
    const told = text.trim() ? await api("POST", "/wording", { body: { text } }).catch(() => null) : { findings: [] };
    if (!told || text !== area.value) return;
    advice.replaceChildren(...told.findings.map((found) => {
      const line = document.createElement("p");
      line.textContent = `“${found.text}”: ${found.reason} ${found.better}`;
      return line;
    }));
  };
  area.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE_MILLISECONDS);
  });
  if (area.value) ask();
}
