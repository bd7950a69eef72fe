// Keeps the players of a stage in step with each other and with the timeline.
//
// A stage (.vc-stage) holds any number of videos (.vc-player video) and at most one timeline (.vc-timeline), which is
// a slider for keyboard and screen reader. Gradio replaces these elements as results arrive, so nothing is kept of
// them but what is looked up again: events are caught at the document, and the playhead is placed on every frame.
(() => {
  "use strict";

  const TOGETHER = 0.03; // seconds apart that nobody sees: a frame at 30 a second
  const APART = 0.3; // seconds apart from which a jump is less unpleasant than catching up
  const PULL = 3, MOST = 0.6; // a player that is 0.1 s late runs 30 % faster, and never more than 60 %
  const STEP = 1 / 25, PAGE = 1; // seconds that arrow keys and page keys move

  const leaders = new WeakMap(); // stage -> the video that was last acted upon; the others follow it
  const rates = new WeakMap(); // stage -> the speed that was chosen
  const pulled = new WeakMap(); // video -> the speed that it was last given from here

  const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
  const stageOf = (element) => element.closest(".vc-stage");
  const playersOf = (stage) => [...stage.querySelectorAll(".vc-player video")].filter((video) => video.readyState > 0);
  const followersOf = (video) => playersOf(stageOf(video)).filter((other) => other !== video);
  const rateOf = (stage) => rates.get(stage) ?? 1;
  const start = (video) => video.play().catch(() => {}); // a browser may refuse until the page was clicked

  function leaderOf(stage) {
    const players = playersOf(stage);
    return players.find((video) => video === leaders.get(stage)) ?? players[0];
  }

  function place(video, time) {
    if (Math.abs(video.currentTime - time) > TOGETHER) video.currentTime = time;
  }

  function run(video, rate) {
    pulled.set(video, rate);
    if (video.playbackRate !== rate) video.playbackRate = rate;
  }

  // What someone does to one player happens to the others. A follower's own events say nothing new, and end here.
  const react = {
    play(video) {
      const paused = followersOf(video).filter((other) => other.paused);
      if (paused.length) leaders.set(stageOf(video), video);
      for (const other of paused) {
        place(other, video.currentTime);
        start(other);
      }
    },
    pause(video) {
      for (const other of followersOf(video)) {
        other.pause();
        place(other, video.ended ? other.duration : video.currentTime);
      }
    },
    ended: (video) => react.pause(video),
    seeking(video) {
      const leader = leaderOf(stageOf(video));
      if (video !== leader && Math.abs(video.currentTime - leader.currentTime) < APART) return;
      leaders.set(stageOf(video), video);
      for (const other of followersOf(video)) place(other, video.currentTime);
    },
    volumechange(video) {
      // The same sound twice, a little apart, is an echo.
      if (!video.muted) for (const other of followersOf(video)) other.muted = true;
    },
    loadedmetadata(video) {
      const others = followersOf(video);
      setRate(stageOf(video), rateOf(stageOf(video)));
      if (!others.length) return;
      video.muted = others.some((other) => !other.muted);
      video.currentTime = others[0].currentTime;
      if (others.some((other) => !other.paused)) start(video);
    },
  };
  for (const kind of Object.keys(react)) {
    const caught = (event) => event.target.matches?.(".vc-stage .vc-player video") && react[kind](event.target);
    document.addEventListener(kind, caught, true); // media events do not bubble
  }

  // A clip that the browser cannot show can be classified all the same: say so, instead of Gradio's alarm.
  for (const kind of ["error", "loadedmetadata"]) {
    const caught = (event) => {
      if (!event.target.matches?.(".vc-clip video")) return;
      event.target.closest(".vc-clip").classList.toggle("vc-unseen", kind === "error");
      if (kind === "error") event.stopImmediatePropagation();
    };
    document.addEventListener(kind, caught, true);
  }

  function setRate(stage, rate) {
    rates.set(stage, rate);
    for (const player of playersOf(stage)) {
      player.defaultPlaybackRate = rate; // which it takes when it is given another file
      run(player, rate);
    }
    const select = stage.querySelector(".vc-speed");
    if (select) select.value = String(rate);
  }

  function seek(stage, time) {
    const leader = leaderOf(stage);
    if (!leader) return;
    leaders.set(stage, leader);
    leader.currentTime = clamp(time, 0, leader.duration || 0);
    for (const other of followersOf(leader)) place(other, leader.currentTime);
  }

  function toggle(stage) {
    const leader = leaderOf(stage);
    if (!leader) return;
    if (!leader.paused) return leader.pause();
    if (playersOf(stage).some((player) => player.ended)) seek(stage, 0);
    start(leader);
  }

  function keepInStep(stage, leader) {
    const changed = playersOf(stage).find((video) => video.playbackRate !== (pulled.get(video) ?? video.playbackRate));
    if (changed) setRate(stage, changed.playbackRate);
    const rate = rateOf(stage);
    run(leader, rate);
    for (const other of followersOf(leader)) {
      if (leader.paused || other.paused) run(other, rate);
      if (leader.paused || leader.seeking || other.seeking || other.ended) continue;
      const late = leader.currentTime - other.currentTime;
      if (Math.abs(late) > APART) other.currentTime = leader.currentTime;
      // Once it is catching up it goes on until it is quite there, else it would start and stop all the time.
      const behind = Math.abs(late) > (other.playbackRate === rate ? TOGETHER : TOGETHER / 4);
      run(other, behind ? rate * (1 + clamp(PULL * late, -MOST, MOST)) : rate);
    }
  }

  // The timeline

  function timeAt(timeline, clientX) {
    const chart = [...timeline.querySelectorAll("svg.vc-chart")].find((each) => each.getBoundingClientRect().width);
    const { duration, left, right } = chart.dataset;
    const box = chart.getBoundingClientRect();
    const x = ((clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
    return clamp(((x - left) / (right - left)) * duration, 0, Number(duration));
  }

  const hovers = new WeakMap(); // timeline -> its data, parsed, and the text that they were parsed from
  function seenAt(timeline, time) {
    const text = timeline.dataset.hover;
    if (hovers.get(timeline)?.text !== text) hovers.set(timeline, { text, data: JSON.parse(text) });
    const { data } = hovers.get(timeline);
    const later = data.times.findIndex((each) => each > time + 1e-3);
    const now = Math.max(0, later < 0 ? data.times.length - 1 : later - 1);
    const shares = data.classes.map((name, n) => [name, data.raw_percent[n][now], data.smoothed_percent[n][now]]);
    return { raw: data.labels[data.raw[now]], smoothed: data.labels[data.smoothed[now]], shares };
  }

  function showTip(timeline, clientX) {
    const tip = timeline.querySelector(".vc-tip");
    const time = timeAt(timeline, clientX);
    const seen = seenAt(timeline, time);
    const table = document.createElement("table");
    const shares = seen.shares.map(([name, raw, smoothed]) => [name, `${raw} %`, `${smoothed} %`]);
    for (const words of [[`${time.toFixed(2)} s`, "frame", "mean"], ["label", seen.raw, seen.smoothed], ...shares]) {
      const row = table.insertRow();
      for (const word of words) row.insertCell().textContent = word;
    }
    tip.replaceChildren(table);
    tip.hidden = false;
    const box = timeline.getBoundingClientRect();
    const x = clientX - box.left, room = box.width - tip.offsetWidth;
    tip.style.left = `${clamp(x + 14 > room ? x - tip.offsetWidth - 14 : x + 14, 0, Math.max(0, room))}px`;
  }

  let dragged = null;
  document.addEventListener("pointerdown", (event) => {
    const timeline = event.target.closest(".vc-stage .vc-timeline");
    if (!timeline || event.button) return;
    dragged = timeline;
    seek(stageOf(timeline), timeAt(timeline, event.clientX));
    timeline.focus({ preventScroll: true });
  });
  document.addEventListener("pointermove", (event) => {
    const over = dragged?.isConnected ? dragged : event.target.closest?.(".vc-timeline");
    if (dragged?.isConnected) seek(stageOf(dragged), timeAt(dragged, event.clientX));
    for (const tip of document.querySelectorAll(".vc-tip:not([hidden])")) tip.hidden = tip.parentElement !== over;
    if (over) showTip(over, event.clientX);
  });
  for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (dragged = null));

  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.(".vc-stage .vc-timeline")) return;
    const stage = stageOf(event.target);
    const leader = leaderOf(stage);
    if (!leader) return;
    const now = leader.currentTime;
    const moves = {
      ArrowLeft: now - STEP, ArrowDown: now - STEP, ArrowRight: now + STEP, ArrowUp: now + STEP,
      PageDown: now - PAGE, PageUp: now + PAGE, Home: 0, End: leader.duration,
    };
    if (event.key in moves) seek(stage, moves[event.key]);
    else if (event.key === " ") toggle(stage);
    else return;
    event.preventDefault();
  });

  // Controls of all players at once

  document.addEventListener("click", (event) => {
    if (event.target.closest(".vc-play")) toggle(stageOf(event.target));
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches(".vc-speed")) setRate(stageOf(event.target), Number(event.target.value));
  });
  // Gradio's slider tells the pointer only that it was let go; keys let go of it too.
  document.addEventListener("keyup", (event) => {
    if (event.key === "Tab" || !event.target.matches?.(".vc-queue input")) return;
    event.target.dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
  });

  // What shows where the players are

  const set = (element, name, value) => element?.getAttribute(name) !== value && element?.setAttribute(name, value);
  const say = (element, words) => element && element.textContent !== words && (element.textContent = words);

  function show(stage, leader) {
    const time = leader.currentTime;
    say(stage.querySelector(".vc-play"), leader.paused ? "Play both" : "Pause both");
    say(stage.querySelector(".vc-clock"), `${time.toFixed(1)} / ${leader.duration.toFixed(1)} s`);
    const timeline = stage.querySelector(".vc-timeline");
    if (!timeline) return;
    for (const chart of timeline.querySelectorAll("svg.vc-chart")) {
      const { duration, left, right } = chart.dataset;
      const x = Number(left) + (right - left) * Math.min(1, time / duration);
      const head = chart.querySelector(".vc-playhead");
      set(head, "visibility", "visible");
      set(head, "transform", `translate(${x.toFixed(2)} 0)`);
    }
    set(timeline, "aria-valuenow", time.toFixed(2));
    if (!leader.paused) return;
    const seen = seenAt(timeline, time);
    set(timeline, "aria-valuetext", `${time.toFixed(1)} seconds, ${seen.raw}, smoothed ${seen.smoothed}`);
  }

  (function tick() {
    for (const stage of document.querySelectorAll(".vc-stage")) {
      const leader = leaderOf(stage);
      stage.classList.toggle("vc-ready", Boolean(leader));
      if (!leader) continue;
      keepInStep(stage, leader);
      show(stage, leader);
    }
    requestAnimationFrame(tick);
  })();
})();
