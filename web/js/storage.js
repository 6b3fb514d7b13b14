// Small preferences in the browser's storage; never a secret. Everything works without storage too.
const prefix = "kaskman.";

export function read(key) {
  try {
    return localStorage.getItem(prefix + key);
  } catch {
    return null;
  }
}

/** Stores a text; null removes it. */
export function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(prefix + key);
    else localStorage.setItem(prefix + key, value);
  } catch {
    // A full or forbidden storage loses a preference, nothing else.
  }
}
