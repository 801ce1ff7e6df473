/* 一圈 · the only script members load besides htmx. No inline handlers, no eval: works under script-src 'self'.
   Everything here is an enhancement: without it links and forms still work, and it works if htmx did not load.
   Contents: 1 helpers  2 menus, sheets, strips  3 notices  4 htmx: errors, focus  5 plain forms  6 theme, copy  7 text areas
   8 topics of the composer  9 replies  10 picture viewer */
(() => {
  "use strict";

  /* ---------- 1 helpers ---------- */
  const $ = (s, el = document) => el.querySelector(s);
  const $$ = (s, el = document) => [...el.querySelectorAll(s)];
  const texts = $("#tpl-texts")?.dataset ?? {};
  const clone = (id) => $(id).content.firstElementChild.cloneNode(true);
  /** Run `fn` on elements that are there now and on those htmx brings later. */
  const ready = [];
  const onContent = (fn) => { ready.push(fn); fn(document); };

  /* ---------- 2 menus, sheets, strips ---------- */
  // <a href="/the/page/version" data-open="id"> opens <dialog id="id">; a tap on the backdrop closes it
  document.addEventListener("click", (e) => {
    const opener = e.target.closest("[data-open]");
    const dialog = opener && document.getElementById(opener.dataset.open);
    if (dialog?.showModal) { e.preventDefault(); dialog.showModal(); }
    if (e.target.closest("[data-close]")) e.target.closest("dialog")?.close();
    if (e.target instanceof HTMLElement && e.target.matches("dialog[open]")) e.target.close();
    // menus close when the tap lands elsewhere
    $$("details.menu[open]").forEach((d) => { if (!d.contains(e.target)) d.open = false; });
  });
  document.addEventListener("keydown", (e) => {
    if (e.key !== "Escape") return;
    const open = $("details.menu[open]");
    if (open) { open.open = false; $("summary", open).focus(); }
  });

  // a strip of tabs that is wider than the phone shows the one that is on
  onContent((root) => $$(".tabs, .admin-nav", root).forEach((strip) => {
    const on = $("[aria-current]", strip);
    if (on) strip.scrollLeft = on.offsetLeft - (strip.clientWidth - on.offsetWidth) / 2;
  }));

  /* ---------- 3 notices ---------- */
  // toast: the server raises it with  HX-Trigger: {"toast": "已保存"}  (ASCII-escaped JSON)
  function toast(text) {
    if (!text) return;
    const el = document.createElement("div");
    el.className = "toast";
    el.textContent = text;
    $("#toasts")?.append(el);
    setTimeout(() => el.remove(), Math.max(2600, text.length * 120));
  }
  document.addEventListener("toast", (e) => toast(e.detail?.value ?? e.detail?.text ?? (typeof e.detail === "string" ? e.detail : "")));

  // failure: stays until it is dismissed, tried again or something works
  let failed = null;
  function failure(text, retry) {
    clearFailure();
    if (!$("#tpl-failure")) return;
    failed = clone("#tpl-failure");
    $("span", failed).textContent = text;
    const button = $("[data-retry]", failed);
    if (retry) button.addEventListener("click", () => { clearFailure(); retry(); }); else button.remove();
    $("[data-dismiss]", failed).addEventListener("click", clearFailure);
    $("#toasts").append(failed);
  }
  function clearFailure() { failed?.remove(); failed = null; }

  /* ---------- 4 htmx: errors, focus ---------- */
  const retryOf = (el) => !el?.isConnected ? null
    : el.matches("form") ? () => el.requestSubmit()
    : el.matches("[hx-trigger~=revealed]") ? () => el.dispatchEvent(new CustomEvent("intersect"))
    : () => el.click();

  document.addEventListener("htmx:before:response", (e) => {
    const { ctx } = e.detail, raw = ctx.response.raw;
    // a redirect means "go there": a whole page must not land inside a fragment
    if (raw.redirected && !ctx.select) { e.preventDefault(); location.assign(raw.url); }
  });
  document.addEventListener("htmx:response:error", (e) => {
    const { ctx } = e.detail, status = ctx.response.status, el = ctx.sourceElement;
    if (status === 422) return;
    // the server may send its own sentence as a toast; then that is enough
    if (/"?toast"?\s*:/.test(ctx.hx?.trigger ?? "")) return;
    const text = { 401: texts.signin, 403: texts.forbidden, 404: texts.gone, 410: texts.gone, 413: texts.large, 429: texts.slow }[status];
    failure(text ?? texts.failed, status >= 500 || status === 429 ? retryOf(el) : null);
  });
  document.addEventListener("htmx:error", (e) => {
    const { ctx, error } = e.detail;
    if (!ctx || ctx.response) return;   // an answer came: not the network
    failure(error?.name === "AbortError" ? texts.timeout : texts.offline, retryOf(ctx.sourceElement));
  });
  document.addEventListener("htmx:after:swap", (e) => {
    const { ctx } = e.detail;
    if ((ctx.response?.status ?? 200) < 400) clearFailure();
    ready.forEach((fn) => fn(document));
    if (ctx.response?.status === 422) $("[data-errors]")?.focus();
  });
  // a page that came back with errors (no htmx): the list gets the focus too
  $("[data-errors]")?.focus();

  /* ---------- 5 plain forms ---------- */
  document.addEventListener("submit", (e) => {
    const question = e.submitter?.dataset.confirm ?? e.target.dataset.confirm;
    if (question && !confirm(question)) { e.preventDefault(); e.stopImmediatePropagation(); }
  }, true);
  // one tap, one request; a form that htmx sends is queued there
  document.addEventListener("submit", (e) => {
    const form = e.target;
    if (e.defaultPrevented || form.method === "dialog") return;
    if (form.hasAttribute("data-sent")) { e.preventDefault(); return; }
    form.setAttribute("data-sent", "");
    form.setAttribute("aria-busy", "true");
  });
  addEventListener("pageshow", () => $$("form[data-sent]").forEach((f) => { f.removeAttribute("data-sent"); f.removeAttribute("aria-busy"); }));

  /* ---------- 6 theme, copy ---------- */
  document.addEventListener("click", (e) => {
    const button = e.target.closest("[data-theme-set]");
    if (!button) return;   // the form around it keeps the choice; here it is shown at once
    const value = button.dataset.themeSet;
    if (value === "auto") delete document.documentElement.dataset.theme; else document.documentElement.dataset.theme = value;
    $$("[data-theme-set]").forEach((b) => b.setAttribute("aria-pressed", String(b.dataset.themeSet === value)));
  });

  async function copy(url) {
    if (navigator.clipboard) return navigator.clipboard.writeText(url);
    // plain http (a first try on the local network) has no clipboard object
    const area = document.createElement("textarea");
    area.value = url;
    area.className = "vh";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    if (!done) throw new Error("copy refused");
  }
  document.addEventListener("click", async (e) => {
    const el = e.target.closest("[data-copy]");
    if (!el || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    const url = /^(\/|https?:)/.test(el.dataset.copy) ? new URL(el.dataset.copy, location.href).href : el.dataset.copy;
    const menu = el.closest("details.menu");
    if (menu) { menu.open = false; $("summary", menu).focus(); }
    try {
      if ("share" in el.dataset && navigator.share && matchMedia("(pointer: coarse)").matches) {
        await navigator.share({ url, title: el.dataset.share || document.title });
      } else {
        await copy(url);
        toast(texts.copied);
      }
    } catch (error) {
      if (error.name !== "AbortError") toast((texts.copyFailed ?? "{url}").replace("{url}", url));
    }
  });

  /* ---------- 7 text areas: grow, count, send with Ctrl+Enter ---------- */
  const GROWING = "textarea[data-grow], [data-counter]";
  function fit(area) {
    if (area.matches("textarea") && !CSS.supports("field-sizing", "content")) { area.style.height = "auto"; area.style.height = area.scrollHeight + "px"; }
    const out = area.dataset.counter && $(area.dataset.counter);
    if (!out) return;
    const length = [...area.value].length;   // characters, as the server counts
    out.textContent = length;
    const most = Number(area.dataset.max ?? area.maxLength);
    out.parentElement.toggleAttribute("data-over", most > 0 && length > most);
  }
  document.addEventListener("input", (e) => { if (e.target.matches(GROWING)) fit(e.target); });
  onContent((root) => $$(GROWING, root).forEach(fit));
  document.addEventListener("keydown", (e) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey) && e.target.matches(GROWING)) { e.preventDefault(); e.target.form?.requestSubmit(); }
  });

  /* ---------- 8 topics of the composer ---------- */
  function topics() {
    $$("[data-max-checked]").forEach((list) => {
      const boxes = $$("input[type=checkbox]", list), on = boxes.filter((b) => b.checked);
      boxes.forEach((b) => { b.disabled = !b.checked && on.length >= Number(list.dataset.maxChecked); });
      const chips = $("[data-topic-chips]", list.closest("form") ?? document);
      if (!chips) return;
      $$("span.chip", chips).forEach((c) => c.remove());
      const opener = $("[data-open]", chips);
      for (const b of on) {
        const chip = $("template", chips).content.firstElementChild.cloneNode(true), button = $("button", chip);
        $("span", chip).textContent = b.dataset.title;
        button.setAttribute("aria-label", chips.dataset.remove.replace("{name}", b.dataset.title));
        button.addEventListener("click", () => { b.checked = false; topics(); opener?.focus(); });
        opener.before(chip);
      }
    });
  }
  document.addEventListener("change", (e) => { if (e.target.closest?.("[data-max-checked]")) topics(); });
  onContent(topics);
  document.addEventListener("input", (e) => {
    const list = e.target.matches?.("[data-filter]") && $(e.target.dataset.filter);
    if (!list) return;
    const wanted = e.target.value.trim().toLocaleLowerCase();
    $$("label", list).forEach((l) => { l.hidden = !l.textContent.toLocaleLowerCase().includes(wanted); });
  });
  document.addEventListener("keydown", (e) => { if (e.key === "Enter" && e.target.matches?.("[data-filter]")) e.preventDefault(); });

  /* ---------- 9 replies: the bar at the foot answers the chosen comment ---------- */
  function replyTo(form, link) {
    const note = $(".reply-to", form), text = $("[data-reply-text]", form);
    form.elements.parent_id.value = link ? link.dataset.reply : "";
    note.hidden = !link;
    if (link) text.textContent = text.dataset.replyText.replace("{name}", link.dataset.name);
    // htmx reads both when the form is sent
    form.setAttribute("hx-target", link ? "#" + (link.closest(".replies")?.id ?? "replies-" + link.dataset.reply) : "#comments");
    form.setAttribute("hx-swap", link ? "beforeend" : "afterbegin");
    $("textarea", form).focus();
  }
  document.addEventListener("click", (e) => {
    const link = e.target.closest("[data-reply]"), cancel = e.target.closest("[data-reply-cancel]"), form = $("form.comment-form");
    const quoting = e.target.closest("[data-quote]");
    if (!form || !(link || cancel || quoting) || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    replyTo(form, link);
    if (quoting) quote(form, quoting);
  });
  // the server makes the quote; what was typed already stays below it
  async function quote(form, link) {
    const menu = link.closest("details.menu"), area = $("textarea", form);
    if (menu) menu.open = false;
    try {
      const answer = await fetch(link.href, { headers: { "HX-Request": "true" } });
      if (!answer.ok) return toast(texts.failed);
      const made = new DOMParser().parseFromString(await answer.text(), "text/html");
      area.value = ($("textarea", made)?.value ?? "") + area.value;
      area.dispatchEvent(new Event("input", { bubbles: true }));
      area.focus();
      area.setSelectionRange(area.value.length, area.value.length);
    } catch { toast(texts.offline); }
  }

  /* ---------- 10 picture viewer ---------- */
  // the link already leads to the picture; here it opens in place, swipe or arrow keys for the next
  document.addEventListener("click", (e) => {
    const link = e.target.closest("a[data-view]");
    if (!link || e.ctrlKey || e.metaKey || e.shiftKey || !$("#tpl-viewer") || !window.HTMLDialogElement) return;
    e.preventDefault();
    const links = $$("a[data-view]", link.closest(".images") ?? link.parentElement);
    const box = clone("#tpl-viewer"), strip = $(".viewer-strip", box);
    for (const a of links) { const img = new Image(); img.src = a.href; img.alt = $("img", a)?.alt ?? ""; strip.append(img); }
    box.addEventListener("click", () => box.close());
    box.addEventListener("keydown", (k) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[k.key];
      if (step) { k.preventDefault(); strip.scrollBy({ left: step * strip.clientWidth }); }
    });
    box.addEventListener("close", () => { box.remove(); link.focus(); });
    document.body.append(box);
    box.showModal();
    strip.scrollLeft = links.indexOf(link) * strip.clientWidth;
  });
})();
