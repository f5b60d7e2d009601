// The part both views share: DOM, sizes, data, timeline, drawing when something changed.

import { parseFrames, unwrap } from "./format.js";
import { css, readTheme } from "./theme.js";
import { prefersReducedMotion, timelineOf } from "./timeline.js";
import { make, makeButton, makeTrack, setPressed, showTooltip, showTrack } from "./dom.js";
import { formatNumber, legendHeight, setFont } from "./chart.js";
import { download } from "./export.js";

export class View {
  constructor(parent, mode) {
    this.mode = mode;
    this.set = null;
    this.raw = null;
    this.problem = "";
    this.renders = 0;
    this.options = {};
    this.abort = new AbortController();
    this.signal = this.abort.signal;
    this.timeline = null;
    this.build(parent);
  }

  build(parent) {
    this.canvas = make("canvas", { role: "img", tabindex: 0 });
    this.tooltip = make("div", { class: "tooltip", hidden: "" });
    this.message = make("div", { class: "message", role: "status" });
    this.stage = make("div", { class: "stage" }, this.canvas, this.tooltip, this.message);
    this.toolbar = make("div", { class: "toolbar" });
    this.note = make("div", { class: "note" });
    const nodeId = Math.random().toString(36).slice(2);
    this.root = make("div", { class: "odenet", "data-node-id": nodeId, "data-mode": this.mode });
    this.root.append(this.toolbar, this.stage);
    this.epochRow = makeTrack("epoch", () => this.timeline, this.signal);
    this.buildControls();
    this.root.append(this.epochRow.row, this.note);
    this.buildLoop();
    this.buildExports();
    parent.append(this.root);
    this.sizes = new ResizeObserver(() => this.requestDraw());
    this.sizes.observe(this.stage);
    this.listenToPointer();
  }

  buildLoop() {
    const toggle = () => this.timeline.setLoop("epoch", !this.timeline.loop.epoch);
    this.loopButton = makeButton("", "Loop", toggle, this.signal, "loop");
    this.epochRow.row.insertBefore(this.loopButton, this.epochRow.slider);
  }

  buildExports() {
    const png = makeButton("PNG", "Download as PNG image", () => this.exportPng(), this.signal);
    const csv = makeButton("CSV", "Download the numbers as CSV", () => this.exportCsv(), this.signal);
    const full = makeButton("", "Full screen", () => this.toggleFull(), this.signal, "full");
    this.exports = make("div", { class: "group exports" }, png, csv, full);
    this.stage.append(this.exports);
  }

  listenToPointer() {
    const on = (name, handler, more = {}) =>
      this.canvas.addEventListener(name, handler, { signal: this.signal, ...more });
    on("pointermove", (event) => this.pointerMoved(event));
    on("pointerleave", () => this.pointerLeft());
    on("keydown", (event) => this.keyPressed(event));
  }

  toggleFull() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.().catch(() => undefined);
  }

  // Called at each run of the component: new bytes, a new theme, or neither.
  update(data) {
    this.theme = null;
    if (!sameBytes(data, this.raw)) {
      this.raw = data;
      this.receive(data);
    }
    this.requestDraw();
  }

  receive(data) {
    const hadFrames = Boolean(this.set);
    try {
      const { options, payload } = unwrap(data);
      this.applyOptions(options);
      this.set = parseFrames(payload, this.mode);
      this.problem = "";
    } catch (error) {
      this.set = null;
      this.problem = `This picture cannot be drawn: ${error.message}.`;
    }
    this.framesChanged();
    if (this.set && !hadFrames) this.begin();
    this.timeline?.tell();
  }

  applyOptions(options) {
    const group = options.group ?? "";
    if (!this.timeline || group !== this.group) {
      this.timeline?.leave(this);
      this.group = group;
      this.timeline = timelineOf(group);
      this.timeline.join(this);
    }
    this.options = options;
    const hidden = new Set(options.hide ?? []);
    this.hidden = hidden;
    this.optionsChanged();
  }

  // The first frames are here: start playing where that was asked for and is welcome.
  begin() {
    if (!this.options.autoplay || prefersReducedMotion()) return;
    this.timeline.setLoop("epoch", true);
    this.timeline.play("epoch", this.set.count > 1);
    this.timeline.play("depth", true);
  }

  // Which frame is shown, and how far towards the next one.
  where() {
    const at = this.timeline.position.epoch * (this.set.count - 1);
    const frame = Math.min(this.set.count - 1, Math.floor(at + 1e-6));
    return { frame, blend: Math.max(0, at - frame) };
  }

  nearestFrame() {
    return Math.round(this.timeline.position.epoch * (this.set.count - 1));
  }

  frameMeta() {
    return this.set.meta.frames[this.nearestFrame()];
  }

  // Timeline: somebody moved in depth or in training.
  moved() {
    this.requestDraw();
  }

  requestDraw() {
    this.request ??= requestAnimationFrame((now) => {
      this.request = null;
      this.drawAll(now);
    });
  }

  drawAll(now) {
    if (!this.root.isConnected) return;
    this.theme ??= readTheme(this.root);
    this.showControls();
    const text = this.problem || (this.set ? "" : this.options.empty_text ?? "");
    this.message.textContent = text;
    this.message.hidden = !text;
    this.root.dataset.state = this.problem ? "error" : this.set ? "ok" : "empty";
    if (!this.fitCanvas()) return;
    const ctx = this.canvas.getContext("2d");
    const ratio = this.ratio;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, this.width, this.height);
    this.lines = null;
    if (this.set) {
      const seconds = Math.min(0.1, (now - (this.lastDraw ?? now)) / 1000);
      if (this.draw(ctx, seconds || 1 / 60)) this.requestDraw();
    }
    showTooltip(this.tooltip, this.lines, this.lastPlace, this.width, this.height);
    this.lastDraw = now;
    this.renders += 1;
    this.describe();
  }

  // False while there is no room (a hidden tab).
  fitCanvas() {
    this.width = this.stage.clientWidth;
    if (this.width < 40) return false;
    const full = document.fullscreenElement && this.root.getRootNode().fullscreenElement === this.root;
    this.height = full ? Math.max(200, innerHeight - 170) : this.heightFor(this.width);
    this.ratio = devicePixelRatio || 1;
    const [w, h] = [Math.round(this.width * this.ratio), Math.round(this.height * this.ratio)];
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
    }
    this.canvas.style.height = `${this.height}px`;
    return true;
  }

  showControls() {
    const many = this.set !== null && this.set.count > 1;
    this.exports.hidden = !this.set || this.hidden.has("export");
    this.epochRow.row.hidden = !many || this.hidden.has("epoch") || !this.leadsEpoch();
    if (!this.set) return;
    const line = this.timeline;
    setPressed(this.loopButton, line.loop.epoch);
    const last = this.set.meta.frames[this.set.count - 1];
    showTrack(this.epochRow, line, "epoch", this.epochText(this.frameMeta()), this.epochText(last));
  }

  // One epoch slider a group: a flow view has it, a boundary only where it stands alone.
  leadsEpoch() {
    return true;
  }

  epochText(meta = this.frameMeta()) {
    const accuracy = meta.validation_accuracy ?? meta.train_accuracy;
    const loss = meta.validation_loss ?? meta.train_loss;
    let score = "";
    if (Number.isFinite(accuracy)) score = ` · ${(100 * accuracy).toFixed(1)} %`;
    else if (Number.isFinite(loss)) score = ` · loss ${formatNumber(loss)}`;
    const epoch = meta.epoch < 10 ? formatNumber(meta.epoch, 2) : Math.round(meta.epoch);
    return `epoch ${epoch}${score}`;
  }

  describe() {
    const data = this.root.dataset;
    data.renders = this.renders;
    data.frames = this.set?.count ?? 0;
    data.depth = this.timeline ? this.timeline.position.depth.toFixed(4) : "";
    data.playing = ["depth", "epoch"].filter((track) => this.timeline?.playing[track]).join(" ");
    data.frame = this.set ? this.nearestFrame() : "";
    data.epoch = this.set ? this.frameMeta().epoch : "";
    data.step = this.set ? this.frameMeta().step : "";
    const label = this.set ? this.label() : this.message.textContent;
    if (this.canvas.getAttribute("aria-label") !== label) this.canvas.setAttribute("aria-label", label);
  }

  pointOf(event) {
    const rect = this.canvas.getBoundingClientRect();
    return [event.clientX - rect.left, event.clientY - rect.top];
  }

  topMargin() {
    return this.frameMeta().title ? 22 : 8;
  }

  legendSize() {
    if (this.hidden.has("legend")) return 0;
    const ctx = this.canvas.getContext("2d");
    return legendHeight(ctx, this.theme, this.set.meta, this.stage.clientWidth - 48);
  }

  // What the tooltip says, and where it points to; drawn after the picture.
  say(lines, x, y) {
    this.lines = lines;
    this.lastPlace = [x, y];
  }

  drawTitle(ctx, right) {
    const title = this.frameMeta().title;
    if (!title) return;
    setFont(ctx, this.theme, 12, 500);
    ctx.fillStyle = this.theme.ink(0.75);
    ctx.textAlign = "right";
    ctx.textBaseline = "top";
    ctx.fillText(title, right, 2);
  }

  fileName(extension) {
    const { step } = this.frameMeta();
    return `${this.exportName()}-step-${step}.${extension}`;
  }

  exportPng() {
    if (!this.set) return;
    const copy = make("canvas", { width: this.canvas.width, height: this.canvas.height });
    const ctx = copy.getContext("2d");
    ctx.fillStyle = css(this.theme.background);
    ctx.fillRect(0, 0, copy.width, copy.height);
    ctx.drawImage(this.canvas, 0, 0);
    copy.toBlob((blob) => download(blob, this.fileName("png")), "image/png");
  }

  exportCsv() {
    if (!this.set) return;
    const blob = new Blob([this.csv()], { type: "text/csv" });
    download(blob, this.fileName("csv"));
  }

  dispose() {
    this.abort.abort();
    this.sizes.disconnect();
    this.timeline?.leave(this);
    cancelAnimationFrame(this.request);
  }
}

// A poll that found nothing new sends the same bytes in a new array.
function sameBytes(a, b) {
  if (a === b) return true;
  return Boolean(a && b) && a.length === b.length && !differs(a, b);
}

function differs(a, b) {
  for (let i = a.length - 1; i >= 0; i -= 1) if (a[i] !== b[i]) return true;
  return false;
}
