// The few pictures of the page, drawn by ourselves on a 24 x 24 grid. Decoration only: words say the same beside them.
// @ts-check

const SHAPES = {
  phone: "M6 3h3l2 5-2.5 1.8a12 12 0 0 0 5.7 5.7L16 13l5 2v3a3 3 0 0 1-3.2 3A16 16 0 0 1 3 6.2A3 3 0 0 1 6 3z",
  hangup: "M3 14.5c5.5-5 12.5-5 18 0l-2 3-4-1.5v-2.7a12 12 0 0 0-6 0V16l-4 1.5z",
  transfer: "M4 8h13M13 4l4 4-4 4M20 16H7M11 12l-4 4 4 4",
  park: "M8 20V4h5a4.5 4.5 0 0 1 0 9H8",
  record: "M12 7a5 5 0 1 0 0 10 5 5 0 0 0 0-10z",
  mute: "M12 4a3 3 0 0 0-3 3v4a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4M4 4l16 16",
  microphone: "M12 4a3 3 0 0 0-3 3v4a3 3 0 0 0 6 0V7a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L21 21",
  clock: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7v5l3.5 2",
  star: "M12 3.5l2.6 5.4 5.9.8-4.3 4.1 1 5.9L12 16.9l-5.2 2.8 1-5.9-4.3-4.1 5.9-.8z",
  warning: "M12 3.5L22 20.5H2zM12 10v5M12 17.5v.3",
  check: "M4 12.5l5.5 5.5L20 6.5",
  close: "M5 5l14 14M19 5L5 19",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21a8 8 0 0 1 16 0",
  organisation: "M4 21V5h9v16M13 10h7v11M3 21h18M7.5 9h2M7.5 13h2M7.5 17h2",
  queue: "M4 6h16M4 12h16M4 18h9",
  plus: "M12 5v14M5 12h14",
  day: "M4 6h16v15H4zM4 10.5h16M8 3v5M16 3v5",
  down: "M6 9l6 6 6-6",
  inbound: "M19 5L6 18M6 9v9h9",
  outbound: "M5 19L18 6M9 6h9v9",
  internal: "M4 12h16M8 8l-4 4 4 4M16 8l4 4-4 4",
  email: "M3 6h18v13H3zM3 7l9 7 9-7",
  sms: "M4 5h16v11h-9l-4 4v-4H4z",
  open: "M9 5H5v14h14v-4M13 4h7v7M20 4l-9 9",
  edit: "M4 20l1-4.5L16 4.5l3.5 3.5-11 11z",
  moon: "M19 14.5A8 8 0 0 1 9.5 5a8 8 0 1 0 9.5 9.5z",
  play: "M7 4l13 8-13 8z",
  story: "M5 4h14v12h-8l-4 4v-4H5z",
};

/** @param {keyof typeof SHAPES} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", class: `icon icon-${name}`, "aria-hidden": "true", focusable: "false" })) {
    svg.setAttribute(key, value);
  }
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}
