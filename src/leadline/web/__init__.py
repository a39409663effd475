"""Pages of a workspace: server-rendered, whole without JavaScript, thin over `leadline.workspace`.

`make_app(folder)` gives an ASGI application; `leadline serve` runs it. A page is one function of `leadline.web.page`
that turns a workspace and a visitor's question into a plain view, and a template of the same name; `PAGES` in
`leadline.web.app` is the list of them.
"""
