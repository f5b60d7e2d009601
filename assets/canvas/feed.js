// Live pictures of a run: fetched one after the other, as fast as they come and can be drawn.
// The views that show the same run share one feed.

const PAUSE = { rests: 300, broken: 1000 }; // milliseconds before the server is asked again

// On the window, not in the module: views may come from two copies of this code.
const feeds = (window[Symbol.for("odenet.feeds")] ??= new Map());

class Feed {
  constructor(address) {
    this.address = address;
    this.members = new Set();
    this.known = "";
    this.newest = null;
    this.asking = false;
  }

  join(member) {
    this.members.add(member);
    if (this.newest) member.fed(this.newest);
    if (!this.asking) this.ask();
  }

  leave(member) {
    this.members.delete(member);
    if (this.members.size > 0) return;
    feeds.delete(this.address);
    this.abort?.abort();
  }

  async ask() {
    this.asking = true;
    while (this.members.size > 0) {
      const pause = await this.fetchOne().catch(() => PAUSE.broken);
      if (pause) await new Promise((done) => setTimeout(done, pause));
      // The next one when this one is drawn; a page that nobody sees draws nothing and asks for nothing.
      await new Promise(requestAnimationFrame);
    }
    this.asking = false;
  }

  // Hand one picture out; returns how long to wait before the next one is asked for.
  async fetchOne() {
    this.abort = new AbortController();
    const { signal } = this.abort;
    const known = encodeURIComponent(this.known);
    const answer = await fetch(`${this.address}?known=${known}`, { signal, cache: "no-store" });
    if (answer.status === 204) return this.rests(answer) ? PAUSE.rests : 0;
    if (!answer.ok) return PAUSE.broken;
    this.newest = new Uint8Array(await answer.arrayBuffer());
    this.known = answer.headers.get("X-Version") ?? "";
    this.ended = false;
    for (const member of this.members) member.fed(this.newest);
    return 0;
  }

  rests(answer) {
    const rests = answer.headers.get("X-Run") === "rests";
    if (rests && !this.ended) for (const member of this.members) member.feedEnded();
    this.ended = rests;
    return rests;
  }
}

export function feedOf(address) {
  if (!feeds.has(address)) feeds.set(address, new Feed(address));
  return feeds.get(address);
}
