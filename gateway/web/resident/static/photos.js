// Shrinks photos on the phone before they are sent: 15 MB from the camera become about half a megabyte.
// Where anything of this does not work, the photo goes as it is.

const LONGEST = 1600;
const QUALITY = 0.8;
const SMALL_ENOUGH = 600_000;
const MOST = 6;

const input = document.querySelector("input[data-shrink]");
const thumbs = document.getElementById("thumbs");

/** Return the photo as a JPEG whose longer side is at most LONGEST, or the photo itself where that is not smaller. */
async function shrunk(file) {
  if (file.size <= SMALL_ENOUGH) return file;
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
  if (!blob || blob.size >= file.size) return file;
  return new File([blob], `${file.name.replace(/\.[^.]*$/, "")}.jpg`, { type: "image/jpeg" });
}

const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

async function take(event) {
  const buttons = [...input.form.querySelectorAll("button")];
  const chosen = [...input.files].slice(0, MOST);
  if (!chosen.length) return;
  event.stopPropagation();
  buttons.forEach((button) => { button.disabled = true; });
  thumbs.textContent = thumbs.dataset.shrinking;
  const ready = new DataTransfer();
  const shown = [];
  for (const file of chosen) {
    let small = file;
    // A format that this browser cannot draw, such as HEIC: the desk reads it.
    try { small = await shrunk(file); } catch { small = file; }
    ready.items.add(small);
    shown.push([file, small]);
  }
  input.files = ready.files;
  thumbs.replaceChildren(...shown.map(([file, small]) => {
    const item = document.createElement("li");
    const picture = document.createElement("img");
    picture.alt = "";
    picture.src = URL.createObjectURL(small);
    const said = document.createElement("small");
    said.textContent = `${thumbs.dataset.ready} · ${megabytes(file.size)} → ${megabytes(small.size)}`;
    item.append(picture, said);
    return item;
  }));
  buttons.forEach((button) => { button.disabled = false; });
}

if (input && thumbs) {
  if (location.pathname.startsWith("/my/")) input.multiple = true;
  input.addEventListener("change", take);
  // One large button instead of the browser's small one; without scripts the browser's stays, for it tells what was chosen.
  input.classList.add("visually-hidden");
  input.labels[0].className = "btn btn-outline-primary btn-lg w-100 photo-button";
}
