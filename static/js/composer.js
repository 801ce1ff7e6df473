/* The page that writes a post: files go up as they are chosen, a voice can be recorded, and what is written is kept.
   Without this file the form still works: files come with it, and a button keeps the draft.
   Contents: 1 helpers  2 files of the form  3 uploads  4 drop, paste  5 recorder  6 drafts  7 kind  8 check-in  9 sending */
(() => {
  "use strict";
  const form = document.getElementById("compose"), texts = document.getElementById("tpl-composer")?.dataset;
  if (!form || !texts) return;

  /* ---------- 1 helpers ---------- */
  const $ = (s, el = document) => el.querySelector(s);
  const $$ = (s, el = document) => [...el.querySelectorAll(s)];
  const clone = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);
  const say = (text) => document.dispatchEvent(new CustomEvent("toast", { detail: { value: text } }));
  const parse = (html) => new DOMParser().parseFromString(html, "text/html");
  const clock = (s) => `${Math.floor(s / 60)}:${String(Math.floor(s % 60)).padStart(2, "0")}`;
  /** The server's own sentence in an answer to a script, if it sent one. */
  function sentence(header, body) {
    try { return JSON.parse(header).toast; } catch { /* no toast */ }
    return $("[data-errors]", parse(body ?? ""))?.textContent.replace(/\s+/g, " ").trim();
  }

  /* ---------- 2 files of the form ---------- */
  const previews = $("[data-previews]", form), attachments = $("[data-attachments]", form);
  const gone = (box) => $("[name=remove_images]", box)?.checked;
  const pictures = () => $$(".preview:not(.preview-add)", previews).filter((box) => !gone(box));
  const others = (...kinds) => $$(".attachment", attachments).filter((box) => kinds.includes(box.dataset.kind) && !gone(box));

  function sync() {
    const n = pictures().length, limit = Number(previews.dataset.limit);
    $("[data-previews-count]", previews).textContent = `${n} / ${limit}`;
    $(".preview-add", previews).hidden = n >= limit || others("audio", "video").length > 0;
  }
  /** Why one more of this kind does not fit, by the rules that the server holds too. */
  function refusal(kind) {
    const recordings = others("audio", "video").length;
    if (kind === "image") return recordings ? texts.mixed : pictures().length >= Number(previews.dataset.limit) ? previews.dataset.tooMany : "";
    if (kind === "file") return others("file").length >= 3 ? texts.files : "";
    return recordings || pictures().length ? texts.mixed : "";
  }
  const kindOf = (file) => /^image\/(jpeg|png|webp|gif)$/.test(file.type) ? "image" : file.type.startsWith("audio/") ? "audio" : /^video\/(mp4|webm|quicktime)$/.test(file.type) ? "video" : "file";

  function take(files, kind) {
    for (const file of files) {
      const its = kind ?? kindOf(file), no = refusal(its);
      if (no) { say(no); break; }
      start(file, its);
    }
  }
  document.addEventListener("change", (e) => {
    const field = e.target;
    if (field.matches("[data-take]")) {
      const files = [...field.files];
      field.value = "";   // they go up now, not with the form
      take(files, field.dataset.take === "file" ? undefined : field.dataset.take);
    } else if (field.matches("[name=remove_media]")) {
      remove(field.closest(".preview, .attachment"));
    } else if (field.matches("[name=remove_images]")) sync();
  });
  document.addEventListener("click", (e) => {
    const pick = e.target.closest("[data-pick]");
    if (pick) document.getElementById(pick.dataset.pick).click();
  });
  function remove(box) {
    uploads.get(box)?.abort();
    uploads.delete(box);
    const image = box.matches(".preview");
    box.remove();
    sync();
    (image ? $("#images") : $("#body")).focus();
    changed();
  }

  /* ---------- 3 uploads ---------- */
  const uploads = new Map();   // box -> {abort, done: Promise, failed}

  function start(file, kind, { wave = "", url = URL.createObjectURL(file), seconds = 0 } = {}) {
    const box = clone(kind === "image" ? "tpl-preview" : "tpl-attachment"), name = file.name;
    box.dataset.kind = kind;
    if (kind === "image") { const img = $("img", box); img.src = url; img.alt = name; }
    else $("[data-name]", box).textContent = name;
    if (kind === "audio" && (wave || seconds)) $(".file", box).before(player(url, wave, seconds));
    const cross = $(".preview-remove", box), again = $(".preview-retry", box);
    cross.setAttribute("aria-label", texts.remove.replace("{name}", name));
    cross.addEventListener("click", () => { URL.revokeObjectURL(url); remove(box); });
    again.addEventListener("click", () => send(box, file, kind, wave, url));
    if (kind === "image") $(".preview-add", previews).before(box); else attachments.append(box);
    sync();
    send(box, file, kind, wave, url);
  }

  function send(box, file, kind, wave, url) {
    const bar = $("progress", box), state = $("[data-state]", box), request = new XMLHttpRequest(), upload = { failed: false };
    upload.abort = () => request.abort();
    upload.done = (async () => {
      const data = new FormData();
      data.set("csrf_token", form.elements.csrf_token.value);
      data.set("file", file, file.name);
      if (wave) data.set("wave", wave);
      const poster = kind === "video" ? await posterOf(url) : null;
      if (poster) data.set("poster", poster, "poster.jpg");
      await new Promise((finish) => {
        request.upload.addEventListener("progress", (e) => { if (e.lengthComputable) bar.value = e.loaded / e.total; });
        request.addEventListener("loadend", finish);
        request.open("POST", form.dataset.uploads);
        request.setRequestHeader("HX-Request", "true");
        request.send(data);
      });
      if (!uploads.has(box)) return;   // removed meanwhile
      const id = request.status < 300 && $("[name=media_ids]", parse(request.responseText))?.value;
      if (id) finished(box, id, request.responseText);
      else failed(box, upload, request);
    })();
    $(".preview-retry", box).hidden = true;
    bar.hidden = false;
    bar.removeAttribute("value");
    box.removeAttribute("data-failed");
    if (state) state.textContent = state.dataset.text ??= state.textContent;
    uploads.set(box, upload);
  }
  function finished(box, id, html) {
    uploads.delete(box);
    $("progress", box).remove();
    $(".preview-retry", box).remove();
    const carry = (name, value) => box.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
    carry("media_ids", id);
    const words = $("[data-alt]", box);   // has no name until there is an upload to go with it
    if (words) words.name = "alts"; else carry("alts", "");
    // what the server makes of it: a poster, a length, a size
    const made = $(".voice, .video, .file", parse(html));
    if (box.matches(".attachment")) {
      if ($(".voice", box)) $(".file", box).remove();
      else if (made) $(".file", box).replaceWith(document.adoptNode(made));
      else $("[data-state]", box)?.remove();
    }
    changed();
  }
  function failed(box, upload, request) {
    const text = request.status ? sentence(request.getResponseHeader("HX-Trigger"), request.responseText) : "";
    if (request.status >= 400 && request.status < 500 && request.status !== 429) {   // it will never be taken
      uploads.delete(box);
      box.remove();
      sync();
      say(text || texts.failed);
      return;
    }
    upload.failed = true;
    box.setAttribute("data-failed", "");
    $("progress", box).hidden = true;
    $(".preview-retry", box).hidden = false;
    const state = $("[data-state]", box);
    if (state) state.textContent = text || texts.failed;
    say(text || texts.failed);
  }
  /** A frame of the video as a small JPEG, or null where the browser cannot show it. */
  function posterOf(url) {
    return new Promise((finish) => {
      const video = document.createElement("video"), none = setTimeout(() => finish(null), 8000);
      Object.assign(video, { muted: true, playsInline: true, preload: "auto", src: url });
      video.addEventListener("error", () => { clearTimeout(none); finish(null); });
      video.addEventListener("loadedmetadata", () => { video.currentTime = Math.min(1, (video.duration || 0) / 2); });
      video.addEventListener("seeked", () => {
        clearTimeout(none);
        const scale = Math.min(1, 1280 / Math.max(video.videoWidth, video.videoHeight, 1)), canvas = document.createElement("canvas");
        canvas.width = Math.round(video.videoWidth * scale);
        canvas.height = Math.round(video.videoHeight * scale);
        if (!canvas.width || !canvas.height) { finish(null); return; }
        canvas.getContext("2d").drawImage(video, 0, 0, canvas.width, canvas.height);
        canvas.toBlob(finish, "image/jpeg", .85);
      });
    });
  }

  /* ---------- 4 drop, paste ---------- */
  form.addEventListener("dragover", (e) => { if (e.dataTransfer.types.includes("Files")) { e.preventDefault(); form.setAttribute("data-drop", ""); } });
  form.addEventListener("dragleave", (e) => { if (!form.contains(e.relatedTarget)) form.removeAttribute("data-drop"); });
  form.addEventListener("drop", (e) => {
    form.removeAttribute("data-drop");
    if (!e.dataTransfer.files.length) return;
    e.preventDefault();
    take([...e.dataTransfer.files]);
  });
  form.addEventListener("paste", (e) => {
    const files = [...e.clipboardData.files].filter((file) => kindOf(file) === "image");
    if (!files.length || e.clipboardData.types.includes("text/plain")) return;   // words copied from a document bring a picture of themselves
    e.preventDefault();
    take(files, "image");
  });

  /* ---------- 5 recorder ---------- */
  const BARS = 48;
  const panel = document.getElementById("recorder");
  let recording = null;

  function draw(svg, levels) {
    svg.setAttribute("viewBox", `0 0 ${levels.length * 4 - 2} 24`);
    svg.replaceChildren(...levels.map((level, n) => {
      const bar = document.createElementNS("http://www.w3.org/2000/svg", "rect"), height = 3 + level * 2;
      for (const [name, value] of Object.entries({ x: n * 4, y: 12 - height / 2, width: 2, height, rx: 1 })) bar.setAttribute(name, value);
      return bar;
    }));
  }
  function player(url, wave, seconds) {
    const box = clone("tpl-voice"), track = $(".voice-track", box);
    $("audio", box).src = url;
    $(".voice-time", box).textContent = clock(seconds);
    track.setAttribute("aria-valuemax", Math.ceil(seconds));
    if (wave) draw($("svg.voice-wave", box), [...wave].map(Number));
    return box;
  }
  /** Levels of the whole recording as up to 48 digits; the loudest moment is 9. */
  function waveOf(levels) {
    const n = Math.min(BARS, levels.length), most = Math.max(...levels, .02);
    return Array.from({ length: n }, (_, k) => {
      const part = levels.slice(Math.floor((k * levels.length) / n), Math.max(Math.floor(((k + 1) * levels.length) / n), Math.floor((k * levels.length) / n) + 1));
      return Math.min(9, Math.round(Math.sqrt(Math.max(...part) / most) * 9));
    }).join("");
  }
  async function record() {
    if (recording) return;
    const no = refusal("audio");
    if (no) { say(no); return; }
    if (!navigator.mediaDevices?.getUserMedia || !window.MediaRecorder) { say(texts.noMicrophone); document.getElementById("voice").click(); return; }
    recording = {};   // a second tap while the browser asks changes nothing
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
    } catch (error) {
      recording = null;
      say(error.name === "NotAllowedError" || error.name === "SecurityError" ? texts.microphone : texts.noMicrophone);
      return;
    }
    const type = ["audio/webm;codecs=opus", "audio/mp4", "audio/ogg;codecs=opus"].find((t) => MediaRecorder.isTypeSupported(t)) ?? "";
    const recorder = new MediaRecorder(stream, type ? { mimeType: type, audioBitsPerSecond: 48000 } : {});
    const context = new AudioContext(), analyser = context.createAnalyser(), samples = new Float32Array(1024), levels = [], parts = [];
    analyser.fftSize = samples.length;
    context.createMediaStreamSource(stream).connect(analyser);
    const began = performance.now(), seconds = () => (performance.now() - began) / 1000, longest = Number(panel.dataset.longest);
    const ticker = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      levels.push(Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length));
      const last = levels.slice(-BARS), shown = [...Array(BARS - last.length).fill(0), ...last.map((x) => Math.min(9, Math.round(Math.sqrt(x) * 14)))];
      draw($(".voice-wave", panel), shown);
      $(".voice-time", panel).textContent = clock(seconds());
      if (seconds() >= longest) finish(true);
    }, 60);
    let keep = false, length = 0;
    const finish = (wanted) => {
      if (recorder.state === "inactive") return;
      keep = wanted;
      length = Math.min(seconds(), longest);
      recorder.stop();
    };
    recorder.addEventListener("dataavailable", (e) => { if (e.data.size) parts.push(e.data); });
    recorder.addEventListener("stop", () => {
      clearInterval(ticker);
      stream.getTracks().forEach((track) => track.stop());
      context.close();
      recording = null;
      panel.hidden = true;
      if (!keep || length < .3 || !parts.length) return;
      const mime = (recorder.mimeType || type || "audio/webm").split(";")[0], ending = { "audio/mp4": "m4a", "audio/ogg": "ogg" }[mime] ?? "webm";
      start(new File(parts, `${texts.voiceName}.${ending}`, { type: mime }), "audio", { wave: waveOf(levels), seconds: length });
      $("#body").focus();
    });
    // a microphone that is taken away ends the recording with what there is
    stream.getTracks().forEach((track) => track.addEventListener("ended", () => finish(true)));
    recording = { finish };
    recorder.start();
    panel.hidden = false;
    $("[data-record-stop]", panel).focus();
  }
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-record]")) record();
    else if (e.target.closest("[data-record-stop]")) recording?.finish?.(true);
    else if (e.target.closest("[data-record-cancel]")) recording?.finish?.(false);
  });

  /* ---------- 6 drafts ---------- */
  const { autosave, here } = form.dataset, el = form.elements;
  const NOT_KEPT = new Set(["csrf_token", "once", "publish_at", "writer", "seq", "draft_id", "version"]);
  let timer = 0, oldest = 0, saving = null, sent = false, stopped = false;
  let storage = null;
  try { storage = window.localStorage; } catch { /* switched off */ }
  const key = () => `draft:${form.dataset.key}`;

  function content() {
    const data = new FormData(form);
    return JSON.stringify([...data].filter(([name, value]) => typeof value === "string" && value !== "" && !NOT_KEPT.has(name)));
  }
  const DEFAULTS = new Set(["poll_max_choices", "poll_results", "type", "anonymous"]);
  const isEmpty = (text) => JSON.parse(text).every(([name, value]) => DEFAULTS.has(name) || !value.trim());
  let kept = content();

  function note(text) { const line = document.getElementById("draft-state"); if (line) line.textContent = text; }
  function keepHere() {
    try { storage?.setItem(key(), JSON.stringify({ title: el.title.value, body: el.body.value, seq: el.seq?.value ?? "", type: el.type?.value, anonymous: el.anonymous?.checked })); } catch { /* full */ }
  }
  const forget = () => { try { storage?.removeItem(key()); } catch { /* switched off */ } };

  function changed() {
    if (sent) return;
    keepHere();
    if (!autosave || stopped) { if (content() !== kept) note(texts.local.replace("{time}", new Date().toTimeString().slice(0, 5))); return; }
    oldest ||= Date.now();
    clearTimeout(timer);
    // two seconds after the last key, and every fifteen while somebody writes without a pause
    timer = setTimeout(save, Math.max(0, Math.min(2000, oldest + 15000 - Date.now())));
  }
  form.addEventListener("input", changed);
  form.addEventListener("change", changed);

  function save({ keepalive = false } = {}) {
    clearTimeout(timer);
    if (!autosave || stopped || sent) return saving;
    if (saving) return saving.then(() => save({ keepalive }));
    const now = content();
    if (now === kept || (isEmpty(now) && !el.draft_id.value)) { oldest = 0; return null; }
    const data = new FormData();
    for (const [name, value] of new FormData(form)) if (typeof value === "string" && name !== "publish_at") data.append(name, value);
    oldest = 0;
    saving = answerTo(data, now, keepalive).finally(() => { saving = null; });
    return saving;
  }
  async function answerTo(data, now, keepalive) {
    let answer;
    try {
      answer = await fetch(autosave, { method: "POST", body: data, headers: { "HX-Request": "true" }, keepalive, credentials: "same-origin" });
    } catch {
      note(texts.offline);
      timer = setTimeout(save, 15000);
      return;
    }
    const html = await answer.text();
    if (answer.ok && !answer.redirected) took(html, now);
    else if (answer.status === 409) conflict(html);
    else if (answer.status === 404 && el.draft_id.value) { apart(); timer = setTimeout(save, 100); }
    else {
      note(sentence(answer.headers.get("HX-Trigger"), html) || texts.failed);
      if (answer.status === 429 || answer.status >= 500) timer = setTimeout(save, 30000);
    }
  }
  function took(html, now) {
    const line = $("#draft-state", parse(html));
    if (!line) return;
    document.getElementById("draft-state").replaceWith(document.adoptNode(line));
    forget();
    el.draft_id.value = line.dataset.id;
    el.seq.value = line.dataset.seq;
    form.dataset.key = `${form.dataset.key.split(":")[0]}:${line.dataset.id}`;
    kept = now;
    document.getElementById("draft-offer")?.remove();
    history.replaceState(history.state, "", `${here}?draft=${line.dataset.id}`);
    if (content() !== kept) changed();
  }
  /** What is on this page no longer belongs to the draft it came from; the next save makes a new one. */
  function apart() {
    el.draft_id.value = el.seq.value = "";
    el.writer.value = [...crypto.getRandomValues(new Uint8Array(12))].map((n) => n.toString(16).padStart(2, "0")).join("");
    kept = "";
  }
  function conflict(html) {
    const banner = $("#draft-stale", parse(html));
    if (!banner) { note(texts.failed); return; }
    stopped = true;
    document.getElementById("draft-stale")?.remove();
    form.prepend(document.adoptNode(banner));
    banner.focus();
  }
  document.addEventListener("click", (e) => {
    if (e.target.closest("[data-keep-copy]")) {
      document.getElementById("draft-stale").remove();
      stopped = false;
      apart();
      save();
    } else if (e.target.closest("[data-take-newer]")) { sent = true; forget(); }
  });

  // what was written without a connection, or in the seconds before the page was lost, comes back
  function restore() {
    let old = null;
    try { old = JSON.parse(storage?.getItem(key()) ?? "null"); } catch { /* not ours */ }
    if (!old || typeof old.body !== "string" || (old.body === el.body.value && old.title === el.title.value)) return;
    if ($("[data-errors]", form)) return;   // the page that comes back with errors holds what was sent
    el.body.value = old.body;
    el.title.value = old.title;
    if (el.type && old.type) el.type.value = old.type;
    if (el.anonymous) el.anonymous.checked = Boolean(old.anonymous);   // asked without a name, it stays so
    kind();
    if (el.seq && old.seq && el.seq.value !== old.seq) el.seq.value = old.seq;   // older than the server's: the save will say so
    el.body.dispatchEvent(new Event("input", { bubbles: true }));
    say(texts.restored);
  }
  // leaving: switching to another app is often the last a phone lets a page do
  addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden") save({ keepalive: true }); });
  addEventListener("pagehide", () => { recording?.finish?.(false); save({ keepalive: true }); });
  addEventListener("online", () => save());

  /* ---------- 7 kind ---------- */
  // what is for one kind alone is shown by the style sheet; here are the words, and what is asked of the title
  const asking = () => el.type?.value === "question", similar = document.getElementById("similar");
  let looked = "";
  function kind() {
    if (!el.type) return;
    const name = asking() ? "question" : "moment";
    for (const field of [el.title, el.body]) field.placeholder = JSON.parse(field.dataset.words)[name];
    document.getElementById("title-label").textContent = el.title.placeholder;
    el.title.required = asking();
    if (asking()) el.title.minLength = Number(el.title.dataset.least); else el.title.removeAttribute("minlength");
    look();
  }
  /** Ask for similar questions (htmx does, when the event comes), once for each title. */
  function look() {
    const title = el.title.value.trim();
    if (!similar || !asking() || title === looked) return;
    looked = title;
    similar.dispatchEvent(new CustomEvent("asking"));
  }
  el.title.addEventListener("input", look);
  document.addEventListener("change", (e) => { if (e.target.name === "type" && e.target.form === form) { kind(); changed(); } });

  /* ---------- 8 check-in: what it still lacks ---------- */
  const needs = $$("[data-need]", form);
  function lack() {
    const have = { text: [...el.body.value.trim()].length, image: pictures().length, audio: others("audio").length };
    for (const need of needs) {
      const left = Number(need.dataset.least) - have[need.dataset.need], line = $("span", need);
      const said = left > 0 && have[need.dataset.need] ? need.dataset.missing.replace("{n}", left) : need.dataset.said;
      need.toggleAttribute("data-met", left <= 0);
      if (line.textContent !== said) line.textContent = said;
    }
  }
  if (needs.length) {
    form.addEventListener("input", lack);
    form.addEventListener("change", lack);
    for (const box of [previews, attachments]) new MutationObserver(lack).observe(box, { childList: true });
  }

  /* ---------- 9 sending ---------- */
  const button = document.getElementById("publish");
  function label() {
    if (!button) return;
    button.dataset.text ??= button.textContent;
    button.textContent = el.publish_at?.value ? button.dataset.planText : button.dataset.text;
  }
  el.publish_at?.addEventListener("input", label);
  label();

  form.addEventListener("submit", (e) => {
    const waiting = [...uploads.values()].filter((upload) => !upload.failed).map((upload) => upload.done);
    if (saving) waiting.push(saving);
    if (waiting.length) {
      e.preventDefault();
      e.stopImmediatePropagation();
      if (uploads.size) note(texts.waiting);
      form.setAttribute("aria-busy", "true");
      const { submitter } = e;
      Promise.all(waiting).then(() => { form.removeAttribute("aria-busy"); if (!stopped) form.requestSubmit(submitter ?? undefined); });
      return;
    }
    if (uploads.size) {
      e.preventDefault();
      e.stopImmediatePropagation();
      note(texts.unsent);
      say(texts.unsent);
      return;
    }
    sent = true;
    clearTimeout(timer);
    forget();
  }, true);
  // back from the next page without loading anew: what was sent there is done, what is written now is new
  addEventListener("pageshow", (e) => { if (e.persisted) sent = false; });

  sync();
  restore();
  kind();
  lack();
})();
