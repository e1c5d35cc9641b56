// The words and times of the page, as the server wrote them into it; nothing here is in one language only.

export const data = JSON.parse(document.getElementById("crew-data").textContent);
const lang = document.documentElement.lang;

/** Say a sentence of said.py with what stands in its braces. */
export const say = (name, values = {}) =>
  data.said[name].replace(/\{(\w+)\}/g, (whole, key) => values[key] ?? whole);

/** What a code is called. */
export const called = (kind, code) => data[kind]?.[code]?.[0] ?? code ?? "–";

/** A badge as templates/web/parts/desk.html draws it. */
export function badge(kind, code) {
  const [name, sign, tone] = data[kind]?.[code] ?? [code, "", "secondary"];
  const made = element("span", { className: `badge-word tone-${tone}` });
  if (sign) made.append(element("span", { ariaHidden: "true", textContent: sign }), " ");
  made.append(name);
  return made;
}

export function element(tag, values = {}, ...children) {
  const made = Object.assign(document.createElement(tag), values);
  made.append(...children);
  return made;
}

/** A moment as `today 14:05`, in the zone of the job where it is known. */
export function moment(iso, zone) {
  if (!iso) return "–";
  const timeZone = zone || undefined;
  const at = new Date(iso);
  const day = (date) => new Intl.DateTimeFormat(lang, { month: "short", day: "numeric", timeZone }).format(date);
  const hour = new Intl.DateTimeFormat(lang, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });
  return `${day(at) === day(new Date()) ? say("today") : day(at)} ${hour.format(at)}`;
}

/** A length of time by its two largest units. */
export function duration(seconds) {
  const minutes = Math.floor(Math.abs(seconds) / 60);
  const parts = [[Math.floor(minutes / 1440), "days"], [Math.floor(minutes / 60) % 24, "hours"], [minutes % 60, "minutes"]];
  const shown = parts.filter(([n]) => n > 0).slice(0, 2).map(([n, unit]) => say(unit, { n }));
  return shown.join(" ") || say("minutes", { n: 0 });
}

/** Count deadlines on, so that a page that was kept tells the time that is left now. */
export function countDown() {
  for (const shown of document.querySelectorAll("[data-due]")) {
    const seconds = (new Date(shown.dataset.due) - Date.now()) / 1000;
    const late = seconds < 0;
    shown.className = `badge-word tone-${late ? "danger" : seconds < 1800 ? "warning" : "secondary"}`;
    shown.querySelector("[aria-hidden]").textContent = late ? "‼" : "◔";
    shown.querySelector(".left").textContent = say(late ? "late" : "left", { time: duration(seconds) });
  }
}
