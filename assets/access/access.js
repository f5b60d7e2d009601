// What a keyboard and a screen reader need on every page: keys that train and scrub, headings in
// order, formulas that can be scrolled without a mouse, and a word when a run begins or rests.
//
// A key acts through the page's own buttons and sliders, so that every rule of theirs applies.

const PLAIN = "#stMain"; // it takes the focus, but no keys
const OWNERS = [
  "a[href], button, input, textarea, select, summary, iframe, audio, video",
  "[contenteditable], [role=dialog], [data-testid=stPopoverBody], [data-testid=stDataFrame]",
  "[role=slider], [role=tab], [role=radio], [role=option], [role=listbox], [role=menu], [role=grid]",
  "[tabindex]:not([tabindex='-1'])",
].join(", ");
const STEERS = ["Train", "Go on", "Pause"]; // what the main button of a page may say to be pressed by a key
const CALM = 200; // milliseconds in which many changes of the page count as one

const shared = (window[Symbol.for("odenet.access")] ??= { root: null, said: null, path: "", timer: 0 });

// ---- what stands on the page -------------------------------------------------------------------

const visible = (element) => element !== null && element !== undefined && element.getClientRects().length > 0;
const every = (selector) => [...document.querySelectorAll(selector)];

function inSight(element) {
  const { top, bottom } = element.getBoundingClientRect();
  return bottom > 0 && top < innerHeight;
}

// The words of a button, without the name of its icon.
const wordsOf = (button) => button.querySelector("p")?.textContent.trim() ?? "";

function steeringButton() {
  const primary = every('button[data-testid="stBaseButton-primary"]').filter(visible);
  const steering = primary.filter((button) => STEERS.includes(wordsOf(button)));
  return steering.find(inSight) ?? steering[0] ?? null;
}

function tracks(name) {
  const roots = every('[data-testid="stBidiComponentIsolated"]').map((host) => host.shadowRoot);
  return roots.map((root) => root?.querySelector(`.odenet .track.${name}`)).filter(visible);
}

const works = (row) => !row.querySelector("input").disabled;

// The row of the first view in sight: views that belong together move together.
const trackInSight = (name) => tracks(name).find((row) => inSight(row) && works(row)) ?? null;

// ---- keys --------------------------------------------------------------------------------------

function ownerOf(event) {
  for (const element of event.composedPath()) {
    if (element === document.body) return null;
    if (element instanceof Element && element.matches(OWNERS) && !element.matches(PLAIN)) return element;
  }
  return null;
}

// Canvases use the arrows themselves, and leave the space bar.
const leavesSpace = (owner) => owner === null || owner.matches("canvas");

function trainOrPlay() {
  const button = steeringButton();
  if (button) {
    button.click(); // nothing happens where it is disabled
    return true;
  }
  const players = [trackInSight("epoch"), trackInSight("depth")].filter(Boolean).map((row) => row.querySelector("button"));
  const playing = players.filter((player) => player.getAttribute("aria-pressed") === "true");
  for (const player of playing.length ? playing : players.slice(0, 1)) player.click();
  return players.length > 0;
}

function scrub(name, key) {
  const slider = trackInSight(name)?.querySelector("input");
  slider?.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
  return Boolean(slider);
}

function pressed(event) {
  if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing) return;
  if (document.querySelector("[aria-modal=true], dialog[open]") || shared.root?.querySelector("dialog[open]")) return;
  const owner = ownerOf(event);
  let done = false;
  if (event.key === " " && !event.shiftKey && leavesSpace(owner)) done = event.repeat || trainOrPlay();
  else if (owner !== null) return;
  else if (event.key === "ArrowLeft" || event.key === "ArrowRight") done = scrub(event.shiftKey ? "epoch" : "depth", event.key);
  else if (event.key === "?") done = openHelp();
  if (done) event.preventDefault();
}

// ---- the list of keys --------------------------------------------------------------------------

function keysOfThePage() {
  const button = steeringButton();
  const depth = tracks("depth").length > 0;
  const rows = [];
  if (button) rows.push(["Space", "Train, or pause what trains"]);
  else if (depth) rows.push(["Space", "Play, or pause what plays"]);
  if (depth) rows.push(["← →", "One layer back or on, in the view that is in sight"]);
  if (tracks("epoch").length) rows.push(["Shift + ← →", "One moment of the training back or on"]);
  if (depth) {
    rows.push(["Tab to a picture, then arrows", "From point to point; in 3-D: turn it, + and − zoom"]);
    rows.push(["Tab to a slider, then Page ↑ ↓", "Ten layers or moments at once; Home and End go to its ends"]);
  }
  rows.push(["?", "This list"], ["Esc", "Close what is open"]);
  return rows;
}

function openHelp() {
  const dialog = shared.root?.querySelector("dialog");
  if (!dialog) return false;
  const list = dialog.querySelector("dl");
  list.replaceChildren(
    ...keysOfThePage().flatMap(([keys, meaning]) => {
      const [term, text] = [document.createElement("dt"), document.createElement("dd")];
      term.append(Object.assign(document.createElement("kbd"), { textContent: keys }));
      text.textContent = meaning;
      return [term, text];
    }),
  );
  dialog.showModal();
  return true;
}

// ---- what a screen reader hears ------------------------------------------------------------------

// Headings are chosen for their size; their levels follow from their order, without a gap.
function levelHeadings() {
  const headings = every("#stMain :is(h2, h3, h4, h5, h6)").filter(visible);
  const sizes = [...new Set(headings.map((heading) => heading.tagName))].sort();
  let before = 1; // the page's own name, which every page has
  for (const heading of headings) {
    before = Math.min(2 + sizes.indexOf(heading.tagName), before + 1);
    if (heading.ariaLevel !== String(before)) heading.ariaLevel = String(before);
  }
}

// A formula that is wider than its place can be scrolled by keys.
function reachFormulas() {
  for (const formula of every(".katex-display")) {
    if (formula.scrollWidth <= formula.clientWidth) formula.removeAttribute("tabindex");
    else formula.tabIndex = 0;
  }
}

const oneLine = (text) => text.replace(/\s+/g, " ").trim();

// What the strips of figures say: all of it where a run rests, one word while it trains.
function statusNow() {
  return every(".st-key-figures, [class*='st-key-compare_figures_']")
    .map((strip) => {
      const word = strip.querySelector(".stMarkdownBadge")?.textContent ?? "";
      const [, letter] = /st-key-compare_figures_(\w)/.exec(strip.className) ?? [];
      const figures = strip.querySelector("p")?.textContent ?? "";
      return { word, said: (letter ? `Net ${letter}: ` : "") + (word === "training" ? word : oneLine(figures)) };
    })
    .filter(({ word }) => word);
}

function announce() {
  const now = statusNow();
  const words = now.map(({ word }) => word).join();
  if (shared.path !== location.pathname) [shared.path, shared.said] = [location.pathname, null];
  if (!words || words === shared.said) return;
  const first = shared.said === null; // what stood there when somebody came is no news
  shared.said = words;
  const place = shared.root?.querySelector("[role=status]");
  if (place && !first) place.textContent = now.map(({ said }) => said).join("; ");
}

function look() {
  shared.timer = 0;
  levelHeadings();
  reachFormulas();
  announce();
}

const changed = () => {
  shared.timer ||= setTimeout(look, CALM);
};

// Once a tab, though the component is mounted on every page anew.
function listen() {
  if (shared.listens) return;
  shared.listens = true;
  document.addEventListener("keydown", pressed);
  new MutationObserver(changed).observe(document.body, { childList: true, subtree: true, characterData: true });
  window.addEventListener("resize", changed);
}

export default function ({ parentElement }) {
  shared.root = parentElement;
  parentElement.querySelector(".keys").onclick = openHelp;
  const dialog = parentElement.querySelector("dialog");
  dialog.onclick = (event) => {
    if (event.target === dialog) dialog.close(); // beside it
  };
  listen();
  changed();
}
