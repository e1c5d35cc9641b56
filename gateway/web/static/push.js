// Lets this phone be told: asks the browser, subscribes with the desk's key, and keeps the subscription with the desk.
import { api, Refused } from "./api.js";

const part = document.getElementById("push");
const button = document.getElementById("push-on");
const state = document.getElementById("push-state");

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));

async function subscribe() {
  button.disabled = true;
  state.textContent = part.dataset.working;
  try {
    if ((await Notification.requestPermission()) !== "granted") throw new Error("denied");
    const worker = await navigator.serviceWorker.ready;
    const subscription = await worker.pushManager.subscribe({
      userVisibleOnly: true,
      applicationServerKey: bytes(part.dataset.key),
    });
    await api("POST", "/push-subscriptions", { body: subscription.toJSON() });
    state.textContent = part.dataset.on;
    button.hidden = true;
  } catch (problem) {
    state.textContent = problem instanceof Refused ? problem.sentence : part.dataset.refused;
  }
  button.disabled = false;
}

if ("serviceWorker" in navigator && "PushManager" in window) {
  const worker = await navigator.serviceWorker.ready;
  if (await worker.pushManager.getSubscription()) state.textContent = part.dataset.on;
  else button.hidden = false;
  button.addEventListener("click", subscribe);
} else {
  state.textContent = part.dataset.refused;
}
