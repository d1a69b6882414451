// Sends what a form of the API page holds to this very server, with the token that was typed, and
// shows the answer. Nothing is kept. Without this script the page is the list of operations.
"use strict";

const words = document.getElementById("try-words").dataset;
const bearer = document.getElementById("bearer");
const token = document.getElementById("bearer-token");
const SHOWN = ["content-type", "link", "retry-after", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset", "idempotent-replayed"];

bearer.hidden = false;

function requestOf(form) {
  let path = words.base + form.dataset.path;
  const query = new URLSearchParams();
  const headers = new Headers();
  if (token.value.trim()) headers.set("Authorization", `Bearer ${token.value.trim()}`);
  for (const field of form.querySelectorAll("input[data-in]")) {
    const { in: place, name } = field.dataset;
    if (place === "path") path = path.replace(`{${name}}`, encodeURIComponent(field.value));
    else if (field.value === "") continue;
    else if (place === "query") query.append(name, field.value);
    else headers.set(name, field.value);
  }
  const options = { method: form.dataset.method, headers, credentials: "omit", redirect: "error" };
  const body = form.querySelector("textarea");
  if (body) {
    JSON.parse(body.value || "{}"); // what is no JSON is said before it is sent
    headers.set("Content-Type", "application/json");
    options.body = body.value || "{}";
  }
  return [query.size ? `${path}?${query}` : path, options];
}

function shownBody(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function show(place, line, text) {
  const head = document.createElement("p");
  head.textContent = line;
  const all = [head];
  if (text) {
    const body = document.createElement("pre");
    body.tabIndex = 0;
    body.textContent = text;
    all.push(body);
  }
  place.replaceChildren(...all);
}

async function send(form) {
  const place = form.querySelector("[role=status]");
  let request;
  try {
    request = requestOf(form);
  } catch {
    return show(place, words.noJson);
  }
  show(place, words.sending);
  try {
    const answer = await fetch(...request);
    const told = SHOWN.filter((name) => answer.headers.has(name)).map((name) => `${name}: ${answer.headers.get(name)}`);
    const text = [...told, "", shownBody(await answer.text())].join("\n");
    show(place, `${request[1].method} ${request[0]} – ${answer.status} ${answer.statusText}`, text);
  } catch {
    show(place, words.failed);
  }
}

for (const form of document.querySelectorAll("form[data-path]")) {
  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form);
  });
}

for (const one of document.querySelectorAll("details")) if (location.hash === `#${one.id}`) one.open = true;
