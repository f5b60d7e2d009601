// Entry of a view that brings its own code along.

import { mount } from "./mount.js";

export default mount;
