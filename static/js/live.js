/* 一圈 · what is new, while a page is open: a pill over the feed, the number of unread notices, the title of the tab.
   The stream (/live) only says "look again"; the numbers come from /live/now. One tab of a browser holds the stream and
   tells the others; where there is none, each visible page asks every half minute, hidden ones more rarely.
   Contents: 1 what is shown  2 asking  3 the stream  4 tabs among each other  5 coming and going */
(() => {
  "use strict";
  const $ = (s, el = document) => el.querySelector(s);
  const $$ = (s, el = document) => [...el.querySelectorAll(s)];
  const PACE = 30e3, PATIENCE = 20e3, FULL = 300e3, REST = 60e3, SETTLED = 1500;
  const signedIn = Boolean($("[data-live-unread]"));
  const box = () => document.getElementById("live");
  const circle = () => box()?.dataset.liveCircle ?? "";
  const numberOf = (el) => $("[data-live-unread-number]", el) ?? el;
  const about = (ms) => ms * (0.8 + 0.4 * Math.random());

  /* ---------- 1 what is shown ---------- */
  function showUnread(count, text) {
    const short = count > 99 ? "99+" : String(count);
    for (const el of $$("[data-live-unread]")) {
      el.hidden = !count;
      numberOf(el).textContent = short;
    }
    for (const el of $$("[data-live-unread-text]")) el.textContent = count ? el.dataset.liveUnreadText + text : "";
    showTitle(count ? `(${short}) ` : "");
  }

  function showTitle(before) { document.title = before + document.title.replace(/^\(\d+\+?\) /, ""); }

  function showPosts(count, text) {
    const el = box();
    if (!el) return;
    const said = $("[role=status]", el), pill = $(".live-pill", said);
    el.toggleAttribute("data-new", count > 0);
    if (!count) { said.replaceChildren(); return; }
    const link = pill ?? $("template", el).content.firstElementChild.cloneNode(true);
    if ($("span", link).textContent === text && pill) return;
    $("span", link).textContent = text;
    if (pill) return;
    link.setAttribute("hx-get", `${link.getAttribute("hx-get")}&since=${el.dataset.liveSince}`);
    said.replaceChildren(link);
    window.htmx?.process(link);
  }

  document.addEventListener("htmx:after:swap", (e) => {
    if (!e.detail.ctx?.sourceElement?.matches?.(".live-pill")) { arrive(); return; }
    const el = box(), seams = $$(".live-seen", el.parentElement), seam = seams.shift();
    if (seam) el.dataset.liveSince = seam.dataset.newest;
    seams.forEach((older) => older.remove());
    $(".empty", el.parentElement)?.remove();
    showPosts(0);
    const card = el.nextElementSibling;
    if (!seam || !card) return;
    card.tabIndex = -1;
    card.focus({ preventScroll: true });
    if (card.getBoundingClientRect().top < 0) card.scrollIntoView();
  });

  /* ---------- 2 asking ---------- */
  let stopped = false, failures = 0, timer = 0, asking = null, again = false;

  function plan() {
    clearTimeout(timer);
    if (stopped || !(signedIn || circle())) return;
    // with a stream one looks rarely, in case it says nothing although it should
    const slower = (document.hidden ? 4 : 1) * (told ? 4 : 1) * 2 ** Math.min(failures, 4);
    timer = setTimeout(ask, about(PACE * slower));
  }

  async function ask() {
    if (asking) { again = true; return asking; }
    asking = look().finally(() => { asking = null; plan(); });
    await asking;
    if (again) { again = false; setTimeout(ask, about(1000)); }
  }

  async function look() {
    const el = box(), since = el?.dataset.liveSince, query = new URLSearchParams();
    if (el) { query.set("circle", circle()); query.set("since", since); }
    const limit = new AbortController(), alarm = setTimeout(() => limit.abort(), PATIENCE);
    try {
      const answer = await fetch(`/live/now?${query}`, { cache: "no-cache", signal: limit.signal });   // the browser keeps the ETag
      if ([401, 403, 404].includes(answer.status)) { stop(); return; }
      if (!answer.ok) { failures += 1; return; }
      const news = await answer.json();
      failures = 0;
      if (signedIn && news.unread === null) { stop(); return; }
      if (signedIn) showUnread(news.unread, news.unread_text);
      if (box() && box().dataset.liveSince === since) showPosts(news.posts, news.posts_text);
    } catch {
      failures += 1;
    } finally {
      clearTimeout(alarm);
    }
  }

  /** Signed out, or no longer let in: nothing more is asked and nothing old is shown. */
  function stop() {
    stopped = true;
    clearTimeout(timer);
    resign();
    showUnread(0, "");
    showPosts(0);
  }

  /* ---------- 3 the stream ---------- */
  let source = null, told = false, reopen = 0;
  const wanted = new Set(), newest = new Map();

  function open() {
    clearTimeout(reopen);
    source?.close();
    source = null;
    const wait = Number(sessionStorage.getItem("live-full") ?? 0) - Date.now();
    if (wait > 0) { reopen = setTimeout(open, wait); telling(false); return; }
    if (circle()) wanted.add(circle());
    const query = new URLSearchParams([...wanted].slice(-8).map((slug) => ["circle", slug]));
    const mine = source = new EventSource(`/live?${query}`);
    source.addEventListener("open", () => telling(true));
    source.addEventListener("error", () => {
      if (source !== mine) return;
      telling(false);
      if (mine.readyState === EventSource.CLOSED) setTimeout(full, 500, mine);   // unless the page is just being left
    });
    source.addEventListener("full", () => { telling(false); full(mine); });
    for (const name of ["posts", "unread", "bye"]) {
      source.addEventListener(name, (e) => hear({ name, ...JSON.parse(e.data) }, true));
    }
  }

  /** No place for a stream: ask instead, and try again later. */
  function full(mine) {
    if (source !== mine) return;
    sessionStorage.setItem("live-full", String(Date.now() + about(FULL)));
    open();
  }

  function telling(yes) {
    if (told === yes) return;
    told = yes;
    tabs?.postMessage({ told });
    plan();
  }

  function hear(event, ours = false) {
    if (ours) { tabs?.postMessage({ event }); if (event.name === "posts") newest.set(event.circle, event); }
    if (stopped) return;
    if (event.name === "bye") { stop(); return; }
    if (event.name === "unread" && signedIn && event.unread !== shownUnread()) ask();
    const el = box();
    if (event.name === "posts" && el && event.circle === circle() && (event.newest !== el.dataset.liveSince || "new" in el.dataset)) ask();
  }

  function shownUnread() {
    const el = $("[data-live-unread]");
    return !el || el.hidden ? 0 : Number.parseInt(numberOf(el).textContent, 10);
  }

  /* ---------- 4 tabs among each other ---------- */
  // who holds the lock has the stream; without locks (plain http, old phones) every tab has its own
  const tabs = "BroadcastChannel" in window && navigator.locks ? new BroadcastChannel("circle-live") : null;
  let leave = null, waiting = null;

  function join() {
    if (stopped || !signedIn || !("EventSource" in window) || leave || waiting) return;
    if (!tabs) { leave = () => {}; open(); return; }
    waiting = new AbortController();
    navigator.locks.request("circle-live", { signal: waiting.signal }, () => new Promise((done) => {
      waiting = null;
      leave = done;
      tabs.postMessage({ who: true });
      open();
    })).catch(() => {});   // gave up waiting
    tabs.postMessage({ hello: circle() });
  }

  function resign() {
    waiting?.abort();
    waiting = null;
    clearTimeout(reopen);
    source?.close();
    source = null;
    wanted.clear();
    newest.clear();
    if (leave) { telling(false); leave(); }
    leave = null;
    told = false;
  }

  tabs?.addEventListener("message", ({ data }) => {
    if (data.event) { hear(data.event); return; }
    if ("told" in data) { if (!leave) { told = data.told; plan(); } return; }
    if (data.who && waiting) tabs.postMessage({ hello: circle() });
    if (!("hello" in data) || !leave) return;
    if (data.hello && !wanted.has(data.hello)) {
      wanted.add(data.hello);
      clearTimeout(reopen);
      reopen = setTimeout(open, 300);   // several tabs that come back together ask once
    } else {
      tabs.postMessage({ told });
      if (newest.has(data.hello)) tabs.postMessage({ event: newest.get(data.hello) });
    }
  });

  /* ---------- 5 coming and going ---------- */
  let resting = 0, here = circle();

  /** The part of the page that is watched may be another one now. */
  function arrive() {
    if (stopped || circle() === here) return;
    here = circle();
    if (!here) return;
    if (leave && !wanted.has(here)) open(); else tabs?.postMessage({ hello: here });
    plan();
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(resting);
    if (stopped) return;
    if (document.hidden) { resting = setTimeout(() => { resign(); plan(); }, REST); plan(); return; }
    join();
    ask();
  });
  addEventListener("pagehide", resign);
  addEventListener("pageshow", (e) => { if (e.persisted && !stopped) { join(); ask(); } });

  if (signedIn || circle()) {
    if (shownUnread()) showTitle(`(${numberOf($("[data-live-unread]")).textContent}) `);
    if (!document.hidden) resting = setTimeout(join, SETTLED);   // who clicks on at once needs none
    plan();
  }
})();
