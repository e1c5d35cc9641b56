// What every page does where scripts run: a form is sent once, a lost connection shows, the app can be installed.

addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "yes";
  // A page that comes back out of the browser's memory may be sent again.
  addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
});

const offline = document.getElementById("offline");
const tell = () => { offline.hidden = navigator.onLine; };
addEventListener("online", tell);
addEventListener("offline", tell);
tell();

// A refusal is read out and is where the keyboard goes on.
document.getElementById("refused")?.focus();

navigator.serviceWorker?.register("/service-worker.js");
