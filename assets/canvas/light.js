// Entry of a light view: the code comes with the library, once a page, not with every frame.

import { library } from "./slot.js";

export default async function mountLight(component) {
  const mount = await library().ready;
  return mount(component);
}
