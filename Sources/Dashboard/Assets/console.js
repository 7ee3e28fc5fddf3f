// Keeps open pages up to date: when something is committed, the page is fetched again and its
// elements with `data-live` are put in the place of the old ones. Without this, pages are complete.
"use strict";
(() => {
  const sign = document.getElementById("live-sign");
  const say = (on) => {
    if (!sign) return;
    sign.textContent = on ? document.body.dataset.liveOn : document.body.dataset.liveLost;
    sign.classList.toggle("on", on);
    sign.classList.toggle("lost", !on);
  };

  let underWay = false;
  let again = false;
  const isBusy = (element) =>
    element.contains(document.activeElement) &&
    ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement.tagName);

  const refresh = async () => {
    if (!document.querySelector("[data-live]")) return;
    if (underWay) { again = true; return; }
    underWay = true;
    try {
      const answer = await fetch(document.body.dataset.page || location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) return;
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const old of document.querySelectorAll("[data-live][id]")) {
        const fresh = next.getElementById(old.id);
        if (fresh && !isBusy(old) && old.innerHTML !== fresh.innerHTML) {
          old.replaceWith(document.importNode(fresh, true));
        }
      }
      document.dispatchEvent(new Event("weir:refreshed"));
    } catch {
      // The stream of events tells when the server is gone.
    } finally {
      underWay = false;
      if (again) { again = false; setTimeout(refresh, 250); }
    }
  };

  if (document.querySelector("[data-live]")) {
    // Browsers allow few connections to one server: a page that nobody sees gives its own back.
    let events = null;
    const listen = () => {
      if (events) return;
      events = new EventSource("/live");
      events.addEventListener("open", () => say(true));
      events.addEventListener("error", () => say(false));
      events.addEventListener("snapshot", refresh);
    };
    const leave = () => { events?.close(); events = null; };
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) { leave(); } else { listen(); refresh(); }
    });
    // Also when nothing is committed: that is news as well.
    setInterval(() => { if (!document.hidden) refresh(); }, 15000);
    addEventListener("pagehide", leave);
    addEventListener("pageshow", () => { if (!document.hidden) listen(); });
    if (!document.hidden) listen();
  }

  // A form with `data-preview` shows what the address that it names says to its fields, while they
  // are changed. Values of sliders are shown beside them.
  for (const form of document.querySelectorAll("form[data-preview]")) {
    const place = document.getElementById(form.dataset.previewInto);
    let timer = 0;
    let number = 0;
    const show = async () => {
      const own = ++number;
      const query = new URLSearchParams(new FormData(form));
      query.delete("form_key");
      query.delete("back");
      query.delete("reason");
      try {
        const answer = await fetch(form.dataset.preview + "?" + query, { headers: { Accept: "text/html" } });
        const text = await answer.text();
        if (own === number && place && answer.ok) {
          const fresh = new DOMParser().parseFromString(text, "text/html");
          place.replaceChildren(...fresh.body.childNodes);
        }
      } catch {
        // The next change tries again.
      }
    };
    form.addEventListener("input", (event) => {
      for (const id of (event.target.dataset.twin || "").split(" ")) {
        const twin = id && document.getElementById(id);
        if (twin) twin.value = event.target.value;
      }
      clearTimeout(timer);
      timer = setTimeout(show, 120);
    });
  }

  // Choices of a filter take effect at once.
  for (const form of document.querySelectorAll("form[data-submit-on-change]")) {
    form.addEventListener("change", () => form.requestSubmit());
  }
})();
