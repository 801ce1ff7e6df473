/* Voice notes: play one at a time, show how far it is, move in it with pointer or arrow keys.
   Without this file (or scripts) the browser's own player is there. */
(() => {
  "use strict";
  const boxOf = (el) => el.closest?.("[data-voice]");
  const audioOf = (box) => box.querySelector("audio");
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
  // a recording that is still being streamed does not know its length; the server does
  const lengthOf = (box) => {
    const { duration } = audioOf(box);
    return Number.isFinite(duration) && duration > 0 ? duration : Number(box.querySelector(".voice-track").getAttribute("aria-valuemax")) || 0;
  };
  let playing = null;

  function show(box) {
    const audio = audioOf(box), length = lengthOf(box), at = audio.currentTime, button = box.querySelector(".voice-play"), track = box.querySelector(".voice-track");
    const bars = box.querySelectorAll("rect"), n = length ? (at / length) * bars.length : 0;
    bars.forEach((bar, k) => bar.classList.toggle("on", k < n));
    box.toggleAttribute("data-playing", !audio.paused);
    button.setAttribute("aria-label", audio.paused ? box.dataset.play : box.dataset.pause);
    track.setAttribute("aria-valuenow", Math.round(at));
    track.setAttribute("aria-valuetext", clock(at));
    box.querySelector(".voice-time").textContent = clock(audio.paused && !at ? length : at);
  }

  async function toggle(box) {
    const audio = audioOf(box);
    if (!audio.paused) { audio.pause(); return; }
    if (playing && playing !== audio) playing.pause();
    playing = audio;
    box.removeAttribute("data-failed");
    // `play` fails when the file is gone or the format is not known here: then the browser's player says so itself
    try { await audio.play(); } catch (error) { if (error.name !== "AbortError") box.setAttribute("data-failed", ""); }
  }

  function seek(box, to) {
    const audio = audioOf(box), length = lengthOf(box);
    if (!length) return;
    const go = () => { audio.currentTime = Math.max(0, Math.min(length, to)); show(box); };
    if (audio.readyState) go(); else { audio.addEventListener("loadedmetadata", go, { once: true }); audio.preload = "metadata"; audio.load(); }
  }

  document.addEventListener("click", (e) => {
    const button = e.target.closest?.(".voice-play"), track = e.target.closest?.(".voice-track"), box = boxOf(e.target);
    if (!box) return;
    if (button) toggle(box);
    else if (track) {
      const { left, width } = track.getBoundingClientRect();
      seek(box, ((e.clientX - left) / width) * lengthOf(box));
    }
  });
  document.addEventListener("keydown", (e) => {
    if (!e.target.matches?.(".voice-track")) return;
    const box = boxOf(e.target), at = audioOf(box).currentTime;
    const to = { ArrowRight: at + 5, ArrowUp: at + 5, ArrowLeft: at - 5, ArrowDown: at - 5, Home: 0, End: lengthOf(box) }[e.key];
    if (to !== undefined) { e.preventDefault(); seek(box, to); }
    else if (e.key === " " || e.key === "Enter") { e.preventDefault(); toggle(box); }
  });
  // media events do not bubble, but they can be caught on the way down
  for (const name of ["play", "pause", "timeupdate", "durationchange"]) {
    document.addEventListener(name, (e) => { const box = boxOf(e.target); if (box) show(box); }, true);
  }
  document.addEventListener("ended", (e) => { const box = boxOf(e.target); if (box) { e.target.currentTime = 0; show(box); } }, true);
  // a video that starts silences a voice, too
  document.addEventListener("play", (e) => {
    if (playing && e.target !== playing) playing.pause();
    playing = e.target;
  }, true);
})();
