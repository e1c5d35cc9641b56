// Reads the label at a checkpoint from a photo of it, where the browser can; elsewhere the code is typed.

import { say } from "./words.js";

/** Offer to scan next to each code that is asked for. `tell` says what came of it. */
export function offerScanning(tell) {
  if (!window.BarcodeDetector) return;
  document.documentElement.classList.add("can-scan");
  const detector = new BarcodeDetector({ formats: ["qr_code"] });
  addEventListener("change", async (event) => {
    const { scan } = event.target.dataset;
    if (!scan || !event.target.files.length) return;
    const [found] = await read(detector, event.target.files[0]);
    event.target.value = "";
    tell(say(found ? "scanned" : "not_scanned"));
    if (!found) return;
    const field = document.getElementById(scan);
    // The picture of a spot's code is an address that ends in it.
    field.value = found.rawValue.split("/q/").pop();
    field.focus();
  });
}

async function read(detector, file) {
  try {
    const picture = await createImageBitmap(file);
    return await detector.detect(picture);
  } catch {
    // A picture this phone cannot read has no code in it either.
    return [];
  }
}
