// What a view gets: bytes and options, its place on the timeline, the frame that is shown.

import { inflate, isSqueezed, parseFrames, unwrap } from "./format.js";
import { feedOf } from "./feed.js";
import { prefersReducedMotion, timelineOf } from "./timeline.js";
import { formatNumber } from "./chart.js";

const STALE = 2000; // milliseconds for which a new run shows the last picture of the one before

export class Receiver {
  constructor(mode) {
    this.mode = mode;
    this.set = null;
    this.raw = null;
    this.problem = "";
    this.longest = "";
    this.options = {};
    this.timeline = null;
    this.feed = null;
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
    try {
      const { options, payload } = unwrap(data);
      this.applyOptions(options);
      if (this.takeFrom(options.feed)) return;
      if (!isSqueezed(payload)) this.adopt(parseFrames(payload, this.mode));
      else this.unsqueeze(payload);
    } catch (error) {
      this.fail(error);
    }
  }

  // Take the pictures from a feed if there is one, and say whether there is.
  takeFrom(address) {
    if (this.feed?.address === address) return true;
    this.leaveFeed();
    if (!address) return false;
    if (!this.set) this.adopt(null);
    this.stale = setTimeout(() => this.adopt(null), STALE);
    this.feed = feedOf(address);
    this.feed.join(this);
    return true;
  }

  leaveFeed() {
    clearTimeout(this.stale);
    this.feed?.leave(this);
    this.feed = null;
  }

  fed(bytes) {
    clearTimeout(this.stale);
    try {
      this.adopt(parseFrames(bytes, this.mode));
    } catch (error) {
      this.fail(error);
    }
  }

  // The run rests: let the page hear of it at once.
  feedEnded() {
    this.onRest?.();
  }

  // What is on the screen stays there until the recording is ready, unless something newer came.
  async unsqueeze(payload) {
    const { raw } = this;
    try {
      const bytes = await inflate(payload);
      if (this.raw === raw) this.adopt(parseFrames(bytes, this.mode));
    } catch (error) {
      if (this.raw === raw) this.fail(error);
    }
  }

  fail(error) {
    this.adopt(null, `This picture cannot be drawn: ${error.message}.`);
  }

  adopt(set, problem = "") {
    const hadFrames = Boolean(this.set);
    this.set = set;
    this.problem = problem;
    this.longest = longestOf(set?.meta.frames.map((frame) => this.epochText(frame)) ?? []);
    // A single frame is what is now: whoever scrubs a recording later starts at its end.
    if (set?.count === 1) this.timeline.toEnd("epoch");
    this.framesChanged();
    if (this.set && !hadFrames) this.begin();
    this.timeline?.tell();
    this.requestDraw();
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

  // The header, with what differs between the frames as this one has it.
  metaNow() {
    const { meta } = this.set;
    const { times = meta.times, explained = meta.explained } = this.frameMeta();
    return { ...meta, times, explained };
  }

  // The same for a screen reader, which says what the score is.
  epochWords() {
    const meta = this.frameMeta();
    const [epoch, score = ""] = this.epochText(meta).split(" · ");
    if (!score) return epoch;
    const validated = meta.validation_accuracy ?? meta.validation_loss;
    const set = Number.isFinite(validated) ? "validation" : "training";
    return `${epoch}, ${set} ${score.startsWith("loss") ? score : `accuracy ${score}`}`;
  }

  epochText(meta = this.frameMeta()) {
    const accuracy = meta.validation_accuracy ?? meta.train_accuracy;
    const loss = meta.validation_loss ?? meta.train_loss;
    let score = "";
    if (Number.isFinite(accuracy)) score = ` · ${(100 * accuracy).toFixed(1)} %`;
    else if (Number.isFinite(loss)) score = ` · loss ${formatNumber(loss)}`;
    const epoch = meta.epoch < 10 ? Number(meta.epoch.toFixed(2)) : Math.round(meta.epoch);
    return `epoch ${epoch}${score}`;
  }
}

const longestOf = (texts) => texts.reduce((a, b) => (b.length > a.length ? b : a), "");

// A poll that found nothing new sends the same bytes in a new array.
function sameBytes(a, b) {
  if (a === b) return true;
  return Boolean(a && b) && a.length === b.length && !differs(a, b);
}

function differs(a, b) {
  for (let i = a.length - 1; i >= 0; i -= 1) if (a[i] !== b[i]) return true;
  return false;
}
