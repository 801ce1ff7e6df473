/* The page of a campaign: how long its window is still open. The server's sentence stands there anyway; this counts down
   beside it, by the server's clock, which alone decides. */
(() => {
  "use strict";
  const started = performance.now();

  function watch(el) {
    const until = Date.parse(el.dataset.until), loaded = Date.parse(el.dataset.now);
    if (Number.isNaN(until) || Number.isNaN(loaded)) return;
    const show = () => {
      const left = Math.max(0, Math.floor((until - loaded - (performance.now() - started)) / 1000));
      const h = Math.floor(left / 3600), m = Math.floor((left % 3600) / 60), s = left % 60;
      if (left >= 24 * 3600) { el.hidden = true; setTimeout(show, 60_000); return; }
      const words = h ? el.dataset.hours : m >= 5 ? el.dataset.minutes : el.dataset.seconds;
      el.textContent = words.replace("{h}", h).replace("{m}", m).replace("{s}", h || m >= 5 ? s : left);
      el.hidden = false;
      // it is over: the page asks the server what comes now; one on which somebody writes only says so
      if (!left && el.dataset.over) { el.textContent = el.dataset.over; return; }
      if (!left) { location.replace(location.pathname + location.search); return; }
      setTimeout(show, h || m >= 5 ? 5_000 : 1_000);
    };
    show();
  }

  document.querySelectorAll(".countdown[data-until]").forEach(watch);
})();
