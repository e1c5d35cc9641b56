// Makes a photo as large as it needs to be: it may wait long, and goes over a bad line.

const LONGEST_SIDE = 1600;
const QUALITY = 0.82;
const SMALL_ENOUGH = 400 * 1024;

/** A JPEG of at most 1600 pixels a side; what this phone cannot read goes as it is, for the desk to read. */
export async function shrink(file) {
  let picture;
  try {
    picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return new Blob([await file.arrayBuffer()], { type: file.type });
  }
  const scale = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  // Copied, for the file that the form names may be gone by the time it is sent.
  if (scale === 1 && file.size <= SMALL_ENOUGH) return new Blob([await file.arrayBuffer()], { type: file.type });
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", QUALITY));
}
