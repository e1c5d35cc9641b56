// Keeps what is written on a page whose forms need signal: they are sent when there is some.

const told = document.getElementById("needs-signal");
const tell = () => { told.hidden = navigator.onLine; };

addEventListener("submit", (event) => {
  if (navigator.onLine || !event.target.action.includes("/complaint/")) return;
  // Before site.js, which would let each form be sent only once.
  event.preventDefault();
  event.stopImmediatePropagation();
  tell();
  told.scrollIntoView({ block: "center" });
}, { capture: true });
addEventListener("online", tell);
addEventListener("offline", tell);
tell();
