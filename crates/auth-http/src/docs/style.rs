//! The look of the reference page.

/// The `Content-Security-Policy` to send [`reference_page`](super::reference_page) with (OWASP, Content Security Policy
/// Cheat Sheet): nothing loads, nothing runs, and of styles only the page's own one, known by its hash, applies.
pub const REFERENCE_PAGE_CSP: &str = "default-src 'none'; style-src 'sha256-ROuRsMEbwhQSRSkNt7Y4y77/WwAWEY2dwIBgKARlQnY='; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The one style sheet. A test checks its hash in the policy.
pub(super) const STYLE: &str = "
:root { color-scheme: light dark; --line: #8884; --soft: #8881; --accent: light-dark(#0a58ca, #7db0ff); }
* { box-sizing: border-box; }
body { margin: 0; font: 1rem/1.55 system-ui, sans-serif; background: Canvas; color: CanvasText; }
header, main, nav { max-width: 62rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2rem; }
h1 { font-size: 1.8rem; margin: 0 0 .25rem; }
h2 { margin: 3rem 0 1rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
h3 { font-size: 1.1rem; margin: 0; overflow-wrap: anywhere; }
h4 { margin: 1.1rem 0 .3rem; font-size: .8rem; text-transform: uppercase; letter-spacing: .05em; opacity: .75; }
p { margin: .5rem 0; }
a { color: var(--accent); }
code, pre { font: .88em/1.5 ui-monospace, monospace; }
code { background: var(--soft); border-radius: .25rem; padding: .1em .3em; overflow-wrap: anywhere; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: .5rem; padding: .8rem 1rem; overflow-x: auto; }
pre code { background: none; padding: 0; overflow-wrap: normal; }
table { width: 100%; border-collapse: collapse; font-size: .93rem; }
td { vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); }
td:last-child { width: 55%; }
td code { white-space: nowrap; }
nav ul { list-style: none; padding: 0; columns: 20rem; }
nav li { break-inside: avoid; padding: .15rem 0; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
section { border: 1px solid var(--line); border-radius: .6rem; padding: 1rem 1.25rem; margin: 1rem 0; scroll-margin-top: 1rem; }
section:target { border-color: var(--accent); }
summary { cursor: pointer; margin-top: 1rem; }
.method { display: inline-block; min-width: 4.2rem; font: 700 .8rem/1.5 ui-monospace, monospace; color: var(--accent); }
.quiet { opacity: .75; font-size: .93rem; }
.scroll { overflow-x: auto; }
";
