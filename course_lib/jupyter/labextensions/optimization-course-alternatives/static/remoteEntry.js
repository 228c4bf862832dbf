/* Pictures with words, for JupyterLab, which draws <img> without `alt` and passes over what the output says.

   Written by hand, to be read: a container as module federation has it (`init`, `get`), with one module, a MIME
   extension. It draws with JupyterLab's own renderers, from the module that JupyterLab shares, and then only sets `alt`,
   so that size, background and rank of a picture stay as they are. */
"use strict";

(() => {
  const NAME = "optimization-course-alternatives";
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
