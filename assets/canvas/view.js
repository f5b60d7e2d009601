// The part both views share: DOM, sizes, drawing when something changed.

import { css, readTheme } from "./theme.js";
import { Receiver } from "./receiver.js";
import { make, makeButton, makeTrack, setPressed, showTooltip, showTrack } from "./dom.js";
import { legendHeight, setFont } from "./chart.js";
import { download } from "./export.js";

export class View extends Receiver {
  constructor(parent, mode) {
    super(mode);
    this.renders = 0;
    this.abort = new AbortController();
    this.signal = this.abort.signal;
    this.build(parent);
  }

  build(parent) {
    this.canvas = make("canvas", { role: "img", tabindex: 0, "aria-label": `${this.mode}: not drawn yet` });
    this.tooltip = make("div", { class: "tooltip", hidden: "" });
    this.message = make("div", { class: "message", role: "status" });
    // What keys have led to; the pointer's way is not told.
    this.spoken = make("div", { class: "unseen", "aria-live": "polite" });
    this.stage = make("div", { class: "stage" }, this.canvas, this.tooltip, this.message, this.spoken);
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
    this.epochRow.row.append(this.loopButton);
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
    // A finger that is lifted has not gone away: what it has touched stays chosen.
    on("pointerleave", (event) => event.pointerType !== "touch" && this.pointerLeft());
    on("pointerdown", (event) => event.pointerType === "touch" && this.pointerMoved(event));
    on("keydown", (event) => {
      this.keyPressed(event);
      this.speaks = event.defaultPrevented;
    });
  }

  toggleFull() {
    if (document.fullscreenElement) document.exitFullscreen();
    else this.root.requestFullscreen?.().catch(() => undefined);
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
    this.speak();
    this.lastDraw = now;
    this.renders += 1;
    this.describe();
  }

  speak() {
    if (!this.speaks) return;
    this.speaks = false;
    this.spoken.textContent = this.lines?.join(", ") ?? "";
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
    // A live view keeps the slider's place, so that nothing jumps when the recording comes.
    const offered = many || (this.options.epoch_slider && this.set !== null);
    this.epochRow.row.hidden = !offered || this.hidden.has("epoch") || !this.leadsEpoch();
    if (!this.set) return;
    const line = this.timeline;
    setPressed(this.loopButton, line.loop.epoch);
    for (const control of [this.epochRow.button, this.loopButton, this.epochRow.slider]) {
      control.disabled = !many;
    }
    this.epochRow.slider.title = many ? "" : "Scrub through the training as soon as it rests";
    showTrack(this.epochRow, line, "epoch", this.epochText(this.frameMeta()), this.longestText());
  }

  longestText() {
    return this.longest;
  }

  // One epoch slider a group: a flow view has it, a boundary only where it stands alone.
  leadsEpoch() {
    return true;
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
    // Told once where it rests, not with every frame that passes.
    if (data.playing && this.labelled) return;
    this.labelled = this.set !== null;
    const label = this.set ? this.label() : this.message.textContent || `${this.mode}: not drawn yet`;
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
    this.leaveFeed();
    this.timeline?.leave(this);
    cancelAnimationFrame(this.request);
  }
}
