// Small builders for real buttons, sliders and switches, all operable by keyboard.

const ICONS = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M4 2.5h3v11H4zM9 2.5h3v11H9z",
  loop: "M3 7a5 5 0 0 1 8.6-2.5V2.6h1.5V7H8.7V5.5h1.9A3.6 3.6 0 0 0 4.5 7zM13 9a5 5 0 0 1-8.6 2.5v1.9H2.9V9h4.4v1.5H5.4A3.6 3.6 0 0 0 11.5 9z",
  full: "M2 2h4.5v1.5h-3v3H2zM9.500 2H14v4.500h-1.500v-3h-3zM2 9.500h1.500v3h3V14H2zM12.500 9.500H14V14H9.500v-1.500h3z",
};

export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "class") element.className = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export function setIcon(button, name) {
  if (button.dataset.icon === name) return;
  button.dataset.icon = name;
  button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[name]}"/></svg>`;
}

export function makeButton(label, title, onClick, signal, icon) {
  const button = make("button", { type: "button", class: "button", title, "aria-label": title });
  if (icon) setIcon(button, icon);
  else button.textContent = label;
  button.addEventListener("click", onClick, { signal });
  return button;
}

export function setPressed(button, on) {
  const name = button.getAttribute("role") === "switch" ? "aria-checked" : "aria-pressed";
  if (button.getAttribute(name) !== String(on)) button.setAttribute(name, String(on));
}

// Beside (x, y), on whichever side it fits within the width and height; no lines hide it.
export function showTooltip(tooltip, lines, [x, y] = [0, 0], width = 0, height = 0) {
  tooltip.hidden = !lines;
  if (!lines) return;
  const [first, ...rest] = lines;
  tooltip.replaceChildren(make("b", {}, first), ...rest.map((text) => make("div", {}, text)));
  const { offsetWidth: w, offsetHeight: h } = tooltip;
  const left = x + 14 + w > width ? x - 14 - w : x + 14;
  const top = y + 14 + h > height ? y - 14 - h : y + 14;
  tooltip.style.transform = `translate(${Math.max(0, left)}px, ${Math.max(0, top)}px)`;
}

export function makeSwitch(label, title, on, onChange, signal) {
  const button = make("button", { type: "button", role: "switch", class: "switch", title });
  button.append(make("span", { class: "knob", "aria-hidden": "true" }), label);
  setPressed(button, on);
  button.addEventListener(
    "click",
    () => {
      const next = button.getAttribute("aria-checked") !== "true";
      setPressed(button, next);
      onChange(next);
    },
    { signal },
  );
  return button;
}

// A row of buttons of which one is chosen; arrow keys walk along it.
export function makeTabs(label, names, onChoose, signal) {
  const bar = make("div", { class: "tabs", role: "tablist", "aria-label": label });
  const buttons = Object.entries(names).map(([value, text]) => {
    const button = make("button", { type: "button", role: "tab", "data-value": value }, text);
    button.addEventListener("click", () => onChoose(value), { signal });
    bar.append(button);
    return button;
  });
  const walk = (event) => {
    const offered = buttons.filter((button) => !button.hidden);
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const at = offered.indexOf(event.target.closest("button"));
    const next = offered[(at + step + offered.length) % offered.length];
    next.focus();
    onChoose(next.dataset.value);
  };
  bar.addEventListener("keydown", walk, { signal });
  const show = (chosen) => {
    for (const button of buttons) {
      const on = button.dataset.value === chosen;
      button.setAttribute("aria-selected", String(on));
      button.tabIndex = on ? 0 : -1;
    }
  };
  return { bar, show, buttons };
}

// Play button, slider and read-out for one track of a timeline.
export function makeTrack(track, timelineNow, signal) {
  const button = makeButton("", `Play ${track}`, () => {
    timelineNow().play(track, !timelineNow().playing[track]);
  }, signal, "play");
  const slider = make("input", { type: "range", min: 0, max: 1, step: "any", "aria-label": track });
  const readout = make("output", { class: "readout" });
  const row = make("div", { class: `track ${track}` }, button, slider, readout);
  slider.addEventListener("input", () => {
    const line = timelineNow();
    const steps = line.steps(track);
    const value = Number(slider.value);
    line.play(track, false);
    line.set(track, track === "epoch" ? Math.round(value * steps) / steps : value);
  }, { signal });
  // One layer (or one frame) a key press, ten for the page keys; the space bar plays and pauses.
  slider.addEventListener("keydown", (event) => {
    const line = timelineNow();
    if (event.key === " ") {
      event.preventDefault();
      line.play(track, !line.playing[track]);
      return;
    }
    const steps = line.steps(track);
    const at = line.position[track] * steps;
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 10, PageDown: -10 };
    const ends = { Home: 0, End: steps };
    if (!(event.key in by) && !(event.key in ends)) return;
    event.preventDefault();
    const next = by[event.key] > 0 ? Math.floor(at + 1e-6) : Math.ceil(at - 1e-6);
    line.play(track, false);
    line.set(track, (ends[event.key] ?? next + by[event.key]) / steps);
  }, { signal });
  return { row, button, slider, readout };
}

// Shows where the track is; `longest` is the text that must find room without things moving (those
// of all tracks of a view, so that their sliders stand above each other).
export function showTrack(control, line, track, text, longest) {
  const playing = line.playing[track];
  setIcon(control.button, playing ? "pause" : "play");
  setPressed(control.button, playing);
  const title = `${playing ? "Pause" : "Play"} ${track}`;
  if (control.button.title !== title) {
    control.button.title = title;
    control.button.setAttribute("aria-label", title);
  }
  control.slider.value = String(line.position[track]);
  control.slider.style.setProperty("--filled", `${line.position[track] * 100}%`);
  control.slider.setAttribute("aria-valuetext", text);
  if (control.readout.textContent !== text) control.readout.textContent = text;
  control.readout.style.minWidth = `${(0.44 * longest.length).toFixed(1)}em`;
}
