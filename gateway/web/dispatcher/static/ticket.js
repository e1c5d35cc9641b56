// A ticket's page says when the ticket has changed, and gives advice on words before they are sent.

import "./wording.js";
import { follow } from "../api.js";

const ticket = document.getElementById("ticket");
const stale = document.getElementById("stale");
const KINDS = ["acknowledged", "claimed", "assigned", "released", "departed", "arrived", "started", "paused", "resumed",
  "objected", "disallowed", "made_safe", "completed", "confirmed", "closed", "reopened", "cancelled", "declined",
  "promised", "overridden", "escalated", "joined", "parted", "commented", "photographed", "urged"];

const VISITS = ["proposed", "agreed", "withdrawn"].map((kind) => `appointment.${kind}.v1`);

follow([...KINDS.map((kind) => `ticket.${kind}.v1`), ...VISITS], (type, event) => {
  const told = event.data ?? {};
  const newer = !told.version || told.version > Number(ticket.dataset.version);
  if (type === "resync" || (told.ticket_id === ticket.dataset.id && newer)) stale.hidden = false;
});
