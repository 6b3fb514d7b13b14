// The page's icons: strokes on a 24 × 24 grid, drawn in the text's colour.
const shapes = {
  overview: ["M4 13h6V4H4zM14 20h6v-9h-6zM14 4v3h6V4zM4 20h6v-3H4z"],
  projects: ["M3 7.5A1.5 1.5 0 0 1 4.5 6h4.3l2 2.5h8.7A1.5 1.5 0 0 1 21 10v8.5a1.5 1.5 0 0 1-1.5 1.5h-15A1.5 1.5 0 0 1 3 18.5z"],
  alerts: ["M6 10a6 6 0 0 1 12 0c0 5 2 6.5 2 6.5H4S6 15 6 10z", "M10 20a2.2 2.2 0 0 0 4 0"],
  query: ["M4 5v14h16", "M7.5 14.5l3.5-4 3 2.5L19 7"],
  tasks: ["M4 6.5l1.6 1.6L8.8 5M4 13l1.6 1.6 3.2-3.1M4 19.2h4.4M12.5 6.7H20M12.5 13.2H20M12.5 19.2H20"],
  agents: ["M6 9.5A2.5 2.5 0 0 1 8.5 7h7A2.5 2.5 0 0 1 18 9.5v6a2.5 2.5 0 0 1-2.5 2.5h-7A2.5 2.5 0 0 1 6 15.5z", "M12 7V3.8M9.6 11.5v1.6M14.4 11.5v1.6M3 11v3.5M21 11v3.5M9 21h6"],
  board: ["M4 5h4.5v14H4zM9.8 5h4.5v9H9.8zM15.5 5H20v11.5h-4.5z"],
  graph: ["M5 9a2.2 2.2 0 1 0 0-4.4A2.2 2.2 0 0 0 5 9zM5 19.4A2.2 2.2 0 1 0 5 15a2.2 2.2 0 0 0 0 4.4zM19 14.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z", "M7.2 7.3l9.6 3.9M7.2 16.7l9.6-3.9"],
  waiting: ["M7 4h10M7 20h10M8 4c0 5 8 5 8 8s-8 3-8 8M16 4c0 5-8 5-8 8s8 3 8 8"],
  approval: ["M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z", "M9.6 9.6a2.4 2.4 0 1 1 3.5 2.1c-.8.5-1.1.9-1.1 1.8M12 16.4v.2"],
  queued: ["M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z", "M12 7.5V12l3 2"],
  skipped: ["M5 6l7 6-7 6zM13 6l7 6-7 6z"],
  cancelled: ["M12 20.5a8.5 8.5 0 1 0 0-17 8.5 8.5 0 0 0 0 17z", "M6 6l12 12"],
  copy: ["M9 9h10v11H9z", "M6 15H5V4h10v2"],
  download: ["M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14"],
  retry: ["M5 12a7 7 0 1 1 2.2 5.1", "M4.5 19.5l2.5-2.5-2.6-2.4"],
  file: ["M6 3.5h8l4 4v13H6z", "M14 3.5v4h4"],
  plus: ["M12 5v14M5 12h14"],
  search: ["M16.2 16.2 20 20", "M11 18a7 7 0 1 1 0-14 7 7 0 0 1 0 14z"],
  edit: ["M4 20h4L19 9a2.1 2.1 0 0 0 0-3l-1-1a2.1 2.1 0 0 0-3 0L4 16z", "M13.5 6.5l4 4"],
  trash: ["M4 7h16M10 11v6M14 11v6M6 7l1 12a1.5 1.5 0 0 0 1.5 1.4h7A1.5 1.5 0 0 0 17 19l1-12M9 7V4.5h6V7"],
  close: ["M6 6l12 12M18 6 6 18"],
  sun: ["M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M12 2.5v2M12 19.5v2M2.5 12h2M19.5 12h2M5.3 5.3l1.4 1.4M17.3 17.3l1.4 1.4M5.3 18.7l1.4-1.4M17.3 6.7l1.4-1.4"],
  moon: ["M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5z"],
  system: ["M4 5h16v11H4zM9 20h6M12 16v4"],
  signOut: ["M14 4h4.5A1.5 1.5 0 0 1 20 5.5v13a1.5 1.5 0 0 1-1.5 1.5H14M10 16l-4-4 4-4M6 12h9"],
  pause: ["M8 5v14M16 5v14"],
  play: ["M7 5l12 7-12 7z"],
  chevron: ["M9 6l6 6-6 6"],
  back: ["M19 12H5M11 6l-6 6 6 6"],
  warning: ["M12 4 2.8 19.5h18.4zM12 10v4.5M12 17.2v.3"],
  check: ["M5 12.5l4.5 4.5L19 7.5"],
  dash: ["M6 12h12"],
  cross: ["M7 7l10 10M17 7 7 17"],
  list: ["M8 6h12M8 12h12M8 18h12M4 6v.01M4 12v.01M4 18v.01"],
  keyboard: ["M3 7h18v11H3zM7 11v.01M11 11v.01M15 11v.01M8 14.5h8"],
  key: ["M8 19a4 4 0 1 0 0-8 4 4 0 0 0 0 8z", "M11 12.2 19 4M15.5 7.5l3 3"],
  external: ["M14 4h6v6M20 4l-9 9M18 14v5a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V7a1 1 0 0 1 1-1h5"],
};

const namespace = "http://www.w3.org/2000/svg";

/** An icon that is hidden from screen readers: the text beside it says it. */
export function icon(name) {
  const svg = document.createElementNS(namespace, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("focusable", "false");
  for (const d of shapes[name] ?? []) {
    const path = document.createElementNS(namespace, "path");
    path.setAttribute("d", d);
    svg.append(path);
  }
  return svg;
}

/** The lines of an icon, for a drawing of another kind. */
export const iconPaths = (name) => shapes[name] ?? [];

/** The product's mark. */
export function mark() {
  const image = document.createElement("img");
  image.src = "/favicon.svg";
  image.alt = "";
  image.width = 28;
  image.height = 28;
  image.className = "mark";
  return image;
}
