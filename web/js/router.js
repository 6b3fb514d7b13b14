// The address: #/projects?status=active. A view is a path; its state is the query.

/** { path: ["projects", "id"], query: URLSearchParams } of the present address. */
export function currentRoute() {
  const text = location.hash.startsWith("#/") ? location.hash.slice(2) : "";
  const [path, query = ""] = text.split("?", 2);
  return { path: path.split("/").filter(Boolean).map(decode), query: new URLSearchParams(query) };
}

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** An address from a path and the members of a query; empty members are left out. */
export function address(path, query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") parameters.set(name, value);
  }
  const text = parameters.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text ? `?${text}` : ""}`;
}

export function go(path, query) { location.hash = address(path, query); }

/** Changes the state of the present view without a new entry in the history. */
export function replaceQuery(query) {
  const target = address(currentRoute().path, query);
  if (target === location.hash) return;
  history.replaceState(null, "", target);
}
