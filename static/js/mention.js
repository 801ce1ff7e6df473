/* Names and topics to choose from while somebody types @ or # in a <textarea data-mention="/the/circle"> (or an <input>).
   The list stands at the caret; arrow keys move, Enter or Tab takes, Escape closes. What an input method is still
   composing is left alone. <button data-sign="@" data-into="id"> types the sign, which is far away on a phone's keys.
   Without this script @name and #title# are simply typed. */
(() => {
  "use strict";
  const LETTER = "\\p{L}\\p{N}\\p{M}";
  const NAME = new RegExp(`(^|[^${LETTER}_+\\-/]|[\\u2e80-\\uffef])@([${LETTER}._-]{0,20})$`, "u");
  const TITLE = /#([^#\n]{0,20})$/u;
  const WAIT = 150;

  const list = document.createElement("ul");
  list.className = "suggestions";
  list.id = "suggestions";
  list.hidden = true;
  list.setAttribute("role", "listbox");
  const said = document.createElement("p");
  said.className = "vh";
  said.setAttribute("role", "status");
  document.body.append(list, said);

  let area = null;      // where somebody types
  let start = 0;        // of what the choice replaces
  let timer = 0;
  let asking = null;
  const known = new Map();

  const options = () => [...list.children];
  const active = () => list.querySelector("[aria-selected=true]");

  function mark(option) {
    active()?.removeAttribute("aria-selected");
    if (!option) return;
    option.setAttribute("aria-selected", "true");
    area.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  }

  function close() {
    clearTimeout(timer);
    asking?.abort();
    asking = null;
    if (list.hidden) return;
    list.hidden = true;
    list.replaceChildren();
    said.textContent = "";
    area?.removeAttribute("aria-activedescendant");
    area?.removeAttribute("aria-controls");
  }

  /** What is being typed before the caret: {path, q, start}, or null. */
  function typed() {
    if (area.selectionStart !== area.selectionEnd) return null;
    const before = area.value.slice(0, area.selectionStart);
    const name = NAME.exec(before);
    if (name) return { path: "/people", q: name[2], start: before.length - name[2].length - 1 };
    const line = before.slice(before.lastIndexOf("\n") + 1);
    const title = TITLE.exec(line);
    // an even number of # means that the last one closes a title; "# " begins a heading
    if (!title || line.split("#").length % 2 || /^\s/.test(title[1])) return null;
    if (/[A-Za-z0-9]$/.test(line.slice(0, title.index))) return null;
    return { path: "/titles", q: title[1], start: before.length - title[0].length };
  }

  /** Where the caret is on the screen: the text before it, laid out in the same way out of sight. */
  function caret() {
    const style = getComputedStyle(area), copy = document.createElement("div"), mark = document.createElement("span");
    copy.className = "suggestions-mirror";
    for (const name of ["boxSizing", "width", "font", "letterSpacing", "lineHeight", "padding", "border", "textIndent", "tabSize"]) copy.style[name] = style[name];
    copy.textContent = area.value.slice(0, start);
    mark.textContent = "@";
    copy.append(mark);
    document.body.append(copy);
    const box = area.getBoundingClientRect();
    const place = { x: box.left + mark.offsetLeft - area.scrollLeft, y: box.top + mark.offsetTop - area.scrollTop, line: mark.offsetHeight };
    copy.remove();
    return place;
  }

  function put() {
    const { x, y, line } = caret(), view = window.visualViewport;
    const width = view?.width ?? innerWidth, top = view?.offsetTop ?? 0, bottom = top + (view?.height ?? innerHeight);
    const high = list.offsetHeight, wide = list.offsetWidth;
    const below = y + line + 4;
    list.style.left = `${Math.max(8, Math.min(x, width - wide - 8))}px`;
    list.style.top = `${Math.max(top + 4, below + high < bottom ? below : y - high - 4)}px`;
  }

  function show(html) {
    list.innerHTML = html;   // our own fragment; the server escapes what members wrote
    const found = options();
    if (!found.length) { close(); return; }
    list.hidden = false;
    list.setAttribute("aria-label", area.dataset.mentionLabel ?? "");
    area.setAttribute("aria-controls", list.id);
    mark(found[0]);
    put();
    said.textContent = (area.dataset.mentionFound ?? "{count}").replace("{count}", found.length);
  }

  async function ask(want) {
    const url = `${area.dataset.mention}${want.path}?q=${encodeURIComponent(want.q)}`;
    start = want.start;
    if (known.has(url)) { show(known.get(url)); return; }
    asking?.abort();
    const mine = asking = new AbortController(), whose = area;
    try {
      const answer = await fetch(url, { signal: mine.signal, headers: { "HX-Request": "true" } });
      const html = answer.ok && !answer.redirected ? await answer.text() : "";
      if (answer.ok) known.set(url, html);
      if (mine === asking && whose === area && document.activeElement === area) show(html);
    } catch { /* offline or overtaken: typing goes on without suggestions */ }
  }

  function look() {
    clearTimeout(timer);
    const want = typed();
    if (!want) { close(); return; }
    timer = setTimeout(() => ask(want), WAIT);
  }

  function take(option) {
    const text = option.dataset.insert, end = area.selectionStart, at = area;
    close();
    at.focus();
    at.setSelectionRange(start, end);
    // insertText can be undone with one keystroke; where it is gone, the value is set
    if (!document.execCommand("insertText", false, text)) {
      at.setRangeText(text, start, end, "end");
      at.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
    close();
  }

  document.addEventListener("input", (e) => {
    if (!e.target.matches?.("textarea[data-mention], input[data-mention]")) return;
    area = e.target;
    area.setAttribute("aria-autocomplete", "list");
    if (e.isComposing) close(); else look();
  });
  document.addEventListener("compositionend", (e) => {
    if (e.target.matches?.("textarea[data-mention], input[data-mention]")) { area = e.target; look(); }
  });
  // before app.js and forms: while the list is open these keys belong to it
  document.addEventListener("keydown", (e) => {
    if (list.hidden || e.target !== area || e.isComposing || e.keyCode === 229 || e.ctrlKey || e.metaKey || e.altKey) return;
    const all = options(), now = all.indexOf(active());
    if (e.key === "ArrowDown") mark(all[(now + 1) % all.length]);
    else if (e.key === "ArrowUp") mark(all[(now - 1 + all.length) % all.length]);
    else if (e.key === "Enter" || (e.key === "Tab" && !e.shiftKey)) take(active());
    else if (e.key === "Escape") close();
    else {
      if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(e.key)) close();
      return;
    }
    e.preventDefault();
    e.stopPropagation();
  }, true);
  list.addEventListener("pointerdown", (e) => e.preventDefault());   // the text keeps the focus
  list.addEventListener("click", (e) => { const option = e.target.closest("[role=option]"); if (option) take(option); });
  // the sign at the caret; behind a Latin word it would belong to that, so a space comes between
  function type(sign, into) {
    into.focus();
    const box = into.getBoundingClientRect();
    if (box.top < 80 || box.top > innerHeight - 160) into.scrollIntoView({ block: "center" });   // the buttons may be far below
    const before = into.value.slice(0, into.selectionStart), text = (/[A-Za-z0-9_]$/.test(before) ? " " : "") + sign;
    if (!document.execCommand("insertText", false, text)) {
      into.setRangeText(text, into.selectionStart, into.selectionEnd, "end");
      into.dispatchEvent(new InputEvent("input", { bubbles: true }));
    }
  }
  document.addEventListener("pointerdown", (e) => { if (e.target.closest?.("[data-sign]")) e.preventDefault(); });   // nor lets the keys of a phone go
  document.addEventListener("click", (e) => {
    const button = e.target.closest?.("[data-sign]");
    if (button) type(button.dataset.sign, document.getElementById(button.dataset.into));
  });
  document.addEventListener("focusout", (e) => { if (e.target === area) close(); });
  const follow = () => { if (!list.hidden) put(); };
  addEventListener("resize", follow);
  addEventListener("scroll", follow, true);
  window.visualViewport?.addEventListener("resize", follow);
})();
