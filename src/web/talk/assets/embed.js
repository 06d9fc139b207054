// One tag gives one button: <script src="https://desk.example.com/talk/embed.js" data-business="main-street-barbers" async></script>

(() => {
  const tag = document.currentScript;
  const origin = new URL(tag.src).origin;
  const slug = tag.dataset.business;
  const label = tag.dataset.label ?? "Talk to us";

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  const style = document.createElement("style");
  style.textContent = `
    button { position: fixed; right: 1rem; bottom: 1rem; z-index: 2147483000; font: 600 1rem system-ui, sans-serif; border: 0;
      border-radius: 2rem; padding: .9rem 1.3rem; background: #0b6e5a; color: #fff; cursor: pointer; box-shadow: 0 2px 12px #0004; }
    button:focus-visible { outline: 3px solid #4a4f9c; outline-offset: 2px; }
    iframe { position: fixed; right: 1rem; bottom: 5rem; z-index: 2147483000; width: min(24rem, calc(100vw - 2rem));
      height: min(38rem, calc(100vh - 7rem)); border: 1px solid #8886; border-radius: 1rem; background: #fff; box-shadow: 0 4px 24px #0005; }`;
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = label;
  button.setAttribute("aria-expanded", "false");
  root.append(style, button);
  document.body.append(host);

  let panel = null;
  const show = () => {
    panel = document.createElement("iframe");
    panel.title = label;
    panel.allow = "microphone; autoplay";
    panel.src = `${origin}/talk/${encodeURIComponent(slug)}?embedded=1`;
    root.append(panel);
    button.textContent = "Close";
    button.setAttribute("aria-expanded", "true");
    panel.focus();
  };
  const hide = () => {
    panel.remove();
    panel = null;
    button.textContent = label;
    button.setAttribute("aria-expanded", "false");
    button.focus();
  };
  button.onclick = () => (panel ? hide() : show());
  document.addEventListener("keydown", (event) => event.key === "Escape" && panel && hide());
})();
