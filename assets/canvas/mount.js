// Streamlit calls this at each change of data or theme, with the same parent element.

import { BoundaryView } from "./boundary.js";
import { FlowView } from "./flow.js";

const VIEWS = { flow: FlowView, boundary: BoundaryView };

// On the window: a second copy of this code must find the views of the first.
const views = (window[Symbol.for("odenet.views")] ??= new WeakMap());

export function mount({ name, data, parentElement, setTriggerValue }) {
  const mode = name.endsWith("boundary") ? "boundary" : "flow";
  if (!views.has(parentElement)) views.set(parentElement, new VIEWS[mode](parentElement));
  const view = views.get(parentElement);
  // Both views hear that a run rests; one of them wakes the page.
  if (mode === "flow") view.onRest = () => setTriggerValue("rests", true);
  view.update(data);
  return () => {
    // Streamlit also calls this for a run that a newer one overtook: look whether we are gone.
    setTimeout(() => {
      if (view.root.isConnected) return;
      view.dispose();
      views.delete(parentElement);
    }, 0);
  };
}
