/* Your progress in JupyterLab: a card in the launcher and a command in the palette, which show the page that the server
   makes at `course/progress` (course_lib/commands/progress_server.py). Its links open your notebook at the cell.

   Written by hand, to be read: a container as module federation has it (`init`, `get`), with one module, a plugin. */
"use strict";

(() => {
  const NAME = "optimization-course-progress";
  const COMMAND = `${NAME}:open`;
  const [LOOKS, STILL, PAUSE, MARGIN] = [80, 4, 250, 60]; // looks at a cell, those that must find it, ms, pixels
  let shared = {};

  /* A module that JupyterLab shares with extensions; of several versions the one that it uses itself. */
  const jupyterlabs = async (name) => {
    const versions = Object.values(shared[name] ?? {});
    const version = versions.find((each) => each.loaded || each.lib) ?? versions[0];
    if (version === undefined) throw new Error(`${NAME}: this JupyterLab does not share ${name}.`);
    return (await version.get())();
  };

  /* Scroll to a cell, and again while the cells above it are still being drawn and push it away. A person who moves goes
     first. JupyterLab's own way to a fragment scrolls once. */
  const show = async (panel, fragment) => {
    let moved = false;
    for (const kind of ["wheel", "keydown", "pointerdown"]) {
      panel.node.addEventListener(kind, () => (moved = true), { once: true, capture: true });
    }
    for (let looks = 0, seen = 0; looks < LOOKS && seen < STILL && !moved; looks++) {
      const cell = panel.content.widgets.find((each) => `cell-id=${each.model.id}` === fragment);
      const [at, place] = [cell?.node, panel.content.node].map((node) => node?.getBoundingClientRect());
      const inView = at?.height > 0 && at.top >= place.top - 1 && at.top < place.bottom - MARGIN;
      seen = inView ? seen + 1 : 0;
      if (!inView) await panel.content.setFragment(`#${fragment}`);
      await new Promise((go) => setTimeout(go, PAUSE));
    }
  };

  /* The page in a frame. A click on a link to a cell opens the notebook here, in place of loading JupyterLab anew. */
  const framed = (app, address) => {
    const frame = document.createElement("iframe");
    frame.src = address;
    frame.title = "Your course";
    frame.style.cssText = "border: 0; width: 100%; height: 100%";
    frame.addEventListener("load", () => {
      frame.contentDocument?.addEventListener("click", async (event) => {
        const link = event.target.closest?.("a[data-path]");
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        const { path, fragment } = link.dataset;
        const panel = await app.commands.execute("docmanager:open", { path });
        await panel.context.ready;
        await panel.revealed;
        await show(panel, fragment);
      });
    });
    return frame;
  };

  const extension = async () => {
    const { ILauncher } = await jupyterlabs("@jupyterlab/launcher");
    const { ICommandPalette } = await jupyterlabs("@jupyterlab/apputils");
    const { PageConfig } = await jupyterlabs("@jupyterlab/coreutils");
    const { Widget } = await jupyterlabs("@lumino/widgets");

    const activate = (app, launcher, palette) => {
      let shown = null;
      app.commands.addCommand(COMMAND, {
        label: "Your course",
        caption: "What you have done, what comes next, and what to look at again",
        execute: () => {
          if (shown === null || shown.isDisposed) {
            shown = new Widget();
            shown.id = NAME;
            shown.title.label = "Your course";
            shown.title.closable = true;
            app.shell.add(shown, "main");
          }
          shown.node.replaceChildren(framed(app, `${PageConfig.getBaseUrl()}course/progress`)); // as it is now
          app.shell.activateById(NAME);
        },
      });
      launcher?.add({ command: COMMAND, category: "Other", rank: 0 });
      palette?.addItem({ command: COMMAND, category: "Help" });
    };
    const plugin = { id: `${NAME}:plugin`, autoStart: true, optional: [ILauncher, ICommandPalette], activate };
    return { __esModule: true, default: plugin };
  };

  (window._JUPYTERLAB ??= {})[NAME] = {
    init: (scope) => {
      shared = scope;
    },
    get: async (name) => {
      if (name !== "./extension") throw new Error(`${NAME} has no module ${name}.`);
      const module = await extension();
      return () => module;
    },
  };
})();
