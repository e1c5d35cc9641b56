// What a step of a complaint says to the desk: case_forms.py says the same of the same form where no script runs.

const FIELDS = {
  identify: ["emotion", "cause", "wanted", "restated"],
  assess: ["severity", "justified", "settle_at_once", "department", "investigate_until", "note"],
  act: ["to", "promised_at"],
  settle: ["note"],
  reply: ["text"],
};
const STEPS = [...Object.keys(FIELDS), "offer", "choose"];
const MOMENTS = ["investigate_until", "promised_at"];
const YES_OR_NO = ["justified", "settle_at_once"];
const MEANT = { yes: true, no: false };
const OPTIONS = [1, 2, 3];

/** True for a step of a complaint: which one comes next is for the desk to say. */
export const isCase = (act) => STEPS.includes(act);

const clean = (text) => text.replace(/\r\n/g, "\n").trim();

/** How far the clocks of a zone are ahead at a moment, as `+08:00`. */
function ahead(at, zone) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(at);
  return parts.find((part) => part.type === "timeZoneName").value.slice(3) || "+00:00";
}

/** A time typed as a zone's clocks show it, with that zone: of an hour that comes twice the first one. */
function aware(typed, zone) {
  const whole = /^\d{4}-\d\d-\d\dT\d\d:\d\d$/.test(typed) ? `${typed}:00` : typed;
  const day = 86_400_000;
  const near = Date.parse(`${whole}Z`);
  if (!zone || Number.isNaN(near)) return typed;
  const [before, after] = [ahead(near - day, zone), ahead(near + day, zone)];
  const holds = (offset) => ahead(Date.parse(whole + offset), zone) === offset;
  return whole + (!holds(before) && holds(after) ? after : before);
}

function said(given, names, zone) {
  const filled = names.filter((name) => (given[name] ?? "") !== "");
  return Object.fromEntries(filled.map((name) => {
    if (YES_OR_NO.includes(name)) return [name, MEANT[given[name]] ?? given[name]];
    return [name, MOMENTS.includes(name) ? aware(given[name], zone) : clean(given[name])];
  }));
}

/** The ways that were filled in. */
function offered(given, zone) {
  const ways = OPTIONS.map((n) => [given[`what_${n}`] ?? "", given[`by_${n}`] ?? ""]).filter(([what, by]) => what || by);
  const options = ways.map(([what, by]) => ({ ...(clean(what) ? { what: clean(what) } : {}), ...(by ? { by: aware(by, zone) } : {}) }));
  return { options };
}

/** The body of a step that was taken where the community's clocks are those of `zone`. */
export function caseBody(step, given, zone, lang) {
  if (step === "offer") return offered(given, zone);
  if (step === "choose") return given.option ? { option: /^\d{1,9}$/.test(given.option) ? Number(given.option) : given.option } : {};
  const body = said(given, FIELDS[step], zone);
  return step === "reply" ? { ...body, locale: lang } : body;
}

/** The words of a step, as a phone has them (a body) or as the desk has them (a complaint). */
export function caseWords(step, { wanted, restated, note, assessment, options, text, answer }) {
  const words = {
    identify: [wanted, restated],
    assess: [note ?? assessment],
    offer: (options ?? []).map(({ what }) => what),
    settle: [note ?? answer],
    reply: [text ?? answer],
  };
  return (words[step] ?? []).filter(Boolean).join("\n");
}
