// The console: asks the worker how segments and campaigns stand, and presses the buttons of campaigns.
// Everything is put in as text, never as markup: names are whatever somebody wrote into a definition.
"use strict";

const PAUSE = 2000; // ms between an answer and the next question
const find = (query, within = document) => within.querySelector(query);
const count = (value) => (value === null ? "?" : value.toLocaleString("en"));

function element(tag, text = "", attributes = {}) {
  const made = document.createElement(tag);
  made.textContent = text;
  return Object.assign(made, attributes);
}

async function asked(path, body) {
  const request = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  const answer = await fetch(path, request);
  const said = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(said.error ?? `${path}: ${answer.status} ${answer.statusText}`);
  return said;
}

function complain(sentence) {
  find("#trouble").textContent = sentence;
  find("#trouble").hidden = !sentence;
}

// Rows are kept and filled anew, so that a button keeps the focus while numbers change.
function fill(table, items, cells) {
  const body = find(`${table} tbody`);
  const rows = new Map([...body.rows].map((row) => [row.dataset.id, row]));
  items.forEach((item, position) => {
    const row = rows.get(item.id) ?? element("tr");
    rows.delete(item.id);
    row.dataset.id = item.id;
    cells(item).forEach((content, place) => {
      const cell = row.cells[place] ?? row.insertCell();
      if (cell.dataset.is === content.is) return;
      cell.dataset.is = content.is;
      cell.replaceChildren(...content.parts);
    });
    if (body.rows[position] !== row) body.insertBefore(row, body.rows[position] ?? null);
  });
  for (const row of rows.values()) row.remove();
  if (!items.length) {
    const cell = body.insertRow().insertCell();
    cell.colSpan = find(table).dataset.columns;
    cell.textContent = "none";
  }
}

const shown = (...parts) => ({ parts, is: JSON.stringify(parts.map((part) => part.outerHTML ?? part)) });
const chip = (state) => shown(element("span", state, { className: `state ${state}` }));
const named = (item) => shown(item.id, ...[item.name, item.description].filter(Boolean).map((text) => element("small", text)));

const segmentCells = (each) => [named(each), shown(String(each.version)), chip(each.state), shown(count(each.members))];

function pressCell(campaign) {
  if (!campaign.is_pressed) return shown("–");
  const { present, reached, activated, silent } = campaign;
  const state = campaign.is_over ? "over" : campaign.state !== "live" ? "stopped" : "running";
  const text = `${count(reached)} of ${count(present)} reached, ${count(activated)} activated, ${state}`;
  return shown(element("progress", "", { max: present || 1, value: campaign.is_over ? present || 1 : reached }),
    element("small", text + (silent ? `; ${silent} tasks have not answered` : "")));
}

function buttonCell(campaign) {
  const isLive = campaign.state === "live";
  const button = element("button", isLive ? "Pause" : "Activate");
  button.addEventListener("click", () => (isLive ? press(campaign.id, "pause", {}) : confirmPress(campaign.id)));
  return shown(button);
}

const campaignCells = (each) => [
  named(each), shown(each.segment ?? ""), shown(each.trigger), shown(each.channels.join(", ")), chip(each.state),
  pressCell(each), buttonCell(each)];

let stands = { segments: [], campaigns: [] };

function show(overview) {
  stands = overview;
  fill("#segments", overview.segments, segmentCells);
  fill("#campaigns", overview.campaigns, campaignCells);
  const silent = overview.partitions - overview.tasks.length;
  const freshness = find("#freshness");
  freshness.textContent = silent ? `${silent} of ${overview.partitions} tasks do not answer`
    : overview.is_building ? `backfill ${Math.floor(overview.progress * 100)} %` : `${count(overview.profiles)} profiles`;
  freshness.classList.toggle("ready", !silent);
}

async function look() {
  try {
    show(await asked("/overview"));
    complain("");
  } catch (failure) {
    find("#freshness").classList.remove("ready");
    complain(`${failure.message}. It is asked again.`);
  }
}

async function press(campaign, what, body) {
  try {
    await asked(`/campaigns/${campaign}/${what}`, body);
    await look();
  } catch (failure) {
    complain(failure.message);
  }
}

function confirmPress(id) {
  const campaign = stands.campaigns.find((each) => each.id === id);
  const segment = stands.segments.find((each) => each.id === campaign.segment);
  const dialog = find("#press");
  find("[data-is=campaign]", dialog).textContent = id;
  find("[data-is=meaning]", dialog).textContent =
    `${count(segment?.members ?? null)} people are in ${campaign.segment} now. Each is activated once on ` +
    `${campaign.channels.join(", ")}, if they have consented; from then on every change counts (${campaign.trigger}).`;
  find("form", dialog).reset();
  dialog.returnValue = "";
  dialog.onclose = () => {
    const pace = find("input", dialog).value;
    if (dialog.returnValue) press(id, "activate", pace ? { per_second: Number(pace) } : {});
  };
  dialog.showModal();
}

find("#preview").addEventListener("submit", async (event) => {
  event.preventDefault();
  const output = find("output", event.target);
  output.className = "";
  output.textContent = "counting …";
  try {
    output.textContent = (await asked("/preview", { definition: event.target.definition.value })).lines.join("\n");
  } catch (failure) {
    output.className = "fault";
    output.textContent = failure.message;
  }
});

(async () => {
  for (;;) {
    await look();
    await new Promise((resume) => setTimeout(resume, PAUSE));
  }
})();
