// What only a browser can tell: which parts are wider than their place. The keyboard can scroll those, and no others.
const PLACES = {
  ".formula": "Formula",
  ".pst-scrollable-table-container, .pst-scrollable-table-container > table": "Table",
  ".highlight pre": "Code",
  ".output pre": "Output",
  ".output": "Output",
};

function letTheKeyboardScroll() {
  for (const [places, name] of Object.entries(PLACES)) {
    for (const place of document.querySelectorAll(places)) {
      if (place.scrollWidth > place.clientWidth) {
        place.tabIndex = 0;
        if (place.tagName !== "TABLE") {
          place.setAttribute("role", "group");
          place.setAttribute("aria-label", _(name));
        }
      } else if (place.getAttribute("aria-label") === _(name) || place.tagName === "TABLE") {
        for (const given of ["tabindex", "role", "aria-label"]) place.removeAttribute(given);
      }
    }
  }
}

// The theme's arrows in the list of pages are pictures without words.
function nameTheArrows() {
  for (const arrow of document.querySelectorAll("summary:has(> .toctree-toggle)")) {
    const page = arrow.closest("li")?.querySelector("a")?.textContent.trim();
    arrow.setAttribute("aria-label", _("Pages below %s").replace("%s", page ?? ""));
  }
}

// The same page in another language has the same anchors.
function keepThePlace() {
  for (const link of document.querySelectorAll(".languages a")) link.hash = location.hash;
}

// Names of parts that the theme has in English alone.
function nameTheParts() {
  for (const name of ["aria-label", "title"]) {
    for (const part of document.querySelectorAll(`[${name}]`)) part.setAttribute(name, _(part.getAttribute(name)));
  }
}

addEventListener("hashchange", keepThePlace);
addEventListener("load", () => {
  nameTheParts();
  keepThePlace();
  nameTheArrows();
  letTheKeyboardScroll();
});
addEventListener("resize", letTheKeyboardScroll);
