// Tells the server what it has to know of this browser: the random id that is kept in it, whether the
// window is too narrow for four columns, and where its back and forward buttons lead. Writes the
// address for the server. Renders nothing.
//
// The server writes a link that it computed from what it knew; meanwhile the user may have gone back.
// So each journey through the history has a number, and a link counts only if the server had heard of
// the last journey when it wrote it.

const ID_KEY = "ode-net-playground-browser";
const RUN = "run"; // the same settings with another run are the same place
const TRIES = 5; // times that a journey is told
const PATIENCE = 1500; // milliseconds between two of them
const WIDE = window.matchMedia("(min-width: 1200px)");

let fallback = null; // where storage is blocked, the id lives as long as the page
let mounted = null; // the component on this page
let path = ""; // of the page on which it stands
let session = ""; // the server's name for this tab
let journeys = 0;
let heard = 0; // the last journey of which the server has answered that it knows
let again = 0; // timer of the next report
let settled = false; // whether the server has written an address since the tab last came somewhere

function browserId() {
  const fresh = () =>
    Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  try {
    const kept = localStorage.getItem(ID_KEY);
    if (kept && /^[0-9a-f]{32}$/.test(kept)) return kept;
    const made = fresh();
    localStorage.setItem(ID_KEY, made);
    return made;
  } catch {
    return (fallback ??= fresh());
  }
}

function settings(search) {
  const fields = new URLSearchParams(search);
  fields.delete(RUN);
  fields.sort();
  return fields.toString();
}

function arrive() {
  journeys += 1;
  settled = false;
  report(TRIES);
}

// What is told while the page is being replaced can get lost, so it is told again until it is heard.
function report(tries) {
  clearTimeout(again);
  if (!mounted || heard >= journeys) return;
  mounted.setStateValue("place", { link: location.search.slice(1), journey: journeys, session });
  if (tries > 1) again = setTimeout(report, PATIENCE, tries - 1);
}

function travelled(event) {
  if (!mounted || location.pathname !== path) return; // to another page, where the app itself goes
  event.stopImmediatePropagation(); // or the app would begin with an address that it takes for its own
  arrive();
}

function write(link) {
  const wanted = new URLSearchParams(link);
  const present = new URLSearchParams(location.search);
  for (const [name, value] of present) if (name.startsWith("embed")) wanted.append(name, value);
  const search = wanted.toString();
  const same = settings(search) === settings(location.search);
  if (search !== present.toString()) {
    // A place that was only come to, or another run of the same settings, is no step of its own.
    const act = settled && !same ? "pushState" : "replaceState";
    history[act](history.state, "", `${location.pathname}?${search}`);
  }
  settled = true;
}

const tell = () => mounted?.setStateValue("narrow", !WIDE.matches);
WIDE.addEventListener("change", tell);
window.addEventListener("popstate", travelled, { capture: true });

export default function (component) {
  const { data, setStateValue } = component;
  if (!mounted) {
    path = location.pathname;
    settled = false;
  }
  mounted = component;
  setStateValue("id", browserId());
  tell();
  if (data.session !== session) {
    const first = session === "";
    session = data.session;
    heard = 0;
    if (!first) arrive(); // the server was started anew and knows only how this tab once began
  } else {
    heard = data.journey;
  }
  if (data.link && data.journey === journeys) write(data.link);
  return () => {
    if (mounted === component) mounted = null;
  };
}
