/* Only comfort lives here: every page works without it. No framework, no network but one fragment. */
"use strict";

/* Drafts: what is typed in a [data-draft] field survives a closed tab and poor wifi, and leaves with the
   form. Kept on this device only, for a day. */
(() => {
  const DAY = 24 * 3600 * 1000;
  const fields = document.querySelectorAll("[data-draft]");
  const key = (field) => "draft:" + location.pathname + ":" + field.dataset.draft;
  const kept = (field) => {
    try {
      const draft = JSON.parse(localStorage.getItem(key(field)) || "null");
      return draft && Date.now() - draft.at < DAY ? draft.text : "";
    } catch { return ""; }
  };
  const forget = (field) => { try { localStorage.removeItem(key(field)); } catch { /* private window */ } };
  fields.forEach((field) => {
    if (!field.value && kept(field)) field.value = kept(field);
    field.addEventListener("input", () => {
      try { localStorage.setItem(key(field), JSON.stringify({ at: Date.now(), text: field.value })); } catch { /* full */ }
    });
    // A stale or lost form must not lose the text, so it is only forgotten on a page that says it arrived.
    if (field.form) field.form.addEventListener("submit", () => {
      try { sessionStorage.setItem("sent", key(field)); } catch { /* private window */ }
    });
  });
  if (document.querySelector("[data-arrived], .alert-success")) {
    try { localStorage.removeItem(sessionStorage.getItem("sent")); } catch { /* private window */ }
  }
  document.querySelectorAll("form[action$='/log-ud']").forEach((form) => {
    // A shared tablet: the next person must not find the last one's words.
    form.addEventListener("submit", () => {
      try { Object.keys(localStorage).filter((k) => k.startsWith("draft:")).forEach((k) => localStorage.removeItem(k)); } catch { /* nothing kept */ }
    });
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) fields.forEach((f) => { if (!f.value) f.value = kept(f); }); });
})();

/* The error summary takes the focus, so that a screen reader reads it first. */
document.querySelectorAll("[data-focus]").forEach((element) => element.focus());

/* On a phone menu and tabs scroll: the page one is on stands in sight. */
document.querySelectorAll(".main-nav [aria-current], .tabs [aria-current]").forEach((here) => here.scrollIntoView({ block: "nearest", inline: "nearest" }));

/* A second press on a button must not send twice. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sending) { event.preventDefault(); return; }
  form.dataset.sending = "yes";
  setTimeout(() => delete form.dataset.sending, 4000);
});

/* Lists: j and k walk, Enter opens, / searches. Keys are quiet while one types. */
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || /^(input|textarea|select)$/i.test(event.target.tagName)) return;
  if (event.key === "/") {
    const search = document.querySelector("input[type=search]");
    if (search) { event.preventDefault(); search.focus(); }
    return;
  }
  if (event.key !== "j" && event.key !== "k") return;
  const links = [...document.querySelectorAll("[data-list] .item-title a")];
  if (!links.length) return;
  const here = links.findIndex((link) => link.closest(".item").contains(document.activeElement));
  const next = event.key === "j" ? Math.min(here + 1, links.length - 1) : Math.max(here - 1, 0);
  links[next].focus();
  event.preventDefault();
});

/* Answer cards while typing: the form's own fragment address, asked a moment after the last key. */
(() => {
  const room = document.querySelector("[data-cards]");
  if (!room) return;
  const form = room.closest("form");
  let timer = 0, asked = "";
  const ask = async () => {
    const data = new FormData();
    for (const name of ["csrf_token", "category", "text"]) data.set(name, new FormData(form).get(name) || "");
    const query = data.get("category") + " " + data.get("text");
    if (query === asked) return;
    asked = query;
    try {
      const answer = await fetch(room.dataset.cards, { method: "POST", body: data });
      if (answer.ok && query === asked) room.innerHTML = await answer.text();
    } catch { /* offline: the cards that are there stay */ }
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 300); });
  form.addEventListener("change", ask);
})();
