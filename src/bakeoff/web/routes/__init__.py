"""One router for each subject; each module here has a `router`, and `web.app` finds it by itself."""
