// Entry of the library: hands the code to the light views of the page and takes no room.

import { mount } from "./mount.js";
import { library } from "./slot.js";

export default function publish({ parentElement }) {
  library().resolve(mount);
  const host = parentElement.host ?? parentElement;
  // A hidden child of a flex column gets no gap either.
  const container = host.closest('[data-testid="stElementContainer"]');
  if (container) container.style.display = "none";
}
