/* What a screen reader is told in JupyterLab: pictures, which JupyterLab draws without `alt` whatever their output says,
   and sliders, which ipywidgets makes without a name and without a ring where the keyboard is.

   Written by hand, to be read: a container as module federation has it (`init`, `get`), with one module, a MIME
   extension. It draws with JupyterLab's own renderers, from the module that JupyterLab shares, and then only sets `alt`,
   so that size, background and rank of a picture stay as they are. */
"use strict";

(() => {
  const NAME = "optimization-course-words";
  const MOST = 1000; // characters; the text is a notebook's, so it may be of any length
  let shared = {};

  /* A module that JupyterLab shares with extensions; of several versions the one that it uses itself. */
  const jupyterlabs = async (name) => {
    const versions = Object.values(shared[name] ?? {});
    const version = versions.find((each) => each.loaded || each.lib) ?? versions[0];
    if (version === undefined) throw new Error(`${NAME}: this JupyterLab does not share ${name}.`);
    return (await version.get())();
  };

  /* What the picture's metadata says, as one line; empty where it says nothing. */
  const wordsOf = (model, mimeType) => {
    const words = model.metadata[mimeType]?.alt;
    return typeof words === "string" ? words.replace(/\s+/g, " ").trim().slice(0, MOST) : "";
  };

  /* JupyterLab's factory of a renderer, whose pictures then have their words. */
  const withWords = (factory) => ({
    ...factory,
    createRenderer: (options) => {
      const renderer = factory.createRenderer(options);
      const draw = renderer.renderModel.bind(renderer);
      renderer.renderModel = async (model) => {
        await draw(model);
        const picture = renderer.node.querySelector("img");
        const words = wordsOf(model, options.mimeType);
        if (picture !== null && words !== "") picture.alt = words;
      };
      return renderer;
    },
  });

  const mimeExtension = async () => {
    const { imageRendererFactory, svgRendererFactory } = await jupyterlabs("@jupyterlab/rendermime");
    const extensions = Object.entries({ image: imageRendererFactory, svg: svgRendererFactory }).map(([name, factory]) => ({
      id: `${NAME}:${name}`,
      rendererFactory: withWords(factory),
      rank: factory.defaultRank, // among an output's kinds; of the same kind the one that comes last is taken
      dataType: "string",
    }));
    return { __esModule: true, default: extensions };
  };

  /* The label of a slider stands beside it: its handle and its number, which can be typed over, are called so, too. */
  const nameSlider = (slider) => {
    const name = slider.querySelector(".widget-label")?.textContent.trim();
    if (!name) return;
    for (const handle of slider.querySelectorAll(".noUi-handle[role=slider]")) handle.setAttribute("aria-label", name);
    const number = slider.querySelector(".widget-readout[contenteditable=true]");
    number?.setAttribute("role", "textbox");
    number?.setAttribute("aria-label", `${name}, as a number`);
  };

  const watchControls = () => {
    const SLIDER = ".widget-slider";
    new MutationObserver((changes) => {
      for (const node of changes.flatMap((change) => [...change.addedNodes])) {
        if (!(node instanceof Element)) continue;
        const slider = node.closest(SLIDER); // its parts may come after it
        if (slider !== null) nameSlider(slider);
        node.querySelectorAll(SLIDER).forEach(nameSlider);
      }
    }).observe(document.body, { childList: true, subtree: true });
    const style = document.createElement("style");
    style.textContent = `
      .jupyter-widgets :is(.noUi-handle, .widget-readout, select, input, button):focus-visible {
        outline: 2px solid var(--jp-brand-color1, #1976d2) !important;
        outline-offset: 2px !important;
      }`;
    document.head.append(style);
  };

  watchControls();
  (window._JUPYTERLAB ??= {})[NAME] = {
    init: (scope) => {
      shared = scope;
    },
    get: async (name) => {
      if (name !== "./mimeExtension") throw new Error(`${NAME} has no module ${name}.`);
      const module = await mimeExtension();
      return () => module;
    },
  };
})();
